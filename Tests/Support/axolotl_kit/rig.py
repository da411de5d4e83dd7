"""A whole session in one process: a coach and some simulated phones, for tests that need frames to flow."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from .clock import DeviceClock, true_now_us
from .coach import Coach
from .fault_matrix import FaultRow
from .footage import SOURCE_FPS, Camera, there_and_back
from .frame_buffer import FrameBuffer
from .phone import PhoneSettings, SimulatedPhone
from .radio import Radio
from .recordings import read_session
from .stack import Stack


class Rig:
    """A session and its phones, paired and synchronised on entry, closed on exit.

    `phones` are named `cam01`, `cam02`, … in the order of `cameras`; each films its camera's pictures. `kind` is that
    of all phones, or of each; with a `radio` all that they send and hear goes through it.
    """

    def __init__(
        self,
        stack: Stack,
        coach: Coach,
        cameras: Sequence[Camera],
        fps: int = 15,
        size: tuple[int, int] = (720, 1280),
        calibration: bytes | None = None,
        held_frames: int = 1800,
        seed: int = 0,
        kind: type[SimulatedPhone] | Sequence[type[SimulatedPhone]] = SimulatedPhone,
        radio: Radio | None = None,
    ) -> None:
        self.stack = stack
        self.coach = coach
        self.cameras = cameras
        self.fps = fps
        self.phones: list[SimulatedPhone] = []
        self.session: dict[str, Any] = {}
        self._size = size
        self._calibration = calibration
        self._held_frames = held_frames
        self._kinds = [kind] * len(cameras) if isinstance(kind, type) else kind
        self._radio = radio
        self._source = random.Random(seed)
        self._filming: list[asyncio.Task[None]] = []

    @property
    def session_id(self) -> str:
        """The session's name."""
        return str(self.session["session_id"])

    async def __aenter__(self) -> Rig:
        mode = "single" if len(self.cameras) == 1 else "3d"
        self.session = self.coach.create_session(expected_devices=len(self.cameras), mode=mode)
        if self._calibration is not None:
            self.coach.put_calibration(self.session_id, self._calibration, "application/xml")
        settings = PhoneSettings(width=self._size[0], height=self._size[1])
        for number, kind in enumerate(self._kinds, start=1):
            clock = DeviceClock.wrong(self._source)
            buffer = FrameBuffer(maximum_frames=self._held_frames)
            phone = kind(
                self.stack.base_url if self._radio is None else self._radio.base_url,
                self.session["pairing_token"],
                f"cam{number:02}",
                clock,
                settings,
                buffer,
                random.Random(self._source.random()),
            )
            phone.radio = self._radio
            self.phones.append(phone)
            await phone.pair()
        try:
            await asyncio.gather(*(phone.start() for phone in self.phones))
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def start_filming(self) -> None:
        """From now on every phone takes pictures at real pace, each at its own phase."""
        start_us = true_now_us()
        stride = SOURCE_FPS // self.fps
        for number, (phone, camera) in enumerate(zip(self.phones, self.cameras, strict=True)):
            self._filming.append(asyncio.create_task(self._film(phone, camera, start_us, number % stride, stride)))

    async def stop_filming(self, drain_seconds: float = 30) -> None:
        """No further pictures; returns when all that were taken are acknowledged."""
        for task in self._filming:
            task.cancel()
        await asyncio.gather(*self._filming, return_exceptions=True)
        self._filming.clear()
        await asyncio.gather(*(phone.drain(drain_seconds) for phone in self.phones))

    def assert_recorded_once(self, recordings: Path | None = None) -> None:
        """Every frame ever captured was acknowledged, and is in the recordings exactly once, in order.

        `recordings` is where the stack keeps them, if that is not its own folder.
        """
        found = read_session((recordings or self.stack.recordings) / self.session_id)
        for phone in self.phones:
            row = FaultRow.of("", type(phone).__name__, [phone], found)
            assert row.is_good, row

    async def until(self, what: str, condition: Callable[[], bool], timeout: float = 60) -> None:
        """Waits for a condition while the phones go on; raises TimeoutError that names it."""
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                state = [phone.statistics.as_dict() for phone in self.phones]
                raise TimeoutError(f"waited {timeout:.0f} s for {what}: {state}")
            await asyncio.sleep(0.02)

    async def until_acknowledged(self, more: int, timeout: float = 60) -> None:
        """Waits until every phone has `more` further frames acknowledged than now."""
        goals = [phone.statistics.acknowledged + more for phone in self.phones]
        await self.until(
            f"{more} more acknowledged frames",
            lambda: all(p.statistics.acknowledged >= goal for p, goal in zip(self.phones, goals, strict=True)),
            timeout,
        )

    async def _film(self, phone: SimulatedPhone, camera: Camera, start_us: int, phase: int, stride: int) -> None:
        for step in itertools.count(phase, stride):
            true_us = start_us + step * 1_000_000 / SOURCE_FPS
            await asyncio.sleep(max(0.0, (true_us - true_now_us()) / 1e6))
            phone.capture(camera.pictures[there_and_back(step, len(camera.pictures))], true_us)

    async def _close(self) -> None:
        for task in self._filming:
            task.cancel()
        await asyncio.gather(*self._filming, return_exceptions=True)
        await asyncio.gather(*(phone.close() for phone in self.phones))
