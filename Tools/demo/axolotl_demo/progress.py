"""The progress bar: redrawn in place on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

BAR_CELLS = 32
SECONDS_BETWEEN_LINES = 5.0


class ProgressBar:
    """Shows how far a run is: frames filmed, acknowledged, and poses that came out."""

    def __init__(self, title: str, total_frames: int, stream: TextIO = sys.stdout) -> None:
        self.title = title
        self.total = max(1, total_frames)
        self._stream = stream
        self._tty = stream.isatty()
        self._last = 0.0

    def show(self, sent: int, acknowledged: int, poses: int, last: bool = False) -> None:
        """Draws the state of things; on no terminal only now and then."""
        now = time.monotonic()
        if not last and now - self._last < (0.1 if self._tty else SECONDS_BETWEEN_LINES):
            return
        self._last = now
        share = min(1.0, acknowledged / self.total)
        cells = int(share * BAR_CELLS)
        bar = "█" * cells + "░" * (BAR_CELLS - cells)
        line = f"{self.title} {bar} {share:4.0%}  {sent} filmed  {acknowledged} on disk  {poses} poses"
        self._stream.write(f"\r\x1b[K{line}" if self._tty else f"{line}\n")
        if last and self._tty:
            self._stream.write("\n")
        self._stream.flush()
