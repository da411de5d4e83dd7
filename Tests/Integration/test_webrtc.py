"""WebRTC against an independent peer: aiortc offers, the real services answer, and frames go over DataChannels."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.problem import Problem
from axolotl_kit.recording_index import read_index
from axolotl_kit.recordings import read_session
from axolotl_kit.rig import Rig
from axolotl_kit.stack import Stack
from axolotl_kit.turn_server import own_address
from axolotl_kit.webrtc import DataChannels, WebRTCPhone, signal
from axolotl_kit.wire import encode_frame, fragments
from PIL import Image
from websockets.asyncio.client import connect

WIDTH, HEIGHT = 640, 480


def noise(seed: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A picture that compresses badly: several hundred kB."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=92)
    return data.getvalue()


def register(stack: Stack, session: dict[str, Any], device: str = "a") -> dict[str, Any]:
    body = {"token": session["pairing_token"], "device_id": device, "metadata": {}}
    answer = httpx.post(f"{stack.base_url}/api/pairing/register_device", json=body, trust_env=False)
    document: dict[str, Any] = Problem.check(answer).json()
    return document


@pytest.fixture
def registration(stack: Stack, coach: Coach) -> dict[str, Any]:
    """A phone with its place in a session of its own."""
    return register(stack, coach.create_session(expected_devices=1, mode="single"))


async def connected(stack: Stack, registration: dict[str, Any], **more: Any) -> DataChannels:
    channels = DataChannels(**more)
    await channels.connect(stack.base_url, registration["device_token"])
    await channels.send(json.dumps({"type": "hello"}))
    await hear(channels, "welcome")
    return channels


async def hear(channels: DataChannels, *kinds: str) -> dict[str, Any]:
    """The next message of one of these types; others are passed over."""
    while True:
        text = await channels.hear()
        assert isinstance(text, str)
        message: dict[str, Any] = json.loads(text)
        if message["type"] in kinds:
            return message


async def exchange_clocks(channels: DataChannels) -> None:
    """Two exchanges, the second of which brings the first: the clock is known then. DeviceTime is SessionTime."""
    previous = None
    for number in (1, 2):
        request = {"type": "clock", "id": number, "t0": true_now_us()} | ({"prev": previous} if previous else {})
        await channels.send(json.dumps(request))
        answer = await hear(channels, "clock")
        arrived = true_now_us()
        assert answer["id"] == number
        assert request["t0"] <= answer["t1"] <= answer["t2"] <= arrived
        previous = {key: answer[key] for key in ("id", "t0", "t1", "t2")} | {"t3": arrived}


async def acknowledged(channels: DataChannels, sequence: int) -> None:
    while (message := await hear(channels, "ack", "error"))["type"] == "ack":
        if message["seq"] >= sequence:
            return
    raise AssertionError(message)


async def send_until_acknowledged(channels: DataChannels, sequence: int, parts: list[bytes]) -> None:
    """The channel resends nothing: what was lost on the way is sent again, as a phone does it."""
    for _ in range(5):
        for part in parts:
            channels.frames.send(part)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(acknowledged(channels, sequence), 3)
    raise TimeoutError(f"frame {sequence} was never acknowledged")


def recorded_payloads(stack: Stack, session_id: str, device: str) -> list[tuple[int, bytes]]:
    """Every recorded frame as the file holds it."""
    found = []
    for index in sorted((stack.recordings / session_id / device).glob("*.idx")):
        video = index.with_suffix(".mkv").read_bytes()
        for entry in read_index(index.read_bytes()):
            found.append((entry.sequence, video[entry.end_offset - entry.payload_bytes : entry.end_offset]))
    return found


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


def test_large_frames_in_fragments_are_recorded_exactly(stack: Stack, coach: Coach) -> None:
    session = coach.create_session(expected_devices=1, mode="single")
    pictures = [noise(seed) for seed in range(6)]
    assert min(map(len, pictures)) > 3 * 65536

    async def scenario() -> None:
        channels = await connected(stack, register(stack, session))
        await exchange_clocks(channels)
        source = random.Random(5)
        for number, picture in enumerate(pictures, start=1):
            parts = fragments(encode_frame(number, true_now_us(), WIDTH, HEIGHT, picture), 60_000)
            source.shuffle(parts)
            await send_until_acknowledged(channels, number, [*parts, parts[0]])
        # Devices are reported on twice a second.
        stack.wait("the report", lambda: "transport" in coach.device(session["session_id"], "a"), 10)
        device = coach.device(session["session_id"], "a")
        assert device["transport"] == "webrtc" and device["frames_refused"] == 0
        await channels.close()

    asyncio.run(scenario())
    recorded = recorded_payloads(stack, session["session_id"], "a")
    assert [sequence for sequence, _ in recorded] == list(range(1, len(pictures) + 1))
    for (_, payload), picture in zip(recorded, pictures, strict=True):
        assert payload == picture


def assert_everything_recorded_once(rig: Rig) -> None:
    recordings = read_session(rig.stack.recordings / rig.session_id)
    for phone in rig.phones:
        assert phone.statistics.dropped == 0
        assert phone.statistics.acknowledged == phone.statistics.sent
        assert recordings[phone.device_id].faults == []
        assert recordings[phone.device_id].sequences == Counter(range(1, phone.statistics.sent + 1))


def test_several_phones_stream_at_once(stack: Stack, coach: Coach, small_camera: Camera) -> None:
    async def scenario() -> None:
        async with Rig(stack, coach, [small_camera] * 4, fps=30, size=(180, 320), kind=WebRTCPhone) as rig:
            rig.start_filming()
            await rig.until_acknowledged(60)
            devices = coach.status(rig.session_id)["devices"]
            assert {each["transport"] for each in devices} == {"webrtc"}
            # Two instances, two phones each.
            assert sorted(Counter(each["instance"] for each in devices).values()) == [2, 2]
            assert all(each["sync"]["quality"] == "good" for each in devices)
            await rig.stop_filming()
            assert_everything_recorded_once(rig)

    asyncio.run(scenario())


class LossyPhone(WebRTCPhone):
    """Every twentieth fragment never leaves the phone."""

    message_size = 8192

    def prepare(self, channels: DataChannels) -> None:
        source = random.Random(1)
        channels.passes = lambda _fragment: source.random() > 0.05


def test_lost_fragments_are_made_good(stack: Stack, coach: Coach, small_camera: Camera) -> None:
    async def scenario() -> None:
        async with Rig(stack, coach, [small_camera], fps=30, size=(180, 320), kind=LossyPhone) as rig:
            rig.start_filming()
            await rig.until_acknowledged(40)
            await rig.stop_filming()
            phone = rig.phones[0]
            assert isinstance(phone, WebRTCPhone) and phone.channels is not None and phone.channels.lost > 0
            assert phone.statistics.transmissions > phone.statistics.sent
            assert_everything_recorded_once(rig)

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


def test_bad_messages_cost_one_error_each(stack: Stack, registration: dict[str, Any]) -> None:
    picture = noise(1, 64, 64)
    good = encode_frame(1, true_now_us(), 64, 64, picture)
    first, second = fragments(good, 32 + -(-len(picture) // 2))
    other_count = struct.pack("<HH", 1, 3)

    async def scenario() -> None:
        channels = await connected(stack, registration)
        await exchange_clocks(channels)
        bad: list[tuple[bytes | str, str]] = [
            (b"x", "frame_malformed"),
            (good[:32], "frame_malformed"),
            (good[:-1], "frame_malformed"),
            (first[:28] + struct.pack("<HH", 0, 60_000) + first[32:], "too_many_fragments"),
            ("no json", "message_malformed"),
            (json.dumps({"type": "teleport"}), "message_malformed"),
        ]
        for message, code in bad:
            channel = channels.control if isinstance(message, str) else channels.frames
            channel.send(message)
            assert (await hear(channels, "error"))["code"] == code
        channels.frames.send(first)
        channels.frames.send(second[:28] + other_count + second[32:])
        assert (await hear(channels, "error"))["code"] == "fragment_inconsistent"
        for part in (second, first):
            channels.frames.send(part)
        await acknowledged(channels, 1)
        # Seventy more, and it is enough.
        for _ in range(70):
            channels.frames.send(b"x")
        with pytest.raises(EOFError):
            while True:
                await channels.hear()
        await channels.close()

    asyncio.run(scenario())


def test_an_ended_session_cuts_its_phones_within_a_second(stack: Stack, coach: Coach) -> None:
    session = coach.create_session(expected_devices=1, mode="single")

    async def scenario() -> None:
        channels = await connected(stack, register(stack, session))
        await asyncio.to_thread(coach.end, session["session_id"])
        ended = time.monotonic()
        assert (await hear(channels, "error"))["code"] == "session_ended"
        assert time.monotonic() - ended < 1.2
        with pytest.raises(EOFError):
            while True:
                await channels.hear(5)
        await channels.close()

    asyncio.run(scenario())


def test_a_deleted_session_leaves_nothing(stack: Stack, coach: Coach) -> None:
    session = coach.create_session(expected_devices=1, mode="single")

    async def scenario() -> None:
        channels = await connected(stack, register(stack, session))
        await asyncio.to_thread(coach.delete, session["session_id"])
        assert (await hear(channels, "error"))["code"] in ("session_deleted", "session_not_found", "token_revoked")
        await channels.close()

    asyncio.run(scenario())
    assert not (stack.recordings / session["session_id"]).exists()


def test_a_new_connection_takes_the_place_of_the_old(stack: Stack, registration: dict[str, Any]) -> None:
    async def scenario() -> None:
        old = await connected(stack, registration)
        new = await connected(stack, registration)
        assert (await hear(old, "error"))["code"] == "replaced_by_new_connection"
        await exchange_clocks(new)
        await old.close()
        await new.close()

    asyncio.run(scenario())


def test_a_frame_may_come_without_a_clock_or_hello(stack: Stack, registration: dict[str, Any]) -> None:
    """Frames overtake the control channel: nothing is lost by it."""
    picture = noise(2, 64, 64)

    async def scenario() -> None:
        channels = DataChannels()
        await channels.connect(stack.base_url, registration["device_token"])
        await channels.send(encode_frame(1, true_now_us(), 64, 64, picture))
        await acknowledged(channels, 1)
        await channels.close()

    asyncio.run(scenario())


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


# Systems of their own


@pytest.fixture
def own_stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """One stream instance, with settings of the test's own."""
    with Stack(settings={"AXOLOTL_STREAM_INSTANCES": "1", "AXOLOTL_POSE_THREADS": "0"} | request.param) as running:
        yield running


