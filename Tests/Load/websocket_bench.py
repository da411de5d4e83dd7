"""Frames a second through the WebSocket path, on the real services: `axolotl-bench` runs this. Prints one JSON object.

usage: websocket_bench.py AXOLOTL_LOAD PICTURE
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))

import httpx
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack

FRAME_BYTES = 40_000
CAMERAS = 4
SESSIONS = 100
FPS = 30
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def addresses(stack: Stack, sessions: int) -> list[str]:
    """Registers four phones in each of so many new sessions, and returns where they connect."""
    found = []
    with (
        Coach(stack.base_url, stack.coach_key) as coach,
        httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as phone,
    ):
        for _ in range(sessions):
            token = coach.create_session(expected_devices=CAMERAS)["pairing_token"]
            for number in range(CAMERAS):
                body = {"token": token, "device_id": f"phone-{number}", "metadata": {}}
                answer = Problem.check(phone.post("/api/pairing/register_device", json=body))
                found.append(answer.json()["ws_url"])
    return found


def load(program: str, picture: str, urls: list[str], *arguments: str) -> dict[str, Any]:
    """One run of the generator."""
    command = [program, "--picture", picture, "--bytes", str(FRAME_BYTES), *arguments]
    result = subprocess.run(
        command, input="\n".join(urls) + "\n", stdout=subprocess.PIPE, text=True, timeout=120, check=True
    )
    report: dict[str, Any] = json.loads(result.stdout)
    if report["frames_acknowledged"] != report["frames_sent"]:
        raise SystemExit(f"frames were lost: {report}")
    return report


def cpu_seconds(stack: Stack) -> float:
    """Processor time of all services so far."""
    total = 0
    for name in stack.services:
        fields = Path(f"/proc/{stack.pid(name)}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_SECOND


def memory_bytes(stack: Stack) -> int:
    """Memory of all services with what they share counted once (proportional set size)."""
    total = 0
    for name in stack.services:
        lines = Path(f"/proc/{stack.pid(name)}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total


def reference(program: str, picture: str) -> dict[str, Any]:
    """The same load on a Python `websockets` server that writes each frame to a file and acknowledges it."""
    server = Path(__file__).with_name("websockets_reference.py")
    with tempfile.TemporaryDirectory(prefix="axolotl-bench-") as folder:
        process = subprocess.Popen([sys.executable, str(server), folder], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            urls = [f"ws://127.0.0.1:{port}/{number}" for number in range(SESSIONS * CAMERAS)]
            return load(program, picture, urls, "--window", "4", "--seconds", "4")
        finally:
            process.terminate()
            process.wait(10)


def main() -> None:
    """Measures and prints."""
    program, picture = sys.argv[1:]
    figures: dict[str, Any] = {"before": reference(program, picture)}
    # 2D poses are measured by themselves; here they would only take the processor away.
    with Stack(settings={"AXOLOTL_POSE_THREADS": "0"}) as stack:
        figures["memory_bytes"] = memory_bytes(stack)
        urls = addresses(stack, 1)
        before = cpu_seconds(stack)
        rig = load(program, picture, urls, "--fps", str(FPS), "--seconds", "5")
        rig["cores"] = (cpu_seconds(stack) - before) / 6
        figures["rig"] = rig
        figures["half"] = load(program, picture, addresses(stack, SESSIONS), "--fps", str(FPS / 2), "--seconds", "5")
        figures["many"] = load(program, picture, addresses(stack, SESSIONS), "--window", "4", "--seconds", "5")
    figures["after"] = reference(program, picture)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
