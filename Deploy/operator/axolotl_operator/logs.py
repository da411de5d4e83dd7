"""`axolotl logs`: the journal of one service, or of all."""

from __future__ import annotations

import os
import re

from .installation import Installation, OperatorError, service_name


def logs(installation: Installation, service: str | None, follow: bool, lines: int | None) -> int:
    """Becomes journalctl."""
    command = ["journalctl", f"--unit={unit_pattern(installation, service)}"]
    command += ["--follow"] if follow else []
    command += [f"--lines={lines}"] if lines is not None else []
    try:
        os.execvp(command[0], command)
    except FileNotFoundError:
        raise OperatorError("there is no journalctl here: Axolotl logs to systemd's journal") from None


def unit_pattern(installation: Installation, service: str | None) -> str:
    """The units of a service; `stream-svc` is all of its instances, `stream-svc-2` and `stream-svc@2` one of them."""
    if service is None:
        return "axolotl-*"
    name = service.removeprefix("axolotl-").removesuffix(".service")
    match = re.fullmatch(r"(stream-svc)(?:[@-](\d+))?", name)
    name = f"{match.group(1)}@{match.group(2) or '*'}" if match else name
    known = [service_name(unit.name) for unit in installation.services(1)]
    if re.sub(r"@.*", "", name) not in [re.sub(r"@.*", "", one) for one in known]:
        raise OperatorError(f"there is no service {service}; there are: {', '.join(known)}")
    return f"axolotl-{name}.service"
