"""The index beside each recorded video file (PROTOCOL.md, "Recordings"), read independently of its writer."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

_HEADER = struct.Struct("<4sBBHqq16sQI8sI")
_RECORD = struct.Struct("<IHHqqIIQII")
_TIMES_HEADER = struct.Struct("<4sIQ16s")
_TIME = struct.Struct("<IIq")
UNKNOWN_BOUND = 0xFFFFFFFF


class IndexFault(ValueError):
    """The index is not what it should be; the message says where."""


@dataclass(frozen=True)
class IndexEntry:
    """One recorded frame. `end_offset` is where it ends in the video file. Sequence 0: which frame it was is lost."""

    sequence: int
    device_us: int
    session_us: int
    bound_us: int
    payload_bytes: int
    end_offset: int

    @property
    def has_clock(self) -> bool:
        """Whether the clock was known when the frame arrived."""
        return self.bound_us != UNKNOWN_BOUND


@dataclass(frozen=True)
class CorrectedTime:
    """What all clock exchanges together say of one frame."""

    sequence: int
    bound_us: int
    session_us: int


def read_times(data: bytes) -> list[CorrectedTime]:
    """The corrected times beside an index; raises IndexFault when anything about them is wrong."""
    if len(data) < _TIMES_HEADER.size + 4:
        raise IndexFault("the header is cut short")
    magic, count, zero, _ = _TIMES_HEADER.unpack_from(data)
    body = data[_TIMES_HEADER.size : -4]
    if magic != b"AXT1" or zero != 0 or len(body) != count * _TIME.size:
        raise IndexFault("the header is wrong")
    if zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
        raise IndexFault("the checksum is wrong")
    return [CorrectedTime(*fields) for fields in _TIME.iter_unpack(body)]


def read_index(data: bytes) -> list[IndexEntry]:
    """All records; raises IndexFault at the first wrong byte. A record cut short at the end does not count."""
    if len(data) < _HEADER.size:
        raise IndexFault("the header is cut short")
    magic, kind, finished, *_, checksum = _HEADER.unpack_from(data)
    plain = data[:5] + b"\0" + data[6:60]
    if magic != b"AXI1" or kind not in (1, 2) or finished > 1 or checksum != zlib.crc32(plain):
        raise IndexFault("the header is wrong")
    entries = []
    for offset in range(_HEADER.size, len(data) - _RECORD.size + 1, _RECORD.size):
        sequence, _, _, device, session, bound, size, end, _, checksum = _RECORD.unpack_from(data, offset)
        if checksum != zlib.crc32(data[offset : offset + _RECORD.size - 4]):
            raise IndexFault(f"the record at byte {offset} has a wrong checksum")
        entries.append(IndexEntry(sequence, device, session, bound, size, end))
    return entries
