"""The report: what was read of each camera, and how far each pair is truly apart against what the server claims."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np

from .camera import CameraReadings
from .steps import screen_step_ms
from .truth import AVERAGE_MS, Shifts, Track, compare

#: The two times of a frame: what was known when it came, and what all clock exchanges said afterwards.
KINDS = ("live", "final")
#: Share of the frames that must be inside the claimed bound.
WANTED_INSIDE_PCT = 99.0
#: A camera that is later than this is worth a setting.
WORTH_SETTING_MS = 3.0


class NothingToCompare(Exception):
    """No report can be made; the message says what to do."""


def make_report(session: str, cameras: Iterable[CameraReadings]) -> dict[str, Any]:
    """Everything as plain numbers, in ms unless a name says otherwise."""
    cameras = list(cameras)
    usable = [camera for camera in cameras if camera.read]
    _check(cameras, usable)
    live = [_track(camera, "live") for camera in usable]
    step = screen_step_ms(live)
    pairs = []
    for first, second in combinations(usable, 2):
        pair: dict[str, Any] = {"first": first.device, "second": second.device}
        for kind in KINDS:
            shifts = compare(_track(first, kind), _track(second, kind), step)
            if shifts.shift_ms.size:
                pair[kind] = _figures(shifts)
        if any(kind in pair for kind in KINDS):
            pairs.append(pair)
    if not pairs:
        raise NothingToCompare(
            "No two cameras saw the clock at the same time with a known time of their own. Let all phones film /clock "
            "at once for half a minute while they stream."
        )
    return {
        "session": session,
        "screen": {"step_ms": _rounded(step), "averaged_over_s": AVERAGE_MS / 1000 if step else 0},
        "cameras": {camera.device: _camera(camera) for camera in cameras},
        "pairs": pairs,
        "late_ms": _lateness([camera.device for camera in usable], pairs),
    }


def is_inside(report: dict[str, Any]) -> bool:
    """Whether as many frames as promised are within the claimed bound, as exactly as could be told."""
    return all(
        pair[kind]["inside_as_told_pct"] >= WANTED_INSIDE_PCT
        for pair in report["pairs"]
        for kind in KINDS
        if kind in pair
    )


def _check(cameras: list[CameraReadings], usable: list[CameraReadings]) -> None:
    if len(usable) >= 2:
        return
    reasons = "; ".join(
        f"{camera.device}: "
        + (", ".join(f"{count} × {why.value}" for why, count in camera.unread.items()) or "no code in sight")
        for camera in cameras
        if not camera.read
    )
    faults = "".join(f" {fault}." for camera in cameras for fault in camera.faults)
    raise NothingToCompare(
        f"The clock's code could be read in the recordings of {len(usable)} of {len(cameras)} cameras, and two are "
        f"needed ({reasons or 'there is no other camera'}).{faults} Open /clock on a screen, let all phones film it at "
        "once for half a minute, in the middle of the picture and a third of its width or more, and run this again."
    )


def _track(camera: CameraReadings, kind: str) -> Track:
    return Track(
        session_ms=camera.array(f"{kind}_ms"),
        bound_ms=camera.array(f"{kind}_bound_ms"),
        screen_ms=camera.screen_ms,
        noise_ms=camera.noise_ms,
        mixed=camera.mixed_share,
    )


def _figures(shifts: Shifts) -> dict[str, Any]:
    size = np.abs(shifts.shift_ms)
    constant = float(np.median(shifts.shift_ms))
    rest = np.abs(shifts.shift_ms - constant)
    return {
        "frames": int(size.size),
        "seconds": _rounded((shifts.session_ms[-1] - shifts.session_ms[0]) / 1000),
        "median_signed_ms": _rounded(constant),
        "p50_ms": _rounded(np.percentile(size, 50)),
        "p95_ms": _rounded(np.percentile(size, 95)),
        "max_ms": _rounded(size.max()),
        "p95_around_median_ms": _rounded(np.percentile(rest, 95)),
        "bound_p50_ms": _rounded(np.percentile(shifts.allowed_ms, 50)),
        "inside_pct": _rounded(100 * np.mean(size <= shifts.allowed_ms)),
        "inside_as_told_pct": _rounded(100 * np.mean(size - shifts.resolution_ms <= shifts.allowed_ms)),
        "resolution_ms": _rounded(shifts.resolution_ms),
    }


def _camera(camera: CameraReadings) -> dict[str, Any]:
    known = np.isfinite(camera.array("live_ms"))
    corrected = np.isfinite(camera.array("final_ms"))
    figures: dict[str, Any] = {
        "frames_recorded": camera.frames_recorded,
        "frames_examined": camera.frames_examined,
        "frames_read": len(camera.read),
        "frames_unread": {
            why.name.lower(): count for why, count in sorted(camera.unread.items(), key=lambda each: each[0].name)
        },
        "frames_without_live_time": int(np.sum(~known)),
        "frames_without_final_time": int(np.sum(~corrected)),
        "faults": camera.faults,
    }
    if camera.read:
        readings = [frame.reading for frame in camera.read]
        figures |= {
            "code_width_px": _rounded(np.median([each.width_px for each in readings])),
            "code_centre": [_rounded(np.median([each.centre[axis] for each in readings])) for axis in (0, 1)],
            "tilt_ms": _rounded(np.median([each.tilt_ms for each in readings])),
            "reading_noise_ms": _rounded(camera.noise_ms),
            "mixed_pct": _rounded(100 * camera.mixed_share),
        }
    return figures


def _lateness(devices: list[str], pairs: list[dict[str, Any]]) -> dict[str, float]:
    """How late each camera's times are against the earliest one's, where they can all be told against one of them."""
    reference = devices[0]
    late = {reference: 0.0}
    for pair in pairs:
        figures = pair.get("final") or pair["live"]
        if pair["first"] == reference:
            late[pair["second"]] = -figures["median_signed_ms"]
    earliest = min(late.values())
    return {device: _rounded(value - earliest) for device, value in late.items()}


def _rounded(value: float) -> float:
    return round(float(value), 3)
