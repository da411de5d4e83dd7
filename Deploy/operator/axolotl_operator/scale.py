"""`axolotl scale N`: as many stream instances as asked for, in the settings and in systemd alike."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from . import systemd
from .installation import INSTANCES, MOST_INSTANCES, READERS, TARGET, Installation, OperatorError, stream_unit


def scale(installation: Installation, count: int) -> int:
    """Enables and disables, writes the setting, and carries it out where Axolotl runs."""
    if not 1 <= count <= MOST_INSTANCES:
        raise OperatorError(f"{count} stream instances: expected a whole number from 1 to {MOST_INSTANCES}")
    if installation.is_this_machine and os.geteuid() != 0:
        raise OperatorError(f"needs root: sudo axolotl scale {count}")
    values = installation.settings()
    wanted, before = set(range(1, count + 1)), installation.enabled_instances()
    # A setting that cannot be read is no reason not to put it right.
    if values.get(INSTANCES, "") != str(count):
        write(installation.settings_path, count)
    enable(installation, wanted, before)
    if installation.is_this_machine and systemd.is_running() and systemd.is_active(TARGET):
        carry_out(wanted)
        print(f"stream instances that run: {count}")
    else:
        print(f"stream instances that start with {TARGET}: {count}")
    return 0


def enable(installation: Installation, wanted: set[int], before: set[int]) -> None:
    """What the target itself wants can only be masked; the others are enabled and disabled."""
    static = installation.wanted_by_target()
    masked = {number for number in wanted if installation.is_masked(number)}
    systemd.change(installation, "unmask", map(stream_unit, sorted(masked)))
    systemd.change(installation, "enable", map(stream_unit, sorted(wanted - static - before)))
    systemd.change(installation, "disable", map(stream_unit, sorted(before - wanted - static)))
    systemd.change(installation, "mask", map(stream_unit, sorted((before - wanted) & static)))


def carry_out(wanted: set[int]) -> None:
    """New instances first, then those who place cameras on them, and last the end of those nobody uses any more."""
    systemd.systemctl("start", *map(stream_unit, sorted(wanted)))
    systemd.systemctl("restart", *(f"axolotl-{name}.service" for name in READERS))
    surplus = sorted(set(systemd.listed("axolotl-stream-svc@*.service")) - set(map(stream_unit, wanted)))
    if surplus:
        systemd.systemctl("stop", *surplus)


def write(path: Path, count: int) -> None:
    """Sets it in the file, in one step and for whom the file was before; all else in it stays as it is."""
    try:
        text, facts = path.read_text(), path.stat()
    except FileNotFoundError:
        raise OperatorError(f"there is no {path}; sudo make install makes one") from None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, facts.st_mode & 0o7777)
            if os.geteuid() == 0:
                os.fchown(descriptor, facts.st_uid, facts.st_gid)
            file.write(with_setting(text, count))
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError as failure:
        raise OperatorError(f"{path} could not be written: {failure.strerror}") from None


def with_setting(text: str, count: int) -> str:
    """The text with the setting where it was, or below its commented default, or at the end."""
    line = f"{INSTANCES}={count}"
    lines = text.splitlines()
    in_force = [index for index, one in enumerate(lines) if re.match(rf"\s*{INSTANCES}\s*=", one)]
    commented = [index for index, one in enumerate(lines) if re.match(rf"#\s?{INSTANCES}=", one)]
    if in_force:
        lines[in_force[0]] = line
        lines = [one for index, one in enumerate(lines) if index not in in_force[1:]]
    elif commented:
        lines.insert(commented[0] + 1, line)
    else:
        lines.append(line)
    return "\n".join(lines) + "\n"
