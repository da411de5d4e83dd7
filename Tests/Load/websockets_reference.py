"""What Axolotl's WebSocket path is compared with: a Python server that writes each frame to a file and acknowledges it.

usage: websockets_reference.py FOLDER; prints its port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


def now_us() -> int:
    """SessionTime: the monotonic clock in µs."""
    return time.monotonic_ns() // 1000


async def messages(connection: ServerConnection) -> AsyncIterator[str | bytes]:
    """Until the connection ends, in whatever way."""
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            yield message


async def phone(connection: ServerConnection, folder: Path) -> None:
    """One phone: no checks, no index, no session; only the bytes."""
    assert connection.request is not None
    with (folder / connection.request.path.strip("/")).open("wb", buffering=0) as file:
        async for message in messages(connection):
            if isinstance(message, bytes):
                file.write(message)
                (sequence,) = struct.unpack_from("<I", message, 12)
                await connection.send(json.dumps({"type": "ack", "seq": sequence}, separators=(",", ":")))
                continue
            request = json.loads(message)
            if request["type"] == "hello":
                await connection.send(json.dumps({"type": "welcome", "next_seq": 1}))
            else:
                stamp = now_us()
                reply = {"type": "clock", "id": request["id"], "t0": request["t0"], "t1": stamp, "t2": now_us()}
                await connection.send(json.dumps(reply, separators=(",", ":")))


async def main() -> None:
    """Serves until it is ended."""
    folder = Path(sys.argv[1])
    server = await serve(lambda connection: phone(connection, folder), "127.0.0.1", 0, compression=None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
