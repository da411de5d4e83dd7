"""Sessions over HTTP: the list, a deletion, the calibration; all of it the coach's alone."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime
from typing import Any

import httpx
import pytest
from axolotl_kit.calibration import plain_calibration
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.phone_talk import ask_for_place, bearer, refused
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack

#: What is kept by edge-gateway and stream-svc under a session's name.
KEPT = ["recordings", "recordings/a/0001.mkv", "poses.trc", "poses.csv", "poses.json", "calibration", "statistics"]


class TestSessions:
    def test_lists_the_newest_first(self, coach: Coach) -> None:
        made = [coach.create_session()["session_id"] for _ in range(3)]
        listed = [each["session_id"] for each in coach.sessions()]
        assert listed[:3] == made[::-1]

    def test_a_deletion_leaves_nothing(
        self, stack: Stack, coach: Coach, phone: httpx.Client, small_camera: Any
    ) -> None:
        session = coach.create_session(expected_devices=1, mode="single")
        name = session["session_id"]
        device = ask_for_place(phone, session["pairing_token"]).json()
        answer = phone.post(
            "/api/pairing/upload_frame",
            params={"seq": 1, "ts_device_us": true_now_us()},
            content=small_camera.pictures[0],
            headers=bearer(device["device_token"]) | {"Content-Type": "image/jpeg"},
        )
        assert answer.is_success, answer.text
        stack.wait("a recording", lambda: any(stack.recordings.glob(f"{name}/*/*.mkv")), 10)
        receipt = coach.delete(name)
        assert receipt["session_id"] == name
        assert receipt["devices"] == 1
        assert receipt["recording_files"] > 0
        assert receipt["pending"] == []
        assert not (stack.recordings / name).exists()
        with pytest.raises(Problem) as problem:
            coach.status(name)
        assert problem.value.status == 404
        assert name not in [each["session_id"] for each in coach.sessions()]

        def locked_out() -> bool:
            query = {"session_id": name}
            answer = phone.get("/api/pairing/session_status", params=query, headers=bearer(device["device_token"]))
            return answer.status_code == 401

        stack.wait("the device token to be worthless", locked_out, 5)

    def test_a_place_is_free_when_its_token_has_expired(self, stack: Stack, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session(expected_devices=1, mode="single")
        name = session["session_id"]
        device = ask_for_place(phone, session["pairing_token"]).json()
        with pytest.raises(Problem) as problem:
            coach.invite(name)
        assert problem.value.code == "session_full"
        database = stack.state / "session-svc" / "sessions.db"
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as rows, rows:
            kept = rows.execute("SELECT grant_expires_at FROM devices WHERE session = ?", (name,)).fetchall()
            told = datetime.fromisoformat(device["device_token_expires_at"]).timestamp()
            assert kept == [(told,)]
            # A day passes for this phone alone.
            rows.execute("UPDATE devices SET grant_expires_at = grant_expires_at - 86401 WHERE session = ?", (name,))
        stack.wait("the place to be free", lambda: coach.status(name)["devices"] == [], 30)
        fresh = coach.invite(name)
        assert fresh["places"] == 1
        assert ask_for_place(phone, fresh["pairing_token"], "another").is_success
        assert [each["device_id"] for each in coach.status(name)["devices"]] == ["another"]

    def test_calibration_is_checked_and_given_back(self, coach: Coach) -> None:
        name = coach.create_session(expected_devices=2)["session_id"]
        document = plain_calibration()
        camera = document["cameras"][0]
        answer = coach.http.put(f"/api/sessions/{name}/calibration", json=document)
        assert answer.is_success, answer.text
        assert [each["name"] for each in coach.calibration(name)["cameras"]] == ["a", "b"]
        for wrong in (document | {"version": 9}, {}, [], document | {"cameras": [camera] * 2}):
            assert refused(coach.http.put(f"/api/sessions/{name}/calibration", json=wrong))[0] in (400, 422)
        large = coach.http.put(f"/api/sessions/{name}/calibration", content=b"x" * 1_000_000)
        assert refused(large)[0] == 413

    def test_without_a_session_nothing_is_kept_or_given(self, stack: Stack, coach: Coach) -> None:
        """Neither under a name that was never one, nor under that of a deleted session."""
        deleted = coach.create_session()["session_id"]
        assert coach.http.put(f"/api/sessions/{deleted}/calibration", json=plain_calibration()).is_success
        coach.delete(deleted)
        for name in ("never-made", deleted):
            answers = {path: coach.http.get(f"/api/sessions/{name}/{path}") for path in KEPT}
            answers["PUT"] = coach.http.put(f"/api/sessions/{name}/calibration", json=plain_calibration())
            refusals = {path: refused(answer) for path, answer in answers.items()}
            assert refusals == dict.fromkeys([*KEPT, "PUT"], (404, "session_not_found"))
            assert not list(stack.state.rglob(name))
        # Who uses the name afterwards inherits nothing.
        coach.create_session(session_id=deleted)
        assert refused(coach.http.get(f"/api/sessions/{deleted}/calibration")) == (404, "not_calibrated")
        assert coach.http.put(f"/api/sessions/{deleted}/calibration", json=plain_calibration()).is_success

    def test_a_session_that_has_ended_is_still_calibrated(self, coach: Coach) -> None:
        name = coach.create_session()["session_id"]
        coach.end(name)
        assert coach.http.put(f"/api/sessions/{name}/calibration", json=plain_calibration()).is_success
        assert [each["name"] for each in coach.calibration(name)["cameras"]] == ["a", "b"]

    def test_sessions_are_the_coach_s(self, coach: Coach, phone: httpx.Client) -> None:
        name = coach.create_session()["session_id"]
        for path in ("", f"/{name}/recordings", f"/{name}/poses.trc", f"/{name}/poses.csv", f"/{name}/poses.json"):
            assert refused(phone.get(f"/api/sessions{path}"))[0] == 401
        assert refused(phone.delete(f"/api/sessions/{name}"))[0] == 401
        assert coach.status(name)["session_id"] == name

    def test_a_wrong_method_is_told_the_right_one(self, coach: Coach) -> None:
        assert refused(coach.http.post("/api/sessions", json={}))[0] == 405
