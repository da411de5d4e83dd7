"""The wrong clock of a simulated phone. Only the simulation knows how wrong it is."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

# Chromium rounds performance.now() down to 0.1 ms on pages that are not cross-origin isolated.
BROWSER_CLOCK_RESOLUTION_US = 100


def true_now_us() -> int:
    """The server's SessionTime, when it runs on this machine: CLOCK_MONOTONIC in µs."""
    return time.monotonic_ns() // 1000


@dataclass(frozen=True)
class DeviceClock:
    """DeviceTime as a function of true time: `offset_us` off at `origin_us`, and `rate_ppm` too fast from there on."""

    offset_us: int
    rate_ppm: float
    origin_us: int
    resolution_us: int = BROWSER_CLOCK_RESOLUTION_US

    @classmethod
    def wrong(cls, random_source: random.Random, origin_us: int | None = None) -> DeviceClock:
        """Off by 2 to 20 s one way or the other, and by up to 50 ppm of rate."""
        offset = random_source.choice((-1, 1)) * random_source.randint(2_000_000, 20_000_000)
        origin = true_now_us() if origin_us is None else origin_us
        return cls(offset_us=offset, rate_ppm=random_source.uniform(-50, 50), origin_us=origin)

    def at(self, true_us: float) -> int:
        """DeviceTime µs at a true instant, as coarse as a browser tells it."""
        elapsed = (true_us - self.origin_us) * (1 + self.rate_ppm * 1e-6)
        device = self.origin_us + self.offset_us + elapsed
        return int(device // self.resolution_us) * self.resolution_us

    def now(self) -> int:
        """DeviceTime µs of this moment."""
        return self.at(true_now_us())
