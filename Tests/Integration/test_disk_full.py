"""A disk that is really full: said to coach and phones by name, and recording goes on when there is room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.recordings import read_session
from axolotl_kit.rig import Rig
from axolotl_kit.roaming import KINDS
from axolotl_kit.small_disk import SmallDisk
from axolotl_kit.stack import Stack


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with SmallDisk() as small:
        yield small


@pytest.fixture
def own_stack(disk: SmallDisk) -> Iterator[Stack]:
    with Stack(settings=disk.settings) as running:
        yield running


def test_a_full_disk_stops_recording_by_name_until_there_is_room(
    own_stack: Stack, disk: SmallDisk, small_camera: Camera
) -> None:
    async def scenario(coach: Coach) -> None:
        def statuses(rig: Rig) -> list[dict[str, Any]]:
            return [device["recording"] for device in coach.status(rig.session_id)["devices"]]

        async def told(rig: Rig, problem: str | None, has_room: bool) -> None:
            def holds() -> bool:
                return all(
                    each.get("problem") == problem and (each["room_bytes"] > 0) == has_room for each in statuses(rig)
                )

            await asyncio.to_thread(own_stack.wait, f"the coach to hear of {problem}", holds, 10)

        async def figures(what: str, hold: Callable[[], bool]) -> None:
            """They may be a second old."""
            await asyncio.to_thread(own_stack.wait, what, hold, 5)

        kinds = list(KINDS.values())
        async with Rig(own_stack, coach, [small_camera] * len(kinds), 20, (180, 320), kind=kinds) as rig:
            rig.start_filming()
            await rig.until_acknowledged(20)
            await told(rig, None, has_room=True)
            free = own_stack.metric("axolotl_disk_free_bytes")

            disk.fill()
            await rig.until(
                "every phone to hear of the full disk",
                lambda: all("disk_full" in phone.statistics.errors for phone in rig.phones),
            )
            await told(rig, "disk_full", has_room=False)
            await figures("stopped cameras", lambda: own_stack.metric("axolotl_record_stopped_cameras") == len(kinds))
            await figures("a fuller disk", lambda: own_stack.metric("axolotl_disk_free_bytes") < free)
            # It stopped cleanly: whatever was acknowledged can be read, now.
            recordings = await asyncio.to_thread(read_session, disk.recordings / rig.session_id)
            for phone in rig.phones:
                recording = recordings[phone.device_id]
                assert recording.faults == []
                assert set(range(1, phone.buffer.acknowledged + 1)) <= set(recording.sequences)

            disk.empty()
            await rig.until_acknowledged(20, timeout=60)
            await told(rig, None, has_room=True)
            await rig.stop_filming(60)
            await figures("no stopped cameras", lambda: own_stack.metric("axolotl_record_stopped_cameras") == 0)
            await asyncio.to_thread(rig.assert_recorded_once, disk.recordings)

    with Coach(own_stack.base_url, own_stack.coach_key) as coach:
        asyncio.run(scenario(coach))
