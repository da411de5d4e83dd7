"""What the fault tests share: a system that they may break, and the matrix, which is told at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))

from axolotl_kit.coach import Coach
from axolotl_kit.fault_matrix import FaultMatrix
from axolotl_kit.stack import Stack

MATRIX = pytest.StashKey[FaultMatrix]()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing was broken yet."""
    config.stash[MATRIX] = FaultMatrix()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints the table, and saves it where `make faults` wants it."""
    matrix = config.stash[MATRIX]
    if not matrix.rows:
        return
    terminalreporter.section("fault matrix")
    terminalreporter.write_line(matrix.text())
    if folder := os.environ.get("AXOLOTL_FAULT_MATRIX"):
        matrix.save(Path(folder))
        terminalreporter.write_line(f"saved in {folder}/faults.json and faults.txt")


@pytest.fixture
def matrix(pytestconfig: pytest.Config) -> FaultMatrix:
    """Where each test enters its rows."""
    return pytestconfig.stash[MATRIX]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Five real processes that these tests may break."""
    with Stack() as running:
        yield running


@pytest.fixture
def coach(stack: Stack) -> Iterator[Coach]:
    """A coach, once the system is whole again after the test before."""
    stack.wait_ready()
    with Coach(stack.base_url, stack.coach_key) as client:
        yield client
