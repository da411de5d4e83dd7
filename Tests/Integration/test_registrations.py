"""Registrations under races and kills: what phones were told is true, and nothing else is."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import SERVICES, Stack

#: How long services are killed under registrations; longer runs find rarer faults.
CRASH_SECONDS = float(os.environ.get("AXOLOTL_CRASH_SECONDS", "60"))
#: Those that a registration goes through: one that dies by itself is one of these.
CONCERNED = ("token-svc", "session-svc", "api-front")
#: As a phone does it, so that waiting ones leave the machine to services that start.
BACK_OFF_SECONDS = 0.02
#: Between two sessions of a coach. Each registration is held against the disk afterwards, which takes longer than it.
PAUSE_SECONDS = 0.1
SEED = int(os.environ.get("AXOLOTL_CRASH_SEED", "20261124"))


@pytest.fixture
def fresh_stack() -> Iterator[Stack]:
    """A system that this test may break, and in which nobody else has made anything."""
    with Stack() as running:
        yield running


def register(client: httpx.Client, token: str, device_id: str, attempt: str) -> httpx.Response:
    body = {"token": token, "device_id": device_id, "attempt": attempt, "metadata": {"platform": "test"}}
    return client.post("/api/pairing/register_device", json=body)


def status_as_phone(client: httpx.Client, session_id: str, device_token: str) -> httpx.Response:
    query = {"session_id": session_id}
    return client.get("/api/pairing/session_status", params=query, headers={"Authorization": f"Bearer {device_token}"})


def test_fifty_phones_race_for_four_places(stack: Stack, coach: Coach) -> None:
    runners, places, rounds = 50, 4, 5
    barrier = threading.Barrier(runners, timeout=30)
    total: Counter[str] = Counter()
    with ThreadPoolExecutor(runners) as threads, contextlib.ExitStack() as opened:
        clients = [
            opened.enter_context(httpx.Client(base_url=stack.base_url, trust_env=False, timeout=30))
            for _ in range(runners)
        ]
        for _ in range(rounds):
            session = coach.create_session(expected_devices=places)

            def race(number: int, token: str = session["pairing_token"]) -> httpx.Response:
                # Its connection is open by then: it is the registrations that race.
                clients[number].get("/healthz")
                barrier.wait()
                return register(clients[number], token, f"phone-{number}", f"attempt-{number:03}")

            answers = list(threads.map(race, range(runners)))
            told = {answer.json()["device_id"] for answer in answers if answer.is_success}
            refusals = Counter(Problem.of(answer).code for answer in answers if not answer.is_success)
            assert (len(told), refusals) == (places, {"token_full": runners - places})
            assert {answer.status_code for answer in answers} == {200, 409}
            known = {device["device_id"] for device in coach.status(session["session_id"])["devices"]}
            assert known == told
            total += refusals + Counter(registered=len(told))
    print(f"{rounds} rounds of {runners} registrations for {places} places: {dict(total)}")
    assert total == {"registered": rounds * places, "token_full": rounds * (runners - places)}


@pytest.mark.timeout(180)
def test_a_registration_without_an_attempt_locks_nobody_out(own_stack: Stack) -> None:
    """The body of the design: the phone has no name for its attempt, so it cannot ask for what it was not given."""
    with (
        Coach(own_stack.base_url, own_stack.coach_key) as coach,
        httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
    ):
        session = coach.create_session(expected_devices=1, mode="single")
        body = {"token": session["pairing_token"], "device_id": "phone", "metadata": {}}
        own_stack.take_down("session-svc")
        assert client.post("/api/pairing/register_device", json=body).status_code == 503
        own_stack.bring_back("session-svc")
        answer = client.post("/api/pairing/register_device", json=body)
        assert answer.is_success, answer.text
        device_token = answer.json()["device_token"]
        assert status_as_phone(client, session["session_id"], device_token).status_code == 200
        # One place, and one phone in it.
        assert Problem.of(client.post("/api/pairing/register_device", json=body)).code == "token_already_used"
        assert Problem.of(register(client, session["pairing_token"], "other", "attempt-1")).code == "token_full"


@pytest.mark.timeout(180)
def test_a_lost_registration_is_had_with_a_renewed_qr(own_stack: Stack) -> None:
    """token-svc gave the phone its token, session-svc was away; before the phone asks again, the QR is renewed."""
    with (
        Coach(own_stack.base_url, own_stack.coach_key) as coach,
        httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
    ):
        made = coach.create_session(expected_devices=2)
        session, attempt = made["session_id"], secrets.token_hex(16)
        own_stack.take_down("session-svc")
        assert register(client, made["pairing_token"], "phone", attempt).status_code == 503
        own_stack.bring_back("session-svc")
        fresh = coach.invite(session)["pairing_token"]
        assert Problem.of(register(client, fresh, "phone", secrets.token_hex(16))).code == "token_already_used"
        answer = register(client, fresh, "phone", attempt)
        assert answer.is_success, answer.text
        device_token = answer.json()["device_token"]
        assert status_as_phone(client, session, device_token).status_code == 200
        # It is in like any other phone: the coach sees it, and can remove it for good.
        assert [each["device_id"] for each in coach.status(session)["devices"]] == ["phone"]
        later = coach.invite(session)
        assert later["places"] == 1
        assert register(client, later["pairing_token"], "phone", attempt).json()["device_token"] == device_token
        assert register(client, later["pairing_token"], "other", secrets.token_hex(16)).is_success
        coach.remove(session, "phone")
        for token in (made["pairing_token"], fresh, later["pairing_token"]):
            assert Problem.of(register(client, token, "phone", attempt)).code == "token_revoked"
        assert status_as_phone(client, session, device_token).status_code == 401


@pytest.mark.timeout(180)
def test_a_session_is_made_whole_or_not_at_all(own_stack: Stack) -> None:
    with Coach(own_stack.base_url, own_stack.coach_key, patience_s=0) as coach:
        before = coach.sessions()
        own_stack.take_down("token-svc")
        for name in ("take-1", "auto"):
            with pytest.raises(Problem) as problem:
                coach.create_session(session_id=name)
            assert problem.value.status == 503
        assert coach.sessions() == before
        own_stack.bring_back("token-svc")
        assert coach.create_session(session_id="take-1")["session_id"] == "take-1"
        made, *others = coach.sessions()
        assert (made["session_id"], others) == ("take-1", before)


@dataclass
class Told:
    """What phones were told, and what they and the coaches asked for."""

    wanted: set[str] = field(default_factory=set)
    asked: dict[str, str] = field(default_factory=dict)
    registered: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def until_answered(ask: Callable[[], httpx.Response], stop_at: float) -> httpx.Response | None:
    """Asks again while services are away; None when time is up before an answer came."""
    while time.monotonic() < stop_at:
        with contextlib.suppress(httpx.TransportError):
            answer = ask()
            if answer.status_code != 503:
                return answer
        time.sleep(BACK_OFF_SECONDS)
    return None


def phones_come(stack: Stack, told: Told, worker: int, stop: threading.Event) -> None:
    """One coach and its phones, one session after the other, until told to stop."""
    headers = {"Authorization": f"Bearer {stack.coach_key}"}
    number = 0
    while not stop.wait(PAUSE_SECONDS):
        number += 1
        session_id, device_id, attempt = f"take-{worker}-{number}", f"phone-{worker}", secrets.token_hex(16)
        body = {"session_id": session_id, "mode": "single", "user_id": "u", "expected_devices": 1, "consent": True}
        with told.lock:
            told.wanted.add(session_id)
        with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=10) as client:
            try:
                created = client.post("/api/pairing/create_session", json=body, headers=headers)
            except httpx.TransportError:
                stop.wait(BACK_OFF_SECONDS)
                continue
            if created.status_code != 200:
                assert created.status_code == 503, created.text
                stop.wait(BACK_OFF_SECONDS)
                continue
            token = created.json()["pairing_token"]
            with told.lock:
                told.asked[session_id] = device_id

            def ask(
                client: httpx.Client = client, token: str = token, device: str = device_id, attempt: str = attempt
            ) -> httpx.Response:
                return register(client, token, device, attempt)

            answer = until_answered(ask, time.monotonic() + 60)
            assert answer is not None and answer.is_success, answer and answer.text
            with told.lock:
                told.registered.append((session_id, device_id, token, attempt, answer.json()["device_token"]))


def victims(choose: random.Random) -> tuple[str, tuple[str, ...]]:
    """Who dies at one moment: a single service, any few of them, or all; and which of the three it is."""
    match choose.choice(("one", "some", "all")):
        case "one":
            return "one", (choose.choice(CONCERNED),)
        case "some":
            return "some", tuple(choose.sample(SERVICES, choose.randint(2, len(SERVICES) - 1)))
        case how_many:
            return how_many, SERVICES


def kill_and_wait(stack: Stack, services: tuple[str, ...]) -> None:
    for service, killed in stack.kill_together(services).items():
        stack.wait_restarted(service, killed)


def devices_of(coach: Coach, session_id: str) -> list[str]:
    return [each["device_id"] for each in coach.status(session_id)["devices"]]


@pytest.mark.timeout(180 + 4 * CRASH_SECONDS)
def test_kills_at_random_points_lose_and_invent_nothing(fresh_stack: Stack) -> None:
    """Of one service, of some and of all of them at once."""
    told, stop = Told(), threading.Event()
    choose = random.Random(SEED)
    crashes: Counter[str] = Counter()
    with ThreadPoolExecutor(4) as threads:
        workers = [threads.submit(phones_come, fresh_stack, told, worker, stop) for worker in range(4)]
        try:
            end = time.monotonic() + CRASH_SECONDS
            while time.monotonic() < end:
                # A random point, not a wait for something: any instant is a good one to die at.
                stop.wait(choose.uniform(0, 1.5))
                how_many, services = victims(choose)
                kill_and_wait(fresh_stack, services)
                crashes[how_many] += 1
        finally:
            stop.set()
        for worker in workers:
            worker.result()
    # What counts is what is on disk.
    kill_and_wait(fresh_stack, SERVICES)
    fresh_stack.wait_ready()
    print(f"{crashes.total()} crash points {dict(crashes)}, {len(told.registered)} registrations, seed {SEED}")
    assert all(crashes[how_many] >= 1 for how_many in ("one", "some", "all"))
    assert len(told.registered) > crashes.total()
    with (
        Coach(fresh_stack.base_url, fresh_stack.coach_key) as coach,
        httpx.Client(base_url=fresh_stack.base_url, trust_env=False, timeout=30) as client,
    ):
        for session_id, device_id, token, attempt, device_token in told.registered:
            # The session, its device and the device's token are as they were told …
            assert status_as_phone(client, session_id, device_token).status_code == 200
            assert devices_of(coach, session_id) == [device_id]
            # … and so is the mark that the code has been used.
            assert register(client, token, device_id, attempt).json()["device_token"] == device_token
            assert Problem.of(register(client, token, device_id, secrets.token_hex(16))).code == "token_already_used"
            assert Problem.of(register(client, token, "another", secrets.token_hex(16))).code == "token_full"
        known = {each["session_id"] for each in coach.sessions()}
        # Whose answer was lost may be there or not; nobody else's is.
        assert told.asked.keys() <= known <= told.wanted
        for session_id in known - {session_id for session_id, *_ in told.registered}:
            assert devices_of(coach, session_id) in ([], [told.asked.get(session_id)])
