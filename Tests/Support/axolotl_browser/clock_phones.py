"""Chromium phones with wrong clocks that film the time code, for measuring synchronisation against a known truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from playwright.sync_api import BrowserContext, expect

from .people import PhonePage

_SCRIPT = Path(__file__).with_name("clock_phone.js")
WIDTH, HEIGHT = 480, 640


@dataclass(frozen=True)
class WrongClock:
    """How a phone's clock is wrong, and how long the light takes from the screen into its pictures."""

    offset_ms: float
    rate_ppm: float
    light_delay_ms: float = 0.0

    def script(self) -> str:
        """What bends the page's time."""
        options = {
            "offsetMs": self.offset_ms,
            "ratePpm": self.rate_ppm,
            "lightDelayMs": self.light_delay_ms,
            "width": WIDTH,
            "height": HEIGHT,
        }
        return f"{_SCRIPT.read_text().rstrip()}({json.dumps(options)});"

    def true_ms(self, device_us: float, real_origin_ms: float) -> float:
        """When the phone's clock showed that, on the clock that all pages of the browser share."""
        now = device_us / 1000 - real_origin_ms - self.offset_ms
        return real_origin_ms + now / (1 + self.rate_ppm * 1e-6)


@dataclass(frozen=True)
class FilmedClock:
    """A session in which phones have filmed the time code."""

    session: str
    folder: Path
    #: By device, its clock and the origin of its page's real clock, ms.
    phones: dict[str, tuple[WrongClock, float]]


def film(
    stack: Stack, coach: Coach, new_context: Callable[..., BrowserContext], clocks: list[WrongClock], frames: int
) -> FilmedClock:
    """Lets a phone with each of the clocks film until `frames` of each are on disk, and ends the session."""
    created = coach.create_session(expected_devices=len(clocks))
    session = created["session_id"]
    pages = []
    for number, clock in enumerate(clocks, 1):
        context = new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
        context.add_init_script(clock.script())
        phone = PhonePage(context.new_page())
        phone.open(created["pairing_url"])
        phone.turn_on(f"phone {number}")
        pages.append(phone)
    for phone in pages:
        phone.wait_number("acknowledged", frames, timeout=120)
    phones = {}
    for number, (phone, clock) in enumerate(zip(pages, clocks, strict=True), 1):
        [device] = [each for each in coach.status(session)["devices"] if each["label"] == f"phone {number}"]
        phones[device["device_id"]] = (clock, phone.page.evaluate("globalThis.realOriginMs"))
        phone.page.get_by_role("button", name="Stop the camera").click()
        expect(phone.headline).to_have_text("Stopped", timeout=30_000)
    coach.end(session)
    folder = stack.recordings / session
    stack.wait("all times corrected", lambda: all(_is_corrected(folder / device) for device in phones), 30)
    return FilmedClock(session, folder, phones)


def _is_corrected(folder: Path) -> bool:
    videos = list(folder.glob("*.mkv"))
    return bool(videos) and all(video.with_suffix(".times").exists() for video in videos)
