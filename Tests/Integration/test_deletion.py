"""After a deletion nothing of a session is on the disk, whatever is killed or suspended meanwhile."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from axolotl_kit.calibration import plain_calibration
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.phone_talk import tell_time_over_http, upload
from axolotl_kit.problem import Problem
from axolotl_kit.recordings import is_closed
from axolotl_kit.stack import Stack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SERVICES = ["token-svc", "session-svc", "edge-gateway", "stream-svc-1", "stream-svc-2", "api-front"]
#: What a receipt needs: session-svc keeps the name and the counts of a deletion until the retention ends.
RECEIPT = "sessions.db"
#: Kills at random moments. More than a few for whoever looks closely.
KILLS = int(os.environ.get("AXOLOTL_DELETION_KILLS", "8"))
#: Files that make a removal last some tens of ms, in each of its places.
BALLAST = 3000
#: How many of them have a content of their own: the others are further names of theirs, which are made far faster.
BALLAST_CONTENTS = 8
VICTIMS = [
    ["stream-svc-1", "stream-svc-2"],
    ["edge-gateway"],
    ["token-svc"],
    ["session-svc"],
    ["stream-svc-1"],
    ["stream-svc-2", "session-svc"],
    ["edge-gateway", "session-svc"],
    ["token-svc", "edge-gateway", "stream-svc-1", "stream-svc-2", "session-svc"],
]


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """A system that the tests of this file may break, and in which nothing is added to a session that has ended."""
    with Stack(settings={"AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


class Filmed:
    """A session with two phones that sent frames, a calibration and exports, all named so that a search finds them.

    It has ended, and its files are closed: nothing is added to it any more.
    """

    def __init__(self, stack: Stack, coach: Coach, camera: Camera, mark: str) -> None:
        self.stack = stack
        self.name = f"take-{mark}"
        self.devices = [f"dev-{mark}-a", f"dev-{mark}-b"]
        self.words = [self.name, *self.devices, f"label-{mark}", f"user-{mark}", f"browser-{mark}"]
        self.recordings = stack.recordings / self.name
        (self.poses,) = (path / self.name for path in stack.state.rglob("reconstructions"))
        session = coach.create_session(session_id=self.name, expected_devices=2, user_id=f"user-{mark}")
        answer = coach.http.put(f"/api/sessions/{self.name}/calibration", json=plain_calibration(self.devices))
        assert answer.is_success, answer.text
        with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=20) as client:
            for device in self.devices:
                metadata = {"label": f"label-{mark}", "browser": f"browser-{mark}"}
                body = {"token": session["pairing_token"], "device_id": device, "metadata": metadata}
                registration = client.post("/api/pairing/register_device", json=body).json()
                tell_time_over_http(client, registration)
                for sequence in (1, 2):
                    answer = upload(client, registration["device_token"], camera.pictures[sequence], sequence)
                    assert answer.is_success, answer.text
        coach.end(self.name)
        stack.wait("both recordings", lambda: len(self.closed_recordings()) == 2, 20)
        # Two small frames make no pose: these stand for what a training leaves.
        (self.poses / "exports" / "poses-2.csv").write_text(self.devices[0])
        (self.poses / "exports" / "poses-1.trc").write_text(self.devices[1])

    def closed_recordings(self) -> list[Path]:
        """The recordings whose folder no instance holds any more."""
        return [path for path in self.recordings.glob("*/*.mkv") if is_closed(path.parent)]

    def weigh_down(self) -> None:
        """Adds files, so that the removal lasts."""
        for number in range(BALLAST):
            first = number % BALLAST_CONTENTS
            # An even number of contents: a name lies in the folder of its content.
            orphans, exports = self.recordings / self.devices[number % 2], self.poses / "exports"
            orphan, export = orphans / f"{number + 100}.mkv.orphan", exports / f"{number}.json"
            if number == first:
                orphan.write_bytes(bytes(300 * number))
                export.write_bytes(b"{}")
            else:
                orphan.hardlink_to(orphans / f"{first + 100}.mkv.orphan")
                export.hardlink_to(exports / f"{first}.json")

    def weight(self) -> int:
        """The files that are left of those, wherever they are by now."""
        folders = (self.stack.recordings, self.poses.parent)
        return sum(len(files) for folder in folders for _, _, files in os.walk(folder))

    def expected_receipt(self) -> dict[str, object]:
        """The receipt of all that there is now."""
        recordings = [path for path in self.recordings.glob("*/*") if path.suffix in (".mkv", ".orphan")]
        return {
            "session_id": self.name,
            "devices": 2,
            "tokens": 3,
            "recording_files": len(recordings),
            "recording_bytes": sum(path.stat().st_size for path in recordings),
            "pose_files": sum(path.is_file() for path in self.poses.rglob("*")),
            "pending": [],
        }

    def traces(self) -> list[str]:
        """Where in the state folder, its file names included, something of the session is; the receipt aside."""
        found = []
        for path in self.everything():
            place = str(path.relative_to(self.stack.state))
            found += [f"{place} is named so" for word in self.words if word in place]
            if path.is_file():
                found += [f"{word} in {place}" for word in self.words if self._holds(path, word)]
        return found

    def everything(self) -> list[Path]:
        """All of the state folder, read again where something vanished meanwhile."""
        while True:
            with contextlib.suppress(FileNotFoundError):
                return sorted(self.stack.state.rglob("*"))

    def _holds(self, path: Path, word: str) -> bool:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return False
        if word == self.name and path.name.startswith(RECEIPT):
            return False
        return word.encode() in data


def deleted(coach: Coach, name: str) -> dict[str, object]:
    """The receipt, asked for until an answer came; a deletion asked for again goes on where it was."""
    while True:
        try:
            return coach.delete(name)
        except httpx.TransportError:
            continue
        except Problem as problem:
            if problem.status != 503:
                raise


def assert_gone(filmed: Filmed, coach: Coach, expected: dict[str, object]) -> None:
    """Nothing is left, and the receipt says what there was, whoever was killed before it could."""
    filmed.stack.wait("nothing to be left of it", lambda: filmed.traces() == [], 90)
    filmed.stack.wait("the deletion to end", lambda: deleted(coach, filmed.name)["pending"] == [], 90)
    assert deleted(coach, filmed.name) == expected
    assert filmed.name not in [one["session_id"] for one in coach.sessions()]
    with pytest.raises(Problem) as problem:
        coach.status(filmed.name)
    assert problem.value.status == 404


def test_nothing_of_it_is_left_on_the_disk(own_stack: Stack, own_coach: Coach, small_camera: Camera) -> None:
    filmed = Filmed(own_stack, own_coach, small_camera, "plain")
    before = filmed.traces()
    # The search finds what is there: rows, recordings, poses and calibration.
    for place in ("sessions.db", "tokens.db", "recordings", "edge-gateway"):
        assert any(place in one for one in before), (place, before)
    expected = filmed.expected_receipt()
    assert expected["recording_files"] == 2
    assert int(str(expected["pose_files"])) >= 3
    assert own_coach.delete(filmed.name) == expected
    assert filmed.traces() == []
    assert_gone(filmed, own_coach, expected)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", range(KILLS))
def test_a_kill_at_any_moment(own_stack: Stack, own_coach: Coach, small_camera: Camera, number: int) -> None:
    """Whoever is killed wherever in its part: the receipt is of all that there was."""
    filmed = Filmed(own_stack, own_coach, small_camera, f"any-{number}")
    filmed.weigh_down()
    expected = filmed.expected_receipt()
    killed = {victim: own_stack.pid(victim) for victim in VICTIMS[number % len(VICTIMS)]}
    # api-front waits 20 s for a session-svc that was killed; this one asks again.
    impatient = Coach(own_stack.base_url, own_stack.coach_key, timeout=3)
    with impatient, ThreadPoolExecutor(1) as threads:
        answer: Future[dict[str, object]] = threads.submit(deleted, impatient, filmed.name)
        # Anywhere between nothing and everything removed; recordings go first.
        target = random.randrange(2 * BALLAST)
        end = time.monotonic() + 20
        while filmed.weight() > target and time.monotonic() < end:
            pass
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        left = filmed.weight()
        for victim, pid in killed.items():
            own_stack.wait_restarted(victim, pid)
        answer.result(90)
    print(f"killed {', '.join(killed)} with {left} of {2 * BALLAST} files left")
    assert_gone(filmed, own_coach, expected)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("service", SERVICES)
def test_a_kill_during_a_deletion(own_stack: Stack, own_coach: Coach, small_camera: Camera, service: str) -> None:
    """The service is suspended, so that the deletion is under way for certain, and then killed."""
    filmed = Filmed(own_stack, own_coach, small_camera, f"kill-{service}")
    expected = filmed.expected_receipt()
    # As above: not to wait 20 s for a session-svc that is no more.
    impatient = Coach(own_stack.base_url, own_stack.coach_key, timeout=3)
    with impatient, ThreadPoolExecutor(1) as threads:
        suspended = own_stack.kill(service, signal.SIGSTOP)
        answer: Future[dict[str, object]] = threads.submit(deleted, impatient, filmed.name)
        if service not in ("api-front", "session-svc"):
            own_stack.wait("the deletion to begin", lambda: is_deleting(own_stack, filmed.name), 20)
        own_stack.kill(service, signal.SIGKILL)
        own_stack.wait_restarted(service, suspended)
        answer.result(60)
    assert_gone(filmed, own_coach, expected)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("service", [name for name in SERVICES if name not in ("api-front", "session-svc")])
def test_a_suspended_service_catches_up(own_stack: Stack, own_coach: Coach, small_camera: Camera, service: str) -> None:
    filmed = Filmed(own_stack, own_coach, small_camera, f"stop-{service}")
    expected = filmed.expected_receipt()
    part = service.replace("stream-svc-", "stream-svc@")
    pid = own_stack.kill(service, signal.SIGSTOP)
    try:
        receipt = deleted(own_coach, filmed.name)
        assert part in receipt["pending"]
    finally:
        own_stack.kill(service, signal.SIGCONT)
    assert_gone(filmed, own_coach, expected)
    assert own_stack.pid(service) == pid


@pytest.mark.timeout(180)
def test_session_svc_is_killed_with_a_deletion_unfinished(
    own_stack: Stack, own_coach: Coach, small_camera: Camera
) -> None:
    """It remembers: the suspended part is asked again by the new process, though nobody asks it to."""
    filmed = Filmed(own_stack, own_coach, small_camera, "twice")
    expected = filmed.expected_receipt()
    own_stack.kill("edge-gateway", signal.SIGSTOP)
    try:
        assert "edge-gateway" in deleted(own_coach, filmed.name)["pending"]
        own_stack.wait_restarted("session-svc", own_stack.kill("session-svc"))
    finally:
        own_stack.kill("edge-gateway", signal.SIGCONT)
    assert_gone(filmed, own_coach, expected)


@pytest.mark.timeout(120)
def test_retention_removes_everything_although_a_page_watches(
    own_stack: Stack, own_coach: Coach, small_camera: Camera
) -> None:
    """An old session goes by itself, all of it, and one of yesterday stays."""
    old, young = (Filmed(own_stack, own_coach, small_camera, mark) for mark in ("old", "young"))
    expected = old.expected_receipt()
    own_stack.take_down("session-svc")
    grow_old(own_stack, old.name, days=7)
    grow_old(own_stack, young.name, days=6)
    url = f"{own_stack.websocket_url}/ws/session/{old.name}"
    headers = {"Authorization": f"Bearer {own_stack.coach_key}"}
    with connect(url, additional_headers=headers, proxy=None, open_timeout=20) as page:
        own_stack.bring_back("session-svc")
        assert_gone(old, own_coach, expected)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                page.recv(timeout=20)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4404
    assert own_coach.status(young.name)["state"] == "ended"
    assert young.traces() != []
    own_coach.delete(young.name)


def grow_old(stack: Stack, name: str, days: int) -> None:
    """Moves everything that was done in a session so many days into the past, and a second. session-svc is down."""
    database = stack.state / "session-svc" / RECEIPT
    age = days * 86_400_000_000 + 1_000_000
    with contextlib.closing(sqlite3.connect(database)) as rows, rows:
        change = "UPDATE sessions SET created_at = created_at - ?, consent_at = consent_at - ?, ended_at = ended_at - ?"
        assert rows.execute(f"{change} WHERE id = ?", (age, age, age, name)).rowcount == 1
        rows.execute("UPDATE devices SET registered_at = registered_at - ? WHERE session = ?", (age, name))


def test_consent_is_on_record_before_the_first_frame(own_stack: Stack, own_coach: Coach, small_camera: Camera) -> None:
    """Who, when and to which text; without it there is no session, and so nothing to send a frame to."""
    with pytest.raises(Problem) as problem:
        own_coach.create_session(session_id="take-no-consent", consent=False)
    assert problem.value.code == "consent_required"
    assert "take-no-consent" not in [one["session_id"] for one in own_coach.sessions()]
    terms = own_coach.http.get("/api/sessions").json()["consent_version"]
    make = {"expected_devices": 1, "mode": "single", "user_id": "Robin"}
    session = own_coach.create_session(session_id="take-consent", consent_version=terms, **make)
    record = own_coach.status("take-consent")["consent_record"]
    # The wording, and the days that it promises.
    assert (record["given_by"], record["text_version"]) == ("Robin", terms) == ("Robin", "2026-11-25/7d")
    (listed,) = [one for one in own_coach.sessions() if one["session_id"] == "take-consent"]
    assert record["at"] == listed["created_at"]
    assert abs(datetime.fromisoformat(record["at"]).timestamp() - time.time()) < 60
    # Who names no text is not recorded as if it had been read.
    own_coach.create_session(session_id="take-unread", **make)
    assert own_coach.status("take-unread")["consent_record"]["text_version"] is None
    # It is for the coach alone.
    with httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=20) as client:
        body = {"token": session["pairing_token"], "device_id": "a"}
        token = client.post("/api/pairing/register_device", json=body).json()["device_token"]
        answer = client.get(
            "/api/pairing/session_status",
            params={"session_id": "take-consent"},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert answer.is_success and answer.json()["consent"] is True
    assert "consent_record" not in answer.json() and "Robin" not in answer.text
    for name in ("take-consent", "take-unread"):
        own_coach.delete(name)


def test_consent_names_the_days_that_the_operator_has_set() -> None:
    body = {"mode": "single", "user_id": "c", "expected_devices": 1, "consent": True}
    settings = {"AXOLOTL_RETENTION_DAYS": "30", "AXOLOTL_POSE_THREADS": "0"}
    with Stack(settings=settings) as stack, Coach(stack.base_url, stack.coach_key) as coach:
        terms = coach.http.get("/api/sessions").json()
        assert (terms["retention_days"], terms["consent_version"]) == (30, "2026-11-25/30d")
        # What was read on a page of before is not what would be recorded.
        old = coach.http.post("/api/pairing/create_session", json=body | {"consent_version": "2026-11-25/7d"})
        assert Problem.of(old).code == "consent_outdated"
        new = body | {"consent_version": terms["consent_version"]}
        assert coach.http.post("/api/pairing/create_session", json=new).is_success


def is_deleting(stack: Stack, name: str) -> bool:
    """Whether session-svc has taken the deletion down."""
    database = stack.state / "session-svc" / RECEIPT
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as rows:
        return rows.execute("SELECT count(*) FROM deletions WHERE session = ?", (name,)).fetchone()[0] == 1
