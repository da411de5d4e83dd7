"""After a deletion nothing of a session is on the disk, whatever is killed or suspended meanwhile."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack

SERVICES = ["token-svc", "session-svc", "edge-gateway", "stream-svc-1", "stream-svc-2", "api-front"]
#: What a receipt needs: session-svc keeps the name and the counts of a deletion until the retention ends.
RECEIPT = "sessions.db"


class Filmed:
    """A session with two phones that sent frames, a calibration and exports, all named so that a search finds them."""

    def __init__(self, stack: Stack, coach: Coach, camera: Camera, mark: str) -> None:
        self.stack = stack
        self.name = f"take-{mark}"
        self.devices = [f"dev-{mark}-a", f"dev-{mark}-b"]
        self.words = [self.name, *self.devices, f"label-{mark}", f"user-{mark}", f"browser-{mark}"]
        session = coach.create_session(session_id=self.name, expected_devices=2, user_id=f"user-{mark}")
        with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=20) as client:
            for device in self.devices:
                metadata = {"label": f"label-{mark}", "browser": f"browser-{mark}"}
                body = {"token": session["pairing_token"], "device_id": device, "metadata": metadata}
                token = client.post("/api/pairing/register_device", json=body).json()["device_token"]
                for sequence in (1, 2):
                    answer = client.post(
                        "/api/pairing/upload_frame",
                        params={"seq": sequence, "ts_device_us": true_now_us()},
                        content=camera.pictures[sequence],
                        headers={"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"},
                    )
                    assert answer.is_success, answer.text
        lens = {
            "focal_px": [250, 250],
            "centre_px": [90, 160],
            "distortion": [0] * 5,
            "rotation": [1, 0, 0, 0, 1, 0, 0, 0, 1],
        }
        cameras = [
            lens | {"name": device, "image_width": 180, "image_height": 320, "translation_m": [index, 0, 3]}
            for index, device in enumerate(self.devices)
        ]
        answer = coach.http.put(f"/api/sessions/{self.name}/calibration", json={"version": 1, "cameras": cameras})
        assert answer.is_success, answer.text
        for form in ("trc", "csv", "json"):
            coach.http.get(f"/api/sessions/{self.name}/poses.{form}")
        stack.wait("both recordings", lambda: len(list(stack.recordings.glob(f"{self.name}/*/*.mkv"))) == 2, 10)

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


def assert_gone(filmed: Filmed, coach: Coach) -> None:
    filmed.stack.wait("nothing to be left of it", lambda: filmed.traces() == [], 90)
    receipt = deleted(coach, filmed.name)
    assert receipt["pending"] == []
    assert receipt["devices"] == 2
    assert receipt["session_id"] == filmed.name
    # A part that was killed after it removed and before it answered has nothing left to count when it is asked again.
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
    receipt = own_coach.delete(filmed.name)
    assert receipt["devices"] == 2
    assert receipt["tokens"] == 3
    assert receipt["recording_files"] == 2
    assert receipt["recording_bytes"] > 4000
    assert receipt["pose_files"] >= 1
    assert receipt["pending"] == []
    assert filmed.traces() == []
    assert_gone(filmed, own_coach)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("service", SERVICES)
def test_a_kill_during_a_deletion(own_stack: Stack, own_coach: Coach, small_camera: Camera, service: str) -> None:
    """The service is suspended, so that the deletion is under way for certain, and then killed."""
    filmed = Filmed(own_stack, own_coach, small_camera, f"kill-{service}")
    with ThreadPoolExecutor(1) as threads:
        suspended = own_stack.kill(service, signal.SIGSTOP)
        answer: Future[dict[str, object]] = threads.submit(deleted, own_coach, filmed.name)
        if service not in ("api-front", "session-svc"):
            own_stack.wait("the deletion to begin", lambda: is_deleting(own_stack, filmed.name), 20)
        own_stack.kill(service, signal.SIGKILL)
        own_stack.wait_restarted(service, suspended)
        answer.result(60)
    assert_gone(filmed, own_coach)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("service", [name for name in SERVICES if name not in ("api-front", "session-svc")])
def test_a_suspended_service_catches_up(own_stack: Stack, own_coach: Coach, small_camera: Camera, service: str) -> None:
    filmed = Filmed(own_stack, own_coach, small_camera, f"stop-{service}")
    part = service.replace("stream-svc-", "stream-svc@")
    pid = own_stack.kill(service, signal.SIGSTOP)
    try:
        receipt = deleted(own_coach, filmed.name)
        assert part in receipt["pending"]
    finally:
        own_stack.kill(service, signal.SIGCONT)
    assert_gone(filmed, own_coach)
    assert own_stack.pid(service) == pid


@pytest.mark.timeout(180)
def test_session_svc_is_killed_with_a_deletion_unfinished(
    own_stack: Stack, own_coach: Coach, small_camera: Camera
) -> None:
    """It remembers: the suspended part is asked again by the new process, though nobody asks it to."""
    filmed = Filmed(own_stack, own_coach, small_camera, "twice")
    own_stack.kill("edge-gateway", signal.SIGSTOP)
    try:
        assert "edge-gateway" in deleted(own_coach, filmed.name)["pending"]
        own_stack.wait_restarted("session-svc", own_stack.kill("session-svc"))
    finally:
        own_stack.kill("edge-gateway", signal.SIGCONT)
    assert_gone(filmed, own_coach)


def test_consent_is_on_record_before_the_first_frame(own_stack: Stack, own_coach: Coach, small_camera: Camera) -> None:
    """Who, when and to which text; without it there is no session, and so nothing to send a frame to."""
    with pytest.raises(Problem) as problem:
        own_coach.create_session(session_id="take-no-consent", consent=False)
    assert problem.value.code == "consent_required"
    assert "take-no-consent" not in [one["session_id"] for one in own_coach.sessions()]
    session = own_coach.create_session(session_id="take-consent", expected_devices=1, mode="single", user_id="Robin")
    (database,) = own_stack.state.rglob(RECEIPT)
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as rows:
        query = "SELECT consent_by, consent_at, consent_text, created_at FROM sessions WHERE id = 'take-consent'"
        by, at, text, created = rows.execute(query).fetchone()
    assert by == "Robin" and at == created
    # The wording, and the days that it promises.
    assert text == own_coach.http.get("/api/sessions").json()["consent_version"] == "2026-11-25/7d"
    assert at < time.time_ns() // 1000
    own_coach.delete(session["session_id"])


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
    (database,) = stack.state.rglob(RECEIPT)
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as rows:
        return rows.execute("SELECT count(*) FROM deletions WHERE session = ?", (name,)).fetchone()[0] == 1
