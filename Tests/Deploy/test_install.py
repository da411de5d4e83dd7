"""`make install` into a folder, with the real executables: what the units name is there, works there, goes again."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from axolotl_supervisor import settings_file
from axolotl_supervisor.layout import REPOSITORY, UNITS
from axolotl_supervisor.units import load, load_services

PROGRAMS = ("token-svc", "session-svc", "edge-gateway", "stream-svc", "api-front")
CONFIGURATION = "etc/axolotl/axolotl.conf"
MANIFEST = "usr/share/doc/axolotl/installed-files"


def make(goal: str, root: Path, *variables: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`make install` or `make uninstall` with DESTDIR; whatever make runs these tests has no say."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", "--silent", goal, f"DESTDIR={root}", *variables],
        cwd=REPOSITORY, env=inherited | environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def install(root: Path, *variables: str) -> None:
    """Must go well."""
    result = make("install", root, *variables)
    assert (result.returncode, result.stderr) == (0, "")


def files(root: Path) -> set[str]:
    """Every file and link below the folder."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or not path.is_dir()}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that no test changes."""
    root = tmp_path_factory.mktemp("installed")
    install(root)
    return root


@pytest.fixture
def installed(pristine: Path, tmp_path: Path) -> Path:
    """An installation of the test's own. Its files are links: to change one is to replace it."""
    root = tmp_path / "root"
    subprocess.run(["cp", "-al", pristine, root], check=True, timeout=60)
    return root


def replace(path: Path, text: str) -> None:
    """Another file in its place, of the same mode."""
    mode = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    path.write_text(text)
    path.chmod(mode)


def test_everything_that_the_units_name_is_there(pristine: Path) -> None:
    folder = pristine / "usr/lib/systemd/system"
    units = load_services(folder)
    assert [unit.sections for unit in units] == [unit.sections for unit in load_services(UNITS)]
    named = set()
    for unit in units:
        named.add(unit.value("Service", "ExecStart").split()[0])
        named |= {path.removeprefix("-") for path in unit.values("Service", "EnvironmentFile")}
        named |= {value for value in unit.environment().values() if value.startswith("/usr")}
        for word in (word for key in ("ReadOnlyPaths", "BindReadOnlyPaths") for word in unit.words("Service", key)):
            named.add(word.removeprefix("-").split(":")[0])
    assert {"/usr/share/axolotl/web", "/usr/share/axolotl/models", f"/{CONFIGURATION}"} < named
    assert [path for path in sorted(named) if not (pristine / path[1:]).exists()] == []
    assert (pristine / "usr/share/axolotl/web/index.html").is_file()
    for place in ("sysusers.d/axolotl.conf", "tmpfiles.d/axolotl.conf", "sysctl.d/50-axolotl.conf"):
        assert (pristine / "usr/lib" / place).read_text() == (UNITS / place).read_text()


def test_modes_and_owners(pristine: Path) -> None:
    expected = {CONFIGURATION: 0o600, "usr/bin/axolotl": 0o755}
    expected |= {f"usr/lib/axolotl/bin/{name}": 0o755 for name in PROGRAMS}
    for path in pristine.rglob("*"):
        facts, name = path.lstat(), str(path.relative_to(pristine))
        assert not path.is_symlink(), name
        wanted = 0o755 if path.is_dir() else expected.get(name, 0o644)
        assert (stat.S_IMODE(facts.st_mode), facts.st_uid) == (wanted, os.getuid()), name
    assert {str(path.name) for path in (pristine / "usr/lib/axolotl/bin").iterdir()} == set(PROGRAMS)


