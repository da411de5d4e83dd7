"""A full disk on both pages: said by name, and gone when there is room again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axolotl_browser.people import CoachPage, PhonePage
from axolotl_kit.recordings import read_finished
from axolotl_kit.small_disk import SmallDisk
from axolotl_kit.stack import Stack, free_port
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    with SmallDisk() as small:
        yield small


@pytest.fixture(scope="module")
def stack(disk: SmallDisk) -> Iterator[Stack]:
    """In place of the shared system: one that records to the small disk."""
    port = free_port()
    settings = {"AXOLOTL_PUBLIC_URL": f"http://localhost:{port}", "AXOLOTL_BIND_ADDRESS": "127.0.0.1"}
    with Stack(port=port, settings=settings | disk.settings) as running:
        yield running


def test_a_full_disk_is_told_to_coach_and_phone(
    stack: Stack, disk: SmallDisk, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    phone = phone_page()
    session = coach_page.create_session(phones=None)
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    phone.wait_number("acknowledged", 30)
    room = coach_page.page.locator("#room")
    expect(room).to_have_text(re.compile(r"Room for .* of recordings"))
    expect(coach_page.headline).to_have_text("Recording")

    disk.fill()
    expect(coach_page.headline).to_have_text("Recording stopped: the disk is full")
    expect(coach_page.devices).to_contain_text("Not recorded")
    expect(room).to_have_text("No room for recordings")
    expect(phone.headline).to_have_text("The server's disk is full")
    expect(phone.detail).to_contain_text("Keep this page open")

    disk.empty()
    expect(coach_page.headline).to_have_text("Recording", timeout=30_000)
    expect(phone.headline).to_have_text(re.compile("Streaming"), timeout=30_000)
    phone.page.get_by_role("button", name="Stop the camera").click()
    # A burst of all that waited may lose pictures on its way, again and again; it ends when none is left.
    expect(phone.headline).to_have_text("Stopped", timeout=90_000)
    expect(phone.detail).to_have_text("Everything that was acknowledged is saved on the coach's computer.")
    recording = read_finished(next((disk.recordings / session).iterdir()))
    assert sorted(recording.sequences) == list(range(1, len(recording.sequences) + 1))
