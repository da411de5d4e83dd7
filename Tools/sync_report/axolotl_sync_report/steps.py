"""Whether pictures show a screen's single steps, and how long these are.

A short exposure shows one step of the screen: what is read lies on a grid of its refreshes, whenever the picture was
taken. A longer one mixes steps, and their mean lies anywhere.
"""

from __future__ import annotations

import numpy as np

from .truth import Array, Track

#: Screens that are looked for, changes a second, and how finely.
SLOWEST_HZ, FASTEST_HZ, FINENESS_HZ = 45.0, 250.0, 0.02
#: How exactly readings must lie on a grid, 0 to 1, and how much more exactly than the times at which they were taken.
ON_GRID, ABOVE_CAMERA = 0.5, 0.3
#: Share of mixed pictures from which on a camera's exposure is a long one.
MOSTLY_MIXED = 0.4
#: So long is looked at once: over longer times the screen's clock wanders; over shorter ones beats do not part.
CHUNK_MS = 20_000.0
#: Fewer readings lie on some grid by chance.
LEAST_READINGS = 60
_RATES = np.arange(SLOWEST_HZ, FASTEST_HZ, FINENESS_HZ)


def screen_step_ms(tracks: list[Track]) -> float:
    """How long the screen shows each time, as the readings tell; 0 where they lie on no steps.

    A camera whose beat is the screen's own lies on its grid too, whatever it shows. Then it counts whether its pictures
    mix times. Of the grids that fit the coarsest is returned: half a step fits as well, and promises too much.
    """
    shown, taken = [], []
    for track in (each.known() for each in tracks):
        for piece in np.split(np.arange(track.session_ms.size), _ends(track)):
            if piece.size >= LEAST_READINGS:
                shown.append(_on_grid(track.screen_ms[piece]))
                taken.append(_on_grid(track.session_ms[piece]))
    if not shown:
        return 0.0
    strength = np.mean(shown, axis=0)
    fits = strength >= ON_GRID
    is_the_screen_s = fits & (strength - np.mean(taken, axis=0) >= ABOVE_CAMERA)
    if not is_the_screen_s.any():
        is_the_screen_s = fits if min(track.mixed for track in tracks) < MOSTLY_MIXED else np.zeros_like(fits)
    if not is_the_screen_s.any():
        return 0.0
    best = int(np.argmax(np.where(is_the_screen_s, strength, 0)))
    return float(1000 / _RATES[_coarsest(best, strength)])


def _coarsest(best: int, strength: Array) -> int:
    """The slowest of the best rate and its parts that fits as well."""
    for part in (5, 4, 3, 2):
        index = round((_RATES[best] / part - SLOWEST_HZ) / FINENESS_HZ)
        if index >= 0 and strength[index] >= 0.9 * strength[best]:
            return index
    return best


def _ends(track: Track) -> Array:
    """Where pieces end: by time, and where the screen's time jumps."""
    chunk = (track.session_ms - track.session_ms[:1]) // CHUNK_MS
    return np.flatnonzero((np.diff(chunk) > 0) | (np.abs(np.diff(track.screen_ms)) > CHUNK_MS)) + 1


def _on_grid(times_ms: Array) -> Array:
    """For each rate, how exactly times lie on its grid: 1 all of them, near 0 anywhere."""
    from_first = (times_ms - times_ms[0]) / 1000
    return np.concatenate(
        [np.abs(np.exp(2j * np.pi * np.outer(some, from_first)).mean(axis=1)) for some in np.array_split(_RATES, 16)]
    )
