"""What a test says and hears as a phone over HTTP and the WebSocket, step by step."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from .clock import true_now_us
from .problem import Problem

__all__ = [
    "ask_for_place",
    "bearer",
    "code_of",
    "ending",
    "join",
    "opened",
    "refused",
    "register",
    "status_as_phone",
    "tell_time",
    "tell_time_over_http",
    "upload",
]


def bearer(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def ask_for_place(
    client: httpx.Client, token: str, device_id: str = "phone-a", attempt: str | None = None, **metadata: Any
) -> httpx.Response:
    """Registers as the design has it; the attempt's secret is the client's choice."""
    body = {"token": token, "device_id": device_id, "metadata": metadata}
    if attempt is not None:
        body["attempt"] = attempt
    return client.post("/api/pairing/register_device", json=body)


def register(
    client: httpx.Client, token: str, device_id: str, attempt: str = "", **metadata: Any
) -> tuple[httpx.Response, str]:
    """Registers as the phone's page does; the answer, and the attempt's secret."""
    attempt = attempt or secrets.token_hex(16)
    return ask_for_place(client, token, device_id, attempt, **metadata), attempt


def join(client: httpx.Client, token: str, device_id: str, **metadata: Any) -> dict[str, Any]:
    """Takes a place; what registration answered."""
    answer, _ = register(client, token, device_id, **metadata)
    document: dict[str, Any] = Problem.check(answer).json()
    return document


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document with words for a person."""
    problem = Problem.of(answer)
    assert not answer.is_success, answer.text
    assert problem.code != "not_a_problem_document", answer.text
    assert len(problem.detail) > 10
    assert answer.json()["status"] == answer.status_code
    return problem.status, problem.code


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal, which this must be."""
    assert not answer.is_success, answer.text
    return Problem.of(answer).code


@contextmanager
def opened(url: str) -> Iterator[ClientConnection]:
    """A phone's connection that has been welcomed."""
    with connect(url, proxy=None, open_timeout=10) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "welcome"
        yield socket


def tell_time(socket: ClientConnection) -> None:
    """Two clock exchanges, the second of which brings the first: the clock is known then. DeviceTime is SessionTime."""
    previous = None
    for number in (1, 2):
        request = {"type": "clock", "id": number, "t0": true_now_us()} | ({"prev": previous} if previous else {})
        socket.send(json.dumps(request))
        while (answer := json.loads(socket.recv(timeout=10)))["type"] != "clock":
            pass
        previous = {key: answer[key] for key in ("id", "t0", "t1", "t2")} | {"t3": true_now_us()}


def tell_time_over_http(client: httpx.Client, registration: dict[str, Any]) -> None:
    """The same by requests. Without it the first upload waits for a clock exchange, for as long as the server does."""
    place = {key: registration[key] for key in ("session_id", "device_id")}
    previous: dict[str, Any] = {}
    for number in (1, 2):
        began_us = true_now_us()
        body = place | {"ts_device": began_us / 1000} | previous
        answer = client.post("/api/pairing/ntp_sync", json=body, headers=bearer(registration["device_token"]))
        times = Problem.check(answer).json()
        received, sent = (round(times[f"ts_server_{what}"] * 1000) for what in ("receive", "send"))
        exchange = {"id": number, "t0": began_us, "t1": received, "t2": sent, "t3": true_now_us()}
        previous = {"prev": exchange}


def ending(socket: ClientConnection, timeout: float) -> tuple[int, str]:
    """Close code and reason; fails if the connection is open for longer."""
    end = time.monotonic() + timeout
    try:
        while True:
            socket.recv(timeout=max(0.001, end - time.monotonic()))
    except ConnectionClosed as closing:
        assert closing.rcvd is not None
        return closing.rcvd.code, closing.rcvd.reason


def upload(client: httpx.Client, token: str, picture: bytes, sequence: int) -> httpx.Response:
    """One frame over HTTP, captured now."""
    query = {"seq": sequence, "ts_device_us": true_now_us()}
    headers = bearer(token) | {"Content-Type": "image/jpeg"}
    return client.post("/api/pairing/upload_frame", params=query, content=picture, headers=headers)


def status_as_phone(client: httpx.Client, session: str, token: str) -> httpx.Response:
    """What the phone is told of its session."""
    return client.get("/api/pairing/session_status", params={"session_id": session}, headers=bearer(token))
