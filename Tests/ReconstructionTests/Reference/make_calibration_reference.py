"""Writes lens.json and qualisys.json: OpenCV's and Pose2Sim's answers that the Calibrate tests are held against.

Needs, in a throw-away environment: opencv-python-headless, numpy, pose2sim==0.10.49 (or its unpacked wheel on
PYTHONPATH with lxml, pandas, scipy, rtoml, c3d, anytree). Run it in this folder.
"""

import json
import pathlib
import tempfile

import cv2
import numpy as np
from Pose2Sim import calibration

HERE = pathlib.Path(__file__).parent


def rotation(x, y, z):
    return cv2.Rodrigues(np.array([x, y, z], dtype=float))[0]


def lens():
    """Points through OpenCV's lens model and back, for lenses from mild to strong."""
    generator = np.random.default_rng(1)
    lenses = [
        [0, 0, 0, 0, 0],
        [-0.046183, 0.139983, 0.000608, 0.00069, 0],
        [0.12, -0.25, 0.001, -0.0005, 0.05],
        [-0.28, 0.09, -0.0012, 0.0007, -0.01],
    ]
    cases = []
    for coefficients in lenses:
        ideal = generator.uniform(-0.5, 0.5, (12, 2))
        imaged, _ = cv2.projectPoints(
            np.c_[ideal, np.ones(12)], np.zeros(3), np.zeros(3), np.eye(3), np.array(coefficients)
        )
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-14)
        back = cv2.undistortPoints(imaged, np.eye(3), np.array(coefficients), criteria=criteria)
        cases.append(
            {
                "coefficients": coefficients,
                "ideal": ideal.tolist(),
                "imaged": imaged.reshape(-1, 2).tolist(),
                "undistorted": back.reshape(-1, 2).tolist(),
            }
        )
    return cases


CAMERA = """    <camera active="{active}" avg-residual="0.4" model="{model}" serial="{name}" viewrotation="0">
      <fov_video bottom="1919" left="{left}" right="1087" top="{top}"/>
      <transform {rotation} x="{x}" y="{y}" z="{z}"/>
      <intrinsic centerPointU="34110.3" centerPointV="60680.7" focalLengthU="107599.6" focalLengthV="107588.8"
        radialDistortion1="-0.046183" radialDistortion2="0.139983" radialDistortion3="0.0" skew="0.0"
        sensorMaxU="69568" sensorMaxV="122816" sensorMinU="0.0" sensorMinV="0.0"
        tangentalDistortion1="0.000608" tangentalDistortion2="0.00069"/>
    </camera>"""


def qualisys():
    """A made-up rig in Qualisys' form, and what Pose2Sim reads from it (its lens excepted, see QualisysCalibration)."""
    cameras = []
    for index, (name, model, active) in enumerate(
        [("cam01", "none", 1), ("cam02", "Miqus Video", 1), ("cam03", "Miqus M3", 1), ("cam04", "none", 1)]
    ):
        matrix = rotation(0.3 + 0.4 * index, -1.1 + 0.7 * index, 0.2 * index)
        numbers = " ".join(f'r{i + 1}{j + 1}="{matrix[i, j]:.16f}"' for i in range(3) for j in range(3))
        cameras.append(
            CAMERA.format(
                name=name,
                model=model,
                active=active,
                rotation=numbers,
                left=8 * index,
                top=4 * index,
                x=1460.2 - 900 * index,
                y=-1909.1 + 700 * index,
                z=1896.5,
            )
        )
    text = "<?xml version='1.0' encoding='ASCII'?>\n<calibration source=\"made up\">\n  <cameras>\n"
    text += "\n".join(cameras) + "\n  </cameras>\n</calibration>\n"
    with tempfile.NamedTemporaryFile("w", suffix=".qca.txt") as file:
        file.write(text)
        file.flush()
        _, names, sizes, _, matrices, rotations, translations = calibration.calib_qca_fun(file.name)
    expected = [
        {
            "name": name,
            "size": [int(side) for side in size],
            "focal": [matrix[0, 0], matrix[1, 1]],
            "centre": [matrix[0, 2], matrix[1, 2]],
            "rotation": cv2.Rodrigues(turn)[0].reshape(-1).tolist(),
            "translation": list(translation),
        }
        for name, size, matrix, turn, translation in zip(names, sizes, matrices, rotations, translations, strict=True)
    ]
    return {"document": text, "cameras": expected}


(HERE / "lens.json").write_text(json.dumps(lens()) + "\n")
(HERE / "qualisys.json").write_text(json.dumps(qualisys()) + "\n")
