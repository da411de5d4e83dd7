"""Good inputs for the fuzzer to start from, made with the test kit: what phones send, in all the ways that they do."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

from axolotl_kit.wire import encode_frame, fragments
from PIL import Image

WIDTH, HEIGHT = 48, 32


def pictures() -> Iterator[bytes]:
    """Small JPEG files: baseline and progressive, grey and colour, with restart markers, comments and EXIF."""
    source = random.Random(7)
    colour = Image.frombytes("RGB", (WIDTH, HEIGHT), source.randbytes(WIDTH * HEIGHT * 3))
    kinds: list[dict[str, object]] = [
        {},
        {"progressive": True},
        {"optimize": True, "quality": 30},
        {"subsampling": 0},
        {"restart_marker_blocks": 2},
        {"comment": b"a comment"},
        {"exif": b"Exif\0\0" + b"II*\0" + bytes(12)},
    ]
    for picture in (colour, colour.convert("L")):
        for options in kinds:
            file = io.BytesIO()
            picture.save(file, "JPEG", **options)
            yield file.getvalue()


def headers() -> Iterator[bytes]:
    """Whole frames, their headers alone, and fragments."""
    for number, picture in enumerate(pictures(), start=1):
        frame = encode_frame(number, 1_000_000 * number, WIDTH, HEIGHT, picture)
        yield frame
        yield frame[:32]
        yield from fragments(frame, 500)[:2]


def scripts() -> Iterator[bytes]:
    """Steps for the fragments' target (`FragmentsTarget.swift` lists them)."""
    source = random.Random(8)

    def good(sequence: int, length: int, count: int, index: int, kind: int = 1) -> bytes:
        return bytes((kind, sequence - 1, length - 1, count - 1, index))

    yield b"".join(good(1, 200, 4, index) for index in range(4))
    yield good(1, 100, 1, 0)
    yield good(1, 200, 2, 0) + good(1, 200, 2, 0) + good(1, 200, 2, 1, kind=2)
    yield good(2, 90, 3, 0) + bytes((3, 60)) + good(2, 90, 3, 1) + good(2, 90, 3, 2)
    shuffled = [good(sequence, 250, 3, index) for sequence in range(1, 9) for index in range(3)]
    source.shuffle(shuffled)
    yield b"".join(shuffled)
    frame = encode_frame(3, 3, 4, 4, bytes(120))
    yield b"".join(bytes((0, len(part))) + part for part in fragments(frame, 72))


SEEDS = {"header": headers, "fragments": scripts, "jpeg": pictures}
