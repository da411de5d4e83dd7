"""Writes pyjwt_vectors.json: tokens that PyJWT made, good ones and bad ones. Needs `pip install PyJWT`.

HS256 is deterministic, so where Axolotl signs the same claims to the same bytes, PyJWT reads Axolotl's tokens too:
the script proves it by decoding every good token again with PyJWT's own checks switched on.
"""

import base64
import hashlib
import hmac
import json
import pathlib

import jwt

SECRET = "pyjwt-and-axolotl-share-this-test-secret"
OTHER_SECRET = "an-attacker-signs-with-this-other-secret"
ISSUED, EXPIRES = 1_700_000_000, 1_700_000_600
JTI = "AAECAwQFBgcICQoLDA0ODw"


def key_id(secret: str) -> str:
    digest = hmac.new(secret.encode(), b"axolotl key id", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:9]).decode().rstrip("=")


def claims(**more):
    return {"iss": "axolotl/token-svc", "aud": "axolotl/api-front", "iat": ISSUED, "exp": EXPIRES, "jti": JTI, **more}


PAIRING = claims()
DEVICE = claims(session="sess-2023-11-14-221320-abcdef", device="phone-1", mode="3d")
TYPES = {name: f"axolotl-{name}+jwt" for name in ("pairing", "device", "coach")}


def make(payload, kind="pairing", secret=SECRET, algorithm="HS256", **header):
    headers = {"kid": key_id(SECRET), "typ": TYPES[kind], **header}
    return jwt.encode(payload, secret, algorithm=algorithm, headers=headers)


def raw(header: str, payload: str, secret=SECRET) -> str:
    """A signed token of any bytes, where PyJWT is too well-behaved to make it."""

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    signed = f"{encode(header.encode())}.{encode(payload.encode())}"
    return f"{signed}.{encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


HEADER = json.dumps({"alg": "HS256", "kid": key_id(SECRET), "typ": TYPES["pairing"]}, separators=(",", ":"))
BODY = json.dumps(PAIRING, separators=(",", ":"))
GOOD = make(PAIRING)
HEAD, PAYLOAD, SIGNATURE = GOOD.split(".")

