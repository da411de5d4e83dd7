"""When it does not work, the pages say why, and what to do."""

from __future__ import annotations

from collections.abc import Callable

from axolotl_browser.chromium import launch
from axolotl_browser.people import CoachPage, PhonePage
from axolotl_browser.watched import Complaints
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from playwright.sync_api import BrowserContext, Playwright, Route, expect


def test_a_refused_camera(coach: Coach, phone_page: Callable[..., PhonePage]) -> None:
    session = coach.create_session(expected_devices=1, mode="single")
    phone = phone_page(is_camera_allowed=False)
    phone.open(session["pairing_url"])
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("No picture from the camera")
    expect(phone.detail).to_contain_text("allow the camera")
    assert coach.status(session["session_id"])["devices"] == [], "it took no place"

    # Allowed after all: the same page goes on.
    phone.page.context.grant_permissions(["camera"])
    phone.page.get_by_role("button", name="Try again").click()
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")


def test_a_browser_that_keeps_nothing(coach: Coach, phone_page: Callable[..., PhonePage]) -> None:
    session = coach.create_session(expected_devices=1, mode="single")
    phone = phone_page()
    phone.page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(globalThis, name, { get() { throw new DOMException('blocked', 'SecurityError'); } });"
    )
    phone.open(session["pairing_url"])
    phone.turn_on("tripod")
    expect(phone.headline).to_have_text("Streaming")
    phone.wait_number("acknowledged", 10)


def test_a_code_that_is_no_code(stack: Stack, phone_page: Callable[..., PhonePage], complaints: Complaints) -> None:
    complaints.allow_refusals()
    phone = phone_page()
    phone.open(f"{stack.base_url}/pair?token=nonsense")
    expect(phone.headline).to_have_text("This code does not work")
    expect(phone.page.get_by_label("Name of this phone")).to_be_hidden()
    phone.open(f"{stack.base_url}/pair")
    expect(phone.headline).to_have_text("Scan the coach's code")


def test_one_phone_too_many(coach: Coach, phone_page: Callable[..., PhonePage], complaints: Complaints) -> None:
    complaints.allow_refusals()
    session = coach.create_session(expected_devices=1, mode="single")
    first = phone_page()
    first.open(session["pairing_url"])
    first.turn_on("tripod")
    expect(first.headline).to_have_text("Streaming")

    second = phone_page()
    second.open(session["pairing_url"])
    expect(second.headline).to_have_text("The session is full")
    expect(second.detail).to_contain_text("Ask the coach")
    expect(second.page.get_by_role("button", name="Turn on the camera")).to_be_hidden()
    before = first.number("acknowledged")
    first.wait_number("acknowledged", before + 30)


def test_a_page_without_https(playwright: Playwright, coach: Coach, stack: Stack) -> None:
    session = coach.create_session(expected_devices=1, mode="single")
    # A name that is not localhost is no secure origin, wherever it leads.
    other = launch(playwright, "--host-resolver-rules=MAP axolotl.example 127.0.0.1")
    try:
        phone = PhonePage(other.new_page())
        phone.open(session["pairing_url"].replace("localhost", "axolotl.example"))
        expect(phone.headline).to_have_text("This page needs https://")
        expect(phone.detail).to_contain_text("REQUIRE_HTTPS=true")
    finally:
        other.close()


def test_a_coach_without_the_key(stack: Stack, context: Callable[..., BrowserContext], complaints: Complaints) -> None:
    complaints.allow_refusals()
    page = context().new_page()
    page.goto(stack.base_url)
    expect(page.get_by_role("heading", name="Open the coach's link")).to_be_visible()
    page.get_by_label("Coach key").fill("not the key at all")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("The key is not right")
    page.get_by_label("Coach key").fill(stack.coach_key)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="New session")).to_be_visible()
    assert stack.coach_key not in page.url


def test_a_session_that_is_gone(coach: Coach, coach_page: CoachPage, complaints: Complaints) -> None:
    complaints.allow_absence()
    session = coach_page.create_session(phones=2)
    coach.delete(session)
    page = coach_page.page
    expect(page.get_by_role("heading", name="This session is not here")).to_be_visible()
    expect(page.locator("#gone-words")).to_contain_text("deleted")
    expect(page.locator("#feed")).to_be_hidden()

    # Opened again by its address, as from a bookmark; the way on is one press.
    page.reload()
    expect(page.get_by_role("heading", name="This session is not here")).to_be_visible()
    page.get_by_role("link", name="New session").click()
    expect(page.get_by_role("heading", name="New session")).to_be_visible()


def test_a_pairing_link_that_is_no_address(coach_page: CoachPage) -> None:
    page = coach_page.page

    def spoil(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"pairing_url": "https://:5050/pair?token=t"})

    page.route("**/api/pairing/create_session", spoil)
    page.get_by_label("Your name").fill("Coach Kim")
    page.get_by_label("Everybody who may be filmed").check()
    page.get_by_role("button", name="Create session").click()
    expect(page.get_by_role("alert")).to_contain_text("AXOLOTL_PUBLIC_URL")
    # The session itself is there, and a code can be made anew.
    expect(coach_page.headline).to_have_text("0 of 4 phones streaming")
    page.get_by_role("button", name="New QR code").click()
    expect(page.get_by_role("heading", name="Scan with each phone")).to_be_visible()


def test_an_address_that_the_page_cannot_read(stack: Stack, coach_page: CoachPage) -> None:
    page = coach_page.page
    page.goto(f"{stack.base_url}/#/session/%E0%A4%A")
    expect(page.get_by_role("alert")).to_contain_text("Something went wrong on this page")
