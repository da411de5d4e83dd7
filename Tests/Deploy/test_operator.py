"""`axolotl`, the operator's command, on installations in folders, with stand-ins for services and systemd."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axolotl_operator import installation as installation_module
from axolotl_operator import status as status_module
from axolotl_operator import systemd
from axolotl_operator.installation import INSTANCES, READERS, Installation, OperatorError
from axolotl_operator.logs import unit_pattern
from axolotl_operator.scale import with_setting
from axolotl_supervisor.layout import REPOSITORY, UNITS
from axolotl_supervisor.settings_file import exposure

KEY = "the-coach's-own-key"
SECRET = "not-to-be-shown-to-anybody-at-all"


@pytest.fixture
def root(tmp_path: Path, stand_ins: Path) -> Path:
    """As much of an installation as the command looks at."""
    shutil.copytree(UNITS, tmp_path / "usr/lib/systemd/system")
    shutil.copytree(stand_ins, tmp_path / "usr/lib/axolotl/bin")
    python = tmp_path / "usr/share/axolotl/python"
    for folder in ("operator/axolotl_operator", "supervisor/axolotl_supervisor"):
        source = REPOSITORY / "Deploy" / folder
        shutil.copytree(source, python / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "usr/bin").mkdir()
    shutil.copy(REPOSITORY / "Deploy/operator/axolotl", tmp_path / "usr/bin")
    settings(tmp_path).parent.mkdir(parents=True)
    settings(tmp_path).write_text(f"# a note\n#{INSTANCES}=2\n\nPAIRING_TOKEN_SECRET={SECRET}\n")
    settings(tmp_path).chmod(0o640)
    return tmp_path


def settings(root: Path) -> Path:
    """The operator's file."""
    return root / "etc/axolotl/axolotl.conf"


