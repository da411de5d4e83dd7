"""The systemd units: systemd itself accepts them, they are as closed as they claim, and they agree with the peers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from axolotl_supervisor.layout import REPOSITORY, UNITS, default_executables
from axolotl_supervisor.settings_file import SECRET_KEYS
from axolotl_supervisor.units import Unit, load, load_services

SERVICES = ["token-svc", "session-svc", "edge-gateway", "stream-svc", "api-front"]
# Exposure by `systemd-analyze security`, 0 to 10, that a unit may have at most.
EXPOSURE_LIMITS = {"token-svc": 0.3, "session-svc": 0.3, "edge-gateway": 0.3, "stream-svc": 1.5, "api-front": 1.3}
ON_THE_NETWORK = {"api-front", "stream-svc"}
SECRETS = set(SECRET_KEYS)
ALLOWED_SECRETS = {
    "token-svc": {"PAIRING_TOKEN_SECRET", "PAIRING_TOKEN_SECRET_PREVIOUS"},
    "api-front": {"AXOLOTL_COACH_KEY", "TURN_PASSWORD"},
}


def service(unit: Unit) -> str:
    """`stream-svc` of `axolotl-stream-svc@1.service`."""
    return re.split(r"[@.]", unit.name.removeprefix("axolotl-"))[0]


def unit_name(name: str) -> str:
    """The name that systemd knows the service by; instance 1 where there are several."""
    return f"axolotl-{name}@1.service" if name == "stream-svc" else f"axolotl-{name}.service"


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, stand_ins: Path) -> Path:
    """A folder that looks like the root of a machine with Axolotl installed, as far as systemd-analyze looks."""
    root = tmp_path_factory.mktemp("root")
    units = root / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for pattern in ("*.target", "*.slice"):
        for file in Path("/usr/lib/systemd/system").glob(pattern):
            shutil.copy(file, units)
    shutil.copytree(
        UNITS, units, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*users.d", "tmpfiles.d", "sysctl.d")
    )
    shutil.copytree(stand_ins, root / "usr/lib/axolotl/bin")
    (root / "etc").mkdir()
    return root


def test_the_scripts_know_every_secret_among_the_settings() -> None:
    source = (REPOSITORY / "Shared/Runtime/Configuration/AppSettings.swift").read_text()
    keys = re.split(r"public static let", source)
    assert {re.search(r'"([A-Z_]+)"', key)[1] for key in keys if "isSecret: true" in key} == SECRETS


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs systemd-analyze on that root."""
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin"}
    )


