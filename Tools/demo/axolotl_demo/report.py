"""What a run amounts to: the figures of `report.json`, measured from the evidence, and the verdict on them."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

from axolotl_kit.footage import SOURCE_WIDTH, WIDTH
from axolotl_kit.recordings import DeviceRecording

from .phones import truth_file
from .run import Evidence

LARGEST_CLOCK_ERROR_MS = 5.0
FOOTAGE_PX_PER_FRAME_PX = SOURCE_WIDTH / WIDTH


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value that `share` of all do not exceed; None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def read_truth(path: Path) -> dict[int, float]:
    """The true capture instant (SessionTime µs) of each sequence number, as the phone wrote it down."""
    with path.open(newline="") as file:
        return {int(row["sequence"]): float(row["true_us"]) for row in csv.DictReader(file)}


def clock_errors(recording: DeviceRecording, truth: dict[int, float]) -> list[tuple[float, float]]:
    """Per recorded frame: how far its SessionTime is from the truth, and how far it claimed to be at most; ms.

    The index holds the estimate of the moment at which the frame arrived: nothing is corrected in hindsight.
    """
    return [
        (abs(entry.session_us - truth[entry.sequence]) / 1000, entry.bound_us / 1000)
        for entry in recording.entries
        if entry.sequence in truth
    ]


def conclude(evidence: Evidence, folder: Path) -> dict[str, Any]:
    """The report of one run."""
    devices, errors = {}, []
    for phone in evidence.phones:
        truth = read_truth(truth_file(folder, phone.device_id))
        recording = evidence.recordings.get(phone.device_id, DeviceRecording(phone.device_id))
        own = clock_errors(recording, truth)
        errors += own
        devices[phone.device_id] = _device(phone.statistics, recording, truth, own) | {
            "true_rate_ppm": round(phone.clock["rate_ppm"], 2)
        }
    poses = json.loads((folder / "poses.json").read_bytes())["poses"]
    found = [[joint for joint in pose["joints"] if joint["views"] > 0] for pose in poses]
    reprojection = [joint["reprojection_px"] * FOOTAGE_PX_PER_FRAME_PX for joints in found for joint in joints]

    def total(name: str) -> int:
        return sum(device[name] for device in devices.values())

    return {
        "frames_sent": total("frames_sent"),
        "frames_acknowledged": total("frames_acknowledged"),
        "frames_recorded": total("frames_recorded"),
        "frames_lost": total("frames_lost"),
        "clock_error_ms_p95": _rounded(percentile([error for error, _ in errors], 0.95)),
        "clock_inside_bound_pct": _rounded(_inside(errors)),
        "aligned_sets": evidence.statistics["aligned_sets"],
        "poses": len(poses),
        "joints_per_pose": _rounded(sum(map(len, found)) / len(found) if found else 0),
        "reprojection_px_median": _rounded(percentile(reprojection, 0.5)),
        "capture_to_pose_ms_p50": _rounded(percentile(evidence.live.latencies_ms, 0.5)),
        "capture_to_pose_ms_p95": _rounded(percentile(evidence.live.latencies_ms, 0.95)),
        "fps": evidence.fps,
        "seconds": evidence.seconds,
        "live_poses": evidence.live.poses,
        "devices": devices,
        "reconstruction": evidence.statistics,
        "faults": [fault for recording in evidence.recordings.values() for fault in recording.faults],
    }


def verdict(report: dict[str, Any]) -> list[str]:
    """Why the run does not pass, a sentence each; nothing if it does."""
    reasons = []
    if report["frames_sent"] == 0:
        reasons.append("No frame was sent.")
    if report["frames_lost"] > 0:
        reasons.append(f"{report['frames_lost']} frames were lost: sent, but not in the recordings.")
    if report["frames_acknowledged"] < report["frames_sent"]:
        reasons.append(f"{report['frames_sent'] - report['frames_acknowledged']} frames were never acknowledged.")
    reasons += [f"A recording does not hold together: {fault}." for fault in report["faults"]]
    if report["poses"] == 0:
        reasons.append("No 3D pose came out.")
    elif report["live_poses"] == 0:
        reasons.append("No 3D pose reached the coach's live view.")
    error = report["clock_error_ms_p95"]
    if error is None:
        reasons.append("The clock error could not be measured: the recordings' index holds no frame.")
    elif error > LARGEST_CLOCK_ERROR_MS:
        reasons.append(f"The clock error's 95th percentile is {error} ms, more than {LARGEST_CLOCK_ERROR_MS} ms.")
    return reasons


def _device(
    statistics: dict[str, Any], recording: DeviceRecording, truth: dict[int, float], errors: list[tuple[float, float]]
) -> dict[str, Any]:
    recorded = set(recording.sequences)
    return statistics | {
        # What ffprobe counts in the files, not what the service says of itself.
        "frames_recorded": recording.frames_in_files,
        "frames_lost": len(set(truth) - recorded),
        "files": [path.name for path in recording.files],
        "clock_error_ms_p50": _rounded(percentile([error for error, _ in errors], 0.5)),
        "clock_error_ms_p95": _rounded(percentile([error for error, _ in errors], 0.95)),
        "clock_error_ms_max": _rounded(max((error for error, _ in errors), default=None)),
        "clock_bound_ms_median": _rounded(percentile([bound for _, bound in errors], 0.5)),
        "clock_inside_bound_pct": _rounded(_inside(errors)),
    }


def _inside(errors: list[tuple[float, float]]) -> float | None:
    return 100 * sum(error <= bound for error, bound in errors) / len(errors) if errors else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
