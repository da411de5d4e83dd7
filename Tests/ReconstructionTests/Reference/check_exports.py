"""Reads take-1.trc, .csv and .json with readers that others wrote and compares them with what the take holds.

Needs, in a throw-away environment: numpy, pandas, and the unpacked wheel of pose2sim==0.10.49 with what it imports on
PYTHONPATH. Run it in this folder after changing the golden files.
"""

import json

import numpy as np
import pandas as pd
from Pose2Sim import common


def expected(frame, joint):
    missing = joint == 2 or joint == frame + 30
    return [np.nan] * 3 if missing else [joint + 0.125, -frame - 0.0625, 1.75]


WORLD = np.array([[expected(frame, joint) for joint in range(33)] for frame in range(3)])
Y_UP = WORLD[:, :, [1, 2, 0]]
TIMES = np.arange(3) * 0.033333

data, frames, times, markers, header = common.read_trc("take-1.trc")
assert markers[0] == "nose" and markers[32] == "right_foot_index" and len(markers) == 33
assert list(frames) == [1, 2, 3] and np.allclose(times, TIMES)
assert np.allclose(data.to_numpy().reshape(3, 33, 3), Y_UP, equal_nan=True)
names, rows = common.extract_trc_data("take-1.trc")
assert len(names) == 33 and np.allclose(rows[:, 1:].reshape(3, 33, 3), Y_UP, equal_nan=True)
assert header[2].split("\t") == ["30.00", "30.00", "3", "33", "m", "30.00", "1", "3\n"]

table = pd.read_csv("take-1.csv")
xyz = table[[f"{name}_{axis}_m" for name in markers for axis in "xyz"]].to_numpy().reshape(3, 33, 3)
assert table["frame"].tolist() == [1, 2, 3] and table["utc_us"].iloc[0] == 1_795_593_600_250_000
assert np.allclose(xyz, WORLD, equal_nan=True) and np.allclose(table["time_s"], TIMES)
assert table["left_eye_views"].tolist() == [0, 0, 0] and table["nose_views"].tolist() == [3, 3, 3]

with open("take-1.json") as file:
    document = json.load(file)
found = [[joint["xyz_m"] or [np.nan] * 3 for joint in pose["joints"]] for pose in document["poses"]]
assert np.allclose(np.array(found), WORLD, equal_nan=True)
assert [joint["name"] for joint in document["poses"][0]["joints"]] == markers
print("all three agree")
