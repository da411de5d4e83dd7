"""Two live signing keys: a rotation while phones film drops nobody; without the old key, what it signed is over."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import jwt
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.phone_talk import bearer, code_of, ending, join, opened, register, status_as_phone, upload
from axolotl_kit.problem import Problem
from axolotl_kit.rig import Rig
from axolotl_kit.roaming import KINDS
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc import WebRTCPhone, signal
from axolotl_kit.webrtc_talk import connected, exchange_clocks
from websockets.sync.client import ClientConnection

OLD = "the-key-with-which-these-tests-begin-their-work"
NEW = "another-key-for-what-comes-after-the-rotation"
#: An open connection is asked about again within a second. The question that token-svc's end has lost takes a second
#: until it is given up, and each answer its time on a busy machine.
NOTICED_WITHIN_S = 5
#: For longer than the server takes to ask again whether a phone is welcome.
ASKED_AGAIN_S = 2


class Keys:
    """The signing keys as an operator changes them: credentials, of which systemd makes a folder for token-svc."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def set(self, current: str, previous: str | None = None) -> None:
        """What token-svc finds at its next start."""
        (self.folder / "PAIRING_TOKEN_SECRET").write_text(current + "\n")
        old = self.folder / "PAIRING_TOKEN_SECRET_PREVIOUS"
        if previous is None:
            old.unlink(missing_ok=True)
        else:
            old.write_text(previous + "\n")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    made = Keys(tmp_path)
    made.set(OLD)
    return made


