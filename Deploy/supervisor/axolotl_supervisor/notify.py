"""Receives what the services tell systemd with `sd_notify`, so that development waits on the same signs of life."""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

CREDENTIALS = struct.Struct("=iII")  # struct ucred: process, user, group
DATAGRAM_BYTES = 4096


@dataclass
class Life:
    """What one process has said."""

    ready: bool = False
    stopping: bool = False
    status: str = ""
    last_watchdog: float | None = field(default=None)


class NotifyListener:
    """Owns the notification socket; the kernel vouches for each message's process id."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._changed = threading.Condition()
        self._lives: dict[int, Life] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._receive, name="notify", daemon=True)
        self._thread.start()

    def life(self, pid: int) -> Life:
        """What the process has said so far."""
        with self._changed:
            return self._lives.get(pid, Life())

    def wait_for_change(self, timeout: float) -> None:
        """Returns when any process says something, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait(timeout)

    def close(self) -> None:
        """Ends the thread and removes the socket."""
        if self._closed:
            return
        self._closed = True
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def _receive(self) -> None:
        while not self._closed:
            try:
                data, control, _, _ = self._socket.recvmsg(DATAGRAM_BYTES, socket.CMSG_SPACE(CREDENTIALS.size))
            except OSError:
                return
            for level, kind, content in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS and data:
                    self._note(CREDENTIALS.unpack(content[: CREDENTIALS.size])[0], data)

    def _note(self, pid: int, data: bytes) -> None:
        with self._changed:
            life = self._lives.setdefault(pid, Life())
            for line in data.decode("utf-8", "replace").splitlines():
                key, _, value = line.partition("=")
                if key == "READY":
                    life.ready = value == "1"
                elif key == "STOPPING":
                    life.stopping = value == "1"
                elif key == "STATUS":
                    life.status = value
                elif key == "WATCHDOG":
                    life.last_watchdog = time.monotonic()
            self._changed.notify_all()
