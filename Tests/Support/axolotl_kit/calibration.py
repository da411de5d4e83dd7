"""A calibration that is good for tests that do not look at the poses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def plain_calibration(devices: Iterable[str] = ("a", "b")) -> dict[str, Any]:
    """Cameras of these names in a row, 180 by 320 pixels, in Axolotl's JSON form (PROTOCOL.md)."""
    lens = {
        "image_width": 180,
        "image_height": 320,
        "focal_px": [250, 250],
        "centre_px": [90, 160],
        "distortion": [0] * 5,
        "rotation": [1, 0, 0, 0, 1, 0, 0, 0, 1],
    }
    cameras = [lens | {"name": name, "translation_m": [x, 0, 3]} for x, name in enumerate(devices)]
    return {"version": 1, "world_up": "z", "cameras": cameras}
