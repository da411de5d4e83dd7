"""Where the coach's browser finds the system."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

from . import settings_file

# What api-front's answer depends on; it is asked without the secrets among the settings.
ADDRESS_KEYS = ("AXOLOTL_PUBLIC_URL", "AXOLOTL_BIND_ADDRESS", "LOCAL_PORT", "REQUIRE_HTTPS")
TIMEOUT_SECONDS = 10


def port(values: dict[str, str]) -> int:
    """The TCP port of pages and API. Here 0 is not allowed: nobody would know which one it is."""
    return settings_file.number(values, "LOCAL_PORT", 5050, 1, 65535)


def is_secure(values: dict[str, str]) -> bool:
    """Whether it is HTTPS."""
    return values.get("REQUIRE_HTTPS", "true").lower() not in ("false", "0", "no", "off")


def public_url(values: dict[str, str], front: Path) -> str:
    """The address for other machines: the one that the program `front`, api-front, puts into its QRs."""
    settings = {key: values[key] for key in ADDRESS_KEYS if values.get(key)} | {"LOCAL_PORT": str(port(values))}
    try:
        result = subprocess.run(
            [front, "--print-address"], env={"PATH": "/usr/bin:/bin"} | settings,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except OSError as failure:
        raise settings_file.SettingsError(f"{front}: {failure.strerror}; build or install it again") from None
    except subprocess.TimeoutExpired:
        raise settings_file.SettingsError(f"{front} did not tell its address within {TIMEOUT_SECONDS} s") from None
    if result.returncode != 0:
        raise settings_file.SettingsError((result.stderr or result.stdout).strip())
    return result.stdout.strip()


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
