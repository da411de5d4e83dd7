"""WebRTC against an independent peer: aiortc connects, the real services record what comes over DataChannels."""

from __future__ import annotations

import asyncio
import json
import random
import struct
import time
from typing import Any

import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.rig import Rig
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc import DataChannels, WebRTCPhone
from axolotl_kit.webrtc_talk import (
    HEIGHT,
    WIDTH,
    acknowledged,
    connected,
    exchange_clocks,
    hear,
    noise,
    opened_channels,
    recorded_payloads,
    register,
    send_until_acknowledged,
)
from axolotl_kit.wire import encode_frame, fragments


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
        [device] = coach.wait_transport(session["session_id"], "webrtc")
        assert device["frames_refused"] == 0
        await channels.close()

    asyncio.run(scenario())
    recorded = recorded_payloads(stack, session["session_id"], "a")
    assert [sequence for sequence, _ in recorded] == list(range(1, len(pictures) + 1))
    for (_, payload), picture in zip(recorded, pictures, strict=True):
        assert payload == picture


def test_several_phones_stream_at_once(stack: Stack, coach: Coach, small_camera: Camera) -> None:
    async def scenario() -> None:
        async with Rig(stack, coach, [small_camera] * 4, fps=30, size=(180, 320), kind=WebRTCPhone) as rig:
            rig.start_filming()
            await rig.until_acknowledged(60)
            devices = coach.wait_transport(rig.session_id, "webrtc")
            # On both instances. How many where depends on the phones of the tests before, too.
            assert {each["instance"] for each in devices} == {1, 2}

            def are_in_time() -> bool:
                return all(each["sync"]["quality"] == "good" for each in coach.status(rig.session_id)["devices"])

            # On a busy machine it takes more exchanges than two seconds bring.
            await rig.until("good clocks", are_in_time)
            await rig.stop_filming()
            rig.assert_recorded_once()

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
            rig.assert_recorded_once()

    asyncio.run(scenario())


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
        # stream-svc asks twice a second; the rest is for a busy machine.
        assert time.monotonic() - ended < 4
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
    stack.wait("the files to go", lambda: not (stack.recordings / session["session_id"]).exists(), 30)


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
        channels = await opened_channels(stack, registration["device_token"])
        await channels.send(encode_frame(1, true_now_us(), 64, 64, picture))
        await acknowledged(channels, 1)
        await channels.close()

    asyncio.run(scenario())
