"""What the browser tests share: one running system, one browser, and pages that may not complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axolotl_browser.chromium import launch
from axolotl_browser.people import CoachPage, PhonePage
from axolotl_browser.watched import Complaints
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack, free_port
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

#: For what a page does, and for what it comes to show: two processors have a browser and five services to carry.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Five real processes. The QR names localhost: there browsers give the camera without HTTPS."""
    port = free_port()
    settings = {"AXOLOTL_PUBLIC_URL": f"http://localhost:{port}", "AXOLOTL_BIND_ADDRESS": "127.0.0.1"}
    with Stack(port=port, settings=settings) as running:
        yield running


@pytest.fixture
def coach(stack: Stack) -> Iterator[Coach]:
    """The same coach without a browser, to ask what the server knows."""
    with Coach(stack.base_url, stack.coach_key) as client:
        yield client


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver of the browsers. It occupies the thread's event loop, so it must not outlive these tests."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for the tests of a file; each test has contexts of its own."""
    running = launch(playwright)
    yield running
    running.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test if any of its pages complained."""
    heard = Complaints()
    yield heard
    assert heard.found == []


@pytest.fixture
def context(browser: Browser, complaints: Complaints) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts that are listened to, and closes them."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        one = browser.new_context(**options)  # type: ignore[arg-type]
        one.set_default_timeout(PATIENCE_MS)
        complaints.watch(one)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.fixture
def coach_page(stack: Stack, context: Callable[..., BrowserContext]) -> CoachPage:
    """The coach's browser, signed in by the printed link."""
    page = context(viewport={"width": 1366, "height": 800}).new_page()
    page.goto(f"{stack.base_url}/?key={stack.coach_key}")
    return CoachPage(page)


@pytest.fixture
def phone_page(context: Callable[..., BrowserContext]) -> Callable[..., PhonePage]:
    """Makes phones: a small touch screen; the camera is allowed unless the test says otherwise."""

    def make(is_camera_allowed: bool = True) -> PhonePage:
        one = context(
            viewport={"width": 390, "height": 844},
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            permissions=["camera"] if is_camera_allowed else [],
        )
        return PhonePage(one.new_page())

    return make
