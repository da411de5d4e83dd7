"""Everything that can break is broken while a phone of each transport streams: afterwards every frame is recorded once.

Each test enters its rows into the matrix before it judges them.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.fault_matrix import FaultMatrix, FaultRow
from axolotl_kit.footage import Camera, load_camera
from axolotl_kit.phone import SimulatedPhone
from axolotl_kit.radio import Radio
from axolotl_kit.recordings import read_session
from axolotl_kit.rig import Rig
from axolotl_kit.roaming import KINDS, RoamingPhone, beginning_with
from axolotl_kit.stack import Stack

FPS = 15
#: Very small pictures: what is tested is the services, not how much Python carries on a busy machine.
SIZE = (90, 160)
#: Which processes are a service's; every phone has its frames on one of the instances.
PROCESSES = {
    "token-svc": ["token-svc"],
    "session-svc": ["session-svc"],
    "edge-gateway": ["edge-gateway"],
    "stream-svc": ["stream-svc-1", "stream-svc-2"],
    "api-front": ["api-front"],
}
#: Transports that cannot do without a service: their frames wait. Those of the others flow on.
NEEDED_BY = {
    "stream-svc": {"webrtc", "websocket", "http"},
    "api-front": {"websocket", "http"},
    # Each upload is a request of its own, whose token is verified anew every 0.8 s.
    "token-svc": {"http"},
}
CUT_SECONDS = 5
#: A phone gives each attempt at WebRTC 15 s, the first of which a new stream-svc may need to load GStreamer.
PATIENCE_SECONDS = 60


@dataclasses.dataclass
class Scene:
    """A system with phones that film, and what to enter into the matrix."""

    stack: Stack
    coach: Coach
    camera: Camera
    matrix: FaultMatrix

    @contextlib.asynccontextmanager
    async def filming(
        self, fault: str, kinds: Sequence[type[SimulatedPhone]], labels: Sequence[str] = tuple(KINDS)
    ) -> AsyncIterator[tuple[Rig, Radio]]:
        """Phones that stream within the block. After it they stop, and every frame must be on disk."""
        async with (
            Radio(self.stack.port) as radio,
            Rig(self.stack, self.coach, [self.camera] * len(kinds), FPS, SIZE, kind=kinds, radio=radio) as rig,
        ):
            rig.start_filming()
            await rig.until_acknowledged(FPS, PATIENCE_SECONDS)
            yield rig, radio
            await rig.until_acknowledged(FPS, PATIENCE_SECONDS)
            await rig.stop_filming(60)
            recordings = await asyncio.to_thread(read_session, self.stack.recordings / rig.session_id)
            each = len(kinds) // len(labels)
            rows = [
                FaultRow.of(fault, label, rig.phones[place * each : (place + 1) * each], recordings)
                for place, label in enumerate(labels)
            ]
            self.matrix.rows += rows
            for row in rows:
                assert row.is_good, row


@pytest.fixture(scope="session")
def small_camera() -> Camera:
    """The first camera."""
    return load_camera("cam01", *SIZE)


@pytest.fixture
def scene(stack: Stack, coach: Coach, small_camera: Camera, matrix: FaultMatrix) -> Iterator[Scene]:
    """The system is whole again afterwards: the next test's coach waits for that."""
    yield Scene(stack, coach, small_camera, matrix)


@pytest.mark.parametrize("service", PROCESSES)
def test_a_service_is_killed(scene: Scene, service: str) -> None:
    stack = scene.stack

    async def scenario() -> None:
        async with scene.filming(f"SIGKILL {service}", list(KINDS.values())) as (rig, _):
            killed = {name: stack.kill(name, signal.SIGKILL) for name in PROCESSES[service]}
            for name, pid in killed.items():
                await asyncio.to_thread(stack.wait_restarted, name, pid)
        registered = scene.coach.status(rig.session_id)["devices"]
        assert {each["device_id"] for each in registered} == {phone.device_id for phone in rig.phones}

    asyncio.run(scenario())


