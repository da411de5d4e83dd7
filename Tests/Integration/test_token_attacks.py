"""Forged, bent and stolen tokens over real HTTP: each is refused with its documented code. PyJWT is the forger."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.problem import Problem
from axolotl_kit.stack import REPOSITORY, Stack

SECRET = "the-secret-that-these-tests-know-and-the-attacker-mostly-not"
TYPES = {name: f"axolotl-{name}+jwt" for name in ("pairing", "device", "coach")}


def key_id(secret: str) -> str:
    """As token-svc derives it."""
    digest = hmac.new(secret.encode(), b"axolotl key id", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:9]).decode().rstrip("=")


def forge(
    claims: dict[str, Any], kind: str = "pairing", secret: str | None = SECRET, algorithm: str = "HS256", **header: Any
) -> str:
    headers = {"kid": key_id(SECRET), "typ": TYPES[kind], **header}
    return jwt.encode(claims, secret, algorithm=algorithm, headers={k: v for k, v in headers.items() if v is not None})


def raw(header: str, payload: str, secret: str = SECRET) -> str:
    """A signed token of any text, where PyJWT is too well-behaved to make it."""
    signed = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, payload))
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """A system whose signing secret is known here."""
    with Stack(settings={"PAIRING_TOKEN_SECRET": SECRET, "AXOLOTL_POSE_THREADS": "0"}) as running:
        yield running


@pytest.fixture(scope="module")
def own_coach(own_stack: Stack) -> Iterator[Coach]:
    with Coach(own_stack.base_url, own_stack.coach_key) as client:
        yield client


@pytest.fixture
def client(own_stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=own_stack.base_url, trust_env=False, timeout=15) as one:
        yield one


class Doors:
    """The doors a token opens, each as a function from the token to the answer."""

    def __init__(self, client: httpx.Client, session_id: str) -> None:
        self.client = client
        self.session_id = session_id

    def validate(self, token: str) -> httpx.Response:
        return self.client.get("/api/pairing/validate", params={"token": token, "device_id": "thief"})

    def register(self, token: str) -> httpx.Response:
        body = {"token": token, "device_id": "thief", "attempt": secrets.token_hex(8)}
        return self.client.post("/api/pairing/register_device", json=body)

    def status(self, token: str) -> httpx.Response:
        query = {"session_id": self.session_id}
        return self.client.get(
            "/api/pairing/session_status", params=query, headers={"Authorization": f"Bearer {token}"}
        )

    def cookie(self, token: str) -> httpx.Response:
        return self.client.get("/api/sessions", headers={"Cookie": f"axolotl_coach={token}"})

    def of(self, kind: str) -> list[Callable[[str], httpx.Response]]:
        return {"pairing": [self.validate, self.register], "device": [self.status], "coach": [self.cookie]}[kind]


@pytest.fixture
def tokens(own_coach: Coach, client: httpx.Client) -> dict[str, str]:
    """One good token of each kind, of one session with a place left."""
    session = own_coach.create_session(expected_devices=3)
    body = {"token": session["pairing_token"], "device_id": "owner", "attempt": "the-owner-s"}
    device = client.post("/api/pairing/register_device", json=body).json()["device_token"]
    signed_in = client.get("/", params={"key": own_coach.http.headers["Authorization"].split()[1]})
    coach = re.search(r"axolotl_coach=([^;]+)", signed_in.headers["set-cookie"])
    assert coach
    client.cookies.clear()
    return {
        "pairing": session["pairing_token"],
        "device": device,
        "coach": coach[1],
        "session_id": session["session_id"],
    }


def attacks(kind: str, good: str) -> Iterator[tuple[str, set[str], str]]:
    """Name, the codes of which one must come, and the token."""
    claims = jwt.decode(good, options={"verify_signature": False})
    now = int(time.time())
    header, payload, signature = good.split(".")
    header_text = base64.urlsafe_b64decode(header + "==").decode()
    payload_text = json.dumps(claims, separators=(",", ":"))
    wrong_algorithm, malformed = {"token_wrong_algorithm"}, {"token_malformed"}
    yield "alg none", wrong_algorithm, forge(claims, kind, secret=None, algorithm="none")
    for none in ("none", "None", "NONE", "nOnE", ""):
        yield f"alg {none}, signed", wrong_algorithm, raw(header_text.replace("HS256", none), payload_text)
        unsigned = raw(header_text.replace("HS256", none), payload_text).rpartition(".")[0]
        yield f"alg {none}, no signature", wrong_algorithm, unsigned + "."
    yield "no signature", {"token_bad_signature"}, f"{header}.{payload}."
    for algorithm in ("HS384", "HS512"):
        yield algorithm, wrong_algorithm, forge(claims, kind, secret=SECRET * 2, algorithm=algorithm)
    for algorithm in ("RS256", "ES256", "PS256", "EdDSA", "hs256"):
        yield f"confused {algorithm}", wrong_algorithm, raw(header_text.replace("HS256", algorithm), payload_text)
    yield "another secret", {"token_bad_signature"}, forge(claims, kind, secret="an-attacker-s-own-secret-of-32-bytes!")
    yield "empty secret", {"token_bad_signature"}, raw(header_text, payload_text, "")
    for kid in ("x", "../../dev/null", "' OR 1=1", "", key_id("another")):
        yield f"kid {kid}", {"token_unknown_key", "token_malformed"}, forge(claims, kind, kid=kid)
    yield "no kid", {"token_unknown_key"}, forge(claims, kind, kid=None)
    for other in set(TYPES.values()) - {TYPES[kind]} | {"JWT", "", "at+jwt"}:
        yield f"typ {other}", {"token_wrong_kind"}, forge(claims, kind, typ=other)
    yield "no typ", {"token_wrong_kind", "token_malformed"}, forge(claims, kind, typ=None)
    yield "expired", {"token_expired"}, forge(claims | {"iat": now - 700, "exp": now - 100}, kind)
    yield "expires now", {"token_expired"}, forge(claims | {"iat": now - 700, "exp": now}, kind)
    yield "issued in the future", {"token_not_yet_valid"}, forge(claims | {"iat": now + 900, "exp": now + 999}, kind)
    yield "not before", {"token_not_yet_valid"}, forge(claims | {"nbf": now + 900}, kind)
    for name in ("iss", "aud"):
        for value in ("", "axolotl", "https://elsewhere.example", 7):
            yield f"{name} {value}", {"token_wrong_issuer"}, raw(header_text, json.dumps(claims | {name: value}))
    yield (
        "aud is a list",
        {"token_wrong_issuer", "token_malformed"},
        forge(claims | {"aud": [claims["aud"], "x"]}, kind),
    )
    yield "never issued here", {"token_revoked"}, forge(claims | {"jti": secrets.token_urlsafe(16)}, kind)
    for name in ("exp", "iat", "jti"):
        yield f"no {name}", malformed, forge({k: v for k, v in claims.items() if k != name}, kind)
        twice = payload_text[:-1] + f',"{name}":{json.dumps(claims[name])}}}'
        yield f"{name} twice", malformed, raw(header_text, twice)
    for value in ("9" * 30, "1e99", "-1", '"soon"', "null", "true", "[]"):
        bent = payload_text.replace(f'"exp":{claims["exp"]}', f'"exp":{value}')
        yield f"exp {value}", malformed | {"token_expired"}, raw(header_text, bent)
    yield "alg twice", malformed | wrong_algorithm, raw(header_text[:-1] + ',"alg":"HS256"}', payload_text)
    yield "crit", malformed | {"token_wrong_kind"}, raw(header_text[:-1] + ',"crit":["exp"]}', payload_text)
    yield "oversized", malformed, forge(claims | {"more": "x" * 8000}, kind)
    yield "nested", malformed, forge(claims | {"more": {"a": 1}}, kind)
    yield "padded", malformed, f"{header}.{payload}.{signature}="
    yield "four parts", malformed, good + ".x"
    yield "with a space", malformed, good[:20] + " " + good[20:]
    for length in range(len(good)):
        # Nothing at all is no token: that is told apart where the parameter is read.
        codes = {"token_malformed", "token_bad_signature"} if length else {"missing_parameter"}
        yield f"cut at {length}", codes, good[:length]


@pytest.fixture(scope="module")
def refused() -> Iterator[Counter[str]]:
    """How often each code came, counted over all tests of this file; none may be one that nobody can look up."""
    counted: Counter[str] = Counter()
    yield counted
    print(f"\n{sum(counted.values())} tokens refused, by code: {dict(counted.most_common())}")
    documented = (REPOSITORY / "PROTOCOL.md").read_text()
    assert counted, "nothing was counted"
    assert [code for code in counted if f"`{code}`" not in documented] == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["pairing", "device", "coach"])
def test_every_attack_is_refused_with_its_code(
    client: httpx.Client, tokens: dict[str, str], refused: Counter[str], kind: str
) -> None:
    doors = Doors(client, tokens["session_id"])
    count = 0
    for name, codes, token in attacks(kind, tokens[kind]):
        for door in doors.of(kind):
            if token == "" and door != doors.validate:
                continue
            answer = door(token)
            problem = Problem.of(answer)
            assert problem.code in codes, f"{kind}, {name} at {door.__name__}: {problem}"
            assert answer.status_code in (400, 401)
            count += 1
            refused[problem.code] += 1
    bits = 0
    for index in range(0, len(tokens[kind]), 1):
        bent = bytearray(tokens[kind].encode())
        bent[index] ^= 1 << (index % 6)
        token = bent.decode("ascii")
        if token == tokens[kind] or not token.isprintable():
            continue
        problem = Problem.of(doors.of(kind)[0](token))
        assert problem.status == 401 and problem.code.startswith("token_"), f"bit of character {index}: {problem}"
        refused[problem.code] += 1
        bits += 1
    # The good ones still open their doors, so it was the bending that was refused.
    assert doors.of(kind)[0](tokens[kind]).is_success
    print(f"{kind}: {count} attack tokens and {bits} bit flips refused")
    assert count > 200 and bits > 200


def test_no_kind_passes_for_another(client: httpx.Client, tokens: dict[str, str], refused: Counter[str]) -> None:
    doors = Doors(client, tokens["session_id"])
    for kind in TYPES:
        for other in set(TYPES) - {kind}:
            for door in doors.of(kind):
                assert Problem.of(door(tokens[other])).code == "token_wrong_kind", (kind, other)
                refused["token_wrong_kind"] += 1


def test_a_pairing_token_used_again_gives_nobody_a_second_place(
    own_coach: Coach, client: httpx.Client, tokens: dict[str, str], refused: Counter[str]
) -> None:
    body = {"token": tokens["pairing"], "device_id": "owner", "attempt": "not-the-owner-s"}
    replays = (
        ("owner", "token_already_used"), ("second", None), ("third", None), ("fourth", "token_full"),
        ("second", "token_already_used"),
    )  # fmt: skip
    for device, expected in replays:
        body |= {"device_id": device, "attempt": f"another-of-{device}-{secrets.token_hex(4)}"}
        answer = client.post("/api/pairing/register_device", json=body)
        if expected is None:
            assert answer.is_success
        else:
            assert Problem.of(answer).code == expected
            refused[expected] += 1
    assert len(own_coach.status(tokens["session_id"])["devices"]) == 3


def test_tokens_of_a_deleted_session_open_nothing(
    own_stack: Stack, own_coach: Coach, client: httpx.Client, tokens: dict[str, str], refused: Counter[str]
) -> None:
    doors = Doors(client, tokens["session_id"])
    own_coach.delete(tokens["session_id"])
    for door in doors.of("pairing"):
        assert Problem.of(door(tokens["pairing"])).code == "token_revoked", door.__name__
        refused["token_revoked"] += 1
    own_stack.wait(
        "the device token to be forgotten",
        lambda: Problem.of(doors.status(tokens["device"])).code == "token_revoked",
        2,
    )
    refused["token_revoked"] += 1


def test_pyjwt_reads_what_is_issued_here(tokens: dict[str, str]) -> None:
    for kind, typ in TYPES.items():
        claims = jwt.decode(
            tokens[kind],
            SECRET,
            algorithms=["HS256"],
            issuer="axolotl/token-svc",
            audience="axolotl/api-front",
            options={"require": ["exp", "iat", "iss", "aud", "jti"]},
        )
        assert jwt.get_unverified_header(tokens[kind]) == {"alg": "HS256", "kid": key_id(SECRET), "typ": typ}
        assert claims["exp"] > claims["iat"]


def test_what_pyjwt_signs_with_the_same_claims_is_the_same_token(tokens: dict[str, str], client: httpx.Client) -> None:
    """The other way round: the real service takes a token that PyJWT has made of an issued token's claims."""
    claims = jwt.decode(tokens["pairing"], options={"verify_signature": False})
    made = forge(dict(reversed(claims.items())))
    assert made != tokens["pairing"]
    assert Doors(client, tokens["session_id"]).validate(made).json()["valid"] is True


