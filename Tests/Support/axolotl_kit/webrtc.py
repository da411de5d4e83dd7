"""A simulated phone on WebRTC: the same phone, with aiortc's DataChannels in place of the WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from typing import Any

import httpx
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from .phone import Connection, SimulatedPhone
from .problem import Problem
from .radio import Radio
from .wire import fragments

__all__ = ["DataChannels", "WebRTCPhone", "signal"]

# RFC 8841: what may be sent to a peer that announces no a=max-message-size.
DEFAULT_MESSAGE_SIZE = 65536
HIGH_WATER = 1 << 20


async def signal(base_url: str, token: str, sdp: str, kind: str = "offer") -> str:
    """Sends an offer and returns the answer's sdp; a refusal is a `Problem`."""
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=15) as client:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await client.post("/api/pairing/signal_offer", json={"type": kind, "sdp": sdp}, headers=headers)
        document = Problem.check(answer).json()
        assert document["type"] == "answer"
        return str(document["sdp"])


class DataChannels:
    """The two channels of a phone, used like one connection: text goes to `control`, frames to `frames`."""

    def __init__(self, ice_servers: list[RTCIceServer] | None = None, message_size: int = DEFAULT_MESSAGE_SIZE) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=ice_servers or []))
        self.message_size = message_size
        self.control = self.peer.createDataChannel("control")
        self.frames = self.peer.createDataChannel("frames", ordered=False, maxRetransmits=0)
        self.answer = ""
        self.lost = 0
        # For tests that lose fragments on purpose: False is lost.
        self.passes = lambda _fragment: True
        self._incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._opened = asyncio.Event()
        self._drained = asyncio.Event()
        for channel in (self.control, self.frames):
            self._listen(channel)

    def _listen(self, channel: RTCDataChannel) -> None:
        @channel.on("open")
        def _open() -> None:
            if self.control.readyState == self.frames.readyState == "open":
                self._opened.set()

        @channel.on("message")
        def _message(message: str | bytes) -> None:
            self._incoming.put_nowait(message)

        @channel.on("close")
        def _close() -> None:
            self._incoming.put_nowait(None)

        channel.bufferedAmountLowThreshold = HIGH_WATER // 2
        channel.on("bufferedamountlow", self._drained.set)

    async def connect(self, base_url: str, token: str, timeout: float = 15, radio: Radio | None = None) -> None:
        """Offers with all candidates, takes the answer, and returns when both channels are open.

        With a `radio` nobody learns the other's address, so that everything goes through it.
        """
        await self.peer.setLocalDescription(await self.peer.createOffer())
        offer = self.peer.localDescription.sdp
        answer = await signal(base_url, token, offer if radio is None else radio.strip(offer))
        await self.accept(answer if radio is None else await radio.hide(answer), timeout)

    async def accept(self, answer: str, timeout: float = 15) -> None:
        """Takes the answer, and returns when both channels are open."""
        self.answer = answer
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.wait_for(self._opened.wait(), timeout)

    async def send(self, message: str | bytes) -> None:
        """Sends text, or a frame in fragments that fit."""
        if isinstance(message, str):
            self._alive().control.send(message)
            return
        for fragment in fragments(message, self.message_size):
            while self._alive().frames.bufferedAmount > HIGH_WATER:
                self._drained.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._drained.wait(), 1)
            if self.passes(fragment):
                self.frames.send(fragment)
            else:
                self.lost += 1
        await asyncio.sleep(0)

    def _alive(self) -> DataChannels:
        if self.control.readyState != "open" or self.frames.readyState != "open":
            raise EOFError
        return self

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (message := await self._incoming.get()) is not None:
            yield message

    async def hear(self, timeout: float = 10) -> str | bytes:
        """The next message; EOFError when the connection has ended."""
        message = await asyncio.wait_for(self._incoming.get(), timeout)
        if message is None:
            raise EOFError
        return message

    async def close(self) -> None:
        """Ends the connection."""
        # If closing is interrupted, aiortc lets whoever closes again wait for ever.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.peer.close(), 5)

    async def vanish(self) -> None:
        """Falls silent as a phone that is out of reach: the other side is told nothing."""
        transport = self.peer.sctp.transport
        await transport.transport.stop()
        await self.close()


class WebRTCPhone(SimulatedPhone):
    """A simulated phone whose connection is a pair of DataChannels."""

    ice_servers: list[RTCIceServer] | None = None
    message_size = DEFAULT_MESSAGE_SIZE
    channels: DataChannels | None = None

    def prepare(self, channels: DataChannels) -> None:
        """Called before each connection is made; for tests that make it a bad one."""

    @property
    def _lost_after(self) -> float:
        """As the phone's page has it: what still waits here is not lost yet."""
        if self.channels is None:
            return math.inf
        return 1.5 if self.channels.frames.bufferedAmount == 0 else 5.0

    def _open(self) -> contextlib.AbstractAsyncContextManager[Connection]:
        return self._open_channels()

    @contextlib.asynccontextmanager
    async def _open_channels(self) -> AsyncIterator[Connection]:
        channels = DataChannels(self.ice_servers, self.message_size)
        self.prepare(channels)
        try:
            await channels.connect(self.base_url, self.registration["device_token"], radio=self.radio)
            self.channels = channels
            yield channels
        finally:
            self.channels = None
            await channels.close()


def ice_servers(listed: list[dict[str, Any]]) -> list[RTCIceServer]:
    """The `ice_servers` of a registration, in aiortc's words."""
    return [RTCIceServer(each["urls"], each.get("username"), each.get("credential")) for each in listed]
