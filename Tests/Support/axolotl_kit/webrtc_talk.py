"""What a test says and hears over a phone's DataChannels, step by step."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import time
from typing import Any

import httpx
import numpy as np
from PIL import Image

from .clock import true_now_us
from .problem import Problem
from .recording_index import read_index
from .stack import Stack
from .webrtc import DataChannels

WIDTH, HEIGHT = 640, 480


def noise(seed: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A picture that compresses badly: several hundred kB."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=92)
    return data.getvalue()


def register(stack: Stack, session: dict[str, Any], device: str = "a") -> dict[str, Any]:
    """Takes a phone's place in a session; what registration answered."""
    body = {"token": session["pairing_token"], "device_id": device, "metadata": {}}
    answer = httpx.post(f"{stack.base_url}/api/pairing/register_device", json=body, trust_env=False, timeout=15)
    document: dict[str, Any] = Problem.check(answer).json()
    return document


async def opened_channels(stack: Stack, token: str, **more: Any) -> DataChannels:
    """Channels that are open. As a phone does, it tries again where the server is busy: the first offer of all loads
    GStreamer, a handshake may take longer than is waited for, and those before it may not have made room yet."""
    patience, end = 15, time.monotonic() + 120
    while True:
        channels = DataChannels(**more)
        try:
            await channels.connect(stack.base_url, token, patience)
            return channels
        except TimeoutError:
            patience *= 2
        except Problem as problem:
            if problem.status < 500 and problem.code != "too_many_peers":
                raise
            await asyncio.sleep(0.1)
        await channels.close()
        assert time.monotonic() < end, "no peer came to be in two minutes"


async def connected(stack: Stack, registration: dict[str, Any], **more: Any) -> DataChannels:
    """A phone whose channels are open, and which the server has welcomed."""
    channels = await opened_channels(stack, registration["device_token"], **more)
    await channels.send(json.dumps({"type": "hello"}))
    await hear(channels, "welcome")
    return channels


async def hear(channels: DataChannels, *kinds: str) -> dict[str, Any]:
    """The next message of one of these types; others are passed over."""
    while True:
        text = await channels.hear()
        assert isinstance(text, str)
        message: dict[str, Any] = json.loads(text)
        if message["type"] in kinds:
            return message


async def exchange_clocks(channels: DataChannels) -> None:
    """Two exchanges, the second of which brings the first: the clock is known then. DeviceTime is SessionTime."""
    previous = None
    for number in (1, 2):
        request = {"type": "clock", "id": number, "t0": true_now_us()} | ({"prev": previous} if previous else {})
        await channels.send(json.dumps(request))
        answer = await hear(channels, "clock")
        arrived = true_now_us()
        assert answer["id"] == number
        assert request["t0"] <= answer["t1"] <= answer["t2"] <= arrived
        previous = {key: answer[key] for key in ("id", "t0", "t1", "t2")} | {"t3": arrived}


async def acknowledged(channels: DataChannels, sequence: int) -> None:
    """Returns when everything up to `sequence` is on disk; an error message is an AssertionError."""
    while (message := await hear(channels, "ack", "error"))["type"] == "ack":
        if message["seq"] >= sequence:
            return
    raise AssertionError(message)


async def send_until_acknowledged(channels: DataChannels, sequence: int, parts: list[bytes]) -> None:
    """The channel resends nothing: what was lost on the way is sent again, as a phone does it."""
    for _ in range(5):
        for part in parts:
            channels.frames.send(part)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(acknowledged(channels, sequence), 3)
    raise TimeoutError(f"frame {sequence} was never acknowledged")


def recorded_payloads(stack: Stack, session_id: str, device: str) -> list[tuple[int, bytes]]:
    """Every recorded frame as the file holds it."""
    found = []
    for index in sorted((stack.recordings / session_id / device).glob("*.idx")):
        video = index.with_suffix(".mkv").read_bytes()
        for entry in read_index(index.read_bytes()):
            found.append((entry.sequence, video[entry.end_offset - entry.payload_bytes : entry.end_offset]))
    return found
