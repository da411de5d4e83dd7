"""How a simulated phone asks for the time: its half of the clock messages of PROTOCOL.md."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from .clock import DeviceClock
from .phone_parts import Connection, PhoneSettings, PhoneStatistics

__all__ = ["ClockExchanges"]


class ClockExchanges:
    """A burst after every welcome, then a trickle; each request brings the previous exchange, now complete."""

    def __init__(self, clock: DeviceClock, settings: PhoneSettings, statistics: PhoneStatistics) -> None:
        self._clock = clock
        self._settings = settings
        self._statistics = statistics
        self._last_id = 0
        self._replies: dict[int, asyncio.Future[dict[str, int]]] = {}
        self._burst_wanted = asyncio.Event()
        self.is_synchronised = False

    def begin(self) -> None:
        """On a new connection nothing is owed of the one before."""
        self._burst_wanted.clear()
        self._replies.clear()

    def welcome(self) -> None:
        """The server was there anew: it wants a burst."""
        self._burst_wanted.set()

    def take(self, message: dict[str, Any], arrived: int) -> None:
        """A `clock` message, and when it arrived on the phone's clock."""
        reply = self._replies.pop(message["id"], None)
        if reply is not None and not reply.done():
            reply.set_result({key: message[key] for key in ("id", "t0", "t1", "t2")} | {"t3": arrived})

    async def keep_asking(self, connection: Connection, on_burst: Callable[[], None]) -> None:
        """Asks until it is cancelled; `on_burst` is called when a burst has reached the server."""
        previous: dict[str, int] | None = None
        while True:
            burst = self._settings.burst if self._burst_wanted.is_set() else 1
            self._burst_wanted.clear()
            for _ in range(burst):
                previous = await self._exchange(connection, previous)
                if burst > 1:
                    await asyncio.sleep(self._settings.burst_spacing)
            if burst > 1:
                # One more brings the burst's last sample to the server.
                previous = await self._exchange(connection, previous)
                self.is_synchronised = True
                on_burst()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._burst_wanted.wait(), self._settings.trickle)

    async def _exchange(self, connection: Connection, previous: dict[str, int] | None) -> dict[str, int] | None:
        self._last_id += 1
        request: dict[str, Any] = {"type": "clock", "id": self._last_id}
        if previous is not None:
            request["prev"] = previous
        reply = asyncio.get_running_loop().create_future()
        self._replies = {self._last_id: reply}
        request["t0"] = self._clock.now()
        await connection.send(json.dumps(request))
        try:
            sample: dict[str, int] = await asyncio.wait_for(reply, self._settings.reply_timeout)
        except TimeoutError:
            return None
        self._statistics.clock_replies += 1
        self._statistics.round_trip_us.append((sample["t3"] - sample["t0"]) - (sample["t2"] - sample["t1"]))
        return sample
