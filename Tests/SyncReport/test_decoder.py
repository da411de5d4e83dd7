"""The time code, read from pictures as bad as phones take them."""

from __future__ import annotations

import numpy as np
import pytest
from axolotl_sync_report import layout
from axolotl_sync_report.camera import VISIBLY_MIXED
from axolotl_sync_report.decoder import Decoder, Reading, Unread
from filmed_screen import Camera

REFRESH_MS = 1000 / 60
#: What is shown at a moment was drawn up to one refresh ago: on the average half of one.
SHOWN_LATE_MS = REFRESH_MS / 2


def read(camera: Camera, count: int = 6, seed: int = 7) -> tuple[np.ndarray, int]:
    """Errors of all that was read, ms, and how many pictures were not."""
    random = np.random.default_rng(seed)
    decoder = Decoder()
    errors, unread = [], 0
    for number in range(count):
        true_ms = random.uniform(1000, layout.WRAP_MS - 1000)
        reading = decoder.read(camera.take(true_ms, number))
        if isinstance(reading, Reading):
            errors.append(reading.screen_ms - true_ms)
        else:
            unread += 1
    return np.array(errors), unread


@pytest.mark.parametrize(
    ("camera", "largest_ms"),
    [
        pytest.param(Camera(), 0.1, id="sharp"),
        pytest.param(Camera(share=0.25), 0.2, id="far away"),
        pytest.param(Camera(blur_px=3), 0.4, id="out of focus"),
        pytest.param(Camera(keystone=0.3, turn_degrees=12), 0.15, id="from the side"),
        pytest.param(Camera(turn_degrees=90), 0.15, id="phone on its side"),
        pytest.param(Camera(noise=20), 0.5, id="noise"),
        pytest.param(Camera(jpeg_quality=30), 0.2, id="JPEG"),
        pytest.param(Camera(black=90, white=160, noise=4, jpeg_quality=60), 0.5, id="little contrast"),
        pytest.param(Camera(readout_ms=30), 0.15, id="rolling shutter"),
        pytest.param(Camera(exposure_ms=30), 0.5, id="long exposure of a fast screen"),
    ],
)
def test_reads_every_picture_to_a_fraction_of_a_millisecond(camera: Camera, largest_ms: float) -> None:
    errors, unread = read(camera)
    assert unread == 0
    assert np.abs(errors).max() < largest_ms


@pytest.mark.parametrize(
    ("camera", "largest_ms"),
    [
        pytest.param(Camera(exposure_ms=REFRESH_MS, refresh_ms=REFRESH_MS), 0.5, id="exposure of one refresh"),
        pytest.param(Camera(exposure_ms=2 * REFRESH_MS, refresh_ms=REFRESH_MS), 0.5, id="of two"),
        pytest.param(Camera(exposure_ms=REFRESH_MS, refresh_ms=REFRESH_MS, gamma=0.45), 3, id="with a tone curve"),
        pytest.param(
            Camera(
                share=0.4, keystone=0.15, turn_degrees=8, exposure_ms=20, refresh_ms=REFRESH_MS, readout_ms=20,
                blur_px=1.2, noise=6, black=30, white=200, jpeg_quality=50,
            ),
            3,
            id="everything at once",
        ),
    ],
)  # fmt: skip
def test_a_picture_that_mixes_codes_is_read_finer_than_the_screen_changes(camera: Camera, largest_ms: float) -> None:
    errors, unread = read(camera)
    assert unread == 0
    assert np.abs(errors + SHOWN_LATE_MS).max() < largest_ms


def test_a_short_exposure_shows_a_step_of_the_screen() -> None:
    errors, unread = read(Camera(exposure_ms=2, refresh_ms=REFRESH_MS), count=12)
    assert unread == 0
    assert errors.max() < 1.5 and errors.min() > -REFRESH_MS - 1.5
    assert errors.max() - errors.min() > REFRESH_MS / 2, "it is not read finer, and nobody is told so"


def test_mixed_pictures_are_told_from_single_steps() -> None:
    decoder = Decoder()
    for exposure_ms, blur_px in ((0, 0), (0, 2), (REFRESH_MS, 0)):
        camera = Camera(exposure_ms=exposure_ms, refresh_ms=REFRESH_MS, blur_px=blur_px)
        # In the middle of a change: a picture of a whole refresh has half of the one and half of the other code.
        reading = decoder.read(camera.take(300 * REFRESH_MS))
        assert isinstance(reading, Reading)
        assert (reading.mixed > VISIBLY_MIXED) == (exposure_ms > 0)


