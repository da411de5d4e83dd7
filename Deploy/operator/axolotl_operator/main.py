"""The command line of `axolotl`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from axolotl_supervisor.settings_file import SettingsError
from axolotl_supervisor.units import UnitError

from .check import check
from .installation import Installation, OperatorError
from .link import link
from .logs import logs
from .scale import scale
from .status import status


def main() -> int:
    """Does what is asked, and says with its exit status whether it went well."""
    arguments = parser().parse_args()
    installation = Installation(arguments.root.absolute())
    try:
        match arguments.command:
            case "status":
                return status(installation)
            case "logs":
                return logs(installation, arguments.service, arguments.follow, arguments.lines)
            case "link":
                return link(installation, arguments.quiet)
            case "scale":
                return scale(installation, arguments.instances)
            case _:
                return check(installation)
    except (OperatorError, SettingsError, UnitError, OSError) as failure:
        print(f"axolotl: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """What may be asked."""
    top = argparse.ArgumentParser(
        prog="axolotl",
        description="Looks after Axolotl on this machine.",
        epilog="Exit status: 0 it is well, 1 it is not or it could not be done, 2 the command line is wrong.",
    )
    top.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help="an installation below DIR, of which nothing runs"
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("status", help="each service: running, ready, version, restarts, memory; and what to do")
    one = commands.add_parser("logs", help="the journal of a service, or of all")
    one.add_argument("service", nargs="?", metavar="SERVICE", help="such as api-front, stream-svc or stream-svc@2")
    one.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    one.add_argument("-n", "--lines", type=int, metavar="N", help="the last N lines")
    one = commands.add_parser("link", help="the coach's link, which signs in, and its QR")
    one.add_argument("-q", "--quiet", action="store_true", help="the link alone")
    one = commands.add_parser("scale", help="how many stream instances run")
    one.add_argument("instances", type=int, metavar="N", help="1 to 64; one for each camera or two")
    commands.add_parser("check", help="let every service judge the settings, before a restart does")
    return top
