"""Starts the real processes for a test or a demo, as `make run` does, on a free port and in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

import httpx

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "Deploy" / "supervisor"))

from axolotl_supervisor import settings as settings_module  # noqa: E402
from axolotl_supervisor.layout import Layout, default_executables  # noqa: E402
from axolotl_supervisor.rpc import Process, Supervisor  # noqa: E402
from axolotl_supervisor.system import POLL_SECONDS, RunningSystem, StartError  # noqa: E402

__all__ = ["FROM_ONE_ADDRESS", "Stack", "StartError", "Supervisor", "free_port"]

#: All clients of a test are one address, and faster than people.
FROM_ONE_ADDRESS = {
    "AXOLOTL_PAIRING_RATE": "0",
    "AXOLOTL_CREDENTIAL_RATE": "1000000",
    "AXOLOTL_CREDENTIAL_BURST": "1000000",
    "AXOLOTL_MAX_CONNECTIONS_PER_ADDRESS": "2048",
}

SERVICES = ("token-svc", "session-svc", "edge-gateway", "stream-svc-1", "stream-svc-2", "api-front")


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """Five services under supervisord. Use it as a context manager, or call `start` and `stop`.

    `settings` are configuration keys on top of plain HTTP, a free port, a coach key made for this stack and no limits
    per address; the caller's own environment and `.env` have no say. `executables` is the folder of the built services.
    """

    def __init__(
        self,
        home: Path | str | None = None,
        port: int = 0,
        settings: dict[str, str] | None = None,
        executables: Path | str | None = None,
    ) -> None:
        self._own_home = home is None
        self.home = Path(home if home is not None else tempfile.mkdtemp(prefix="axolotl-")).absolute()
        self.coach_key = (settings or {}).get("AXOLOTL_COACH_KEY") or secrets.token_urlsafe(24)
        self.settings = {
            "REQUIRE_HTTPS": "false",
            "LOCAL_PORT": str(port or free_port()),
            "AXOLOTL_COACH_KEY": self.coach_key,
        }
        self.settings |= FROM_ONE_ADDRESS | (settings or {})
        folder = executables or os.environ.get("AXOLOTL_BUILD_DIRECTORY") or default_executables()
        self.layout = Layout(self.home, Path(folder).absolute())
        self._system = RunningSystem(self.layout, self.settings)

    def __enter__(self) -> Stack:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Life

    def start(self) -> Stack:
        """Starts everything and waits until `/readyz` says so; raises StartError with the log of whoever fails."""
        try:
            self._system.check_configuration()
            self._system.start()
            self._system.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stops everything in reverse order and leaves no process behind; a home made for this stack is removed."""
        self._system.stop()
        if self._own_home:
            shutil.rmtree(self.home, ignore_errors=True)

    def restart(self) -> None:
        """Stops and starts the whole system on the same state and port, with `settings` as they are then."""
        self._system.stop()
        self._system = RunningSystem(self.layout, self.settings)
        self.start()

    # Where it is

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:port`."""
        return self._system.base_url

    @property
    def websocket_url(self) -> str:
        """`ws://127.0.0.1:port`."""
        return self.base_url.replace("http", "ws", 1)

    @property
    def port(self) -> int:
        """The port of api-front."""
        return self._system.port

    @property
    def state(self) -> Path:
        """The folder that holds each service's state folder."""
        return self.layout.state

    @property
    def recordings(self) -> Path:
        """The folder of the recordings: `<session>/<device>/…`."""
        return self.layout.state / "recordings"

    # Services

    @property
    def services(self) -> list[str]:
        """The names of all services, such as `stream-svc-1`, in starting order."""
        return [program.name for program in self._system.programs]

    def processes(self) -> dict[str, Process]:
        """Every service as the supervisor sees it."""
        return self._system.processes()

    def pid(self, service: str) -> int:
        """The service's process id; 0 while it has none."""
        return self.processes()[service].pid

    def is_ready(self, service: str) -> bool:
        """Whether the service's present process has reported READY=1."""
        return self._system.is_ready(service)

    def kill(self, service: str, number: int = signal.SIGKILL) -> int:
        """Sends a signal to the service and returns the process id that it had."""
        pid = self.pid(service)
        if pid == 0:
            raise RuntimeError(f"{service} has no process to signal")
        os.kill(pid, number)
        return pid

    def kill_together(self, services: Iterable[str]) -> dict[str, int]:
        """SIGKILLs all of these at one moment; the process id that each had."""
        processes = self.processes()
        pids = {service: processes[service].pid for service in services}
        if 0 in pids.values():
            raise RuntimeError(f"not all of these have a process to kill: {pids}")
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        return pids

    def restart_service(self, service: str) -> None:
        """Ends one service in order, as `systemctl restart` does, and waits until its next process is ready.

        It gets the environment it had: what is to change for one service comes from a file, such as a credential.
        """
        self.wait_restarted(service, self.kill(service, signal.SIGTERM))

    def take_down(self, service: str) -> None:
        """Kills the service, and lets nobody start it again until `bring_back`."""

        def is_down() -> bool:
            process = self.processes()[service]
            # Killed at each look: supervisord may just have started another, and its SIGTERM is lost on one that it has
            # forked but that is not the service yet, as supervisord's own handler for it is still in place there.
            if process.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            # Between the kill and its being noticed, supervisord has nothing to stop.
            with contextlib.suppress(xmlrpc.client.Fault):
                self._system.supervisor.stop(service)
            return process.state in ("STOPPED", "FATAL")

        self.wait(f"{service} to stay down", is_down, 10)

    def bring_back(self, service: str) -> None:
        """Starts a service that was taken down, and waits until it is ready."""
        self._system.supervisor.start(service)
        self.wait_restarted(service, 0)

    def wait_restarted(self, service: str, old_pid: int, timeout: float = 30) -> int:
        """Waits until another process than `old_pid` is ready for the service, and returns its id."""
        self.wait(
            f"{service} to come back", lambda: self.pid(service) not in (0, old_pid) and self.is_ready(service), timeout
        )
        return self.pid(service)

    def wait_ready(self, timeout: float = 30) -> None:
        """Waits until `/readyz` says that all of it is ready (again)."""
        self.wait("/readyz", self._system.answers_ready, timeout)

    def wait(
        self, what: str, condition: Callable[[], bool], timeout: float, found: Callable[[], object] | None = None
    ) -> None:
        """Waits for a condition; raises TimeoutError that names it, and what is `found` instead."""
        end = time.monotonic() + timeout
        # Most of it is there in a moment; what takes longer is not asked for all the time.
        pause = POLL_SECONDS / 8
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {timeout:.0f} s for {what}" + (f": {found()}" if found else ""))
            time.sleep(pause)
            pause = min(2 * pause, POLL_SECONDS)

    def logs(self, service: str) -> str:
        """All that the service has logged."""
        return (self.layout.logs / f"{service}.log").read_text(errors="replace")

    def metric(self, name: str) -> float:
        """The sum of a metric over the services and their instances. Whoever has no time to answer is left out."""
        values: list[str] = []

        def is_there() -> bool:
            answer = httpx.get(f"{self.base_url}/metrics", trust_env=False, timeout=30)
            values[:] = re.findall(rf"^{name}{{[^}}]*}} (\S+)$", answer.raise_for_status().text, re.MULTILINE)
            return bool(values)

        self.wait(f"{name} in /metrics", is_there, 10)
        return sum(map(float, values))

    def memory_bytes(self, service: str) -> int:
        """The resident memory of the service."""
        with open(f"/proc/{self.pid(service)}/status") as status:
            line = next(line for line in status if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


# Kept here so that callers need no second import for a file of settings.
parse_settings = settings_module.parse
