"""`make run` from the terminal's side, with stand-ins for the services: starting, restarting, stopping, complaining."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axolotl_kit.stack import Stack, free_port
from axolotl_supervisor.layout import REPOSITORY

KEY = "the-coach's-own-key"
DEADLINE = 30


class Terminal:
    """`Deploy/supervisor/run` with its output."""

    def __init__(self, home: Path, executables: Path, port: int, repository: Path = REPOSITORY, **values: str) -> None:
        self.home, self.port = home, port
        environment = {"PATH": os.environ["PATH"], "AXOLOTL_HOME": str(home), "LOCAL_PORT": str(port)}
        environment |= {"AXOLOTL_BUILD_DIRECTORY": str(executables), "AXOLOTL_COACH_KEY": KEY, "REQUIRE_HTTPS": "false"}
        self.process = subprocess.Popen(
            [str(repository / "Deploy/supervisor/run")],
            env=environment | values, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # Tests may run in the background of a shell, where Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        self.output = ""

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Reads until the pattern appears."""
        end = time.monotonic() + DEADLINE
        while (match := re.search(pattern, self.output)) is None:
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 4096) if readable else b""
            assert chunk, f"never said {pattern!r}; said:\n{self.output}"
            self.output += chunk.decode()
        return match

    def end(self, number: int = signal.SIGINT) -> int:
        """Sends a signal and returns the exit code."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=DEADLINE)
        self.output += rest.decode()
        return self.process.returncode


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Whatever a test starts is ended with it."""
    started: list[Terminal] = []
    yield started
    for terminal in started:
        if terminal.process.poll() is None:
            terminal.end(signal.SIGTERM)


@pytest.fixture
def sockets() -> Iterator[Path]:
    """For the sockets of a copy whose own folder is too deep for them."""
    with tempfile.TemporaryDirectory(prefix="axolotl-") as folder:
        yield Path(folder)


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits for a condition within the deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)


def facts(home: Path, service: str) -> dict[str, object]:
    """What a stand-in was started with."""
    return json.loads((home / "state" / service / "facts.json").read_text())


