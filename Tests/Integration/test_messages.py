"""Bad messages on a phone's WebSocket: each costs one `error`, and the connection goes on."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.stack import Stack
from axolotl_kit.wire import MAXIMUM_PAYLOAD, encode_frame
from websockets.sync.client import ClientConnection, connect

SECONDS = 10


class Wire:
    """A phone's connection without any of a phone's good manners."""

    def __init__(self, connection: ClientConnection, picture: bytes, session: str) -> None:
        self.connection = connection
        self.session = session
        self.picture = picture
        self.sequence = 0
        self.exchange = 0

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these types; others are passed over."""
        while True:
            message: dict[str, Any] = json.loads(self.connection.recv(timeout=SECONDS))
            if message["type"] in kinds:
                return message

    def good_frame(self) -> bytes:
        """The next frame as it should be."""
        self.sequence += 1
        return encode_frame(self.sequence, true_now_us(), 180, 320, self.picture)

    def assert_works(self) -> None:
        """The clock is answered and a good frame acknowledged, on this same connection."""
        self.exchange += 1
        self.say(type="clock", id=self.exchange, t0=true_now_us())
        answer = self.hear("clock", "error")
        assert answer["type"] == "clock" and answer["id"] == self.exchange
        assert answer["t0"] <= answer["t1"] <= answer["t2"] <= true_now_us()
        self.connection.send(self.good_frame())
        while (answer := self.hear("ack", "error")) != {"type": "ack", "seq": self.sequence}:
            assert answer["type"] == "ack"


@pytest.fixture(scope="module")
def wire(stack: Stack, small_camera: Camera) -> Iterator[Wire]:
    """One connection that has to survive every test of this file."""
    with Coach(stack.base_url, stack.coach_key) as coach:
        session = coach.create_session(expected_devices=1, mode="single")
    body = {"token": session["pairing_token"], "device_id": "rude", "metadata": {}}
    registration = httpx.post(
        f"{stack.base_url}/api/pairing/register_device", json=body, trust_env=False, timeout=15
    ).json()
    with connect(registration["ws_url"], compression=None, proxy=None, max_size=None) as connection:
        wire = Wire(connection, small_camera.pictures[0], session["session_id"])
        wire.say(type="hello")
        assert wire.hear("welcome") == {"type": "welcome", "next_seq": 1}
        wire.assert_works()
        yield wire


def changed(frame: bytes, offset: int, form: str, value: int | bytes) -> bytes:
    """The frame with one field of its header replaced."""
    data = bytearray(frame)
    struct.pack_into("<" + form, data, offset, value)
    return bytes(data)


