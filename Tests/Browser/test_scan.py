"""The main job of the pages: a coach shows a code, a phone scans it, and what its camera sees is recorded."""

from __future__ import annotations

from collections.abc import Callable

from axolotl_browser.people import CoachPage, PhonePage
from axolotl_kit.coach import Coach
from axolotl_kit.recording_index import read_times
from axolotl_kit.recordings import read_finished
from axolotl_kit.stack import Stack
from playwright.sync_api import TimeoutError as PageTimeout
from playwright.sync_api import expect

WIDTH, HEIGHT = 720, 1280

# A headless page is never hidden, so it is told what it would see; its clock messages are counted on their way out.
COUNT_CLOCK_MESSAGES = """() => {
  globalThis.clockMessages = 0;
  for (const { prototype } of [WebSocket, RTCDataChannel]) {
    const { send } = prototype;
    prototype.send = function (data) {
      if (typeof data === "string" && JSON.parse(data).type === "clock") globalThis.clockMessages += 1;
      return send.call(this, data);
    };
  }
  globalThis.showPage = (isVisible) => {
    Object.defineProperty(document, "visibilityState", { value: isVisible ? "visible" : "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
}"""


def test_a_phone_scans_in_and_its_frames_are_recorded(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    session = coach_page.create_session(phones=None)
    link = coach_page.scan()
    assert link.startswith(f"http://localhost:{stack.port}/pair?token=")
    expect(coach_page.page.locator("#expiry")).to_contain_text("Valid for")

    phone = phone_page()
    phone.open(link)
    expect(phone.headline).to_have_text("This phone becomes a camera")
    assert coach.status(session)["devices"] == [], "nothing happens before the person agrees"
    phone.turn_on("left of the mat")
    expect(phone.headline).to_have_text("Streaming")
    phone.wait_number("acknowledged", 60)

    # The coach sees it live.
    expect(coach_page.headline).to_have_text("Recording")
    row = coach_page.devices.first
    expect(row).to_contain_text("left of the mat")
    expect(row).to_contain_text("Streaming")
    expect(row).to_contain_text("good, ±")
    expect(coach_page.page.get_by_role("heading", name="Scan with each phone")).to_be_hidden()

    # And the server says the same.
    # On a busy machine the first offer may take longer than the phone waits; test_webrtc_page.py is about that.
    [device] = coach.wait_transport(session, "webrtc", "websocket")
    assert device["label"] == "left of the mat"
    # On a DataChannel a frame may overtake another; for that moment the one before it is missing.
    stack.wait("no gap", lambda: coach.device(session, device["device_id"])["frames_lost"] == 0, 10)
    assert ("cause" in device["sync"]) == (device["sync"]["quality"] != "good")
    assert device["capture"]["source"] in ("capture_time", "callback_time")
    stack.wait(
        "more recorded frames",
        lambda: coach.device(session, device["device_id"])["frames_recorded"] > device["frames_recorded"],
        10,
    )

    # It is stopped with one press however the phone is held, and on a small one.
    stop = phone.page.get_by_role("button", name="Stop the camera")
    for width, height in ((844, 390), (320, 568), (390, 844)):
        phone.page.set_viewport_size({"width": width, "height": height})
        expect(stop).to_be_in_viewport(ratio=1)

    stop.click()
    expect(phone.headline).to_have_text("Stopped", timeout=60_000)
    acknowledged = phone.number("acknowledged")
    assert phone.number("waiting") == 0

    recording = read_finished(stack.recordings / session / device["device_id"])
    assert recording.frames_in_files >= acknowledged >= 60
    assert set(range(1, acknowledged + 1)) <= set(recording.sequences), "every acknowledged frame is there"
    # Frames may overtake each other on the way and then lie in another file.
    times = [entry.device_us for entry in sorted(recording.entries, key=lambda entry: entry.sequence)]
    assert times == sorted(times)

    # Afterwards its times are known from the exchanges on both sides: no worse, even over a few seconds.
    later = [path.with_suffix(".times") for path in recording.files]
    stack.wait("the corrected times", lambda: all(path.exists() for path in later), 10)
    corrected = [record for path in later for record in read_times(path.read_bytes())]
    assert [record.sequence for record in corrected] == [entry.sequence for entry in recording.entries]
    for record, entry in zip(corrected, recording.entries, strict=True):
        assert abs(record.session_us - entry.session_us) <= record.bound_us + entry.bound_us
    middle = len(times) // 2
    live_bound = sorted(entry.bound_us for entry in recording.entries)[middle]
    assert sorted(record.bound_us for record in corrected)[middle] <= 1.1 * live_bound


def test_a_page_that_comes_back_measures_its_clock_anew(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    session = coach_page.create_session(phones=None)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.page.evaluate(COUNT_CLOCK_MESSAGES)
    phone.turn_on("tripod")
    before = phone.wait_number("acknowledged", 60)
    device = coach.status(session)["devices"][0]["device_id"]

    def comes_back_with_a_burst() -> bool:
        """Ten exchanges back to back; the usual trickle would take five seconds for them, a lost packet costs one."""
        phone.page.evaluate("globalThis.showPage(false)")
        sent = phone.page.evaluate("globalThis.clockMessages")
        phone.page.evaluate("globalThis.showPage(true)")
        try:
            ten_more = "sent => globalThis.clockMessages >= sent + 10"
            phone.page.wait_for_function(ten_more, arg=sent, timeout=4500)
        except PageTimeout:
            return False
        return True

    # The time tells a burst from a trickle, but whoever stands still meanwhile costs it.
    stack.wait("a burst", comes_back_with_a_burst, 30)
    phone.wait_number("acknowledged", before + 60)
    stack.wait("a clock again", lambda: coach.device(session, device)["sync"]["quality"] in ("good", "acceptable"), 10)


def test_the_coach_ends_and_deletes_the_session(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    session = coach_page.create_session(phones=None)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    phone.wait_number("acknowledged", 10)
    folder = stack.recordings / session
    assert folder.is_dir()

    page = coach_page.page
    # Nobody has to look again: the list follows what is recorded.
    expect(page.locator("#recordings")).to_contain_text("frames", timeout=20_000)
    with page.expect_download() as download:
        page.locator("#recordings a").first.click()
    assert download.value.suggested_filename.endswith(".mkv")

    page.get_by_role("button", name="End session").click()
    expect(coach_page.headline).to_have_text("Session ended")
    expect(phone.headline).to_have_text("The session has ended")
    assert coach.status(session)["state"] == "ended"
    expect(coach_page.devices.first).to_contain_text("Finished")
    expect(coach_page.devices.first).not_to_contain_text("Streaming")

    # It says so after a reload too, for as long as the session is there.
    phone.page.reload()
    expect(phone.headline).to_have_text("The session has ended")
    expect(phone.page.get_by_label("Code from the coach's screen")).to_be_visible()

    page.get_by_role("button", name="Delete everything…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("heading", name="Session deleted")).to_be_visible()
    expect(page.locator("#receipt")).to_contain_text(session)
    # A receipt may name what is removed later, where a service was slow.
    stack.wait("the files to go", lambda: not folder.exists(), 30)
