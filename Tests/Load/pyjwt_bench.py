"""How long PyJWT and sqlite3 take for what token-svc does, without HTTP: `axolotl-bench` runs this beside its own.

Needs Flask and PyJWT (PyPI). Prints JSON: milliseconds, median and 99th percentile, to issue, verify and register.
"""

from __future__ import annotations

import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask_reference import Pairing

SESSIONS = 500
DEVICES = 4


def main() -> None:
    """Measures and prints."""
    spent: dict[str, list[float]] = {"issue": [], "verify": [], "register": []}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        spent[name].append((time.perf_counter() - start) * 1000)
        return result

    # Not /tmp, which may be memory.
    with tempfile.TemporaryDirectory(prefix="axolotl-bench-", dir="/var/tmp") as folder:
        pairing = Pairing(secrets.token_urlsafe(32), str(Path(folder) / "used.db"))
        for number in range(SESSIONS):
            claims = {"session": f"sess-{number}", "mode": "3d", "max_devices": DEVICES}
            token = timed("issue", lambda claims=claims: pairing.issue(claims))
            for device in (f"phone-{each}" for each in range(DEVICES)):
                for _ in range(5):
                    timed("verify", lambda token=token: pairing.verify(token))
                registered = timed("register", lambda token=token, device=device: pairing.register(token, device))
                if registered is None:
                    raise SystemExit("a registration that must succeed was refused")
    report = {
        name: {"median": statistics.median(each), "percentile_99": statistics.quantiles(each, n=100)[98]}
        for name, each in spent.items()
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
