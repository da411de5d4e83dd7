"""Another certificate while phones stream, after a change of network or a renewal: nobody is cut off."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.sync.client import connect

INTERFACE, OLD_ADDRESS, NEW_ADDRESS = "lan0", "192.0.2.10", "198.51.100.7"


def move(from_address: str, to_address: str) -> None:
    """Another network: an address of its own, and its router. In one go, as api-front may look in between."""
    steps = f"""
        address add {to_address}/24 dev {INTERFACE}
        address delete {from_address}/24 dev {INTERFACE}
        route replace default via {to_address.rpartition(".")[0]}.1
    """
    subprocess.run(["ip", "-batch", "-"], input=steps, check=True, capture_output=True, text=True)


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


def make_pair(serial: int) -> tuple[bytes, bytes]:
    """A certificate for localhost and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem), private


def served_serial(stack: Stack) -> int:
    pem = ssl.get_server_certificate(("127.0.0.1", stack.port), timeout=10)
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def test_the_operators_own_certificate_is_renewed_without_a_restart(tmp_path: Path) -> None:
    paths = (tmp_path / "own.pem", tmp_path / "own-key.pem")
    for path, content in zip(paths, make_pair(1), strict=True):
        path.write_bytes(content)
    own = {"AXOLOTL_TLS_CERTIFICATE": str(paths[0]), "AXOLOTL_TLS_KEY": str(paths[1])}
    with Stack(settings=own | {"REQUIRE_HTTPS": "true", "AXOLOTL_POSE_THREADS": "0"}) as stack:
        pid = stack.pid("api-front")
        trusting = ssl.create_default_context(cafile=str(paths[0]))
        open_ended = httpx.Limits(keepalive_expiry=None)
        with httpx.Client(
            base_url=f"https://localhost:{stack.port}", verify=trusting, limits=open_ended, trust_env=False
        ) as before:
            assert before.get("/healthz").is_success
            assert served_serial(stack) == 1

            # Renewed as certbot and people do it: one file after the other. Between them they are no pair.
            certificate, key = make_pair(2)
            paths[0].write_bytes(certificate)
            stack.wait("a word on it", lambda: "certificate_not_reloaded" in stack.logs("api-front"), 20)
            assert served_serial(stack) == 1
            paths[1].write_bytes(key)
            stack.wait("the new certificate", lambda: served_serial(stack) == 2, 20)

            # The same connection goes on: a new one would not trust this certificate.
            assert before.get("/healthz").is_success
        assert stack.pid("api-front") == pid
        assert stack.logs("api-front").count("certificate_reloaded") == 1
