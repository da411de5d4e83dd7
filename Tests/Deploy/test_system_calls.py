"""The services do their work with what their units let the kernel refuse them."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.footage import load_camera
from axolotl_kit.rig import Rig
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc import WebRTCPhone
from axolotl_supervisor.layout import UNITS, default_executables
from axolotl_supervisor.units import load_services

UNDER_FILTER = Path(__file__).with_name("under_filter.py")


@pytest.fixture
def filtered(tmp_path: Path) -> Path:
    """A folder of the services, each a script that puts its filters on and becomes the real one."""
    real = Path(os.environ.get("AXOLOTL_BUILD_DIRECTORY") or default_executables()).absolute()
    for unit in load_services(UNITS, 1):
        name = Path(unit.value("Service", "ExecStart").split()[0]).name
        command = shlex.join([sys.executable, str(UNDER_FILTER), unit.name, str(real / name)])
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (tmp_path / name).chmod(0o755)
    return tmp_path


def poses_estimated(stack: Stack) -> int:
    """By all instances."""
    with urllib.request.urlopen(f"{stack.base_url}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    return sum(
        int(float(number)) for number in re.findall(r"^axolotl_poses_estimated_total\S* (\S+)$", text, re.MULTILINE)
    )


def test_filters_are_in_force() -> None:
    """Or the other test would prove nothing."""
    body = "import os, socket; print(attempt(lambda: os.nice(1)), attempt(lambda: socket.socket(socket.AF_INET)))"
    attempt = "\ndef attempt(what):\n try: what(); return 'done'\n except OSError as error: return error.errno\n"
    command = [sys.executable, str(UNDER_FILTER), "axolotl-token-svc.service", sys.executable, "-c", attempt + body]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("1 1\n", "")


def test_phones_stream_while_the_units_filters_are_in_force(filtered: Path) -> None:
    camera = load_camera("cam01", 360, 640)

    async def scenario(stack: Stack, coach: Coach) -> None:
        async with Rig(stack, coach, [camera] * 2, size=(360, 640), kind=WebRTCPhone) as rig:
            rig.start_filming()
            await rig.until_acknowledged(15)
            coach.wait_transport(rig.session_id, "webrtc")
            await rig.until("a pose", lambda: poses_estimated(stack) > 0)
            await rig.stop_filming()
            rig.assert_recorded_once()
        coach.delete(rig.session_id)

    with Stack(executables=filtered) as stack, Coach(stack.base_url, stack.coach_key) as coach:
        asyncio.run(scenario(stack, coach))
        assert all(process.running for process in stack.processes().values())
