"""The coach removes a phone: it is dead within a second and stays out, whichever service is away meanwhile."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.phone_talk import code_of, ending, join, opened, register, status_as_phone, upload
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack
from websockets.sync.client import connect

#: "Dead within 1 s": from the coach's request to the end of the phone's connection.
DEAD_WITHIN_S = 1.0


class TestRemoval:
    def test_a_removed_phone_is_dead_within_a_second_and_stays_out(
        self, coach: Coach, phone: httpx.Client, small_camera: Any
    ) -> None:
        made = coach.create_session(expected_devices=2)
        session, qr = made["session_id"], made["pairing_token"]
        answer, attempt = register(phone, qr, "a")
        gone, stays = answer.json(), join(phone, qr, "b")
        with opened(gone["ws_url"]) as lost, opened(stays["ws_url"]) as kept:
            assert coach.remove(session, "a")["registered_devices"] == 1
            begin = time.monotonic()
            assert ending(lost, 10)[0] == 4401
            assert time.monotonic() - begin < DEAD_WITHIN_S
            # Nobody else notices.
            kept.send('{"type":"clock","id":1,"t0":1}')
            assert json.loads(kept.recv(timeout=5))["type"] == "clock"
        assert [each["device_id"] for each in coach.status(session)["devices"]] == ["b"]

        # Its token opens nothing …
        assert code_of(status_as_phone(phone, session, gone["device_token"])) == "token_revoked"
        assert code_of(upload(phone, gone["device_token"], small_camera.pictures[0], 1)) == "token_revoked"
        with connect(gone["ws_url"], proxy=None) as refused:
            assert ending(refused, 5)[0] == 4401
        # … and the QR lets it in no more: not as it was, not with another attempt, not under another name.
        for device_id, secret in (("a", attempt), ("a", ""), ("c", "")):
            assert code_of(register(phone, qr, device_id, secret)[0]) == "token_revoked"
        query = {"token": qr}
        assert code_of(phone.get("/api/pairing/validate", params=query)) == "token_revoked"
        assert status_as_phone(phone, session, stays["device_token"]).is_success

    def test_its_place_goes_to_another_and_a_fresh_qr_lets_it_back(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        session = made["session_id"]
        for name in ("a", "b"):
            join(phone, made["pairing_token"], name)
        coach.remove(session, "a")
        fresh = coach.invite(session)
        assert fresh["places"] == 1
        join(phone, fresh["pairing_token"], "another")
        assert code_of(register(phone, fresh["pairing_token"], "a")[0]) == "token_full"
        coach.remove(session, "another")
        again = join(phone, coach.invite(session)["pairing_token"], "a")
        with opened(again["ws_url"]):
            pass
        assert {each["device_id"] for each in coach.status(session)["devices"]} == {"a", "b"}

    def test_asking_twice_is_asking_once_and_strangers_are_not_found(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        join(phone, made["pairing_token"], "a")
        assert coach.remove(made["session_id"], "a") == coach.remove(made["session_id"], "a")
        for session, device, code in (
            (made["session_id"], "never", "device_not_registered"),
            ("never", "a", "session_not_found"),
            (made["session_id"], "a b", "invalid_device_id"),
        ):
            with pytest.raises(Problem) as problem:
                coach.remove(session, device)
            assert problem.value.code == code

    def test_an_upload_over_http_ends_too(self, coach: Coach, phone: httpx.Client, small_camera: Any) -> None:
        made = coach.create_session(expected_devices=1, mode="single")
        token = join(phone, made["pairing_token"], "a")["device_token"]
        assert upload(phone, token, small_camera.pictures[0], 1).is_success
        coach.remove(made["session_id"], "a")
        assert code_of(upload(phone, token, small_camera.pictures[0], 2)) == "token_revoked"

    @pytest.mark.timeout(180)
    def test_without_token_svc_the_phone_is_out_and_asking_again_finishes_it(
        self, own_stack: Stack, small_camera: Any
    ) -> None:
        with (
            Coach(own_stack.base_url, own_stack.coach_key, patience_s=0) as coach,
            httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
        ):
            made = coach.create_session(expected_devices=2)
            session = made["session_id"]
            answer, attempt = register(client, made["pairing_token"], "a")
            registration = answer.json()
            with opened(registration["ws_url"]) as socket:
                own_stack.take_down("token-svc")
                with pytest.raises(Problem) as problem:
                    coach.remove(session, "a")
                begin = time.monotonic()
                assert (problem.value.status, problem.value.code) == (503, "service_unavailable")
                # Nothing half removed goes on: session-svc has closed the place although token-svc is away.
                assert ending(socket, 10) == (4401, "device_removed")
                assert time.monotonic() - begin < DEAD_WITHIN_S
            assert coach.status(session)["devices"] == []
            with pytest.raises(Problem) as problem:
                coach.invite(session)
            assert (problem.value.status, problem.value.code) == (503, "removal_unfinished")
            # session-svc dies with the removal half done, then both come back.
            own_stack.wait_restarted("session-svc", own_stack.kill("session-svc"))
            own_stack.bring_back("token-svc")
            assert coach.remove(session, "a")["registered_devices"] == 0
            assert code_of(status_as_phone(client, session, registration["device_token"])) == "token_revoked"
            assert code_of(register(client, made["pairing_token"], "a", attempt)[0]) == "token_revoked"
            join(client, coach.invite(session)["pairing_token"], "a")

    @pytest.mark.timeout(180)
    def test_a_removed_phone_does_not_come_back_under_another_name(self, own_stack: Stack) -> None:
        """token-svc is away at the removal, so the QR is good for a moment when it comes back."""
        with (
            Coach(own_stack.base_url, own_stack.coach_key, patience_s=0) as coach,
            httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
        ):
            made = coach.create_session(expected_devices=3)
            session, qr = made["session_id"], made["pairing_token"]
            join(client, qr, "a")
            stays = join(client, qr, "b")
            own_stack.take_down("token-svc")
            with pytest.raises(Problem) as problem:
                coach.remove(session, "a")
            assert problem.value.status == 503
            own_stack.bring_back("token-svc")
            attempt = secrets.token_hex(16)
            codes: list[str] = []

            def is_refused_for_good() -> bool:
                codes.append(code_of(register(client, qr, "a-in-disguise", attempt)[0]))
                return codes[-1] == "token_revoked"

            own_stack.wait("the old QR to be withdrawn", is_refused_for_good, 5)
            assert set(codes) <= {"removal_unfinished", "token_revoked", "service_unavailable"}
            # Finished now, and only the phone that was to stay is in.
            assert coach.remove(session, "a")["registered_devices"] == 1
            assert [each["device_id"] for each in coach.status(session)["devices"]] == ["b"]
            assert status_as_phone(client, session, stays["device_token"]).status_code == 200
            assert code_of(register(client, qr, "a-in-disguise", attempt)[0]) == "token_revoked"
            join(client, coach.invite(session)["pairing_token"], "a-in-disguise")

    @pytest.mark.timeout(180)
    def test_a_half_done_removal_is_finished_without_the_coach(self, own_stack: Stack) -> None:
        with (
            Coach(own_stack.base_url, own_stack.coach_key, patience_s=0) as coach,
            httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
        ):
            made = coach.create_session(expected_devices=2)
            token = join(client, made["pairing_token"], "a")["device_token"]
            own_stack.take_down("token-svc")
            with pytest.raises(Problem):
                coach.remove(made["session_id"], "a")
            own_stack.wait_restarted("session-svc", own_stack.kill("session-svc"))
            own_stack.bring_back("token-svc")

            def is_finished() -> bool:
                return status_as_phone(client, made["session_id"], token).status_code == 401

            own_stack.wait("the tokens to be withdrawn", is_finished, 20)

    @pytest.mark.timeout(180)
    def test_without_session_svc_nothing_is_half_removed(self, own_stack: Stack) -> None:
        with (
            Coach(own_stack.base_url, own_stack.coach_key, patience_s=0) as coach,
            httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
        ):
            made = coach.create_session(expected_devices=2)
            url = join(client, made["pairing_token"], "a")["ws_url"]
            with opened(url) as socket:
                own_stack.take_down("session-svc")
                with pytest.raises(Problem) as problem:
                    coach.remove(made["session_id"], "a")
                assert problem.value.status == 503
                socket.send('{"type":"clock","id":1,"t0":1}')
                assert json.loads(socket.recv(timeout=5))["type"] == "clock", "the phone goes on meanwhile"
                own_stack.bring_back("session-svc")
                coach.remove(made["session_id"], "a")
                assert ending(socket, DEAD_WITHIN_S)[0] == 4401
