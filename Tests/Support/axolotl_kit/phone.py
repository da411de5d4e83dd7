"""A simulated phone: what the phone's page does, over real sockets, with a wrong clock of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from .clock import DeviceClock
from .frame_buffer import FrameBuffer
from .problem import Problem
from .radio import Radio
from .wire import encode_frame

__all__ = ["Connection", "PhoneFailure", "PhoneSettings", "PhoneStatistics", "SentFrame", "SimulatedPhone", "first_of"]


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
        self._synchronised = asyncio.Event()
        self._sequence = 0
        self._clock_id = 0
        self._replies: dict[int, asyncio.Future[dict[str, int]]] = {}
        self._welcomed = asyncio.Event()
        self._burst_wanted = asyncio.Event()
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

    async def start(self, timeout: float = 20) -> None:
        """Connects, and returns after the first clock burst."""
        self._last_heard = self._last_progress = time.monotonic()
        self._task = asyncio.create_task(self._keep_connected())
        await self._until(self._synchronised.is_set, timeout, "the first clock exchange")

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
        self._burst_wanted.clear()
        self._replies.clear()
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
                self._burst_wanted.set()
                self._wake.set()
            case "ack":
                self._acknowledge(message["seq"])
            case "clock":
                reply = self._replies.pop(message["id"], None)
                if reply is not None and not reply.done():
                    reply.set_result({key: message[key] for key in ("id", "t0", "t1", "t2")} | {"t3": arrived})
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
        """A burst after every welcome, then a trickle; each request brings the previous exchange, now complete."""
        previous: dict[str, int] | None = None
        await self._welcomed.wait()
        while True:
            burst = self.settings.burst if self._burst_wanted.is_set() else 1
            self._burst_wanted.clear()
            for _ in range(burst):
                previous = await self._exchange(connection, previous)
                if burst > 1:
                    await asyncio.sleep(self.settings.burst_spacing)
            if burst > 1:
                # One more brings the burst's last sample to the server.
                previous = await self._exchange(connection, previous)
                self._synchronised.set()
                self._changed.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._burst_wanted.wait(), self.settings.trickle)

    async def _exchange(self, connection: Connection, previous: dict[str, int] | None) -> dict[str, int] | None:
        self._clock_id += 1
        request: dict[str, Any] = {"type": "clock", "id": self._clock_id}
        if previous is not None:
            request["prev"] = previous
        reply = asyncio.get_running_loop().create_future()
        self._replies = {self._clock_id: reply}
        request["t0"] = self.clock.now()
        await connection.send(json.dumps(request))
        try:
            sample: dict[str, int] = await asyncio.wait_for(reply, self.settings.reply_timeout)
        except TimeoutError:
            return None
        self.statistics.clock_replies += 1
        self.statistics.round_trip_us.append((sample["t3"] - sample["t0"]) - (sample["t2"] - sample["t1"]))
        return sample

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
