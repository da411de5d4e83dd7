"""`make sync-report SESSION=…`. Exit code 0: inside the claimed bounds; 3: not; 1: nothing to compare; 2: usage."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from axolotl_kit.footage import REPOSITORY

from .camera import CameraReadings, read_camera
from .report import NothingToCompare, is_inside, make_report
from .table import table

COULD_NOT_COMPARE, OUTSIDE, INTERRUPTED = 1, 3, 130


def main() -> int:
    """Reads, compares, prints."""
    arguments = parse()
    try:
        folder = find(arguments.session, arguments.recordings)
        report = make_report(folder.name, read_cameras(folder))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (NothingToCompare, OSError) as failure:
        print(f"sync-report: {failure}", file=sys.stderr)
        return COULD_NOT_COMPARE
    path: Path = arguments.json or home() / "sync" / f"{folder.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report))
    print(path)
    return 0 if is_inside(report) else OUTSIDE


def read_cameras(folder: Path) -> list[CameraReadings]:
    """All devices of a session, one after another, with a word about each."""
    devices = sorted(each for each in folder.iterdir() if each.is_dir())
    cameras = []
    for device in devices:
        print(f"sync-report: reading {device.name}", file=sys.stderr, flush=True)
        cameras.append(read_camera(device))
    return cameras


def find(session: str, recordings: Path) -> Path:
    """The folder of a session, given by its name or as a folder."""
    for folder in (recordings / session, Path(session)):
        if folder.is_dir() and session:
            return folder.resolve()
    raise NothingToCompare(
        f"There are no recordings of “{session}” in {recordings}. Name a session of this server (SESSION=…; the "
        "coach's page shows its name), or a folder that has a folder for each device. AXOLOTL_RECORDINGS_DIRECTORY "
        "says where recordings are."
    )


def home() -> Path:
    """Where this copy keeps its state."""
    return Path(os.environ.get("AXOLOTL_HOME", REPOSITORY / ".axolotl")).absolute()


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="sync-report",
        description="How far phones that filmed /clock are truly apart, against what the server claims.",
    )
    recordings = Path(os.environ.get("AXOLOTL_RECORDINGS_DIRECTORY", home() / "state" / "recordings"))
    parser.add_argument("session", help="name of the session, or a folder with a folder for each device")
    parser.add_argument(
        "--recordings", type=Path, default=recordings, help="folder of the recordings (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures (default: below AXOLOTL_HOME)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
