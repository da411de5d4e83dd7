"""Where the coach's browser finds the system."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.parse
from pathlib import Path

# The likeliest to be a phone's network first; 172.x is often a bridge of containers.
LIKELIEST = ("192.168.", "10.", "172.")


def lan_address() -> str | None:
    """This machine's IPv4 address on the local network; None if it has none."""
    result = subprocess.run(["hostname", "-I"], capture_output=True, text=True, timeout=10)
    addresses = [word for word in result.stdout.split() if "." in word and not word.startswith(("127.", "169.254."))]

    def rank(address: str) -> int:
        return next((number for number, prefix in enumerate(LIKELIEST) if address.startswith(prefix)), len(LIKELIEST))

    return min(addresses, key=rank, default=None)


def public_url(values: dict[str, str], secure: bool, port: int) -> str:
    """The address for other machines: what the operator says, or this machine's own."""
    configured = values.get("AXOLOTL_PUBLIC_URL", "").rstrip("/")
    if configured:
        return configured
    bound = values.get("AXOLOTL_BIND_ADDRESS", "")
    host = bound if bound not in ("", "0.0.0.0", "::") else lan_address() or "localhost"
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{host}:{port}"


def coach_key(values: dict[str, str], state: Path) -> str:
    """The key in force: the operator's, or the one that api-front made on its first start."""
    return values.get("AXOLOTL_COACH_KEY") or (state / "api-front" / "coach-key").read_text().strip()


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
