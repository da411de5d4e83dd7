"""What a registered phone sends: clock exchanges, frames over HTTP, an offer, and its WebSocket."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.phone_talk import ask_for_place, bearer, refused
from axolotl_kit.stack import Stack
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


class TestClock:
    def test_answers_with_its_own_times(self, coach: Coach, phone: httpx.Client) -> None:
        session = coach.create_session()
        device = ask_for_place(phone, session["pairing_token"]).json()
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
        token = ask_for_place(phone, session["pairing_token"]).json()["device_token"]
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
        token = ask_for_place(phone, session["pairing_token"]).json()["device_token"]
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
        token = ask_for_place(phone, session["pairing_token"]).json()["device_token"]
        answer = phone.post(
            "/api/pairing/upload_frame",
            params={"seq": 1, "ts_device_us": true_now_us()},
            files={"frame": ("frame.jpg", small_camera.pictures[0], "image/jpeg")},
            headers=bearer(token),
        )
        assert answer.is_success, answer.text

    def test_refuses_too_much_and_what_is_no_picture(self, coach: Coach, phone: httpx.Client) -> None:
        token = ask_for_place(phone, coach.create_session()["pairing_token"]).json()["device_token"]
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
    token = ask_for_place(phone, session["pairing_token"]).json()["device_token"]
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
        mine = ask_for_place(phone, one["pairing_token"], "a").json()
        other_device = ask_for_place(phone, one["pairing_token"], "b").json()["device_token"]
        other_session = ask_for_place(phone, two["pairing_token"], "a").json()["device_token"]
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
        with connect(ask_for_place(phone, session["pairing_token"]).json()["ws_url"], proxy=None) as socket:
            assert json.loads(socket.recv(timeout=10))["type"] == "welcome"
            getattr(coach, deed)(session["session_id"])
            with pytest.raises(ConnectionClosed) as closing:
                while True:
                    socket.recv(timeout=1)
        assert closing.value.rcvd is not None
        assert (closing.value.rcvd.code, closing.value.rcvd.reason) in codes

    def test_a_page_from_elsewhere_is_refused(self, coach: Coach, phone: httpx.Client) -> None:
        url = ask_for_place(phone, coach.create_session()["pairing_token"]).json()["ws_url"]
        with pytest.raises(InvalidStatus) as refusal, connect(url, proxy=None, origin="https://elsewhere.example"):
            pass
        assert refusal.value.response.status_code == 403
