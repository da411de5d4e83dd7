"""What the tests of Deploy share: stand-ins for the services, so that they need no build."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from axolotl_supervisor.layout import UNITS
from axolotl_supervisor.units import load_services

STAND_IN = Path(__file__).with_name("stand_in_service.py")


def executables_named_by_units() -> set[str]:
    """The file names in the units' `ExecStart=`."""
    return {Path(unit.value("Service", "ExecStart").split()[0]).name for unit in load_services(UNITS)}


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of executables named like the services, each a script that only starts, says so and stops."""
    folder = tmp_path_factory.mktemp("bin")
    for name in executables_named_by_units():
        shutil.copy(STAND_IN, folder / name)
        (folder / name).chmod(0o755)
    return folder
