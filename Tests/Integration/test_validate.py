"""Asking about a pairing token in a body: the quick reader of plain bodies and the patient one answer alike."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack

VALIDATE = "/api/pairing/validate"


@pytest.fixture
def phone(stack: Stack) -> Iterator[httpx.Client]:
    """A browser without any credentials."""
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as client:
        yield client


def escaped(text: str) -> str:
    """The same text as JSON, with every character as an escape."""
    return '"' + "".join(f"\\u{ord(character):04x}" for character in text) + '"'


def spellings(token: str) -> list[str]:
    """Bodies that mean the same: plain ones, and ones with what only JSONDecoder reads."""
    quoted = json.dumps(token)
    return [
        f'{{"token":{quoted},"device_id":"phone-1"}}',
        f' {{\n "device_id" : "phone-1" ,\t"token" : {quoted} }}\r\n',
        f'{{"token":{quoted},"device_id":"phone-1","extra":17,"more":true}}',
        f'{{"token":{quoted},"device_id":"phone-1","extra":{{"deep":[1.5,null]}}}}',
        f'{{"token":{escaped(token)},"device_id":{escaped("phone-1")}}}',
        f'{{"token":{quoted},"device_id":null}}',
        f'{{"token":{quoted}}}',
    ]


def test_the_body_and_the_address_answer_alike(coach: Coach, phone: httpx.Client) -> None:
    session = coach.create_session(expected_devices=2)
    token = session["pairing_token"]
    wanted = phone.get(VALIDATE, params={"token": token, "device_id": "phone-1"})
    assert wanted.is_success
    assert wanted.json()["session_id"] == session["session_id"]
    for body in spellings(token):
        answer = phone.post(VALIDATE, content=body, headers={"Content-Type": "application/json"})
        assert answer.is_success, (body, answer.text)
        assert answer.json() == wanted.json(), body


def test_every_spelling_of_a_changed_token_is_refused(coach: Coach, phone: httpx.Client) -> None:
    token = coach.create_session()["pairing_token"]
    forged = token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB")
    for body in spellings(forged):
        answer = phone.post(VALIDATE, content=body)
        assert (answer.status_code, Problem.of(answer).code) == (401, "token_bad_signature"), body


def test_a_device_that_has_used_it_is_told_so(coach: Coach, phone: httpx.Client) -> None:
    token = coach.create_session(expected_devices=2)["pairing_token"]
    registered = {"token": token, "device_id": "phone-1", "metadata": {}}
    assert phone.post("/api/pairing/register_device", json=registered).is_success
    answer = phone.post(VALIDATE, json={"token": token, "device_id": "phone-1"})
    assert Problem.of(answer).code == "token_already_used"
    assert phone.post(VALIDATE, json={"token": token, "device_id": "phone-2"}).json()["devices_left"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalid_json"),
        ("[]", "invalid_json"),
        ('{"token":"x"', "invalid_json"),
        ("{}", "missing_field"),
        ('{"device_id":"a"}', "missing_field"),
        ('{"token":null}', "invalid_field"),
        ('{"token":17}', "invalid_field"),
        ('{"token":"a.b.c","device_id":17}', "invalid_field"),
        ('{"token":"a.b.c","device_id":"../x"}', "invalid_device_id"),
        ('{"token":"a.b.c","device_id":""}', "invalid_device_id"),
    ],
)
def test_a_body_that_says_nothing_is_refused_by_name(phone: httpx.Client, body: str, code: str) -> None:
    answer = phone.post(VALIDATE, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, Problem.of(answer).code) == (400, code), answer.text


def test_a_body_that_is_too_large_is_refused(phone: httpx.Client) -> None:
    answer = phone.post(VALIDATE, json={"token": "x" * 20_000})
    assert answer.status_code == 413
