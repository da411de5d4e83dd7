"""The installation's steps: each once, alone, and with advice when it fails."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from axolotl_supervisor.layout import REPOSITORY

SETUP = REPOSITORY / "Deploy/setup"


def script(root: Path, body: str) -> list[str]:
    """A command that runs `body` with the steps' machinery, in a root of its own."""
    return ["bash", "-c", f'set -euo pipefail; root={root}; setup={SETUP}; source "$setup/lib.bash"; {body}']


def run(root: Path, body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    return subprocess.run(
        script(root, body), capture_output=True, text=True, timeout=60, env=os.environ | environment
    )  # fmt: skip


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    """An input of a step."""
    file = tmp_path / "pins.txt"
    file.write_text("thing==1\n")
    return file


def counting(root: Path, pins: Path) -> str:
    """A step that writes a line each time it does its work."""
    return f'work() {{ echo "$1" >>{root}/done; }}; step thing "a thing" work {pins}'


def test_a_step_is_done_once_and_again_when_its_inputs_change(tmp_path: Path, pins: Path) -> None:
    first = run(tmp_path, counting(tmp_path, pins))
    assert (first.returncode, first.stderr) == (0, "setup: a thing\n")
    second = run(tmp_path, counting(tmp_path, pins))
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    pins.write_text("thing==2\n")
    run(tmp_path, counting(tmp_path, pins))
    pins.write_text("thing==1\n")
    run(tmp_path, counting(tmp_path, pins))
    digests = (tmp_path / "done").read_text().split()
    assert len(digests) == 3 and digests[0] == digests[2] != digests[1]


def test_a_failed_step_says_which_why_and_what_to_do_and_is_tried_again(tmp_path: Path, pins: Path) -> None:
    work = 'work() { by_hand "fetch it yourself"; echo reason; false; echo unreached; }'
    body = f'{work}; step thing "a thing" work {pins}'
    for _ in range(2):
        failed = run(tmp_path, body)
        assert failed.returncode == 1
        assert "step 'thing' FAILED" in failed.stderr
        assert "    reason\n" in failed.stderr and "unreached" not in failed.stderr
        assert "by hand:\n    fetch it yourself\n" in failed.stderr


def test_two_at_once_do_it_once(tmp_path: Path, pins: Path) -> None:
    body = f'work() {{ echo begun >>{tmp_path}/done; read -r _ <{tmp_path}/gate; }}; step thing "a thing" work {pins}'
    os.mkfifo(tmp_path / "gate")
    processes = [subprocess.Popen(script(tmp_path, body), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    with (tmp_path / "gate").open("w") as gate:  # opens when one of the two is at work
        gate.write("go\n")
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert (tmp_path / "done").read_text() == "begun\n"


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    old = tmp_path / ".deps/thing"
    old.mkdir(parents=True)
    (old / "by-hand").touch()
    for number in ("1", "2"):
        (tmp_path / f".deps/store/thing-{number}").mkdir(parents=True)
        assert run(tmp_path, f"install_folder thing thing-{number}").returncode == 0
        assert (tmp_path / ".deps/thing").resolve() == tmp_path / f".deps/store/thing-{number}"
    assert (tmp_path / ".deps/store/thing-before/by-hand").exists()


def test_without_root_and_sudo_the_command_to_type_is_shown(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("realpath", "mkdir", "flock", "rm", "grep", "tail", "sed", "comm", "sort", "env", "dpkg-query"):
        (tools / name).symlink_to(Path("/usr/bin") / name)
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("# a list\nno-such-package-as-this\n")
    as_somebody = 'as_root() { printf "needs root, and there is no sudo here\\n"; return 1; }'
    body = f'source "$setup/steps.bash"; {as_somebody}; run_step packages "packages" install_packages {wanted}'
    failed = subprocess.run(
        ["/bin/bash", *script(tmp_path, body)[1:]], capture_output=True, text=True, env={"PATH": str(tools)}, timeout=60
    )
    assert failed.returncode == 1
    assert "needs root, and there is no sudo here" in failed.stderr
    assert "apt-get install --no-install-recommends no-such-package-as-this" in failed.stderr


def test_lists_name_each_package_once_in_order() -> None:
    for file in SETUP.glob("packages/*.txt"):
        names = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert names == sorted(set(names)), file.name


def test_every_wheel_is_pinned_by_its_digest() -> None:
    for file in SETUP.glob("requirements/*.txt"):
        text = file.read_text().replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        assert pinned
        assert all("==" in line and "--hash=sha256:" in line for line in pinned), file.name
        assert "://" not in text, f"{file.name} names a host"
