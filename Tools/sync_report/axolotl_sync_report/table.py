"""The report as a person reads it."""

from __future__ import annotations

from typing import Any

from .report import KINDS, WORTH_SETTING_MS

WORDS = {"live": "when it came", "final": "afterwards"}
NAME_WIDTH = 24


def table(report: dict[str, Any]) -> str:
    """Cameras, pairs, and what to make of it."""
    return "\n".join([*_cameras(report), "", *_pairs(report), "", *_remarks(report)])


def _cameras(report: dict[str, Any]) -> list[str]:
    lines = [
        f"{'camera':<{NAME_WIDTH}}{'recorded':>10}{'read':>8}{'unread':>8}{'code, px':>10}{'at height':>11}"
        f"{'noise, ms':>11}"
    ]
    for device, camera in report["cameras"].items():
        unread = sum(camera["frames_unread"].values())
        line = f"{_short(device):<{NAME_WIDTH}}{camera['frames_recorded']:>10,}{camera['frames_read']:>8,}{unread:>8,}"
        if camera["frames_read"]:
            height = f"{100 * camera['code_centre'][1]:.0f} %"
            line += f"{camera['code_width_px']:>10.0f}{height:>11}{camera['reading_noise_ms']:>11.2f}"
        lines.append(line)
    return lines


def _pairs(report: dict[str, Any]) -> list[str]:
    lines = [
        f"{'true error, ms':<{2 * NAME_WIDTH}}{'':<14}{'frames':>8}{'signed':>9}{'p50':>8}{'p95':>8}{'max':>8}"
        f"{'claimed ±':>11}{'inside':>9}{'read to ±':>11}"
    ]
    for pair in report["pairs"]:
        names = f"{_short(pair['first'])} − {_short(pair['second'])}"
        for kind in KINDS:
            if kind not in pair:
                continue
            figures = pair[kind]
            lines.append(
                f"{names:<{2 * NAME_WIDTH}}{WORDS[kind]:<14}{figures['frames']:>8,}{figures['median_signed_ms']:>9.2f}"
                f"{figures['p50_ms']:>8.2f}{figures['p95_ms']:>8.2f}{figures['max_ms']:>8.2f}{figures['bound_p50_ms']:>11.2f}"
                f"{figures['inside_pct']:>7.1f} %{figures['resolution_ms']:>11.2f}"
            )
            names = ""
    return lines


def _remarks(report: dict[str, Any]) -> list[str]:
    lines = []
    step = report["screen"]["step_ms"]
    if step:
        lines.append(
            f"The screen changed every {step:.1f} ms and the pictures show single steps of it, so errors are means "
            f"over {report['screen']['averaged_over_s']:.0f} s; faster ones do not show. A screen of 120 Hz tells more."
        )
    late = {device: ms for device, ms in report["late_ms"].items() if ms >= WORTH_SETTING_MS}
    for device, ms in late.items():
        lines.append(
            f"{_short(device)} is steadily {ms:.1f} ms later than the earliest camera. If its model always is, add "
            "that many ms to its entry in AXOLOTL_CAMERA_LATENCY."
        )
    heights = [camera["code_centre"][1] for camera in report["cameras"].values() if camera["frames_read"]]
    if max(heights) - min(heights) > 0.15:
        lines.append(
            "The clock stands at different heights in the pictures. A rolling shutter reads them at different moments, "
            "up to 30 ms apart: put it at the same height in all of them."
        )
    for device, camera in report["cameras"].items():
        for why, count in camera["frames_unread"].items():
            if count > 0.1 * camera["frames_examined"]:
                lines.append(f"{_short(device)}: {count:,} frames could not be read: {why.replace('_', ' ')}.")
        lines += camera["faults"]
    return lines


def _short(name: str) -> str:
    return name if len(name) < NAME_WIDTH - 2 else name[: NAME_WIDTH - 3] + "…"
