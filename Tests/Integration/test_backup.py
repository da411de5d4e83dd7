"""A backup as Deploy/README.md tells to make it, by its own commands, brought back on another machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.phone_talk import code_of, join, status_as_phone, tell_time_over_http, upload
from axolotl_kit.problem import Problem
from axolotl_kit.recordings import is_closed, read_session
from axolotl_kit.stack import REPOSITORY, Stack

#: What an installed machine has and this one has not; what systemd is told is done by the test.
STAND_INS = """
sudo() { "$@"; }
systemctl() { echo "$1"; }
"""
SETTINGS = "AXOLOTL_RETENTION_DAYS=30\n"


def section() -> str:
    text = (REPOSITORY / "Deploy/README.md").read_text()
    return text.split("### Backup and going back\n")[1].split("\n##")[0]


def backup_commands() -> list[str]:
    [block] = re.findall(r"```sh\n(.*?)```", section(), re.DOTALL)
    return block.splitlines()


def restore_command() -> str:
    [command] = re.findall(r"`(sudo tar --extract [^`]*)`", section())
    return command


class Machine:
    """One with Axolotl installed: its folders are below a root of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = root / "etc/axolotl/axolotl.env"
        self.settings.parent.mkdir(parents=True)
        # It makes its keys itself, as an installed one does.
        self.stack = Stack(root / "home", settings={"AXOLOTL_COACH_KEY": "", "AXOLOTL_POSE_THREADS": "0"})

    def type(self, command: str, folder: Path) -> str:
        """Types a command in that folder, with this machine's folders; what systemd would be told to do."""
        place = str(self.stack.state.relative_to(self.root))
        typed = command.replace("var/lib/axolotl", place).replace("--directory /", f"--directory {self.root}")
        done = subprocess.run(
            ["bash", "-euc", STAND_INS + typed], capture_output=True, text=True, check=True, timeout=20, cwd=folder
        )
        return done.stdout.strip()

    def coach(self) -> Coach:
        return Coach(self.stack.base_url, (self.stack.state / "api-front/coach-key").read_text().strip())


def sessions(stack: Stack, cookie: str) -> httpx.Response:
    return httpx.get(
        f"{stack.base_url}/api/sessions", headers={"Cookie": f"axolotl_coach={cookie}"}, trust_env=False, timeout=15
    )


def film(machine: Machine, coach: Coach, camera: Camera) -> tuple[str, dict[str, Any]]:
    """A session that has ended, with a recording of one phone; its name and the phone's registration."""
    made = coach.create_session(expected_devices=1, mode="single", user_id="Robin")
    stack = machine.stack
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=20) as client:
        phone = join(client, made["pairing_token"], "phone-a", label="tripod")
        tell_time_over_http(client, phone)
        for sequence in (1, 2, 3):
            assert upload(client, phone["device_token"], camera.pictures[sequence], sequence).is_success
    coach.end(made["session_id"])
    folder = stack.recordings / made["session_id"] / "phone-a"
    stack.wait("the recording to be finished", lambda: is_closed(folder), 20)
    return made["session_id"], phone


@pytest.mark.timeout(120)
def test_what_was_backed_up_is_there_on_another_machine(tmp_path: Path, small_camera: Camera) -> None:
    one, other = Machine(tmp_path / "one"), Machine(tmp_path / "other")
    one.settings.write_text(SETTINGS)
    one.settings.chmod(0o600)
    with one.stack as stack, one.coach() as coach:
        session, phone = film(one, coach, small_camera)
        with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as browser:
            assert browser.get("/", params={"key": (stack.state / "api-front/coach-key").read_text()}).is_redirect
            cookie = browser.cookies["axolotl_coach"]
        record, key = coach.status(session)["consent_record"], coach.http.headers["Authorization"]
        [file] = coach.recordings(session)
        film_path = f"/api/sessions/{session}/recordings/{file['path']}"
        picture = coach.http.get(film_path).content
        told = []
        for command in backup_commands():
            told.append(one.type(command, tmp_path))
            if told[-1] == "stop":
                stack.stop()
            elif told[-1] == "start":
                stack.restart()
        assert told == ["stop", "", "start"]
        # It goes on where it was, and what comes now is not in the archive.
        assert status_of(stack, phone).is_success
        later, late_phone = film(one, coach, small_camera)

    with other.stack as stack:
        stack.stop()
        stack.state.rename(other.root / "aside")
        assert other.type(restore_command(), tmp_path) == ""
        assert other.settings.read_text() == SETTINGS
        assert other.settings.stat().st_mode & 0o777 == 0o600
        stack.restart()
        with other.coach() as coach:
            assert coach.http.headers["Authorization"] == key
            assert [each["session_id"] for each in coach.sessions()] == [session]
            assert coach.status(session)["consent_record"] == record
            assert coach.http.get(film_path).content == picture
            [recording] = read_session(stack.recordings / session).values()
            assert recording.faults == [] and sorted(recording.sequences) == [1, 2, 3]
            # Who was in is in: the keys came along.
            assert status_of(stack, phone).is_success
            assert sessions(stack, cookie).is_success
            assert code_of(status_of(stack, late_phone)) == "token_revoked"
            with pytest.raises(Problem, match="session_not_found"):
                coach.status(later)
            receipt = coach.delete(session)
            assert (receipt["devices"], receipt["recording_files"], receipt["pending"]) == (1, 1, [])


def status_of(stack: Stack, phone: dict[str, Any]) -> httpx.Response:
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as client:
        return status_as_phone(client, phone["session_id"], phone["device_token"])
