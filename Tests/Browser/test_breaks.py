"""Things that happen to phones: a page is reloaded, a service dies. Nobody has to scan again, nothing saved is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axolotl_browser.people import CoachPage, PhonePage
from axolotl_browser.watched import Complaints
from axolotl_kit.coach import Coach
from axolotl_kit.recordings import read_device, read_finished
from axolotl_kit.stack import Stack
from playwright.sync_api import expect


def test_a_reloaded_page_takes_its_own_place_again(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    session = coach_page.create_session(phones=None)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    before = phone.wait_number("acknowledged", 30)

    phone.page.reload()
    # The camera is still allowed, so nothing needs to be tapped.
    expect(phone.headline).to_have_text("Streaming")
    phone.wait_number("acknowledged", before + 30)

    devices = coach.status(session)["devices"]
    assert len(devices) == 1, "the same phone, not another one"
    folder = stack.recordings / session / devices[0]["device_id"]
    phone.page.get_by_role("button", name="Stop the camera").click()
    expect(phone.headline).to_have_text("Stopped", timeout=60_000)
    recording = read_finished(folder)
    assert set(range(1, before + 1)) <= set(recording.sequences)


def streaming_tab(
    coach_page: CoachPage, phone_page: Callable[..., PhonePage], script: str = ""
) -> tuple[PhonePage, str]:
    """The first tab of a session's one phone, with a script of the test's in it, and the link for others."""
    coach_page.create_session(phones=None)
    link = coach_page.scan()
    tab = phone_page()
    tab.page.add_init_script(script)
    tab.open(link)
    tab.turn_on("tripod")
    expect(tab.headline).to_have_text("Streaming")
    return tab, link


def test_another_tab_takes_the_camera_over(
    coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    complaints.allow_refusals()
    first, link = streaming_tab(coach_page, phone_page)
    second = PhonePage(first.page.context.new_page())
    second.open(link)
    expect(second.headline).to_have_text("Streaming")
    expect(first.headline).to_have_text("The camera runs in another tab")
    expect(first.page.locator("#status")).to_have_attribute("data-tone", "plain")

    first.page.get_by_role("button", name="Stream from here").click()
    expect(first.headline).to_have_text("Streaming")
    expect(second.headline).to_have_text("The camera runs in another tab")
    expect(coach_page.devices).to_have_count(1)

    first.page.get_by_role("button", name="Stop the camera").click()
    expect(first.headline).to_have_text("Stopped", timeout=60_000)
    first.page.get_by_role("button", name="Turn the camera on again").click()
    expect(first.headline).to_have_text("Streaming")


# A page whose WebSockets can be cut off from the world, unheard by both ends.
DEAF = """
  globalThis.isDeaf = false;
  delete globalThis.RTCPeerConnection;
  const Real = globalThis.WebSocket;
  globalThis.WebSocket = class extends Real {
    send(...all) { if (!isDeaf) super.send(...all); }
    addEventListener(kind, listener) { super.addEventListener(kind, (event) => isDeaf || listener(event)); }
  };
"""


def test_a_tab_that_was_cut_off_leaves_the_camera_to_the_one_that_took_over(
    coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    complaints.allow_refusals()
    first, link = streaming_tab(coach_page, phone_page, DEAF)
    first.page.evaluate("() => { isDeaf = true; }")
    second = PhonePage(first.page.context.new_page())
    second.open(link)
    expect(second.headline).to_have_text("Streaming")
    # It finds its line dead, and the other tab in its place.
    expect(first.headline).to_have_text("The camera runs in another tab", timeout=60_000)
    second.wait_number("acknowledged", second.number("acknowledged") + 60)
    expect(second.headline).to_have_text("Streaming")

    second.page.close()
    first.page.evaluate("() => { isDeaf = false; }")
    first.page.get_by_role("button", name="Stream from here").click()
    expect(first.headline).to_have_text("Streaming")


def test_a_fresh_code_in_another_tab_does_not_cost_the_place(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    complaints.allow_refusals()
    session = coach_page.create_session(phones=2)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")
    fresh = coach.invite(session)["pairing_url"]
    # Scanned by the same phone, looked at, and left again before the camera was allowed there.
    other = PhonePage(phone.page.context.new_page())
    other.page.add_init_script("Permissions.prototype.query = () => Promise.reject(new TypeError());")
    other.open(fresh)
    expect(other.headline).to_have_text("This phone becomes a camera")
    other.page.close()

    before = phone.number("acknowledged")
    # Whichever carries it.
    stack.kill_together(["stream-svc-1", "stream-svc-2"])
    phone.wait_number("acknowledged", before + 60)
    expect(phone.headline).to_have_text("Streaming")
    assert len(coach.status(session)["devices"]) == 1


def test_a_tab_that_was_at_the_back_does_not_say_paused(
    coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    complaints.allow_refusals()
    # Headless pages are never at the back: the test says when.
    says_when = (
        "let state = 'visible'; Object.defineProperty(Document.prototype, 'visibilityState', { get: () => state });"
        "globalThis.turn = (to) => { state = to; document.dispatchEvent(new Event('visibilitychange')); };"
    )
    first, link = streaming_tab(coach_page, phone_page, says_when)
    first.page.evaluate("turn('hidden')")
    expect(first.headline).to_have_text("Paused")
    second = PhonePage(first.page.context.new_page())
    second.open(link)
    expect(second.headline).to_have_text("Streaming")
    expect(first.headline).to_have_text("The camera runs in another tab")

    first.page.evaluate("turn('visible')")
    first.page.get_by_role("button", name="Stream from here").click()
    expect(first.headline).to_have_text("Streaming")


def test_a_reloaded_coach_page_shows_the_session_and_its_code(coach_page: CoachPage) -> None:
    session = coach_page.create_session(phones=2)
    link = coach_page.scan()
    coach_page.page.reload()
    expect(coach_page.page.locator("#where")).to_have_text(session)
    expect(coach_page.headline).to_have_text("0 of 2 phones streaming")
    assert coach_page.scan() == link


@pytest.mark.parametrize("service", ["stream-svc", "api-front"])
def test_a_killed_service_costs_the_phone_nothing(
    service: str,
    stack: Stack,
    coach: Coach,
    coach_page: CoachPage,
    phone_page: Callable[..., PhonePage],
    complaints: Complaints,
) -> None:
    session = coach_page.create_session(phones=None)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    before = phone.wait_number("acknowledged", 30)
    device = coach.status(session)["devices"][0]

    complaints.allow_absence()
    name = f"{service}-{device['instance']}" if service == "stream-svc" else service
    stack.wait_restarted(name, stack.kill(name))
    phone.wait_number("acknowledged", before + 90)
    expect(phone.headline).to_contain_text("Streaming")
    expect(coach_page.headline).to_have_text("Recording")

    recording = read_device(stack.recordings / session / device["device_id"])
    # The frame being written at this moment may be in one file and not yet in the other.
    assert set(range(1, before + 91)) <= set(recording.sequences)
    assert max(recording.sequences.values()) == 1
    # On a DataChannel a frame may overtake another; for that moment the one before it is missing.
    stack.wait("no gap", lambda: coach.device(session, device["device_id"])["frames_lost"] == 0, 10)
