"""A laboratory's calibration meets phones that name themselves: the coach's page brings them together."""

from __future__ import annotations

from collections.abc import Callable

from axolotl_browser.people import CoachPage, PhonePage
from axolotl_browser.watched import Complaints
from axolotl_kit.coach import Coach
from axolotl_kit.footage import calibration_file
from playwright.sync_api import expect


def names(coach: Coach, session: str) -> list[str]:
    """The cameras of the calibration in force."""
    return [camera["name"] for camera in coach.calibration(session)["cameras"]]


def test_cameras_are_given_to_phones_by_name_and_by_hand(
    coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage], complaints: Complaints
) -> None:
    session = coach_page.create_session(phones=2)
    link = coach_page.scan()
    page = coach_page.page
    page.get_by_label("Load a file…").set_input_files(calibration_file())
    result = page.locator("#calibration-result")
    expect(result).to_contain_text("Choose the phone")
    in_file = names(coach, session)
    expect(page.get_by_role("link", name="TRC")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#poses-words")).to_contain_text("two phones see the athlete")
    assert len(in_file) == 4

    # One phone is called like a camera of the file, the other is not.
    for label in (in_file[1], "tripod"):
        phone = phone_page()
        phone.open(link)
        phone.turn_on(label)
        expect(phone.headline).to_have_text("Streaming")
    expect(coach_page.devices).to_have_count(2)
    expect(page.get_by_label(in_file[1], exact=True).locator("option:checked")).to_contain_text(in_file[1])
    page.get_by_label(in_file[3], exact=True).select_option(label="2 tripod")

    devices = {device["label"]: device["device_id"] for device in coach.status(session)["devices"]}
    wanted = [devices[in_file[1]], devices["tripod"]]
    page.wait_for_function("() => document.querySelectorAll('#cameras option:checked:not([value=\"\"])').length === 2")
    for _ in range(400):
        if names(coach, session) == wanted:
            break
        page.wait_for_timeout(50)
    assert names(coach, session) == wanted

    # It is the session's, not the page's.
    page.reload()
    expect(result).to_have_text("2 cameras, each with its phone.")

    # Who is out may come back: the page takes no camera out by itself, and says which phone it waits for.
    complaints.allow_refusals()
    coach.remove(session, devices["tripod"])
    expect(result).to_have_text("2 cameras; 1 phone away.")
    expect(page.locator("#cameras option:checked").nth(1)).to_have_text("tripod (away)")
    assert names(coach, session) == wanted


def test_a_calibration_that_is_none(coach_page: CoachPage, complaints: Complaints) -> None:
    complaints.allow_refusals()
    coach_page.create_session(phones=2)
    page = coach_page.page
    page.get_by_label("Load a file…").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not a calibration"}
    )
    result = page.locator("#calibration-result")
    expect(result).to_have_attribute("data-tone", "bad")
    expect(result).to_contain_text(".qca.txt")
    expect(result).to_contain_text("JSON")
