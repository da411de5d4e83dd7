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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))

import httpx
import jwt
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack, free_port

HERE = Path(__file__).resolve().parent
CONNECTIONS = 48
# Where processors are shared with other machines' work no single run can be believed.
ROUNDS = 5
SECONDS = 3
DISTURBED_PERCENT = 1
# At most so many times `ROUNDS` are tried.
PATIENCE = 3
REGISTER_SECONDS = 2
# So many that they do not run out.
SESSIONS = 4000
CAMERAS = 4
# More than token-svc remembers of how tokens stand (StandingCache.capacity): it reads each from its store.
UNREMEMBERED_DEVICES = 10_000
VALIDATE = "/api/pairing/validate"
REGISTER = "/api/pairing/register_device"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Which of these is quickest differs with the machine.
WORKERS = [["--workers", number, "--worker-class", kind] for kind in ("sync", "gthread") for number in ("2", "4")]


def wrk(url: str, seconds: int = SECONDS, script: str = "wrk_report.lua", *arguments: str) -> dict[str, Any]:
    """One run of the load generator, which must see nothing but successes.

    It runs as SCHED_BATCH (sched(7)), whatever it measures: clients have processors of their own. Otherwise, being on
    the server's, it interrupts the server after each single answer to read it, which no client can do.
    """
    command = ["chrt", "--batch", "0", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / script), url]
    if arguments:
        command += ["--", *arguments]
    before = processor_ticks()
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout
    stolen, of_all = (after - start for after, start in zip(processor_ticks(), before, strict=True))
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    if report["errors"] or not report["requests"]:
        raise SystemExit(f"{url.partition('?')[0]}: not every request was answered well: {report}")
    return report | {"stolen_percent": 100 * stolen / of_all}


