"""The main job on a few seconds of real footage: four phones film, 3D poses come out."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import CAMERAS, calibration_file, load_camera
from axolotl_kit.recordings import DeviceRecording, read_session
from axolotl_kit.rig import Rig
from axolotl_kit.stack import Stack
from axolotl_kit.wire import decode_pose

SECONDS = 4
FPS = 15
ALIGNED_WITHIN_SECONDS = 1
#: Of the instants of which there is a 2D pose from each camera.
MOST = 0.6


@dataclass
class Outcome:
    """What the run left."""

    rig: Rig
    recordings: dict[str, DeviceRecording] = field(default_factory=dict)
    live_times_us: list[int] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    trc: str = ""
    csv: str = ""
    document: dict = field(default_factory=dict)
    statistics: dict = field(default_factory=dict)


@pytest.fixture(scope="module")
def outcome(stack: Stack) -> Outcome:
    """One run, looked at by all tests of this file."""
    with Coach(stack.base_url, stack.coach_key) as coach:
        return asyncio.run(run(stack, coach))


async def run(stack: Stack, coach: Coach) -> Outcome:
    cameras = [load_camera(name) for name in CAMERAS]
    async with Rig(stack, coach, cameras, FPS, calibration=calibration_file().read_bytes()) as rig:
        outcome = Outcome(rig)
        watching = asyncio.create_task(watch(coach, rig.session_id, outcome))
        rig.start_filming()
        await rig.until("the footage to end", lambda: all(p.statistics.sent >= SECONDS * FPS for p in rig.phones))
        # A machine that others keep busy estimates fewer poses in that time.
        await rig.until("poses", lambda: coach.statistics(rig.session_id)["poses"] > MOST * SECONDS * FPS)
        await rig.stop_filming()

        newest = (0, time.monotonic())

        def settled() -> bool:
            nonlocal newest
            devices = coach.status(rig.session_id)["devices"]
            statistics = coach.statistics(rig.session_id)
            recorded = sum(device["frames_recorded"] for device in devices)
            estimated = sum(device["poses_estimated"] for device in devices)
            passed_over = sum(device["poses_shed"] + device["poses_failed"] for device in devices)
            acknowledged = sum(len(phone.truth) for phone in rig.phones)
            if statistics["poses"] != newest[0]:
                newest = (statistics["poses"], time.monotonic())
            return (
                recorded == acknowledged == estimated + passed_over
                and statistics["observations"] == estimated
                and len(outcome.live_times_us) > 0
                # The aligner waits so long, and less, for a camera's word on an instant.
                and time.monotonic() - newest[1] > ALIGNED_WITHIN_SECONDS
            )

        await rig.until("the poses to settle", settled)
        watching.cancel()
        outcome.statistics = coach.statistics(rig.session_id)
        outcome.trc = coach.poses(rig.session_id, "trc").decode()
        outcome.csv = coach.poses(rig.session_id, "csv").decode()
        outcome.document = json.loads(coach.poses(rig.session_id, "json"))
    outcome.recordings = read_session(stack.recordings / rig.session_id)
    return outcome


async def watch(coach: Coach, session_id: str, outcome: Outcome) -> None:
    async for message in coach.watch(session_id):
        if isinstance(message, bytes):
            pose = decode_pose(message)
            outcome.live_times_us.append(pose.time_us)
            outcome.latencies_ms.append((true_now_us() - pose.time_us) / 1000)


def test_every_frame_is_recorded_once_at_its_true_time(outcome: Outcome) -> None:
    errors_ms = []
    for phone in outcome.rig.phones:
        recording = outcome.recordings[phone.device_id]
        assert recording.faults == []
        assert set(recording.sequences) == {frame.sequence for frame in phone.truth}
        truth = {frame.sequence: frame.true_us for frame in phone.truth}
        errors_ms += [abs(entry.session_us - truth[entry.sequence]) / 1000 for entry in recording.entries]
    assert sorted(errors_ms)[int(len(errors_ms) * 0.95)] < 5


def test_poses_of_most_instants_come_out(outcome: Outcome) -> None:
    poses = outcome.document["poses"]
    assert len(poses) == outcome.statistics["poses"]
    # The tracker needs some frames to begin, and the aligner a frame on either side.
    assert len(poses) > MOST * outcome.statistics["observations"] / len(CAMERAS)


def test_live_poses_are_the_exported_ones(outcome: Outcome) -> None:
    """All but a few: to a page that does not keep up the newest are sent."""
    assert len(set(outcome.live_times_us)) == len(outcome.live_times_us) <= len(outcome.document["poses"])
    assert len(outcome.live_times_us) > 0.9 * len(outcome.document["poses"])


def test_the_person_has_a_person_s_size(outcome: Outcome) -> None:
    """Shoulder to ankle of an adult: some 1.2 to 1.6 m, whatever the direction of the axes."""
    lengths = []
    for pose in outcome.document["poses"]:
        joints = {joint["name"]: joint for joint in pose["joints"]}
        shoulder, ankle = joints["left_shoulder"], joints["left_ankle"]
        if shoulder["views"] and ankle["views"]:
            lengths.append(sum((a - b) ** 2 for a, b in zip(shoulder["xyz_m"], ankle["xyz_m"], strict=True)) ** 0.5)
    assert len(lengths) > 10
    assert 0.9 < sorted(lengths)[len(lengths) // 2] < 1.8


def utc_seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_rays_meet(outcome: Outcome) -> None:
    errors = [j["reprojection_px"] for p in outcome.document["poses"] for j in p["joints"] if j["views"]]
    assert sorted(errors)[len(errors) // 2] < 15


def test_the_three_exports_agree(outcome: Outcome) -> None:
    poses = len(outcome.document["poses"])
    rows = list(csv.reader(io.StringIO(outcome.csv)))
    found = [row for row in rows[1:] if row[rows[0].index("cameras")] != "0"]
    assert len(found) == poses
    assert [int(row[0]) for row in found] == [pose["frame"] for pose in outcome.document["poses"]]
    # Instants without a pose have a row, too.
    assert [int(row[0]) for row in rows[1:]] == list(range(1, len(rows)))
    trc = outcome.trc.splitlines()
    assert trc[0].startswith("PathFileType")
    header = dict(zip(trc[1].split("\t"), trc[2].split("\t"), strict=False))
    assert int(header["NumFrames"]) == len(rows) - 1
    assert int(header["NumMarkers"]) == 33
    assert [int(line.split("\t")[0]) for line in trc[5:]] == [int(row[0]) for row in rows[1:]]
    assert {len(line.split("\t")) for line in trc[5:]} == {2 + 33 * 3}
    assert abs(utc_seconds(outcome.document["start_utc"]) - int(rows[1][3]) / 1e6) < 1e-5
    # The anchor was taken a moment before, by the same machine's clock.
    assert 0 < time.time() - utc_seconds(outcome.document["start_utc"]) < 600
