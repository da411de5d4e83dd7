"""From the moment a phone opens the pairing page until its first frame is on disk: `axolotl-bench` runs this.

Chromium with filmed footage as its camera, each time in a new profile; the tap on "Turn on the camera" follows as soon
as there is something to tap. Prints one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))

from axolotl_browser.chromium import launch
from axolotl_browser.people import PhonePage
from axolotl_kit.coach import Coach
from axolotl_kit.recording_index import IndexFault, read_index
from axolotl_kit.stack import Stack, free_port
from playwright.sync_api import Browser, sync_playwright

RUNS = 7


def has_frame(folder: Path) -> bool:
    """Whether some recording below the folder holds a frame."""
    # An index that is just being made has no whole header yet.
    with contextlib.suppress(IndexFault):
        return any(read_index(index.read_bytes()) for index in folder.glob("*/*.idx"))
    return False


def seconds(browser: Browser, stack: Stack, coach: Coach) -> float:
    """One phone, from the page to the disk."""
    session = coach.create_session(expected_devices=1, mode="single")
    context = browser.new_context(permissions=["camera"])
    phone = PhonePage(context.new_page())
    begin = time.monotonic()
    phone.open(session["pairing_url"])
    phone.page.get_by_role("button", name="Turn on the camera").click()
    folder = stack.recordings / session["session_id"]
    while not has_frame(folder):
        if time.monotonic() > begin + 30:
            raise SystemExit("no frame was recorded within 30 s")
        time.sleep(0.005)
    took = time.monotonic() - begin
    context.close()
    return took


def main() -> None:
    """Measures and prints."""
    port = free_port()
    settings = {"AXOLOTL_PUBLIC_URL": f"http://localhost:{port}", "AXOLOTL_BIND_ADDRESS": "127.0.0.1"}
    with (
        Stack(port=port, settings=settings) as stack,
        Coach(stack.base_url, stack.coach_key) as coach,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        # The first one starts what the browser and the services load once.
        seconds(browser, stack, coach)
        runs = sorted(seconds(browser, stack, coach) for _ in range(RUNS))
        browser.close()
    print(json.dumps({"median": runs[len(runs) // 2], "slowest": runs[-1]}))


if __name__ == "__main__":
    main()
