"""Limits per address, on sizes and on connections; headers of every answer; pages of other sites."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import REPOSITORY, Stack
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

FRIEND, STRANGER = "https://club.example", "https://elsewhere.example"
BURST, WRONG, PER_MINUTE, CONNECTIONS = 12, 10, 30, 8


@pytest.fixture(scope="module")
def limited() -> Iterator[Stack]:
    """A system with tight limits, behind a proxy on this machine that says who asks."""
    settings = {
        "AXOLOTL_PAIRING_RATE": str(PER_MINUTE),
        "AXOLOTL_PAIRING_BURST": str(BURST),
        "AXOLOTL_CREDENTIAL_RATE": str(PER_MINUTE),
        "AXOLOTL_CREDENTIAL_BURST": str(WRONG),
        "AXOLOTL_TRUSTED_PROXIES": "127.0.0.1",
        "AXOLOTL_ALLOWED_ORIGINS": FRIEND,
        "AXOLOTL_POSE_THREADS": "0",
    }
    with Stack(settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def direct() -> Iterator[Stack]:
    """The same without a proxy: nobody's word on who asks is believed."""
    settings = {
        "AXOLOTL_PAIRING_RATE": str(PER_MINUTE),
        "AXOLOTL_PAIRING_BURST": str(BURST),
        "AXOLOTL_MAX_CONNECTIONS_PER_ADDRESS": str(CONNECTIONS),
        "AXOLOTL_POSE_THREADS": "0",
    }
    with Stack(settings=settings) as running:
        yield running


def caller(stack: Stack, address: str | None = None) -> httpx.Client:
    """A client at an address, as the proxy tells it."""
    headers = {} if address is None else {"X-Forwarded-For": address}
    return httpx.Client(base_url=stack.base_url, headers=headers, trust_env=False, timeout=15)


def validate(client: httpx.Client) -> httpx.Response:
    return client.get("/api/pairing/validate", params={"token": "x.y.z"})


def assert_limited(answer: httpx.Response) -> None:
    problem = Problem.of(answer)
    assert (problem.status, problem.code) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "again" in problem.detail
    assert answer.json()["retry_after_s"] == int(answer.headers["retry-after"])


def test_pairing_is_limited_by_address_and_says_when_to_come_again(limited: Stack) -> None:
    with caller(limited, "192.0.2.1") as flooder, caller(limited, "192.0.2.2") as neighbour:
        answers = [validate(flooder) for _ in range(2 * BURST)]
        assert [answer.status_code for answer in answers[:BURST]] == [401] * BURST
        assert_limited(answers[-1])
        assert_limited(flooder.post("/api/pairing/register_device", content=b"x" * 10_000))
        assert validate(neighbour).status_code == 401
        # What is no door to strangers goes on.
        assert flooder.get("/healthz").is_success
        assert flooder.get("/pair").is_success
        wait = int(validate(flooder).headers["retry-after"])
        limited.wait("the limit to pass", lambda: validate(flooder).status_code == 401, wait + 5)


def until_limited(ask: Callable[[], httpx.Response], began: float, spent: int, burst: int) -> int:
    """Asks until told to wait, and returns how often was asked before that in all: beyond the burst only what came back
    since `began`, which on a busy machine may be something."""
    while ask().status_code != 429:
        spent += 1
        assert spent <= burst + (time.monotonic() - began) * PER_MINUTE / 60
    return spent


def test_an_ipv6_household_is_one_address(limited: Stack) -> None:
    with caller(limited) as client:

        def ask(host: str) -> httpx.Response:
            return client.get("/api/pairing/validate", headers={"X-Forwarded-For": f"2001:db8:5:{host}"})

        began = time.monotonic()
        for host in range(BURST):
            ask(f"5::{host:x}")
        until_limited(lambda: ask("5:ffff::1"), began, BURST, BURST)
        assert_limited(ask("5:ffff::2"))
        assert ask("6::1").status_code == 400


