"""The text of a settings file, `.env` or `/etc/axolotl/axolotl.conf`: `KEY=value` lines."""

from __future__ import annotations

import re
import stat
from pathlib import Path

# What only its owner may read; a test holds this against the services' settings.
SECRET_KEYS = ("PAIRING_TOKEN_SECRET", "PAIRING_TOKEN_SECRET_PREVIOUS", "AXOLOTL_COACH_KEY", "TURN_PASSWORD")


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what to do."""


def parse(text: str, source: str) -> dict[str, str]:
    """Reads KEY=value lines; blank lines and comments are skipped, one pair of quotes around a value is taken off."""
    settings: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        key, equals, value = line.partition("=")
        key, value = key.strip(), value.strip()
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", key):
            raise SettingsError(f"{source}, line {number}: expected KEY=value")
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        settings[key] = value
    return settings


def exposure(path: Path) -> str:
    """Why a file of settings is open to too many: it holds secrets, and others than its owner may read it. Empty if it
    is not, or if there is no such file."""
    try:
        mode, text = path.stat().st_mode, path.read_text(errors="replace")
    except OSError:
        return ""
    # In force, whatever else is wrong with the file.
    assigned = rf"^[ \t]*({'|'.join(SECRET_KEYS)})[ \t]*=[ \t]*(?!\"\"[ \t]*$|''[ \t]*$)\S"
    found = re.findall(assigned, text, re.MULTILINE)
    if not found or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return f"{path} holds {', '.join(sorted(set(found)))} and may be read by others than its owner; close it"


def documented_keys(text: str) -> set[str]:
    """The keys in force or commented in the text, as in `.env.example`."""
    return set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def number(settings: dict[str, str], key: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within bounds."""
    text = settings.get(key, "") or str(default)
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise SettingsError(f"{key}={text}: expected a whole number from {lowest} to {highest}")
    return int(text)
