"""The fault matrix: what was broken, under which transport, and what became of the frames."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .phone import SimulatedPhone
from .recordings import DeviceRecording

__all__ = ["FaultMatrix", "FaultRow"]


@dataclass(frozen=True)
class FaultRow:
    """One fault under one transport. All numbers are frames, but for `connections`."""

    fault: str
    transport: str
    sent: int
    acknowledged: int
    recorded: int
    duplicated: int
    # Acknowledged, but not in the recording: must never be.
    lost: int
    connections: int
    # What the phones met on the way, by name: codes of the server's, exceptions of their own.
    met: dict[str, int] = field(default_factory=dict)
    # What does not hold, such as an order that is wrong.
    faults: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, fault: str, transport: str, phones: Sequence[SimulatedPhone], recordings: dict[str, DeviceRecording]
    ) -> FaultRow:
        """Holds what phones of one transport know against what the disk has."""
        files = [recordings.get(phone.device_id, DeviceRecording(phone.device_id)) for phone in phones]
        return cls(
            fault=fault,
            transport=transport,
            sent=sum(phone.statistics.sent for phone in phones),
            acknowledged=sum(phone.statistics.acknowledged for phone in phones),
            recorded=sum(len(each.sequences) for each in files),
            duplicated=sum(each.sequences.total() - len(each.sequences) for each in files),
            lost=sum(
                sequence not in each.sequences
                for phone, each in zip(phones, files, strict=True)
                for sequence in range(1, phone.buffer.acknowledged + 1)
            ),
            connections=sum(phone.statistics.connections for phone in phones),
            met=dict(Counter(error for phone in phones for error in phone.statistics.errors)),
            faults=tuple(fault for each in files for fault in each.faults),
        )

    @property
    def is_good(self) -> bool:
        """Every frame that was sent is acknowledged and recorded, once, in order."""
        complete = self.sent == self.acknowledged == self.recorded > 0
        return complete and self.duplicated == self.lost == 0 and not self.faults


@dataclass
class FaultMatrix:
    """All rows so far."""

    rows: list[FaultRow] = field(default_factory=list)

    def text(self) -> str:
        """A table for people."""
        head = ("broken", "transport", "sent", "acknowledged", "recorded", "duplicated", "lost", "connections", "")
        cells = [
            (
                *(row.fault, row.transport, row.sent, row.acknowledged, row.recorded, row.duplicated, row.lost),
                *(row.connections, "" if row.is_good else "; ".join(row.faults) or "WRONG"),
            )
            for row in self.rows
        ]
        widths = [max(len(str(line[column])) for line in (head, *cells)) for column in range(len(head))]

        def line(fields: Sequence[object]) -> str:
            padded = (
                str(cell).ljust(width) if column < 2 else str(cell).rjust(width)
                for column, (cell, width) in enumerate(zip(fields, widths, strict=True))
            )
            return "  ".join(padded).rstrip()

        return "\n".join(map(line, (head, *cells)))

    def save(self, folder: Path) -> None:
        """`faults.json` and `faults.txt`."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = [asdict(row) | {"is_good": row.is_good} for row in self.rows]
        (folder / "faults.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        (folder / "faults.txt").write_text(self.text() + "\n")
