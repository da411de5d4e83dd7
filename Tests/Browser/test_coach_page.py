"""The coach's page where it was once wrong: questions turned away, answers that come late, clocks and cookies."""

from __future__ import annotations

from collections.abc import Callable

from axolotl_browser.people import CoachPage
from axolotl_browser.watched import Complaints
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from playwright.sync_api import BrowserContext, Route, expect


def test_a_question_goes_with_the_session_it_is_about(stack: Stack, coach: Coach, coach_page: CoachPage) -> None:
    page = coach_page.page
    sessions = [coach.create_session(expected_devices=2)["session_id"] for _ in range(2)]
    for session in sessions:
        page.goto(f"{stack.base_url}/#/session/{session}")
        expect(page.locator("#where")).to_have_text(session)
    page.get_by_role("button", name="Delete everything…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.locator("#where")).to_have_text(sessions[0])
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_list_that_fails_late_leaves_the_session_alone_and_comes_by_itself(
    stack: Stack, coach: Coach, coach_page: CoachPage, complaints: Complaints
) -> None:
    complaints.allow_refusals()
    page = coach_page.page
    session = coach_page.create_session(phones=2)
    held: list[Route] = []
    page.route("**/api/sessions", lambda route: held.append(route))
    with page.expect_request("**/api/sessions"):
        page.evaluate("location.hash = '#/'")
    page.go_back()
    expect(page.locator("#where")).to_have_text(session)
    expect(page.locator("#feed")).to_have_text("live")
    held.pop().fulfill(status=503, json={"code": "service_unavailable"})
    with page.expect_request("**/api/sessions"):
        page.evaluate("location.hash = '#/'")
    expect(page.locator("#problem")).to_be_hidden()

    # This failure is the page's own: it is told, and the list is asked for again without anybody's doing.
    held.pop().fulfill(status=503, json={"code": "service_unavailable", "detail": "Try again in a few seconds."})
    expect(page.locator("#problem")).to_contain_text("Try again")
    page.unroute("**/api/sessions")
    expect(page.get_by_role("button", name="Create session")).to_be_enabled()
    expect(page.locator("#problem")).to_be_hidden()


def test_the_receipt_of_a_deletion_is_shown_however_long_it_takes(
    coach: Coach, coach_page: CoachPage, complaints: Complaints
) -> None:
    """The server knows the session no more while it still removes files: that is no news to who deletes it."""
    complaints.allow_refusals()
    page = coach_page.page
    session = coach_page.create_session(phones=2)
    expect(page.locator("#feed")).to_have_text("live")
    held: list[Route] = []
    asked: list[str] = []

    def answer(**what: object) -> None:
        while not held:
            page.wait_for_timeout(20)
        held.pop().fulfill(**what)

    page.route(f"**/api/sessions/{session}", lambda route: held.append(route))
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Delete everything…").click()
    confirm = page.get_by_role("dialog").get_by_role("button", name="Delete everything")
    confirm.click()
    expect(coach_page.headline).to_have_text("Deleting…")

    # It goes on as before if it is not deleted.
    with page.expect_websocket() as feed:
        answer(status=503, json={"code": "service_unavailable", "detail": "Try again in a few seconds."})
    expect(page.locator("#problem")).to_contain_text("Try again")
    expect(coach_page.headline).to_have_text("0 of 2 phones streaming")

    asked.clear()
    page.get_by_role("button", name="Delete everything…").click()
    confirm.click()
    expect(coach_page.headline).to_have_text("Deleting…")
    receipt = coach.delete(session)
    if not feed.value.is_closed():
        feed.value.wait_for_event("close")
    answer(json=receipt)
    expect(page.get_by_role("heading", name="Session deleted")).to_be_visible()
    expect(page.locator("#receipt")).to_contain_text(session)
    assert not [url for url in asked if "session_status" in url]


def test_a_device_whose_clock_is_wrong_shows_codes_that_are_good(
    stack: Stack, context: Callable[..., BrowserContext]
) -> None:
    page = context().new_page()
    page.add_init_script("const now = Date.now; Date.now = () => now() + 3_600_000;")
    page.goto(f"{stack.base_url}/?key={stack.coach_key}")
    coach_page = CoachPage(page)
    coach_page.create_session(phones=2)
    expect(page.locator("#expiry")).to_contain_text("Valid for")
    coach_page.scan()
    page.reload()
    coach_page.scan()


def test_signing_in_says_what_is_wrong(
    stack: Stack, context: Callable[..., BrowserContext], complaints: Complaints
) -> None:
    complaints.allow_refusals()
    page = context().new_page()
    page.goto(stack.base_url)
    key, problem = page.get_by_label("Coach key"), page.locator("#problem")

    def sign_in(text: str) -> None:
        key.fill(text)
        page.get_by_role("button", name="Open").click()

    sign_in("not the key")
    expect(problem).to_contain_text("The key is not right")
    busy = {"code": "service_unavailable", "detail": "A part of the server is restarting."}
    page.route("**/?key=*", lambda route: route.fulfill(status=503, json=busy))
    sign_in(stack.coach_key)
    expect(problem).to_contain_text("is restarting")
    page.unroute("**/?key=*")

    # As if the browser kept no cookies.
    page.route("**/?key=*", lambda route: route.fulfill(status=303, headers={"Location": "/"}))
    sign_in(stack.coach_key)
    expect(problem).to_contain_text("did not keep the sign-in")
    page.unroute("**/?key=*")
    sign_in(stack.coach_key)
    expect(page.get_by_role("heading", name="New session")).to_be_visible()
    expect(problem).to_be_hidden()
