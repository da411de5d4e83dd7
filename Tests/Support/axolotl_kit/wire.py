"""The public protocol's binary layouts (PROTOCOL.md), written independently of the services' own encoders."""

from __future__ import annotations

import struct
from dataclasses import dataclass

FRAME_HEADER = struct.Struct("<4sBBHHHIqIHH")
FRAME_MAGIC = b"AXF1"
CODEC_JPEG = 1
MAXIMUM_PAYLOAD = 4 * 1024 * 1024
MAXIMUM_TEXT = 4096

POSE_MAGIC = b"AXP1"
_POSE_FIXED = struct.Struct("<qIBB")
_POSE_JOINT = struct.Struct("<5fB")


def encode_frame(sequence: int, device_us: int, width: int, height: int, payload: bytes) -> bytes:
    """A whole JPEG frame as one binary message."""
    header = FRAME_HEADER.pack(FRAME_MAGIC, CODEC_JPEG, 1, width, height, 0, sequence, device_us, len(payload), 0, 1)
    return header + payload


@dataclass(frozen=True)
class PoseHeader:
    """What the coach's page needs to place a live 3D pose in time."""

    session: str
    time_us: int
    cameras: int
    joints_found: int


def decode_pose(message: bytes) -> PoseHeader:
    """Reads a binary 3D pose; raises ValueError for anything else."""
    if message[:4] != POSE_MAGIC or len(message) < 5:
        raise ValueError("not a 3D pose")
    end = 5 + message[4]
    time_us, _, cameras, count = _POSE_FIXED.unpack_from(message, end)
    joints = message[end + _POSE_FIXED.size :]
    if len(joints) != count * _POSE_JOINT.size:
        raise ValueError("a 3D pose of the wrong length")
    found = sum(1 for joint in _POSE_JOINT.iter_unpack(joints) if joint[5] > 0)
    return PoseHeader(message[5:end].decode(), time_us, cameras, found)


def fragments(frame: bytes, message_size: int) -> list[bytes]:
    """A whole frame as messages of at most `message_size` bytes, each with the header and its place among them."""
    payload = frame[FRAME_HEADER.size :]
    room = message_size - FRAME_HEADER.size
    count = -(-len(payload) // room)
    fields = FRAME_HEADER.unpack_from(frame)[:-2]
    return [
        FRAME_HEADER.pack(*fields, index, count) + payload[index * room : (index + 1) * room] for index in range(count)
    ]
