"""What a coach and a phone's owner do with the pages, found as a person finds it: by label and role."""

from __future__ import annotations

import io
import time

import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect


class CoachPage:
    """The coach's page in a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def create_session(self, phones: int | None) -> str:
        """Fills in the form (`None`: single phone) and returns the new session's name."""
        page = self.page
        expect(page.get_by_role("heading", name="New session")).to_be_visible()
        if phones is None:
            page.get_by_label("Single phone").check()
        else:
            page.get_by_label("3D, several phones").check()
            page.get_by_label(str(phones), exact=True).check()
        page.get_by_label("Your name").fill("Coach Kim")
        page.get_by_label("Everybody who may be filmed").check()
        page.get_by_role("button", name="Create session").click()
        expect(page.get_by_role("heading", name="Scan with each phone")).to_be_visible()
        return page.locator("#where").inner_text()

    def scan(self) -> str:
        """Reads the QR off a picture of the screen, as a phone would."""
        code = self.page.get_by_role("img", name="QR code of the pairing link")
        expect(code).to_be_in_viewport(ratio=1)
        # A picture in place is not yet a picture painted, and a phone looks until it sees a code.
        end = time.monotonic() + 15
        while len(found := qr_codes(self.page.screenshot())) != 1:
            assert time.monotonic() < end, f"on the coach's screen: {found}"
        return found[0]

    @property
    def link(self) -> str:
        """What the QR says, from the text that is folded away beside it."""
        link = self.page.locator("#link").text_content()
        assert link
        return link

    @property
    def typed_code(self) -> str:
        """The code that stands beside the QR."""
        return self.page.locator("#code").inner_text()

    def rename(self, name: str, new_name: str) -> None:
        """Gives a phone another name."""
        self.page.get_by_role("button", name=f"Rename {name}").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Name").fill(new_name)
        dialog.get_by_role("button", name="Save").click()

    def remove(self, name: str) -> None:
        """Removes a phone, and confirms it."""
        self.page.get_by_role("button", name=f"Remove {name}").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    @property
    def headline(self) -> Locator:
        """What the page says first of the session."""
        return self.page.locator("#step-headline")

    @property
    def devices(self) -> Locator:
        """The phones that have joined."""
        return self.page.locator("#devices > .device:not(.free)")


def qr_codes(picture: bytes) -> list[str]:
    """What the QR codes in a picture say.

    One in three hundred of our codes has a line that is a bar code to whoever looks for every kind.
    """
    return [
        code.text
        for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)), formats=zxingcpp.BarcodeFormat.QRCode)
    ]


class PhonePage:
    """The phone's page in a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, link: str) -> None:
        """Opens what the QR says."""
        self.page.goto(link)

    def type_code(self, code: str) -> None:
        """Types the code from the coach's screen."""
        self.page.get_by_label("Code from the coach's screen").fill(code)
        self.page.get_by_role("button", name="Join").click()

    def turn_on(self, name: str) -> None:
        """Names the phone and allows the camera."""
        self.page.get_by_label("Name of this phone").fill(name)
        self.page.get_by_role("button", name="Turn on the camera").click()

    @property
    def headline(self) -> Locator:
        """The page's state in words."""
        return self.page.locator("#headline")

    @property
    def detail(self) -> Locator:
        """What the state means, or what to do."""
        return self.page.locator("#detail")

    def number(self, name: str) -> int:
        """One of the figures on the page: `sent`, `acknowledged`, `waiting`."""
        return int(self.page.locator(f"#{name}").inner_text().replace(",", ""))

    def wait_number(self, name: str, at_least: int, timeout: float = 30) -> int:
        """Waits until a figure has reached a value."""
        self.page.wait_for_function(
            "([id, least]) => Number(document.getElementById(id).textContent.replaceAll(',', '')) >= least",
            arg=[name, at_least],
            timeout=timeout * 1000,
        )
        return self.number(name)
