"""Keys are changed as Deploy/README.md says, by its own commands: nobody is dropped who need not be."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import REPOSITORY, Stack
from axolotl_kit.webrtc_talk import register
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

#: What an installed machine has and this one has not.
STAND_INS = """
sudo() { "$@"; }
systemctl() { [[ "$1" == restart ]] && echo "$2"; }
axolotl() { :; }
"""


def commands() -> list[str]:
    """The blocks of commands of the section, in order."""
    text = (REPOSITORY / "Deploy/README.md").read_text()
    section = text.split("### Changing keys\n")[1].split("\n##")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Stack]:
    """A system that made its keys itself, and reads systemd's credentials."""
    settings = {"AXOLOTL_COACH_KEY": "", "CREDENTIALS_DIRECTORY": str(tmp_path / "credstore")}
    with Stack(settings=settings | {"AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


def follow(stack: Stack, block: str) -> None:
    """Types the commands, with the folders of this system, and does what systemd would."""
    script = block.replace("/var/lib/axolotl", str(stack.state))
    script = script.replace("/etc/credstore", stack.settings["CREDENTIALS_DIRECTORY"])
    typed = subprocess.run(["bash", "-euc", STAND_INS + script], capture_output=True, text=True, check=True, timeout=20)
    assert typed.stdout
    for unit in typed.stdout.split():
        service = unit.removeprefix("axolotl-")
        stack.wait_restarted(service, stack.kill(service, signal.SIGTERM))
    stack.wait_ready()


def coach_key(stack: Stack) -> str:
    return (stack.state / "api-front/coach-key").read_text().strip()


def sign_in(stack: Stack) -> str:
    """A coach's cookie."""
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as client:
        assert client.get("/", params={"key": coach_key(stack)}).status_code == 303
        return client.cookies["axolotl_coach"]


def sessions(stack: Stack, cookie: str) -> httpx.Response:
    return httpx.get(
        f"{stack.base_url}/api/sessions", headers={"Cookie": f"axolotl_coach={cookie}"}, trust_env=False, timeout=15
    )


def speaks(phone: ClientConnection, number: int) -> bool:
    phone.send(json.dumps({"type": "clock", "id": number, "t0": 5}))
    while json.loads(phone.recv(timeout=10)).get("id") != number:
        pass
    return True


def refusal(url: str) -> str:
    with connect(url, proxy=None) as phone, pytest.raises(ConnectionClosed) as closing:
        while True:
            phone.recv(timeout=10)
    assert closing.value.rcvd is not None
    return closing.value.rcvd.reason


def test_a_signing_key_that_was_made_is_rotated_and_nobody_is_dropped(kept: Stack) -> None:
    first, second, _ = commands()
    secret = kept.state / "token-svc/pairing-token-secret"
    before = secret.read_text()
    cookie = sign_in(kept)
    with Coach(kept.base_url, coach_key(kept)) as coach:
        session = coach.create_session(expected_devices=3)
        old = register(kept, session, "old")
        with connect(old["ws_url"], proxy=None) as phone:
            assert speaks(phone, 1)
            follow(kept, first)
            assert secret.read_text() != before
            assert secret.stat().st_mode & 0o777 == 0o600
            assert speaks(phone, 2)
        with connect(old["ws_url"], proxy=None) as phone:
            assert speaks(phone, 3)
        assert sessions(kept, cookie).is_success
        # The QR and the code that are on the screen.
        code = {"code": session["pairing_code"]}
        assert httpx.post(f"{kept.base_url}/api/pairing/redeem_code", json=code, trust_env=False, timeout=15).is_success
        new = register(kept, session, "new")

        follow(kept, second)
        assert refusal(old["ws_url"]) == "token_unknown_key"
        # api-front may remember for less than a second that the cookie was good.
        kept.wait("the old cookie to be refused", lambda: not sessions(kept, cookie).is_success, 5)
        assert Problem.of(sessions(kept, cookie)).code == "token_unknown_key"
        with connect(new["ws_url"], proxy=None) as phone:
            assert speaks(phone, 4)
        assert sessions(kept, sign_in(kept)).is_success


def test_a_coach_key_that_was_made_is_changed_and_phones_stay(kept: Stack) -> None:
    *_, change = commands()
    cookie, old_key = sign_in(kept), coach_key(kept)
    with Coach(kept.base_url, old_key) as coach:
        phone = register(kept, coach.create_session(expected_devices=1, mode="single"))
        follow(kept, change)
        assert coach_key(kept) != old_key
        assert coach.http.get("/api/sessions").status_code == 401
    kept.wait("the old cookie to be refused", lambda: sessions(kept, cookie).status_code == 401, 5)
    assert sessions(kept, sign_in(kept)).is_success
    with connect(phone["ws_url"], proxy=None) as again:
        assert speaks(again, 1)
