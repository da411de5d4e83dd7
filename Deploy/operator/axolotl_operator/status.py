"""`axolotl status`: what runs, whether it is ready, and what the operator should do about it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from axolotl_supervisor import address, readiness, settings_file
from axolotl_supervisor.units import Unit, load

from . import outdated, systemd
from .installation import INSTANCES, Installation, OperatorError, service_name

PROPERTIES = ("LoadState", "ActiveState", "MainPID", "NRestarts", "MemoryCurrent", "ExecMainStartTimestamp")
HEAD = ("SERVICE", "STATE", "READY", "VERSION", "RESTARTS", "MEMORY")


@dataclass(frozen=True)
class Row:
    """One service."""

    name: str
    state: str
    is_active: bool
    ready: bool | None
    version: str
    restarts: str
    memory: str
    # Why it is not ready, in its own words.
    reason: str | None
    # Whether what it was started from is newer by now.
    is_outdated: bool

    @property
    def is_well(self) -> bool:
        """Whether it runs and can do its work."""
        return self.is_active and self.ready is True


def status(installation: Installation) -> int:
    """Prints the table and what to do; 0 if all of it is ready."""
    if not systemd.is_running():
        raise OperatorError("systemd does not run this machine, so nothing of Axolotl does")
    notes: list[str] = []
    values: dict[str, str] = {}
    try:
        values = installation.settings()
        instances: int | None = installation.instances_in_settings(values)
        answer = readiness.ask(address.local_url(values))
    except (OperatorError, settings_file.SettingsError) as refusal:
        notes.append(f"Whether they are ready is not known: {refusal}")
        instances, answer = None, None
    services = installation.services(instances)
    strangers = sorted(set(systemd.listed("axolotl-stream-svc@*.service")) - {unit.name for unit in services})
    services += [load(installation.units, name, installation.overrides) for name in strangers]
    facts = systemd.show([unit.name for unit in services], PROPERTIES)
    rows = [row(installation, unit, facts[unit.name], answer, values) for unit in services]
    print(table([HEAD, *map(cells, rows)]))
    notes += advice(rows, instances, [service_name(name) for name in strangers])
    if notes:
        print("\n" + "\n".join(notes))
    return 0 if all(one.is_well for one in rows) else 1


def row(
    installation: Installation,
    unit: Unit,
    facts: dict[str, str],
    answer: readiness.Readiness | None,
    values: dict[str, str],
) -> Row:
    """What is known of one service."""
    name = service_name(unit.name)
    is_active = facts["ActiveState"] == "active"
    part = answer.parts.get(name) if answer else None
    process = Path("/proc") / facts["MainPID"]
    return Row(
        name=name,
        state=facts["ActiveState"] if facts["LoadState"] == "loaded" else facts["LoadState"],
        is_active=is_active,
        ready=part.ready if part and is_active else None if is_active else False,
        version=(part.version if part else None) or f"({run(installation, unit, '--version').split(' ')[-1]})",
        restarts=facts["NRestarts"],
        memory=memory(facts["MemoryCurrent"], process) if is_active else "-",
        reason=part.reason if part and is_active else None,
        is_outdated=is_active
        and (
            outdated.has_newer_files(installation, unit, facts["ExecMainStartTimestamp"])
            or outdated.has_other_settings(unit, process, values, run(installation, unit, "--print-settings"))
        ),
    )


def run(installation: Installation, unit: Unit, question: str) -> str:
    """What the installed program answers: the one that the next start takes."""
    try:
        result = subprocess.run([installation.program(unit), question], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    return result.stdout.strip() if result.returncode == 0 else "?"


def memory(counted: str, process: Path) -> str:
    """What systemd counts, or what the process holds where it does not count."""
    if not counted.isdecimal():
        try:
            counted = str(int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        except (OSError, IndexError, ValueError):
            return "?"
    return f"{int(counted) / 1e6:.0f} MB"


def cells(one: Row) -> tuple[str, ...]:
    """The line of a service."""
    ready = {True: "yes", False: "no", None: "?"}[one.ready]
    return (one.name, one.state, ready, one.version, one.restarts, one.memory)


def table(lines: list[tuple[str, ...]]) -> str:
    """Columns; figures to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index >= len(widths) - 2 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def advice(rows: list[Row], instances: int | None, strangers: list[str]) -> list[str]:
    """What is wrong, and the command that helps."""
    notes = [f"{one.name}: {one.reason}" for one in rows if one.reason]
    if all(one.state == "inactive" for one in rows):
        notes.append("Nothing runs. Start it, now and with the machine:   sudo systemctl enable --now axolotl.target")
    elif down := [one.name for one in rows if not one.is_active]:
        notes.append(f"Not up: {', '.join(down)}. Why:   axolotl logs {down[0]}")
    if strangers and instances is not None:
        notes.append(
            f"{INSTANCES} is {instances}, but these run too: {', '.join(strangers)}. "
            f"Put right:   sudo axolotl scale {instances}"
        )
    if old := [f"axolotl-{one.name}" for one in rows if one.is_outdated]:
        notes.append(
            "Programs or settings are newer than what runs. Phones may stream meanwhile and lose nothing:   "
            f"sudo systemctl restart {' '.join(old)}"
        )
    return notes
