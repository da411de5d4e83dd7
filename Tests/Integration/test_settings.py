"""Settings that cannot work stop the start of a real process, by name, and `--check-config` says the same before."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest
from axolotl_kit.stack import Stack, StartError

EX_CONFIG = 78


def run(stack: Stack, service: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One service by itself, in the folder of a system that does not run."""
    folder = stack.layout.executables
    own = {"STATE_DIRECTORY": str(stack.home / service), "AXOLOTL_BUS_DIRECTORY": str(stack.home / "bus")}
    return subprocess.run(
        [folder / service, *arguments],
        env={"PATH": os.environ["PATH"], "LOCAL_PORT": "0", "REQUIRE_HTTPS": "false"} | own | environment,
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip


@pytest.mark.parametrize("service", ["api-front", "token-svc", "session-svc", "edge-gateway"])
@pytest.mark.parametrize("arguments", [["--check-config"], []])
def test_a_relay_without_a_server_is_refused_by_name(tmp_path: Path, service: str, arguments: list[str]) -> None:
    result = run(Stack(tmp_path), service, *arguments, ENABLE_TURN="true", TURN_PASSWORD="not-to-be-shown")
    assert result.returncode == EX_CONFIG
    assert "TURN_SERVER is not set, but ENABLE_TURN is true" in result.stderr
    assert "not-to-be-shown" not in result.stderr


def test_a_relay_without_a_password_does_not_start(tmp_path: Path) -> None:
    """api-front alone is given it, perhaps by systemd, which `--check-config` cannot see."""
    settings = {"ENABLE_TURN": "true", "TURN_SERVER": "turn.example:3478"}
    assert run(Stack(tmp_path), "api-front", "--check-config", **settings).returncode == 0
    result = run(Stack(tmp_path), "api-front", **settings)
    assert result.returncode == EX_CONFIG
    assert "TURN_PASSWORD is not set" in result.stderr


def test_the_whole_system_does_not_start_either(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="TURN_SERVER is not set"):
        Stack(tmp_path, settings={"ENABLE_TURN": "yes"}).start()


@pytest.mark.parametrize(("service", "name"), [("api-front", "coach-key"), ("token-svc", "pairing-token-secret")])
def test_a_kept_secret_that_is_open_to_others_is_not_used(tmp_path: Path, service: str, name: str) -> None:
    file = tmp_path / service / name
    file.parent.mkdir()
    file.write_text("0123456789abcdef0123456789abcdef\n")
    file.chmod(0o640)
    result = run(Stack(tmp_path), service)
    assert result.returncode == EX_CONFIG
    assert str(file) in result.stderr and "chmod 600" in result.stderr
    assert "0123456789abcdef" not in result.stderr


@pytest.mark.parametrize(("service", "name"), [("token-svc", "tokens.db"), ("session-svc", "sessions.db")])
def test_a_database_of_a_newer_version_is_left_alone_and_not_tried_again(
    tmp_path: Path, service: str, name: str
) -> None:
    """After going back to an older version: systemd would restart it twice a second for ever, but for this status."""
    file = tmp_path / service / name
    file.parent.mkdir()
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA user_version = 999")
    before = file.read_bytes()
    result = run(Stack(tmp_path), service)
    assert result.returncode == EX_CONFIG, result.stderr
    assert str(file) in result.stderr and "storage_newer_schema" in result.stderr
    assert "restore a backup" in result.stderr
    assert file.read_bytes() == before