@pytest.fixture
def own_stack(keys: Keys) -> Iterator[Stack]:
    """A system whose signing keys a test may change."""
    with Stack(settings={"CREDENTIALS_DIRECTORY": str(keys.folder), "AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


@pytest.fixture
def client(own_stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=15) as one:
        yield one


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def sign_in(client: httpx.Client, stack: Stack) -> dict[str, str]:
    """The cookie of a coach who opened the printed link."""
    cookie = client.get("/", params={"key": stack.coach_key}).headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    return {"Cookie": cookie}


def is_answered(socket: ClientConnection) -> bool:
    socket.send('{"type":"clock","id":1,"t0":1}')
    return json.loads(socket.recv(timeout=5))["type"] == "clock"


def until_refused(ask: Callable[[], httpx.Response]) -> None:
    """Asks until the token's key is unknown, for as long as an open connection may take to notice it."""
    end = time.monotonic() + NOTICED_WITHIN_S
    while (answer := ask()).is_success:
        assert time.monotonic() < end, "the token is still good"
        time.sleep(0.05)
    assert (answer.status_code, code_of(answer)) == (401, "token_unknown_key")


RESTARTS: dict[str, Callable[[Stack], None]] = {
    "token-svc": lambda stack: stack.restart_service("token-svc"),
    "everything": Stack.restart,
}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("restarted", RESTARTS)
def test_a_rotation_while_phones_film_costs_no_frame_and_no_place(
    own_stack: Stack, own_coach: Coach, client: httpx.Client, keys: Keys, small_camera: Camera, restarted: str
) -> None:
    # A QR that hangs on the wall, the code below it, and a coach's page.
    shown = own_coach.create_session(expected_devices=3)
    coach_cookie = sign_in(client, own_stack)

    async def scenario() -> None:
        kinds = list(KINDS.values())
        async with Rig(own_stack, own_coach, [small_camera] * 3, fps=30, size=(180, 320), kind=kinds) as rig:
            rig.start_filming()
            await rig.until_acknowledged(15)
            keys.set(NEW, previous=OLD)
            await asyncio.to_thread(RESTARTS[restarted], own_stack)
            await rig.until_acknowledged(15)
            streams = [phone for phone, transport in zip(rig.phones, KINDS, strict=True) if transport != "http"]
            before = [phone.statistics.connections for phone in streams]
            if restarted == "token-svc":
                # Those that stream have not even noticed. Only now they connect anew, with their old tokens.
                assert before == [1, 1]
            for phone in streams:
                if isinstance(phone, WebRTCPhone):
                    assert phone.channels is not None
                    await phone.channels.close()
                else:
                    await phone.break_connection()
            await rig.until(
                "both to be back",
                lambda: all(p.statistics.connections > n for p, n in zip(streams, before, strict=True)),
            )
            await rig.until_acknowledged(15)
            await rig.stop_filming()
            rig.assert_recorded_once()
            # Nobody has paired again.
            assert {key_of(phone.registration["device_token"]) for phone in rig.phones} == {
                key_of(shown["pairing_token"])
            }

    asyncio.run(scenario())
    query = {"token": shown["pairing_token"], "device_id": "a"}
    assert client.get("/api/pairing/validate", params=query).json()["valid"] is True
    late = join(client, shown["pairing_token"], "a")["device_token"]
    assert key_of(late) != key_of(shown["pairing_token"])
    assert status_as_phone(client, shown["session_id"], late).is_success
    redeemed = Problem.check(client.post("/api/pairing/redeem_code", json={"code": shown["pairing_code"]})).json()
    join(client, redeemed["pairing_token"], "b")
    assert client.get("/api/sessions", headers=coach_cookie).is_success
    fresh = own_coach.invite(shown["session_id"])["pairing_token"]
    assert key_of(fresh) == key_of(late)


@pytest.mark.timeout(180)
def test_without_the_old_key_what_it_signed_is_refused_by_name(
    own_stack: Stack, own_coach: Coach, client: httpx.Client, keys: Keys, small_camera: Camera
) -> None:
    session = own_coach.create_session(expected_devices=4)
    name, qr = session["session_id"], session["pairing_token"]
    coach_cookie = sign_in(client, own_stack)
    old = join(client, qr, "old")
    keys.set(NEW, previous=OLD)
    own_stack.restart_service("token-svc")
    new = join(client, qr, "new")
    with opened(old["ws_url"]) as ends, opened(new["ws_url"]) as stays:
        keys.set(NEW)
        own_stack.restart_service("token-svc")
        assert ending(ends, NOTICED_WITHIN_S) == (4401, "token_unknown_key")
        assert is_answered(stays)
    with opened(new["ws_url"]) as again:
        assert is_answered(again)

    picture = small_camera.pictures[0]
    for answer in (
        status_as_phone(client, name, old["device_token"]),
        upload(client, old["device_token"], picture, 1),
        client.get("/api/pairing/validate", params={"token": qr, "device_id": "another"}),
        register(client, qr, "another")[0],
        client.get("/api/sessions", headers=coach_cookie),
    ):
        assert (answer.status_code, code_of(answer)) == (401, "token_unknown_key")
    typed = client.post("/api/pairing/redeem_code", json={"code": session["pairing_code"]})
    assert (typed.status_code, code_of(typed)) == (404, "pairing_code_unknown")
    assert upload(client, new["device_token"], picture, 1).is_success
    # A fresh QR is good for the places that are left.
    join(client, own_coach.invite(name)["pairing_token"], "another")


@pytest.mark.timeout(180)
def test_a_peer_lives_on_without_its_key_but_makes_no_new_connection(
    own_stack: Stack, own_coach: Coach, client: httpx.Client, keys: Keys
) -> None:
    """stream-svc asks token-svc nothing: what it knows is when the token expires."""
    registration = join(client, own_coach.create_session(expected_devices=2)["pairing_token"], "old")
    token = registration["device_token"]

    async def scenario() -> None:
        channels = await connected(own_stack, registration)
        keys.set(NEW)
        await asyncio.to_thread(own_stack.restart_service, "token-svc")
        # api-front may remember for less than a second that the token was good.
        until_refused(lambda: client.get("/api/pairing/ice_servers", headers=bearer(token)))
        with pytest.raises(Problem) as refusal:
            await signal(own_stack.base_url, token, channels.peer.localDescription.sdp)
        assert (refusal.value.status, refusal.value.code) == (401, "token_unknown_key")
        end = time.monotonic() + ASKED_AGAIN_S
        while time.monotonic() < end:
            await exchange_clocks(channels)
            await asyncio.sleep(0.1)
        await channels.close()

    asyncio.run(scenario())
