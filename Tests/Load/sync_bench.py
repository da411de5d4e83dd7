"""True synchronisation of real browsers, by the clock page's code: `axolotl-bench` runs this. Prints one JSON object.

Two Chromium phones with wrong clocks film one code on the real services; what `sync-report` makes of it is printed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tools" / "sync_report"))

from axolotl_browser.chromium import launch
from axolotl_browser.clock_phones import WrongClock, film
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack, free_port
from axolotl_sync_report.camera import read_camera
from axolotl_sync_report.report import make_report
from playwright.sync_api import sync_playwright

CLOCKS = [WrongClock(12_345.6, 40), WrongClock(-86_400_000.2, -60)]
FRAMES = 900


def main() -> None:
    """Films, reads, prints."""
    port = free_port()
    settings = {
        "AXOLOTL_PUBLIC_URL": f"http://localhost:{port}",
        "AXOLOTL_BIND_ADDRESS": "127.0.0.1",
        "AXOLOTL_POSE_THREADS": "0",
    }
    with Stack(port=port, settings=settings) as stack, sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            with Coach(stack.base_url, stack.coach_key) as coach:
                filmed = film(stack, coach, browser.new_context, CLOCKS, FRAMES)
            report = make_report(filmed.session, [read_camera(filmed.folder / device) for device in filmed.phones])
        finally:
            browser.close()
    [pair] = report["pairs"]
    kept = ("p50_ms", "p95_ms", "inside_pct", "bound_p50_ms", "resolution_ms")
    print(json.dumps({kind: {name: pair[kind][name] for name in kept} for kind in ("live", "final")}))


if __name__ == "__main__":
    main()
