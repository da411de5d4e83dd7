"""Phones that come and go while their stream-svc stands still."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from typing import Any

from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc_talk import register
from axolotl_kit.wire import encode_frame
from websockets.asyncio.client import ClientConnection, connect

PHONES = 4
INSTANCES = ("stream-svc-1", "stream-svc-2")


async def talking(registration: dict[str, Any], picture: bytes) -> ClientConnection:
    """A phone whose first frame is on disk."""
    phone = await connect(registration["ws_url"], proxy=None, compression=None)
    await phone.send(json.dumps({"type": "hello"}))
    await phone.send(encode_frame(1, true_now_us(), 180, 320, picture))
    async for message in phone:
        if json.loads(message)["type"] == "ack":
            return phone
    raise AssertionError("the connection ended")


def test_who_leaves_while_the_link_is_full_has_left(own_stack: Stack, own_coach: Coach, small_camera: Camera) -> None:
    session = own_coach.create_session(expected_devices=PHONES)
    registrations = [register(own_stack, session, f"phone-{number}") for number in range(PHONES)]

    async def fill(phone: ClientConnection) -> None:
        # Until nothing is taken any more.
        for sequence in itertools.count(2):
            await phone.send(encode_frame(sequence, true_now_us(), 180, 320, small_camera.pictures[0] * 8))

    async def scenario() -> None:
        phones = await asyncio.gather(*(talking(each, small_camera.pictures[0]) for each in registrations))
        # Figures may be a second old.
        await asyncio.to_thread(
            own_stack.wait, "all cameras", lambda: own_stack.metric("axolotl_cameras_connected") == PHONES, 10
        )
        for instance in INSTANCES:
            own_stack.kill(instance, signal.SIGSTOP)
        try:
            for phone in phones[:2]:
                try:
                    await asyncio.wait_for(fill(phone), 1.5)
                except TimeoutError:
                    continue
            # What cannot be written any more is not waited for. The sockets close when this loop runs again.
            for phone in phones:
                phone.transport.abort()
            # Nothing is read from those that are held back; the others' leaving is seen.
            await asyncio.to_thread(
                own_stack.wait, "the others to be seen leaving", lambda: own_stack.metric("axolotl_ws_phones") <= 2, 20
            )
        finally:
            for instance in INSTANCES:
                own_stack.kill(instance, signal.SIGCONT)

    asyncio.run(scenario())
    own_stack.wait("all cameras to have left", lambda: own_stack.metric("axolotl_cameras_connected") == 0, 20)
