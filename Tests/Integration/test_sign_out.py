"""A coach signs out: one browser, at once, and nobody else."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack, free_port
from axolotl_kit.webrtc_talk import register
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

COOKIE = "axolotl_coach"
#: Within a second of the revocation, and a share for a busy machine's scheduler.
PROMPT_SECONDS = 1.0 + 0.3


class CoachBrowser:
    """Signed in by the printed link; watches sessions with its cookie."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15)
        assert self.http.get("/", params={"key": stack.coach_key}).status_code == 303
        self.cookie = self.http.cookies[COOKIE]

    def watch(self, session: str) -> ClientConnection:
        url = f"{self.stack.websocket_url}/ws/session/{session}"
        return connect(url, additional_headers={"Cookie": f"{COOKIE}={self.cookie}"}, proxy=None, compression=None)

    def sessions(self) -> httpx.Response:
        """What only a coach is given, with the cookie as it was, whatever the browser was told since."""
        return httpx.get(
            f"{self.stack.base_url}/api/sessions", headers={"Cookie": f"{COOKIE}={self.cookie}"}, trust_env=False
        )

    def sign_out(self, **more: str) -> httpx.Response:
        return self.http.delete("/api/coach/session", headers=more)


@pytest.fixture
def browsers(stack: Stack) -> Iterator[tuple[CoachBrowser, CoachBrowser]]:
    both = CoachBrowser(stack), CoachBrowser(stack)
    yield both
    for one in both:
        one.http.close()


def status_of(socket: ClientConnection) -> str:
    return str(json.loads(socket.recv(timeout=5))["type"])


def end_of(socket: ClientConnection) -> tuple[int, str, float]:
    """Close code, the code of the error before it, and when it came."""
    told = ""
    try:
        while True:
            message = json.loads(socket.recv(timeout=5))
            told = message["code"] if message["type"] == "error" else told
    except ConnectionClosed as closing:
        assert closing.rcvd is not None
        return closing.rcvd.code, told, time.monotonic()


def test_one_browser_is_signed_out_at_once_and_the_other_is_not(
    stack: Stack, coach: Coach, browsers: tuple[CoachBrowser, CoachBrowser]
) -> None:
    leaving, staying = browsers
    session = coach.create_session()["session_id"]
    with ExitStack() as open_sockets:
        two = [open_sockets.enter_context(leaving.watch(session)) for _ in range(2)]
        other = open_sockets.enter_context(staying.watch(session))
        by_key = open_sockets.enter_context(
            connect(f"{stack.websocket_url}/ws/session/{session}?token={stack.coach_key}", proxy=None)
        )
        for one in (*two, other, by_key):
            assert status_of(one) == "status"
        answer = leaving.sign_out()
        signed_out = time.monotonic()
        assert (answer.status_code, answer.json()) == (200, {"signed_out": True})
        assert "Max-Age=0" in answer.headers["set-cookie"] and "HttpOnly" in answer.headers["set-cookie"]
        # The browser forgets it, and it is dead wherever it was copied to.
        assert COOKIE not in leaving.http.cookies
        problem = Problem.of(leaving.sessions())
        assert (problem.status, problem.code) == (401, "token_revoked")
        assert "signed in no more" in problem.detail
        for one in two:
            code, told, when = end_of(one)
            assert (code, told) == (4401, "token_revoked")
            assert when - signed_out < PROMPT_SECONDS
        with leaving.watch(session) as again:
            assert end_of(again)[:2] == (4401, "token_revoked")
        # Whoever did not sign out goes on, beyond the next round of questions.
        end = time.monotonic() + 1.6
        while time.monotonic() < end:
            assert status_of(other) == status_of(by_key) == "status"
        assert staying.sessions().is_success
        assert Problem.of(leaving.sign_out(Cookie=f"{COOKIE}={leaving.cookie}")).code == "token_revoked"


