"""The pairing API of the design: every route answers truthfully, and refuses with a stable code."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.phone_talk import ask_for_place, bearer, refused
from axolotl_kit.problem import Problem
from websockets.sync.client import connect


class TestCreateSession:
    def test_answers_all_that_a_phone_needs(self, coach: Coach) -> None:
        session = coach.create_session(expected_devices=2)
        assert re.fullmatch(r"sess-\d{4}-\d\d-\d\d-\d{6}-[a-z0-9]{6}", session["session_id"])
        address = urlsplit(session["pairing_url"])
        assert address.path == "/pair"
        assert parse_qs(address.query)["token"] == [session["pairing_token"]]
        assert session["pairing_qr_svg"].lstrip().startswith("<svg")
        assert session["expires_at"]

    def test_takes_a_name_and_refuses_it_the_second_time(self, coach: Coach) -> None:
        name = f"take.{time.monotonic_ns()}"
        assert coach.create_session(session_id=name)["session_id"] == name
        with pytest.raises(Problem) as problem:
            coach.create_session(session_id=name)
        assert problem.value.status == 409

    @pytest.mark.parametrize(
        "change",
        [
            {"consent": False},
            {"consent": "yes"},
            {"mode": "4d"},
            {"expected_devices": 1},
            {"expected_devices": 5},
            {"expected_devices": "2"},
            {"mode": "single", "expected_devices": 2},
            {"ttl": 299},
            {"ttl": 3601},
            {"session_id": "../etc"},
            {"session_id": ""},
            {"session_id": "x" * 65},
            {"user_id": "\u0000"},
            {"user_id": "x" * 1000},
        ],
        ids=str,
    )
    def test_refuses_what_makes_no_sense(self, coach: Coach, change: dict[str, Any]) -> None:
        with pytest.raises(Problem) as problem:
            coach.create_session(**({"expected_devices": 2} | change))
        assert problem.value.status in (400, 403, 422)
        assert problem.value.code not in ("not_a_problem_document", "internal_error")

    @pytest.mark.parametrize("missing", ["mode", "user_id", "expected_devices", "consent"])
    def test_refuses_a_missing_field_by_its_name(self, coach: Coach, missing: str) -> None:
        body = {"session_id": "auto", "mode": "3d", "user_id": "u", "expected_devices": 2, "consent": True}
        del body[missing]
        answer = coach.http.post("/api/pairing/create_session", json=body)
        assert refused(answer)[0] in (400, 403)
        assert missing in answer.json()["detail"]

    def test_is_for_the_coach_alone(self, phone: httpx.Client, coach: Coach) -> None:
        body = {"session_id": "auto", "mode": "3d", "user_id": "u", "expected_devices": 2, "consent": True}
        assert refused(phone.post("/api/pairing/create_session", json=body))[0] == 401
        wrong = phone.post("/api/pairing/create_session", json=body, headers=bearer("a" * 32))
        assert refused(wrong)[0] == 401
        token = coach.create_session()["pairing_token"]
        assert refused(phone.post("/api/pairing/create_session", json=body, headers=bearer(token)))[0] == 401

    def test_refuses_a_large_body_with_413(self, coach: Coach) -> None:
        answer = coach.http.post("/api/pairing/create_session", content=b" " * 2_000_000)
        assert refused(answer)[0] == 413
        assert coach.http.get("/healthz").status_code == 200


class TestValidate:
    def test_names_session_mode_and_expiry(self, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session(expected_devices=2)
        query = {"token": session["pairing_token"], "device_id": "phone-a"}
        answer = phone.get("/api/pairing/validate", params=query).json()
        assert answer["valid"] is True
        assert answer["session_id"] == session["session_id"]
        assert answer["mode"] == "3d"
        assert answer["expires_at"] == session["expires_at"]

    def test_is_not_a_use(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        for _ in range(3):
            assert phone.get("/api/pairing/validate", params={"token": token, "device_id": "a"}).is_success
        assert ask_for_place(phone, token).is_success

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 5000])
    def test_refuses_what_is_no_token(self, phone: httpx.Client, token: str) -> None:
        status, _ = refused(phone.get("/api/pairing/validate", params={"token": token, "device_id": "a"}))
        assert status in (400, 401, 414, 431)

    def test_refuses_a_token_with_one_changed_letter(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session()["pairing_token"]
        middle = len(token) // 2
        forged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
        assert refused(phone.get("/api/pairing/validate", params={"token": forged, "device_id": "a"}))[0] in (400, 401)

    def test_refuses_a_full_token(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=1, mode="single")["pairing_token"]
        ask_for_place(phone, token, "first")
        status, _ = refused(phone.get("/api/pairing/validate", params={"token": token, "device_id": "second"}))
        assert status in (401, 403, 409)

    def test_refuses_an_impossible_device_name(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session()["pairing_token"]
        answer = phone.get("/api/pairing/validate", params={"token": token, "device_id": "../x"})
        assert refused(answer)[0] == 400


class TestRegister:
    def test_answers_all_that_streaming_needs(self, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session(expected_devices=2)
        answer = ask_for_place(phone, session["pairing_token"], label="left tripod", width=720, height=1280).json()
        assert answer["registered"] is True
        assert answer["device_id"] == "phone-a"
        assert answer["session_id"] == session["session_id"]
        assert answer["device_token"]
        assert isinstance(answer["ice_servers"], list)
        address = urlsplit(answer["ws_url"])
        assert address.path == f"/ws/pair/{session['session_id']}/phone-a"

    def test_serves_each_device_once_and_no_more_than_expected(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        assert ask_for_place(phone, token, "a").is_success
        assert refused(ask_for_place(phone, token, "a"))[0] in (401, 403, 409)
        assert ask_for_place(phone, token, "b").is_success
        assert refused(ask_for_place(phone, token, "c"))[0] in (401, 403, 409)

    def test_a_lost_answer_is_had_again_by_who_knows_the_attempt(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        first = ask_for_place(phone, token, "a", attempt="known-to-a-alone").json()
        assert ask_for_place(phone, token, "a", attempt="known-to-a-alone").json() == first
        assert refused(ask_for_place(phone, token, "a", attempt="somebody-else")) == (409, "token_already_used")
        assert refused(ask_for_place(phone, token, "b", attempt="short")) == (400, "token_attempt_out_of_range")
        assert ask_for_place(phone, token, "b", attempt="known-to-b-alone").is_success

    def test_a_device_may_come_back_any_number_of_times(self, coach: Coach, phone: httpx.Client) -> None:
        url = ask_for_place(phone, coach.create_session(expected_devices=2)["pairing_token"]).json()["ws_url"]
        for _ in range(3):
            with connect(url, proxy=None) as connection:
                connection.send('{"type":"hello"}')
                assert "welcome" in connection.recv(timeout=10)

    def test_a_device_token_registers_nobody(self, coach: Coach, phone: httpx.Client) -> None:
        own = ask_for_place(phone, coach.create_session(expected_devices=2)["pairing_token"]).json()["device_token"]
        assert refused(ask_for_place(phone, own, "another"))[0] == 401

    def test_nobody_takes_another_device_s_place(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        ask_for_place(phone, token, "a")
        thief = ask_for_place(phone, token, "b").json()["device_token"]
        assert refused(ask_for_place(phone, thief, "a"))[0] in (401, 403, 409)

    @pytest.mark.parametrize(
        ("field", "good", "bad"),
        [
            *[
                (
                    text,
                    ["x" * 200, "ü" * 100, "👩‍👩‍👧"],
                    ["x" * 201, "ü" * 101, "a\nb", "a\u202eb", "a\u200bb", "\u2066a", 5],
                )
                for text in ("label", "browser", "platform", "model")
            ],
            *[(side, [16, 8192], [15, 8193, -1, 10**12, "20"]) for side in ("width", "height")],
            ("fps", [1, 240, 29.97], [0, 0.99, 240.01, -30, 1e300, "30"]),
        ],
    )
    def test_says_which_metadata_is_wrong(
        self, coach: Coach, phone: httpx.Client, field: str, good: list[Any], bad: list[Any]
    ) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        for value in bad:
            answer = ask_for_place(phone, token, **{field: value})
            status, code = refused(answer)
            # Of another type it is no metadata at all; out of bounds it is refused by name.
            assert (status, code) in ((400, "invalid_metadata"), (400, "invalid_field")), value
            assert field in answer.json()["detail"], value
        # None of these has used anything up.
        attempt = "the-same-attempt"
        for value in good:
            assert ask_for_place(phone, token, attempt=attempt, **{field: value}).is_success, value

    def test_a_fraction_where_none_is_allowed_is_named_as_such(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        for value in (20.5, 1e30):
            answer = ask_for_place(phone, token, width=value)
            assert refused(answer) == (400, "invalid_field")
            assert "fraction" in answer.json()["detail"]
        assert ask_for_place(phone, token).is_success

    def test_refuses_a_large_body_with_413(self, phone: httpx.Client) -> None:
        assert refused(phone.post("/api/pairing/register_device", content=b"x" * 2_000_000))[0] == 413


class TestStatus:
    def test_tells_the_truth_to_coach_and_phone(self, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session(expected_devices=2)
        assert coach.status(session["session_id"])["devices"] == []
        own = ask_for_place(phone, session["pairing_token"], "a", label="left").json()["device_token"]
        query = {"session_id": session["session_id"]}
        for status in (
            coach.status(session["session_id"]),
            phone.get("/api/pairing/session_status", params=query, headers=bearer(own)).json(),
        ):
            assert status["session_id"] == session["session_id"]
            assert status["state"] == "waiting"
            assert [device["device_id"] for device in status["devices"]] == ["a"]
        ask_for_place(phone, session["pairing_token"], "b")
        assert coach.status(session["session_id"])["state"] == "active"

    def test_a_phone_is_told_of_itself_and_of_others_only_that_they_are_there(
        self, coach: Coach, phone: httpx.Client
    ) -> None:
        session = coach.create_session()
        tokens = {}
        for name in ("a", "b"):
            body = {"token": session["pairing_token"], "device_id": name}
            metadata = {"label": f"{name}'s phone", "browser": "Safari", "platform": "iOS", "model": "iPhone"}
            answer = phone.post("/api/pairing/register_device", json=body | {"metadata": metadata})
            tokens[name] = answer.json()["device_token"]
        query = {"session_id": session["session_id"]}
        seen = phone.get("/api/pairing/session_status", params=query, headers=bearer(tokens["a"])).json()["devices"]
        assert seen[0]["metadata"]["label"] == seen[0]["label"] == "a's phone"
        assert seen[1] == {"device_id": "b", "state": "registered"}
        # The coach sees both.
        devices = coach.status(session["session_id"])["devices"]
        assert [device["metadata"]["label"] for device in devices] == ["a's phone", "b's phone"]

    def test_is_not_for_others(self, coach: Coach, phone: httpx.Client) -> None:
        one, two = coach.create_session(), coach.create_session()
        stranger = ask_for_place(phone, two["pairing_token"]).json()["device_token"]
        query = {"session_id": one["session_id"]}
        assert refused(phone.get("/api/pairing/session_status", params=query))[0] == 401
        answer = phone.get("/api/pairing/session_status", params=query, headers=bearer(stranger))
        assert refused(answer)[0] == 403

    def test_an_unknown_session_is_not_found(self, coach: Coach) -> None:
        with pytest.raises(Problem) as problem:
            coach.status("no-such-session")
        assert problem.value.status == 404


def test_the_landing_page_loads_without_credentials(coach: Coach, phone: httpx.Client) -> None:
    page = phone.get("/pair", params={"token": coach.create_session()["pairing_token"]})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
