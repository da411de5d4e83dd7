"""The command itself: what it says and how it ends when there is nothing to measure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from axolotl_kit.footage import REPOSITORY

RUN = REPOSITORY / "Tools" / "sync_report" / "run"


def run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AXOLOTL_HOME": str(home), "AXOLOTL_PYTHON": sys.executable}
    environment.pop("AXOLOTL_RECORDINGS_DIRECTORY", None)
    return subprocess.run([RUN, *arguments], env=environment, capture_output=True, text=True, timeout=60)


def test_an_unknown_session_says_where_it_looked(tmp_path: Path) -> None:
    result = run("sess-nowhere", home=tmp_path)
    assert result.returncode == 1
    assert "sess-nowhere" in result.stderr and str(tmp_path / "state" / "recordings") in result.stderr


def test_a_session_without_the_clock_says_what_to_film(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "recordings" / "sess-1"
    (folder / "phone-a").mkdir(parents=True)
    (folder / "phone-a" / "0001.mkv").write_bytes(b"no film")
    (folder / "phone-a" / "0001.idx").write_bytes(b"no index")
    result = run("sess-1", home=tmp_path)
    assert result.returncode == 1
    assert "0001.mkv: the header is cut short" in result.stderr and "Open /clock" in result.stderr
    assert not (tmp_path / "sync").exists()


def test_no_session_is_a_question(tmp_path: Path) -> None:
    assert run(home=tmp_path).returncode == 2
