"""The pairing API of the design: every route answers truthfully, and refuses with a stable code."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import Stack
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


@pytest.fixture
def phone(stack: Stack) -> Iterator[httpx.Client]:
    """A browser without any credentials."""
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as client:
        yield client


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document with words for a person."""
    problem = Problem.of(answer)
    assert not answer.is_success, answer.text
    assert problem.code != "not_a_problem_document", answer.text
    assert len(problem.detail) > 10
    assert answer.json()["status"] == answer.status_code
    return problem.status, problem.code


def register(
    phone: httpx.Client, token: str, device_id: str = "phone-a", attempt: str | None = None, **metadata: Any
) -> httpx.Response:
    body = {"token": token, "device_id": device_id, "metadata": metadata}
    if attempt is not None:
        body["attempt"] = attempt
    return phone.post("/api/pairing/register_device", json=body)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


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
        assert register(phone, token).is_success

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
        register(phone, token, "first")
        status, _ = refused(phone.get("/api/pairing/validate", params={"token": token, "device_id": "second"}))
        assert status in (401, 403, 409)

    def test_refuses_an_impossible_device_name(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session()["pairing_token"]
        answer = phone.get("/api/pairing/validate", params={"token": token, "device_id": "../x"})
        assert refused(answer)[0] == 400


class TestRegister:
    def test_answers_all_that_streaming_needs(self, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session(expected_devices=2)
        answer = register(phone, session["pairing_token"], label="left tripod", width=720, height=1280).json()
        assert answer["registered"] is True
        assert answer["device_id"] == "phone-a"
        assert answer["session_id"] == session["session_id"]
        assert answer["device_token"]
        assert isinstance(answer["ice_servers"], list)
        address = urlsplit(answer["ws_url"])
        assert address.path == f"/ws/pair/{session['session_id']}/phone-a"

    def test_serves_each_device_once_and_no_more_than_expected(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        assert register(phone, token, "a").is_success
        assert refused(register(phone, token, "a"))[0] in (401, 403, 409)
        assert register(phone, token, "b").is_success
        assert refused(register(phone, token, "c"))[0] in (401, 403, 409)

    def test_a_lost_answer_is_had_again_by_who_knows_the_attempt(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        first = register(phone, token, "a", attempt="known-to-a-alone").json()
        assert register(phone, token, "a", attempt="known-to-a-alone").json() == first
        assert refused(register(phone, token, "a", attempt="somebody-else")) == (409, "token_already_used")
        assert refused(register(phone, token, "b", attempt="short")) == (400, "token_attempt_out_of_range")
        assert register(phone, token, "b", attempt="known-to-b-alone").is_success

    def test_a_device_may_come_back_any_number_of_times(self, coach: Coach, phone: httpx.Client) -> None:
        url = register(phone, coach.create_session(expected_devices=2)["pairing_token"]).json()["ws_url"]
        for _ in range(3):
            with connect(url, proxy=None) as connection:
                connection.send('{"type":"hello"}')
                assert "welcome" in connection.recv(timeout=10)

    def test_a_device_token_registers_nobody(self, coach: Coach, phone: httpx.Client) -> None:
        own = register(phone, coach.create_session(expected_devices=2)["pairing_token"]).json()["device_token"]
        assert refused(register(phone, own, "another"))[0] == 401

    def test_nobody_takes_another_device_s_place(self, coach: Coach, phone: httpx.Client) -> None:
        token = coach.create_session(expected_devices=2)["pairing_token"]
        register(phone, token, "a")
        thief = register(phone, token, "b").json()["device_token"]
        assert refused(register(phone, thief, "a"))[0] in (401, 403, 409)

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
            answer = register(phone, token, **{field: value})
            status, code = refused(answer)
            # Of another type it is no metadata at all; out of bounds it is refused by name.
            assert (status, code) in ((400, "invalid_metadata"), (400, "invalid_field")), value
            assert field in answer.json()["detail"], value
        # None of these has used anything up.
        attempt = "the-same-attempt"
        for value in good:
            assert register(phone, token, attempt=attempt, **{field: value}).is_success, value

    def test_refuses_a_large_body_with_413(self, phone: httpx.Client) -> None:
        assert refused(phone.post("/api/pairing/register_device", content=b"x" * 2_000_000))[0] == 413


class TestStatus:
    def test_tells_the_truth_to_coach_and_phone(self, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session(expected_devices=2)
        assert coach.status(session["session_id"])["devices"] == []
        own = register(phone, session["pairing_token"], "a", label="left").json()["device_token"]
        query = {"session_id": session["session_id"]}
        for status in (
            coach.status(session["session_id"]),
            phone.get("/api/pairing/session_status", params=query, headers=bearer(own)).json(),
        ):
            assert status["session_id"] == session["session_id"]
            assert status["state"] == "waiting"
            assert [device["device_id"] for device in status["devices"]] == ["a"]
        register(phone, session["pairing_token"], "b")
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
        stranger = register(phone, two["pairing_token"]).json()["device_token"]
        query = {"session_id": one["session_id"]}
        assert refused(phone.get("/api/pairing/session_status", params=query))[0] == 401
        answer = phone.get("/api/pairing/session_status", params=query, headers=bearer(stranger))
        assert refused(answer)[0] == 403

    def test_an_unknown_session_is_not_found(self, coach: Coach) -> None:
        with pytest.raises(Problem) as problem:
            coach.status("no-such-session")
        assert problem.value.status == 404


class TestClock:
    def test_answers_with_its_own_times(self, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session()
        device = register(phone, session["pairing_token"]).json()
        body = {"session_id": session["session_id"], "device_id": "phone-a", "ts_device": 123456.5}
        before = true_now_us() / 1000
        answer = phone.post("/api/pairing/ntp_sync", json=body, headers=bearer(device["device_token"])).json()
        after = true_now_us() / 1000
        assert answer["ts_device"] == 123456.5
        assert abs(answer["ts_server"] / 1000 - time.time()) < 60
        assert before - 1 <= answer["ts_server_receive"] <= answer["ts_server_send"] <= after + 1

    def test_is_for_the_registered_phone(self, coach: Coach, phone: httpx.Client) -> None:
        body = {"session_id": coach.create_session()["session_id"], "device_id": "phone-a", "ts_device": 1.0}
        assert refused(phone.post("/api/pairing/ntp_sync", json=body))[0] == 401


class TestUploadFrame:
    def test_a_picture_is_recorded(self, coach: Coach, phone: httpx.Client, stack: Stack, small_camera: Any) -> None:
        session = coach.create_session(expected_devices=1, mode="single")
        token = register(phone, session["pairing_token"]).json()["device_token"]
        for sequence in (1, 2, 2):
            answer = phone.post(
                "/api/pairing/upload_frame",
                params={"seq": sequence, "ts_device_us": true_now_us()},
                content=small_camera.pictures[0],
                headers=bearer(token) | {"Content-Type": "image/jpeg"},
            )
            assert answer.is_success, answer.text

        def recorded() -> bool:
            device = coach.device(session["session_id"], "phone-a")
            return bool(device) and device["frames_recorded"] == 2

        stack.wait("the picture to be recorded once", recorded, 10)

    def test_a_live_picture_does_not_wait_for_those_before_it(
        self, coach: Coach, phone: httpx.Client, small_camera: Any
    ) -> None:
        """After a break live pictures go first, and what is missing comes in between."""
        session = coach.create_session(expected_devices=1, mode="single")
        token = register(phone, session["pairing_token"]).json()["device_token"]
        began_us, acknowledged = true_now_us() - 1_000_000, 0
        for sequence, through in ((1, 1), (5, 1), (6, 1), (2, 2), (3, 3), (4, 6)):
            answer = phone.post(
                "/api/pairing/upload_frame",
                params={
                    "seq": sequence,
                    "oldest_seq": acknowledged + 1,
                    "ts_device_us": began_us + sequence * 33_333,
                },
                content=small_camera.pictures[0],
                headers=bearer(token) | {"Content-Type": "image/jpeg"},
            )
            assert answer.json() == {"seq": sequence, "acknowledged": through}
            acknowledged = through

    def test_a_multipart_picture_counts_too(self, coach: Coach, phone: httpx.Client, small_camera: Any) -> None:
        session = coach.create_session(expected_devices=1, mode="single")
        token = register(phone, session["pairing_token"]).json()["device_token"]
        answer = phone.post(
            "/api/pairing/upload_frame",
            params={"seq": 1, "ts_device_us": true_now_us()},
            files={"frame": ("frame.jpg", small_camera.pictures[0], "image/jpeg")},
            headers=bearer(token),
        )
        assert answer.is_success, answer.text

    def test_refuses_too_much_and_what_is_no_picture(self, coach: Coach, phone: httpx.Client) -> None:
        token = register(phone, coach.create_session()["pairing_token"]).json()["device_token"]
        headers = bearer(token) | {"Content-Type": "image/jpeg"}
        query = {"seq": 1, "ts_device_us": 1}
        large = phone.post("/api/pairing/upload_frame", params=query, content=bytes(5_000_000), headers=headers)
        assert refused(large)[0] == 413
        wrong = phone.post("/api/pairing/upload_frame", params=query, content=b"no picture", headers=headers)
        assert refused(wrong)[0] in (400, 415, 422)
        for bad in ({"seq": 0, "ts_device_us": 1}, {"seq": 1}, {"seq": "x", "ts_device_us": 1}):
            assert refused(phone.post("/api/pairing/upload_frame", params=bad, content=b"x", headers=headers))[0] == 400

    def test_is_for_registered_phones(self, phone: httpx.Client) -> None:
        answer = phone.post("/api/pairing/upload_frame", params={"seq": 1, "ts_device_us": 1}, content=b"x")
        assert refused(answer)[0] == 401


def test_an_offer_that_is_none_is_refused_by_name(coach: Coach, phone: httpx.Client) -> None:
    session = coach.create_session()
    token = register(phone, session["pairing_token"]).json()["device_token"]
    body = {"session_id": session["session_id"], "device_id": "phone-a", "type": "offer", "sdp": "v=0\r\n"}
    answer = phone.post("/api/pairing/signal_offer", json=body, headers=bearer(token))
    assert refused(answer) == (400, "offer_malformed")


class TestPhoneSocket:
    def refusal(self, url: str) -> tuple[int, str]:
        """The close code and its reason: a browser's script cannot see why an upgrade was refused."""
        with connect(url, proxy=None, open_timeout=10) as socket, pytest.raises(ConnectionClosed) as refusal:
            told = json.loads(socket.recv(timeout=10))
            socket.recv(timeout=10)
        closing = refusal.value.rcvd
        assert closing is not None
        assert told == {"type": "error", "code": closing.reason, "message": told["message"]}
        return closing.code, closing.reason

    def test_opens_only_with_this_device_s_token(self, stack: Stack, coach: Coach, phone: httpx.Client) -> None:
        one, two = coach.create_session(), coach.create_session()
        mine = register(phone, one["pairing_token"], "a").json()
        other_device = register(phone, one["pairing_token"], "b").json()["device_token"]
        other_session = register(phone, two["pairing_token"], "a").json()["device_token"]
        address = urlsplit(mine["ws_url"])
        plain = f"{address.scheme}://{address.netloc}{address.path}"
        assert self.refusal(plain) == (4401, "phone_only")
        assert self.refusal(plain + "?token=nonsense") == (4401, "token_malformed")
        assert self.refusal(plain + f"?token={one['pairing_token']}") == (4401, "token_wrong_kind")
        assert self.refusal(plain + f"?token={other_device}") == (4401, "forbidden")
        assert self.refusal(plain + f"?token={other_session}") == (4401, "forbidden")
        with connect(mine["ws_url"], proxy=None) as socket:
            assert json.loads(socket.recv(timeout=10))["type"] == "welcome"

    @pytest.mark.parametrize(
        ("deed", "codes"),
        [
            ("end", {(4409, "session_ended")}),
            ("delete", {(4404, "session_deleted"), (4404, "session_not_found"), (4401, "token_revoked")}),
        ],
    )
    def test_closes_within_a_second_when_the_session_is_over(
        self, coach: Coach, phone: httpx.Client, deed: str, codes: set[tuple[int, str]]
    ) -> None:
        session = coach.create_session()
        with connect(register(phone, session["pairing_token"]).json()["ws_url"], proxy=None) as socket:
            assert json.loads(socket.recv(timeout=10))["type"] == "welcome"
            getattr(coach, deed)(session["session_id"])
            with pytest.raises(ConnectionClosed) as closing:
                while True:
                    socket.recv(timeout=1)
        assert closing.value.rcvd is not None
        assert (closing.value.rcvd.code, closing.value.rcvd.reason) in codes

    def test_a_page_from_elsewhere_is_refused(self, coach: Coach, phone: httpx.Client) -> None:
        url = register(phone, coach.create_session()["pairing_token"]).json()["ws_url"]
        with pytest.raises(InvalidStatus) as refusal, connect(url, proxy=None, origin="https://elsewhere.example"):
            pass
        assert refusal.value.response.status_code == 403


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
        device = register(phone, session["pairing_token"]).json()
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

    def test_calibration_is_checked_and_given_back(self, coach: Coach) -> None:
        name = coach.create_session(expected_devices=2)["session_id"]
        camera = {
            "image_width": 720,
            "image_height": 1280,
            "focal_px": [1000, 1000],
            "centre_px": [360, 640],
            "distortion": [0, 0, 0, 0, 0],
            "rotation": [1, 0, 0, 0, 1, 0, 0, 0, 1],
            "translation_m": [0, 0, 3],
        }
        cameras = [camera | {"name": "a"}, camera | {"name": "b", "translation_m": [1, 0, 3]}]
        document = {"version": 1, "world_up": "z", "cameras": cameras}
        answer = coach.http.put(f"/api/sessions/{name}/calibration", json=document)
        assert answer.is_success, answer.text
        assert [each["name"] for each in coach.calibration(name)["cameras"]] == ["a", "b"]
        for wrong in (document | {"version": 9}, {}, [], document | {"cameras": [camera | {"name": "a"}] * 2}):
            assert refused(coach.http.put(f"/api/sessions/{name}/calibration", json=wrong))[0] in (400, 422)
        large = coach.http.put(f"/api/sessions/{name}/calibration", content=b"x" * 1_000_000)
        assert refused(large)[0] == 413

    def test_sessions_are_the_coach_s(self, coach: Coach, phone: httpx.Client) -> None:
        name = coach.create_session()["session_id"]
        for path in ("", f"/{name}/recordings", f"/{name}/poses.trc", f"/{name}/poses.csv", f"/{name}/poses.json"):
            assert refused(phone.get(f"/api/sessions{path}"))[0] == 401
        assert refused(phone.delete(f"/api/sessions/{name}"))[0] == 401
        assert coach.status(name)["session_id"] == name

    def test_a_wrong_method_is_told_the_right_one(self, coach: Coach) -> None:
        assert refused(coach.http.post("/api/sessions", json={}))[0] == 405


def test_the_landing_page_loads_without_credentials(coach: Coach, phone: httpx.Client) -> None:
    page = phone.get("/pair", params={"token": coach.create_session()["pairing_token"]})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
