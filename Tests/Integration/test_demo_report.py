"""The demo's own judgement: a run that loses a frame, gives no pose or has a wrong clock must not pass."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tools" / "demo"))

from axolotl_demo.live import LiveView
from axolotl_demo.report import conclude, percentile, verdict
from axolotl_demo.run import Evidence
from axolotl_demo.table import device_table, table
from axolotl_kit.recording_index import IndexEntry
from axolotl_kit.recordings import DeviceRecording

FRAMES = 20


class FakePhone:
    """As much of a phone process as the report looks at."""

    device_id = "cam01"
    clock = {"rate_ppm": 12.345}  # noqa: RUF012
    statistics = {"frames_sent": FRAMES, "frames_acknowledged": FRAMES, "connections": 1}  # noqa: RUF012


def evidence(folder: Path, error_us: int = 1000, recorded: int = FRAMES, poses: int = 3) -> Evidence:
    rows = [f"{number},{number * 1000}.0,7" for number in range(1, FRAMES + 1)]
    (folder / "cam01-truth.csv").write_text("\n".join(["sequence,true_us,device_us", *rows]))
    joint = {"views": 3, "reprojection_px": 2.0}
    missing = {"views": 0, "reprojection_px": 0.0}
    document = {"poses": [{"joints": [joint, joint, missing]}] * poses}
    (folder / "poses.json").write_text(json.dumps(document))
    entries = [IndexEntry(n, 7, n * 1000 + error_us, 1500, 1, n) for n in range(1, recorded + 1)]
    recording = DeviceRecording("cam01", entries, recorded)
    return Evidence(
        15, 1.0, "s", [FakePhone()], LiveView(poses, [80.0, 90.0, 100.0]), {}, {"aligned_sets": 5}, {"cam01": recording}
    )  # fmt: skip


def report(folder: Path, **changes: Any) -> dict[str, Any]:
    return conclude(evidence(folder, **changes), folder)


def test_a_good_run_passes(tmp_path: Path) -> None:
    figures = report(tmp_path)
    assert verdict(figures) == []
    assert figures["frames_recorded"] == figures["frames_sent"] == FRAMES
    assert figures["frames_lost"] == 0
    assert figures["clock_error_ms_p95"] == 1.0
    assert figures["clock_inside_bound_pct"] == 100
    assert figures["joints_per_pose"] == 2
    assert figures["reprojection_px_median"] == 3.0
    assert (figures["capture_to_pose_ms_p50"], figures["capture_to_pose_ms_p95"]) == (90.0, 100.0)
    assert "15 fps" in table([figures]) and "cam01" in device_table(figures)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"recorded": FRAMES - 1}, "1 frames were lost"), ({"poses": 0}, "No 3D pose"), ({"error_us": 5100}, "5.1 ms")],
)
def test_a_bad_run_does_not(tmp_path: Path, changes: dict[str, int], words: str) -> None:
    reasons = verdict(report(tmp_path, **changes))
    assert any(words in reason for reason in reasons), reasons


def test_an_error_outside_its_bound_is_seen(tmp_path: Path) -> None:
    assert report(tmp_path, error_us=-1600)["clock_inside_bound_pct"] == 0


def test_percentiles_are_of_the_values_themselves() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95
