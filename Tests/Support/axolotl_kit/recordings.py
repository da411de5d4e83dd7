"""Looks into recordings from outside: ffprobe counts the frames, the index says which they are."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .recording_index import IndexEntry, IndexFault, read_index

JPEG_START = b"\xff\xd8"


@dataclass
class DeviceRecording:
    """All segments of one device."""

    device_id: str
    entries: list[IndexEntry] = field(default_factory=list)
    # Frames that ffprobe finds in the video files.
    frames_in_files: int = 0
    files: list[Path] = field(default_factory=list)
    # What does not hold, one sentence each.
    faults: list[str] = field(default_factory=list)

    @property
    def sequences(self) -> Counter[int]:
        """How often each sequence number was recorded."""
        return Counter(entry.sequence for entry in self.entries)


def read_device(folder: Path) -> DeviceRecording:
    """Opens every video file of a device, and compares it with its index."""
    recording = DeviceRecording(folder.name)
    for video in sorted(folder.glob("*.mkv")):
        _read_segment(video, recording)
    recording.faults += [
        f"{folder.name}: frame {sequence} was recorded {count} times"
        for sequence, count in recording.sequences.items()
        if count > 1
    ][:5]
    return recording


def _read_segment(video: Path, recording: DeviceRecording) -> None:
    name = f"{video.parent.name}/{video.name}"
    try:
        entries = read_index(video.with_suffix(".idx").read_bytes())
        times = packet_times_ms(video)
    except (OSError, IndexFault) as error:
        recording.faults.append(f"the index of {name} cannot be read: {error}")
        return
    except subprocess.CalledProcessError as error:
        recording.faults.append(f"ffprobe cannot open {name}: {error.stderr.strip()[-200:]}")
        return
    recording.files.append(video)
    known = [entry for entry in entries if entry.sequence > 0]
    recording.entries += known
    recording.frames_in_files += len(times)
    if len(times) != len(entries):
        recording.faults.append(f"{name} holds {len(times)} frames, its index {len(entries)}")
    if any(a.sequence >= b.sequence for a, b in itertools.pairwise(known)) or times != sorted(times):
        recording.faults.append(f"the frames of {name} are out of order")
    if entries and entries[-1].end_offset > video.stat().st_size:
        recording.faults.append(f"{name} is shorter than its index says")


def read_session(folder: Path) -> dict[str, DeviceRecording]:
    """The recordings of every device of a session."""
    return {each.name: read_device(each) for each in sorted(folder.iterdir()) if each.is_dir()}


def packet_times_ms(video: Path) -> list[float]:
    """The time of every frame in a video file, as ffprobe reads it."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time", "-of", "csv=p=0"]
    result = subprocess.run([*command, str(video)], capture_output=True, text=True, timeout=60, check=True)
    return [float(line.split(",")[0]) * 1000 for line in result.stdout.split()]


def frame_pictures(video: Path, entries: list[IndexEntry]) -> Iterator[bytes]:
    """The JPEG picture of every frame in a video file, as it was sent; raises IndexFault when file and index disagree.

    ffmpeg takes the file apart, so this works on files that are being written and on files that were cut short.
    """
    command = ["ffmpeg", "-v", "error", "-i", str(video), "-map", "0:v:0", "-c", "copy", "-f", "mjpeg", "pipe:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            for entry in entries:
                picture = process.stdout.read(entry.payload_bytes)
                if len(picture) < entry.payload_bytes:
                    # The last frames of a file that is being written may be in the index alone for a moment.
                    return
                if not picture.startswith(JPEG_START):
                    raise IndexFault(f"{video.name}: frame {entry.sequence} does not lie where the index says")
                yield picture
        finally:
            process.kill()


def is_closed(folder: Path) -> bool:
    """Whether no stream-svc holds this device's folder: nothing is added to its recordings any more."""
    with (folder / "lock").open() as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def read_finished(folder: Path, patience_s: float = 40) -> DeviceRecording:
    """Waits until a device's recording is finished, and reads it. Before, its files are not whole at all times."""
    end = time.monotonic() + patience_s
    while not is_closed(folder):
        assert time.monotonic() < end, f"{folder.name} is still being recorded after {patience_s} s"
        time.sleep(0.05)
    recording = read_device(folder)
    assert recording.faults == []
    return recording
