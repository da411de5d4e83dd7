"""Where things lie in development: the folders of an installed system, mapped into the work tree and AXOLOTL_HOME."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
UNITS = REPOSITORY / "Deploy" / "systemd"

# A Unix socket's path may be 107 bytes long; the longest name below the run-time folder needs about 40.
LONGEST_RUNTIME_PATH = 60


@dataclass(frozen=True)
class Layout:
    """The folders of one running copy."""

    home: Path
    executables: Path

    @property
    def runtime(self) -> Path:
        """Sockets and process ids. Near the root of the file system if AXOLOTL_HOME is too deep for a socket's path."""
        inside = self.home / "run"
        if len(os.fsencode(inside)) <= LONGEST_RUNTIME_PATH:
            return inside
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"axolotl-{os.getuid()}-{name}"

    @property
    def state(self) -> Path:
        """What outlives a restart: stores, keys, recordings."""
        return self.home / "state"

    @property
    def logs(self) -> Path:
        """One log per service, and the supervisor's own."""
        return self.home / "log"

    def development_path(self, installed: str) -> str:
        """The folder in development that stands for an installed one; anything else stays as it is."""
        places = {
            "/usr/lib/axolotl/bin": self.executables,
            "/run/axolotl": self.runtime,
            "/var/lib/axolotl": self.state,
            "/usr/share/axolotl/models": REPOSITORY / ".deps" / "models",
            "/usr/share/axolotl/web": REPOSITORY / "Services" / "api-front" / "Web",
        }
        for prefix, place in places.items():
            if installed == prefix or installed.startswith(prefix + "/"):
                return str(place) + installed[len(prefix) :]
        return installed

    def prepare(self) -> None:
        """Makes the folders, for their owner alone."""
        for folder in (self.home, self.runtime, self.runtime / "bus", self.state, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = self.runtime.stat().st_uid
        if owner != os.getuid():
            raise PermissionError(f"{self.runtime} belongs to user {owner}, not to you; remove it or set AXOLOTL_HOME")


def default_executables() -> Path:
    """The release build, as `make run` makes it."""
    return REPOSITORY / ".build" / "release"
