"""A recording gets its corrected times however it ended, for the coach to download, without a calibration too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.phone_talk import join, tell_time_over_http, upload
from axolotl_kit.problem import Problem
from axolotl_kit.recording_index import read_times
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc_talk import recorded_payloads


@dataclass
class Uploading:
    """A phone that uploads, and has just uploaded one picture."""

    client: httpx.Client
    registration: dict[str, Any]
    picture: bytes

    @property
    def session(self) -> str:
        return str(self.registration["session_id"])

    @property
    def device(self) -> str:
        return str(self.registration["device_id"])

    def upload(self, sequence: int) -> None:
        Problem.check(upload(self.client, self.registration["device_token"], self.picture, sequence))

    def times(self, stack: Stack) -> Path:
        return stack.recordings / self.session / self.device / "0001.times"


@pytest.fixture
def phone(own_stack: Stack, own_coach: Coach, small_camera: Camera) -> Iterator[Uploading]:
    session = own_coach.create_session(expected_devices=1, mode="single")
    with httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=15) as client:
        registration = join(client, session["pairing_token"], "phone-a")
        uploading = Uploading(client, registration, small_camera.pictures[0])
        tell_time_over_http(client, registration)
        uploading.upload(1)
        yield uploading


def test_when_the_front_ends_the_recording_is_finished_at_once(phone: Uploading, own_stack: Stack) -> None:
    """Not only once the front has been silent for long; and whoever goes on uploading misses nothing."""
    own_stack.restart_service("api-front")
    own_stack.wait("the corrected times", phone.times(own_stack).exists, 5)
    phone.upload(2)
    assert sorted(sequence for sequence, _ in recorded_payloads(own_stack, phone.session, phone.device)) == [1, 2]


def test_what_was_killed_with_its_phone_is_made_when_the_coach_looks(
    phone: Uploading, own_stack: Stack, own_coach: Coach
) -> None:
    killed = ["api-front", *(name for name in own_stack.services if name.startswith("stream-svc"))]
    for name, pid in own_stack.kill_together(killed).items():
        own_stack.wait_restarted(name, pid)
    own_stack.wait_ready()
    assert not phone.times(own_stack).exists(), "nobody has asked yet"
    [file] = own_coach.recordings(phone.session)
    answer = own_coach.http.get(f"/api/sessions/{phone.session}/recordings/{file['times_path']}")
    assert [time.sequence for time in read_times(Problem.check(answer).content)] == [1]
