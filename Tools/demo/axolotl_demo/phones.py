"""The four phone processes, seen from the demo."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STOP_SECONDS = 3


class DemoFailure(Exception):
    """The demo cannot go on, or did not hold what it promises; the message is a sentence for a person."""


@dataclass
class PhoneProcess:
    """One simulated phone in its own process."""

    device_id: str
    process: asyncio.subprocess.Process
    frames: int = 0
    sent: int = 0
    acknowledged: int = 0
    statistics: dict[str, Any] = field(default_factory=dict)
    clock: dict[str, float] = field(default_factory=dict)
    failure: str | None = None
    done: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def launch(cls, orders: dict[str, Any]) -> PhoneProcess:
        """Starts it; its orders, the pairing token among them, go through a pipe that nobody else reads."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "axolotl_kit.phone_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl-C is for the demo, which then ends its phones itself.
            start_new_session=True,
        )
        phone = cls(orders["device_id"], process)
        await phone._tell(orders)
        return phone

    async def begin(self, start_us: int) -> None:
        """Gives the true instant at which the footage begins."""
        await self._tell({"start_us": start_us})

    async def listen(self) -> None:
        """Follows what the phone says until it ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self._take(json.loads(line))
        await self.process.wait()
        if not self.done and self.failure is None:
            self.failure = f"its process ended with code {self.process.returncode}"
        self.ready.set()

    async def stop(self) -> None:
        """Ends the process, kindly and then not."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), STOP_SECONDS)

    def _take(self, message: dict[str, Any]) -> None:
        match message.pop("event"):
            case "ready":
                self.frames = message["frames"]
                self.clock = {"offset_ms": message["offset_ms"], "rate_ppm": message["rate_ppm"]}
                self.ready.set()
            case "progress":
                self.sent, self.acknowledged = message["sent"], message["acknowledged"]
            case "statistics":
                message.pop("at")
                self.statistics = message
                self.sent, self.acknowledged = message["frames_sent"], message["frames_acknowledged"]
            case "done":
                self.done = True
            case "failed":
                self.failure = message["message"]

    async def _tell(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        await self.process.stdin.drain()


def truth_file(folder: Path, device_id: str) -> Path:
    """Where a phone writes down what only it knows."""
    return folder / f"{device_id}-truth.csv"
