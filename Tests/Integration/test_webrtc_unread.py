"""A phone whose connection stands still: what it is sent is never acknowledged by its SCTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiortc.rtcsctptransport import DataChunk
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc import DataChannels
from axolotl_kit.webrtc_talk import connected, register


@pytest.fixture
def own_stack() -> Iterator[Stack]:
    with Stack(settings={"AXOLOTL_STREAM_INSTANCES": "1", "AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


def read_nothing_more(channels: DataChannels) -> None:
    """From now on data is neither taken nor acknowledged; the phone's own data still is."""
    receive = channels.peer.sctp._receive_chunk

    async def receive_all_but_data(chunk: Any) -> None:
        if not isinstance(chunk, DataChunk):
            await receive(chunk)

    channels.peer.sctp._receive_chunk = receive_all_but_data


@pytest.mark.parametrize("resets", [False, True], ids=["silent", "closes its channels"])
def test_it_is_given_up_and_freed(own_stack: Stack, resets: bool) -> None:
    """webrtcbin's thread then stands in a send that cannot go on, whether the phone still has channels or not."""
    with Coach(own_stack.base_url, own_stack.coach_key) as coach:
        session = coach.create_session(expected_devices=1, mode="single")
    registration = register(own_stack, session)

    def logs() -> str:
        return own_stack.logs("stream-svc-1")

    def wait_until_freed() -> None:
        own_stack.wait("the peer's end", lambda: "code=peer_overloaded" in logs(), 10)
        peers = ("axolotl_webrtc_peers", "axolotl_webrtc_peers_ending")
        own_stack.wait("everything freed", lambda: all(own_stack.metric(each) == 0 for each in peers), 30, logs)

    async def ask_until_given_up(channels: DataChannels) -> None:
        number = 0
        while "phone_does_not_read" not in logs():
            for _ in range(100):
                number += 1
                await channels.send(json.dumps({"type": "clock", "id": number, "t0": true_now_us()}))
            while channels.control.bufferedAmount > 1 << 14:
                await asyncio.sleep(0.01)

    async def scenario() -> None:
        channels = await connected(own_stack, registration)
        read_nothing_more(channels)
        await asyncio.wait_for(ask_until_given_up(channels), 60)
        if resets:
            channels.control.close()
            channels.frames.close()
        # The phone is still there meanwhile: SCTP would give up one that is not.
        await asyncio.to_thread(wait_until_freed)
        await channels.vanish()
        # Another one finds everything as it was.
        await (await connected(own_stack, registration)).close()

    asyncio.run(scenario())
    assert "peer_does_not_end" not in logs()