def test_guessing_keys_and_tokens_is_limited_even_for_the_right_guess(limited: Stack) -> None:
    with caller(limited, "192.0.2.3") as thief, caller(limited, "192.0.2.4") as coach:
        began, spent = time.monotonic(), 0
        for number in range(WRONG):
            assert thief.get("/", params={"key": f"wrong-{number}"}).status_code == 401
            spent += 1
        for query, headers in (
            ({"key": limited.coach_key}, {}),
            ({}, {"Authorization": f"Bearer {limited.coach_key}"}),
            ({}, {"Authorization": "Bearer x.y.z"}),
            ({}, {"Cookie": "axolotl_coach=x.y.z"}),
        ):
            spent = until_limited(lambda: thief.get("/", params={"key": "wrong-again"}), began, spent, WRONG)
            assert_limited(thief.get("/" if query else "/api/sessions", params=query, headers=headers))
        assert coach.get("/", params={"key": limited.coach_key}).status_code == 303
    with caller(limited, "192.0.2.5") as thief:

        def guess() -> httpx.Response:
            return thief.get("/api/sessions", headers={"Authorization": "Bearer wrong"})

        began = time.monotonic()
        for _ in range(WRONG):
            assert guess().status_code == 401
        until_limited(guess, began, WRONG, WRONG)
        assert_limited(thief.get("/api/sessions", headers={"Authorization": f"Bearer {limited.coach_key}"}))


def test_whoever_says_who_they_are_is_not_believed(direct: Stack) -> None:
    statuses = []
    with caller(direct) as client:
        for number in range(2 * BURST):
            headers = {"X-Forwarded-For": f"203.0.113.{number}"}
            statuses.append(client.get("/api/pairing/validate", headers=headers).status_code)
    assert statuses[-1] == 429


def test_connections_of_one_address_are_bounded_and_come_free_again(direct: Stack) -> None:
    def served(connection: socket.socket) -> bool:
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.recv(1000).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            return False

    def dial() -> socket.socket:
        return socket.create_connection(("127.0.0.1", direct.port), timeout=10)

    with ExitStack() as stack:
        held = [stack.enter_context(dial()) for _ in range(CONNECTIONS)]
        first = [served(one) for one in held]
        assert first.count(True) >= CONNECTIONS - 2
        extra = [stack.enter_context(dial()) for _ in range(3)]
        # A place of the test before, whose connection was still being closed, may have come free since.
        assert sum(map(served, extra)) <= first.count(False)
        for one in held:
            one.close()

        def admitted() -> bool:
            with dial() as one:
                return served(one)

        direct.wait("room for another connection", admitted, 10)


def test_all_connections_together_are_bounded_and_those_that_are_open_live_on() -> None:
    most = 24
    settings = {"AXOLOTL_MAX_CONNECTIONS": str(most), "AXOLOTL_POSE_THREADS": "0"}
    with Stack(settings=settings) as system, Coach(system.base_url, system.coach_key) as coach, ExitStack() as opened:
        session = coach.create_session(expected_devices=1, mode="single")
        body = {"token": session["pairing_token"], "device_id": "a"}
        url = coach.http.post("/api/pairing/register_device", json=body).json()["ws_url"]
        coach.http.close()
        phone = opened.enter_context(connect(url, proxy=None))
        assert json.loads(phone.recv(timeout=10))["type"] == "welcome"
        watch = f"{system.websocket_url}/ws/session/{session['session_id']}?token={system.coach_key}"
        page = opened.enter_context(connect(watch, proxy=None))

        def dial() -> socket.socket:
            one = socket.create_connection(("127.0.0.1", system.port), timeout=10)
            return opened.enter_context(one)

        def metrics(one: socket.socket) -> dict[str, float]:
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while b"axolotl_http_connections_refused{" not in answer or not answer.endswith(b"\n"):
                part = one.recv(1 << 16)
                assert part, answer
                answer += part
            found = re.findall(rb"^(axolotl_http_connections\w*)\{[^}]*\} (\S+)$", answer, re.MULTILINE)
            return {name.decode(): float(value) for name, value in found}

        def is_served(one: socket.socket) -> bool:
            try:
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                return one.recv(1000).startswith(b"HTTP/1.1 200")
            except ConnectionError:
                return False

        observer = dial()
        # The client that made the session may be about to go.
        system.wait("three connections", lambda: metrics(observer)["axolotl_http_connections"] == 3, 10)
        held = [dial() for _ in range(most - 3)]
        assert all(is_served(one) for one in held)
        beyond = [dial() for _ in range(10)]
        assert not any(is_served(one) for one in beyond)
        for one in beyond:
            # Closed, not left waiting.
            with suppress(ConnectionError):
                assert one.recv(1000) == b""

        def as_many_as_may_be() -> bool:
            now = metrics(observer)
            return now["axolotl_http_connections"] == most and now["axolotl_http_connections_refused"] >= 10

        # Figures may be a second old.
        system.wait("all places to be taken and the others refused", as_many_as_may_be, 10)

        # Everybody who was in goes on.
        phone.send('{"type":"clock","id":7,"t0":5}')
        while json.loads(phone.recv(timeout=10)).get("id") != 7:
            pass
        for _ in range(3):
            assert json.loads(page.recv(timeout=10))["type"] == "status"
        assert all(is_served(one) for one in held)
        # And who leaves makes room.
        held.pop().close()
        system.wait("room for another connection", lambda: is_served(dial()), 10)


