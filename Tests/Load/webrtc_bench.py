"""Frames over WebRTC from Chromium to the real stream-svc: `axolotl-bench` runs this. Prints one JSON object.

usage: webrtc_bench.py PICTURE
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))

import httpx
from axolotl_browser.chromium import launch
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
FRAME_BYTES = 40_000
CAMERAS = 4
FPS = 30
RIG_SECONDS = 8
FULL_SECONDS = 5
# Frames of one phone on their way at once when there is no pace.
WINDOW = 16
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def padded(picture: bytes, size: int) -> bytes:
    """The same picture in exactly so many bytes: a comment after the start of the image makes it up."""
    missing = size - len(picture)
    if missing < 4:
        raise SystemExit(f"the picture has {len(picture)} bytes, too many to make {size} of it")
    return picture[:2] + b"\xff\xfe" + (missing - 2).to_bytes(2, "big") + bytes(missing - 4) + picture[2:]


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


class Phones:
    """Four phones in one page of the browser."""

    def __init__(self, browser: Browser, base_url: str, answer: Callable[[int, str], str]) -> None:
        self.page: Page = browser.new_page(bypass_csp=True)
        # An address of the same origin, so that the phones' own modules can be loaded.
        self.page.goto(f"{base_url}/healthz")
        sender = (HERE / "webrtc_sender.js").read_text()
        self.page.route("**/webrtc_sender.js", lambda r: r.fulfill(body=sender, content_type="text/javascript"))
        make = "async (n) => { window.load = await import('/webrtc_sender.js');"
        make += " window.phones = Array.from({ length: n }, () => new load.LoadPhone()); }"
        self.page.evaluate(make, CAMERAS)
        for number in range(CAMERAS):
            offer = self.page.evaluate("(n) => phones[n].offer()", number)
            self.page.evaluate("([n, sdp]) => phones[n].accept(sdp)", [number, answer(number, offer)])

    def stream(self, picture: bytes, pid: int, **options: Any) -> dict[str, Any]:
        """One run; with the processor time that the server's process had meanwhile, in cores."""
        with Image.open(picture_path()) as image:
            width, height = image.size
        before = cpu_seconds(pid)
        encoded = base64.b64encode(picture).decode()
        report: dict[str, Any] = self.page.evaluate(
            "(options) => load.stream(phones, options)",
            {"picture": encoded, "width": width, "height": height, **options},
        )
        if report["frames_acknowledged"] != report["frames_sent"]:
            raise SystemExit(f"frames were lost: {report}")
        report["cores"] = (cpu_seconds(pid) - before) / (report["frames_sent"] / report["frames_per_second"])
        return report

    def measure(self, picture: bytes, pid: int) -> dict[str, Any]:
        """At a phone's pace, and as fast as it goes."""
        paced = self.stream(picture, pid, seconds=RIG_SECONDS, fps=FPS)
        full = self.stream(picture, pid, seconds=FULL_SECONDS, window=WINDOW)
        self.page.close()
        return {"rig": paced, "full": full}


def picture_path() -> Path:
    """The picture that was asked for."""
    return Path(sys.argv[1]).resolve()


def axolotl(browser: Browser, stack: Stack, picture: bytes) -> dict[str, Any]:
    """The phones of one session on one stream-svc."""
    with (
        Coach(stack.base_url, stack.coach_key) as coach,
        httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as phone,
    ):
        token = coach.create_session(expected_devices=CAMERAS)["pairing_token"]

        def answer(number: int, offer: str) -> str:
            body = {"token": token, "device_id": f"phone-{number}", "metadata": {}}
            registered = Problem.check(phone.post("/api/pairing/register_device", json=body)).json()
            headers = {"Authorization": f"Bearer {registered['device_token']}"}
            body = {"type": "offer", "sdp": offer}
            return str(Problem.check(phone.post("/api/pairing/signal_offer", json=body, headers=headers)).json()["sdp"])

        return Phones(browser, stack.base_url, answer).measure(picture, stack.pid("stream-svc-1"))


def reference(browser: Browser, stack: Stack, picture: bytes) -> dict[str, Any]:
    """The same phones on an aiortc server."""
    command = [sys.executable, str(HERE / "aiortc_reference.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def answer(_: int, offer: str) -> str:
            stdin.write(json.dumps(offer) + "\n")
            stdin.flush()
            return str(json.loads(stdout.readline()))

        try:
            return Phones(browser, stack.base_url, answer).measure(picture, process.pid)
        finally:
            stdin.close()


def main() -> None:
    """Measures and prints."""
    picture = padded(picture_path().read_bytes(), FRAME_BYTES)
    # 2D poses are measured by themselves; here they would only take the processor away.
    settings = {"AXOLOTL_POSE_THREADS": "0", "AXOLOTL_STREAM_INSTANCES": "1"}
    with Stack(settings=settings) as stack, sync_playwright() as playwright:
        # Without a camera's permission Chromium hides its addresses behind names that only mDNS resolves.
        browser = launch(playwright, "--disable-features=WebRtcHideLocalIpsWithMdns")
        figures = {"axolotl": axolotl(browser, stack, picture), "reference": reference(browser, stack, picture)}
        browser.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
