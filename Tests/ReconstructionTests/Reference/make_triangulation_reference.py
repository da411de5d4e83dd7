"""Writes triangulation.json: aniposelib's answers that the Triangulate tests are held against.

Needs, in a throw-away environment: aniposelib (PyPI; with jax), opencv, scipy, numpy. Run it in this folder.
"""

import json
import pathlib

import cv2
import numpy as np
from aniposelib.cameras import Camera, CameraGroup
from scipy.optimize import least_squares

HERE = pathlib.Path(__file__).parent
LENS = np.array([-0.046183, 0.139983, 0.000608, 0.00069, 0])
MATRIX = np.array([[1681.2, 0, 533.0], [0, 1681.0, 948.1], [0, 0, 1]])


def camera(index, angle):
    """Stands 4 m from (0, 0, 1), 1.8 m high, and looks at it."""
    position = np.array([4 * np.cos(angle), 4 * np.sin(angle), 1.8])
    forward = np.array([0, 0, 1]) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    turn = np.array([right, np.cross(forward, right), forward])
    return Camera(
        matrix=MATRIX,
        dist=LENS,
        size=(1080, 1920),
        name=f"cam{index + 1}",
        rvec=cv2.Rodrigues(turn)[0].ravel(),
        tvec=-turn @ position,
    )


def optimum(group, pixels, start):
    """The point of least reprojection error."""

    def error(point):
        return (group.project(point[None])[:, 0] - pixels).ravel()

    return least_squares(error, start, xtol=1e-14, ftol=1e-14, gtol=1e-14).x


def main():
    generator = np.random.default_rng(7)
    group = CameraGroup([camera(index, angle) for index, angle in enumerate([0.3, 1.9, 3.4, 5.1])])
    truth = generator.uniform([-0.8, -0.8, 0.1], [0.8, 0.8, 1.9], (24, 3))
    exact = group.project(truth)
    noisy = exact + generator.normal(0, 2, exact.shape)
    wrong = noisy.copy()
    for point in range(len(truth)):
        wrong[point % 4, point] += generator.choice([-1, 1], 2) * generator.uniform(150, 400, 2)
    plain = group.triangulate(noisy)
    ransac = group.triangulate_ransac(wrong)
    cameras = [
        {
            "name": one.get_name(),
            "image_width": 1080,
            "image_height": 1920,
            "focal_px": [MATRIX[0, 0], MATRIX[1, 1]],
            "centre_px": [MATRIX[0, 2], MATRIX[1, 2]],
            "distortion": LENS.tolist(),
            "rotation": cv2.Rodrigues(one.get_rotation())[0].ravel().tolist(),
            "translation_m": one.get_translation().tolist(),
        }
        for one in group.cameras
    ]
    reference = {
        "calibration": json.dumps({"version": 1, "cameras": cameras}),
        "truth": truth.tolist(),
        "exact": exact.tolist(),
        "exact_plain": group.triangulate(exact).tolist(),
        "noisy": noisy.tolist(),
        "noisy_plain": plain.tolist(),
        "noisy_plain_error_px": group.reprojection_error(plain, noisy, mean=True).tolist(),
        "noisy_optimum": [optimum(group, noisy[:, i], plain[i]).tolist() for i in range(len(truth))],
        "wrong": wrong.tolist(),
        "wrong_ransac": ransac[0].tolist(),
    }
    (HERE / "triangulation.json").write_text(json.dumps(reference) + "\n")


main()
