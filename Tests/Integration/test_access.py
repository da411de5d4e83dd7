"""Every route and every WebSocket, asked by everybody whom it is not for. The table of routes is the server's own."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

VICTIM, VICTIMS_PHONE = "victim-session", "victim-phone"
#: Of a status: what edge-gateway says, and nothing where it does not say it at once.
LEFT_OUT = {"reconstruction": None}
NAMES = {"id": VICTIM, "device": VICTIMS_PHONE, "device_id": VICTIMS_PHONE}


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    with Stack(settings={"AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


@pytest.fixture(scope="module")
def own_coach(own_stack: Stack) -> Iterator[Coach]:
    with Coach(own_stack.base_url, own_stack.coach_key) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(own_stack: Stack, own_coach: Coach) -> dict[str, str]:
    """What the people below hold."""

    def register(token: str, device: str) -> str:
        body = {"token": token, "device_id": device, "metadata": {"label": "kept private"}}
        answer = httpx.post(f"{own_stack.base_url}/api/pairing/register_device", json=body, trust_env=False, timeout=15)
        return str(answer.json()["device_token"])

    victim = own_coach.create_session(session_id=VICTIM, expected_devices=3)["pairing_token"]
    other = own_coach.create_session(expected_devices=2)["pairing_token"]
    return {
        "victim's phone": register(victim, VICTIMS_PHONE),
        "phone of another session": register(other, "stranger"),
        "namesake in another session": register(other, VICTIMS_PHONE),
        "another phone of the session": register(victim, "neighbour"),
        "pairing token": victim,
        "coach": own_stack.coach_key,
        "garbage": "x.y.z",
        "coach key, one letter off": own_stack.coach_key[:-1] + "~",
    }


def requests(description: dict[str, Any]) -> Iterator[tuple[str, str, list[str], dict[str, Any]]]:
    """Every operation that is not for everybody, as a request about the victim."""
    for template, operations in description["paths"].items():
        for method, operation in operations.items():
            schemes = sorted({name for one in operation["security"] for name in one})
            if not schemes:
                continue
            path = re.sub(r"\{([a-z_]+)\}", lambda found: NAMES.get(found[1], "victim-phone/0001.mkv"), template)
            more: dict[str, Any] = {"params": {}}
            for parameter in operation["parameters"]:
                if parameter["in"] == "query":
                    value = {"session_id": VICTIM, "device_id": VICTIMS_PHONE}.get(parameter["name"], "1")
                    more["params"][parameter["name"]] = value
            if method in ("post", "put", "patch"):
                body = {"session_id": VICTIM, "device_id": VICTIMS_PHONE, "ts_device": 1, "type": "offer", "sdp": "v=0"}
                body["candidates"] = []
                more["json"] = body
            yield method.upper(), path, schemes, more


def expected(who: str, schemes: list[str], path: str) -> set[int]:
    """The statuses of which one must come."""
    if who in ("nobody", "garbage", "pairing token", "coach key, one letter off"):
        return {401}
    if who == "coach":
        return {401} if schemes == ["deviceToken"] else set(range(200, 600)) - {401, 403}
    if "deviceToken" not in schemes:
        return {401}
    if path.endswith("ice_servers"):
        # Names nobody: each phone gets credentials of its own.
        return {200}
    if who == "another phone of the session" and "session_status" in path:
        return {200}
    return {403}


@pytest.mark.timeout(120)
def test_nobody_gets_at_what_is_not_theirs(own_stack: Stack, own_coach: Coach, tokens: dict[str, str]) -> None:
    description = own_coach.http.get("/api/openapi.json").json()
    before = own_coach.status(VICTIM) | LEFT_OUT
    people = ["nobody", "garbage", "coach key, one letter off", "pairing token", "phone of another session"]
    people += ["namesake in another session", "another phone of the session"]
    asked: Counter[int] = Counter()
    with httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=20) as client:
        for method, path, schemes, more in requests(description):
            for who in people:
                headers = {} if who == "nobody" else {"Authorization": f"Bearer {tokens[who]}"}
                answer = client.request(method, path, headers=headers, **more)
                assert answer.status_code in expected(who, schemes, path), (who, method, path, answer.text)
                assert Problem.of(answer).code != "not_a_problem_document" or answer.is_success
                assert answer.is_success or VICTIMS_PHONE not in answer.text.replace(path, "")
                asked[answer.status_code] += 1
            for who in people[1:]:
                # As the coach's cookie nothing of it counts either.
                answer = client.request(method, path, headers={"Cookie": f"axolotl_coach={tokens[who]}"}, **more)
                assert answer.status_code == 401, (who, method, path, answer.text)
                asked[answer.status_code] += 1
            if schemes == ["deviceToken"]:
                headers = {"Authorization": f"Bearer {tokens['coach']}"}
                answer = client.request(method, path, headers=headers, **more)
                assert answer.status_code in expected("coach", schemes, path), (method, path, answer.text)
                asked[answer.status_code] += 1
    print(f"asked by whom it is not for: {sum(asked.values())} times, {dict(asked)}")
    assert sum(asked.values()) > 150
    assert own_coach.status(VICTIM) | LEFT_OUT == before
    assert own_coach.device(VICTIM, VICTIMS_PHONE)["label"] == "kept private"


def refusal(url: str, **more: Any) -> tuple[int, str]:
    with connect(url, proxy=None, open_timeout=10, **more) as socket, pytest.raises(ConnectionClosed) as closing:
        told = json.loads(socket.recv(timeout=10))
        assert told["type"] == "error", told
        socket.recv(timeout=10)
    assert closing.value.rcvd is not None
    return closing.value.rcvd.code, closing.value.rcvd.reason


WRONG_FOR_COACH_SOCKET = [
    "garbage",
    "coach key, one letter off",
    "pairing token",
    "victim's phone",
    "phone of another session",
]
WRONG_FOR_PHONE_SOCKET = [
    "garbage",
    "pairing token",
    "coach",
    "phone of another session",
    "namesake in another session",
    "another phone of the session",
]


@pytest.mark.parametrize("way", ["query", "header", "cookie"])
def test_websockets_are_as_closed_as_the_routes(own_stack: Stack, tokens: dict[str, str], way: str) -> None:
    places = [(f"/ws/session/{VICTIM}", WRONG_FOR_COACH_SOCKET)]
    places += [(f"/ws/pair/{VICTIM}/{VICTIMS_PHONE}", WRONG_FOR_PHONE_SOCKET)]
    for path, people in places:
        url = own_stack.websocket_url + path
        assert refusal(url)[0] == 4401
        for who in people:
            token = tokens[who]
            match way:
                case "query":
                    code = refusal(f"{url}?token={token}")
                case "header":
                    code = refusal(url, additional_headers={"Authorization": f"Bearer {token}"})
                case _:
                    code = refusal(url, additional_headers={"Cookie": f"axolotl_coach={token}"})
            assert code[0] == 4401, (path, who, code)


def test_those_whom_they_are_for_get_in(own_stack: Stack, tokens: dict[str, str]) -> None:
    with connect(f"{own_stack.websocket_url}/ws/session/{VICTIM}?token={tokens['coach']}", proxy=None) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "status"
    own = tokens["victim's phone"]
    with connect(f"{own_stack.websocket_url}/ws/pair/{VICTIM}/{VICTIMS_PHONE}?token={own}", proxy=None) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "welcome"


@pytest.mark.parametrize("climb", ["../", "%2E%2E/", "x/%2E%2E/%2E%2E/", ".", "./", ""])
def test_a_path_that_ends_in_a_slash_names_nothing(stack: Stack, coach: Coach, climb: str) -> None:
    """However it came about: what is left of a device's address after dot segments is not its session's address."""
    session = coach.create_session(expected_devices=2)["session_id"]
    host, port = stack.base_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    with contextlib.closing(connection):
        path = f"/api/sessions/{session}/devices/{climb}"
        connection.request("DELETE", path, headers={"Authorization": f"Bearer {stack.coach_key}"})
        assert connection.getresponse().status in (400, 404, 405)
    assert coach.status(session)["session_id"] == session
