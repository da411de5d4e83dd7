"""The coach's hold on a running session, by hand: codes that are typed, phones renamed, removed and added."""

from __future__ import annotations

from collections.abc import Callable

from axolotl_browser.people import CoachPage, PhonePage
from axolotl_browser.watched import Complaints
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from playwright.sync_api import expect


def test_a_phone_that_cannot_scan_types_the_code(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    session = coach_page.create_session(phones=None)
    expect(coach_page.page.locator("#code-address")).to_have_text(f"http://localhost:{stack.port}/pair")
    code = coach_page.typed_code
    phone = phone_page()
    phone.open(f"http://localhost:{stack.port}/pair")
    expect(phone.headline).to_have_text("Scan the coach's code")

    # Mistakes are told in words: one that the page sees, one that only the server can know.
    phone.type_code("ABC")
    expect(phone.page.get_by_role("alert")).to_contain_text("8 letters and digits")
    complaints.allow_refusals()
    phone.type_code("ZZZZ-ZZZZ")
    expect(phone.page.get_by_role("alert")).to_contain_text("No session has this code")

    phone.type_code(code.lower().replace("-", " "))
    expect(phone.headline).to_have_text("This phone becomes a camera")
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")
    phone.wait_number("acknowledged", 10)
    assert coach.status(session)["devices"][0]["label"] == "tripod"

    # As after a scan, a reload takes the same place again.
    phone.page.reload()
    expect(phone.headline).to_have_text("Streaming")
    assert len(coach.status(session)["devices"]) == 1


def test_the_coach_renames_and_removes_a_phone(
    coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    session = coach_page.create_session(phones=None)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")
    row = coach_page.devices.first
    expect(row).to_contain_text("Streaming")

    # The longest name there can be takes two lines at most.
    longest = "the telephone that stands left of a mat."
    assert len(longest) == 40
    coach_page.rename("tripod", longest)
    name = row.get_by_role("heading", name=longest)
    assert name.evaluate("h => h.getBoundingClientRect().height / parseFloat(getComputedStyle(h).lineHeight)") < 2.1
    coach_page.rename(longest, "left of the mat")
    expect(row).to_contain_text("left of the mat")
    assert coach.status(session)["devices"][0]["label"] == "left of the mat"

    # The phone asks whether it may come back, and is told no.
    complaints.allow_refusals()
    page = coach_page.page
    page.get_by_role("button", name="Remove left of the mat").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert len(coach.status(session)["devices"]) == 1

    coach_page.remove("left of the mat")
    expect(phone.headline).to_have_text("This phone was removed")
    expect(phone.page.locator("#live")).to_be_hidden()
    expect(coach_page.devices).to_have_count(0)
    # The old code is gone with it, on the screen too.
    expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_hidden()
    phone.page.reload()
    expect(phone.headline).to_have_text("This code is no longer valid")

    # A fresh code lets it in again, typed on the page that it has open.
    page.get_by_role("button", name="New QR code").click()
    expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_visible()
    phone.type_code(coach_page.typed_code)
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")
    expect(coach_page.devices).to_have_count(1)


def test_a_phone_that_lost_its_place_while_it_was_away_comes_back_with_a_fresh_code(
    coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    complaints.allow_refusals()
    session = coach_page.create_session(phones=2)
    phone = phone_page()
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")
    phone.page.goto("about:blank")
    [device] = coach.status(session)["devices"]
    coach.remove(session, device["device_id"])
    phone.open(coach.invite(session)["pairing_url"])
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")
    assert len(coach.status(session)["devices"]) == 1


def test_the_coach_adds_phones_up_to_four(
    coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    # The page asks every five seconds whether its code is good still, perhaps while that is replaced.
    complaints.allow_refusals()
    session = coach_page.create_session(phones=2)
    first = coach_page.scan()
    page = coach_page.page
    add = page.get_by_role("button", name="Add a phone")
    for count in (3, 4):
        shown = coach_page.link
        add.click()
        expect(coach_page.headline).to_have_text(f"0 of {count} phones streaming")
        # It is told twice a second, and may be there before the code is.
        expect(page.locator("#link")).not_to_have_text(shown)
    expect(add).to_be_hidden()
    assert coach.status(session)["expected_devices"] == 4
    fresh = coach_page.scan()
    assert fresh != first
    phone = phone_page()
    phone.open(fresh)
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")


def test_an_expired_code_is_made_anew(coach_page: CoachPage, complaints: Complaints) -> None:
    # The page asks every five seconds whether its code is good still, perhaps while that is replaced.
    complaints.allow_refusals()
    coach_page.create_session(phones=2)
    first = coach_page.scan()
    page = coach_page.page
    expect(page.locator("#expiry")).to_contain_text("Valid for")
    # Half an hour passes for the page alone.
    page.evaluate("{ const real = Date.now; Date.now = () => real() + 1_800_000; }")
    expect(page.locator("#expiry")).to_contain_text("has expired")
    expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_hidden()
    expect(page.locator("#code")).to_be_hidden()
    expect(page.locator("#step-detail")).to_contain_text("New QR code")
    page.evaluate("{ const later = Date.now; Date.now = () => later() - 1_800_000; }")
    shown = coach_page.link
    page.locator("#renew").click()
    # By the clock that is right again the old one is good until then.
    expect(page.locator("#link")).not_to_have_text(shown)
    expect(page.locator("#expiry")).to_contain_text("Valid for")
    assert coach_page.scan() != first


def test_a_code_that_another_screen_replaced_is_said_to_be(
    coach: Coach, coach_page: CoachPage, complaints: Complaints
) -> None:
    session = coach_page.create_session(phones=2)
    page = coach_page.page
    expect(page.locator("#expiry")).to_contain_text("Valid for")
    complaints.allow_refusals()
    coach.invite(session)
    expect(page.locator("#expiry")).to_contain_text("replaced on another screen", timeout=15_000)
    expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_hidden()
    page.locator("#renew").click()
    expect(page.locator("#expiry")).to_contain_text("Valid for")
    expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_visible()


def test_older_sessions_are_a_button_away(coach: Coach, coach_page: CoachPage) -> None:
    oldest = coach.create_session(session_id="the-oldest")["session_id"]
    for _ in range(200):
        coach.create_session()
    coach_page.page.reload()
    rows = coach_page.page.locator("#sessions li")
    expect(rows).to_have_count(200)
    expect(coach_page.page.get_by_text(oldest)).to_have_count(0)
    older = coach_page.page.get_by_role("button", name="Older sessions")
    while older.is_visible() and not coach_page.page.get_by_text(oldest).count():
        shown = rows.count()
        older.click()
        expect(rows).not_to_have_count(shown)
    expect(coach_page.page.get_by_text(oldest)).to_be_visible()
    expect(older).to_be_hidden()
    assert rows.count() == len(coach.sessions())
    for session in coach.sessions():
        coach.delete(session["session_id"])
