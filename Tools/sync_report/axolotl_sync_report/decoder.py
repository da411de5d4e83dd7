"""Finds the time code in a picture and reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from . import layout

Picture = NDArray[np.uint8]

#: Pixels per unit of the picture that the code is straightened into.
SCALE = 8
#: Difference between a cell and its opposite, as a share of white − black, below which a digit is not believed.
SURE = 0.3
#: Strength of the bar in a strip; a sharp bar has 1 / π.
WEAKEST_BAR = 0.12
#: White − black below this many grey levels is not a code.
LEAST_CONTRAST = 30
#: The strips are read at the top and at the bottom; a rolling shutter reads them apart, but not by more than this.
WIDEST_TILT_MS = 40.0


class Unread(Enum):
    """Why a picture gave no time."""

    NOT_A_PICTURE = "not a picture"
    NO_CODE = "no code in sight"
    LOW_CONTRAST = "too dark or too bright"
    BLURRED = "blurred, or too small"
    INCONSISTENT = "words and strips contradict each other"


@dataclass(frozen=True)
class Reading:
    """A time on the screen."""

    #: ms since the clock page was opened, below `layout.WRAP_MS`.
    screen_ms: float
    #: How much later the lower strip was read than the upper one, ms: screen and shutter together.
    tilt_ms: float
    #: Width of the code in the picture, px, and where its middle is, as shares of the picture's size.
    width_px: float
    centre: tuple[float, float]
    #: Share of the strips that is neither black nor white: large where the picture mixes times.
    mixed: float


class Decoder:
    """Reads pictures; keeps nothing from one to the next."""

    def __init__(self) -> None:
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
        self._detector = cv2.aruco.ArucoDetector(dictionary, parameters)

    def read_jpeg(self, data: bytes) -> Reading | Unread:
        """The time that a JPEG picture shows."""
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
        return Unread.NOT_A_PICTURE if picture is None else self.read(picture)

    def read(self, picture: Picture) -> Reading | Unread:
        """The time that a grey picture shows."""
        found = self._locate(picture)
        if found is None:
            return Unread.NO_CODE
        straight = _straighten(picture, found)
        black, white = _levels(straight)
        if white - black < LEAST_CONTRAST:
            return Unread.LOW_CONTRAST
        normal = (straight - black) / (white - black)
        strips = [_strip(normal, top) for top in layout.STRIP_TOPS]
        bars = [_bar(strip) for strip in strips]
        if any(strength < WEAKEST_BAR for _, strength in bars):
            return Unread.BLURRED
        upper, lower = (phase * layout.FINE_MS for phase, _ in bars)
        tilt = _around(lower - upper, layout.FINE_MS)
        if abs(tilt) > WIDEST_TILT_MS:
            return Unread.INCONSISTENT
        coarse = _coarse((upper + tilt / 2) % layout.FINE_MS, [_word(normal, top) for top in layout.WORD_TOPS])
        if not isinstance(coarse, float):
            return coarse
        left, middle, right = (_project(found, x, layout.HEIGHT / 2) for x in (0, layout.WIDTH / 2, layout.WIDTH))
        height, width = picture.shape[:2]
        return Reading(
            screen_ms=coarse,
            tilt_ms=tilt,
            width_px=float(np.hypot(*(right - left))),
            centre=(float(middle[0] / width), float(middle[1] / height)),
            mixed=float(np.mean([(strip > 0.2) & (strip < 0.8) for strip in strips])),
        )

    def _locate(self, picture: Picture) -> NDArray[np.float64] | None:
        """The homography from units to pixels, from at least two markers."""
        corners, ids, _ = self._detector.detectMarkers(picture)
        units, pixels = [], []
        for quad, number in zip(corners, [] if ids is None else ids.ravel(), strict=True):
            if int(number) not in layout.MARKERS:
                continue
            x, y = layout.MARKERS[int(number)]
            size = layout.MARKER_SIZE
            units += [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
            pixels += list(quad.reshape(4, 2))
        if len(units) < 8:
            return None
        homography, _ = cv2.findHomography(np.array(units, np.float64), np.array(pixels, np.float64))
        return None if homography is None else np.asarray(homography, np.float64)


def _straighten(picture: Picture, units_to_pixels: NDArray[np.float64]) -> NDArray[np.float32]:
    """The code with its border seen straight on, `SCALE` pixels per unit; pixel centres stand for their middles."""
    border, half = layout.BORDER, 0.5
    to_units = np.array([[1 / SCALE, 0, half / SCALE - border], [0, 1 / SCALE, half / SCALE - border], [0, 0, 1]])
    size = ((layout.WIDTH + 2 * border) * SCALE, (layout.HEIGHT + 2 * border) * SCALE)
    straight = cv2.warpPerspective(
        picture,
        units_to_pixels @ to_units,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(straight, np.float32)


def _part(straight: NDArray[np.float32], x: float, y: float, width: float, height: float) -> NDArray[np.float32]:
    """A rectangle given in units."""
    x, y = x + layout.BORDER, y + layout.BORDER
    return straight[round(y * SCALE) : round((y + height) * SCALE), round(x * SCALE) : round((x + width) * SCALE)]


def _levels(straight: NDArray[np.float32]) -> tuple[float, float]:
    """What black and white look like in this picture: of the words' cells half are black."""
    top, bottom = layout.WORD_TOPS[0], layout.WORD_TOPS[-1] + 2 * layout.CELL_HEIGHT
    cells = _part(straight, 0, top, layout.WIDTH, bottom - top)
    return float(np.percentile(cells, 10)), float(np.percentile(cells, 90))


