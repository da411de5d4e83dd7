"""`make run`: starts everything, shows the coach's link, tells what happens, and stops everything on Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import xmlrpc.client
from pathlib import Path
from types import FrameType

from . import address, settings, settings_file
from .layout import REPOSITORY, Layout, default_executables
from .rpc import Process
from .system import EX_CONFIG, RunningSystem, StartError
from .units import UnitError

WATCH_SECONDS = 0.25
# supervisord gives a service up after its last attempt; here it is tried again at this pace for as long as it takes.
SECOND_CHANCE_SECONDS = 15.0


def main() -> int:
    """Parses, runs until a signal, and says with its exit code whether it went well."""
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    arguments = parse()
    try:
        values = settings.load()
        if warning := settings_file.exposure(settings.FILE):
            say(f"{warning}:   chmod 600 {settings.FILE}")
        home = Path(values.get("AXOLOTL_HOME") or REPOSITORY / ".axolotl").absolute()
        system = RunningSystem(Layout(home, arguments.executables.absolute()), values)
        return run(system, arguments.quiet)
    except KeyboardInterrupt:
        return 130
    except (settings.SettingsError, StartError, UnitError, OSError) as failure:
        print(f"\naxolotl: {failure}", file=sys.stderr)
        return 1


def run(system: RunningSystem, quiet: bool) -> int:
    """From the start to the end of one copy."""
    say(f"Axolotl starts in {system.layout.home}")
    try:
        system.check_configuration()
        system.start()
        system.wait_ready(lambda name, seconds: say(f"  {name:<14} ready after {seconds:4.1f} s"))
        watch = Watch(system)
        # Before the link is shown: what dies from then on is told.
        watch.look()
        announce(system, quiet)
        watch.forever()
    except KeyboardInterrupt:
        say("\nStopping …")
        return 0
    finally:
        # A second Ctrl-C must not leave anything behind: the first is being obeyed.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        system.stop()
        say("Everything is stopped.")


def announce(system: RunningSystem, quiet: bool) -> None:
    """The link for the coach, and as a QR for another machine."""
    key = address.coach_key(system.values, system.layout.state)
    link = address.coach_link(address.public_url(system.values, system.layout.executables / "api-front"), key)
    say(f"\nThe coach's page:   {link}")
    say(f"on this machine:    {address.coach_link(system.base_url, key)}")
    if not quiet:
        say("\n" + address.with_qr(link))
    if warning := address.warning(system.values):
        say(warning)
    say(f"Logs: {system.layout.logs}   Ctrl-C stops everything.\n")


class Watch:
    """Tells when a service dies and when it is back."""

    def __init__(self, system: RunningSystem) -> None:
        self._system = system
        self._ready: dict[str, int] = {}
        self._down_since: dict[str, float] = {}
        self._given_up: dict[str, float] = {}

    def forever(self) -> None:
        """Until a signal, or until supervisord itself is gone."""
        while True:
            self.look()
            time.sleep(WATCH_SECONDS)

    def look(self) -> None:
        """Looks at every service once."""
        try:
            processes = self._system.processes()
        except (OSError, xmlrpc.client.Error):
            raise StartError(
                f"supervisord is gone, and the services with it; see {self._system.layout.logs}/supervisord.log"
            ) from None
        for process in processes.values():
            self._look_at(process)

    def _look_at(self, process: Process) -> None:
        name, now = process.name, time.monotonic()
        if process.state == "FATAL":
            self._give_another_chance(process, now)
        elif process.running and self._system.has_said_ready(process.pid):
            if self._ready.get(name) != process.pid:
                if name in self._ready or name in self._down_since:
                    self._note_death(process, now)
                    seconds = now - self._down_since.pop(name)
                    # Found dead and back at one look, nobody knows how long it was away.
                    say(f"{name} is back" + (f" after {seconds:.1f} s" if seconds > 0 else ""))
                self._ready[name] = process.pid
        elif self._ready.get(name, process.pid) != process.pid:
            self._note_death(process, now)

    def _note_death(self, process: Process, now: float) -> None:
        if process.name in self._down_since:
            return
        self._down_since[process.name] = now
        say(f"{process.name} died and is started again; the end of its log:")
        for line in self._system.tail(process.name, 5):
            say(f"  | {line}")

    def _give_another_chance(self, process: Process, now: float) -> None:
        if process.exit_status == EX_CONFIG:
            raise StartError(self._system.explain(process.name, "refuses its settings"))
        since = self._given_up.setdefault(process.name, now)
        if since == now:
            say(self._system.explain(process.name, f"keeps dying ({process.error or process.exit_status})"))
            self._down_since.setdefault(process.name, now)
        if now - since >= SECOND_CHANCE_SECONDS:
            del self._given_up[process.name]
            self._system.supervisor.start(process.name)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="run", description="Runs Axolotl's five services until Ctrl-C.")
    parser.add_argument(
        "--executables",
        type=Path,
        default=os.environ.get("AXOLOTL_BUILD_DIRECTORY") or default_executables(),
        help="folder of the built services (default: %(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="print no QR")
    return parser.parse_args()


def interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM and SIGHUP end it as Ctrl-C does."""
    raise KeyboardInterrupt


def say(line: str) -> None:
    """A line for the person at the terminal."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
