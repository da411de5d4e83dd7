"""The code that is typed where a QR cannot be scanned: it stands for the QR, and guessing it is bounded."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.phone_talk import code_of, join
from axolotl_kit.problem import Problem
from axolotl_kit.stack import SERVICES, Stack


@pytest.fixture
def own_stack() -> Iterator[Stack]:
    """A system that this test may break."""
    with Stack() as running:
        yield running


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