def _strip(normal: NDArray[np.float32], top: float) -> NDArray[np.float64]:
    """The brightness along a strip."""
    margin = layout.STRIP_HEIGHT / 4
    part = _part(normal, layout.STRIP_LEFT, top + margin, layout.STRIP_WIDTH, layout.STRIP_HEIGHT - 2 * margin)
    return np.asarray(part.mean(axis=0), np.float64)


def _bar(strip: NDArray[np.float64]) -> tuple[float, float]:
    """Where the bar begins in the strip, in turns, and how strongly it stands out.

    The fundamental of the brightness along the strip: of a picture that mixes several moments it is that of their mean.
    """
    turns = (np.arange(strip.size) + 0.5) / strip.size
    dark = complex(np.mean((1 - strip) * np.exp(2j * np.pi * turns)))
    # The middle of the bar is a quarter of a turn after its beginning.
    return (math.atan2(dark.imag, dark.real) / (2 * math.pi) - 0.25) % 1, abs(dark)


def _word(normal: NDArray[np.float32], top: float) -> NDArray[np.float64]:
    """For each digit, highest first, how surely it is set: 1 surely, −1 surely not."""

    def row(y: float) -> NDArray[np.float64]:
        margin_x, margin_y = layout.CELL_WIDTH / 4, layout.CELL_HEIGHT / 4
        cells = [
            _part(
                normal,
                index * layout.CELL_WIDTH + margin_x,
                y + margin_y,
                layout.CELL_WIDTH - 2 * margin_x,
                layout.CELL_HEIGHT - 2 * margin_y,
            ).mean()
            for index in range(layout.BITS)
        ]
        return np.array(cells, np.float64)

    return row(top + layout.CELL_HEIGHT) - row(top)


def _coarse(fine_ms: float, words: list[NDArray[np.float64]]) -> float | Unread:
    """The whole time: of the two words the one that is at rest at this phase, checked by the other one."""
    step = layout.STEP_MS
    ahead = [0.0, step / 2]
    resting = min((0, 1), key=lambda index: abs((fine_ms + ahead[index]) % step - step / 2))
    sure = words[resting]
    if np.min(np.abs(sure)) < SURE:
        return Unread.BLURRED
    number = layout.ungray(int("".join("1" if digit > 0 else "0" for digit in sure), 2))
    shifted = (fine_ms + ahead[resting]) % layout.FINE_MS
    if number % 2 != int(shifted // step):
        return Unread.INCONSISTENT
    # The other word has this number or is about to have its neighbour: which digit changes then is known.
    neighbour = (number + (1 if resting == 0 else -1)) % (1 << layout.BITS)
    changing = layout.gray(number) ^ layout.gray(neighbour)
    for index, digit in enumerate(words[1 - resting]):
        mask = 1 << (layout.BITS - 1 - index)
        expected = 1 if layout.gray(number) & mask else -1
        if not changing & mask and digit * expected < SURE:
            return Unread.INCONSISTENT
    return (number * step + shifted % step - ahead[resting]) % layout.WRAP_MS


def _around(value: float, period: float) -> float:
    """The value nearest to zero among those a whole number of periods away."""
    return (value + period / 2) % period - period / 2


def _project(units_to_pixels: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    point = units_to_pixels @ np.array([x, y, 1.0])
    return np.asarray(point[:2] / point[2], np.float64)