def test_licences_and_documents_are_beside(pristine: Path) -> None:
    documents = pristine / "usr/share/doc/axolotl"
    for name in ("licenses/openvino/LICENSE", "licenses/mediapipe-models/LICENSE"):
        assert "Apache License" in (documents / name).read_text()
    for name in ("README.md", "CHANGELOG.md", "PROTOCOL.md", "docs/data.md"):
        assert (documents / name).read_bytes() == (REPOSITORY / name).read_bytes()
    # And the documents' links lead somewhere, but for those into the sources.
    for target in re.findall(r"\]\(([^)#:]+\.(?:md|png))[#)]", (documents / "README.md").read_text()):
        assert (documents / target).exists() or target.startswith("Tools/"), target


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_work_from_there_and_load_nothing_from_the_work_tree(pristine: Path, name: str) -> None:
    program = pristine / "usr/lib/axolotl/bin" / name
    header = subprocess.run(["readelf", "--dynamic", "--wide", program], capture_output=True, text=True, timeout=60)
    [folders] = re.findall(r"\(RUNPATH\).*\[(.*)\]", header.stdout)
    assert all(folder.startswith("$ORIGIN") for folder in folders.split(":")), folders
    loaded = subprocess.run(["ldd", program], capture_output=True, text=True, timeout=60).stdout
    assert "not found" not in loaded
    for path in re.findall(r"=> (\S*(?:openvino|tbb)\S*)", loaded):
        assert Path(path).resolve().parent == (pristine / "usr/lib/axolotl/lib").resolve()
    for arguments, answer in (
        (["--version"], name),
        (["--check-config", "--config", str(pristine / CONFIGURATION)], "the settings are good"),
    ):
        result = subprocess.run(
            [program, *arguments], env={}, cwd="/", capture_output=True, text=True, timeout=30
        )  # fmt: skip
        assert (result.returncode, result.stderr) == (0, "") and answer in result.stdout


COMPILE_MODELS = """
import ctypes, json, pathlib, re, sys
root = pathlib.Path(sys.argv[1])
[library] = root.glob("lib/axolotl/lib/libopenvino_c.so.*")
openvino = ctypes.CDLL(str(library))
core = ctypes.c_void_p()
statuses = [openvino.ov_core_create(ctypes.byref(core))]
for file in sorted(root.glob("share/axolotl/models/*.tflite")):
    model, compiled = ctypes.c_void_p(), ctypes.c_void_p()
    statuses.append(openvino.ov_core_read_model(core, str(file).encode(), None, ctypes.byref(model)))
    zero = ctypes.c_size_t(0)
    statuses.append(openvino.ov_core_compile_model(core, model, b"CPU", zero, ctypes.byref(compiled)))
maps = pathlib.Path("/proc/self/maps").read_text()
print(json.dumps([statuses, sorted(set(re.findall(r"/\\S*(?:openvino|tbb|hwloc)\\S*", maps)))]))
"""


def test_the_libraries_are_all_that_the_models_need(pristine: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", COMPILE_MODELS, pristine / "usr"], capture_output=True, text=True, timeout=60
    )  # fmt: skip
    statuses, libraries = json.loads(result.stdout)
    assert statuses == [0] * 5
    folder = (pristine / "usr/lib/axolotl/lib").resolve()
    assert len(libraries) >= 5 and {Path(path).parent for path in libraries} == {folder}


