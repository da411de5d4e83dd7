"""What clients do with their connections beside asking and waiting costs the server no more than its answer."""

from __future__ import annotations

import io
import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc_talk import register
from PIL import Image
from websockets.sync.client import connect

PICTURES = 12
#: Asked again every quarter of a second it takes a service next to nothing; one that spins takes all of it.
RESTING_SHARE = 0.5
#: What `/healthz` and `/readyz` say. Whether a busy machine's services are ready in time is not the question here.
ANSWERS = (b"HTTP/1.1 200", b"HTTP/1.1 503")


@pytest.fixture(scope="module")
def download(own_stack: Stack) -> Iterator[bytes]:
    """The request of a recording that is larger than what the sockets of both ends hold."""
    noise = np.random.default_rng(1).integers(0, 256, (1000, 1400, 3), dtype=np.uint8)
    picture = io.BytesIO()
    Image.fromarray(noise).save(picture, "JPEG", quality=92)
    with Coach(own_stack.base_url, own_stack.coach_key) as coach:
        session = coach.create_session(expected_devices=1, mode="single")
        token = register(own_stack, session)["device_token"]
        with httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=20) as phone:
            for number in range(1, PICTURES + 1):
                answer = phone.post(
                    f"/api/pairing/upload_frame?seq={number}&ts_device_us={true_now_us()}",
                    content=picture.getvalue(),
                    headers={"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"},
                )
                assert answer.status_code == 200, answer.text
        [file] = coach.recordings(session["session_id"])
        assert file["bytes"] > 12 << 20
        path = f"/api/sessions/{session['session_id']}/recordings/{file['path']}"
        yield request(path, f"Authorization: Bearer {own_stack.coach_key}\r\n")


def request(path: str, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()


def dial(stack: Stack) -> socket.socket:
    """A connection of a client that takes little at once."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", stack.port))
    return client


def read_to_end(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    received = bytearray()
    while data := client.recv(1 << 20):
        received += data
    return bytes(received)


def nanoseconds(stack: Stack) -> int:
    """Processor time of api-front's main thread so far."""
    with open(f"/proc/{stack.pid('api-front')}/schedstat") as file:
        return int(file.read().split()[0])


def share_of_a_core(stack: Stack, seconds: float = 1.0) -> float:
    """How much of a core api-front takes."""
    begun, clock = nanoseconds(stack), time.monotonic_ns()
    time.sleep(seconds)
    return (nanoseconds(stack) - begun) / (time.monotonic_ns() - clock)


def left_open(stack: Stack) -> int:
    """Connections whose client has closed them and whose server has not (CLOSE_WAIT, 8)."""
    wanted = f":{stack.port:04X}"
    count = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            rows = [line.split() for line in file][1:]
        count += sum(row[1].endswith(wanted) and row[3] == "08" for row in rows)
    return count


@pytest.mark.parametrize("path", ["/healthz", "/readyz"], ids=["answered at once", "answered later"])
@pytest.mark.parametrize("header", ["Connection: close\r\n", ""], ids=["last request", "kept alive"])
def test_who_closes_after_the_answer_is_let_go(own_stack: Stack, path: str, header: str) -> None:
    for _ in range(20):
        with dial(own_stack) as client:
            client.sendall(request(path, header))
            assert client.recv(4096).startswith(ANSWERS)
    own_stack.wait("the connections closed", lambda: left_open(own_stack) == 0, 10)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"], ids=["answered at once", "answered later"])
def test_a_client_that_has_nothing_more_to_say_gets_its_answer(own_stack: Stack, path: str) -> None:
    with dial(own_stack) as client:
        client.sendall(request(path))
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(client).startswith(ANSWERS)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"], ids=["answered at once", "answered later"])
def test_of_requests_sent_together_the_first_is_answered(own_stack: Stack, path: str) -> None:
    """RFC 9112, section 9.3.2: a server may close, and the client asks again."""
    with dial(own_stack) as client:
        client.sendall(request(path) * 3)
        answer = read_to_end(client)
        assert answer.startswith(ANSWERS) and answer.count(b"HTTP/1.1 ") == 1
        assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("path", ["/healthz", "/readyz"], ids=["answered at once", "answered later"])
def test_requests_sent_together_cost_nothing_afterwards(own_stack: Stack, path: str) -> None:
    with dial(own_stack) as client:
        client.sendall(request(path) * 3)
        assert client.recv(4096).startswith(ANSWERS)
        assert share_of_a_core(own_stack) < RESTING_SHARE


def test_a_message_in_many_fragments_costs_no_more_than_its_bytes(own_stack: Stack) -> None:
    """Once each fragment copied all before it: these took 2.5 s of a core, during which nobody else was served."""
    with Coach(own_stack.base_url, own_stack.coach_key) as coach:
        url = register(own_stack, coach.create_session(expected_devices=1, mode="single"))["ws_url"]
    with connect(url, proxy=None, compression=None) as phone:
        before = nanoseconds(own_stack)
        phone.send(itertools.chain([bytes(4_000_000)], itertools.repeat(b"\0", 5000)))
        codes = (json.loads(message).get("code") for message in iter(lambda: phone.recv(timeout=20), None))
        assert next(filter(None, codes)) == "frame_malformed"
        assert nanoseconds(own_stack) - before < 1_000_000_000


BEHAVIOURS: dict[str, Callable[[socket.socket, bytes], None]] = {
    "reads slowly": lambda client, ask: client.sendall(ask),
    "asks for more at once": lambda client, ask: client.sendall(ask + request("/healthz")),
    "asks for more meanwhile": lambda client, ask: [client.sendall(ask), client.recv(1), client.sendall(ask)],
    "says that it is done": lambda client, ask: [client.sendall(ask), client.recv(1), client.shutdown(socket.SHUT_WR)],
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_a_download_that_is_held_up_costs_nothing(
    own_stack: Stack, download: bytes, behaviour: Callable[[socket.socket, bytes], None]
) -> None:
    with dial(own_stack) as client:
        behaviour(client, download)
        assert share_of_a_core(own_stack) < RESTING_SHARE
    own_stack.wait("the connection closed", lambda: left_open(own_stack) == 0, 10)


def test_a_download_of_a_client_that_is_done_comes_whole(own_stack: Stack, download: bytes) -> None:
    with dial(own_stack) as client:
        client.sendall(download)
        client.shutdown(socket.SHUT_WR)
        head, _, body = read_to_end(client).partition(b"\r\n\r\n")
    [length] = [line.split(b": ")[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
    assert len(body) == int(length)