BAD_FRAMES = {
    "empty": lambda frame: b"",
    "one byte": lambda frame: b"A",
    "header cut short": lambda frame: frame[:31],
    "header alone": lambda frame: frame[:32],
    "wrong magic": lambda frame: b"AXF2" + frame[4:],
    "reserved codec": lambda frame: changed(frame, 4, "B", 2),
    "unknown codec": lambda frame: changed(frame, 4, "B", 200),
    "unknown flag": lambda frame: changed(frame, 5, "B", 0x80),
    "no width": lambda frame: changed(frame, 6, "H", 0),
    "another width than the picture's": lambda frame: changed(frame, 6, "H", 1280),
    "reserved bytes used": lambda frame: changed(frame, 10, "H", 1),
    "sequence number 0": lambda frame: changed(frame, 12, "I", 0),
    "shorter than it says": lambda frame: frame[:-1],
    "longer than it says": lambda frame: frame + b"\0",
    "payload of 4 GiB claimed": lambda frame: changed(frame, 24, "I", 0xFFFFFFFF),
    "fragment of two": lambda frame: changed(frame, 30, "H", 2),
    "fragment beyond the count": lambda frame: changed(frame, 28, "H", 1),
    "no JPEG": lambda frame: frame[:32] + bytes(len(frame) - 32),
    "half a JPEG": lambda frame: encode_frame(9, 9, 180, 320, frame[32 : 32 + (len(frame) - 32) // 2]),
    "over the limit": lambda frame: encode_frame(9, 9, 180, 320, frame[32:] + bytes(MAXIMUM_PAYLOAD)),
}


@pytest.mark.parametrize("kind", BAD_FRAMES)
def test_a_bad_frame_costs_one_message(wire: Wire, kind: str) -> None:
    good = encode_frame(wire.sequence + 1, true_now_us(), 180, 320, wire.picture)
    wire.connection.send(BAD_FRAMES[kind](good))
    assert_useful(wire.hear("error", "ack"))
    wire.assert_works()


BAD_TEXTS = {
    "nothing": "",
    "no JSON": "hello",
    "half an object": '{"type":"clock"',
    "a list": "[1,2,3]",
    "a number": "7",
    "no type": '{"id":1}',
    "an unknown type": '{"type":"teleport"}',
    "a type that is no text": '{"type":5}',
    "a clock without t0": '{"type":"clock","id":1}',
    "a clock of text": '{"type":"clock","id":"1","t0":"2"}',
    "a clock beyond 64 bits": '{"type":"clock","id":1,"t0":99999999999999999999}',
    "half a previous exchange": '{"type":"clock","id":1,"t0":2,"prev":{"id":1,"t0":2}}',
    "dropped backwards": '{"type":"dropped","from":9,"through":3}',
    "dropped from 0": '{"type":"dropped","from":0,"through":3}',
    "a condition that says nothing": '{"type":"condition"}',
    "a condition with an unknown source": '{"type":"condition","hidden":false,"capture":"guess"}',
    "a frame that is no base64": '{"type":"frame","seq":1,"ts_device_us":1,"width":2,"height":2,"data":"%%%"}',
    "too long": json.dumps({"type": "hello", "padding": "x" * 5000}),
    "far too long": json.dumps({"type": "hello", "padding": "x" * 8_000_000}),
    "deeply nested": "[" * 4000,
}


@pytest.mark.parametrize("kind", BAD_TEXTS)
def test_a_bad_text_costs_one_message(wire: Wire, kind: str) -> None:
    wire.connection.send(BAD_TEXTS[kind])
    assert_useful(wire.hear("error", "ack", "welcome", "clock"))
    wire.assert_works()


def test_a_frame_sent_twice_is_recorded_once(wire: Wire, stack: Stack) -> None:
    frame = wire.good_frame()
    wire.connection.send(frame)
    wire.connection.send(frame)
    assert wire.hear("ack", "error")["type"] == "ack"
    wire.assert_works()


def test_what_a_phone_says_of_itself_is_in_the_status(wire: Wire, stack: Stack) -> None:
    with Coach(stack.base_url, stack.coach_key) as coach:

        def capture() -> object:
            return coach.device(wire.session, "rude").get("capture")

        assert capture() is None
        wire.say(type="condition", hidden=False, capture="callback_time")
        said = {"source": "callback_time", "latency_us": 0}
        stack.wait("the phone's condition in the status", lambda: capture() == said, SECONDS)
    wire.assert_works()


def test_a_frame_as_json_counts_like_any_other(wire: Wire) -> None:

    wire.sequence += 1
    wire.say(
        type="frame",
        seq=wire.sequence,
        ts_device_us=true_now_us(),
        width=180,
        height=320,
        data=base64.b64encode(wire.picture).decode(),
    )
    assert wire.hear("ack", "error") == {"type": "ack", "seq": wire.sequence}


def test_frames_given_up_are_waited_for_no_longer(wire: Wire) -> None:
    first = wire.sequence + 1
    wire.sequence += 3
    wire.connection.send(wire.good_frame())
    wire.say(type="dropped", **{"from": first, "through": first + 2})
    while wire.hear("ack", "error") != {"type": "ack", "seq": wire.sequence}:
        pass
    wire.assert_works()


def assert_useful(answer: dict[str, Any]) -> None:
    """An error with a stable code, and words that a person can act on."""
    assert answer["type"] == "error", answer
    assert answer["code"].replace("_", "").isalpha() and answer["code"].islower()
    assert len(answer["message"]) > 10