def test_a_rotation_drops_nobody(own_stack: Stack, own_coach: Coach, client: httpx.Client) -> None:
    """From the tokens' side; test_key_rotation.py does it while phones film."""
    session = own_coach.create_session(expected_devices=2)
    body = {"token": session["pairing_token"], "device_id": "before", "attempt": "before-rotation"}
    old = client.post("/api/pairing/register_device", json=body).json()["device_token"]
    new_secret = "the-secret-after-the-rotation-of-the-signing-keys"
    rotated = {"PAIRING_TOKEN_SECRET": new_secret, "PAIRING_TOKEN_SECRET_PREVIOUS": SECRET}
    own_stack.settings |= rotated
    own_stack.restart()
    doors = Doors(client, session["session_id"])
    assert doors.status(old).is_success
    assert jwt.get_unverified_header(old)["kid"] == key_id(SECRET)
    late = client.post(
        "/api/pairing/register_device",
        json={"token": session["pairing_token"], "device_id": "after", "attempt": "after-rotation"},
    ).json()["device_token"]
    assert jwt.get_unverified_header(late)["kid"] == key_id(new_secret)
    assert doors.status(late).is_success
    # Without the previous secret, what it signed is over.
    own_stack.settings = own_stack.settings | {"PAIRING_TOKEN_SECRET_PREVIOUS": ""}
    own_stack.restart()
    assert Problem.of(doors.status(old)).code == "token_unknown_key"
    assert doors.status(late).is_success
