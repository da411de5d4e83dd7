"""What pairing is compared with: Flask, PyJWT and SQLite as one would put them together in an afternoon.

Verifying checks signature, expiry, issuer and audience and keeps no state: it cannot know what was revoked,
used, or full.
Registering marks the device as used in one transaction and issues a device token. Served by gunicorn as
`flask_reference:app`; `pyjwt_bench.py` times the same functions without HTTP.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from datetime import UTC, datetime
from typing import Any

import jwt
from flask import Flask, request

ISSUER = "axolotl/token-svc"
AUDIENCE = "axolotl/api-front"


class Pairing:
    """Tokens under one key, and the database of what is used: write-ahead log, as Axolotl's."""

    def __init__(self, secret: str, database: str | None = None) -> None:
        self.secret = secret
        self.path = database
        self.local = threading.local()

    @property
    def database(self) -> sqlite3.Connection:
        """This thread's own connection: a transaction belongs to one."""
        if not hasattr(self.local, "database"):
            assert self.path
            database = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS used (jti TEXT, device TEXT, PRIMARY KEY (jti, device)) WITHOUT ROWID"
            )
            self.local.database = database
        return self.local.database

    def issue(self, claims: dict[str, Any], seconds: int = 600) -> str:
        """A token with `claims`, good for so long."""
        now = int(time.time())
        common = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + seconds, "jti": secrets.token_urlsafe(16)}
        return jwt.encode(common | claims, self.secret, algorithm="HS256")

    def verify(self, token: str) -> dict[str, Any]:
        """The token's claims; raises `jwt.InvalidTokenError`."""
        claims: dict[str, Any] = jwt.decode(
            token,
            self.secret,
            algorithms=["HS256"],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["exp", "iat", "jti"]},
        )
        return claims

    def register(self, token: str, device: str) -> str | None:
        """The device's own token; None where no place is left or the device has had one."""
        claims = self.verify(token)
        with self.database as database:
            database.execute("BEGIN IMMEDIATE")
            used = database.execute("SELECT count(*) FROM used WHERE jti = ?", (claims["jti"],)).fetchone()[0]
            if used >= claims["max_devices"]:
                return None
            try:
                database.execute("INSERT INTO used VALUES (?, ?)", (claims["jti"], device))
            except sqlite3.IntegrityError:
                return None
        return self.issue({"session": claims["session"], "device": device, "mode": claims["mode"]}, 24 * 3600)


app = Flask(__name__)
if "PAIRING_TOKEN_SECRET" in os.environ:
    pairing = Pairing(os.environ["PAIRING_TOKEN_SECRET"], os.environ.get("PAIRING_DATABASE"))


@app.post("/api/pairing/validate")
def validate() -> tuple[dict[str, Any], int]:
    """The answer of Axolotl's route of that name, as far as a token alone can tell."""
    try:
        claims = pairing.verify(request.get_json()["token"])
    except jwt.InvalidTokenError as error:
        return {"code": "token_malformed", "detail": str(error)}, 401
    expires = datetime.fromtimestamp(claims["exp"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"valid": True, "session_id": claims["session"], "mode": claims["mode"], "expires_at": expires}, 200


@app.post("/api/pairing/register_device")
def register_device() -> tuple[dict[str, Any], int]:
    """As Axolotl's, without a session to enter it into."""
    body = request.get_json()
    try:
        device_token = pairing.register(body["token"], body["device_id"])
    except jwt.InvalidTokenError as error:
        return {"code": "token_malformed", "detail": str(error)}, 401
    if device_token is None:
        return {"code": "token_already_used"}, 409
    return {"device_id": body["device_id"], "device_token": device_token, "registered": True}, 200
