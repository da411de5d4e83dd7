"""How long aniposelib takes for one set of 33 joints from four cameras: the same points as TriangulationBench.swift.

Needs aniposelib (PyPI). Prints JSON: microseconds for one set, plain and with RANSAC.
"""

import argparse
import json
import pathlib
import time

import cv2
import numpy as np
from aniposelib.cameras import Camera, CameraGroup

REFERENCE = pathlib.Path(__file__).parents[1] / "ReconstructionTests" / "Reference" / "footage.json"


def camera(model):
    (fx, fy), (cx, cy) = model["focal_px"], model["centre_px"]
    return Camera(
        matrix=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]),
        dist=np.array(model["distortion"]),
        size=(model["image_width"], model["image_height"]),
        name=model["name"],
        rvec=cv2.Rodrigues(np.array(model["rotation"]).reshape(3, 3))[0].ravel(),
        tvec=np.array(model["translation_m"]),
    )


def microseconds(work, frames):
    """The median over frames, after one for warming up: aniposelib compiles at its first call."""
    work(frames[0])
    durations = []
    for points in frames:
        start = time.perf_counter()
        work(points)
        durations.append(time.perf_counter() - start)
    return float(np.median(durations) * 1e6)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=20, help="how many frames to measure")
    arguments = parser.parse_args()
    reference = json.loads(REFERENCE.read_text())
    group = CameraGroup([camera(model) for model in json.loads(reference["calibration"])["cameras"]])
    landmarks = np.array(reference["landmarks"])[..., :2] - 0.5
    frames = [np.ascontiguousarray(landmarks[:, frame]) for frame in range(landmarks.shape[1])][: arguments.frames]
    print(
        json.dumps(
            {
                "plainMicroseconds": round(microseconds(group.triangulate, frames)),
                "ransacMicroseconds": round(microseconds(group.triangulate_ransac, frames[:5])),
            }
        )
    )


main()
