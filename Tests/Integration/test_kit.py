"""The test kit itself: what the other tests trust must be right first."""

from __future__ import annotations

import random
import struct
import zlib

import pytest
from axolotl_kit.clock import DeviceClock
from axolotl_kit.footage import Camera, playback, there_and_back
from axolotl_kit.frame_buffer import FrameBuffer
from axolotl_kit.recording_index import IndexFault, read_index
from axolotl_kit.wire import FRAME_HEADER, encode_frame


def drained(buffer: FrameBuffer, now: float = 0) -> list[bytes]:
    """All that the buffer wants sent, in its order."""
    sent = []
    while (message := buffer.next(now)) is not None:
        sent.append(message)
    return sent


def test_a_frame_is_sent_once_and_held_until_acknowledged() -> None:
    buffer = FrameBuffer()
    for sequence in (1, 2, 3):
        buffer.add(sequence, bytes([sequence]))
    assert drained(buffer) == [b"\1", b"\2", b"\3"]
    assert (len(buffer), buffer.bytes_held, buffer.oldest) == (3, 3, 1)
    assert buffer.acknowledge(2) == 2
    assert buffer.acknowledge(2) == 0
    assert (len(buffer), buffer.bytes_held, buffer.oldest) == (1, 1, 3)


def test_after_a_break_live_frames_go_first_and_missing_ones_in_between() -> None:
    buffer = FrameBuffer()
    for sequence in (1, 2, 3, 4):
        buffer.add(sequence, bytes([sequence]))
    drained(buffer)
    buffer.acknowledge(1)
    buffer.resume()
    buffer.add(5, b"\5")
    buffer.add(6, b"\6")
    assert drained(buffer) == [b"\5", b"\2", b"\6", b"\3", b"\4"]


def test_what_was_lost_is_sent_again_and_nothing_else() -> None:
    buffer = FrameBuffer()
    for sequence in (1, 2, 3):
        buffer.add(sequence, bytes([sequence]))
        assert drained(buffer, now=sequence) == [bytes([sequence])]
    buffer.acknowledge(1)
    buffer.add(4, b"\4")
    # 1 is on disk, 3 was sent just now, 4 not yet.
    assert buffer.resend(sent_before=3) and not buffer.resend(sent_before=3)
    assert drained(buffer, now=5) == [b"\2", b"\4"]
    assert not buffer.resend(sent_before=3)
    assert buffer.resend(sent_before=6)
    assert drained(buffer, now=7) == [b"\2", b"\3", b"\4"]


@pytest.mark.parametrize("limits", [{"maximum_frames": 3}, {"maximum_bytes": 30}])
def test_on_overflow_the_oldest_go_and_are_told_until_acknowledged(limits: dict[str, int]) -> None:
    buffer = FrameBuffer(**limits)
    gone = [buffer.add(sequence, b"0123456789") for sequence in range(1, 6)]
    assert gone == [0, 0, 0, 1, 1]
    assert buffer.dropped == [(1, 2)]
    assert len(drained(buffer)) == 3
    buffer.acknowledge(2)
    assert buffer.dropped == []
    assert buffer.bytes_held == 30


def test_a_single_frame_beyond_the_limit_is_still_held() -> None:
    buffer = FrameBuffer(maximum_bytes=5)
    assert buffer.add(1, b"0123456789") == 0
    assert len(buffer) == 1


def test_the_loop_shows_neither_end_twice_in_a_row() -> None:
    shown = [there_and_back(step, 4) for step in range(13)]
    assert shown == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0]


def test_playback_runs_at_true_speed_with_its_own_phase() -> None:
    camera = Camera("any", tuple(bytes([number]) for number in range(100)))
    shots = list(playback(camera, 15, 2, 1.0))
    assert len(shots) == 15
    assert shots[0].at_us == pytest.approx(2e6 / 60)
    assert shots[1].at_us - shots[0].at_us == pytest.approx(1e6 / 15)
    assert [shot.picture[0] for shot in shots[:3]] == [2, 6, 10]


def test_a_wrong_clock_runs_at_its_own_rate() -> None:
    clock = DeviceClock(offset_us=-3_000_000, rate_ppm=40, origin_us=0, resolution_us=1)
    assert clock.at(0) == -3_000_000
    assert clock.at(100_000_000) == 97_004_000


def test_a_wrong_clock_is_as_coarse_as_a_browser() -> None:
    clock = DeviceClock.wrong(random.Random(1), origin_us=0)
    assert clock.at(123_456_789) % 100 == 0
    assert 2_000_000 <= abs(clock.offset_us) <= 20_000_000
    assert abs(clock.rate_ppm) <= 50


def test_a_frame_has_the_published_layout() -> None:
    message = encode_frame(7, -5, 720, 1280, b"payload")
    assert message.hex() == ("415846310101d0020005000007000000fbffffffffffffff0700000000000100") + b"payload".hex()
    assert FRAME_HEADER.size == 32


def index_with(sequences: list[int]) -> bytes:
    """An index file as PROTOCOL.md describes it."""
    header = struct.pack("<4sBBHqq16sQ12s", b"AXI1", 1, 0, 1, 5, 6, bytes(16), 500, bytes(12))
    data = header + struct.pack("<I", zlib.crc32(header))
    for sequence in sequences:
        record = struct.pack("<IHHqqIIQI", sequence, 720, 1280, 11, 22, 33, 44, 500 + sequence, 0)
        data += record + struct.pack("<I", zlib.crc32(record))
    return data


def test_an_index_is_read_up_to_a_record_cut_short() -> None:
    data = index_with([1, 2, 3])
    assert [entry.sequence for entry in read_index(data)] == [1, 2, 3]
    assert [entry.sequence for entry in read_index(data[:-1])] == [1, 2]
    assert read_index(data)[0].bound_us == 33


@pytest.mark.parametrize("byte", [0, 4, 20, 64, 100])
def test_a_wrong_byte_in_an_index_is_seen(byte: int) -> None:
    data = bytearray(index_with([1, 2, 3]))
    data[byte] ^= 0x10
    with pytest.raises(IndexFault):
        read_index(bytes(data))
