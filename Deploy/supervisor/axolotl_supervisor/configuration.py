"""Writes supervisord's configuration from the systemd units."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from .layout import Layout
from .units import Unit

# With supervisord's back-off of one second more for each failed start, 30 attempts take about eight minutes.
START_ATTEMPTS = 30
LOG_BYTES, LOG_BACKUPS = 20_000_000, 3


@dataclass(frozen=True)
class Program:
    """One service as supervisord starts it."""

    name: str
    command: list[str]
    environment: dict[str, str]
    unset: list[str]
    folders: list[str]
    start_timeout: float
    stop_timeout: float
    umask: str
    open_files: int
    final_exit_status: str
    priority: int


def program(unit: Unit, layout: Layout, priority: int) -> Program:
    """Translates a unit; its folders are those of the development layout."""
    service = unit.name.removeprefix("axolotl-").removesuffix(".service").replace("@", "-")
    place = layout.development_path
    environment = {key: place(value) for key, value in unit.environment().items()}
    folders = []
    for key, variable, root in (
        ("RuntimeDirectory", "RUNTIME_DIRECTORY", "/run"),
        ("StateDirectory", "STATE_DIRECTORY", "/var/lib"),
    ):
        own = [place(f"{root}/{word}") for word in unit.words("Service", key)]
        if own:
            environment[variable] = ":".join(own)
        folders += own
    folders += [place(path) for path in unit.words("Service", "ReadWritePaths")]
    return Program(
        name=service,
        command=[place(word) for word in shlex.split(unit.value("Service", "ExecStart") or "")],
        environment=environment,
        unset=unit.words("Service", "UnsetEnvironment"),
        folders=folders,
        start_timeout=unit.seconds("TimeoutStartSec", 90),
        stop_timeout=unit.seconds("TimeoutStopSec", 90),
        umask=unit.value("Service", "UMask", "0022") or "0022",
        open_files=int(unit.value("Service", "LimitNOFILE", "1024") or "1024"),
        final_exit_status=unit.value("Service", "RestartPreventExitStatus", "") or "",
        priority=priority,
    )


def programs(units: list[Unit], layout: Layout) -> list[Program]:
    """The services in starting order; supervisord stops them in the reverse order."""
    return [program(unit, layout, priority=100 * (index + 1)) for index, unit in enumerate(units)]


def escaped(text: str) -> str:
    """Supervisord expands `%(name)s`; a path that holds a percent sign must not be touched."""
    if any(character in text for character in '"\n\r'):
        raise ValueError(f"a path or setting holds a quote or a line break, which supervisord cannot be told: {text!r}")
    return text.replace("%", "%%")


def render(programs: list[Program], layout: Layout, environment: dict[str, str], settings: Collection[str] = ()) -> str:
    """The text of supervisord's configuration.

    The operator's `settings` (only their keys are looked at) reach the services through supervisord's own environment,
    so that no secret is written here; `environment` is what every service gets besides, such as NOTIFY_SOCKET.
    """
    run, logs = escaped(str(layout.runtime)), escaped(str(layout.logs))
    lines = [
        "; Written from Deploy/systemd by Deploy/supervisor; changes are lost at the next start.",
        "[supervisord]",
        f"logfile={logs}/supervisord.log",
        f"logfile_maxbytes={LOG_BYTES}",
        f"pidfile={run}/supervisord.pid",
        f"childlogdir={logs}",
        "nodaemon=true",
        "silent=true",
        "umask=077",
        "",
        "[unix_http_server]",
        f"file={run}/supervisor.sock",
        "chmod=0700",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "",
        "[supervisorctl]",
        f"serverurl=unix://{run}/supervisor.sock",
    ]
    for item in programs:
        # Each service dies with its supervisor, so that nothing is left behind even if that one is killed.
        unset = ["env", *(f"--unset={key}" for key in item.unset)] if item.unset else []
        command = shlex.join(["setpriv", "--pdeathsig", "KILL", *unset, *item.command])
        # As with systemd, what the operator sets wins over the unit's own defaults.
        own = {key: value for key, value in item.environment.items() if key not in settings}
        pairs = ",".join(f'{key}="{escaped(value)}"' for key, value in (own | environment).items())
        lines += [
            "",
            f"[program:{item.name}]",
            f"command={escaped(command)}",
            f"environment={pairs}",
            f"priority={item.priority}",
            "autostart=true",
            f"autorestart={'unexpected' if item.final_exit_status else 'true'}",
            *([f"exitcodes={item.final_exit_status}"] if item.final_exit_status else []),
            "startsecs=1",
            f"startretries={START_ATTEMPTS}",
            "stopsignal=TERM",
            f"stopwaitsecs={item.stop_timeout:.0f}",
            "stopasgroup=false",
            "killasgroup=true",
            f"umask={item.umask}",
            "redirect_stderr=true",
            f"stdout_logfile={logs}/{item.name}.log",
            f"stdout_logfile_maxbytes={LOG_BYTES}",
            f"stdout_logfile_backups={LOG_BACKUPS}",
        ]
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Replaces the file in one step, readable by its owner alone."""
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.chmod(0o600)
    temporary.replace(path)
