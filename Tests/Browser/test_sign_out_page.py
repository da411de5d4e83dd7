"""A coach signs out on the page: nothing stays on the screen, in this tab or another."""

from __future__ import annotations

from axolotl_browser.people import CoachPage
from axolotl_browser.watched import Complaints
from axolotl_kit.stack import Stack
from playwright.sync_api import expect


def test_signing_out_closes_every_tab(stack: Stack, coach_page: CoachPage, complaints: Complaints) -> None:
    session = coach_page.create_session(phones=2)
    page = coach_page.page
    other = page.context.new_page()
    other.goto(f"{stack.base_url}/#/session/{session}")
    expect(other.locator("#feed")).to_have_text("live")

    complaints.allow_refusals()
    page.get_by_role("button", name="Sign out").click()
    locked = page.get_by_role("heading", name="Open the coach's link")
    expect(locked).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    assert session not in page.content()
    assert page.evaluate("sessionStorage.length") == 0
    assert page.context.cookies() == []
    # The other tab learns it with its connection.
    expect(other.get_by_role("heading", name="Open the coach's link")).to_be_visible()

    page.go_back()
    expect(page.get_by_role("heading", name="Open the coach's link")).to_be_visible()

    page.get_by_label("Coach key").fill(stack.coach_key)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
