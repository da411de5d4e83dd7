"""The time code's layout (PROTOCOL.md, "Time code"), written down independently of the page that draws it.

Units: the code is 40 × 28 units, the origin its top left corner, without the white border of 2 units.
"""

from __future__ import annotations

WIDTH, HEIGHT, BORDER = 40, 28, 2

#: ArUco DICT_4X4_50: marker id → its top left corner. Each is 6 units wide.
MARKER_SIZE = 6
MARKERS = {0: (0, 0), 1: (34, 0), 2: (34, 22), 3: (0, 22)}

#: Two words of 16 cells, each with its opposite below it.
BITS = 16
STEP_MS = 64
WRAP_MS = STEP_MS << BITS
CELL_WIDTH, CELL_HEIGHT = 2.5, 3
WORD_TOPS = (8, 14)

#: Two strips through which a bar of half their length runs once in 128 ms.
FINE_MS = 128
STRIP_LEFT, STRIP_WIDTH, STRIP_BEYOND, STRIP_HEIGHT = 8, 24, 1, 4
STRIP_TOPS = (1, 23)


def gray(number: int) -> int:
    """Reflected binary."""
    return number ^ (number >> 1)


def ungray(word: int) -> int:
    """The number whose reflected binary `word` is."""
    number = 0
    while word:
        number ^= word
        word >>= 1
    return number
