"""What verifying over HTTP is compared with: a Flask server that checks signature, expiry, issuer and audience.

It keeps no state, so it cannot know what was revoked, used, or full. Served by gunicorn as `flask_reference:app`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import jwt
from flask import Flask, request

SECRET = os.environ["PAIRING_TOKEN_SECRET"]

app = Flask(__name__)


@app.get("/api/pairing/validate")
def validate() -> tuple[dict[str, Any], int]:
    """The answer of Axolotl's route of that name, as far as a token alone can tell."""
    try:
        claims = jwt.decode(
            request.args["token"],
            SECRET,
            algorithms=["HS256"],
            issuer="axolotl/token-svc",
            audience="axolotl/api-front",
            options={"require": ["exp", "iat", "jti"]},
        )
    except jwt.InvalidTokenError as error:
        return {"code": "token_malformed", "detail": str(error)}, 401
    expires = datetime.fromtimestamp(claims["exp"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"valid": True, "session_id": claims["session"], "mode": claims["mode"], "expires_at": expires}, 200
