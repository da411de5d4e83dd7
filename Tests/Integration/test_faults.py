"""Breaks that have no place in the fault matrix (Tests/Faults): no frame is lost, and nobody scans again."""

from __future__ import annotations

import asyncio
import signal

from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.recordings import read_session
from axolotl_kit.rig import Rig
from axolotl_kit.stack import Stack


def test_a_lost_connection_costs_no_frame(own_stack: Stack, own_coach: Coach, small_camera: Camera) -> None:
    async def scenario() -> None:
        async with Rig(own_stack, own_coach, [small_camera] * 2, fps=30, size=(180, 320)) as rig:
            rig.start_filming()
            for _ in range(3):
                await rig.until_acknowledged(5)
                await rig.phones[0].break_connection()
            await rig.until_acknowledged(10)
            await rig.stop_filming()
            assert rig.phones[0].statistics.connections == 4
            rig.assert_recorded_once()

    asyncio.run(scenario())


def test_state_outlives_a_restart_of_everything(own_stack: Stack, own_coach: Coach, small_camera: Camera) -> None:
    async def scenario() -> None:
        async with Rig(own_stack, own_coach, [small_camera] * 2, fps=30, size=(180, 320)) as rig:
            rig.start_filming()
            await rig.until_acknowledged(10)
            await asyncio.to_thread(own_stack.restart)
            await rig.until_acknowledged(10)
            await rig.stop_filming()
            rig.assert_recorded_once()

    asyncio.run(scenario())


def test_a_phone_whose_memory_is_full_gives_up_the_oldest_frames_and_says_so(
    own_stack: Stack, own_coach: Coach, small_camera: Camera
) -> None:
    async def scenario() -> None:
        async with Rig(own_stack, own_coach, [small_camera], fps=30, size=(180, 320), held_frames=20) as rig:
            phone = rig.phones[0]
            rig.start_filming()
            await rig.until_acknowledged(10)
            stopped = [name for name in own_stack.services if name.startswith("stream-svc")]
            for name in stopped:
                own_stack.kill(name, signal.SIGSTOP)
            try:
                await rig.until("frames to be given up", lambda: phone.statistics.dropped > 10)
            finally:
                for name in stopped:
                    own_stack.kill(name, signal.SIGCONT)
            await rig.until_acknowledged(20)
            await rig.stop_filming()
            recording = read_session(own_stack.recordings / rig.session_id)[phone.device_id]
            assert recording.faults == []
            # What the phone gave up may have arrived all the same; what it did not give up must be there.
            assert phone.statistics.sent - phone.statistics.dropped <= len(recording.sequences)
            assert max(recording.sequences) == phone.statistics.sent

    asyncio.run(scenario())
