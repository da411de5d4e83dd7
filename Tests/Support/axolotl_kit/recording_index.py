"""The index beside each recorded video file (Services/stream-svc/README.md), read independently of its writer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IndexEntry:
    """One recorded frame."""

    sequence: int
    device_us: int
    session_us: int
    bound_us: int


def read_index(data: bytes) -> list[IndexEntry]:
    """All complete records."""
    raise NotImplementedError
