"""Speaks to supervisord over its Unix socket."""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path

DEADLINE_SECONDS = 10.0


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=DEADLINE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return UnixConnection(self._path)


@dataclass(frozen=True)
class Process:
    """A service as supervisord sees it."""

    name: str
    pid: int
    state: str
    exit_status: int
    error: str

    @property
    def running(self) -> bool:
        """Whether there is a process; it may not be ready yet."""
        return self.pid > 0 and self.state in ("STARTING", "RUNNING")


class Supervisor:
    """The calls that are needed here; each opens its own connection and has a deadline."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def processes(self) -> dict[str, Process]:
        """Every service by name. Each call also wakes supervisord, which otherwise looks after its children once a
        second, so asking often makes restarts quick."""
        return {
            entry["name"]: Process(
                entry["name"], entry["pid"], entry["statename"], entry["exitstatus"], entry["spawnerr"]
            )
            for entry in self._server().supervisor.getAllProcessInfo()
        }

    def start(self, name: str) -> None:
        """Starts a service that supervisord had given up or was told to stop."""
        self._server().supervisor.startProcess(name, False)

    def stop(self, name: str) -> None:
        """Tells a service to stop; once `processes` says STOPPED, it stays so until it is started.

        Not waited for: a service has longer to stop (`TimeoutStopSec`) than a call has to be answered.
        """
        self._server().supervisor.stopProcess(name, False)

    def shutdown(self) -> None:
        """Asks supervisord to stop everything and end."""
        self._server().supervisor.shutdown()

    def _server(self) -> xmlrpc.client.ServerProxy:
        return xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=UnixTransport(self._path))
