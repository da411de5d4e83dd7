"""What every simulated phone is made of, whatever it streams over: settings, counts, and what it needs of a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = [
    "FINAL_CLOSE_CODES",
    "Connection",
    "PhoneFailure",
    "PhoneSettings",
    "PhoneStatistics",
    "SentFrame",
    "first_of",
]

# The server will not have this phone back: not authorised, not found, or its place is taken or the session over.
FINAL_CLOSE_CODES = (4401, 4404, 4409)


class Connection(Protocol):
    """What a phone needs of a connection: it sends text and frames, and hears text until it ends."""

    async def send(self, message: str | bytes) -> None:
        """Takes a message, waiting for room."""

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """The server's messages."""


class PhoneFailure(Exception):
    """The phone gave up; the message says why."""


@dataclass(frozen=True)
class PhoneSettings:
    """How patient and how large a phone is. All times in seconds."""

    width: int = 720
    height: int = 1280
    burst: int = 10
    burst_spacing: float = 0.02
    trickle: float = 1.0
    reply_timeout: float = 1.0
    backoff_first: float = 0.1
    backoff_most: float = 2.0
    give_up: float = 60.0
    # No acknowledgement for this long, with frames sent: send them again, and later reconnect.
    stall: float = 4.0
    silence: float = 6.0


@dataclass
class PhoneStatistics:
    """What a phone counts. `acknowledged` are frames, each once."""

    sent: int = 0
    transmissions: int = 0
    acknowledged: int = 0
    dropped: int = 0
    connections: int = 0
    welcomes: int = 0
    clock_replies: int = 0
    round_trip_us: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For a report; round trips as their median."""
        trips = sorted(self.round_trip_us)
        return {
            "frames_sent": self.sent,
            "transmissions": self.transmissions,
            "frames_acknowledged": self.acknowledged,
            "frames_dropped_by_phone": self.dropped,
            "connections": self.connections,
            "welcomes": self.welcomes,
            "clock_exchanges": self.clock_replies,
            "round_trip_ms_median": trips[len(trips) // 2] / 1000 if trips else None,
            "errors": self.errors[:20],
        }


@dataclass(frozen=True)
class SentFrame:
    """What only the simulation knows of a frame: the true instant at which it was captured."""

    sequence: int
    true_us: float
    device_us: int


async def first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Runs all until one ends, ends the others, and raises what it raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
