"""A machine that changes its network while phones stream: the certificate and the QR follow, and nobody is cut off."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from websockets.sync.client import connect

INTERFACE, OLD_ADDRESS, NEW_ADDRESS = "lan0", "192.0.2.10", "198.51.100.7"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def move(from_address: str, to_address: str) -> None:
    """Another network: an address of its own, and its router."""
    ip("address", "add", f"{to_address}/24", "dev", INTERFACE)
    ip("address", "delete", f"{from_address}/24", "dev", INTERFACE)
    ip("route", "replace", "default", "via", to_address.rpartition(".")[0] + ".1")


@pytest.fixture
def another_network() -> Iterator[None]:
    """The right to give this machine another address: in the network namespace that `Tests/with-own-network` makes."""
    known = subprocess.run(["ip", "-oneline", "address", "show", "dev", INTERFACE], capture_output=True, text=True)
    if f"{OLD_ADDRESS}/24" not in known.stdout:
        pytest.skip("needs Tests/with-own-network as root")
    yield
    move(NEW_ADDRESS, OLD_ADDRESS)


def is_trusted(stack: Stack, name: str) -> bool:
    """Whether a client that was given the authority accepts the server by this name or address."""
    (authority,) = stack.state.rglob("ca.pem")
    verifying = ssl.create_default_context(cafile=str(authority))
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as raw:
        try:
            with verifying.wrap_socket(raw, server_hostname=name):
                return True
        except ssl.SSLCertVerificationError as refusal:
            assert "mismatch" in str(refusal)
            return False


def test_a_new_address_is_served_and_shown_without_a_restart(another_network: None) -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with Stack(settings={"REQUIRE_HTTPS": "true", "AXOLOTL_POSE_THREADS": "0"}) as stack:
        coach = Coach(stack.base_url, stack.coach_key)
        coach.http = httpx.Client(
            base_url=stack.base_url, headers=coach._headers, verify=unverified, trust_env=False, timeout=20
        )
        pid = stack.pid("api-front")
        assert is_trusted(stack, OLD_ADDRESS) and not is_trusted(stack, NEW_ADDRESS)
        session = coach.create_session(expected_devices=2)
        assert session["pairing_url"].startswith(f"https://{OLD_ADDRESS}:")
        body = {"token": session["pairing_token"], "device_id": "a"}
        phone = coach.http.post("/api/pairing/register_device", json=body, headers={"Authorization": ""}).json()
        with connect(phone["ws_url"], ssl=unverified, proxy=None) as open_phone:
            assert json.loads(open_phone.recv(timeout=10))["type"] == "welcome"

            move(OLD_ADDRESS, NEW_ADDRESS)
            stack.wait("a certificate for the new address", lambda: is_trusted(stack, NEW_ADDRESS), 10)
            assert is_trusted(stack, "localhost") and not is_trusted(stack, OLD_ADDRESS)
            fresh = coach.invite(session["session_id"])
            assert fresh["pairing_url"].startswith(f"https://{NEW_ADDRESS}:")

            # Who was connected stays, over the certificate of before.
            open_phone.send('{"type":"clock","id":7,"t0":5}')
            while json.loads(open_phone.recv(timeout=10)).get("id") != 7:
                pass
        assert coach.http.get("/healthz").is_success
        assert stack.pid("api-front") == pid
        assert len(re.findall("certificate_renewed", stack.logs("api-front"))) == 1
        coach.http.close()
