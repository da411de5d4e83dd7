"""Reads the systemd units of `Deploy/systemd`: the one place where the services' settings are written down."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


class UnitError(Exception):
    """A unit file says something that cannot be understood; the message names the file."""


@dataclass
class Unit:
    """One unit with its drop-ins: section -> key -> values in the order written."""

    name: str
    sections: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def instance(self) -> str | None:
        """`2` of `axolotl-stream-svc@2.service`; None for a unit without instances."""
        match = re.fullmatch(r"[^@]+@([^.]+)\.\w+", self.name)
        return match.group(1) if match else None

    def values(self, section: str, key: str) -> list[str]:
        """Every value of a key, `%i` expanded; an empty assignment clears those before it, as in systemd."""
        values: list[str] = []
        for value in self.sections.get(section, {}).get(key, []):
            values = [*values, value.replace("%i", self.instance or "")] if value else []
        return values

    def value(self, section: str, key: str, default: str | None = None) -> str | None:
        """The last value of a key."""
        values = self.values(section, key)
        return values[-1] if values else default

    def seconds(self, key: str, default: float) -> float:
        """A time span of the section `Service`, in seconds."""
        text = self.value("Service", key)
        if text is None:
            return default
        parts = re.findall(r"([\d.]+)\s*([a-z]*)", text)
        if not parts or any(unit not in SECONDS for _, unit in parts):
            raise UnitError(f"{self.name}: {key}={text} is not a time span")
        return sum(float(number) * SECONDS[unit] for number, unit in parts)

    def environment(self) -> dict[str, str]:
        """The assignments of all `Environment=` lines."""
        pairs = (pair for line in self.values("Service", "Environment") for pair in shlex.split(line))
        return dict(pair.split("=", 1) for pair in pairs)

    def words(self, section: str, key: str) -> list[str]:
        """All words of a key that holds a list, such as `After=`."""
        return [word for line in self.values(section, key) for word in line.split()]


def parse(text: str, name: str, into: Unit | None = None) -> Unit:
    """Parses the text of a unit file, adding to `into` if it is a drop-in."""
    unit = into or Unit(name)
    section = None
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and line.endswith("]"):
            section = unit.sections.setdefault(line[1:-1], {})
        elif section is not None and "=" in line:
            key, value = line.split("=", 1)
            section.setdefault(key.strip(), []).append(value.strip())
        else:
            raise UnitError(f"{name}, line {number}: neither a section nor KEY=value: {line}")
    return unit


def load(folder: Path, name: str, overrides: Path | None = None) -> Unit:
    """Loads `name` from `folder`, or the template of an instance, with its drop-ins and those of its dashed prefixes,
    there and in the folder of the operator's `overrides`."""
    template = re.sub(r"@[^.]+\.", "@.", name)
    path = folder / template
    if not path.is_file():
        raise UnitError(f"{path} is missing")
    unit = parse(path.read_text(), name)
    stem, suffix = re.split(r"[@.]", name)[0], name.rsplit(".", 1)[1]
    prefixes = [f"{stem[: end + 1]}.{suffix}" for end, character in enumerate(stem) if character == "-"]
    for place in dict.fromkeys([*prefixes, template, name]):
        for home in (folder, *([overrides] if overrides else [])):
            for drop_in in sorted((home / f"{place}.d").glob("*.conf")):
                parse(drop_in.read_text(), drop_in.name, into=unit)
    return unit


def load_services(folder: Path, stream_instances: int | None = None, overrides: Path | None = None) -> list[Unit]:
    """The services that `axolotl.target` wants, in starting order, with `stream_instances` stream services if given."""
    target = load(folder, "axolotl.target")
    names = [name for name in target.words("Unit", "Wants") if name.endswith(".service")]
    if stream_instances is not None:
        names = [name for name in names if "stream-svc@" not in name]
        names += [f"axolotl-stream-svc@{number}.service" for number in range(1, stream_instances + 1)]
    return in_starting_order([load(folder, name, overrides) for name in names])


def in_starting_order(units: list[Unit]) -> list[Unit]:
    """Sorts units so that each follows those it is ordered `After=`."""
    template = {unit.name: re.sub(r"@[^.]+\.", "@.", unit.name) for unit in units}
    ordered: list[Unit] = []
    waiting = sorted(units, key=lambda unit: unit.name)
    while waiting:
        pending = {unit.name for unit in waiting}
        # An instance stands for its siblings: whoever is after stream-svc@1 is after all of them.
        blocked = pending | {other for other in template if template[other] in {template[name] for name in pending}}
        free = [unit for unit in waiting if not blocked & set(unit.words("Unit", "After"))]
        if not free:
            raise UnitError(f"the units are ordered in a circle: {', '.join(sorted(pending))}")
        ordered += free
        waiting = [unit for unit in waiting if unit not in free]
    return ordered
