"""The four-camera footage as JPEG pictures with their true times, cut once and cached."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
CAMERAS = ("cam01", "cam02", "cam03", "cam04")
SOURCE_FPS = 60
SOURCE_WIDTH, SOURCE_HEIGHT = 1080, 1920
WIDTH, HEIGHT = 720, 1280
JPEG_QUALITY = 5


class FootageMissing(Exception):
    """The footage is not there, or ffmpeg could not cut it; the message says what to do."""


def footage_folder() -> Path:
    """Where `make` puts the videos and the calibration."""
    return Path(os.environ.get("AXOLOTL_FOOTAGE", REPOSITORY / ".deps" / "footage"))


def calibration_file() -> Path:
    """The calibration of the four cameras, in Qualisys' form, for the full-size footage."""
    return footage_folder() / "Calib.qca.txt"


@dataclass(frozen=True)
class Camera:
    """One camera's pictures. Picture `i` was taken `i / 60` seconds after the first."""

    name: str
    pictures: tuple[bytes, ...]


@dataclass(frozen=True)
class Shot:
    """One picture of a playback: taken `at_us` after its start."""

    at_us: float
    picture: bytes


def load_camera(name: str, width: int = WIDTH, height: int = HEIGHT) -> Camera:
    """Reads a camera's pictures, cutting them first if they are not in the cache."""
    folder = _cut(footage_folder() / f"{name}.mp4", width, height)
    return Camera(name, tuple(path.read_bytes() for path in sorted(folder.glob("*.jpg"))))


def there_and_back(step: int, count: int) -> int:
    """The picture shown at step `step` of a loop that runs back and forth and shows neither end twice in a row."""
    position = step % (2 * count - 2)
    return position if position < count else 2 * count - 2 - position


def playback(camera: Camera, fps: int, phase: int, seconds: float) -> Iterator[Shot]:
    """The camera at true speed, sampled at `fps`, beginning `phase` steps of the 60 fps footage after the others."""
    stride, rest = divmod(SOURCE_FPS, fps)
    if rest or not 0 <= phase < stride:
        raise ValueError(f"60 fps footage gives no {fps} fps at phase {phase}")
    for step in range(phase, int(seconds * SOURCE_FPS), stride):
        yield Shot(step * 1_000_000 / SOURCE_FPS, camera.pictures[there_and_back(step, len(camera.pictures))])


def _cut(video: Path, width: int, height: int) -> Path:
    if not video.is_file():
        raise FootageMissing(f"{video.name} is missing; `make setup` fetches the footage into {video.parent}")
    key = hashlib.sha256(video.read_bytes() + f"{width}x{height} q{JPEG_QUALITY}".encode()).hexdigest()[:16]
    cache = REPOSITORY / ".deps" / "cache" / "footage"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{video.stem}-{key}"
    with open(cache / f"{video.stem}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        work = Path(tempfile.mkdtemp(dir=cache))
        try:
            _ffmpeg(video, work, width, height)
            work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder


def _ffmpeg(video: Path, folder: Path, width: int, height: int) -> None:
    filters = f"scale={width}:{height}:flags=area:out_range=full,format=yuvj420p"
    command = ["ffmpeg", "-v", "error", "-threads", "2", "-i", str(video), "-vf", filters]
    command += ["-an", "-q:v", str(JPEG_QUALITY), "-fps_mode", "passthrough", "-start_number", "0"]
    result = subprocess.run([*command, str(folder / "%04d.jpg")], capture_output=True, text=True, timeout=120)
    if result.returncode != 0:
        raise FootageMissing(f"ffmpeg could not cut {video.name}: {result.stderr.strip()[-300:]}")
