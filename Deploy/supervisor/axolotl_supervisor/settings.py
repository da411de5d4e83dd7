"""Settings from the environment and from `.env`: the same keys that `/etc/axolotl/axolotl.conf` takes."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from .layout import REPOSITORY
from .settings_file import SettingsError, documented_keys, number, parse

__all__ = ["SettingsError", "for_services", "known_keys", "load", "number", "parse"]

FILE = REPOSITORY / ".env"
# What these scripts take themselves; no service knows these keys.
LAUNCHER_KEYS = {"AXOLOTL_HOME", "AXOLOTL_BUILD_DIRECTORY"}
# What a service sees of the caller's environment besides its settings.
PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")


def known_keys() -> set[str]:
    """Every key that `.env.example` documents."""
    return documented_keys((REPOSITORY / ".env.example").read_text())


def load(environment: dict[str, str] | None = None, file: Path | None = FILE) -> dict[str, str]:
    """The settings in force: those of the environment win over those of the file."""
    environment = dict(os.environ) if environment is None else environment
    known = known_keys()
    settings: dict[str, str] = {}
    if file is not None and file.is_file():
        settings = parse(file.read_text(), str(file))
        for key in settings:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]}?" if near else "see .env.example for the keys there are"
                raise SettingsError(f"{file}: {key} is not a setting; {hint}")
    # An unknown AXOLOTL_ key is passed on, so that the services refuse it by name.
    settings.update({k: v for k, v in environment.items() if k in known or k.startswith("AXOLOTL_")})
    return settings


def for_services(settings: dict[str, str]) -> dict[str, str]:
    """The environment that the services are started with."""
    passed_on = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    return passed_on | {key: value for key, value in settings.items() if key not in LAUNCHER_KEYS}