def test_headers_and_bodies_are_bounded(stack: Stack, coach: Coach) -> None:
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 64_000)
        with suppress(ConnectionError):
            assert not raw.recv(1000).startswith(b"HTTP/1.1 200")
    assert Problem.of(coach.http.post("/api/pairing/create_session", content=b" " * 20_000)).code == "body_too_large"
    # What brings none need not say so (RFC 9112, section 6.3).
    session = coach.create_session(expected_devices=2)["session_id"]
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as raw:
        head = (
            f"POST /api/sessions/{session}/end HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.coach_key}\r\n\r\n"
        )
        raw.sendall(head.encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 200")
    # On every route, also those that take no body.
    answer = coach.http.request("GET", "/api/sessions", content=b"x")
    assert Problem.of(answer).code == "body_too_large"


def test_a_websocket_message_is_bounded_and_costs_only_itself(stack: Stack, coach: Coach) -> None:
    session = coach.create_session(expected_devices=1, mode="single")
    body = {"token": session["pairing_token"], "device_id": "a"}
    answer = httpx.post(f"{stack.base_url}/api/pairing/register_device", json=body, trust_env=False, timeout=15)
    url = answer.json()["ws_url"]
    with connect(url, proxy=None, compression=None, max_size=None) as phone:
        phone.send(bytes(5_000_000))
        phone.send("x" * 6_000_000)
        codes = []
        while len(codes) < 2:
            message = json.loads(phone.recv(timeout=20))
            codes += [message["code"]] if message["type"] == "error" else []
        assert codes == ["frame_too_large", "frame_too_large"]
        phone.send('{"type":"clock","id":7,"t0":5}')
        while json.loads(phone.recv(timeout=10)).get("id") != 7:
            pass


ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_every_answer_carries_the_headers(coach: Coach) -> None:
    client = coach.http
    answers = [
        client.get(path) for path in ("/", "/pair", "/assets/coach/main.js", "/healthz", "/metrics", "/api/sessions")
    ]
    answers += [
        client.get("/nothing"),
        client.post("/healthz"),
        client.get("/api/sessions/%FF"),
        client.get("/assets/x"),
    ]
    answers += [client.get("/api/pairing/validate"), client.get("/", params={"key": "wrong"})]
    for answer in answers:
        assert ALWAYS.items() <= dict(answer.headers).items(), answer.url
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
        assert "unsafe" not in policy and "*" not in policy
        assert answer.headers["permissions-policy"]
        if answer.url.path.startswith("/api/") or not answer.is_success:
            assert answer.headers["cache-control"] == "no-store", answer.url
        assert "server" not in answer.headers


def test_pages_hold_no_inline_code_or_style() -> None:
    for page in (REPOSITORY / "Services/api-front/Web").rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text), page.name
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), page.name


