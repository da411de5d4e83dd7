"""A simulated phone on HTTP uploads: one request per frame, for networks that let nothing else through."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from .phone import Connection, SimulatedPhone
from .problem import Problem
from .wire import FRAME_HEADER

__all__ = ["UploadPhone", "Uploads"]

IN_FLIGHT = 3
#: Failures in a row after which the line counts as dead.
PATIENCE = 5
#: Refusals that are no fault of the frame's or the line's: the same upload is good later.
SERVERS_DISK = ("disk_full", "recording_failed")
RETRY_SECONDS = 0.2
DEADLINE_SECONDS = 10


class Uploads:
    """Uploads, used like one connection: the server's answers become the messages that it cannot send by itself."""

    def __init__(self, client: httpx.AsyncClient, place: dict[str, str], oldest: Callable[[], int | None]) -> None:
        self._client = client
        self._place = place
        self._oldest = oldest
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._under_way: set[asyncio.Task[None]] = set()
        self._failures = 0

    async def send(self, message: str | bytes) -> None:
        """Uploads a frame, as soon as few enough are under way, or does what the text asks for."""
        if isinstance(message, bytes):
            await self._slots.acquire()
            self._begin(self._upload(message))
            return
        text = json.loads(message)
        match text["type"]:
            case "hello":
                # An answer to anything shows that the server is there; it says what it has with each upload.
                await self.measure({"id": 0, "t0": 0})
                self._hear({"type": "welcome", "next_seq": text.get("oldest_seq") or 1})
            case "clock":
                self._begin(self._answer_clock(text))
            # What was dropped is told with the next upload, which names the oldest frame still held.

    async def measure(self, request: dict[str, Any]) -> dict[str, int]:
        """One clock exchange; µs here, ms with fractions on the wire."""
        previous = {"prev": request["prev"]} if "prev" in request else {}
        body = self._place | {"ts_device": request["t0"] / 1000} | previous
        answer = Problem.check(await self._client.post("/api/pairing/ntp_sync", json=body)).json()
        times = {"t1": "ts_server_receive", "t2": "ts_server_send"}
        return {key: request[key] for key in ("id", "t0")} | {
            key: round(answer[field] * 1000) for key, field in times.items()
        }

    async def close(self) -> None:
        """Ends what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (message := await self._heard.get()) is not None:
            yield message

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _hear(self, message: dict[str, Any]) -> None:
        self._heard.put_nowait(json.dumps(message))

    async def _answer_clock(self, request: dict[str, Any]) -> None:
        with contextlib.suppress(httpx.HTTPError, Problem):
            self._hear({"type": "clock"} | await self.measure(request))

    async def _upload(self, frame: bytes) -> None:
        """Until it is on disk, refused, or the line counts as dead."""
        try:
            while self._failures < PATIENCE:
                try:
                    acknowledged = await self._post(frame)
                except Problem as problem:
                    is_refused = problem.status < 500 and problem.status != 429
                    if is_refused or problem.code in SERVERS_DISK:
                        self._hear({"type": "error", "code": problem.code, "message": problem.detail})
                    if is_refused:
                        return
                    self._failures += problem.code not in SERVERS_DISK
                except httpx.HTTPError:
                    self._failures += 1
                else:
                    self._failures = 0
                    self._hear({"type": "ack", "seq": acknowledged})
                    return
                await asyncio.sleep(RETRY_SECONDS)
            self._heard.put_nowait(None)
        finally:
            self._slots.release()

    async def _post(self, frame: bytes) -> int:
        """Uploads once; the number up to which everything is on disk then."""
        _, _, _, width, height, _, sequence, captured, *_ = FRAME_HEADER.unpack_from(frame)
        answer = await self._client.post(
            "/api/pairing/upload_frame",
            params={
                "seq": sequence,
                "ts_device_us": captured,
                "oldest_seq": min(self._oldest() or sequence, sequence),
                "width": width,
                "height": height,
            },
            content=frame[FRAME_HEADER.size :],
            headers={"Content-Type": "image/jpeg"},
        )
        return int(Problem.check(answer).json()["acknowledged"])


class UploadPhone(SimulatedPhone):
    """A simulated phone whose connection is one HTTP request per frame."""

    def _open(self) -> contextlib.AbstractAsyncContextManager[Connection]:
        return self._open_uploads()

    @contextlib.asynccontextmanager
    async def _open_uploads(self) -> AsyncIterator[Connection]:
        headers = {"Authorization": f"Bearer {self.registration['device_token']}"}
        place = {"session_id": self.registration["session_id"], "device_id": self.device_id}
        async with httpx.AsyncClient(
            base_url=self.base_url, trust_env=False, timeout=DEADLINE_SECONDS, headers=headers
        ) as client:
            uploads = Uploads(client, place, lambda: self.buffer.oldest)
            try:
                yield uploads
            finally:
                await uploads.close()
