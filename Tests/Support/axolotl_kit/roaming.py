"""A simulated phone that changes its transport while it streams, as the phone's page does."""

from __future__ import annotations

import asyncio
import contextlib

from .phone import Connection, SimulatedPhone, first_of
from .upload import UploadPhone
from .webrtc import WebRTCPhone

__all__ = ["KINDS", "RoamingPhone"]

#: By the names that `session_status` has for them.
KINDS: dict[str, type[SimulatedPhone]] = {"webrtc": WebRTCPhone, "websocket": SimulatedPhone, "http": UploadPhone}


class RoamingPhone(WebRTCPhone, UploadPhone):
    """Begins with `transport`; `switch` ends that connection, and the next one is of another kind."""

    transport = "websocket"

    async def start(self, timeout: float = 60) -> None:
        """As for every phone."""
        self._leaving = asyncio.Event()
        await super().start(timeout)

    def switch(self, transport: str) -> None:
        """Goes on with another transport."""
        self.transport = transport
        self._leaving.set()

    def _open(self) -> contextlib.AbstractAsyncContextManager[Connection]:
        return KINDS[self.transport]._open(self)

    async def _serve(self, connection: Connection) -> None:
        self._leaving.clear()
        await first_of(super()._serve(connection), self._leave())

    async def _leave(self) -> None:
        await self._leaving.wait()


def beginning_with(transport: str) -> type[RoamingPhone]:
    """Roaming phones that begin with a transport."""
    return type(f"Roaming_{transport}", (RoamingPhone,), {"transport": transport})