def test_systemd_accepts_it(installed: Path) -> None:
    units = installed / "usr/lib/systemd/system"
    for file in [*Path("/usr/lib/systemd/system").glob("*.target"), *Path("/usr/lib/systemd/system").glob("*.slice")]:
        shutil.copy(file, units)
    names = ["axolotl.target", *(unit.name for unit in load_services(units))]
    result = subprocess.run(
        ["systemd-analyze", "verify", f"--root={installed}", "--man=no", "--recursive-errors=yes", *names],
        capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_the_configuration_holds_every_setting_but_the_folders(pristine: Path) -> None:
    text = (pristine / CONFIGURATION).read_text()
    example = settings_file.documented_keys((REPOSITORY / ".env.example").read_text())
    left_out = {key for unit in load_services(UNITS) for key in unit.environment()} | {
        "AXOLOTL_HOME",
        "STATE_DIRECTORY",
    }
    assert settings_file.documented_keys(text) == example - left_out
    assert settings_file.parse(text, "it") == {}, "nothing is in force before the operator says so"


def test_a_second_installation_keeps_what_the_operator_wrote_and_replaces_what_is_old(installed: Path) -> None:
    configuration = installed / CONFIGURATION
    replace(configuration, "LOCAL_PORT=7000\n")
    configuration.chmod(0o640)
    program, page = installed / "usr/lib/axolotl/bin/token-svc", installed / "usr/share/axolotl/web/index.html"
    new = program.read_bytes()
    replace(program, "the version before")
    old_inode, same = program.stat().st_ino, page.stat()
    # Of a version that had more.
    gone = installed / "usr/share/axolotl/web/before/gone.js"
    gone.parent.mkdir()
    gone.touch()
    manifest = installed / MANIFEST
    replace(manifest, f"{manifest.read_text()}/usr/share/axolotl/web/before/\n/usr/share/axolotl/web/before/gone.js\n")
    with program.open() as running:
        install(installed)
        assert running.read() == "the version before", "whoever runs it goes on with it"
    assert (configuration.read_text(), stat.S_IMODE(configuration.stat().st_mode)) == ("LOCAL_PORT=7000\n", 0o640)
    assert program.read_bytes() == new and program.stat().st_ino != old_inode
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == (same.st_ino, same.st_mtime_ns), "the same is left alone"
    assert not gone.parent.exists()
    assert [name for name in files(installed) if name.endswith(".axolotl-new")] == []


def test_the_manifest_is_what_is_there(pristine: Path) -> None:
    listed = {line[1:] for line in (pristine / MANIFEST).read_text().splitlines() if not line.endswith("/")}
    assert listed == files(pristine) - {MANIFEST, CONFIGURATION}


def test_uninstall_leaves_what_it_says(installed: Path) -> None:
    recording = installed / "var/lib/axolotl/recordings/session/0001.mkv"
    recording.parent.mkdir(parents=True)
    recording.touch()
    enabled = installed / "etc/systemd/system/axolotl.target.wants/axolotl-stream-svc@3.service"
    enabled.parent.mkdir(parents=True)
    enabled.symlink_to("/usr/lib/systemd/system/axolotl-stream-svc@.service")
    stranger = installed / "usr/share/axolotl/web/of-somebody-else.html"
    stranger.touch()
    result = make("uninstall", installed)
    assert (result.returncode, result.stderr) == (0, "")
    own = {CONFIGURATION, *(str(path.relative_to(installed)) for path in (recording, enabled))}
    assert files(installed) == own | {str(stranger.relative_to(installed))}
    assert not (installed / "usr/lib").exists() and not (installed / "usr/bin").exists()
    [command] = re.findall(r"^  (rm -r .*)$", result.stdout, re.MULTILINE)
    subprocess.run(command, shell=True, check=True, timeout=60)
    assert files(installed) == {str(stranger.relative_to(installed))}
    again = make("uninstall", installed)
    assert again.returncode != 0 and "nothing is installed here" in again.stderr


def test_one_that_broke_off_can_be_removed_and_done_again(tmp_path: Path) -> None:
    in_the_way = tmp_path / "usr/bin/axolotl/mine"
    in_the_way.mkdir(parents=True)
    broken = make("install", tmp_path)
    assert broken.returncode != 0 and "usr/bin/axolotl could not be written" in broken.stderr
    assert (tmp_path / "usr/lib/axolotl/bin/token-svc").exists()
    assert make("uninstall", tmp_path).returncode == 0
    assert files(tmp_path) == set() and in_the_way.exists()
    in_the_way.rmdir()
    in_the_way.parent.rmdir()
    install(tmp_path)


def test_another_prefix_is_in_the_units_too(tmp_path: Path) -> None:
    install(tmp_path, "prefix=/usr/local")
    for file in (tmp_path / "usr/local/lib/systemd/system").rglob("axolotl*"):
        assert file.is_dir() or not re.search(r"/usr/(lib|share)/axolotl", file.read_text())
    unit = load(tmp_path / "usr/local/lib/systemd/system", "axolotl-stream-svc@1.service")
    assert (tmp_path / unit.value("Service", "ExecStart").split()[0][1:]).is_file()
    assert {name.split("/")[0] for name in files(tmp_path)} == {"usr", "etc"}
    assert all(name.startswith("usr/local/") for name in files(tmp_path) - {CONFIGURATION})
    check = [tmp_path / "usr/local/bin/axolotl", "--root", tmp_path, "check"]
    assert subprocess.run(check, capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: make("install", root, AXOLOTL_BUILD_DIRECTORY=str(root / "nothing")), "make build"),
        (lambda root: make("install", root, "prefix=/opt"), "prefix=/opt: systemd finds units below"),
    ],
)
def test_what_cannot_be_installed_changes_nothing(
    tmp_path: Path, change: Callable[[Path], subprocess.CompletedProcess[str]], message: str
) -> None:
    result = change(tmp_path)
    assert result.returncode != 0 and message in result.stderr
    assert list(tmp_path.iterdir()) == []
