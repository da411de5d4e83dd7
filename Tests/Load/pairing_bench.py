"""Verifying and registering over HTTP, on the real services: `axolotl-bench` runs this. Prints one JSON object.

usage: pairing_bench.py [ORACLES_PYTHON]; with an interpreter that has Flask, PyJWT and gunicorn, these are timed too.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))

import httpx
import jwt
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack, free_port

HERE = Path(__file__).resolve().parent
CONNECTIONS = 32
SECONDS = 6
REGISTER_SECONDS = 2
# So many that they do not run out.
SESSIONS = 4000
CAMERAS = 4
ROUTE = "/api/pairing/validate"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Which of these is quickest differs with the machine.
WORKERS = [["--workers", number, "--worker-class", kind] for kind in ("sync", "gthread") for number in ("2", "4")]


def wrk(url: str, seconds: int = SECONDS, script: str = "wrk_report.lua", *arguments: str) -> dict[str, Any]:
    """One run of the load generator, which must see nothing but successes."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / script), url]
    if arguments:
        command += ["--", *arguments]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    if report["errors"] or not report["requests"]:
        raise SystemExit(f"{url.partition('?')[0]}: not every request was answered well: {report}")
    return report


def cpu_seconds(stack: Stack, service: str) -> float:
    """Processor time of one service so far."""
    fields = Path(f"/proc/{stack.pid(service)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def verify(stack: Stack, coach: Coach) -> tuple[dict[str, Any], dict[str, float]]:
    """One pairing token, asked about again and again; and what each request costs the two services."""
    token = coach.create_session(expected_devices=CAMERAS)["pairing_token"]
    url = f"{stack.base_url}{ROUTE}?token={token}&device_id=phone-1"
    wrk(url, 1)
    before = {name: cpu_seconds(stack, name) for name in ("api-front", "token-svc")}
    report = wrk(url)
    cost = {name: (cpu_seconds(stack, name) - start) / report["requests"] * 1e6 for name, start in before.items()}
    return report, cost


def register(stack: Stack, coach: Coach) -> dict[str, Any]:
    """Each request takes one place of a session."""

    def token(_: int) -> str:
        return str(coach.create_session(expected_devices=CAMERAS)["pairing_token"])

    with ThreadPoolExecutor(4) as pool, tempfile.NamedTemporaryFile("w", prefix="axolotl-bench-") as bodies:
        for each in pool.map(token, range(SESSIONS)):
            for number in range(CAMERAS):
                body = {"token": each, "device_id": f"phone-{number}", "metadata": {}}
                bodies.write(json.dumps(body) + "\n")
        bodies.flush()
        url = f"{stack.base_url}/api/pairing/register_device"
        return wrk(url, REGISTER_SECONDS, "wrk_register.lua", bodies.name)


@contextlib.contextmanager
def flask_server(python: str, workers: list[str]) -> Iterator[str]:
    """The Flask server under gunicorn; gives the address to ask."""
    secret = secrets.token_urlsafe(32)
    now = int(time.time())
    claims = {
        "iss": "axolotl/token-svc",
        "aud": "axolotl/api-front",
        "iat": now,
        "exp": now + 600,
        "jti": secrets.token_urlsafe(16),
        "session": "sess-2026-11-24-120000-abcdef",
        "mode": "3d",
    }
    token = jwt.encode(claims, secret, algorithm="HS256")
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}{ROUTE}?token={token}&device_id=phone-1"
    served = ["--chdir", str(HERE), "--log-level", "error", *workers, "flask_reference:app"]
    process = subprocess.Popen(
        [python, "-m", "gunicorn", "--bind", address, *served], env=os.environ | {"PAIRING_TOKEN_SECRET": secret}
    )
    try:
        await_answer(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def await_answer(url: str, process: subprocess.Popen[bytes], timeout: float = 30) -> None:
    """Waits until the server answers well."""
    end = time.monotonic() + timeout
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise SystemExit("the Flask server does not answer; its message is above")


def reference(python: str, workers: list[str], seconds: int = SECONDS) -> dict[str, Any]:
    """The same load on the Flask server."""
    with flask_server(python, workers) as url:
        return wrk(url, seconds) | {"served": f"{workers[1]} {workers[3]} workers"}


def main() -> None:
    """Measures and prints."""
    figures: dict[str, Any] = {}
    workers: list[str] = []
    if len(sys.argv) > 1:
        python = sys.argv[1]
        workers = max(WORKERS, key=lambda each: reference(python, each, 2)["requests_per_second"])
        figures["before"] = reference(python, workers)
    # 2D poses are measured by themselves; here their threads would only wait.
    with Stack(settings={"AXOLOTL_POSE_THREADS": "0"}) as stack, Coach(stack.base_url, stack.coach_key) as coach:
        # What this machine's processors let the HTTP server answer at most: no token, no other process.
        figures["plain"] = wrk(f"{stack.base_url}/healthz", 3)
        figures["verify"], figures["cpu_microseconds"] = verify(stack, coach)
        figures["register"] = register(stack, coach)
    if workers:
        figures["after"] = reference(python, workers)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
