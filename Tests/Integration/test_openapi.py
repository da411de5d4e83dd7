"""`/api/openapi.json` tells the truth: held against the routes, against real answers, and by Schemathesis."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from axolotl_kit.calibration import plain_calibration
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.stack import Stack

SEED = 20261124
METHODS = ("get", "post", "put", "patch", "delete")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """A system for these tests alone: thousands of requests leave sessions behind."""
    with Stack(settings={"AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


@pytest.fixture(scope="module")
def own_coach(own_stack: Stack) -> Iterator[Coach]:
    with Coach(own_stack.base_url, own_stack.coach_key) as client:
        yield client


@pytest.fixture(scope="module")
def description(own_coach: Coach) -> dict[str, Any]:
    return own_coach.http.get("/api/openapi.json").json()


@dataclass
class RegisteredPhone:
    session_id: str
    token: str


@pytest.fixture(scope="module")
def phone(own_stack: Stack, own_coach: Coach) -> RegisteredPhone:
    session = own_coach.create_session(expected_devices=2, session_id="described")
    body = {"token": session["pairing_token"], "device_id": "phone-a", "metadata": {"label": "left"}}
    answer = httpx.post(f"{own_stack.base_url}/api/pairing/register_device", json=body, trust_env=False, timeout=15)
    return RegisteredPhone("described", answer.json()["device_token"])


def filled(path: str) -> str:
    return re.sub(r"\{[a-z_]+\}", "x", path)


def test_every_described_route_is_there_and_no_method_is_kept_silent(
    own_coach: Coach, description: dict[str, Any]
) -> None:
    """A method that the description does not name is refused with exactly those that it names."""
    told = 0
    for path, operations in description["paths"].items():
        named = {method.upper() for method in operations}
        for method in METHODS:
            if method in operations:
                continue
            answer = own_coach.http.request(method, filled(path), content=b"")
            assert answer.status_code == 405, (method, path, answer.status_code)
            assert set(answer.headers["allow"].split(", ")) - {"HEAD"} == named, path
            assert answer.json()["code"] == "method_not_allowed"
            told += 1
    assert len(description["paths"]) >= 20
    assert told >= 80


def test_every_operation_says_what_it_takes_and_gives(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert in_path == set(re.findall(r"\{([a-z_]+)\}", path)), where
            assert all(one["schema"].get("type") for one in operation["parameters"]), where
            assert {"400", "403", "500", "503"} <= operation["responses"].keys(), where
            if operation["security"]:
                assert {"401", "429"} <= operation["responses"].keys(), where
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                assert content["application/json"]["schema"], where
            for status, response in operation["responses"].items():
                for kind, answer in response.get("content", {}).items():
                    if kind in ("application/json", "application/problem+json"):
                        assert answer["schema"], f"{where} {status}"


class Witness:
    """Sends requests and holds each request and answer against what the description says of them."""

    def __init__(self, client: httpx.Client, description: dict[str, Any]) -> None:
        self.client = client
        self.description = description
        self.seen: set[str] = set()

    def __call__(self, method: str, template: str, status: int = 200, **more: Any) -> Any:
        path = template.format(id="take", device="a") if "{id}" in template else template
        answer = self.client.request(method, path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
        operation = self.description["paths"][template][method.lower()]
        if "json" in more:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            jsonschema_rs.Draft202012Validator(schema).validate(more["json"])
        self.seen.add(operation["operationId"])
        content = operation["responses"][str(status)]["content"]
        kind = answer.headers["content-type"]
        assert kind in content, f"{method} {path}: {kind}"
        if kind != "application/json":
            return answer.content
        jsonschema_rs.Draft202012Validator(content[kind]["schema"]).validate(answer.json())
        return answer.json()


def test_real_successes_are_as_described(
    own_stack: Stack, own_coach: Coach, description: dict[str, Any], small_camera: Camera
) -> None:
    coach = Witness(own_coach.http, description)
    body = {"session_id": "take", "mode": "3d", "user_id": "u", "expected_devices": 2, "consent": True, "ttl": 300}
    created = coach("POST", "/api/pairing/create_session", json=body)
    token = created["pairing_token"]
    with httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=20) as client:
        phone = Witness(client, description)
        phone("GET", "/api/pairing/validate", params={"token": token, "device_id": "a"})
        phone("POST", "/api/pairing/redeem_code", json={"code": created["pairing_code"]})
        metadata = {"label": "left", "browser": "b", "platform": "p", "width": 180, "height": 320, "fps": 30}
        body = {"token": token, "device_id": "a", "attempt": "12345678", "metadata": metadata}
        own = phone("POST", "/api/pairing/register_device", json=body)["device_token"]
        client.headers["Authorization"] = f"Bearer {own}"
        body = {"session_id": "take", "device_id": "a", "ts_device": 1.5}
        phone("POST", "/api/pairing/ntp_sync", json=body)
        for sequence in (1, 2):
            phone(
                "POST",
                "/api/pairing/upload_frame",
                params={"seq": sequence, "ts_device_us": true_now_us()},
                content=small_camera.pictures[0],
                headers={"Content-Type": "image/jpeg"},
            )
        phone("GET", "/api/pairing/session_status", params={"session_id": "take"})
    coach("PUT", "/api/sessions/{id}/calibration", json=plain_calibration())
    coach("GET", "/api/sessions/{id}/calibration")
    own_stack.wait("the recording to be listed", lambda: bool(own_coach.recordings("take")), 10)
    files = coach("GET", "/api/sessions/{id}/recordings")["files"]
    film = own_coach.http.get(f"/api/sessions/take/recordings/{files[0]['path']}")
    assert film.is_success, film.text
    own_stack.wait("a status with frames", lambda: own_coach.device("take", "a").get("frames_recorded") == 2, 10)
    own_stack.wait_ready()
    for path in ("/readyz", "/api/sessions", "/api/sessions/{id}", "/api/sessions/{id}/statistics", "/metrics"):
        coach("GET", path)
    for path in ("/healthz", "/", "/pair", "/favicon.ico", "/api/openapi.json"):
        coach("GET", path)
    coach("PUT", "/api/sessions/{id}/expected_devices", json={"expected_devices": 3})
    coach("POST", "/api/sessions/{id}/pairing", json={"ttl": 300})
    coach("POST", "/api/sessions/{id}/pairing")
    coach("PUT", "/api/sessions/{id}/devices/{device}", json={"label": "right"})
    coach("DELETE", "/api/sessions/{id}/devices/{device}")
    coach("POST", "/api/sessions/{id}/end")
    coach("DELETE", "/api/sessions/{id}")
    everything = {one["operationId"] for each in description["paths"].values() for one in each.values()}
    left = {name for name in everything - coach.seen - phone.seen if "poses" not in name}
    print(f"not seen to succeed here: {sorted(left)}")
    assert len(coach.seen | phone.seen) >= 23


#: Of the operations, those that end what the others are tried on.
ENDING = ["--exclude-method=DELETE", "--exclude-path-regex=/end$"]


def schemathesis(folder: Path, stack: Stack, token: str, parameters: dict[str, str], *more: str) -> str:
    """Runs Schemathesis on the system and returns what it says; a finding fails the test with all of it."""
    # libwebsockets hangs up on %00. TRACE it does not know, which is 501 on every path: tried by itself below.
    lines = ["[generation]", "allow-x00 = false", "[phases.coverage]"]
    lines += [f"unexpected-methods = {json.dumps([*METHODS, 'options'])}", "[parameters]"]
    lines += [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in parameters.items()]
    configuration = folder / "schemathesis.toml"
    configuration.write_text("\n".join(lines) + "\n")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(configuration), "run"]
    command += [f"{stack.base_url}/api/openapi.json", "--header", f"Authorization: Bearer {token}"]
    command += ["--checks", CHECKS, "--max-examples", "20", "--seed", str(SEED), "--continue-on-failure"]
    command += ["--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--no-color", *more]
    result = subprocess.run(command, capture_output=True, text=True, timeout=150, cwd=folder)
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-2000:]
    return result.stdout


@pytest.mark.timeout(200)
@pytest.mark.parametrize("who", ["coach", "coach of one session", "phone"])
def test_schemathesis_finds_nothing(own_stack: Stack, phone: RegisteredPhone, tmp_path: Path, who: str) -> None:
    before = {name: own_stack.pid(name) for name in own_stack.services}
    known = {"id": phone.session_id, "session_id": phone.session_id}
    match who:
        case "coach":
            said = schemathesis(tmp_path, own_stack, own_stack.coach_key, {})
        case "coach of one session":
            more = ["--include-path-regex=^/api/(sessions/|pairing/session_status)", *ENDING]
            said = schemathesis(tmp_path, own_stack, own_stack.coach_key, known, *more)
        case _:
            more = ["--include-path-regex=^/api/pairing/", "--exclude-path-regex=create_session"]
            said = schemathesis(tmp_path, own_stack, phone.token, known | {"device_id": "phone-a"}, *more)
    counted = re.search(r"Test cases:\s+(\d+) generated, (\d+) passed", said)
    assert counted, said[-3000:]
    print(f"Schemathesis as {who}: {counted[1]} cases, {counted[2]} passed, seed {SEED}")
    assert int(counted[2]) >= 100
    assert {name: own_stack.pid(name) for name in own_stack.services} == before


@pytest.mark.parametrize("method", ["TRACE", "BREW", "PROPFIND"])
def test_a_method_that_is_not_known_here_is_not_implemented(own_coach: Coach, method: str) -> None:
    """RFC 9110, section 15.6.2: 405 would have to name the methods of an address that was not read."""
    answer = own_coach.http.request(method, "/api/sessions")
    assert (answer.status_code, answer.json()["code"]) == (501, "not_implemented")
