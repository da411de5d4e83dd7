"""A disk for recordings that a test can fill, and empty again."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

__all__ = ["SmallDisk"]

SIZE_MB = 64
#: Where no file system may be mounted: what recordings may take, and what filling takes of the real disk.
ROOM_MB, FILLING_MB = 1024, 2048


class SmallDisk:
    """A file system of 64 MB in memory, if this process may mount one.

    Else a folder on the machine's own disk with a reserve that leaves little room: full is then when less than the
    reserve is free. `settings` are a stack's.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="axolotl-disk-"))
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "axolotl-test", str(self.folder)]
        self._is_mounted = subprocess.run(command, capture_output=True).returncode == 0
        free_mb = shutil.disk_usage(self.folder).free >> 20
        self._reserve_mb = 0 if self._is_mounted else free_mb - ROOM_MB
        self._filling = self.folder / "filling"
        self.recordings = self.folder / "recordings"

    def __enter__(self) -> SmallDisk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_mounted:
            subprocess.run(["umount", str(self.folder)], check=True)
        shutil.rmtree(self.folder)

    @property
    def settings(self) -> dict[str, str]:
        """Where recordings go, and what they leave free."""
        return {
            "AXOLOTL_RECORDINGS_DIRECTORY": str(self.recordings),
            "AXOLOTL_DISK_RESERVE_MB": str(self._reserve_mb),
        }

    def fill(self) -> None:
        """Leaves no room."""
        with open(self._filling, "wb", buffering=0) as file:
            if self._is_mounted:
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(4096))
            else:
                os.posix_fallocate(file.fileno(), 0, FILLING_MB << 20)

    def empty(self) -> None:
        """There is room again."""
        self._filling.unlink()
