"""Runs a program with what a unit lets the kernel refuse it, for tests on machines whose init is not systemd:

    under_filter.py UNIT PROGRAM ARGUMENT…

That is `SystemCallFilter=`, `RestrictAddressFamilies=` and `MemoryDenyWriteExecute=`, made by the library and of the
lists of system calls that systemd itself uses.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Deploy" / "supervisor"))

from axolotl_supervisor.layout import UNITS
from axolotl_supervisor.units import Unit, load

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
EQUAL, MASKED_EQUAL = 4, 7
PROT_WRITE, PROT_EXEC = 2, 4
HIGHEST_ADDRESS_FAMILY = 45


class Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp`: which argument, how, and with what."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operation", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


class Filter:
    """One seccomp filter; several are asked in turn, and the strictest answer counts."""

    library = ctypes.CDLL("libseccomp.so.2")

    def __init__(self, otherwise: int) -> None:
        self.library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action: int, name: str, *comparisons: Comparison) -> None:
        """A system call that this architecture does not have needs no rule."""
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            array = (Comparison * len(comparisons))(*comparisons)
            count = ctypes.c_uint(len(comparisons))
            result = self.library.seccomp_rule_add_array(self._context, ctypes.c_uint32(action), number, count, array)
            if result != 0:
                raise OSError(-result, name)

    def load(self) -> None:
        """From here on it is in force, also for what is executed."""
        if result := self.library.seccomp_load(self._context):
            raise OSError(-result, "seccomp_load")


def members(name: str) -> set[str]:
    """The system calls of a set, as systemd knows it; a plain name is itself."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "--no-pager", "syscall-filter", name]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()[1:]
    words = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    return set().union(*(members(word) for word in words))


def allowed_system_calls(unit: Unit) -> set[str]:
    """Line after line, as systemd.exec(5) has it for a list that begins with what is allowed."""
    allowed = members("@default")
    for line in unit.values("Service", "SystemCallFilter"):
        names = set().union(*(members(word) for word in line.removeprefix("~").split()))
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def filters(unit: Unit) -> list[Filter]:
    """What the unit asks for."""
    calls, families, memory = Filter(REFUSE), Filter(ALLOW), Filter(ALLOW)
    for name in allowed_system_calls(unit):
        calls.add(ALLOW, name)
    allowed = {int(getattr(socket, name)) for name in unit.words("Service", "RestrictAddressFamilies")}
    for family in set(range(HIGHEST_ADDRESS_FAMILY + 1)) - allowed:
        families.add(REFUSE, "socket", Comparison(0, EQUAL, family, 0))
    if unit.value("Service", "MemoryDenyWriteExecute") == "yes":
        both = PROT_WRITE | PROT_EXEC
        memory.add(REFUSE, "mmap", Comparison(2, MASKED_EQUAL, both, both))
        for name in ("mprotect", "pkey_mprotect"):
            memory.add(REFUSE, name, Comparison(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC))
    # The one that refuses system calls last: it may refuse the making of further filters.
    return [families, memory, calls]


def main() -> None:
    """Becomes the program."""
    unit, *command = sys.argv[1:]
    for one in filters(load(UNITS, unit)):
        one.load()
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
