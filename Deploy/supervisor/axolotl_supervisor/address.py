"""Where the coach's browser finds the system."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

from . import settings_file

# The likeliest to be a phone's network first; 172.x is often a bridge of containers.
LIKELIEST = ("192.168.", "10.", "172.")


def port(values: dict[str, str]) -> int:
    """The TCP port of pages and API. Here 0 is not allowed: nobody would know which one it is."""
    return settings_file.number(values, "LOCAL_PORT", 5050, 1, 65535)


def is_secure(values: dict[str, str]) -> bool:
    """Whether it is HTTPS."""
    return values.get("REQUIRE_HTTPS", "true").lower() not in ("false", "0", "no", "off")


def lan_address() -> str | None:
    """This machine's IPv4 address on the local network; None if it has none."""
    result = subprocess.run(["hostname", "-I"], capture_output=True, text=True, timeout=10)
    addresses = [word for word in result.stdout.split() if "." in word and not word.startswith(("127.", "169.254."))]

    def rank(address: str) -> int:
        return next((number for number, prefix in enumerate(LIKELIEST) if address.startswith(prefix)), len(LIKELIEST))

    return min(addresses, key=rank, default=None)


def public_url(values: dict[str, str]) -> str:
    """The address for other machines: what the operator says, or this machine's own."""
    configured = values.get("AXOLOTL_PUBLIC_URL", "").rstrip("/")
    if configured:
        return configured
    bound = values.get("AXOLOTL_BIND_ADDRESS", "")
    host = bound if bound not in ("", "0.0.0.0", "::") else lan_address() or "localhost"
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if is_secure(values) else 'http'}://{host}:{port(values)}"


def local_url(values: dict[str, str]) -> str:
    """Where api-front answers on this machine."""
    bound = values.get("AXOLOTL_BIND_ADDRESS", "")
    host = bound if bound not in ("", "0.0.0.0", "::") else "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if is_secure(values) else 'http'}://{host}:{port(values)}"


def warning(values: dict[str, str]) -> str:
    """What browsers will say about the certificate, or about there being none."""
    if is_secure(values) and not values.get("AXOLOTL_TLS_CERTIFICATE"):
        return "The certificate is this server's own: each browser asks once whether to go on."
    if is_secure(values) or values.get("AXOLOTL_PUBLIC_URL", "").startswith("https://"):
        return ""
    return "Without HTTPS, phones' browsers do not give their camera; leave REQUIRE_HTTPS unset for real phones."


def coach_key(values: dict[str, str], state: Path, credentials: Iterable[Path] = ()) -> str:
    """The key in force: the operator's, one among systemd's credentials, or that of api-front's first start."""
    if configured := values.get("AXOLOTL_COACH_KEY"):
        return configured
    places = [folder / "AXOLOTL_COACH_KEY" for folder in credentials]
    place = next((place for place in places if place.is_file()), state / "api-front" / "coach-key")
    return place.read_text().split("\n", 1)[0].strip()


def with_qr(link: str) -> str:
    """The link's QR, and what it is for."""
    return f"{terminal_qr(link)}\nThis QR signs a coach in; phones scan the one on the coach's page."


def coach_link(base: str, key: str) -> str:
    """The link that signs the coach in."""
    return f"{base}/?{urllib.parse.urlencode({'key': key})}"


def terminal_qr(text: str) -> str:
    """The link as a QR for the terminal; empty where `qrencode` is not installed."""
    if shutil.which("qrencode") is None:
        return ""
    result = subprocess.run(
        ["qrencode", "-t", "ANSIUTF8" if sys.stdout.isatty() else "UTF8", "-m", "1"],
        input=text,
        capture_output=True,
        text=True,
        timeout=10,
    )
    return result.stdout
