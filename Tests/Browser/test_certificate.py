"""Phones that do not know the server's own authority warn; the coach's page says so where the code is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axolotl_browser.people import CoachPage
from axolotl_kit.stack import Stack
from playwright.sync_api import BrowserContext, expect


@pytest.fixture
def secure_stack() -> Iterator[Stack]:
    """As it is run for phones: over HTTPS, with a certificate of its own making."""
    with Stack(settings={"REQUIRE_HTTPS": "true", "AXOLOTL_BIND_ADDRESS": "127.0.0.1"}) as running:
        yield running


def test_the_warning_is_told_before_it_comes(secure_stack: Stack, context: Callable[..., BrowserContext]) -> None:
    page = context(ignore_https_errors=True, viewport={"width": 1366, "height": 800}).new_page()
    page.goto(f"{secure_stack.base_url}/?key={secure_stack.coach_key}")
    CoachPage(page).create_session(phones=2)
    expect(page.locator("#code-address")).to_have_text(f"https://127.0.0.1:{secure_stack.port}/pair")
    expect(page.locator("#certificate")).to_contain_text("warns once")
    with page.expect_download() as download:
        page.get_by_role("link", name="the server's authority").click()
    assert "BEGIN CERTIFICATE" in download.value.path().read_text()


def test_without_a_certificate_there_is_no_warning(coach_page: CoachPage) -> None:
    coach_page.create_session(phones=2)
    expect(coach_page.page.locator("#expiry")).to_contain_text("Valid for")
    expect(coach_page.page.locator("#certificate")).to_be_hidden()
