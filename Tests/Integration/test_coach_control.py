"""The coach's hold on a running session: renaming, removing and adding phones, fresh QRs, and codes to type."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.phone_talk import bearer, code_of, ending, join, opened, register, status_as_phone, upload
from axolotl_kit.problem import Problem
from axolotl_kit.stack import SERVICES, Stack
from websockets.sync.client import connect

#: "Dead within 1 s": from the coach's request to the end of the phone's connection.
DEAD_WITHIN_S = 1.0


@pytest.fixture
def own_stack() -> Iterator[Stack]:
    """A system that this test may break."""
    with Stack() as running:
        yield running


class TestRemoval:
    def test_a_removed_phone_is_dead_within_a_second_and_stays_out(
        self, coach: Coach, phone: httpx.Client, small_camera: Any
    ) -> None:
        made = coach.create_session(expected_devices=2)
        session, qr = made["session_id"], made["pairing_token"]
        answer, attempt = register(phone, qr, "a")
        gone, stays = answer.json(), join(phone, qr, "b")
        with opened(gone["ws_url"]) as lost, opened(stays["ws_url"]) as kept:
            begin = time.monotonic()
            assert coach.remove(session, "a")["registered_devices"] == 1
            assert ending(lost, DEAD_WITHIN_S)[0] == 4401
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
            Coach(own_stack.base_url, own_stack.coach_key) as coach,
            httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
        ):
            made = coach.create_session(expected_devices=2)
            session = made["session_id"]
            answer, attempt = register(client, made["pairing_token"], "a")
            registration = answer.json()
            with opened(registration["ws_url"]) as socket:
                own_stack.take_down("token-svc")
                begin = time.monotonic()
                with pytest.raises(Problem) as problem:
                    coach.remove(session, "a")
                assert (problem.value.status, problem.value.code) == (503, "service_unavailable")
                # Nothing half removed goes on: session-svc has closed the place although token-svc is away.
                assert ending(socket, 2) == (4401, "device_removed")
                # Within a second of the refusal, which itself takes the second that token-svc is given.
                assert time.monotonic() - begin < 2 * DEAD_WITHIN_S
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
            Coach(own_stack.base_url, own_stack.coach_key) as coach,
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
            Coach(own_stack.base_url, own_stack.coach_key) as coach,
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
            Coach(own_stack.base_url, own_stack.coach_key, timeout=30) as coach,
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


class TestTypedCode:
    def redeem(self, client: httpx.Client, code: Any) -> httpx.Response:
        return client.post("/api/pairing/redeem_code", json={"code": code})

    def test_stands_for_the_qr(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", made["pairing_code"])
        for typed in (
            made["pairing_code"],
            made["pairing_code"].lower().replace("-", " "),
            made["pairing_code"].replace("-", "").replace("0", "o").replace("1", "l"),
        ):
            answer = self.redeem(phone, typed).json()
            assert answer["pairing_token"] == made["pairing_token"]
            assert answer["session_id"] == made["session_id"]
            assert answer["expires_at"] == made["expires_at"]
        join(phone, answer["pairing_token"], "a")

    def test_ends_with_its_qr(self, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        fresh = coach.invite(made["session_id"])
        assert fresh["pairing_code"] != made["pairing_code"]
        assert code_of(self.redeem(phone, made["pairing_code"])) == "token_revoked"
        assert self.redeem(phone, fresh["pairing_code"]).is_success
        join(phone, fresh["pairing_token"], "a")
        coach.remove(made["session_id"], "a")
        assert code_of(self.redeem(phone, fresh["pairing_code"])) == "token_revoked"
        coach.delete(made["session_id"])
        assert code_of(self.redeem(phone, fresh["pairing_code"])) == "pairing_code_unknown"

    @pytest.mark.parametrize("code", ["", "hello", "ABCD-EFGU", "x" * 3000, "💥" * 8])
    def test_what_is_no_code_is_refused(self, phone: httpx.Client, code: str) -> None:
        assert code_of(self.redeem(phone, code)) == "pairing_code_malformed"

    def test_reaches_no_log_and_no_file(self, stack: Stack, coach: Coach, phone: httpx.Client) -> None:
        made = coach.create_session(expected_devices=2)
        code = made["pairing_code"]
        assert self.redeem(phone, code).is_success
        assert self.redeem(phone, "0000-0000").status_code in (404, 429)
        forms = [form.encode() for form in (code, code.replace("-", ""), code.lower())]
        for service in SERVICES:
            assert all(form not in stack.logs(service).encode() for form in forms)
        for path in stack.state.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert all(form not in content for form in forms), path.name

    @pytest.mark.timeout(180)
    def test_guessing_is_bounded_and_locks_nobody_out_for_long(self, own_stack: Stack) -> None:
        with (
            Coach(own_stack.base_url, own_stack.coach_key) as coach,
            httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=30) as client,
        ):
            made = coach.create_session(expected_devices=2)
            wrong = 0
            begin = time.monotonic()
            while (answer := self.redeem(client, f"{wrong:08d}")).status_code == 404:
                assert Problem.of(answer).code == "pairing_code_unknown"
                wrong += 1
            took = time.monotonic() - begin
            assert answer.status_code == 429
            # 300 at once and 5 more each second, unless one address may not even ask as much.
            assert wrong <= 300 + 5 * took + 1
            assert int(answer.headers["Retry-After"]) >= 1
            assert len(Problem.of(answer).detail) > 20

            # The right code gets in as soon as the person does what the answer says, and the QR all the time.
            assert client.get("/api/pairing/validate", params={"token": made["pairing_token"]}).status_code in (
                200,
                429,
            )

            def gets_in() -> bool:
                return self.redeem(client, made["pairing_code"]).is_success

            own_stack.wait("the right code to be taken", gets_in, 90)


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
