"""After a session has ended its poses are made once more, with the times that all clock exchanges say by then."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.footage import CAMERAS, calibration_file, load_camera
from axolotl_kit.problem import Problem
from axolotl_kit.recording_index import read_index, read_times
from axolotl_kit.rig import Rig
from axolotl_kit.stack import Stack

#: A busy machine passes frames over; it is filmed until so many poses were made of them.
POSES = 20


def film(stack: Stack, coach: Coach) -> str:
    """A session of four phones and some seconds; its name."""

    async def run() -> str:
        cameras = [load_camera(name) for name in CAMERAS]
        async with Rig(stack, coach, cameras, 15, calibration=calibration_file().read_bytes()) as rig:
            rig.start_filming()
            await rig.until("poses", lambda: coach.statistics(rig.session_id)["poses"] >= POSES, 90)
            await rig.stop_filming()
            return rig.session_id

    return asyncio.run(run())


def poses(coach: Coach, session: str, times: str | None = None) -> httpx.Response:
    query = {} if times is None else {"times": times}
    return Problem.check(coach.http.get(f"/api/sessions/{session}/poses.json", params=query))


def are_final(coach: Coach, session: str) -> bool:
    return bool(poses(coach, session).json()["times"] == "final")


@pytest.mark.parametrize("killed", [None, "edge-gateway", "stream-svc"])
def test_poses_are_made_once_more_when_the_session_has_ended(
    killed: str | None, own_stack: Stack, own_coach: Coach, tmp_path: Path
) -> None:
    session = film(own_stack, own_coach)
    assert poses(own_coach, session).json()["times"] == "live"
    with pytest.raises(Problem) as refused:
        poses(own_coach, session, "final")
    assert refused.value.code == "no_final_poses"

    services = [name for name in own_stack.services if killed is not None and name.startswith(killed)]
    own_coach.end(session)
    for name in services:
        own_stack.wait_restarted(name, own_stack.kill(name))
    own_stack.wait_ready()
    own_stack.wait("the final poses", lambda: are_final(own_coach, session), 60)

    final, live = poses(own_coach, session), poses(own_coach, session, "live")
    assert 'filename="' + session + '-poses-final.json"' in final.headers["content-disposition"]
    assert '-poses.json"' in live.headers["content-disposition"]
    assert live.json()["times"] == "live"
    assert len(final.json()["poses"]) >= POSES / 2
    bounds = [sorted(pose["clock_error_bound_us"] for pose in each.json()["poses"]) for each in (final, live)]
    # The two are of different instants, between which the bound of a steady clock changes by a few per cent.
    assert bounds[0][len(bounds[0]) // 2] <= 1.1 * bounds[1][len(bounds[1]) // 2], "known no worse than it was live"
    first_line = own_coach.poses(session, "trc").decode().splitlines()[0]
    assert first_line.endswith(f"{session}-poses-final.trc")
    with pytest.raises(Problem) as wrong:
        poses(own_coach, session, "best")
    assert wrong.value.code == "invalid_parameter"

    check_downloads(own_coach, session, tmp_path)
    check_grid(own_coach, session)
    reconstruction = next(own_stack.state.rglob(f"reconstructions/{session}"))
    assert (reconstruction / "observations.journal").stat().st_size > 1000
    own_coach.delete(session)
    own_stack.wait("nothing to be left", lambda: not leftovers(own_stack.state, session), 30)


def documented_reader() -> Callable[[Path], Iterator[tuple[int, ...]]]:
    """The reader of recordings that docs/data.md gives to users."""
    text = (Path(__file__).parents[2] / "docs/data.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    reader: Callable[[Path], Iterator[tuple[int, ...]]] = names["frames"]
    return reader


def check_downloads(coach: Coach, session: str, folder: Path) -> None:
    """The coach gets index and corrected times beside each recording."""
    document = poses(coach, session).json()
    start_us = document["start_session_time_us"]
    utc_us = round(datetime.fromisoformat(document["start_utc"]).timestamp() * 1e6)
    files = coach.recordings(session)
    assert len(files) >= len(CAMERAS)
    for file in files:
        pieces = {}
        for kind in ("index_path", "times_path"):
            answer = Problem.check(coach.http.get(f"/api/sessions/{session}/recordings/{file[kind]}"))
            assert answer.headers["content-type"] == "application/octet-stream"
            pieces[kind] = answer.content
        entries, times = read_index(pieces["index_path"]), read_times(pieces["times_path"])
        (folder / "0001.idx").write_bytes(pieces["index_path"])
        (folder / "0001.times").write_bytes(pieces["times_path"])
        described = list(documented_reader()(folder / "0001.idx"))
        assert [frame[:3] for frame in described] == [(time.sequence, time.session_us, time.bound_us) for time in times]
        assert {frame[3] - frame[1] for frame in described} == {utc_us - start_us}, "poses and recordings agree on UTC"
        assert [entry.sequence for entry in entries] == [time.sequence for time in times]
        assert len(entries) == file["frames"]
    with pytest.raises(Problem) as refused:
        Problem.check(coach.http.get(f"/api/sessions/{session}/recordings/{files[0]['device_id']}/clock.bin"))
    assert refused.value.status == 404


def check_grid(coach: Coach, session: str) -> None:
    """Final poses lie on one grid, and each of its instants has its row in the TRC."""
    document = poses(coach, session).json()
    for pose in document["poses"]:
        assert abs(pose["time_s"] - (pose["frame"] - 1) / document["rate_hz"]) < 3e-6
    rows = [line.split("\t") for line in coach.poses(session, "trc").decode().splitlines()[5:]]
    assert [int(row[0]) for row in rows] == list(range(1, document["poses"][-1]["frame"] + 1))
    assert {len(row) for row in rows} == {2 + 33 * 3}


def leftovers(state: Path, session: str) -> list[str]:
    while True:
        # A folder may go while it is looked into.
        with contextlib.suppress(FileNotFoundError):
            return [str(path) for path in state.rglob(f"*{session}*")]


def test_the_export_says_which_times_it_has_in_its_schema(own_stack: Stack) -> None:
    document = json.loads(httpx.get(f"{own_stack.base_url}/api/openapi.json", trust_env=False).text)
    [parameter] = [
        each
        for each in document["paths"]["/api/sessions/{id}/poses.json"]["get"]["parameters"]
        if each["name"] == "times"
    ]
    assert parameter["schema"]["enum"] == ["live", "final"]
