"""What one camera recorded, read: for each frame the screen's time beside the times that the server gave it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from axolotl_kit.recording_index import UNKNOWN_BOUND, CorrectedTime, IndexEntry, IndexFault, read_index, read_times
from axolotl_kit.recordings import frame_pictures
from numpy.typing import NDArray

from .decoder import Decoder, Reading, Unread

#: Of so many frames one is looked at; only where a code is seen are the others.
BLOCK = 15
#: Share of a strip in between black and white; blur alone gives less.
VISIBLY_MIXED = 0.1
UNKNOWN = float("nan")
#: What the two strips of a picture err in common: measured on pictures whose time is known (1 sigma).
LEAST_NOISE_MS = 0.03


@dataclass(frozen=True)
class ReadFrame:
    """A frame whose code was read. Times and bounds in ms; NaN where the server did not know."""

    sequence: int
    reading: Reading
    live_ms: float
    live_bound_ms: float
    final_ms: float
    final_bound_ms: float


@dataclass
class CameraReadings:
    """All that was read of a camera."""

    device: str
    frames_recorded: int = 0
    #: Frames that were looked at, where a code was in sight.
    frames_examined: int = 0
    unread: Counter[Unread] = field(default_factory=Counter)
    read: list[ReadFrame] = field(default_factory=list)
    #: What could not be opened, one sentence each.
    faults: list[str] = field(default_factory=list)

    def array(self, name: str) -> NDArray[np.float64]:
        """A time or bound of all read frames, such as `live_ms` or `final_bound_ms`."""
        return np.array([getattr(each, name) for each in self.read], np.float64)

    @property
    def screen_ms(self) -> NDArray[np.float64]:
        """What the screen showed in all read frames."""
        return np.array([each.reading.screen_ms for each in self.read], np.float64)

    @property
    def mixed_share(self) -> float:
        """Share of the read pictures that mix two of the screen's times."""
        return float(np.mean([each.reading.mixed > VISIBLY_MIXED for each in self.read])) if self.read else UNKNOWN

    @property
    def noise_ms(self) -> float:
        """How exactly a frame is read: its two strips are read apart, and differ by a constant but for that. 1 σ."""
        tilts = np.array([each.reading.tilt_ms for each in self.read])
        if not tilts.size:
            return UNKNOWN
        return max(LEAST_NOISE_MS, float(1.4826 * np.median(np.abs(tilts - np.median(tilts))) / 2))


@dataclass(frozen=True)
class _Frame:
    entry: IndexEntry
    corrected: CorrectedTime | None
    picture: bytes


def read_camera(folder: Path) -> CameraReadings:
    """Reads all recordings of a device."""
    # The threads are ours: each has a picture of its own.
    cv2.setNumThreads(1)
    readings = CameraReadings(folder.name)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for video in sorted(folder.glob("*.mkv")):
            try:
                entries = read_index(video.with_suffix(".idx").read_bytes())
                readings.frames_recorded += sum(entry.sequence > 0 for entry in entries)
                _read_segment(_frames(video, entries), readings, pool)
            except (OSError, IndexFault) as error:
                readings.faults.append(f"{folder.name}/{video.name}: {error}")
    readings.read.sort(key=lambda frame: frame.sequence)
    return readings


def _frames(video: Path, entries: list[IndexEntry]) -> Iterator[_Frame]:
    times = video.with_suffix(".times")
    corrected = {each.sequence: each for each in read_times(times.read_bytes())} if times.exists() else {}
    for entry, picture in zip(entries, frame_pictures(video, entries), strict=False):
        # Which frame a picture without a number was is lost.
        if entry.sequence > 0:
            yield _Frame(entry, corrected.get(entry.sequence), picture)


def _read_segment(frames: Iterator[_Frame], readings: CameraReadings, pool: ThreadPoolExecutor) -> None:
    """A code may come into sight between two frames that are looked at, so a block's neighbours are read with it."""
    before: list[_Frame] = []
    was_seen = False
    while block := list(islice(frames, BLOCK)):
        is_seen = _decode(block[len(block) // 2]) is not Unread.NO_CODE
        if is_seen:
            _read_block(before, readings, pool)
        if is_seen or was_seen:
            _read_block(block, readings, pool)
        before = [] if is_seen or was_seen else block
        was_seen = is_seen


def _read_block(block: list[_Frame], readings: CameraReadings, pool: ThreadPoolExecutor) -> None:
    for frame, result in zip(block, pool.map(_decode, block), strict=True):
        readings.frames_examined += 1
        if isinstance(result, Unread):
            readings.unread[result] += 1
            continue
        has_live = frame.entry.bound_us != UNKNOWN_BOUND
        corrected = frame.corrected
        readings.read.append(
            ReadFrame(
                sequence=frame.entry.sequence,
                reading=result,
                live_ms=frame.entry.session_us / 1000 if has_live else UNKNOWN,
                live_bound_ms=frame.entry.bound_us / 1000 if has_live else UNKNOWN,
                final_ms=corrected.session_us / 1000 if corrected else UNKNOWN,
                final_bound_ms=corrected.bound_us / 1000 if corrected else UNKNOWN,
            )
        )


def _decode(frame: _Frame) -> Reading | Unread:
    # A detector is cheap to make, and not meant to be shared between threads.
    return Decoder().read_jpeg(frame.picture)