@pytest.mark.parametrize("name", [*map(unit_name, SERVICES), "axolotl.target"])
def test_systemd_accepts_the_unit(system: Path, name: str) -> None:
    result = analyze(system, "verify", f"--root={system}", "--man=no", "--recursive-errors=yes", name)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_further_instances_can_be_enabled(system: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(system, root)
    subprocess.run(["systemctl", f"--root={root}", "enable", "axolotl-stream-svc@3.service"], check=True, timeout=60)
    assert (root / "etc/systemd/system/axolotl.target.wants/axolotl-stream-svc@3.service").is_symlink()


def test_verify_would_notice_a_mistake(system: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(system, root)
    unit = root / "usr/lib/systemd/system/axolotl-token-svc.service"
    unit.write_text(unit.read_text() + "ProtectSystems=strict\n")
    assert "ProtectSystems" in analyze(root, "verify", f"--root={root}", "--man=no", unit.name).stderr
    (root / "usr/lib/axolotl/bin/session-svc").unlink()
    assert analyze(root, "verify", f"--root={root}", "--man=no", unit_name("session-svc")).returncode != 0


@pytest.mark.parametrize("name", SERVICES)
def test_exposure_is_no_higher_than_claimed(system: Path, name: str) -> None:
    result = analyze(system, "security", "--offline=true", f"--root={system}", "--no-pager", unit_name(name))
    exposure = float(re.search(r"Overall exposure level for \S+ ([\d.]+)", result.stdout).group(1))
    assert exposure <= EXPOSURE_LIMITS[name], result.stdout


def test_target_wants_every_service_and_each_belongs_to_it() -> None:
    units = load_services(UNITS)
    assert sorted({service(unit) for unit in units}) == sorted(SERVICES)
    files = {path.name for path in UNITS.glob("*.service")}
    assert files == {"axolotl-stream-svc@.service" if s == "stream-svc" else unit_name(s) for s in SERVICES}
    assert all(unit.words("Unit", "PartOf") == ["axolotl.target"] for unit in units)


def test_instances_of_the_target_are_as_many_as_the_setting_says() -> None:
    instances = [unit.instance for unit in load_services(UNITS) if service(unit) == "stream-svc"]
    default = re.search(r"^#AXOLOTL_STREAM_INSTANCES=(\d+)$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
    assert instances == [str(number + 1) for number in range(int(default.group(1)))]


@pytest.mark.parametrize("unit", load_services(UNITS), ids=lambda unit: unit.name)
def test_unit_keeps_the_rules_of_the_house(unit: Unit) -> None:
    assert unit.value("Service", "Type") == "notify"
    assert unit.seconds("WatchdogSec", 0) > 0
    assert unit.value("Service", "Restart") == "always"
    assert unit.value("Service", "RestartPreventExitStatus") == "78"
    assert unit.value("Unit", "StartLimitIntervalSec") == "0"
    families = set(unit.words("Service", "RestrictAddressFamilies"))
    assert "AF_UNIX" in families
    assert bool(families & {"AF_INET", "AF_INET6"}) == (service(unit) in ON_THE_NETWORK)
    hidden = set(unit.words("Service", "UnsetEnvironment"))
    allowed = ALLOWED_SECRETS.get(service(unit), set())
    assert hidden == SECRETS - allowed
    assert {line.split(":")[0] for line in unit.values("Service", "LoadCredential")} == allowed


def test_each_service_has_its_own_user_and_the_group_of_the_bus() -> None:
    text = (UNITS / "sysusers.d/axolotl.conf").read_text()
    users = set(re.findall(r"^u (\S+)", text, re.MULTILINE))
    groups = set(re.findall(r"^g (\S+)", text, re.MULTILINE))
    units = load_services(UNITS)
    own = {unit.value("Service", "User") for unit in units}
    assert own == users and len(own) == len(SERVICES)
    assert all(set(unit.words("Service", "SupplementaryGroups")) == groups for unit in units)


def test_shared_folders_exist_before_the_services_that_write_there() -> None:
    text = (UNITS / "tmpfiles.d/axolotl.conf").read_text()
    made = {line.split()[1]: line.split() for line in text.splitlines() if line.startswith("d ")}
    for unit in load_services(UNITS):
        assert set(unit.words("Service", "ReadWritePaths")) <= set(made)
        assert unit.environment()["AXOLOTL_BUS_DIRECTORY"] in unit.words("Service", "ReadWritePaths")
    _, _, mode, _, group, _ = made["/run/axolotl/bus"]
    assert (mode, group) == ("2770", "axolotl"), "new sockets must get the group of the bus"


def test_sysusers_and_tmpfiles_accept_their_files(tmp_path: Path) -> None:
    for folder, tool in (("sysusers.d", "systemd-sysusers"), ("tmpfiles.d", "systemd-tmpfiles")):
        (tmp_path / "etc").mkdir(exist_ok=True)
        option = ["--dry-run"] if tool == "systemd-sysusers" else ["--cat-config"]
        command = [tool, f"--root={tmp_path}", *option, str(UNITS / folder / "axolotl.conf")]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr


def peers() -> set[tuple[str, str, str]]:
    """Who speaks to whom and who binds the socket, as the programs themselves print it."""
    rows = set()
    for name in SERVICES:
        command = [str(default_executables() / name), "--print-peers"]
        output = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
        for line in output.splitlines():
            source, target, _, _, binder = line.split("\t")
            rows.add((source, target, binder))
    return rows


def test_units_are_ordered_as_the_services_talk() -> None:
    """Each `After=` has a conversation behind it, and whoever connects starts after whoever binds, or the two bind for
    each other. Nothing outside the peer table shares the bus."""
    rows = peers()
    after = {
        service(unit): {service(Unit(name)) for name in unit.words("Unit", "After")} for unit in load_services(UNITS)
    }
    assert {name for row in rows for name in row[:2]} == set(SERVICES)
    talking = {frozenset(row[:2]) for row in rows}
    for name, earlier in after.items():
        assert all(frozenset((name, other)) in talking for other in earlier), f"{name} waits for a stranger"

    def starts_after(name: str, other: str) -> bool:
        return other in after[name] or any(starts_after(middle, other) for middle in after[name])

    binds_for = {(binder, source if binder == target else target) for source, target, binder in rows}
    for binder, other in binds_for:
        assert starts_after(other, binder) or (other, binder) in binds_for, f"{other} starts before {binder}"


def test_template_and_instance_are_the_same_file() -> None:
    first, second = load(UNITS, "axolotl-stream-svc@1.service"), load(UNITS, "axolotl-stream-svc@2.service")
    assert first.sections == second.sections
    assert second.value("Service", "ExecStart") == "/usr/lib/axolotl/bin/stream-svc --instance 2"
    assert second.value("Service", "StateDirectory") == "axolotl/stream-svc-2"
