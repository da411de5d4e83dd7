"""How pictures travel: the best way that works, another one when it fails, and back; nothing lost, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from axolotl_browser.people import CoachPage, PhonePage
from axolotl_browser.watched import Complaints
from axolotl_kit.coach import Coach
from axolotl_kit.recordings import read_finished
from axolotl_kit.stack import Stack
from playwright.sync_api import expect

# A network that lets only plain requests through, until the page is told otherwise.
ONLY_HTTP = """
  const { WebSocket } = globalThis;
  globalThis.isBlocked = true;
  globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
      if (globalThis.isBlocked) throw new DOMException("blocked", "SecurityError");
      super(url);
    }
  };
  globalThis.RTCPeerConnection = undefined;
"""


def only_http(phone: PhonePage) -> None:
    """Takes the better transports away from the pages that this phone opens from now on."""
    phone.page.add_init_script(ONLY_HTTP)


def stop_and_check(stack: Stack, session: str, device_id: str, phone: PhonePage) -> None:
    """Ends the filming; every picture that was taken is on disk, once."""
    phone.page.get_by_role("button", name="Stop the camera").click()
    expect(phone.headline).to_have_text("Stopped", timeout=60_000)
    assert phone.number("waiting") == 0
    acknowledged = phone.number("acknowledged")
    folder = stack.recordings / session / device_id
    assert read_finished(folder).sequences == Counter(range(1, acknowledged + 1))


def test_a_network_that_lets_only_requests_through(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    complaints.allow_refusals()
    session = coach_page.create_session(phones=None)
    phone = phone_page()
    only_http(phone)
    phone.open(coach_page.scan())
    phone.turn_on("behind a proxy")
    phone.wait_number("acknowledged", 30)
    expect(phone.page.locator("#carrier")).to_contain_text("single HTTP uploads")
    expect(phone.page.locator("#clock")).to_contain_text("±")
    [device] = coach.wait_transport(session, "http")

    def is_in_time() -> bool:
        return coach.device(session, device["device_id"]).get("sync", {}).get("quality") in ("good", "acceptable")

    stack.wait("a clock", is_in_time, 60)

    # The network is opened: the phone notices when it is told of a change, and climbs without losing a picture.
    phone.page.evaluate("globalThis.isBlocked = false; dispatchEvent(new Event('online'))")
    expect(phone.page.locator("#carrier")).to_have_text("WebSocket")
    before = phone.number("acknowledged")
    phone.wait_number("acknowledged", before + 60)
    coach.wait_transport(session, "websocket")
    stop_and_check(stack, session, device["device_id"], phone)


def test_the_low_bandwidth_switch_makes_smaller_pictures(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    session = coach_page.create_session(phones=None)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.turn_on("slow network")
    phone.wait_number("acknowledged", 20)
    device = coach.status(session)["devices"][0]["device_id"]
    before = coach.device(session, device)

    phone.page.get_by_label("Low bandwidth").check()
    expect(phone.page.locator("#filming")).to_contain_text("640 pixels")
    stack.wait(
        "smaller pictures",
        lambda: coach.device(session, device)["frames_recorded"] > before["frames_recorded"] + 40,
        20,
    )
    phone.page.get_by_label("Low bandwidth").uncheck()
    # A busy machine may have cost it a step or two besides; each is eight calm seconds away.
    expect(phone.page.locator("#filming")).not_to_contain_text("640 pixels", timeout=60_000)
    stop_and_check(stack, session, device, phone)
    sizes = {path.stat().st_size for path in (stack.recordings / session / device).glob("*.mkv")}
    assert len(sizes) >= 2, "a picture size of its own is a file of its own"
