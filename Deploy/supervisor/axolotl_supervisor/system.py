"""One running copy of Axolotl: supervisord with the services below it, from the start until nothing is left."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from . import address, configuration, readiness, settings
from .layout import UNITS, Layout
from .notify import NotifyListener
from .rpc import Process, Supervisor
from .units import load_services

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.1
# Between two looks at what ends: six services end one after the other, each noticed at such a look.
ENDING_POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 15
# How a service ends that no new start would help (sysexits.h).
EX_CONFIG = 78
# During the start; supervisord waits longer after each.
DEATHS_BORNE = 3
# The kernel counts the *thread* that started a child as its parent: one that lives as long as this process starts them,
# whichever thread asks for it.
SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class StartError(Exception):
    """The system did not come up, or not down; the message says which service, why, and what to do."""


def prepare_child(open_files: int) -> None:
    """Runs in the child: the kernel ends it, in order, when whoever started it is gone, and it may open as many files
    as the units say, or as many as this machine lets it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(open_files, highest), highest))


class Deaths:
    """Counts how often a service was found dead while it starts."""

    def __init__(self) -> None:
        self._seen = 0
        self._was_down = False

    def count(self, process: Process) -> int:
        """With the look at it now."""
        is_down = process.state == "BACKOFF"
        self._seen += is_down and not self._was_down
        self._was_down = is_down
        return self._seen


