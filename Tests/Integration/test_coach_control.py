"""The coach's hold on a running session: names, how many phones there may be, and fresh QRs."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.phone_talk import bearer, code_of, join, opened, register, status_as_phone, upload
from axolotl_kit.problem import Problem
from axolotl_kit.stack import SERVICES, Stack
from websockets.sync.client import connect


class TestNames:
    def test_a_rename_shows_and_stays(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        session = made["session_id"]
        _, attempt = register(phone, made["pairing_token"], "a", label="iPhone")
        assert coach.rename(session, "a", "left of the mat")["label"] == "left of the mat"
        assert coach.device(session, "a")["label"] == "left of the mat"
        # What the phone says of itself later does not undo it.
        assert register(phone, made["pairing_token"], "a", attempt, label="my phone")[0].is_success
        assert coach.device(session, "a")["label"] == "left of the mat"

    def test_names_that_are_none_are_refused(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        path = f"/api/sessions/{made['session_id']}/devices/a"
        assert code_of(coach.http.put(path, json={"label": "x"})) == "device_not_registered"
        join(phone, made["pairing_token"], "a", label="iPhone")
        for label in ("", "  ", "a\nb", "x" * 201):
            assert code_of(coach.http.put(path, json={"label": label})) == "invalid_label"
        assert code_of(coach.http.put(path, json={})) == "missing_field"
        assert code_of(coach.http.put(path, json={"label": 5})) == "invalid_field"
        assert coach.device(made["session_id"], "a")["label"] == "iPhone"

    def test_a_name_reaches_no_log(self, stack: Stack, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        join(phone, made["pairing_token"], "a")
        name = f"child-{secrets.token_hex(8)}"
        coach.rename(made["session_id"], "a", name)
        assert all(name not in stack.logs(service) for service in SERVICES)


class TestExpectedDevices:
    def test_places_are_added_up_to_the_maximum(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        session = made["session_id"]
        for name in ("a", "b"):
            join(phone, made["pairing_token"], name)
        with pytest.raises(Problem) as problem:
            coach.invite(session)
        assert (problem.value.status, problem.value.code) == (409, "session_full")
        assert coach.expect(session, 4)["expected_devices"] == 4
        assert coach.status(session)["maximum_devices"] == 4
        fresh = coach.invite(session)
        assert fresh["places"] == 2
        for name in ("c", "d"):
            join(phone, fresh["pairing_token"], name)
        assert code_of(register(phone, fresh["pairing_token"], "e")[0]) == "token_full"
        assert coach.status(session)["state"] == "active"

    @pytest.mark.parametrize(
        ("mode", "count", "code"),
        [
            ("3d", 1, "invalid_expected_devices"),
            ("3d", 5, "invalid_expected_devices"),
            ("3d", -1, "invalid_expected_devices"),
            ("3d", 2, "fewer_than_registered"),
            ("single", 2, "invalid_expected_devices"),
            ("3d", "4", "invalid_field"),
            ("3d", None, "invalid_field"),
        ],
    )
    def test_other_counts_are_refused_by_name(
        self, coach: Coach, phone: httpx.Client, mode: str, count: Any, code: str
    ) -> None:
        places = 3 if mode == "3d" else 1
        made = coach.create_session(mode=mode, expected_devices=places)
        for number in range(places):
            join(phone, made["pairing_token"], f"phone-{number}")
        path = f"/api/sessions/{made['session_id']}/expected_devices"
        assert code_of(coach.http.put(path, json={"expected_devices": count})) == code
        assert coach.status(made["session_id"])["expected_devices"] == places

    def test_an_ended_session_takes_nobody_more(self, coach: Coach) -> None:
        session = coach.create_session(expected_devices=2)["session_id"]
        coach.end(session)
        for ask in (lambda: coach.expect(session, 3), lambda: coach.invite(session)):
            with pytest.raises(Problem) as problem:
                ask()
            assert (problem.value.status, problem.value.code) == (409, "session_ended")

    def test_the_qr_of_an_ended_session_says_so_before_a_camera_is_turned_on(
        self, stack: Stack, coach: Coach, phone: httpx.Client
    ) -> None:
        made = coach.create_session(expected_devices=2)
        inside = join(phone, made["pairing_token"], "a")
        coach.end(made["session_id"])

        def code() -> str | None:
            query = {"token": made["pairing_token"], "device_id": "b"}
            answer = phone.get("/api/pairing/validate", params=query)
            return None if answer.is_success else code_of(answer)

        stack.wait("the QR withdrawn", lambda: code() == "token_revoked", 5)
        assert code_of(register(phone, made["pairing_token"], "b")[0]) == "token_revoked"
        # Who was in can still ask what became of the session.
        assert status_as_phone(phone, made["session_id"], inside["device_token"]).is_success


class TestFreshQR:
    def test_replaces_the_one_before(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=3)
        inside = join(phone, made["pairing_token"], "a")
        fresh = coach.invite(made["session_id"], ttl=300)
        assert fresh["places"] == 2
        assert fresh["pairing_url"].endswith(f"/pair?token={fresh['pairing_token']}")
        assert fresh["pairing_qr_svg"].lstrip().startswith("<svg")
        assert fresh["expires_at"] < made["expires_at"]
        assert code_of(register(phone, made["pairing_token"], "b")[0]) == "token_revoked"
        join(phone, fresh["pairing_token"], "b")
        # Who is in stays in.
        assert status_as_phone(phone, made["session_id"], inside["device_token"]).is_success
        # And nobody takes another's place with it.
        assert code_of(register(phone, fresh["pairing_token"], "a")[0]) == "token_already_used"

    def test_its_life_is_bounded(self, coach: Coach) -> None:
        session = coach.create_session(expected_devices=2)["session_id"]
        for ttl in (299, 3601, "600"):
            assert code_of(coach.http.post(f"/api/sessions/{session}/pairing", json={"ttl": ttl})) == "invalid_field"

    def test_all_of_it_is_the_coach_s(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        at = f"/api/sessions/{made['session_id']}"
        own = join(phone, made["pairing_token"], "a")["device_token"]
        for headers in ({}, bearer(own)):
            for method, path, body in (
                ("PUT", f"{at}/devices/a", {"label": "x"}),
                ("DELETE", f"{at}/devices/a", None),
                ("PUT", f"{at}/expected_devices", {"expected_devices": 4}),
                ("POST", f"{at}/pairing", {}),
            ):
                answer = phone.request(method, path, json=body, headers=headers)
                assert (answer.status_code, code_of(answer)) == (401, "coach_only")
        assert coach.device(made["session_id"], "a")["device_id"] == "a"


class TestResuming:
    def test_a_phone_that_changes_transport_keeps_its_place(
        self, stack: Stack, coach: Coach, phone: httpx.Client, small_camera: Any
    ) -> None:
        made = coach.create_session(expected_devices=2)
        session = made["session_id"]
        own = join(phone, made["pairing_token"], "a")
        with opened(own["ws_url"]):
            # The network lets no WebSocket through any more: over HTTP, with the same token.
            for sequence in (1, 2, 3):
                assert upload(phone, own["device_token"], small_camera.pictures[0], sequence).is_success
        with connect(own["ws_url"], proxy=None) as socket:
            # And back: the server knows what it has.
            assert json.loads(socket.recv(timeout=10)) == {"type": "welcome", "next_seq": 4}
        devices = coach.status(session)["devices"]
        assert [each["device_id"] for each in devices] == ["a"]
        stack.wait("three frames", lambda: coach.device(session, "a")["frames_recorded"] == 3, 10)
