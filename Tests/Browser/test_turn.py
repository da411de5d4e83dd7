"""A phone that reaches the server through a TURN relay alone: a real coturn, a real browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator

import pytest
from axolotl_browser.people import PhonePage
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack, free_port
from axolotl_kit.turn_server import TurnServer

RELAY_ONLY = """
  globalThis.peers = [];
  const Real = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Real {
    constructor(wanted) { super({ ...wanted, iceTransportPolicy: "relay" }); globalThis.peers.push(this); }
  };
"""

CHOSEN_PAIR = """
  async () => {
    const all = [...(await peers.at(-1).getStats()).values()];
    const pair = all.find((each) => each.type === "candidate-pair" && each.nominated && each.state === "succeeded");
    return pair && all.find((each) => each.id === pair.localCandidateId).candidateType;
  }
"""


@pytest.fixture(scope="module")
def turn() -> Iterator[TurnServer]:
    """The relay."""
    with TurnServer() as running:
        yield running


@pytest.fixture(scope="module")
def relayed_stack(turn: TurnServer) -> Iterator[Stack]:
    """A system that offers the relay to its phones."""
    port = free_port()
    settings = {"AXOLOTL_PUBLIC_URL": f"http://localhost:{port}", "AXOLOTL_BIND_ADDRESS": "127.0.0.1"}
    with Stack(port=port, settings=settings | turn.settings) as running:
        yield running


def test_a_phone_streams_through_the_relay_with_credentials_of_its_own(
    turn: TurnServer, relayed_stack: Stack, phone_page: Callable[..., PhonePage]
) -> None:
    with Coach(relayed_stack.base_url, relayed_stack.coach_key) as coach:
        session = coach.create_session(expected_devices=1, mode="single")
        phone = phone_page()
        phone.page.add_init_script(RELAY_ONLY)
        phone.open(f"{relayed_stack.base_url.replace('127.0.0.1', 'localhost')}/pair?token={session['pairing_token']}")
        phone.turn_on("far away")
        phone.wait_number("acknowledged", 60)
        # Were the first offers too slow, the phone would try again after ten seconds, and after another 25.
        [device] = coach.wait_transport(session["session_id"], "webrtc", timeout=60)
        relayed_stack.wait("the pair", lambda: phone.page.evaluate(CHOSEN_PAIR) == "relay", 60)

        [server] = phone.page.evaluate("peers.at(-1).getConfiguration().iceServers")
        expiry, _, name = server["username"].partition(":")
        assert time.time() + 3600 < int(expiry) < time.time() + 24 * 3600
        assert name and device["device_id"] not in name
        digest = hmac.new(turn.secret.encode(), server["username"].encode(), hashlib.sha1).digest()
        assert server["credential"] == base64.b64encode(digest).decode()
        assert turn.allocations() == {server["username"]}
        for service in relayed_stack.services:
            assert turn.secret not in relayed_stack.logs(service)
            assert server["credential"] not in relayed_stack.logs(service)