good = {"pairing": GOOD, "device": make(DEVICE, "device"), "coach": make(claims(), "coach")}
bad = [
    ("alg none", "token_wrong_algorithm", make(PAIRING, secret=None, algorithm="none")),
    ("alg none, signature kept", "token_wrong_algorithm", raw(HEADER.replace("HS256", "none"), BODY)),
    ("another HMAC", "token_wrong_algorithm", make(PAIRING, secret=SECRET * 2, algorithm="HS512")),
    ("algorithm confusion", "token_wrong_algorithm", raw(HEADER.replace("HS256", "RS256"), BODY)),
    ("alg in another case", "token_wrong_algorithm", raw(HEADER.replace("HS256", "hs256"), BODY)),
    ("no alg", "token_wrong_algorithm", raw(HEADER.replace('"alg":"HS256",', ""), BODY)),
    ("another secret", "token_bad_signature", make(PAIRING, secret=OTHER_SECRET)),
    ("unknown kid", "token_unknown_key", make(PAIRING, secret=OTHER_SECRET, kid=key_id(OTHER_SECRET))),
    ("no kid", "token_unknown_key", raw(HEADER.replace('"kid"', '"kit"'), BODY)),
    ("device token as pairing token", "token_wrong_kind", make(PAIRING, "device")),
    ("plain JWT typ", "token_wrong_kind", make(PAIRING, typ="JWT")),
    ("typ in another case", "token_wrong_kind", make(PAIRING, typ=TYPES["pairing"].upper())),
    ("expired", "token_expired", make({**PAIRING, "iat": ISSUED - 700, "exp": ISSUED - 100})),
    ("expires this second", "token_expired", make({**PAIRING, "iat": ISSUED - 700, "exp": ISSUED + 10})),
    ("issued in the future", "token_not_yet_valid", make({**PAIRING, "iat": ISSUED + 300})),
    ("nbf in the future", "token_not_yet_valid", make({**PAIRING, "nbf": ISSUED + 300})),
    ("another issuer", "token_wrong_issuer", make({**PAIRING, "iss": "someone"})),
    ("another audience", "token_wrong_issuer", make({**PAIRING, "aud": "someone"})),
    (
        "audience as a list",
        "token_malformed",
        raw(HEADER, BODY.replace('"axolotl/api-front"', '["axolotl/api-front"]')),
    ),
    ("no exp", "token_malformed", make({k: v for k, v in PAIRING.items() if k != "exp"})),
    ("no jti", "token_malformed", make({k: v for k, v in PAIRING.items() if k != "jti"})),
    ("exp as text", "token_malformed", raw(HEADER, BODY.replace(str(EXPIRES), f'"{EXPIRES}"'))),
    ("exp as fraction", "token_malformed", raw(HEADER, BODY.replace(str(EXPIRES), f"{EXPIRES}.5"))),
    ("exp before iat", "token_malformed", make({**PAIRING, "exp": ISSUED - 1})),
    ("a session in a pairing token", "token_malformed", make(claims(session="sess-2023-11-14-221320-abcdef"))),
    ("a device in a pairing token", "token_malformed", make(DEVICE)),
    ("crit", "token_malformed", make(PAIRING, crit=["exp"], exp=EXPIRES)),
    ("nested header", "token_malformed", make(PAIRING, jwk={"kty": "oct", "k": "AAAA"})),
    ("duplicate header name", "token_malformed", raw(HEADER[:-1] + ',"alg":"none"}', BODY)),
    ("duplicate claim", "token_malformed", raw(HEADER, BODY[:-1] + ',"exp":9999999999}')),
    ("payload no object", "token_malformed", raw(HEADER, "[1]")),
    ("payload with bytes left over", "token_malformed", raw(HEADER, BODY + "x")),
    ("truncated signature", "token_bad_signature", GOOD[:-3]),
    ("no signature", "token_bad_signature", f"{HEAD}.{PAYLOAD}."),
    ("two parts", "token_malformed", f"{HEAD}.{PAYLOAD}"),
    ("four parts", "token_malformed", f"{GOOD}.{SIGNATURE}"),
    ("padding", "token_malformed", f"{GOOD}="),
    ("line end", "token_malformed", f"{GOOD}\n"),
    ("left-over bits in the signature", "token_malformed", GOOD[:-1] + chr(ord(GOOD[-1]) + 1)),
    ("empty", "token_malformed", ""),
    ("only dots", "token_malformed", ".."),
    ("oversized", "token_malformed", make({**PAIRING, "filler": "x" * 4096})),
]

bad_devices = [
    ("no session", "token_malformed", make(claims(device="phone-1", mode="3d"), "device")),
    ("no device", "token_malformed", make(claims(session="s", mode="3d"), "device")),
    ("session that is a path", "token_malformed", make({**DEVICE, "session": "../etc"}, "device")),
    ("device that is a path", "token_malformed", make({**DEVICE, "device": "../etc"}, "device")),
    ("unknown mode", "token_malformed", make({**DEVICE, "mode": "4d"}, "device")),
]

for kind, token in good.items():
    read = jwt.decode(
        token,
        SECRET,
        algorithms=["HS256"],
        issuer="axolotl/token-svc",
        audience="axolotl/api-front",
        options={"require": ["exp", "iat", "jti"], "verify_exp": False},
    )
    assert read["jti"] == JTI and jwt.get_unverified_header(token)["typ"] == TYPES[kind]

vectors = {
    "pyjwt": jwt.__version__,
    "secret": SECRET,
    "now": ISSUED + 10,
    "issued": ISSUED,
    "expires": EXPIRES,
    "jti": JTI,
    "good": good,
    "bad": [
        {"name": name, "kind": TYPES[kind], "code": code, "token": token}
        for kind, tokens in (("pairing", bad), ("device", bad_devices))
        for name, code, token in tokens
    ],
}
path = pathlib.Path(__file__).with_name("pyjwt_vectors.json")
path.write_text(json.dumps(vectors, indent=1) + "\n")
print(f"{path.name}: {len(good)} good, {len(bad) + len(bad_devices)} bad")
