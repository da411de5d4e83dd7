"""`axolotl check`: lets every service judge the installed settings, as its next start would."""

from __future__ import annotations

import subprocess

from axolotl_supervisor import settings_file
from axolotl_supervisor.units import Unit

from .installation import INSTANCES, Installation, OperatorError, service_name

TIMEOUT_SECONDS = 30


def check(installation: Installation) -> int:
    """Prints what each service says; 0 if all of them are content."""
    values = installation.settings()
    instances = installation.instances_in_settings(values)
    verdicts = [verdict(installation, unit, values) for unit in installation.services(instances)]
    enabled = installation.enabled_instances()
    is_consistent = enabled == set(range(1, instances + 1))
    if not is_consistent:
        names = ", ".join(map(str, sorted(enabled))) or "none"
        print(f"{INSTANCES} is {instances}, but the stream instances that start are: {names}. Put right:   "
              f"sudo axolotl scale {instances}")  # fmt: skip
    # Copies that editors and people leave beside it hold the same secrets.
    for path in sorted(installation.settings_path.parent.glob("*.conf*")):
        if warning := settings_file.exposure(path):
            print(f"{warning}:   sudo chmod 600 {path}")
    return 0 if all(verdicts) and is_consistent else 1


def verdict(installation: Installation, unit: Unit, values: dict[str, str]) -> bool:
    """Whether one service takes the settings. As with systemd, the file wins over the unit."""
    program, arguments = installation.program(unit), (unit.value("Service", "ExecStart") or "").split()[1:]
    environment = {key: value for key, value in unit.environment().items() if key not in values}
    file = installation.settings_path
    # The file by its name: so that its unknown keys are found, which systemd would pass over.
    arguments += ["--config", str(file)] if file.exists() else []
    try:
        result = subprocess.run(
            [program, *arguments, "--check-config"],
            env={"PATH": "/usr/bin:/bin"} | environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except OSError as failure:
        raise OperatorError(f"{program}: {failure.strerror}; install it again: sudo make install") from None
    except subprocess.TimeoutExpired:
        raise OperatorError(f"{program} --check-config did not end within {TIMEOUT_SECONDS} s") from None
    said = (result.stderr or result.stdout).strip()
    name = service_name(unit.name)
    print(f"{name}: good" if result.returncode == 0 else "\n  ".join([f"{name}: NOT GOOD", *said.splitlines()]))
    return result.returncode == 0