class RunningSystem:
    """Starts, watches and stops. Every wait has a deadline."""

    def __init__(self, layout: Layout, values: dict[str, str]) -> None:
        self.layout = layout
        self.values = values
        self.port = address.port(values)
        instances = settings.number(values, "AXOLOTL_STREAM_INSTANCES", 0, 0, 64) or None
        self.programs = configuration.programs(load_services(UNITS, instances), layout)
        self.supervisor = Supervisor(layout.runtime / "supervisor.sock")
        self._notify: NotifyListener | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        # How long each log was when this run began: what is before is of another one.
        self._logs_begin: dict[str, int] = {}
        self._lock: IO[str] | None = None

    @property
    def base_url(self) -> str:
        """Where api-front answers on this machine."""
        return address.local_url(self.values)

    def check_configuration(self) -> None:
        """Lets every service judge its settings before any is started; of several refusals the first one's is told."""
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
            for refusal in list(threads.map(self._refusal_of_settings, self.programs)):
                if refusal is not None:
                    raise StartError(refusal)

    def _refusal_of_settings(self, program: configuration.Program) -> str | None:
        if not os.access(program.command[0], os.X_OK):
            return f"{program.command[0]} is missing; build it with: make build"
        result = subprocess.run(
            [*program.command, "--check-config"],
            env=program.environment | settings.for_services(self.values),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return f"{program.name}: {(result.stderr or result.stdout).strip()}" if result.returncode != 0 else None

    def start(self) -> None:
        """Starts supervisord and the services; `wait_ready` waits for them."""
        self.layout.prepare()
        self._take_lock()
        for folder in {folder for program in self.programs for folder in program.folders}:
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._require_free_port()
        self._logs_begin = {path.stem: path.stat().st_size for path in self.layout.logs.glob("*.log")}
        self._notify = NotifyListener(self.layout.runtime / "notify.sock")
        file = self.layout.runtime / "supervisord.conf"
        shared = {"NOTIFY_SOCKET": str(self._notify.path)}
        configuration.write(file, configuration.render(self.programs, self.layout, shared, self.values))
        open_files = max(program.open_files for program in self.programs)
        output = (self.layout.logs / "supervisord.out").open("wb")
        with output:
            self._daemon = SPAWNER.submit(
                subprocess.Popen,
                ["supervisord", "--nodaemon", "--configuration", str(file)],
                env=settings.for_services(self.values),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: prepare_child(open_files),
                cwd=self.layout.home,
            ).result()
        self._wait("supervisord", 15, self._supervisor_answers)

    def wait_ready(self, report: Callable[[str, float], None] = lambda name, seconds: None) -> None:
        """Waits until every service has said that it is ready, then until api-front says that all of it is."""
        started = time.monotonic()
        for program in self.programs:
            deaths = Deaths()
            self._wait(
                program.name,
                program.start_timeout,
                lambda name=program.name, deaths=deaths: self.is_ready(name) or self._bear(name, deaths),
            )
            report(program.name, time.monotonic() - started)
        self._wait("api-front", 30, self.answers_ready)

    def processes(self) -> dict[str, Process]:
        """The services as supervisord sees them now."""
        return self.supervisor.processes()

    def is_ready(self, name: str) -> bool:
        """Whether the service's present process has said that it is ready."""
        process = self.processes()[name]
        # supervisord forgets the status of a service that ends within its first second; `_bear` sees those.
        if process.exit_status == EX_CONFIG and not process.running:
            raise StartError(self.explain(name, "refuses its settings"))
        if process.state == "FATAL":
            raise StartError(self.explain(name, f"does not start: {process.error or 'it ends at once'}"))
        return process.running and self.has_said_ready(process.pid)

    def _bear(self, name: str, deaths: Deaths) -> bool:
        """A service may die while it starts, but not again and again: the end of its log says why it does."""
        if deaths.count(self.processes()[name]) >= DEATHS_BORNE:
            raise StartError(self.explain(name, "does not start: it ends at once"))
        return False

    def has_said_ready(self, pid: int) -> bool:
        """Whether this process has reported READY=1."""
        return self._notify is not None and self._notify.life(pid).ready

    def answers_ready(self) -> bool:
        """Whether `/readyz` says yes."""
        answer = readiness.ask(self.base_url)
        return answer is not None and answer.ready

    def tail(self, name: str, lines: int = LOG_LINES_SHOWN) -> list[str]:
        """The last lines of a service's log."""
        path = self.layout.logs / f"{name}.log"
        if not path.is_file():
            return []
        with path.open("rb") as file:
            size, begin = path.stat().st_size, self._logs_begin.get(name, 0)
            # A log that was rotated meanwhile is shorter, and all of this run.
            file.seek(max(begin if begin <= size else 0, size - 400 * lines))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]

    def explain(self, name: str, what: str) -> str:
        """What went wrong, with the end of the log that tells why."""
        log = self.layout.logs / f"{name}.log"
        return "\n".join([f"{name} {what}; its log is {log}", *(f"  | {line}" for line in self.tail(name))])

    def stop(self) -> None:
        """Stops the services in reverse order, then supervisord, and removes the run-time folder."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.terminate()
            self._wait_for_end(sum(program.stop_timeout for program in self.programs) + 10)
        if self._notify is not None:
            self._notify.close()
        if self._lock is not None:
            shutil.rmtree(self.layout.runtime, ignore_errors=True)
            self._lock.close()
            self._lock = None

    def _wait_for_end(self, deadline: float) -> None:
        assert self._daemon is not None
        end = time.monotonic() + deadline
        while self._daemon.poll() is None:
            if time.monotonic() > end:
                self._daemon.kill()  # the services die with it
                self._daemon.wait(10)
                raise StartError(f"the services did not stop within {deadline:.0f} s and were killed")
            self._supervisor_answers()  # which also wakes it
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._daemon.wait(ENDING_POLL_SECONDS)

    def _wait(self, what: str, seconds: float, condition: Callable[[], bool]) -> None:
        for _ in self._until(seconds):
            if self._daemon is not None and self._daemon.poll() is not None:
                text = (self.layout.logs / "supervisord.out").read_text().strip()
                raise StartError(f"supervisord ended with status {self._daemon.returncode}: {text}")
            if condition():
                return
        raise StartError(self.explain(what, f"was not ready within {seconds:.0f} s"))

    def _until(self, seconds: float) -> Iterator[None]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield
            if self._notify is not None:
                self._notify.wait_for_change(POLL_SECONDS)

    def _supervisor_answers(self) -> bool:
        try:
            self.supervisor.processes()
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def _take_lock(self) -> None:
        self._lock = (self.layout.home / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            self._lock = None
            raise StartError(
                f"a copy already runs in {self.layout.home}; stop it, or set AXOLOTL_HOME and LOCAL_PORT for another"
            ) from None

    def _require_free_port(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", self.port))
            except OSError:
                raise StartError(
                    f"port {self.port} is in use; choose another, for example: LOCAL_PORT={self.port + 1} make run"
                ) from None
