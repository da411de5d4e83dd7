"""No token, key, code or personal label in any log at any level: planted ones are looked for."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc import DataChannels
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SECRETS = {
    "AXOLOTL_COACH_KEY": "planted-coach-key-71c0",
    "PAIRING_TOKEN_SECRET": "planted-signing-secret-8e11-long-enough",
    "PAIRING_TOKEN_SECRET_PREVIOUS": "planted-previous-secret-8e12-long-enough",
    "TURN_PASSWORD": "planted-turn-password-33f7",
}
PERSONAL = {
    "label": "planted-label-Kim-s-phone",
    "browser": "planted-browser-name",
    "platform": "planted-platform-name",
}
USER = "planted-user-Coach-Robin"
ATTEMPT = "planted-attempt-of-a-phone"
RENAMED = "planted-name-by-the-coach"
# Well-formed, and nobody's: there is one in 2^40.
WRONG_CODE = "PANT-ED71"
# ICE takes letters, digits, + and / alone (RFC 8839, section 5.4).
ICE = {"ice-ufrag": "plantedUfrag71c0", "ice-pwd": "plantedIcePassword8e11of22"}


def forms(code: str) -> list[str]:
    """How a code may be written."""
    return [form for upper in (code, code.replace("-", "")) for form in (upper, upper.lower())]


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """A talkative system whose secrets are known here."""
    settings = SECRETS | {"AXOLOTL_LOG_LEVEL": "debug", "ENABLE_TURN": "true", "TURN_SERVER": "turn.example:3478"}
    with Stack(settings=settings) as running:
        yield running


def everything_written(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def planted_offer() -> str:
    """An offer that is good but for its credentials, which are known here."""

    async def make() -> str:
        channels = DataChannels()
        await channels.peer.setLocalDescription(await channels.peer.createOffer())
        sdp = str(channels.peer.localDescription.sdp)
        await channels.close()
        return sdp

    sdp = asyncio.run(make())
    for name, value in ICE.items():
        sdp, count = re.subn(rf"(?m)^a={name}:\S+", f"a={name}:{value}", sdp)
        assert count
    return sdp


def signal_all(client: httpx.Client, device_token: str, offer: str) -> list[str]:
    """Offers and candidates, good and bad; the passwords that the server made for them."""
    mine = {"Authorization": f"Bearer {device_token}"}

    def send(path: str, body: dict[str, Any]) -> httpx.Response:
        return client.post(f"/api/pairing/{path}", json=body, headers=mine)

    answer = send("signal_offer", {"type": "offer", "sdp": offer})
    assert answer.is_success, answer.text
    candidate = f"candidate:1 1 udp 2130706431 192.0.2.99 50000 typ host ufrag {ICE['ice-ufrag']}"
    assert send("signal_candidates", {"candidates": [candidate]}).is_success
    send("signal_candidates", {"candidates": [f"candidate:{ICE['ice-pwd']} {ICE['ice-ufrag']}"]})
    for bad in (
        offer.replace("a=fingerprint:", "a=finger:"),
        offer.replace("m=application", "m=video"),
        offer.replace(ICE["ice-pwd"], ICE["ice-pwd"] + " \u0001"),
        offer.replace("a=ice-ufrag:", f"a=ice-options:{ICE['ice-pwd']}\r\na=ice-dwp:"),
    ):
        assert send("signal_offer", {"type": "offer", "sdp": bad}).status_code == 400
    servers = client.get("/api/pairing/ice_servers", headers=mine).json()["ice_servers"]
    made = re.findall(r"(?m)^a=ice-pwd:(\S+)", answer.json()["sdp"])
    credentials = [one["credential"] for one in servers if "credential" in one]
    assert made and credentials
    return made + credentials


def name_and_type(client: httpx.Client, session_id: str, code: str) -> None:
    """A phone is renamed and a code typed, rightly and wrongly."""
    coach = {"Authorization": f"Bearer {SECRETS['AXOLOTL_COACH_KEY']}"}
    for device, label, status in (
        ("phone-a", RENAMED, 200),
        ("nobody", RENAMED, 404),
        ("phone-a", RENAMED + "\n", 400),
        ("phone-a", RENAMED * 50, 400),
    ):
        path = f"/api/sessions/{session_id}/devices/{device}"
        assert client.put(path, json={"label": label}, headers=coach).status_code == status, label
    for typed, status in ((code, 200), (WRONG_CODE, 404), (f"{code}-{WRONG_CODE}", 400), ("planted-no-code", 400)):
        assert client.post("/api/pairing/redeem_code", json={"code": typed}).status_code == status, typed
    client.post("/api/pairing/redeem_code", content=f'{{"code":"{code}"')
    client.post("/api/pairing/redeem_code", params={"code": code}, json={"kode": code})


def bother(stack: Stack, client: httpx.Client, tokens: dict[str, str], session_id: str) -> None:
    """Everything that goes wrong with something secret in it."""
    key, pairing, device = SECRETS["AXOLOTL_COACH_KEY"], tokens["pairing"], tokens["device"]
    for path in (
        f"/{device}",
        f"/assets/{pairing}",
        f"/api/sessions/{device}",
        f"/ws/pair/{device}/x",
        f"/x?token={key}",
    ):
        for bearer in (device, key, "planted-wrong-bearer"):
            client.get(path, headers={"Authorization": f"Bearer {bearer}"})
    for query in ({"key": key + "-not"}, {"key": key}, {"token": device}):
        client.get("/", params=query)
    client.cookies.clear()
    client.get("/api/sessions", headers={"Cookie": f"axolotl_coach={device}"})
    client.get("/api/pairing/validate", params={"token": pairing[:-3]})
    for text in (f'{{"token":"{pairing}"', f'{{"token":"{device}","device_id":"x"}}', f'["{PERSONAL["label"]}"]'):
        client.post("/api/pairing/register_device", content=text)
    wrong = {"token": pairing, "device_id": PERSONAL["label"] + " ?", "metadata": PERSONAL}
    client.post("/api/pairing/register_device", json=wrong)
    wrong = {"token": pairing, "device_id": "x", "metadata": PERSONAL | {"width": 1, "label": PERSONAL["label"] + "\n"}}
    client.post("/api/pairing/register_device", json=wrong)
    client.post("/api/pairing/create_session", json={"user_id": USER}, headers={"Authorization": f"Bearer {key}"})
    client.put(
        f"/api/sessions/{session_id}/calibration",
        content=f'{{"version":1,"cameras":[{{"name":"{PERSONAL["label"]}"}}]}}',
        headers={"Authorization": f"Bearer {key}"},
    )
    for token in (pairing, device[:-2], "planted-wrong-bearer", key):
        url = f"{stack.websocket_url}/ws/pair/{session_id}/phone-a?token={token}"
        with connect(url, proxy=None) as socket, pytest.raises(ConnectionClosed):
            while True:
                socket.recv(timeout=10)


@pytest.mark.timeout(120)
def test_planted_secrets_are_in_no_log(own_stack: Stack, small_camera: Camera, planted_offer: str) -> None:
    tokens: dict[str, str] = {}
    made_here: list[str] = []
    with (
        Coach(own_stack.base_url, own_stack.coach_key) as coach,
        httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=20) as client,
    ):
        signed_in = client.get("/", params={"key": own_stack.coach_key})
        cookie = re.search(r"axolotl_coach=([^;]+)", signed_in.headers["set-cookie"])
        assert cookie
        tokens["coach"] = cookie[1]
        client.cookies.clear()
        session = coach.create_session(expected_devices=2, user_id=USER)
        tokens["pairing"] = session["pairing_token"]
        body = {"token": tokens["pairing"], "device_id": "phone-a", "attempt": ATTEMPT, "metadata": PERSONAL}
        registered = client.post("/api/pairing/register_device", json=body).json()
        tokens["device"] = registered["device_token"]
        made_here += [one["credential"] for one in registered["ice_servers"] if "credential" in one]
        bother(own_stack, client, tokens, session["session_id"])
        name_and_type(client, session["session_id"], session["pairing_code"])
        made_here += signal_all(client, tokens["device"], planted_offer)
        with connect(registered["ws_url"], proxy=None) as socket:
            socket.send('{"type":"hello"}')
            socket.recv(timeout=10)
            socket.send(f'{{"type":"{PERSONAL["label"]}","token":"{tokens["device"]}"}}')
            socket.send(tokens["device"].encode())
            socket.recv(timeout=10)
        for sequence in (1, 2):
            client.post(
                "/api/pairing/upload_frame",
                params={"seq": sequence, "ts_device_us": true_now_us()},
                content=small_camera.pictures[0],
                headers={"Authorization": f"Bearer {tokens['device']}", "Content-Type": "image/jpeg"},
            )
        # A restarted service logs how it starts and what it finds.
        for service in own_stack.services:
            own_stack.wait_restarted(service, own_stack.kill(service, signal.SIGKILL))
        own_stack.wait_ready()
        bother(own_stack, client, tokens, session["session_id"])
        name_and_type(client, session["session_id"], session["pairing_code"])
        made_here += signal_all(client, tokens["device"], planted_offer)
        (device,) = coach.status(session["session_id"])["devices"]
        assert device["metadata"]["label"] == RENAMED
        coach.end(session["session_id"])
        coach.delete(session["session_id"])
    written = everything_written(own_stack.layout.logs)
    assert {f"{service}.log" for service in own_stack.services} <= written.keys()
    planted = [*SECRETS.values(), *PERSONAL.values(), USER, ATTEMPT, RENAMED, "planted-", *ICE.values(), *made_here]
    planted += forms(session["pairing_code"]) + forms(WRONG_CODE)
    for token in tokens.values():
        # Its payload and its signature count by themselves, too.
        planted += [token, *token.split(".")[1:]]
    found = [
        (name, line.strip())
        for name, text in written.items()
        for line in text.splitlines()
        if any(one in line for one in planted)
    ]
    assert found == []
    lines = sum(len(text.splitlines()) for text in written.values())
    print(f"{len(planted)} planted values are in none of {lines} lines of {len(written)} logs")
    assert lines > 50
    # Whoever looks, finds: the session's name is no secret and must be there.
    assert any(session["session_id"] in text for text in written.values())


def test_the_log_says_who_knocks_and_nothing_that_a_stranger_chose(stack: Stack) -> None:
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=20) as client:
        for query in ("", "?token=a.b.c"):
            url = f"{stack.websocket_url}/ws/pair/words-of-a/stranger{query}"
            with connect(url, proxy=None) as socket, pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=10)
        assert client.get("/", params={"key": "a wrong key, a wrong key"}).status_code == 401
        assert client.get("/", params={"key": stack.coach_key}).status_code == 303
        figures = client.get("/metrics").text
    # What is said last of it is in the log when supervisord has written it there.
    said = ("credentials_refused address=127.0.0.1 count=", "coach_signed_in address=127.0.0.1")
    stack.wait("both lines in the log", lambda: all(line in stack.logs("api-front") for line in said), 10)
    written = stack.logs("api-front")
    assert "words-of-a" not in written and "stranger" not in written
    assert re.search(r"^axolotl_ws_strangers_refused_total{[^}]*} [0-9]+$", figures, re.MULTILINE)