def axolotl(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command. Whatever it is asked, it shows no secret but by `link`."""
    result = subprocess.run(
        [root / "usr/bin/axolotl", "--root", root, *arguments],
        capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin"}, cwd="/",
    )  # fmt: skip
    assert SECRET not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result


def links(root: Path) -> set[str]:
    """What is enabled or masked."""
    folder = root / "etc/systemd/system"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink()}


def test_settings_and_instances_are_scaled_together(root: Path) -> None:
    three = {"axolotl.target.wants/axolotl-stream-svc@3.service"}
    steps = [("3", three), ("1", {"axolotl-stream-svc@2.service"}), ("3", three), ("2", set()), ("2", set())]
    for count, expected in steps:
        result = axolotl(root, "scale", count)
        assert (result.returncode, result.stderr) == (0, "")
        assert links(root) == expected
        text = settings(root).read_text()
        assert text == f"# a note\n#{INSTANCES}=2\n{INSTANCES}={count}\n\nPAIRING_TOKEN_SECRET={SECRET}\n"
        assert stat.S_IMODE(settings(root).stat().st_mode) == 0o640
        assert Installation(root).enabled_instances() == set(range(1, int(count) + 1))
    assert axolotl(root, "check").returncode == 0
    assert [path.name for path in settings(root).parent.iterdir()] == ["axolotl.conf"]


@pytest.mark.parametrize("count", ["0", "65"])
def test_a_number_that_no_service_takes_changes_nothing(root: Path, count: str) -> None:
    result = axolotl(root, "scale", count)
    assert result.returncode == 1 and "from 1 to 64" in result.stderr
    assert links(root) == set() and f"\n{INSTANCES}" not in settings(root).read_text()


def test_a_setting_takes_the_place_it_had() -> None:
    assert with_setting(f"A=1\n{INSTANCES}=2\nB=1\n {INSTANCES} = 4\n", 3) == f"A=1\n{INSTANCES}=3\nB=1\n"
    assert with_setting("A=1", 3) == f"A=1\n{INSTANCES}=3\n"


def test_those_who_read_the_number_are_restarted_when_it_changes() -> None:
    found = {
        path.relative_to(REPOSITORY / "Services").parts[0]
        for path in (REPOSITORY / "Services").rglob("*.swift")
        if "AppSettings.streamInstances" in path.read_text()
    }
    assert found == set(READERS)


def test_check_asks_every_service_and_looks_at_the_instances(root: Path) -> None:
    settings(root).chmod(0o600)
    good = axolotl(root, "check")
    assert good.returncode == 0
    assert good.stdout.splitlines() == [
        f"{name}: good"
        for name in ("token-svc", "session-svc", "edge-gateway", "stream-svc@1", "stream-svc@2", "api-front")
    ]
    settings(root).write_text(f"{INSTANCES}=3\n")
    inconsistent = axolotl(root, "check")
    assert inconsistent.returncode == 1 and "sudo axolotl scale 3" in inconsistent.stdout
    assert axolotl(root, "scale", "3").returncode == 0
    # What `systemctl edit` leaves counts too.
    drop_in = root / "etc/systemd/system/axolotl-edge-gateway.service.d/override.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nEnvironment=AXOLOTL_LOG_LEVEL=loud\n")
    bad = axolotl(root, "check")
    assert bad.returncode == 1
    assert "edge-gateway: NOT GOOD\n  AXOLOTL_LOG_LEVEL must be" in bad.stdout and "token-svc: good" in bad.stdout


def test_check_warns_of_secrets_that_others_may_read(root: Path) -> None:
    copy = settings(root).with_name("axolotl.conf.bak")
    copy.write_text("AXOLOTL_COACH_KEY = 'a key that was'\n")
    copy.chmod(0o644)
    for mode, text, warned in (
        (0o640, f"PAIRING_TOKEN_SECRET={SECRET}\n", True),
        (0o604, f"A line that is none\n TURN_PASSWORD = {SECRET}\n", True),
        (0o600, f"PAIRING_TOKEN_SECRET={SECRET}\n", False),
        (0o644, f'#PAIRING_TOKEN_SECRET={SECRET}\nAXOLOTL_COACH_KEY=\nTURN_PASSWORD=""\n{INSTANCES}=2\n', False),
    ):
        settings(root).write_text(text)
        settings(root).chmod(mode)
        assert bool(exposure(settings(root))) is warned, (oct(mode), text)
    open_one, closed = exposure(copy), settings(root)
    assert open_one.startswith(f"{copy} holds AXOLOTL_COACH_KEY and may be read by others")
    told = axolotl(root, "check")
    assert told.returncode == 0 and told.stdout.splitlines()[-1] == f"{open_one}:   sudo chmod 600 {copy}"
    assert f"{closed} holds" not in told.stdout and "a key that was" not in told.stdout


def test_link_shows_the_address_that_the_service_puts_into_its_qr(root: Path) -> None:
    settings(root).write_text(f"LOCAL_PORT=5151\nAXOLOTL_COACH_KEY={KEY}\nPAIRING_TOKEN_SECRET={SECRET}\n")
    assert axolotl(root, "link", "-q").stdout == "http://asked-of-api-front:5151/?key=the-coach%27s-own-key\n"
    front = root / "usr/lib/axolotl/bin/api-front"
    front.write_text("#!/bin/sh\necho refused >&2\nexit 78\n")
    refused = axolotl(root, "link", "-q")
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", "axolotl: refused\n")
    front.unlink()
    missing = axolotl(root, "link", "-q")
    assert missing.returncode == 1 and "install it again" in missing.stderr


def test_a_file_that_cannot_be_read_is_named(root: Path) -> None:
    settings(root).write_text("nonsense\n")
    for command in (["check"], ["link"], ["scale", "2"]):
        result = axolotl(root, *command)
        assert result.returncode == 1 and "axolotl.conf, line 1" in result.stderr


def test_link_finds_the_key_where_the_service_finds_it(root: Path) -> None:
    settings(root).write_text("AXOLOTL_PUBLIC_URL=https://rig.example\n")
    missing = axolotl(root, "link")
    assert missing.returncode == 1 and "the first start makes it" in missing.stderr
    kept = root / "var/lib/axolotl/api-front/coach-key"
    kept.parent.mkdir(parents=True)
    kept.write_text("kept\n")
    assert axolotl(root, "link", "-q").stdout == "https://rig.example/?key=kept\n"
    credential = root / "etc/credstore/AXOLOTL_COACH_KEY"
    credential.parent.mkdir()
    credential.write_text("credential\n")
    assert axolotl(root, "link", "-q").stdout == "https://rig.example/?key=credential\n"
    settings(root).write_text(f"AXOLOTL_PUBLIC_URL=https://rig.example\nAXOLOTL_COACH_KEY={KEY}\n")
    full = axolotl(root, "link")
    assert full.stdout.startswith("https://rig.example/?key=the-coach%27s-own-key\n")
    assert "█" in full.stdout and "This QR signs a coach in" in full.stdout


@pytest.mark.parametrize(
    ("asked", "pattern"),
    [
        (None, "axolotl-*"),
        ("token-svc", "axolotl-token-svc.service"),
        ("axolotl-api-front.service", "axolotl-api-front.service"),
        ("stream-svc", "axolotl-stream-svc@*.service"),
        ("stream-svc-2", "axolotl-stream-svc@2.service"),
        ("stream-svc@3", "axolotl-stream-svc@3.service"),
    ],
)
def test_logs_of_a_service_are_those_of_its_units(root: Path, asked: str | None, pattern: str) -> None:
    assert unit_pattern(Installation(root), asked) == pattern


def test_logs_follow_and_refuse_what_there_is_not(root: Path, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no service nginx; there are: token-svc"):
        unit_pattern(Installation(root), "nginx")
    journalctl = tmp_path / "tools/journalctl"
    journalctl.parent.mkdir()
    journalctl.write_text('#!/bin/sh\necho "$@"\n')
    journalctl.chmod(0o755)
    command = [root / "usr/bin/axolotl", "--root", root, "logs", "stream-svc", "-f", "-n", "5"]
    output = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={"PATH": f"{journalctl.parent}:/usr/bin"}
    ).stdout
    assert output == "--unit=axolotl-stream-svc@*.service --follow --lines=5\n"


def test_help_and_exit_statuses(root: Path) -> None:
    for command in ([], ["status"], ["logs"], ["link"], ["scale"], ["check"]):
        assert axolotl(root, *command, "--help").returncode == 0
    assert axolotl(root).returncode == 2
    assert axolotl(root, "scale", "many").returncode == 2
    nothing = axolotl(root, "--root", str(root / "nowhere"), "check")
    assert nothing.returncode == 1 and "make install" in nothing.stderr
    assert list((root / "usr/share").rglob("__pycache__")) == list((root / "usr/bin").rglob("__pycache__")) == []


@pytest.fixture
def front(root: Path) -> Iterator[dict[str, object]]:
    """Answers `/readyz` with whatever the test puts here."""
    answer: dict[str, object] = {}

    class Front(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if answer["ready"] else 503)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings(root).write_text(f"LOCAL_PORT={server.server_address[1]}\nREQUIRE_HTTPS=false\n")
    yield answer
    server.shutdown()
    server.server_close()


@pytest.fixture
def systemctl(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """A systemd in which everything runs; the test changes what it shows, by unit."""
    changes: dict[str, dict[str, str]] = {}

    def answer(verb: str, *arguments: str) -> str:
        if verb == "list-units":
            return "\n".join(f"{name} loaded active running" for name in changes if name.endswith("@3.service"))
        blocks = []
        for name in (argument for argument in arguments if not argument.startswith("--")):
            facts = {"Id": name, "LoadState": "loaded", "ActiveState": "active", "MainPID": str(os.getpid())}
            facts |= {"NRestarts": "0", "MemoryCurrent": "25165824", "ExecMainStartTimestamp": "@99999999999"}
            blocks.append("\n".join(f"{key}={value}" for key, value in (facts | changes.get(name, {})).items()))
        return "\n\n".join(blocks)

    monkeypatch.setattr(systemd, "systemctl", answer)
    monkeypatch.setattr(systemd, "is_running", lambda: True)
    return changes


def parts(**reasons: str) -> dict[str, object]:
    """The answer of `/readyz`, in which those named are not ready."""
    names = ["api-front", "token-svc", "session-svc", "edge-gateway", "stream-svc@1", "stream-svc@2"]
    services = [{"service": name, "ready": name not in reasons, "version": "1.2.3"} for name in names]
    return {
        "ready": not reasons,
        "services": [
            one | ({"reason": reasons[one["service"]]} if one["service"] in reasons else {}) for one in services
        ],
    }


def test_status_shows_each_service_and_that_all_is_well(
    root: Path, front: dict[str, object], systemctl: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    front |= parts()
    systemctl["axolotl-token-svc.service"] = {"NRestarts": "7"}
    assert status_module.status(Installation(root)) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == list(status_module.HEAD)
    assert lines[1] == ["token-svc", "active", "yes", "1.2.3", "7", "25", "MB"]
    assert [line[0] for line in lines[1:]] == [
        "token-svc", "session-svc", "edge-gateway", "stream-svc@1", "stream-svc@2", "api-front"
    ]  # fmt: skip


def test_status_says_what_is_wrong_and_what_helps(
    root: Path, front: dict[str, object], systemctl: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    front |= parts(**{"stream-svc@1": "no pose models"})
    systemctl["axolotl-session-svc.service"] = {"ActiveState": "activating"}
    systemctl["axolotl-edge-gateway.service"] = {"ExecMainStartTimestamp": "@1000"}
    systemctl["axolotl-stream-svc@3.service"] = {}
    assert status_module.status(Installation(root)) == 1
    output = capsys.readouterr().out
    assert re.search(r"^session-svc +activating +no ", output, re.MULTILINE)
    assert re.search(r"^stream-svc@1 +active +no ", output, re.MULTILINE)
    assert "stream-svc@1: no pose models" in output
    assert "Not up: session-svc. Why:   axolotl logs session-svc" in output
    assert f"{INSTANCES} is 2, but these run too: stream-svc@3" in output
    assert re.search(r"sudo systemctl restart axolotl-edge-gateway$", output, re.MULTILINE)


def test_status_when_nobody_answers_and_when_nothing_runs(
    root: Path, systemctl: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    settings(root).write_text("LOCAL_PORT=1\n")
    assert status_module.status(Installation(root)) == 1
    assert re.search(r"^api-front +active +\? ", capsys.readouterr().out, re.MULTILINE)
    for unit in Installation(root).services():
        systemctl[unit.name] = {"ActiveState": "inactive", "MainPID": "0", "ExecMainStartTimestamp": ""}
    assert status_module.status(Installation(root)) == 1
    assert "sudo systemctl enable --now axolotl.target" in capsys.readouterr().out


def test_status_without_systemd_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "is_running", lambda: False)
    with pytest.raises(OperatorError, match="systemd does not run this machine"):
        status_module.status(Installation(root))


def test_settings_of_a_process_are_held_against_the_file(root: Path) -> None:
    """Only what a service is given counts, and the number of streams only where it is read."""
    example = (REPOSITORY / ".env.example").read_text()
    unit = {installation_module.service_name(one.name): one for one in Installation(root).services()}
    token = unit["token-svc"]
    process = root / "process"
    process.mkdir()

    def differs(service: str, values: dict[str, str], **given: str) -> bool:
        environment = unit[service].environment() | {"PATH": "/bin", "STATE_DIRECTORY": "/var/lib/x"} | given
        (process / "environ").write_text("".join(f"{key}={value}\0" for key, value in environment.items()))
        return status_module.outdated.has_other_settings(unit[service], process, values, example)

    assert not differs("token-svc", {})
    assert not differs("token-svc", {"LOCAL_PORT": "1"}, LOCAL_PORT="1")
    assert differs("token-svc", {"LOCAL_PORT": "1"}) and differs("token-svc", {}, LOCAL_PORT="1")
    assert "AXOLOTL_COACH_KEY" in token.words("Service", "UnsetEnvironment")
    assert not differs("token-svc", {"AXOLOTL_COACH_KEY": "k"})
    assert not differs("token-svc", {INSTANCES: "3"}) and differs("session-svc", {INSTANCES: "3"})
