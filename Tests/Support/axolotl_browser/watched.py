"""Pages that fail the test when they complain."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

# The browser itself reports a request that was answered with an error; the page handles it and says so in words.
ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of \d+")
# While a server is down on purpose.
AWAY = re.compile(r"WebSocket connection to .* failed|net::ERR_")
# Whoever leaves a page at once, or a phone that tries another way, is done with a connection that is not open yet.
LEFT_EARLY = re.compile(r"WebSocket is closed before the connection")


class Complaints:
    """Collects console errors and warnings, exceptions and policy breaches of all pages of a context."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._allowed = [LEFT_EARLY]

    def watch(self, context: BrowserContext) -> None:
        """From now on every page of this context is listened to."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"exception: {error.error}"))
        context.on("page", self._page)

    def allow_refusals(self) -> None:
        """Requests that the test has refused on purpose."""
        self._allowed.append(ANSWERED)

    def allow_absence(self) -> None:
        """The server is away for a while on purpose."""
        self._allowed += [AWAY, ANSWERED]

    def _console(self, message: ConsoleMessage) -> None:
        text = f"{message.type}: {message.text}"
        if message.type in ("error", "warning") and not any(each.search(text) for each in self._allowed):
            self.found.append(text)

    def _page(self, page: Page) -> None:
        page.on("crash", lambda _: self.found.append("the page crashed"))
