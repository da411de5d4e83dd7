#!/usr/bin/env python3
"""Times MediaPipe's own Python on a folder of JPEG frames: what Axolotl's frame → 2D pose is compared with.

Needs mediapipe==0.10.14. Prints JSON: milliseconds per frame from JPEG bytes to landmarks, tracking, full model,
without landmark smoothing. The first frame, which searches, is left out.
"""

import json
import pathlib
import statistics
import sys
import time

import cv2
import mediapipe as mp
import numpy as np


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER_OF_JPEGS")
    frames = [np.fromfile(file, np.uint8) for file in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg"))]
    times, found = [], 0
    with mp.solutions.pose.Pose(model_complexity=1, smooth_landmarks=False) as pose:
        for frame in frames:
            start = time.perf_counter()
            image = cv2.cvtColor(cv2.imdecode(frame, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            found += pose.process(image).pose_landmarks is not None
            times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"medianMilliseconds": statistics.median(times[1:]), "frames": len(frames), "found": found}))


if __name__ == "__main__":
    main()
