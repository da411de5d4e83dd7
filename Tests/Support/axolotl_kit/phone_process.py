"""One simulated phone in a process of its own: `python -m axolotl_kit.phone_process`.

One JSON object a line. First line of standard input: how to play. Second line, once every phone is ready:
`{"start_us": …}`, the true instant of the footage's beginning. On standard output: `ready`, `progress` twice a second,
then `done` or `failed`.
"""

from __future__ import annotations

import asyncio
import csv
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from .clock import DeviceClock, true_now_us
from .footage import load_camera, playback
from .phone import PhoneFailure, SimulatedPhone
from .problem import Problem


async def play(orders: dict[str, Any]) -> None:
    """Pairs, waits for the start, plays the footage at real pace, and waits until all of it is acknowledged."""
    source = random.Random(orders["seed"])
    clock = DeviceClock.wrong(source)
    shots = list(playback(load_camera(orders["camera"]), orders["fps"], orders["phase"], orders["seconds"]))
    phone = SimulatedPhone(orders["base_url"], orders["token"], orders["device_id"], clock, random_source=source)
    await phone.pair()
    await phone.start()
    say("ready", frames=len(shots), offset_ms=-clock.offset_us / 1000, rate_ppm=clock.rate_ppm)
    line = await asyncio.to_thread(sys.stdin.readline)
    if not line:
        return
    start_us = json.loads(line)["start_us"]
    progress = asyncio.create_task(tell_progress(phone))
    try:
        for shot in shots:
            true_us = start_us + shot.at_us
            wait = true_us - true_now_us()
            if wait > 0:
                await asyncio.sleep(wait / 1e6)
            phone.capture(shot.picture, true_us)
        await phone.drain(orders["drain_seconds"])
    finally:
        progress.cancel()
        write_truth(Path(orders["truth"]), phone)
        say("statistics", **phone.statistics.as_dict())
    await phone.close()
    say("done")


async def tell_progress(phone: SimulatedPhone) -> None:
    """What the progress bar needs."""
    while True:
        say("progress", sent=phone.statistics.sent, acknowledged=phone.statistics.acknowledged)
        await asyncio.sleep(0.5)


def write_truth(path: Path, phone: SimulatedPhone) -> None:
    """What only the simulation knows: when each frame was truly captured."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("sequence", "true_us", "device_us"))
        writer.writerows((frame.sequence, f"{frame.true_us:.1f}", frame.device_us) for frame in phone.truth)


def say(event: str, **fields: Any) -> None:
    """One line for whoever started this process."""
    print(json.dumps({"event": event, "at": time.monotonic(), **fields}), flush=True)


def main() -> int:
    """The process."""
    try:
        asyncio.run(play(json.loads(sys.stdin.readline())))
    except (PhoneFailure, Problem, OSError, ValueError) as failure:
        say("failed", message=str(failure) or type(failure).__name__)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
