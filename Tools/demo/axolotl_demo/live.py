"""What a coach sees while it happens: 3D poses on the live WebSocket, and how late they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.wire import decode_pose


@dataclass
class LiveView:
    """Counts live poses, and measures from the instant of each to its arrival here."""

    poses: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    last_status: dict[str, Any] = field(default_factory=dict)

    async def follow(self, coach: Coach, session_id: str) -> None:
        """Listens until cancelled."""
        async for message in coach.watch(session_id):
            arrived = true_now_us()
            if isinstance(message, bytes):
                self.poses += 1
                self.latencies_ms.append((arrived - decode_pose(message).time_us) / 1000)
            elif message.get("type") == "status":
                self.last_status = message
