"""One run at one rate: a stack of its own, a coach, four phones, and everything they left behind."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import CAMERAS, SOURCE_FPS, calibration_file
from axolotl_kit.recordings import DeviceRecording, read_session
from axolotl_kit.stack import FROM_ONE_ADDRESS, Stack

from .live import LiveView
from .phones import DemoFailure, PhoneProcess, truth_file
from .progress import ProgressBar

READY_SECONDS = 60
DRAIN_SECONDS = 45
SETTLE_SECONDS = 45
SETTLED_FOR_SECONDS = 1.0
LEAD_IN_US = 500_000


@dataclass
class Evidence:
    """What one run left behind, before anything is concluded from it."""

    fps: int
    seconds: float
    session_id: str = ""
    phones: list[PhoneProcess] = field(default_factory=list)
    live: LiveView = field(default_factory=LiveView)
    status: dict[str, Any] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    recordings: dict[str, DeviceRecording] = field(default_factory=dict)


def perform(fps: int, seconds: float, folder: Path, say: Callable[[str], None]) -> Evidence:
    """Plays the footage through a stack of its own, and collects what came of it in `folder`."""
    evidence = Evidence(fps, seconds)
    say(f"{fps} fps: starting the five services")
    kept = folder / "recordings"
    # A short path: the names of Unix sockets below it are limited to some hundred bytes.
    with tempfile.TemporaryDirectory(prefix="axolotl-demo-") as home:
        # Four phones keep within the limits that an operator has.
        with Stack(home, settings=dict.fromkeys(FROM_ONE_ADDRESS, "")) as stack:
            asyncio.run(_play(stack, evidence, folder))
            say(f"{fps} fps: stopping the services, counting frames in the recordings")
        recorded = stack.recordings / evidence.session_id
        if not recorded.is_dir():
            raise DemoFailure("No recording of the session was found on disk.")
        shutil.move(recorded, kept)
    evidence.recordings = read_session(kept)
    return evidence


async def _play(stack: Stack, evidence: Evidence, folder: Path) -> None:
    with Coach(stack.base_url, stack.coach_key) as coach:
        session = coach.create_session(expected_devices=len(CAMERAS), mode="3d", user_id="demo")
        evidence.session_id = session["session_id"]
        coach.put_calibration(evidence.session_id, calibration_file().read_bytes(), "application/xml")
        view = asyncio.create_task(evidence.live.follow(coach, evidence.session_id))
        listeners: list[asyncio.Task[None]] = []
        try:
            for orders in _orders(stack.base_url, session["pairing_token"], evidence, folder):
                phone = await PhoneProcess.launch(orders)
                evidence.phones.append(phone)
                listeners.append(asyncio.create_task(phone.listen()))
            await _film(evidence)
            await _settle(coach, evidence)
            await _collect(coach, evidence, folder)
        finally:
            for task in (view, *listeners):
                task.cancel()
            await asyncio.gather(*(phone.stop() for phone in evidence.phones))
            await asyncio.gather(view, *listeners, return_exceptions=True)


def _orders(base_url: str, token: str, evidence: Evidence, folder: Path) -> list[dict[str, Any]]:
    stride = SOURCE_FPS // evidence.fps
    source = random.Random()
    return [
        {
            "base_url": base_url,
            "token": token,
            "device_id": camera,
            "camera": camera,
            "fps": evidence.fps,
            "phase": number % stride,
            "seconds": evidence.seconds,
            "seed": source.getrandbits(32),
            "truth": str(truth_file(folder, camera)),
            "drain_seconds": DRAIN_SECONDS,
        }
        for number, camera in enumerate(CAMERAS)
    ]


async def _film(evidence: Evidence) -> None:
    phones = evidence.phones
    try:
        await asyncio.wait_for(asyncio.gather(*(phone.ready.wait() for phone in phones)), READY_SECONDS)
    except TimeoutError:
        late = ", ".join(phone.device_id for phone in phones if not phone.ready.is_set())
        raise DemoFailure(f"{late} did not pair and synchronise within {READY_SECONDS} s.") from None
    _check(phones)
    start_us = true_now_us() + LEAD_IN_US
    for phone in phones:
        await phone.begin(start_us)
    bar = ProgressBar(f"{evidence.fps} fps", sum(phone.frames for phone in phones))
    deadline = time.monotonic() + evidence.seconds + DRAIN_SECONDS + 10
    while not all(phone.done for phone in phones):
        _check(phones)
        if time.monotonic() > deadline:
            raise DemoFailure("The phones did not end in time.")
        bar.show(*_totals(phones), evidence.live.poses)
        await asyncio.sleep(0.1)
    bar.show(*_totals(phones), evidence.live.poses, last=True)


def _totals(phones: list[PhoneProcess]) -> tuple[int, int]:
    return sum(phone.sent for phone in phones), sum(phone.acknowledged for phone in phones)


def _check(phones: list[PhoneProcess]) -> None:
    for phone in phones:
        if phone.failure is not None:
            raise DemoFailure(f"{phone.device_id} failed: {phone.failure}")


async def _settle(coach: Coach, evidence: Evidence) -> None:
    """Waits until every recorded frame has gone through pose estimation, and no further 3D pose comes of them."""
    acknowledged = sum(phone.acknowledged for phone in evidence.phones)
    deadline = time.monotonic() + SETTLE_SECONDS
    before, since = -1, time.monotonic()
    while time.monotonic() < deadline:
        status = await asyncio.to_thread(coach.status, evidence.session_id)
        statistics = await asyncio.to_thread(coach.statistics, evidence.session_id)
        if statistics["poses"] != before:
            before, since = statistics["poses"], time.monotonic()
        devices = status["devices"]
        behind = (
            sum(each["frames_recorded"] for each in devices) < acknowledged
            or sum(each["poses_waiting"] for each in devices) > 0
        )
        if not behind and time.monotonic() - since >= SETTLED_FOR_SECONDS:
            return
        await asyncio.sleep(0.25)
    raise DemoFailure(f"Pose estimation was still behind {SETTLE_SECONDS} s after the last frame.")


async def _collect(coach: Coach, evidence: Evidence, folder: Path) -> None:
    evidence.status = await asyncio.to_thread(coach.status, evidence.session_id)
    evidence.statistics = await asyncio.to_thread(coach.statistics, evidence.session_id)
    for form in ("trc", "csv", "json"):
        document = await asyncio.to_thread(coach.poses, evidence.session_id, form)
        (folder / f"poses.{form}").write_bytes(document)