def test_a_cookie_alone_can_be_signed_out(
    stack: Stack, coach: Coach, browsers: tuple[CoachBrowser, CoachBrowser]
) -> None:
    problem = Problem.of(coach.http.delete("/api/coach/session"))
    assert (problem.status, problem.code) == (409, "coach_key_stays")
    assert "AXOLOTL_COACH_KEY" in problem.detail
    assert coach.http.get("/api/sessions").is_success
    phone = register(stack, coach.create_session())["device_token"]
    for headers in ({}, {"Authorization": f"Bearer {phone}"}):
        assert (
            httpx.delete(
                f"{stack.base_url}/api/coach/session", headers=headers, trust_env=False, timeout=15
            ).status_code
            == 401
        )
    # A page of another site signs nobody out.
    mine = browsers[0]
    assert Problem.of(mine.sign_out(Origin="https://elsewhere.example")).code == "cross_origin_refused"
    assert mine.sessions().is_success
    assert mine.sign_out(Origin=stack.base_url).is_success
    assert mine.sessions().status_code == 401


def test_what_token_svc_has_not_noted_is_not_said_to_be_done(own_stack: Stack, own_coach: Coach) -> None:
    browser = CoachBrowser(own_stack)
    own_stack.take_down("token-svc")
    assert browser.sign_out().status_code == 503
    own_stack.bring_back("token-svc")
    assert browser.sessions().is_success
    assert browser.sign_out().is_success
    # It outlives a kill.
    own_stack.wait_restarted("token-svc", own_stack.kill("token-svc"))
    own_stack.wait_ready()
    assert Problem.of(browser.sessions()).code == "token_revoked"


def test_a_changed_coach_key_ends_open_pages(own_stack: Stack, own_coach: Coach) -> None:
    """Told to token-svc by another api-front, as nobody but an api-front that starts anew tells it."""
    browser = CoachBrowser(own_stack)
    session = own_coach.create_session()["session_id"]
    (program,) = [each for each in own_stack._system.programs if each.name == "api-front"]
    state = own_stack.home / "other-front"
    settings = own_stack.settings | {"AXOLOTL_COACH_KEY": "quite another key", "LOCAL_PORT": str(free_port())}
    with browser.watch(session) as socket:
        assert status_of(socket) == "status"
        other = subprocess.Popen(
            program.command, env=program.environment | settings | {"STATE_DIRECTORY": str(state)}, cwd=own_stack.home
        )
        try:
            assert end_of(socket)[:2] == (4401, "token_revoked")
            assert Problem.of(browser.sessions()).code == "token_revoked"
        finally:
            other.terminate()
            other.wait(10)


def test_wrong_keys_of_the_same_address_close_no_page_that_is_open() -> None:
    """The limit keeps guesses from being looked at, also without one on pairing; an open page guessed nothing."""
    settings = {"AXOLOTL_PAIRING_RATE": "0", "AXOLOTL_CREDENTIAL_RATE": "1", "AXOLOTL_CREDENTIAL_BURST": "4"}
    settings["AXOLOTL_POSE_THREADS"] = "0"
    with Stack(settings=settings) as limited, Coach(limited.base_url, limited.coach_key) as coach:
        browser = CoachBrowser(limited)
        session = coach.create_session()["session_id"]
        url = f"{limited.websocket_url}/ws/session/{session}?token={limited.coach_key}"
        with browser.watch(session) as by_cookie, connect(url, proxy=None) as by_key:
            assert status_of(by_cookie) == status_of(by_key) == "status"
            for number in range(5):
                httpx.get(f"{limited.base_url}/", params={"key": f"wrong-{number}"}, trust_env=False, timeout=15)
            assert Problem.of(coach.http.get("/api/sessions")).code == "rate_limited"
            page = httpx.get(f"{limited.base_url}/", params={"key": limited.coach_key}, trust_env=False, timeout=15)
            described = coach.http.get("/api/openapi.json", headers={"Authorization": ""}).json()["paths"]["/"]["get"]
            assert str(page.status_code) == "429" and "429" in described["responses"]
            end = time.monotonic() + 1.6
            while time.monotonic() < end:
                assert status_of(by_cookie) == status_of(by_key) == "status"