def one_phone(stack: Stack) -> dict[str, Any]:
    with Coach(stack.base_url, stack.coach_key) as coach:
        return register(stack, coach.create_session(expected_devices=1, mode="single"))


@pytest.mark.parametrize("own_stack", [{"AXOLOTL_UDP_PORTS": "52000-52031"}], indirect=True)
def test_only_the_ports_of_the_settings_are_used(own_stack: Stack) -> None:
    registration = one_phone(own_stack)

    async def scenario() -> None:
        channels = await connected(own_stack, registration)
        await exchange_clocks(channels)
        ports = [int(line.split()[5]) for line in channels.answer.splitlines() if line.startswith("a=candidate:")]
        assert ports and all(52000 <= port <= 52031 for port in ports)
        await channels.close()

    asyncio.run(scenario())


@pytest.fixture
def silent_stun() -> Iterator[socket.socket]:
    """A STUN server that is asked and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((own_address(), 0))
        server.settimeout(5)
        yield server


def test_stun_is_asked_if_set_and_not_waited_for(silent_stun: socket.socket) -> None:
    address = ":".join(map(str, silent_stun.getsockname()))
    with Stack(settings={"AXOLOTL_STREAM_INSTANCES": "1", "STUN_SERVER": address}) as stack:
        registration = one_phone(stack)
        assert registration["ice_servers"] == [{"urls": [f"stun:{address}"]}]

        async def scenario() -> None:
            channels = DataChannels()
            await channels.peer.setLocalDescription(await channels.peer.createOffer())
            began = time.monotonic()
            await signal(stack.base_url, registration["device_token"], channels.peer.localDescription.sdp)
            # libnice itself gives up after 8 seconds; the first offer loads GStreamer besides.
            assert time.monotonic() - began < 4
            await channels.close()

        asyncio.run(scenario())
        request = silent_stun.recv(2048)
        kind, length = struct.unpack("!HH", request[:4])
        # A binding request (RFC 8489), as long as it says.
        assert (kind, length + 20) == (0x0001, len(request))


def facts(pid: int) -> dict[str, int]:
    """What a peer that is not freed would leave behind."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {
        "threads": int(status["Threads"]),
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "kilobytes": int(status["VmRSS"].split()[0]),
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("own_stack", [{}], indirect=True)
def test_five_hundred_peers_leave_nothing_behind(own_stack: Stack) -> None:
    """Half of them close, half of them vanish and are replaced."""
    with Coach(own_stack.base_url, own_stack.coach_key) as coach:
        session = coach.create_session(expected_devices=4)
    registrations = [register(own_stack, session, f"phone-{number}") for number in range(4)]
    pid = own_stack.pid("stream-svc-1")

    async def one(number: int) -> None:
        # On a busy machine a handshake may take longer than the server waits; a phone tries again then.
        for patience in (15, 30, 60):
            channels = DataChannels()
            try:
                await channels.connect(own_stack.base_url, registrations[number % 4]["device_token"], patience)
                break
            except TimeoutError:
                await channels.close()
        await channels.send(json.dumps({"type": "hello"}))
        await hear(channels, "welcome")
        if number % 8 < 4:
            await channels.close()
        else:
            await channels.vanish()

    async def some(count: int) -> None:
        for first in range(0, count, 4):
            await asyncio.gather(*(one(first + each) for each in range(4)))

    def settled(limit: dict[str, int]) -> bool:
        now = facts(pid)
        return now["threads"] <= limit["threads"] and now["descriptors"] <= limit["descriptors"]

    rest = facts(pid)
    # The first ones load the libraries and warm the allocator up; its arenas are full after about two hundred.
    asyncio.run(some(200))
    # GStreamer's idle threads stay a while; one each of usrsctp's and ours stay for good.
    ceiling = {"threads": rest["threads"] + 4, "descriptors": rest["descriptors"] + 4}
    own_stack.wait("the first peers' ends", lambda: settled(ceiling), 60)
    warm = facts(pid)
    asyncio.run(some(300))
    own_stack.wait("the last peers' ends", lambda: settled(ceiling), 60)
    after = facts(pid)
    # Fragments of the heap differ by a few MB from one time to the next; a peer that is kept weighs 1.1 MB.
    assert after["kilobytes"] < warm["kilobytes"] + 300 * 40, (rest, warm, after)
