"""From readings to errors: how far the cameras' times are truly apart.

All cameras film one screen. Where two frames show the same screen time they were taken at the same instant, so the
difference of the times that the server gave them is their true error against each other. The screen's own clock does
not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .layout import WRAP_MS

Array = NDArray[np.float64]

#: Between the two frames on either side of an instant; beyond it the camera did not see that instant.
WIDEST_GAP_MS = 250.0
#: Two frames in a row whose distance to the screen changes by more: the page was opened anew between them.
SCREEN_JUMP_MS = 1000.0
#: Where the screen's steps show in the readings, so long is averaged over.
AVERAGE_MS = 20_000.0


@dataclass(frozen=True)
class Track:
    """One camera: the server's time and its bound of every frame, and what the screen then showed. All ms."""

    session_ms: Array
    bound_ms: Array
    screen_ms: Array
    #: 1 σ of a reading.
    noise_ms: float = 0.0
    #: Share of the pictures that mix two of the screen's times.
    mixed: float = 1.0

    def known(self) -> Track:
        """Without the frames that the server had no time for, in the order of time."""
        order = np.argsort(self.session_ms, kind="stable")
        order = order[np.isfinite(self.session_ms[order])]
        return Track(self.session_ms[order], self.bound_ms[order], self.screen_ms[order], self.noise_ms, self.mixed)

    @property
    def distance_ms(self) -> Array:
        """Screen − session; grows when the server's time is too early. Without the screen's wrapping."""
        distance = self.screen_ms - self.session_ms
        return distance if distance.size == 0 else distance[0] + around(distance - distance[0])


@dataclass(frozen=True)
class Shifts:
    """How much later the first camera's times are than the second's, frame by frame of the first. All ms."""

    session_ms: Array
    shift_ms: Array
    #: What both cameras' bounds allow together.
    allowed_ms: Array
    #: How exactly a shift could be told, half the width.
    resolution_ms: float


def around(ms: Array) -> Array:
    """The nearest to zero among the times that the screen shows alike."""
    return np.asarray((ms + WRAP_MS / 2) % WRAP_MS - WRAP_MS / 2, np.float64)


def compare(first: Track, second: Track, step_ms: float) -> Shifts:
    """The shifts between two cameras at the frames of the first that lie between two of the second."""
    first, second = first.known(), second.known()
    distances, resolutions = [], []
    for track in (first, second):
        distance, resolution = _averaged(track, step_ms)
        distances.append(distance)
        resolutions.append(resolution)
    after = np.searchsorted(second.session_ms, first.session_ms)
    inner = (after > 0) & (after < second.session_ms.size)
    after = after[inner]
    at = first.session_ms[inner]
    left, right = second.session_ms[after - 1], second.session_ms[after]
    jump = np.abs(distances[1][after] - distances[1][after - 1])
    usable = (right - left <= WIDEST_GAP_MS) & (jump < SCREEN_JUMP_MS)
    weight = (at - left) / np.maximum(right - left, 1e-9)
    there = distances[1][after - 1] * (1 - weight) + distances[1][after] * weight
    allowed = first.bound_ms[inner] + np.maximum(second.bound_ms[after - 1], second.bound_ms[after])
    # A time that is late is nearer to the screen's than one that is right.
    shift = around(there - distances[0][inner])
    return Shifts(at[usable], shift[usable], allowed[usable], float(np.hypot(*resolutions)))


def _averaged(track: Track, step_ms: float) -> tuple[Array, float]:
    """Distances to the screen, and how exactly they are known; averaged where single frames show the screen's steps.

    What a frame shows began at most one step ago. If the camera's and the screen's beats drift through each other, all
    parts of a step come up and the mean is half a step; if they do not, it may be off by half of what did not come up.
    """
    distance = track.distance_ms
    if step_ms == 0 or distance.size == 0:
        return distance, 2 * track.noise_ms
    averaged = np.empty_like(distance)
    resolutions = np.empty_like(distance)
    begins = np.searchsorted(track.session_ms, track.session_ms - AVERAGE_MS / 2)
    ends = np.searchsorted(track.session_ms, track.session_ms + AVERAGE_MS / 2)
    for index, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        window = distance[begin:end]
        window = window[np.abs(window - distance[index]) < SCREEN_JUMP_MS]
        low, high = np.percentile(window, (1, 99))
        averaged[index] = window.mean() + step_ms / 2
        resolutions[index] = max(0.0, step_ms - (high - low)) / 2 + 2 * window.std() / np.sqrt(window.size)
    return averaged, float(np.median(resolutions))