def descendants(pid: int) -> set[int]:
    """Every process below this one."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found, fresh = set(), {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still exist."""
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def test_starts_shows_the_link_restarts_and_leaves_nothing(
    tmp_path: Path, sockets: Path, stand_ins: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(tmp_path, stand_ins, free_port(), XDG_RUNTIME_DIR=str(sockets))
    terminals.append(terminal)
    terminal.wait_for(r"Ctrl-C stops everything")
    assert f"http://127.0.0.1:{terminal.port}/?key=the-coach%27s-own-key" in terminal.output
    assert f"The coach's page:   http://asked-of-api-front:{terminal.port}/?key=" in terminal.output
    assert "█" in terminal.output, "the QR"
    assert "This QR signs a coach in" in terminal.output
    started = facts(tmp_path, "stream-svc-2")
    assert started["arguments"] == ["--instance", "2"]
    assert started["umask"] == 0o007
    assert started["environment"]["AXOLOTL_BUS_DIRECTORY"].endswith("/bus")
    assert "AXOLOTL_COACH_KEY" not in started["environment"]
    assert facts(tmp_path, "api-front")["environment"]["AXOLOTL_COACH_KEY"] == KEY

    below = descendants(terminal.process.pid)
    assert len(below) == 7, "supervisord and six services"
    victim = next(pid for pid in below if "--instance\0002" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(victim, signal.SIGKILL)
    terminal.wait_for(r"stream-svc-2 died and is started again")
    terminal.wait_for(r"stream-svc-2 is back")

    below = descendants(terminal.process.pid)
    assert len(below) == 7
    assert terminal.end() == 0
    assert "Everything is stopped." in terminal.output
    assert alive(below) == set()
    assert list(sockets.iterdir()) == []


def test_no_process_is_left_even_if_it_is_killed(
    tmp_path: Path, sockets: Path, stand_ins: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(tmp_path, stand_ins, free_port(), XDG_RUNTIME_DIR=str(sockets))
    terminals.append(terminal)
    terminal.wait_for(r"Ctrl-C stops everything")
    below = descendants(terminal.process.pid)
    assert len(below) == 7
    terminal.end(signal.SIGKILL)
    wait_until(lambda: not alive(below))


def test_two_copies_run_beside_each_other(tmp_path: Path, stand_ins: Path, terminals: list[Terminal]) -> None:
    for name in ("a", "b"):
        terminals.append(Terminal(tmp_path / name, stand_ins, free_port()))
    for terminal in terminals:
        terminal.wait_for(r"Ctrl-C stops everything")
    for terminal in terminals:
        assert terminal.end() == 0


def test_second_copy_in_the_same_folder_or_on_the_same_port_is_refused(
    tmp_path: Path, stand_ins: Path, terminals: list[Terminal]
) -> None:
    first = Terminal(tmp_path / "a", stand_ins, free_port())
    terminals.append(first)
    first.wait_for(r"Ctrl-C stops everything")
    for home, port, reason in (
        (tmp_path / "a", free_port(), r"a copy already runs"),
        (tmp_path / "b", first.port, rf"port {first.port} is in use.*LOCAL_PORT={first.port + 1}"),
    ):
        second = Terminal(home, stand_ins, port)
        terminals.append(second)
        second.wait_for(reason)
        assert second.process.wait(DEADLINE) == 1
    assert first.process.poll() is None
    assert first.end() == 0


def test_a_bad_setting_stops_the_start_and_is_named(tmp_path: Path, stand_ins: Path, terminals: list[Terminal]) -> None:
    for values, reason in (
        ({"AXOLOTL_LOG_LEVEL": "loud"}, r"AXOLOTL_LOG_LEVEL must be"),
        ({"LOCAL_PORT": "99999"}, r"LOCAL_PORT=99999: expected a whole number"),
        ({"AXOLOTL_BUILD_DIRECTORY": str(tmp_path)}, r"token-svc is missing; build it"),
    ):
        terminal = Terminal(tmp_path / "home", stand_ins, free_port(), **values)
        terminals.append(terminal)
        terminal.wait_for(reason)
        assert terminal.process.wait(DEADLINE) == 1


def test_secrets_in_a_file_that_others_may_read_are_warned_of(
    tmp_path: Path, stand_ins: Path, terminals: list[Terminal]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(REPOSITORY / "Deploy", copy / "Deploy", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / ".env.example", copy)
    file = copy / ".env"
    file.write_text("PAIRING_TOKEN_SECRET=not-to-be-shown-to-anybody-at-all\n")
    for mode, is_warned in ((0o644, True), (0o600, False)):
        file.chmod(mode)
        terminal = Terminal(tmp_path / "home", stand_ins, free_port(), copy)
        terminals.append(terminal)
        terminal.wait_for(r"Ctrl-C stops everything")
        assert terminal.end() == 0
        assert (f"chmod 600 {file}\n" in terminal.output) is is_warned
        assert "not-to-be-shown" not in terminal.output


def test_a_service_that_never_comes_up_is_explained(tmp_path: Path, stand_ins: Path, terminals: list[Terminal]) -> None:
    (tmp_path / "state/session-svc").mkdir(parents=True)
    (tmp_path / "state/session-svc/die").touch()
    terminal = Terminal(tmp_path, stand_ins, free_port())
    terminals.append(terminal)
    terminal.wait_for(r"token-svc +ready")
    wait_until(lambda: (tmp_path / "log/session-svc.log").exists() and "told to die" in read(tmp_path, "session-svc"))
    (tmp_path / "state/session-svc/die").unlink()
    terminal.wait_for(r"Ctrl-C stops everything")
    assert terminal.end() == 0


def test_a_service_that_dies_at_each_start_ends_the_run_and_says_why(
    tmp_path: Path, stand_ins: Path, terminals: list[Terminal]
) -> None:
    for folder in ("state/session-svc", "log"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "state/session-svc/die").touch()
    (tmp_path / "log/session-svc.log").write_text("said in an earlier run\n")
    terminal = Terminal(tmp_path, stand_ins, free_port())
    terminals.append(terminal)
    terminal.wait_for(r"session-svc does not start: it ends at once; its log is .*(\n  \| told to die){3}\n")
    assert terminal.process.wait(DEADLINE) == 1
    assert "earlier run" not in terminal.output


def read(home: Path, service: str) -> str:
    """A service's log."""
    return (home / "log" / f"{service}.log").read_text()


def test_stack_of_the_test_kit_kills_waits_and_cleans_up(stand_ins: Path) -> None:
    with Stack(executables=stand_ins) as stack:
        assert stack.services[0] == "token-svc" and stack.services[-1] == "api-front"
        old = stack.kill("edge-gateway")
        new = stack.wait_restarted("edge-gateway", old)
        assert new != old and stack.is_ready("edge-gateway")
        stack.wait("what it said in its log", lambda: "ready" in stack.logs("edge-gateway"), DEADLINE)
        assert stack.memory_bytes("edge-gateway") > 0
        pids = {process.pid for process in stack.processes().values()}
        home = stack.home
    assert alive(pids) == set() and not home.exists()
