"""The text of a settings file, `.env` or `/etc/axolotl/axolotl.conf`: `KEY=value` lines."""

from __future__ import annotations

import re


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


def documented_keys(text: str) -> set[str]:
    """The keys in force or commented in the text, as in `.env.example`."""
    return set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def number(settings: dict[str, str], key: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within bounds."""
    text = settings.get(key, "") or str(default)
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise SettingsError(f"{key}={text}: expected a whole number from {lowest} to {highest}")
    return int(text)
