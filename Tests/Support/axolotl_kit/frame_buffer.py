"""What a phone keeps until the server has it on disk. A pure value: no sockets, no clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class FrameBuffer:
    """Holds every unacknowledged frame within two limits, and says which one to send next.

    On overflow the oldest frame goes; its number is remembered in `dropped` until the server's acknowledgement has
    passed it, because the server has to hear of it on this connection or on the next.
    """

    maximum_frames: int = 1800
    maximum_bytes: int = 96 * 1024 * 1024
    dropped: list[tuple[int, int]] = field(default_factory=list)
    acknowledged: int = 0
    bytes_held: int = 0
    _held: dict[int, bytes] = field(default_factory=dict)
    _live: deque[int] = field(default_factory=deque)
    _missing: deque[int] = field(default_factory=deque)
    _missing_is_next: bool = False
    # When each frame was last handed out; gone while it waits for its next turn.
    _sent_at: dict[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._held)

    @property
    def oldest(self) -> int | None:
        """The oldest sequence number held."""
        return next(iter(self._held), None)

    def add(self, sequence: int, message: bytes) -> int:
        """Takes a new frame; the return value is how many old ones had to go for it."""
        self._held[sequence] = message
        self._live.append(sequence)
        self.bytes_held += len(message)
        gone = 0
        while len(self._held) > 1 and (len(self._held) > self.maximum_frames or self.bytes_held > self.maximum_bytes):
            oldest = next(iter(self._held))
            self._forget(oldest)
            self._note_dropped(oldest)
            gone += 1
        return gone

    def acknowledge(self, through: int) -> int:
        """Everything up to `through` is on disk; the return value is how many held frames that were."""
        count = 0
        for sequence in [held for held in self._held if held <= through]:
            self._forget(sequence)
            count += 1
        self.acknowledged = max(self.acknowledged, through)
        self.dropped = [span for span in self.dropped if span[1] > through]
        return count

    def resume(self) -> None:
        """A new connection, or a server that lost its memory: whatever is still held has to be sent (again)."""
        self._live.clear()
        self._missing = deque(self._held)
        self._missing_is_next = False
        self._sent_at.clear()

    def resend(self, sent_before: float) -> bool:
        """What was handed out before then, and is still held, has to be sent again. Whether there is any."""
        lost = [sequence for sequence, at in self._sent_at.items() if at < sent_before]
        for sequence in lost:
            del self._sent_at[sequence]
        self._missing.extend(sorted(lost))
        return bool(lost)

    def next(self, now: float) -> bytes | None:
        """The frame to send now: live ones first, the missing ones in between. `now` is any one clock's seconds."""
        for queue in (self._missing, self._live) if self._missing_is_next else (self._live, self._missing):
            while queue:
                sequence = queue.popleft()
                message = self._held.get(sequence)
                if message is not None:
                    self._missing_is_next = queue is self._live
                    self._sent_at[sequence] = now
                    return message
        return None

    def _forget(self, sequence: int) -> None:
        self.bytes_held -= len(self._held.pop(sequence))
        self._sent_at.pop(sequence, None)

    def _note_dropped(self, sequence: int) -> None:
        if self.dropped and self.dropped[-1][1] == sequence - 1:
            self.dropped[-1] = (self.dropped[-1][0], sequence)
        else:
            self.dropped.append((sequence, sequence))
