"""A simulated phone: what the phone's page does, over real sockets, with a wrong clock of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from .clock import DeviceClock
from .clock_exchanges import ClockExchanges
from .frame_buffer import FrameBuffer
from .phone_parts import (
    FINAL_CLOSE_CODES,
    Connection,
    PhoneFailure,
    PhoneSettings,
    PhoneStatistics,
    SentFrame,
    first_of,
)
from .problem import Problem
from .radio import Radio
from .wire import encode_frame

__all__ = ["Connection", "PhoneFailure", "PhoneSettings", "PhoneStatistics", "SentFrame", "SimulatedPhone", "first_of"]


class SimulatedPhone:
    """Pairs, keeps a connection, and delivers every captured frame as long as its memory allows.

    `radio`, if there is one, is what all that it sends and hears goes through; `base_url` is then the radio's.

    `await pair()`, `await start()` (returns when the clock is synchronised), then `capture()` for each picture,
    `await drain(seconds)` and `await close()`.
    """

    radio: Radio | None = None

    def __init__(
        self,
        base_url: str,
        pairing_token: str,
        device_id: str,
        clock: DeviceClock,
        settings: PhoneSettings | None = None,
        buffer: FrameBuffer | None = None,
        random_source: random.Random | None = None,
    ) -> None:
        self.base_url = base_url
        self.device_id = device_id
        self.clock = clock
        self.settings = settings or PhoneSettings()
        self.buffer = FrameBuffer() if buffer is None else buffer
        self.statistics = PhoneStatistics()
        self.truth: list[SentFrame] = []
        self.registration: dict[str, Any] = {}
        self.connection: ClientConnection | None = None
        self._token = pairing_token
        self._attempt = secrets.token_hex(16)
        self._random = random_source or random.Random()
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._sequence = 0
        self._exchanges = ClockExchanges(clock, self.settings, self.statistics)
        self._welcomed = asyncio.Event()
        self._last_progress = 0.0
        self._stalls = 0
        self._last_heard = 0.0

    # Pairing

    async def pair(self) -> dict[str, Any]:
        """Validates the pairing token and registers; returns what registration answered."""
        async with httpx.AsyncClient(base_url=self.base_url, trust_env=False, timeout=15) as client:
            query = {"token": self._token, "device_id": self.device_id}
            Problem.check(await client.get("/api/pairing/validate", params=query))
            metadata = {
                "label": self.device_id,
                "browser": "axolotl-simulated",
                "platform": "simulation",
                "width": self.settings.width,
                "height": self.settings.height,
            }
            body = {
                "token": self._token,
                "device_id": self.device_id,
                "attempt": self._attempt,
                "metadata": metadata,
            }
            answer = await client.post("/api/pairing/register_device", json=body)
            self.registration = Problem.check(answer).json()
        return self.registration

    # Life of the connection

    async def start(self, timeout: float = 60) -> None:
        """Connects, and returns after the first clock burst."""
        self._last_heard = self._last_progress = time.monotonic()
        self._task = asyncio.create_task(self._keep_connected())
        await self._until(lambda: self._exchanges.is_synchronised, timeout, "the first clock exchange")

    async def drain(self, timeout: float) -> None:
        """Waits until every frame held has been acknowledged; raises PhoneFailure if that takes longer."""
        await self._until(lambda: len(self.buffer) == 0, timeout, "acknowledgements")

    async def close(self) -> None:
        """Ends the connection; frames still held stay held."""
        task, self._task = self._task, None
        if task is None:
            return
        # `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes as what it waits for is done.
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=10)
        if not task.cancelled() and (error := task.exception()):
            raise error

    @property
    def has_given_up(self) -> bool:
        """Whether it will not connect any more; `close` raises why."""
        return self._task is not None and self._task.done()

    async def break_connection(self) -> None:
        """Cuts the connection as a lost Wi-Fi would: no close frame."""
        if self.connection is not None:
            self.connection.transport.abort()

    def capture(self, picture: bytes, true_us: float) -> int:
        """A picture was taken at a true instant: numbers it, stamps it with this phone's clock, and queues it."""
        self._sequence += 1
        device_us = self.clock.at(true_us)
        self.truth.append(SentFrame(self._sequence, true_us, device_us))
        message = encode_frame(self._sequence, device_us, self.settings.width, self.settings.height, picture)
        self.statistics.sent += 1
        self.statistics.dropped += self.buffer.add(self._sequence, message)
        self._wake.set()
        return self._sequence

    async def _until(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        end = time.monotonic() + timeout
        while not condition():
            if self._task is not None and self._task.done():
                self._task.result()
                raise PhoneFailure(f"{self.device_id}: the connection ended while waiting for {what}")
            self._changed.clear()
            left = end - time.monotonic()
            if left <= 0:
                raise PhoneFailure(
                    f"{self.device_id}: waited {timeout:.0f} s for {what}; "
                    f"{len(self.buffer)} frames unacknowledged from {self.buffer.oldest}, "
                    f"errors: {self.statistics.errors[-3:]}"
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.25))

    async def _keep_connected(self) -> None:
        attempt = 0
        down_since = time.monotonic()
        while True:
            welcomes = self.statistics.welcomes
            try:
                async with self._open() as connection:
                    self.statistics.connections += 1
                    self._changed.set()
                    await self._serve(connection)
            except (OSError, TimeoutError, EOFError, WebSocketException, httpx.HTTPError) as error:
                self._note_error(type(error).__name__)
            except Problem as problem:
                self._note_error(problem.code)
                if problem.status < 500:
                    raise PhoneFailure(f"{self.device_id}: {problem}") from problem
            if self.statistics.welcomes > welcomes:
                attempt, down_since = 0, time.monotonic()
            if time.monotonic() - down_since > self.settings.give_up:
                raise PhoneFailure(f"{self.device_id}: no connection for {self.settings.give_up:.0f} s")
            pause = min(self.settings.backoff_most, self.settings.backoff_first * 2 ** min(attempt, 10))
            attempt += 1
            await asyncio.sleep(pause * self._random.uniform(0.5, 1))

    def _open(self) -> contextlib.AbstractAsyncContextManager[Connection]:
        """A connection, ended on exit. PhoneFailure is final; what else goes wrong is tried again."""
        return self._open_websocket()

    @contextlib.asynccontextmanager
    async def _open_websocket(self) -> AsyncIterator[Connection]:
        try:
            async with connect(
                self.registration["ws_url"],
                compression=None,
                proxy=None,
                open_timeout=5,
                close_timeout=1,
                ping_interval=None,
                max_size=1 << 20,
            ) as connection:
                self.connection = connection
                try:
                    yield connection
                finally:
                    self.connection = None
        except ConnectionClosed as closing:
            if closing.rcvd is not None and closing.rcvd.code in FINAL_CLOSE_CODES:
                raise PhoneFailure(
                    f"{self.device_id}: closed with {closing.rcvd.code} {closing.rcvd.reason}"
                ) from closing
            raise

    async def _serve(self, connection: Connection) -> None:
        self._welcomed.clear()
        self._exchanges.begin()
        self._last_heard = self._last_progress = time.monotonic()
        hello: dict[str, Any] = {"type": "hello"}
        if self.buffer.oldest is not None:
            hello["oldest_seq"] = self.buffer.oldest
        await connection.send(json.dumps(hello))
        await first_of(
            self._receive(connection),
            self._send_frames(connection),
            self._ask_time(connection),
            self._watch(connection),
        )

    # The four things that happen on a connection at once

    async def _receive(self, connection: Connection) -> None:
        async for message in connection:
            arrived = self.clock.now()
            self._last_heard = time.monotonic()
            if not isinstance(message, str):
                raise PhoneFailure(f"{self.device_id}: the server sent a binary message to a phone")
            self._take(json.loads(message), arrived)
        raise EOFError

    def _take(self, message: dict[str, Any], arrived: int) -> None:
        match message.get("type"):
            case "welcome":
                self.statistics.welcomes += 1
                self._acknowledge(message["next_seq"] - 1)
                self.buffer.resume()
                self._welcomed.set()
                self._exchanges.welcome()
                self._wake.set()
            case "ack":
                self._acknowledge(message["seq"])
            case "clock":
                self._exchanges.take(message, arrived)
            case "error":
                self._note_error(message["code"])
            case "command":
                pass
            case other:
                raise PhoneFailure(f"{self.device_id}: the server sent a message of unknown type {other!r}")
        self._changed.set()

    def _acknowledge(self, through: int) -> None:
        if through > self._sequence:
            raise PhoneFailure(f"{self.device_id}: {through} was acknowledged, but {self._sequence} is the newest")
        count = self.buffer.acknowledge(through)
        self.statistics.acknowledged += count
        if count:
            self._last_progress = time.monotonic()
            self._stalls = 0

    async def _send_frames(self, connection: Connection) -> None:
        await self._welcomed.wait()
        told: list[tuple[int, int]] = []
        while True:
            for span in list(self.buffer.dropped):
                if span not in told:
                    await connection.send(json.dumps({"type": "dropped", "from": span[0], "through": span[1]}))
            told = list(self.buffer.dropped)
            message = self.buffer.next(time.monotonic())
            if message is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await connection.send(message)
            self.statistics.transmissions += 1

    async def _ask_time(self, connection: Connection) -> None:
        await self._welcomed.wait()
        await self._exchanges.keep_asking(connection, self._changed.set)

    async def _watch(self, connection: Connection) -> None:
        """Notices frames that were lost, and a server that has gone silent or no longer acknowledges."""
        self._stalls = 0
        while True:
            await asyncio.sleep(0.25)
            now = time.monotonic()
            if len(self.buffer) == 0:
                self._last_progress = now
                self._stalls = 0
            if self.buffer.resend(now - self._lost_after):
                self._wake.set()
            if now - self._last_heard > self.settings.silence:
                self._note_error("silence")
                raise EOFError
            if self._welcomed.is_set() and now - self._last_progress > self.settings.stall:
                self._note_error("stalled")
                self._stalls += 1
                if self._stalls > 2:
                    raise EOFError
                self._last_progress = now
                self.buffer.resume()
                self._wake.set()

    @property
    def _lost_after(self) -> float:
        """Seconds without acknowledgement after which a frame was lost: never, where the line itself sends it again."""
        return math.inf

    def _note_error(self, code: str) -> None:
        if len(self.statistics.errors) < 200:
            self.statistics.errors.append(code)
