"""Writes footage.json: MediaPipe's landmarks on the four-camera footage of the demo, every fifth frame.

Needs, in a throw-away environment: mediapipe==0.10.14, opencv, numpy, and the unpacked wheel of pose2sim==0.10.49 with
what it imports on PYTHONPATH. Run it in this folder; its argument is the wheel's Demo_SinglePerson folder.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

import cv2
import mediapipe
from Pose2Sim import calibration

HERE = pathlib.Path(__file__).parent
STRIDE = 5


def landmarks(path):
    """Per frame 33 of (x, y, visibility): pixels, the picture's corner is (0, 0). And the picture's size."""
    pose = mediapipe.solutions.pose.Pose(model_complexity=1, smooth_landmarks=False)
    video = cv2.VideoCapture(str(path))
    size = (int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    frames = []
    while True:
        good, picture = video.read()
        if not good:
            return frames, size
        found = pose.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).pose_landmarks.landmark
        frames.append([[round(p.x * size[0], 1), round(p.y * size[1], 1), round(p.visibility, 2)] for p in found])


def main():
    demo = pathlib.Path(sys.argv[1])
    file = demo / "calibration" / "Calib.qca.txt"
    _, names, _, _, matrices, rotations, translations = calibration.calib_qca_fun(str(file))
    cameras, observations = [], []
    elements = ElementTree.parse(file).getroot().findall("cameras/camera")
    read = zip(elements, names, matrices, rotations, translations, strict=True)
    for element, name, matrix, turn, translation in read:
        lens = element.find("intrinsic").attrib
        frames, (width, height) = landmarks(demo / "videos" / f"{name}.mp4")
        observations.append(frames[::STRIDE])
        cameras.append(
            {
                "name": name,
                "image_width": width,
                "image_height": height,
                "focal_px": [matrix[0, 0], matrix[1, 1]],
                "centre_px": [matrix[0, 2], matrix[1, 2]],
                "distortion": [
                    float(lens[key])
                    for key in (
                        "radialDistortion1",
                        "radialDistortion2",
                        "tangentalDistortion1",
                        "tangentalDistortion2",
                        "radialDistortion3",
                    )
                ],
                "rotation": cv2.Rodrigues(turn)[0].ravel().tolist(),
                "translation_m": list(translation),
            }
        )
    reference = {
        "calibration": json.dumps({"version": 1, "cameras": cameras}),
        "frames_per_second": 60 / STRIDE,
        "landmarks": observations,
    }
    (HERE / "footage.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")


main()
