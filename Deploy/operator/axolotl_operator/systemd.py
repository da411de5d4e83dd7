"""Speaks to systemd by its own tool."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from .installation import Installation, OperatorError

# systemctl waits for starts and stops, each of which the units bound: 120 s and 15 s.
TIMEOUT_SECONDS = 300
ACTIVE = ("active", "activating", "reloading")


def is_running() -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def systemctl(*arguments: str) -> str:
    """Runs it and returns its output."""
    try:
        result = subprocess.run(
            ["systemctl", "--no-pager", "--no-ask-password", *arguments],
            capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except FileNotFoundError:
        raise OperatorError("there is no systemctl here: Axolotl is installed for systemd") from None
    except subprocess.TimeoutExpired:
        raise OperatorError(f"systemctl {' '.join(arguments)} did not end within {TIMEOUT_SECONDS} s") from None
    if result.returncode != 0:
        raise OperatorError(f"systemctl {' '.join(arguments)}: {(result.stderr or result.stdout).strip()}")
    return result.stdout


def change(installation: Installation, verb: str, units: Iterable[str]) -> None:
    """Enables, disables, masks or unmasks units, which needs no running systemd."""
    names = list(units)
    if names:
        root = [] if installation.is_this_machine else [f"--root={installation.root}"]
        systemctl("--quiet", *root, verb, *names)


def show(units: Iterable[str], properties: Iterable[str]) -> dict[str, dict[str, str]]:
    """The properties of each unit, by its name."""
    output = systemctl("show", "--timestamp=unix", f"--property={','.join(['Id', *properties])}", *units)
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines()) for block in output.split("\n\n") if block.strip()
    ]
    return {block["Id"]: block for block in blocks}


def listed(pattern: str) -> list[str]:
    """The loaded units of this pattern that run, or are about to."""
    output = systemctl("list-units", "--plain", "--no-legend", f"--state={','.join(ACTIVE)}", pattern)
    return [line.split()[0] for line in output.splitlines() if line.strip()]


def is_active(unit: str) -> bool:
    """Whether it runs, or is about to."""
    return show([unit], ["ActiveState"])[unit]["ActiveState"] in ACTIVE
