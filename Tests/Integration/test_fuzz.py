"""Random and mutated bytes at every open door: whatever comes, the same processes still serve afterwards."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.stack import Stack
from axolotl_kit.wire import encode_frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

BOUNDS = settings(
    max_examples=120,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "clock", "dropped", "frame", "command", "ack", "welcome", ""]) | st.text()},
    optional=dict.fromkeys(
        ("id", "t0", "prev", "from", "through", "seq", "ts_device_us", "width", "data", "oldest_seq"), json_values
    ),
).map(json.dumps)


@pytest.fixture(scope="module", autouse=True)
def same_processes(stack: Stack) -> Iterator[None]:
    """No service may have been restarted by what these tests sent."""
    before = {name: stack.pid(name) for name in stack.services}
    yield
    assert {name: stack.pid(name) for name in stack.services} == before
    stack.wait_ready()


@pytest.fixture(scope="module")
def phone_url(stack: Stack) -> str:
    """The address of a registered phone."""
    with Coach(stack.base_url, stack.coach_key) as coach:
        session = coach.create_session(expected_devices=1, mode="single")
    body = {"token": session["pairing_token"], "device_id": "fuzz", "metadata": {}}
    answer = httpx.post(f"{stack.base_url}/api/pairing/register_device", json=body, trust_env=False, timeout=15)
    return str(answer.json()["ws_url"])


def mutated(frame: bytes, changes: list[tuple[int, int]], cut: int) -> bytes:
    """The frame with some bytes replaced, most of them in its header, and its end cut off."""
    data = bytearray(frame)
    for position, value in changes:
        data[position % 64 if position % 4 else position % len(data)] = value
    return bytes(data[: len(data) - cut % len(data)] if cut else data)


changes = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=6)


@BOUNDS
@given(
    sent=st.lists(
        st.binary(max_size=200) | st.text(max_size=200) | messages | st.tuples(changes, st.integers(0, 4000)),
        min_size=1,
        max_size=12,
    )
)
def test_anything_on_a_phone_s_websocket(phone_url: str, small_camera: Camera, sent: list) -> None:
    """The connection may not even close: the clock is still answered on it."""
    frame = encode_frame(1, true_now_us(), 180, 320, small_camera.pictures[0])
    with connect(phone_url, compression=None, proxy=None) as connection:
        connection.send('{"type":"hello"}')
        for message in sent:
            connection.send(mutated(frame, *message) if isinstance(message, tuple) else message)
        connection.send('{"type":"clock","id":4000000001,"t0":5}')
        while json.loads(connection.recv(timeout=10)).get("id") != 4000000001:
            pass


POSTS = ["create_session", "register_device", "signal_offer", "ntp_sync", "upload_frame"]


@BOUNDS
@given(
    route=st.sampled_from(POSTS),
    body=st.binary(max_size=400) | json_values.map(json.dumps).map(str.encode),
    kind=st.sampled_from(["application/json", "image/jpeg", "multipart/form-data; boundary=x", "text/plain", ""]),
)
def test_any_body_is_answered_with_a_problem(coach: Coach, route: str, body: bytes, kind: str) -> None:
    answer = coach.http.post(f"/api/pairing/{route}", content=body, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"]


@BOUNDS
@given(
    fields=st.fixed_dictionaries(
        {},
        optional={
            "session_id": json_values,
            "mode": st.sampled_from(["3d", "single"]) | json_values,
            "user_id": json_values,
            "expected_devices": st.integers() | json_values,
            "consent": json_values,
            "ttl": st.integers() | json_values,
        },
    )
)
def test_any_session_request_is_answered_truthfully(coach: Coach, fields: dict) -> None:
    answer = coach.http.post("/api/pairing/create_session", json=fields)
    if answer.is_success:
        assert fields["consent"] is True and 1 <= fields["expected_devices"] <= 4
    else:
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["code"]


@BOUNDS
@given(path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_any_address_is_answered(coach: Coach, path: str) -> None:
    with socket.create_connection(("127.0.0.1", int(coach.base_url.rsplit(":", 1)[1])), timeout=10) as raw:
        raw.sendall(f"GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status = read_status(raw)
    assert status is None or 200 <= status < 500


@BOUNDS
@given(data=st.binary(min_size=1, max_size=600))
def test_bytes_that_are_no_http(coach: Coach, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(coach.base_url.rsplit(":", 1)[1])), timeout=10) as raw:
        raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        status = read_status(raw)
    assert status is None or status in range(200, 506)
    assert coach.http.get("/healthz").status_code == 200


def read_status(raw: socket.socket) -> int | None:
    """The status of the answer; None when the server just hung up, as it may on bytes that are no HTTP."""
    received = b""
    try:
        while b"\r\n" not in received and (piece := raw.recv(4096)):
            received += piece
    except ConnectionResetError:
        return None
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else None


@BOUNDS
@given(data=st.binary(min_size=1, max_size=200))
def test_bytes_that_are_no_websocket_frames(phone_url: str, coach: Coach, data: bytes) -> None:
    """Here the connection may end, and only that."""
    with connect(phone_url, compression=None, proxy=None) as connection:
        connection.socket.sendall(data)
        # The server may have hung up already, which ends both ways.
        with contextlib.suppress(OSError):
            connection.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionClosed):
            while connection.recv(timeout=10):
                pass
    assert coach.http.get("/healthz").status_code == 200
