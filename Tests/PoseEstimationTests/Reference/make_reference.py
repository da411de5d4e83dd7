#!/usr/bin/env python3
"""Makes the landmarks that the tests compare with: MediaPipe's own, on the same frames.

Needs ffmpeg and the wheel mediapipe==0.10.14, best in a throw-away environment:

    python3 -m venv /some/where && /some/where/bin/pip install mediapipe==0.10.14
    /some/where/bin/python make_reference.py FOOTAGE_FOLDER

FOOTAGE_FOLDER holds cam01.mp4 … cam04.mp4 (`.deps/footage` after `make setup`). Two modes per camera, neither with
landmark smoothing: `static` (the detector on every frame; every 10th frame) and `tracking` (all frames in order, as
30 fps video: MediaPipe's Python counts 33,333 µs per frame). The output, one JSON file per camera beside this script,
lists x, y, visibility for each of the 33 landmarks, in pixels of a frame 720 wide and 1280 high; null where nobody
was found. For single frames it also lists the 33 world landmarks, in metres.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import mediapipe as mp

HERE = pathlib.Path(__file__).resolve().parent
CAMERAS = ["cam01", "cam02", "cam03", "cam04"]
STATIC_EVERY = 10


def landmarks(result, width, height):
    if result.pose_landmarks is None:
        return None
    points = result.pose_landmarks.landmark
    return [[round(p.x * width, 2), round(p.y * height, 2), round(p.visibility, 3)] for p in points]


def world_landmarks(result):
    if result.pose_world_landmarks is None:
        return None
    points = result.pose_world_landmarks.landmark
    return [[round(p.x, 4), round(p.y, 4), round(p.z, 4)] for p in points]


def pose(static):
    return mp.solutions.pose.Pose(static_image_mode=static, model_complexity=1, smooth_landmarks=False)


def reference(video, folder):
    subprocess.run([HERE / "extract_frames.sh", video, folder], check=True)
    files = sorted(folder.glob("*.jpg"))
    tracking, static, world = [], {}, {}
    with pose(static=False) as tracker, pose(static=True) as detector:
        for index, file in enumerate(files):
            image = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
            height, width = image.shape[:2]
            tracking.append(landmarks(tracker.process(image), width, height))
            if index % STATIC_EVERY == 0:
                result = detector.process(image)
                static[str(index)] = landmarks(result, width, height)
                world[str(index)] = world_landmarks(result)
    return {
        "frames": len(files),
        "mediapipe": mp.__version__,
        "tracking": tracking,
        "static": static,
        "staticWorld": world,
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for camera in CAMERAS:
        with tempfile.TemporaryDirectory() as folder:
            data = reference(pathlib.Path(sys.argv[1]) / f"{camera}.mp4", pathlib.Path(folder))
        (HERE / f"{camera}.json").write_text(json.dumps(data, separators=(",", ":")) + "\n")
        print(camera, data["frames"], "frames", sum(x is not None for x in data["tracking"]), "with a person")


if __name__ == "__main__":
    main()
