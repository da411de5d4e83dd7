"""The network between a phone and the server, as two relays that a test can switch off: nothing passes then.

TCP is relayed to api-front; a cut leaves the connections standing and their bytes waiting, as a lost Wi-Fi does. For
WebRTC the datagrams are relayed, and what comes during a cut is gone. Neither needs any right that a user has not.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from types import TracebackType
from typing import Any

__all__ = ["Radio"]

CHUNK = 1 << 16


class Radio:
    """Relays from `base_url` to the server at `port`. Use it as an async context manager."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._passes = asyncio.Event()
        self._passes.set()
        self._server: asyncio.Server | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._datagrams: list[asyncio.DatagramTransport] = []

    async def __aenter__(self) -> Radio:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        for transport in self._datagrams:
            transport.close()

    @property
    def base_url(self) -> str:
        """Where the server is for whoever is behind this radio."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def is_on(self) -> bool:
        """Whether anything passes."""
        return self._passes.is_set()

    def cut(self) -> None:
        """From now on nothing passes, in no direction."""
        self._passes.clear()

    def restore(self) -> None:
        """It passes again."""
        self._passes.set()

    # TCP

    async def _relay(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._work.add(task)
        try:
            await self._passes.wait()
            far, far_out = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                await asyncio.gather(self._pump(near, far_out), self._pump(far, near_out))
            finally:
                far_out.close()
        except OSError:
            pass
        finally:
            near_out.close()
            self._work.discard(task)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            await self._passes.wait()
            sink.write(data)
            await sink.drain()
        await self._passes.wait()
        # An end that is passed on, also when the other side has gone already.
        with contextlib.suppress(OSError):
            sink.close()

    # UDP

    async def hide(self, answer: str) -> str:
        """An answer whose one candidate is a relay of this radio's to the server's first."""
        lines = answer.splitlines()
        candidates = [line for line in lines if line.startswith("a=candidate:")]
        hosts = [fields for fields in map(str.split, candidates) if ":" not in fields[4] and fields[2] == "UDP"]
        if not hosts:
            raise EOFError("the answer names no address: it was not gathered in time")
        host = hosts[0]
        server = (host[4], int(host[5]))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _DatagramRelay(self, server), local_addr=(host[4], 0)
        )
        self._datagrams.append(transport)
        host[5] = str(transport.get_extra_info("sockname")[1])
        first = lines.index(candidates[0])
        kept = [line for line in lines if not line.startswith("a=candidate:")]
        kept.insert(first, " ".join(host))
        return "\r\n".join(kept) + "\r\n"

    @staticmethod
    def strip(offer: str) -> str:
        """An offer without candidates: the server learns of the phone by the relay's datagrams only."""
        return re.sub(r"a=(candidate:|end-of-candidates)[^\r\n]*\r?\n", "", offer)


class _DatagramRelay(asyncio.DatagramProtocol):
    """Datagrams of phones to one server address, each phone's from a port of its own, as a router does it."""

    def __init__(self, radio: Radio, server: tuple[str, int]) -> None:
        self._radio = radio
        self._server = server
        self._ways: dict[Any, asyncio.Task[asyncio.DatagramTransport]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, phone: Any) -> None:
        if phone not in self._ways:
            self._ways[phone] = asyncio.create_task(self._open_way(phone))
        way = self._ways[phone]
        # What comes before the way is there is lost, as on any network; it is sent again.
        if self._radio.is_on and way.done():
            way.result().sendto(data)

    def connection_lost(self, error: Exception | None) -> None:
        for way in self._ways.values():
            if way.done():
                way.result().close()
            else:
                way.cancel()

    async def _open_way(self, phone: Any) -> asyncio.DatagramTransport:
        relay = self

        class Back(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _server: Any) -> None:
                if relay._radio.is_on and relay._transport is not None:
                    relay._transport.sendto(data, phone)

        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Back, remote_addr=self._server)
        return transport
