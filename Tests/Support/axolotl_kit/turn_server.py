"""A real TURN server: Debian's coturn, on a free port, for as long as a test needs it."""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

STARTS_WITHIN = 15.0
STOPS_WITHIN = 10.0


def own_address() -> str:
    """This machine's address towards others, for which no packet is sent; loopback if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


class TurnServer:
    """coturn with a shared secret, the way PROTOCOL.md tells operators to run it."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(24)
        self.address = own_address()
        self._folder = Path(tempfile.mkdtemp(prefix="axolotl-turn-"))
        self._log = self._folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def server(self) -> str:
        """`host:port`, as in TURN_SERVER."""
        return f"{self.address}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What makes Axolotl use it."""
        return {"ENABLE_TURN": "true", "TURN_SERVER": self.server, "TURN_PASSWORD": self.secret}

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text(errors="replace")

    def allocations(self) -> set[str]:
        """The user names that got a relay address."""
        return set(re.findall(r"user <([^>]+)>: incoming packet ALLOCATE processed, success", self.log))

    def __enter__(self) -> TurnServer:
        executable = shutil.which("turnserver")
        if executable is None:
            raise RuntimeError("turnserver is missing; install Debian's package `coturn`")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((self.address, 0))
            self.port = probe.getsockname()[1]
        options = [
            "-n", "--use-auth-secret", f"--static-auth-secret={self.secret}", "--realm=axolotl", "--verbose",
            f"--listening-ip={self.address}", f"--relay-ip={self.address}", f"--listening-port={self.port}",
            "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--allow-loopback-peers",
            f"--pidfile={self._folder}/pid", f"--userdb={self._folder}/db",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([executable, *options], stdout=log, stderr=log, cwd=self._folder)
        end = time.monotonic() + STARTS_WITHIN
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                text = self.log
                self.__exit__(None, None, None)
                raise RuntimeError(f"coturn does not start: {text[-1000:]}")
            time.sleep(0.05)
        return self

    def _listens(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            return probe.connect_ex((self.address, self.port)) == 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
