"""Offers, answers and candidates, good and bad, exchanged with aiortc."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from aioice import stun
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc import DataChannels, signal
from axolotl_kit.webrtc_talk import (
    exchange_clocks,
    register,
)
from websockets.asyncio.client import connect


def test_an_offer_gets_an_answer_with_candidates_within_a_second(stack: Stack, registration: dict[str, Any]) -> None:
    async def offer() -> tuple[float, str]:
        channels = DataChannels()
        await channels.peer.setLocalDescription(await channels.peer.createOffer())
        began = time.monotonic()
        answer = await signal(stack.base_url, registration["device_token"], channels.peer.localDescription.sdp)
        took = time.monotonic() - began
        await channels.close()
        return took, answer

    async def scenario() -> None:
        # The very first one loads GStreamer.
        offers = [await offer() for _ in range(4)]
        assert sorted(took for took, _ in offers)[1] < 1
        answer = offers[-1][1]
        assert "m=application 9 UDP/DTLS/SCTP webrtc-datachannel" in answer
        assert "a=fingerprint:sha-256 " in answer and "a=setup:active" in answer
        assert [line for line in answer.splitlines() if line.startswith("a=candidate:") and " typ host" in line]
        assert " TCP " not in answer and "a=end-of-candidates" in answer

    asyncio.run(scenario())


BAD_OFFERS: dict[str, tuple[Callable[[str], str], int, str]] = {
    "empty": (lambda sdp: "", 400, "offer_malformed"),
    "no SDP": (lambda sdp: "hello", 400, "offer_malformed"),
    "no sections": (lambda sdp: sdp[: sdp.index("m=")], 400, "offer_without_datachannel"),
    "video": (lambda sdp: sdp.replace("m=application", "m=video"), 400, "offer_with_media"),
    "no mid": (lambda sdp: sdp.replace("a=mid:", "a=dim:"), 400, "offer_malformed"),
    "no password": (lambda sdp: sdp.replace("a=ice-pwd:", "a=ice-dwp:"), 400, "offer_malformed"),
    "no fingerprint": (lambda sdp: sdp.replace("a=fingerprint:", "a=finger:"), 400, "offer_malformed"),
    "control characters": (lambda sdp: sdp.replace("s=-", "s=\u0001"), 400, "offer_malformed"),
    "too long": (lambda sdp: sdp + "a=x:" + "x" * 100_000, 413, "offer_too_large"),
    "far too long": (lambda sdp: sdp + "a=x:" + "x" * 400_000, 413, "body_too_large"),
}


@pytest.fixture(scope="module")
def good_offer() -> str:
    async def make() -> str:
        channels = DataChannels()
        await channels.peer.setLocalDescription(await channels.peer.createOffer())
        sdp = str(channels.peer.localDescription.sdp)
        await channels.close()
        return sdp

    return asyncio.run(make())


@pytest.mark.parametrize("kind", BAD_OFFERS)
def test_a_bad_offer_is_refused_and_says_why(
    stack: Stack, registration: dict[str, Any], good_offer: str, kind: str
) -> None:
    change, status, code = BAD_OFFERS[kind]
    with pytest.raises(Problem) as refusal:
        asyncio.run(signal(stack.base_url, registration["device_token"], change(good_offer)))
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert len(refusal.value.detail) > 10


def test_signalling_is_for_the_phone_itself(stack: Stack, coach: Coach, good_offer: str) -> None:
    session = coach.create_session(expected_devices=2)
    mine, other = register(stack, session, "a"), register(stack, session, "b")
    url = f"{stack.base_url}/api/pairing/signal_offer"
    body = {"session_id": session["session_id"], "device_id": "b", "type": "offer", "sdp": good_offer}

    def status(token: str | None, body: dict[str, Any]) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.post(url, json=body, headers=headers, trust_env=False, timeout=10).status_code

    assert status(None, body) == 401
    assert status(stack.coach_key, body) == 401
    assert status(mine["device_token"], body) == 403
    assert status(other["device_token"], body | {"type": "answer"}) == 400
    assert status(other["device_token"], body) == 200
    coach.end(session["session_id"])
    assert status(other["device_token"], body) == 409


def test_candidates_may_come_after_the_offer(stack: Stack, registration: dict[str, Any]) -> None:
    """Trickle ICE over HTTP: an offer without candidates, then those, one by one."""

    async def scenario() -> None:
        channels = DataChannels()
        await channels.peer.setLocalDescription(await channels.peer.createOffer())
        lines = channels.peer.localDescription.sdp.splitlines()
        found = [line[2:] for line in lines if line.startswith("a=candidate:")]
        bare = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
        answer = await signal(stack.base_url, registration["device_token"], "\r\n".join(bare) + "\r\n")
        headers = {"Authorization": f"Bearer {registration['device_token']}"}
        async with httpx.AsyncClient(base_url=stack.base_url, headers=headers, trust_env=False) as client:
            url = "/api/pairing/signal_candidates"
            for candidate in [*found, "candidate:1 1 udp 1 hidden.local 9 typ host"]:
                reply = Problem.check(await client.post(url, json={"candidates": [candidate]})).json()
            assert reply["complete"] and all(f"a={each}" in answer for each in reply["candidates"])
            with pytest.raises(Problem, match="invalid_field"):
                Problem.check(await client.post(url, json={"candidates": ["x"] * 30}))
        await channels.accept(answer)
        await exchange_clocks(channels)
        await channels.close()

    asyncio.run(scenario())


def test_candidates_of_an_ice_restart_are_tried(stack: Stack, registration: dict[str, Any]) -> None:
    """The same peer offers again, with new credentials and one candidate: a socket of this test."""

    async def scenario() -> None:
        channels = DataChannels()
        await channels.connect(stack.base_url, registration["device_token"])
        lines = channels.peer.localDescription.sdp.splitlines()
        host = next(line for line in lines if line.startswith("a=candidate:") and "." in line).split()[4]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.bind((host, 0))
            listener.setblocking(False)
            replaced = ("a=candidate:", "a=end-of-candidates", "a=ice-ufrag:", "a=ice-pwd:")
            offer = [line for line in lines if not line.startswith(replaced)] + [
                "a=ice-ufrag:Anew",
                f"a=ice-pwd:{'p' * 24}",
                f"a=candidate:1 1 udp 2130706431 {host} {listener.getsockname()[1]} typ host",
                "a=end-of-candidates",
            ]
            answer = await signal(stack.base_url, registration["device_token"], "\r\n".join(offer) + "\r\n")
            heard = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(listener, 2048), 20)
        # Signed with the new password (RFC 8445, section 7.2.2).
        check = stun.parse_message(heard)
        assert check.check_message_integrity(b"p" * 24)
        assert (check.message_method, check.message_class) == (stun.Method.BINDING, stun.Class.REQUEST)
        name, ufrag = check.attributes["USERNAME"].split(":")
        assert name == "Anew" and f"a=ice-ufrag:{ufrag}" in answer.splitlines()
        await channels.close()

    asyncio.run(scenario())


def test_candidates_may_come_over_the_websocket_meanwhile(stack: Stack, registration: dict[str, Any]) -> None:
    """Trickle ICE over the connection that the phone has already, which then ends."""

    async def scenario() -> None:
        async with connect(registration["ws_url"], proxy=None) as websocket:
            await websocket.send(json.dumps({"type": "hello"}))
            while json.loads(await websocket.recv())["type"] != "welcome":
                pass
            channels = DataChannels()
            await channels.peer.setLocalDescription(await channels.peer.createOffer())
            lines = channels.peer.localDescription.sdp.splitlines()
            bare = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
            answer = await signal(stack.base_url, registration["device_token"], "\r\n".join(bare) + "\r\n")
            # So that the phone's candidates alone decide: aiortc is told of none of the server's, but of one where
            # nobody listens, because it gives up at once without any.
            kept = [line for line in answer.splitlines() if not line.startswith(("a=candidate:", "a=end-of"))]
            kept.append("a=candidate:9 1 UDP 1 127.0.0.1 9 typ host")
            opening = asyncio.create_task(channels.accept("\r\n".join(kept) + "\r\n"))
            for line in lines:
                if line.startswith("a=candidate:"):
                    await websocket.send(json.dumps({"type": "candidate", "candidate": line[2:]}))
            await opening
            await channels.send(json.dumps({"type": "hello"}))
            while (message := json.loads(await websocket.recv()))["type"] != "error":
                pass
            assert message["code"] == "replaced_by_new_connection"
        await exchange_clocks(channels)
        await channels.close()

    asyncio.run(scenario())
