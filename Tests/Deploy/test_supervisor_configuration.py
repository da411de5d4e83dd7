"""supervisord is told what the units tell systemd."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest
from axolotl_supervisor import configuration, settings
from axolotl_supervisor.layout import LONGEST_RUNTIME_PATH, UNITS, Layout
from axolotl_supervisor.units import Unit, UnitError, in_starting_order, load_services, parse


def rendered(layout: Layout, values: dict[str, str], instances: int | None = None) -> configparser.RawConfigParser:
    """The configuration, read back as supervisord reads it."""
    programs = configuration.programs(load_services(UNITS, instances), layout)
    parser = configparser.RawConfigParser()
    parser.read_string(configuration.render(programs, layout, {"NOTIFY_SOCKET": "/n"}, values))
    return parser


def environment(section: configparser.SectionProxy) -> dict[str, str]:
    """supervisord's `environment=`."""
    pairs = shlex.split(section["environment"].replace(",", " "))
    return dict(pair.split("=", 1) for pair in pairs)


def test_every_setting_of_a_unit_arrives() -> None:
    layout = Layout(Path("/home/x/ax"), Path("/build"))
    parser = rendered(layout, {})
    for index, unit in enumerate(load_services(UNITS)):
        name = unit.name.removeprefix("axolotl-").removesuffix(".service").replace("@", "-")
        section = parser[f"program:{name}"]
        command = shlex.split(section["command"])
        binary, *arguments = unit.value("Service", "ExecStart").split()
        assert command[-1 - len(arguments) :] == [binary.replace("/usr/lib/axolotl/bin", "/build"), *arguments]
        assert {word.removeprefix("--unset=") for word in command if word.startswith("--unset=")} == set(
            unit.words("Service", "UnsetEnvironment")
        )
        given = environment(section)
        assert set(given) == set(unit.environment()) | {"RUNTIME_DIRECTORY", "STATE_DIRECTORY", "NOTIFY_SOCKET"}
        assert given["STATE_DIRECTORY"] == f"/home/x/ax/state/{name}"
        assert given["AXOLOTL_BUS_DIRECTORY"] == "/home/x/ax/run/bus"
        assert section["umask"] == unit.value("Service", "UMask")
        assert float(section["stopwaitsecs"]) == unit.seconds("TimeoutStopSec", 0)
        assert section["exitcodes"] == unit.value("Service", "RestartPreventExitStatus")
        assert int(section["priority"]) == 100 * (index + 1)
    assert len(parser.sections()) == 4 + len(load_services(UNITS))


def test_no_installed_folder_is_left_over() -> None:
    text = configuration.render(
        configuration.programs(load_services(UNITS), Layout(Path("/h"), Path("/b"))), Layout(Path("/h"), Path("/b")), {}
    )
    for folder in ("/run/axolotl", "/var/lib/axolotl", "/usr/share/axolotl", "/usr/lib/axolotl"):
        assert folder not in text


def test_what_the_operator_sets_wins_and_is_not_written_down() -> None:
    values = {"AXOLOTL_RECORDINGS_DIRECTORY": "/elsewhere", "AXOLOTL_COACH_KEY": "a-secret"}
    layout = Layout(Path("/h"), Path("/b"))
    parser = rendered(layout, values)
    assert "AXOLOTL_RECORDINGS_DIRECTORY" not in environment(parser["program:stream-svc-1"])
    text = configuration.render(configuration.programs(load_services(UNITS), layout), layout, {}, values)
    assert "a-secret" not in text and "/elsewhere" not in text


def test_as_many_streams_as_asked_for_in_starting_order() -> None:
    parser = rendered(Layout(Path("/h"), Path("/b")), {}, instances=3)
    names = [section.removeprefix("program:") for section in parser.sections() if section.startswith("program:")]
    assert names == [
        "token-svc", "session-svc", "edge-gateway", "stream-svc-1", "stream-svc-2", "stream-svc-3", "api-front"
    ]  # fmt: skip


def test_a_path_with_a_percent_sign_survives_and_one_with_a_quote_is_refused() -> None:
    assert rendered(Layout(Path("/100%"), Path("/b")), {})["supervisord"]["pidfile"] == "/100%%/run/supervisord.pid"
    with pytest.raises(ValueError, match="quote"):
        rendered(Layout(Path('/a"b'), Path("/b")), {})


def test_runtime_folder_is_short_enough_for_a_socket_wherever_home_is() -> None:
    deep = Layout(Path("/" + "d" * 200), Path("/b"))
    assert len(str(deep.runtime)) <= LONGEST_RUNTIME_PATH
    assert deep.runtime != Layout(Path("/" + "e" * 200), Path("/b")).runtime


def test_units_are_read_as_systemd_reads_them() -> None:
    unit = parse('# c\n[Service]\nEnvironment=A=1 "B=2 3"\nX=1\nX=\nX=%i\nY=a \\\n  b\n', "a@7.service")
    assert unit.environment() == {"A": "1", "B": "2 3"}
    assert unit.values("Service", "X") == ["7"]
    assert unit.words("Service", "Y") == ["a", "b"]
    assert parse("[Service]\nT=1min 500ms\n", "a.service").seconds("T", 0) == 60.5
    with pytest.raises(UnitError, match="line 2"):
        parse("[Service]\nnonsense\n", "a.service")


def test_a_circle_of_units_is_refused() -> None:
    units = [
        Unit("a.service", {"Unit": {"After": ["b.service"]}}),
        Unit("b.service", {"Unit": {"After": ["a.service"]}}),
    ]
    with pytest.raises(UnitError, match="circle"):
        in_starting_order(units)


def test_settings_of_the_environment_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# comment\n; comment\n\nLOCAL_PORT=6000\nAXOLOTL_HOME='/some where'\n")
    values = settings.load({"LOCAL_PORT": "7000", "UNRELATED": "1", "AXOLOTL_NEW": "x"}, file)
    assert values == {"LOCAL_PORT": "7000", "AXOLOTL_HOME": "/some where", "AXOLOTL_NEW": "x"}
    assert "AXOLOTL_HOME" not in settings.for_services(values)


@pytest.mark.parametrize(
    ("line", "message"), [("LOCAL_PROT=1", "did you mean LOCAL_PORT"), ("nonsense", "line 1"), ("9A=1", "line 1")]
)
def test_a_file_with_a_mistake_is_refused(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / ".env").write_text(line + "\n")
    with pytest.raises(settings.SettingsError, match=message):
        settings.load({}, tmp_path / ".env")
