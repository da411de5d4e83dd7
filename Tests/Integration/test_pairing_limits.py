"""What the doors of pairing cost an address under the settings that are the default: a guessed code the most."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import REPOSITORY, Stack
from axolotl_supervisor import settings_file

KEYS = ("AXOLOTL_PAIRING_RATE", "AXOLOTL_PAIRING_BURST")
BURST, PER_SECOND, GUESS = 300, 10, 10
WRONG_CODE = "0000-0000"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Stack]:
    """A system with the limits of an installed one, behind a proxy on this machine that says who asks."""
    example = settings_file.parse(
        "\n".join(
            line.removeprefix("#")
            for line in (REPOSITORY / ".env.example").read_text().splitlines()
            if line.removeprefix("#").startswith(KEYS)
        ),
        ".env.example",
    )
    assert example == {KEYS[0]: str(60 * PER_SECOND), KEYS[1]: str(BURST)}
    with Stack(settings=example | {"AXOLOTL_TRUSTED_PROXIES": "127.0.0.1", "AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


@pytest.fixture
def at(guarded: Stack) -> Iterator[Callable[[str], httpx.Client]]:
    """Clients at addresses, as the proxy tells them."""
    clients: list[httpx.Client] = []

    def one(address: str) -> httpx.Client:
        headers = {"X-Forwarded-For": address}
        clients.append(httpx.Client(base_url=guarded.base_url, headers=headers, trust_env=False, timeout=15))
        return clients[-1]

    yield one
    for client in clients:
        client.close()


@pytest.fixture
def session(guarded: Stack) -> dict[str, Any]:
    with Coach(guarded.base_url, guarded.coach_key) as coach:
        return coach.create_session(expected_devices=2)


def guess(client: httpx.Client, code: str = WRONG_CODE) -> httpx.Response:
    return client.post("/api/pairing/redeem_code", json={"code": code})


def guesses(client: httpx.Client, spent: int, began: float) -> int:
    """Guesses until the address is told to wait, held against what it may after so much was spent."""
    count = 0
    while (answer := guess(client)).status_code == 404:
        assert Problem.of(answer).code == "pairing_code_unknown"
        count += 1
    # On a slow machine some of it comes back meanwhile: a guess a second.
    back = PER_SECOND * (time.monotonic() - began)
    assert (BURST - spent) // GUESS <= count <= (BURST - spent + back) // GUESS
    assert_limited(answer)
    return count


def assert_limited(answer: httpx.Response) -> None:
    problem = Problem.of(answer)
    assert (problem.status, problem.code) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) == answer.json()["retry_after_s"] == 1
    assert "try again" in problem.detail


def register(client: httpx.Client, session: dict[str, Any], device: str) -> str:
    body = {"token": session["pairing_token"], "device_id": device}
    return str(client.post("/api/pairing/register_device", json=body).json()["device_token"])


def test_thirty_codes_at_once_and_one_a_second(
    guarded: Stack, at: Callable[[str], httpx.Client], session: dict[str, Any]
) -> None:
    thief, neighbour = at("192.0.2.1"), at("192.0.2.2")
    began = time.monotonic()
    count = guesses(thief, 0, began)
    # The right one is not looked at any more; another address is not concerned.
    right = guess(thief, session["pairing_code"])
    if time.monotonic() - began < 1:
        assert_limited(right)
    assert guess(neighbour, session["pairing_code"]).json()["pairing_token"] == session["pairing_token"]
    guarded.wait("the next guess", lambda: guess(thief).status_code == 404, 5)
    print(f"{count} wrong codes of one address, then 429; the neighbour's was looked at")


def test_sessions_and_offers_count_like_other_calls(
    guarded: Stack, at: Callable[[str], httpx.Client], session: dict[str, Any]
) -> None:
    """Each costs a tenth of a guess; the address pays, whoever asks."""
    home, neighbour = at("192.0.2.3"), at("192.0.2.4")
    coach = {"Authorization": f"Bearer {guarded.coach_key}"}
    mine = {"Authorization": f"Bearer {register(neighbour, session, 'a')}"}

    def create(client: httpx.Client) -> httpx.Response:
        return client.post("/api/pairing/create_session", json={}, headers=coach)

    def offer(client: httpx.Client) -> httpx.Response:
        return client.post("/api/pairing/signal_offer", json={"type": "offer", "sdp": ""}, headers=mine)

    began = time.monotonic()
    # What is refused for its body counts just so, and makes no session.
    spent = [call(home).status_code for call in (create, offer) for _ in range(50)]
    assert set(spent) == {400}
    guesses(home, len(spent), began)
    for call in (create, offer):
        # Meanwhile a call comes back now and then.
        while (answer := call(home)).status_code == 400:
            pass
        assert_limited(answer)
        assert call(neighbour).status_code == 400


def test_who_has_paired_may_ask_as_often_as_the_work_needs(
    guarded: Stack, at: Callable[[str], httpx.Client], session: dict[str, Any]
) -> None:
    home = at("192.0.2.5")
    name = session["session_id"]
    began = time.monotonic()
    mine = {"Authorization": f"Bearer {register(home, session, 'b')}"}
    guesses(home, 1, began)
    for _ in range(20):
        for answer in (
            home.get("/api/pairing/ice_servers", headers=mine),
            home.get("/api/pairing/session_status", params={"session_id": name}, headers=mine),
            home.post("/api/pairing/ntp_sync", json={"ts_device": 1.5}, headers=mine),
        ):
            assert answer.is_success, answer.text
        candidates = home.post("/api/pairing/signal_candidates", json={"candidates": []}, headers=mine)
        assert Problem.of(candidates).code == "no_peer"


def test_who_tries_codes_and_tokens_is_named_in_the_log(
    guarded: Stack, at: Callable[[str], httpx.Client], session: dict[str, Any]
) -> None:
    """With address and count, and nothing of what was tried."""
    tries = {
        "192.0.2.11": ("redeem_code", {"code": WRONG_CODE}),
        "192.0.2.12": ("validate", {"token": "x.y.z"}),
        "192.0.2.13": ("register_device", {"token": "x.y.z", "device_id": "c"}),
    }
    honest = at("192.0.2.14")
    assert guess(honest, session["pairing_code"]).is_success
    register(honest, session, "c")
    for address, (door, body) in tries.items():
        assert at(address).post(f"/api/pairing/{door}", json=body).status_code in (401, 404)

    def are_named() -> bool:
        lines = [f"credentials_refused address={address} count=1\n" for address in tries]
        return all(line in guarded.logs("api-front") for line in lines)

    guarded.wait("a line for each address", are_named, 5)
    written = guarded.logs("api-front")
    for secret in (honest.headers["X-Forwarded-For"], WRONG_CODE, "x.y.z", session["pairing_code"]):
        assert secret not in written
