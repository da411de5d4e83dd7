"""Asks api-front which services can do their work."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 2


@dataclass(frozen=True)
class Part:
    """What one service says of itself; `version` is None where it does not answer."""

    ready: bool
    version: str | None
    reason: str | None


@dataclass(frozen=True)
class Readiness:
    """`/readyz`: whether all of it is ready, and each service by its name, such as `stream-svc@1`."""

    ready: bool
    parts: dict[str, Part] = field(default_factory=dict)


def ask(base: str) -> Readiness | None:
    """Asks at this address; None if nobody answers. The certificate may be this machine's own, and the address is this
    machine's, so it is not checked."""
    context = ssl._create_unverified_context() if base.startswith("https") else None
    # Nor has a proxy between this machine and itself any business here.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])
    )
    try:
        with opener.open(f"{base}/readyz", timeout=TIMEOUT_SECONDS) as reply:
            return read(reply.status == 200, reply.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return read(False, refusal.read())
    except (OSError, http.client.HTTPException):
        return None


def read(ready: bool, body: bytes) -> Readiness:
    """The answer's parts; none if it holds something else."""
    try:
        services = json.loads(body)["services"]
        parts = {
            str(one["service"]): Part(bool(one["ready"]), one.get("version"), one.get("reason")) for one in services
        }
    except (ValueError, TypeError, KeyError):
        parts = {}
    return Readiness(ready, parts)
