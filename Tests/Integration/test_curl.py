"""HTTP uploads by a client that nobody here wrote: curl, as anybody would type it."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.coach import Coach
from axolotl_kit.footage import Camera
from axolotl_kit.stack import Stack
from axolotl_kit.webrtc_talk import recorded_payloads
from PIL import Image


def curl(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of an answer."""
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", "20", "--write-out", "\n%{http_code}"]
    output = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=30, check=True).stdout
    body, _, status = output.rpartition("\n")
    return int(status), json.loads(body)


class CurlPhone:
    """A phone that is a shell script."""

    def __init__(self, stack: Stack, session: dict[str, Any]) -> None:
        self.api = f"{stack.base_url}/api/pairing"
        body = {"token": session["pairing_token"], "device_id": "script", "metadata": {}}
        status, place = curl("--json", json.dumps(body), f"{self.api}/register_device")
        assert status == 200 and place["registered"] is True
        self.authorization = f"Authorization: Bearer {place['device_token']}"

    def upload(self, sequence: int, *body: str) -> tuple[int, dict[str, Any]]:
        address = f"{self.api}/upload_frame?seq={sequence}&ts_device_us={true_now_us()}"
        return curl("--header", self.authorization, *body, address)


@pytest.fixture
def script(stack: Stack, coach: Coach) -> tuple[CurlPhone, str]:
    session = coach.create_session(expected_devices=1, mode="single")
    return CurlPhone(stack, session), session["session_id"]


def test_frames_by_curl_are_recorded_exactly(
    stack: Stack, small_camera: Camera, script: tuple[CurlPhone, str], tmp_path: Path
) -> None:
    phone, session = script
    pictures = list(small_camera.pictures[:3])
    # So large that curl asks first (`Expect: 100-continue`).
    noise = np.random.default_rng(1).integers(0, 256, (1000, 1400, 3), dtype=np.uint8)
    large = io.BytesIO()
    Image.fromarray(noise).save(large, "JPEG", quality=95)
    assert len(large.getvalue()) > 1 << 20
    pictures.append(large.getvalue())
    files = []
    for number, picture in enumerate(pictures, start=1):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(picture)
        files.append(file)

    for number, file in enumerate(files, start=1):
        raw = ("--data-binary", f"@{file}", "--header", "Content-Type: image/jpeg")
        multipart = ("--form", f"frame=@{file};type=image/jpeg")
        status, answer = phone.upload(number, *(raw if number % 2 else multipart))
        assert status == 200, answer
    # The same frame again is no new one.
    status, answer = phone.upload(1, "--form", f"frame=@{files[0]};type=image/jpeg")
    assert status == 200, answer
    stack.wait("the recording", lambda: len(recorded_payloads(stack, session, "script")) == len(pictures), 10)
    assert recorded_payloads(stack, session, "script") == list(enumerate(pictures, start=1))


def test_what_curl_sends_wrongly_is_refused_in_words(
    small_camera: Camera, script: tuple[CurlPhone, str], tmp_path: Path
) -> None:
    phone, _ = script
    file = tmp_path / "cut.jpg"
    file.write_bytes(small_camera.pictures[0][:-500])
    status, problem = phone.upload(1, "--data-binary", f"@{file}", "--header", "Content-Type: image/jpeg")
    assert status == 400 and problem["code"] and len(problem["detail"]) > 20
    status, problem = phone.upload(1, "--form", "frame=no picture;type=image/jpeg")
    assert status == 400 and problem["code"]
    status, problem = phone.upload(1, "--data", "a=b")
    assert status == 400 and problem["code"]
