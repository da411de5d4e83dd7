"""What is installed on this machine: units, settings, and which stream instances start with it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from axolotl_supervisor import settings_file, units

TARGET = "axolotl.target"
INSTANCES = "AXOLOTL_STREAM_INSTANCES"
MOST_INSTANCES = 64
# The services that read that setting when they start; a test holds this against their sources.
READERS = ("session-svc", "edge-gateway", "api-front")


class OperatorError(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


def service_name(unit: str) -> str:
    """`stream-svc@1` of `axolotl-stream-svc@1.service`, as `/readyz` calls it too."""
    return unit.removeprefix("axolotl-").removesuffix(".service")


def stream_unit(number: int) -> str:
    """The unit of one stream instance."""
    return f"axolotl-stream-svc@{number}.service"


@dataclass(frozen=True)
class Installation:
    """Axolotl below `root`, which is `/` but for images that are being made, and tests."""

    root: Path = Path("/")

    @property
    def is_this_machine(self) -> bool:
        """Whether what is installed here can run here."""
        return self.root == Path("/")

    @property
    def units(self) -> Path:
        """The folder of the units, as `make install` chose it by its prefix."""
        for prefix in ("usr/local", "usr"):
            folder = self.root / prefix / "lib/systemd/system"
            if (folder / TARGET).is_file():
                return folder
        raise OperatorError(f"there is no {TARGET} below {self.root}; install it with: sudo make install")

    @property
    def overrides(self) -> Path:
        """Where systemd keeps what the operator enables, masks and edits."""
        return self.root / "etc/systemd/system"

    @property
    def settings_path(self) -> Path:
        """The operator's settings: the file that the units name."""
        unit = units.load(self.units, "axolotl-api-front.service")
        return self.place((unit.value("Service", "EnvironmentFile") or "").removeprefix("-"))

    def place(self, path: str) -> Path:
        """An absolute path of the installed machine, below this root."""
        return self.root / path.removeprefix("/")

    def program(self, unit: units.Unit) -> Path:
        """What a service's unit starts."""
        return self.place((unit.value("Service", "ExecStart") or "").split()[0])

    def settings(self) -> dict[str, str]:
        """The settings in the file; empty where there is none, as systemd has it."""
        path = self.settings_path
        try:
            return settings_file.parse(path.read_text(), str(path))
        except FileNotFoundError:
            return {}
        except PermissionError:
            raise OperatorError(f"{path} is for root alone, because it may hold secrets; say: sudo axolotl …") from None
        except UnicodeDecodeError:
            raise OperatorError(f"{path} is no text in UTF-8") from None

    def services(self, instances: int | None = None) -> list[units.Unit]:
        """The services with what the operator has edited, in starting order: those of the target, or with so many
        streams."""
        return units.load_services(self.units, instances, self.overrides)

    def instances_in_settings(self, values: dict[str, str]) -> int:
        """How many stream instances the services are told of."""
        return settings_file.number(values, INSTANCES, len(self.wanted_by_target()), 1, MOST_INSTANCES)

    def wanted_by_target(self) -> set[int]:
        """The instances that start unless they are masked."""
        words = units.load(self.units, TARGET).words("Unit", "Wants")
        return {int(match.group(1)) for word in words if (match := re.fullmatch(r"axolotl-stream-svc@(\d+)\..*", word))}

    def enabled_instances(self) -> set[int]:
        """The instances that start with the target."""
        wants = self.overrides / f"{TARGET}.wants"
        linked = {number for number in range(1, MOST_INSTANCES + 1) if os.path.lexists(wants / stream_unit(number))}
        return {number for number in linked | self.wanted_by_target() if not self.is_masked(number)}

    def is_masked(self, number: int) -> bool:
        """Whether systemd is told never to start it."""
        path = self.overrides / stream_unit(number)
        return path.is_symlink() and os.readlink(path) == "/dev/null"
