"""The report as a person reads it."""

from __future__ import annotations

from typing import Any

ROWS = (
    ("frames_sent", "frames sent", ""),
    ("frames_acknowledged", "frames acknowledged", ""),
    ("frames_recorded", "frames in the recordings", ""),
    ("frames_lost", "frames lost", ""),
    ("clock_error_ms_p95", "clock error, p95", "ms"),
    ("clock_inside_bound_pct", "clock error inside its bound", "%"),
    ("aligned_sets", "aligned sets", ""),
    ("poses", "3D poses", ""),
    ("joints_per_pose", "joints per pose", "of 33"),
    ("reprojection_px_median", "reprojection error, median", "px of 1080×1920"),
    ("capture_to_pose_ms_p50", "capture to pose on screen, p50", "ms"),
    ("capture_to_pose_ms_p95", "capture to pose on screen, p95", "ms"),
)


def table(reports: list[dict[str, Any]]) -> str:
    """One column per run."""
    heads = [f"{report['fps']} fps" for report in reports]
    lines = [_line("", heads, "")]
    for key, name, unit in ROWS:
        lines.append(_line(name, [_cell(report[key]) for report in reports], unit))
    return "\n".join(lines)


def device_table(report: dict[str, Any]) -> str:
    """One column per phone."""
    devices = report["devices"]
    lines = [_line(f"per phone, {report['fps']} fps", list(devices), "")]
    for key, name, unit in (
        ("frames_sent", "frames sent", ""),
        ("frames_recorded", "frames in the recordings", ""),
        ("connections", "connections", ""),
        ("true_rate_ppm", "its clock's true rate error", "ppm"),
        ("clock_error_ms_p95", "clock error, p95", "ms"),
        ("clock_bound_ms_median", "claimed bound, median", "ms"),
    ):
        lines.append(_line(name, [_cell(device.get(key)) for device in devices.values()], unit))
    return "\n".join(lines)


def _line(name: str, cells: list[str], unit: str) -> str:
    return f"  {name:<32}" + "".join(f"{cell:>11}" for cell in cells) + (f"  {unit}" if unit else "")


def _cell(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