def test_the_shutter_s_way_down_the_picture_shows() -> None:
    camera = Camera(readout_ms=30)
    reading = Decoder().read(camera.take(5000))
    assert isinstance(reading, Reading)
    # The middles of the strips are 22 of the code's 44 units of width apart.
    seen = 22 / (layout.WIDTH + 2 * layout.BORDER) * camera.share * camera.width
    assert reading.tilt_ms == pytest.approx(30 * seen / camera.height, abs=0.2)
    assert reading.centre == pytest.approx((0.5, 0.5), abs=0.01)
    code_width = camera.share * camera.width * layout.WIDTH / (layout.WIDTH + 2 * layout.BORDER)
    assert reading.width_px == pytest.approx(code_width, abs=2)


@pytest.mark.parametrize("step", [0, 1, 31, 32, 33, 63, 64, 65, layout.WRAP_MS - 1])
def test_edges_of_the_words_are_no_trouble(step: int) -> None:
    for mixed_ms in (0.0, 8.0, 16.0):
        reading = Decoder().read(Camera(exposure_ms=mixed_ms).take(step + 64 * 777))
        assert isinstance(reading, Reading)
        assert reading.screen_ms == pytest.approx((step + 64 * 777) % layout.WRAP_MS, abs=0.4)


def test_one_marker_may_be_hidden() -> None:
    picture = Camera().take(123_456)
    picture[:, : picture.shape[1] // 4][picture.shape[0] // 2 :] = 128
    reading = Decoder().read(picture)
    # The lowest digits are hidden too where the hand is: then nothing is read rather than something wrong.
    assert reading in list(Unread) or (isinstance(reading, Reading) and abs(reading.screen_ms - 123_456) < 1)
    picture = Camera().take(123_456)
    picture[picture.shape[0] // 2 + 85 :, :210] = 128
    reading = Decoder().read(picture)
    assert isinstance(reading, Reading) and reading.screen_ms == pytest.approx(123_456, abs=0.3)


def test_what_is_no_code_gives_no_time() -> None:
    random = np.random.default_rng(1)
    decoder = Decoder()
    assert decoder.read(np.full((640, 480), 127, np.uint8)) is Unread.NO_CODE
    assert decoder.read(random.integers(0, 255, (640, 480), np.uint8)) is Unread.NO_CODE
    assert decoder.read(Camera(share=0.08).take(1000)) in (Unread.NO_CODE, Unread.BLURRED, Unread.INCONSISTENT)
    assert decoder.read(Camera(black=120, white=138).take(1000)) in (Unread.NO_CODE, Unread.LOW_CONTRAST)
    assert decoder.read_jpeg(b"") is Unread.NOT_A_PICTURE
    assert decoder.read_jpeg(b"\xff\xd8 no picture") is Unread.NOT_A_PICTURE


def test_a_wrong_digit_is_noticed() -> None:
    """Each cell painted over: the other word, or the strips, contradict; never is another time read."""
    true_ms = 64 * 12_345 + 20.0
    camera = Camera(width=880, height=640, share=1)
    pixels = camera.width / (layout.WIDTH + 2 * layout.BORDER)
    top = (camera.height - camera.width * (layout.HEIGHT + 4) / (layout.WIDTH + 4)) / 2
    decoder = Decoder()
    refused = 0
    for cell in range(layout.BITS):
        for word_top in layout.WORD_TOPS:
            picture = camera.take(true_ms)
            x = round((cell * layout.CELL_WIDTH + layout.BORDER) * pixels)
            y = round(top + (word_top + layout.BORDER) * pixels)
            right, middle, bottom = (
                x + round(layout.CELL_WIDTH * pixels),
                y + round(layout.CELL_HEIGHT * pixels),
                y + round(2 * layout.CELL_HEIGHT * pixels),
            )
            upper, lower = picture[y:middle, x:right].copy(), picture[middle:bottom, x:right].copy()
            picture[y:middle, x:right] = np.median(lower)
            picture[middle:bottom, x:right] = np.median(upper)
            reading = decoder.read(picture)
            refused += reading is Unread.INCONSISTENT
            assert reading is Unread.INCONSISTENT or abs(reading.screen_ms - true_ms) < 1
    # The digit that is about to change in the word that does not rest may be either.
    assert refused == 2 * layout.BITS - 1
