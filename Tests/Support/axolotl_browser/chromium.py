"""Debian's Chromium with footage as its camera."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from axolotl_kit.footage import REPOSITORY, FootageMissing, footage_folder
from playwright.sync_api import Browser, Playwright

WIDTH, HEIGHT, FPS = 720, 1280, 30


def launch(playwright: Playwright, *more: str) -> Browser:
    """Starts the browser. The camera is granted without a question where a context has the permission."""
    executable = shutil.which("chromium")
    if executable is None:
        raise RuntimeError("chromium is missing; install Debian's package `chromium`")
    arguments = [
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera_film()}",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
        *more,
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return playwright.chromium.launch(executable_path=executable, args=arguments)


def camera_film() -> Path:
    """The first camera's footage as the motion JPEG that Chromium plays in a loop, cut once and cached."""
    video = footage_folder() / "cam01.mp4"
    if not video.is_file():
        raise FootageMissing(f"{video.name} is missing; `make setup` fetches the footage into {video.parent}")
    digest = hashlib.sha256(video.read_bytes() + f"{WIDTH}x{HEIGHT}@{FPS}".encode()).hexdigest()[:16]
    cache = REPOSITORY / ".deps" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    film = cache / f"camera-{digest}.mjpeg"
    if film.is_file():
        return film
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        work = Path(folder) / film.name
        filters = f"scale={WIDTH}:{HEIGHT}:flags=area:out_range=full,fps={FPS},format=yuvj420p"
        command = ["ffmpeg", "-v", "error", "-threads", "2", "-i", str(video), "-vf", filters, "-an", "-q:v", "4"]
        result = subprocess.run([*command, str(work)], capture_output=True, text=True, timeout=120)
        if result.returncode != 0:
            raise FootageMissing(f"ffmpeg could not cut {video.name}: {result.stderr.strip()[-300:]}")
        work.rename(film)
    return film
