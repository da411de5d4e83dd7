"""What the integration tests share: one running system for those that leave it as they found it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Support"))

from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera, load_camera
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc_talk import register


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Five real processes, shared by all tests that neither kill nor reconfigure them."""
    with Stack() as running:
        yield running


@pytest.fixture
def coach(stack: Stack) -> Iterator[Coach]:
    """A coach of the shared stack."""
    with Coach(stack.base_url, stack.coach_key) as client:
        yield client


@pytest.fixture
def phone(stack: Stack) -> Iterator[httpx.Client]:
    """A browser without any credentials."""
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=15) as client:
        yield client


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """A system that the tests of one file may break."""
    with Stack() as running:
        yield running


@pytest.fixture
def own_coach(own_stack: Stack) -> Iterator[Coach]:
    """A coach of that system, once it is whole again after the test before."""
    own_stack.wait_ready()
    with Coach(own_stack.base_url, own_stack.coach_key) as client:
        yield client


@pytest.fixture(scope="session")
def small_camera() -> Camera:
    """The first camera, cut small: for tests that count frames and care about no pose."""
    return load_camera("cam01", 180, 320)


@pytest.fixture
def registration(stack: Stack, coach: Coach) -> dict[str, Any]:
    """A phone with its place in a session of its own."""
    return register(stack, coach.create_session(expected_devices=1, mode="single"))