def processor_ticks() -> tuple[int, int]:
    """What the host of this machine took of its processors' time for others so far, and all of their time (proc(5))."""
    fields = [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    return fields[7], sum(fields)


def rounds(url: str, *script: str, count: int = ROUNDS) -> dict[str, Any]:
    """The median of several runs that the host left alone, with how far they lie apart.

    A run during which it took more than `DISTURBED_PERCENT` of the processors' time says little of what is measured,
    and is repeated. Where the host does not rest, those that it disturbed least count.
    """
    runs: list[dict[str, Any]] = []
    while len(runs) < PATIENCE * count and sum(run["stolen_percent"] < DISTURBED_PERCENT for run in runs) < count:
        runs.append(wrk(url, SECONDS, *script))
    counted = sorted(runs, key=lambda run: run["stolen_percent"])[:count]
    counted.sort(key=lambda run: run["requests_per_second"])
    return counted[count // 2] | {
        "lowest": counted[0]["requests_per_second"],
        "highest": counted[-1]["requests_per_second"],
        "stolen_percent": max(run["stolen_percent"] for run in counted),
        "repeated": len(runs) - count,
        "all_requests": sum(run["requests"] for run in runs),
    }


def cpu_seconds(stack: Stack, service: str) -> float:
    """Processor time of one service so far."""
    fields = Path(f"/proc/{stack.pid(service)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def verify(stack: Stack, coach: Coach) -> dict[str, Any]:
    """One pairing token, asked about again and again, and what it costs the services.

    Then for ever other devices, of which nothing is remembered; and with the token in the address.
    """
    token = coach.create_session(expected_devices=CAMERAS)["pairing_token"]
    url = stack.base_url + VALIDATE
    question = json.dumps({"token": token, "device_id": "phone-1"})
    wrk(url, 1, "wrk_validate.lua", question)
    before = {name: cpu_seconds(stack, name) for name in ("api-front", "token-svc")}
    report = rounds(url, "wrk_validate.lua", question)
    cost = {name: (cpu_seconds(stack, name) - start) / report["all_requests"] * 1e6 for name, start in before.items()}
    unremembered = rounds(url, "wrk_validate.lua", question, str(UNREMEMBERED_DEVICES))
    in_address = rounds(f"{url}?token={token}&device_id=phone-1")
    return {
        "verify": report,
        "cpu_microseconds": cost,
        "verify_unremembered": unremembered,
        "verify_in_address": in_address,
    }


def register(base_url: str, token: Callable[[int], str]) -> dict[str, Any]:
    """Each request takes one place of a session, of which `token` gives the pairing token."""
    with ThreadPoolExecutor(4) as pool, tempfile.NamedTemporaryFile("w", prefix="axolotl-bench-") as bodies:
        for each in pool.map(token, range(SESSIONS)):
            for number in range(CAMERAS):
                body = {"token": each, "device_id": f"phone-{number}", "metadata": {}}
                bodies.write(json.dumps(body) + "\n")
        bodies.flush()
        return wrk(base_url + REGISTER, REGISTER_SECONDS, "wrk_register.lua", bodies.name)


def flask_token(secret: str) -> str:
    """A pairing token as Flask's server would issue it."""
    now = int(time.time())
    claims = {
        "iss": "axolotl/token-svc",
        "aud": "axolotl/api-front",
        "iat": now,
        "exp": now + 600,
        "jti": secrets.token_urlsafe(16),
        "session": "sess-2026-11-24-120000-abcdef",
        "mode": "3d",
        "max_devices": CAMERAS,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


@contextlib.contextmanager
def flask_server(python: str, workers: list[str], secret: str) -> Iterator[str]:
    """The Flask server under gunicorn; gives the address to ask."""
    address = f"127.0.0.1:{free_port()}"
    served = ["--chdir", str(HERE), "--log-level", "error", *workers, "flask_reference:app"]
    # Not /tmp, which may be memory.
    with tempfile.TemporaryDirectory(prefix="axolotl-bench-", dir="/var/tmp") as folder:
        keys = {"PAIRING_TOKEN_SECRET": secret, "PAIRING_DATABASE": str(Path(folder) / "used.db")}
        command = [python, "-m", "gunicorn", "--bind", address, *served]
        process = subprocess.Popen(command, env=os.environ | keys)
        try:
            await_answer(f"http://{address}{VALIDATE}", {"token": flask_token(secret)}, process)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(15)


def await_answer(url: str, question: dict[str, str], process: subprocess.Popen[bytes], timeout: float = 30) -> None:
    """Waits until the server answers well."""
    end = time.monotonic() + timeout
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.post(url, json=question, trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise SystemExit("the Flask server does not answer; its message is above")


def reference(python: str, workers: list[str], count: int = ROUNDS, registers: bool = False) -> dict[str, Any]:
    """The same load on the Flask server."""
    secret = secrets.token_urlsafe(32)
    with flask_server(python, workers, secret) as url:
        if registers:
            report = register(url, lambda _: flask_token(secret))
        else:
            report = rounds(url + VALIDATE, "wrk_validate.lua", json.dumps({"token": flask_token(secret)}), count=count)
    return report | {"served": f"{workers[1]} {workers[3]} workers"}


def main() -> None:
    """Measures and prints."""
    figures: dict[str, Any] = {}
    python = sys.argv[1] if len(sys.argv) > 1 else None
    others: list[dict[str, Any]] = []

    def measure_others(workers: list[str]) -> None:
        if python:
            others.append({registers: reference(python, workers, registers=registers) for registers in (False, True)})

    workers = max(WORKERS, key=lambda each: reference(python, each, 1)["requests_per_second"]) if python else []
    measure_others(workers)
    # 2D poses are measured by themselves; here their threads would only wait.
    with Stack(settings={"AXOLOTL_POSE_THREADS": "0"}) as stack, Coach(stack.base_url, stack.coach_key) as coach:
        # What this machine's processors let the HTTP server answer at most: no token, no other process.
        figures["plain"] = rounds(f"{stack.base_url}/healthz")
        figures |= verify(stack, coach)
        figures["register"] = register(
            stack.base_url, lambda _: str(coach.create_session(expected_devices=CAMERAS)["pairing_token"])
        )
    measure_others(workers)
    if python:
        for registers, name in ((False, "others"), (True, "others_registering")):
            figures[name] = {"before": others[0][registers], "after": others[1][registers]}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