class TestOtherSites:
    def test_are_refused_unless_named(self, limited: Stack) -> None:
        with caller(limited, "192.0.2.10") as client:
            for headers in ({"Origin": STRANGER}, {"Origin": "null"}):
                answer = client.get("/api/sessions", headers=headers)
                assert Problem.of(answer).code == "cross_origin_refused"
                assert "access-control-allow-origin" not in answer.headers
                assert client.options("/api/sessions", headers=headers).status_code == 405

    def test_the_named_one_may_ask_with_a_bearer(self, limited: Stack) -> None:
        with caller(limited, "192.0.2.11") as client:
            before = client.options(
                "/api/pairing/create_session",
                headers={"Origin": FRIEND, "Access-Control-Request-Method": "POST"},
            )
            assert before.status_code == 204
            assert before.headers["access-control-allow-origin"] == FRIEND
            assert "POST" in before.headers["access-control-allow-methods"]
            assert "Authorization" in before.headers["access-control-allow-headers"]
            assert "access-control-allow-credentials" not in before.headers
            headers = {"Origin": FRIEND, "Authorization": f"Bearer {limited.coach_key}"}
            good = client.get("/api/sessions", headers=headers)
            assert good.is_success
            refused = client.get("/api/sessions/none-such", headers=headers)
            large = client.post("/api/pairing/create_session", content=b" " * 20_000, headers=headers)
            unknown = client.get("/nothing", headers=headers)
            for answer in (good, refused, large, unknown):
                assert answer.headers["access-control-allow-origin"] == FRIEND, answer.url
                assert answer.headers["vary"] == "Origin"

    def test_websockets_follow_the_same_rule(self, limited: Stack) -> None:
        url = f"{limited.websocket_url}/ws/session/none-such?token={limited.coach_key}"
        with pytest.raises(InvalidStatus) as refusal, connect(url, proxy=None, origin=STRANGER):  # type: ignore[arg-type]
            pass
        assert refusal.value.response.status_code == 403
        with connect(url, proxy=None, origin=FRIEND) as watched:  # type: ignore[arg-type]
            assert json.loads(watched.recv(timeout=10))["code"] == "session_not_found"


def test_the_coach_s_cookie_is_kept_from_scripts_and_other_sites(stack: Stack) -> None:
    with caller(stack) as client:
        cookie = client.get("/", params={"key": stack.coach_key}).headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert "secure" not in parts


def test_who_types_the_address_without_https_is_led_there() -> None:
    with Stack(settings={"REQUIRE_HTTPS": "true", "AXOLOTL_POSE_THREADS": "0"}) as stack:
        plain = stack.base_url.replace("https://", "http://")
        with httpx.Client(base_url=plain, trust_env=False, timeout=15) as client:
            for method in ("GET", "POST"):
                answer = client.request(method, "/pair?token=a%20b&x=%C3%A4")
                assert answer.status_code == 308
                assert answer.headers["location"] == f"{stack.base_url}/pair?token=a%20b&x=%C3%A4"
                assert answer.headers["cache-control"] == "no-store"
            # Nothing else is answered there, whoever asks.
            mine = {"Authorization": f"Bearer {stack.coach_key}"}
            assert client.get("/api/sessions", headers=mine).status_code == 308
            upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
            upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
            assert client.get("/ws/session/x", headers=upgrade | mine).status_code == 308


@pytest.mark.parametrize("own_certificate", [False, True])
def test_under_tls_the_cookie_is_secure_and_hsts_needs_a_real_certificate(own_certificate: bool) -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with Stack(settings={"REQUIRE_HTTPS": "true", "AXOLOTL_POSE_THREADS": "0"}) as stack:
        if own_certificate:
            (folder,) = stack.state.rglob("tls")
            stack.settings |= {
                "AXOLOTL_TLS_CERTIFICATE": str(folder / "server.pem"),
                "AXOLOTL_TLS_KEY": str(folder / "server-key.pem"),
            }
            stack.restart()
        with httpx.Client(base_url=stack.base_url, verify=unverified, trust_env=False, timeout=15) as client:
            answer = client.get("/", params={"key": stack.coach_key})
            assert "; Secure" in answer.headers["set-cookie"]
            for one in (answer, client.get("/nothing"), client.get("/healthz")):
                assert ("strict-transport-security" in one.headers) is own_certificate
