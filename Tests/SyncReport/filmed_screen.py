"""A screen with the time code, and a camera that films it badly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from axolotl_sync_report import layout
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
#: Pixels per unit of the screen's own picture.
FINENESS = 20


def screen(ms: float) -> Picture:
    """What the page draws at a time, with its white border."""
    size = (layout.HEIGHT + 2 * layout.BORDER) * FINENESS, (layout.WIDTH + 2 * layout.BORDER) * FINENESS
    picture = np.full(size, 255.0)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    for number, (x, y) in layout.MARKERS.items():
        pixels = layout.MARKER_SIZE * FINENESS
        marker = cv2.aruco.generateImageMarker(dictionary, number, pixels)
        left, top = (x + layout.BORDER) * FINENESS, (y + layout.BORDER) * FINENESS
        picture[top : top + pixels, left : left + pixels] = marker
    for top, ahead in zip(layout.WORD_TOPS, (0, layout.STEP_MS / 2), strict=True):
        word = layout.gray(math.floor((ms + ahead) / layout.STEP_MS) % (1 << layout.BITS))
        for cell in range(layout.BITS):
            is_set = word >> (layout.BITS - 1 - cell) & 1
            _darken(
                picture,
                cell * layout.CELL_WIDTH,
                top + (0 if is_set else layout.CELL_HEIGHT),
                layout.CELL_WIDTH,
                layout.CELL_HEIGHT,
            )
    begin = ms % layout.FINE_MS / layout.FINE_MS
    for top in layout.STRIP_TOPS:
        for turn in (-1, 0, 1):
            left = max(begin + turn, -layout.STRIP_BEYOND / layout.STRIP_WIDTH)
            right = min(begin + turn + 0.5, 1 + layout.STRIP_BEYOND / layout.STRIP_WIDTH)
            if right > left:
                x = layout.STRIP_LEFT + left * layout.STRIP_WIDTH
                _darken(picture, x, top, (right - left) * layout.STRIP_WIDTH, layout.STRIP_HEIGHT)
    return picture.clip(0, 255).astype(np.uint8)


def _darken(picture: NDArray[np.float64], x: float, y: float, width: float, height: float) -> None:
    """Takes away light; a pixel covered in part becomes grey in part. Vertical edges lie on whole pixels."""
    top, bottom = round((y + layout.BORDER) * FINENESS), round((y + height + layout.BORDER) * FINENESS)
    columns = np.arange(picture.shape[1])
    left, right = (x + layout.BORDER) * FINENESS, (x + width + layout.BORDER) * FINENESS
    covered = (np.minimum(columns + 1, right) - np.maximum(columns, left)).clip(0, 1)
    picture[top:bottom] -= 255 * covered


@dataclass(frozen=True)
class Camera:
    """How a picture comes about."""

    width: int = 720
    height: int = 1280
    #: Share of the picture's width that the screen takes.
    share: float = 0.6
    #: How far the screen's corners are drawn in, as a share of its width: perspective.
    keystone: float = 0.0
    turn_degrees: float = 0.0
    exposure_ms: float = 0.0
    #: Changes of the screen, 0: as often as one looks.
    refresh_ms: float = 0.0
    #: Time between the first and the last row of the picture.
    readout_ms: float = 0.0
    blur_px: float = 0.0
    noise: float = 0.0
    black: float = 0.0
    white: float = 255.0
    gamma: float = 1.0
    jpeg_quality: int = 0

    def take(self, ms: float, seed: int = 1) -> Picture:
        """The picture whose middle row's exposure has its middle at `ms`."""
        random = np.random.default_rng(seed)
        rows = np.arange(self.height)
        middles = ms + self.readout_ms * ((rows + 0.5) / self.height - 0.5)
        picture = np.zeros((self.height, self.width))
        shots = self._shots(float(middles[0]), float(middles[-1]))
        for begin, end, shown in shots:
            lit = np.minimum(end, middles + self.exposure_ms / 2) - np.maximum(begin, middles - self.exposure_ms / 2)
            share = (
                lit.clip(0) / max(self.exposure_ms, 1e-9) if self.exposure_ms else (begin <= middles) & (middles < end)
            )
            if np.any(share):
                picture += np.asarray(share, np.float64)[:, None] * self._seen(shown)
        # The camera adds light, then its tone curve bends it.
        picture = 255 * (picture.clip(0, 255) / 255) ** self.gamma
        if self.blur_px:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur_px)
        picture = (
            self.black + picture * (self.white - self.black) / 255 + random.normal(0, self.noise or 1e-9, picture.shape)
        )
        grey = picture.clip(0, 255).astype(np.uint8)
        if not self.jpeg_quality:
            return grey
        _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    def _shots(self, first: float, last: float) -> list[tuple[float, float, float]]:
        """Begin, end and time shown of all that the screen shows while the picture is taken."""
        begin, end = first - self.exposure_ms / 2, last + self.exposure_ms / 2
        if not self.refresh_ms:
            # A screen that changes all the time, in small steps.
            count = max(1, round((end - begin) / (1.5 if self.exposure_ms else 0.5)))
            edges = np.linspace(begin, max(end, begin + 1e-6), count + 1)
            return [
                (float(a), float(b) + (1e-3 if b == edges[-1] else 0), float((a + b) / 2)) for a, b in pairwise(edges)
            ]
        first_change = math.floor(begin / self.refresh_ms)
        count = math.floor(end / self.refresh_ms) - first_change + 1
        return [
            (
                (first_change + i) * self.refresh_ms,
                (first_change + i + 1) * self.refresh_ms,
                (first_change + i) * self.refresh_ms,
            )
            for i in range(count)
        ]

    def _seen(self, ms: float) -> NDArray[np.float64]:
        """The screen's picture in the camera's, on a grey wall."""
        source = screen(ms)
        over = 3
        height, width = source.shape
        half = self.share * self.width * over / 2
        tall = half * height / width
        corners = np.array([(-half, -tall), (half, -tall), (half, tall), (-half, tall)])
        corners[1, 1] *= 1 - self.keystone
        corners[2, 1] *= 1 - self.keystone
        angle = math.radians(self.turn_degrees)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        target = corners @ turn.T + np.array([self.width * over / 2, self.height * over / 2])
        whole = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        # Edges of pixels are half a pixel from their middles.
        matrix = cv2.getPerspectiveTransform(whole - 0.5, (target - 0.5).astype(np.float32))
        large = cv2.warpPerspective(
            source, matrix, (self.width * over, self.height * over), flags=cv2.INTER_AREA, borderValue=128
        )
        return cv2.resize(large, (self.width, self.height), interpolation=cv2.INTER_AREA).astype(np.float64)
