"""Runs the demo; exit code 0 only when every run holds what it promises."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from axolotl_kit.footage import CAMERAS, REPOSITORY, FootageMissing, calibration_file, load_camera
from axolotl_kit.problem import Problem
from axolotl_kit.stack import StartError

from .phones import DemoFailure
from .report import conclude, verdict
from .run import perform
from .table import device_table, table

INTERRUPTED = 130


def main() -> int:
    """Parses, runs, prints."""
    arguments = parse()
    signal.signal(signal.SIGTERM, as_interrupt)
    try:
        say("Footage: cutting four cameras into JPEG pictures (once)")
        for camera in CAMERAS:
            load_camera(camera)
        calibration_file().stat()
        reports, paths, reasons = [], [], []
        for fps in arguments.fps:
            report, path, failed = run(fps, arguments.seconds, arguments.output / f"{fps}fps")
            reports.append(report)
            paths.append(path)
            reasons += [f"{fps} fps: {reason}" for reason in failed]
    except KeyboardInterrupt:
        say("Interrupted; everything is stopped.")
        return INTERRUPTED
    except (DemoFailure, FootageMissing, Problem, StartError, TimeoutError, OSError, httpx.HTTPError) as failure:
        print(f"The demo failed: {failure}", file=sys.stderr)
        return 1
    for report in reports:
        print(f"\n{device_table(report)}")
    print(f"\n{table(reports)}\n")
    for reason in reasons:
        print(f"FAILED at {reason}", file=sys.stderr)
    sys.stderr.flush()
    for path in paths:
        print(path)
    return 1 if reasons else 0


def run(fps: int, seconds: float, folder: Path) -> tuple[dict[str, Any], Path, list[str]]:
    """One rate; its report, where it is, and why it fails if it does."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = conclude(perform(fps, seconds, folder, say), folder)
    path = folder / "report.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    return report, path, verdict(report)


def parse() -> argparse.Namespace:
    """The command line."""
    home = Path(os.environ.get("AXOLOTL_HOME", REPOSITORY / ".axolotl"))
    parser = argparse.ArgumentParser(prog="demo", description="Four phones film an athlete, and 3D poses come out.")
    parser.add_argument(
        "--fps",
        type=int,
        action="append",
        choices=(15, 30),
        help="pictures a second; may be repeated",
    )
    parser.add_argument("--seconds", type=float, default=21.0, help="length of the filming (default: %(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        default=home / "demo",
        help="folder of the results (default: %(default)s)",
    )
    arguments = parser.parse_args()
    arguments.fps = arguments.fps or [15, 30]
    arguments.output = arguments.output.absolute()
    return arguments


def as_interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends the demo as Ctrl-C does."""
    raise KeyboardInterrupt


def say(line: str) -> None:
    """A line for the person who waits."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
