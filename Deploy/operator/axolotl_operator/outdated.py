"""Whether a service runs with something else than its next start would."""

from __future__ import annotations

from pathlib import Path

from axolotl_supervisor import settings_file
from axolotl_supervisor.units import Unit

from .installation import INSTANCES, READERS, Installation, service_name


def has_newer_files(installation: Installation, unit: Unit, started: str) -> bool:
    """Whether its program, what that loads, or its unit is newer than its process; `started` as systemd shows it."""
    if not started.startswith("@"):
        return False
    program = installation.program(unit)
    sources = [program, *installation.units.glob("axolotl-*.service"), *installation.units.glob("axolotl-*.d/*.conf")]
    if models := unit.environment().get("AXOLOTL_MODELS_DIRECTORY"):
        sources += [*installation.place(models).glob("*"), *(program.parent.parent / "lib").glob("*")]
    return any(modified(path) > int(started[1:]) for path in sources)


def modified(path: Path) -> int:
    """When a file was changed, in whole seconds of the epoch; 0 for one that is not there."""
    try:
        return int(path.stat().st_mtime)
    except OSError:
        return 0


def has_other_settings(unit: Unit, process: Path, values: dict[str, str], example: str) -> bool:
    """Whether the process was started with other settings than unit and file say now; root alone can see that.

    `example` documents the settings there are.
    """
    try:
        given = dict(
            pair.split("=", 1) for pair in (process / "environ").read_text("utf-8", "replace").split("\0") if pair
        )
    except (OSError, ValueError):
        return False
    expected = unit.environment() | values
    keys = settings_file.documented_keys(example) - set(unit.words("Service", "UnsetEnvironment"))
    # systemd makes it, of what the unit calls StateDirectory.
    keys -= {"STATE_DIRECTORY"}
    keys -= set() if service_name(unit.name) in READERS else {INSTANCES}
    return any(given.get(key) != expected.get(key) for key in keys)
