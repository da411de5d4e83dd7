"""What Axolotl's WebRTC path is compared with: an aiortc server that counts a frame's fragments and acknowledges it.

Reads offers and prints answers, one JSON string a line.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription


def now_us() -> int:
    """SessionTime: the monotonic clock in µs."""
    return time.monotonic_ns() // 1000


class Phone:
    """One phone: no checks, no index, no file; fragments are counted and acknowledged in the order of the numbers."""

    def __init__(self) -> None:
        self.peer = RTCPeerConnection()
        self.control: RTCDataChannel | None = None
        self.parts: dict[int, int] = {}
        self.whole: set[int] = set()
        self.acknowledged = 0
        self.peer.on("datachannel", self.listen)

    def listen(self, channel: RTCDataChannel) -> None:
        if channel.label == "control":
            self.control = channel
            channel.on("message", self.answer)
        else:
            channel.on("message", self.fragment)

    def answer(self, text: str) -> None:
        assert self.control is not None
        request = json.loads(text)
        if request["type"] == "hello":
            self.control.send(json.dumps({"type": "welcome", "next_seq": 1}))
        else:
            stamp = now_us()
            reply = {"type": "clock", "id": request["id"], "t0": request["t0"], "t1": stamp, "t2": now_us()}
            self.control.send(json.dumps(reply))

    def fragment(self, message: bytes) -> None:
        assert self.control is not None
        (sequence,) = struct.unpack_from("<I", message, 12)
        (count,) = struct.unpack_from("<H", message, 30)
        self.parts[sequence] = self.parts.get(sequence, 0) + 1
        if self.parts[sequence] < count:
            return
        del self.parts[sequence]
        if sequence > self.acknowledged:
            self.whole.add(sequence)
        while self.acknowledged + 1 in self.whole:
            self.acknowledged += 1
            self.whole.remove(self.acknowledged)
        self.control.send(json.dumps({"type": "ack", "seq": self.acknowledged}))


async def main() -> None:
    """Serves until its input ends."""
    phones = []
    while line := await asyncio.to_thread(sys.stdin.readline):
        phone = Phone()
        phones.append(phone)
        await phone.peer.setRemoteDescription(RTCSessionDescription(json.loads(line), "offer"))
        await phone.peer.setLocalDescription(await phone.peer.createAnswer())
        print(json.dumps(phone.peer.localDescription.sdp), flush=True)
    for phone in phones:
        await phone.peer.close()


if __name__ == "__main__":
    asyncio.run(main())