@pytest.mark.parametrize("service", PROCESSES)
def test_a_service_is_suspended(scene: Scene, service: str) -> None:
    stack = scene.stack

    async def scenario() -> None:
        async with scene.filming(f"SIGSTOP {service}", list(KINDS.values())) as (rig, _):
            waiting = [
                phone for phone, kind in zip(rig.phones, KINDS, strict=True) if kind in NEEDED_BY.get(service, ())
            ]
            flowing = [phone for phone in rig.phones if phone not in waiting]
            goals = [(phone, phone.statistics.acknowledged + 2 * FPS) for phone in flowing]
            for name in PROCESSES[service]:
                stack.kill(name, signal.SIGSTOP)
            try:
                await rig.until("frames to pile up", lambda: all(len(phone.buffer) > 2 * FPS for phone in waiting))
                await rig.until(
                    "frames to flow on", lambda: all(phone.statistics.acknowledged > goal for phone, goal in goals)
                )
            finally:
                for name in PROCESSES[service]:
                    stack.kill(name, signal.SIGCONT)

    asyncio.run(scenario())


def test_the_link_is_cut(scene: Scene) -> None:
    async def scenario() -> None:
        async with scene.filming(f"link cut for {CUT_SECONDS} s", list(KINDS.values())) as (rig, radio):
            radio.cut()
            held = [len(phone.buffer) for phone in rig.phones]
            await asyncio.sleep(CUT_SECONDS)
            # Nothing came through, or nothing was cut.
            least = FPS * (CUT_SECONDS - 1)
            await rig.until(
                "frames to be held",
                lambda: all(
                    len(phone.buffer) - before >= least for phone, before in zip(rig.phones, held, strict=True)
                ),
            )
            radio.restore()

    asyncio.run(scenario())


SWITCHES = {"webrtc": "websocket", "websocket": "http", "http": "webrtc"}


def test_the_transport_is_switched(scene: Scene) -> None:
    labels = [f"{before} → {after}" for before, after in SWITCHES.items()]

    async def scenario() -> None:
        kinds = [beginning_with(transport) for transport in SWITCHES]
        async with scene.filming("transport switched", kinds, labels) as (rig, _):
            for phone in rig.phones:
                assert isinstance(phone, RoamingPhone)
                phone.switch(SWITCHES[phone.transport])
            await rig.until_acknowledged(FPS, PATIENCE_SECONDS)

            def have_arrived() -> bool:
                devices = scene.coach.status(rig.session_id)["devices"]
                return [each["transport"] for each in devices] == list(SWITCHES.values())

            await asyncio.to_thread(scene.stack.wait, "the new transports", have_arrived, 10)

    asyncio.run(scenario())


def test_another_instance_takes_over(scene: Scene) -> None:
    """Two sessions, so that there is a phone of each transport on each instance."""
    fault = "stream-svc-1 stays away"
    sessions = [list(KINDS), list(KINDS)]

    async def scenario() -> None:
        async with (
            scene.filming(fault, list(KINDS.values()), sessions[0]) as (one, _),
            scene.filming(fault, list(KINDS.values()), sessions[1]) as (other, _),
        ):
            rigs = (one, other)
            # Phones more patient than pages are, so that it is seen whether api-front moves an open connection.
            for phone in one.phones + other.phones:
                phone.settings = dataclasses.replace(phone.settings, silence=30, stall=15)

            def instances(rig: Rig) -> list[int]:
                return [each["instance"] for each in scene.coach.status(rig.session_id)["devices"]]

            before = [instances(rig) for rig in rigs]
            for labels, places in zip(sessions, before, strict=True):
                labels[:] = [
                    f"{kind}, {'moves' if at == 1 else 'stays'}" for kind, at in zip(KINDS, places, strict=True)
                ]
            assert all({*pair} == {1, 2} for pair in zip(*before, strict=True)), before
            await asyncio.to_thread(scene.stack.take_down, "stream-svc-1")
            try:
                for rig in rigs:
                    await rig.until_acknowledged(FPS, PATIENCE_SECONDS)
                    assert set(instances(rig)) == {2}
                # Phones with a WebSocket have not even noticed.
                sockets = [rig.phones[list(KINDS).index("websocket")] for rig in rigs]
                assert [phone.statistics.connections for phone in sockets] == [1, 1]
            finally:
                await asyncio.to_thread(scene.stack.bring_back, "stream-svc-1")

    asyncio.run(scenario())
