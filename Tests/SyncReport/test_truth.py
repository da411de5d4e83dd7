"""From readings to errors, on cameras whose errors are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from axolotl_sync_report import layout
from axolotl_sync_report.camera import CameraReadings, ReadFrame
from axolotl_sync_report.decoder import Reading, Unread
from axolotl_sync_report.report import NothingToCompare, is_inside, make_report
from axolotl_sync_report.steps import screen_step_ms
from axolotl_sync_report.table import table
from axolotl_sync_report.truth import Track, compare

Clock = Callable[[np.ndarray], np.ndarray]
SCREEN_ZERO_MS = 987_654.3


def track(
    error: Clock, *, fps: float = 29.97, seconds: float = 40, refresh_ms: float = 0, jitter_ms: float = 0, seed: int = 1
) -> Track:
    """A camera whose times are wrong by `error` of the true time, before a screen that shows steps or any time."""
    random = np.random.default_rng(seed)
    true = 1e6 + random.uniform(0, 30) + np.arange(int(seconds * fps)) * 1000 / fps
    true += random.uniform(-jitter_ms, jitter_ms, true.size)
    shown = true - SCREEN_ZERO_MS
    if refresh_ms:
        shown = np.floor(shown / refresh_ms) * refresh_ms
    return Track(true + error(true), np.full(true.size, 2.0), shown % layout.WRAP_MS)


def constant(ms: float) -> Clock:
    return lambda true: np.full(true.size, ms)


def test_a_constant_error_is_found_with_its_sign() -> None:
    shifts = compare(track(constant(3.0)), track(constant(-1.5), seed=2), 0)
    assert shifts.shift_ms == pytest.approx(4.5, abs=1e-6)
    assert shifts.allowed_ms == pytest.approx(4.0)
    assert compare(track(constant(-1.5)), track(constant(3.0)), 0).shift_ms == pytest.approx(-4.5, abs=1e-6)


def test_an_error_that_changes_is_followed() -> None:
    def wave(true: np.ndarray) -> np.ndarray:
        return 5 * np.sin(true / 4000)

    first = track(wave, jitter_ms=8)
    shifts = compare(first, track(constant(0), seed=2, jitter_ms=8), 0)
    assert np.abs(shifts.shift_ms - 5 * np.sin((shifts.session_ms - shifts.shift_ms) / 4000)).max() < 0.05


@pytest.mark.parametrize("hertz", [50.0, 60.0, 59.94, 120.0, 144.0])
def test_a_screen_s_steps_are_noticed(hertz: float) -> None:
    tracks = [track(constant(0), refresh_ms=1000 / hertz, seed=seed, jitter_ms=3) for seed in (1, 2)]
    assert screen_step_ms(tracks) == pytest.approx(1000 / hertz, rel=0.002)


def test_pictures_that_show_any_time_lie_on_no_steps() -> None:
    for jitter in (0, 5):
        assert screen_step_ms([track(constant(0), seed=seed, jitter_ms=jitter) for seed in (1, 2)]) == 0
    assert screen_step_ms([]) == 0


def test_a_camera_with_the_screen_s_own_beat_shows_steps_unless_its_pictures_mix_them() -> None:
    def locked(mixed: float) -> list[Track]:
        tracks = [track(constant(0), fps=30, refresh_ms=1000 / 60, seed=seed) for seed in (1, 2)]
        return [Track(one.session_ms, one.bound_ms, one.screen_ms, mixed=mixed) for one in tracks]

    assert screen_step_ms(locked(mixed=0.1)) == pytest.approx(1000 / 60, rel=0.01)
    assert screen_step_ms(locked(mixed=0.7)) == 0


def test_averaging_beats_the_screen_s_steps() -> None:
    refresh = 1000 / 60
    first, second = (
        track(constant(ms), refresh_ms=refresh, seed=seed, jitter_ms=9) for ms, seed in ((2.0, 1), (0.0, 2))
    )
    single = compare(first, second, 0)
    assert np.abs(single.shift_ms - 2).max() > 5
    shifts = compare(first, second, refresh)
    assert shifts.resolution_ms < 1.5
    assert np.abs(shifts.shift_ms - 2).max() < shifts.resolution_ms


def test_cameras_that_beat_with_the_screen_are_known_less_well_and_say_so() -> None:
    refresh = 1000 / 60
    first, second = (track(constant(ms), refresh_ms=refresh, fps=30, seed=seed) for ms, seed in ((2.0, 1), (0.0, 5)))
    shifts = compare(first, second, refresh)
    assert refresh / 2 < shifts.resolution_ms < refresh
    assert np.abs(shifts.shift_ms - 2).max() <= shifts.resolution_ms


def test_frames_without_a_time_and_gaps_are_left_out() -> None:
    first, second = track(constant(1)), track(constant(0), seed=2)
    first.session_ms[:100] = np.nan
    gap = (second.session_ms > second.session_ms[400]) & (second.session_ms < second.session_ms[400] + 3000)
    second = Track(*(field[~gap] for field in (second.session_ms, second.bound_ms, second.screen_ms)))
    shifts = compare(first, second, 0)
    assert shifts.shift_ms == pytest.approx(1, abs=1e-6)
    assert first.session_ms.size - 100 - 3 * 31 < shifts.shift_ms.size < first.session_ms.size - 100 - 3 * 28


def test_a_clock_page_that_is_opened_anew_spoils_only_that_moment() -> None:
    tracks = []
    for seed, error in ((1, 2.5), (2, 0.0)):
        one = track(constant(error), seed=seed)
        again = one.screen_ms > one.screen_ms[0] + 20_000
        tracks.append(Track(one.session_ms, one.bound_ms, np.where(again, one.screen_ms - 20_000, one.screen_ms)))
    shifts = compare(tracks[0], tracks[1], 0)
    assert np.percentile(np.abs(shifts.shift_ms - 2.5), 99.5) < 1e-6


def readings(device: str, one: Track, final_error_ms: float = 0.0, unread: int = 3) -> CameraReadings:
    """A camera as it comes from its recordings; afterwards its times are better."""
    frames = [
        ReadFrame(index, Reading(shown, 0.0, 300, (0.5, 0.5), 0.0), live, 2.0, live - final_error_ms, 1.0)
        for index, (live, shown) in enumerate(zip(one.session_ms.tolist(), one.screen_ms.tolist(), strict=True), 1)
    ]
    return CameraReadings(device, len(frames) + unread, len(frames) + unread, Counter({Unread.BLURRED: unread}), frames)


def test_the_report_says_what_was_true() -> None:
    cameras = [
        readings("phone-a", track(constant(1.2), jitter_ms=9), final_error_ms=1.0),
        readings("phone-b", track(constant(0.0), jitter_ms=9, seed=2)),
        readings("phone-c", track(constant(25.0), jitter_ms=9, seed=3)),
    ]
    report = make_report("take-1", cameras)
    pairs = {(pair["first"], pair["second"]): pair for pair in report["pairs"]}
    assert set(pairs) == {("phone-a", "phone-b"), ("phone-a", "phone-c"), ("phone-b", "phone-c")}
    good = pairs["phone-a", "phone-b"]
    assert good["live"]["p95_ms"] == good["live"]["max_ms"] == pytest.approx(1.2)
    assert good["live"]["inside_pct"] == 100 and good["live"]["bound_p50_ms"] == 4
    assert good["final"]["p50_ms"] == pytest.approx(0.2) and good["final"]["bound_p50_ms"] == 2
    late = pairs["phone-b", "phone-c"]
    assert late["live"]["median_signed_ms"] == pytest.approx(-25) and late["live"]["inside_pct"] == 0
    assert report["late_ms"] == pytest.approx({"phone-a": 0.2, "phone-b": 0.0, "phone-c": 25.0})
    assert report["cameras"]["phone-a"]["frames_unread"] == {"blurred": 3}
    assert not is_inside(report) and is_inside(make_report("take-1", cameras[:2]))
    text = table(report)
    assert "phone-c is steadily 25.0 ms later" in text and "AXOLOTL_CAMERA_LATENCY" in text
    assert all(len(line) < 200 for line in text.splitlines())


def test_without_two_cameras_the_report_says_what_to_do() -> None:
    blind = CameraReadings("phone-b", 200, 100, Counter({Unread.BLURRED: 100}))
    with pytest.raises(NothingToCompare, match=r"1 of 2 cameras.*phone-b: 100 × blurred.*Open /clock"):
        make_report("take-1", [readings("phone-a", track(constant(0))), blind])
    with pytest.raises(NothingToCompare, match=r"0 of 1 cameras.*no code in sight"):
        make_report("take-1", [CameraReadings("phone-a", 200)])
    apart = track(constant(0))
    apart = Track(apart.session_ms + 1e6, apart.bound_ms, apart.screen_ms)
    with pytest.raises(NothingToCompare, match="at once"):
        make_report("take-1", [readings("phone-a", track(constant(0))), readings("phone-b", apart)])
