from itertools import pairwise

import numpy as np
import pytest

from foley_trainer.data.cut_points import FRAME, levels_of, plan, threshold

LONGEST = 400  # frames, 4 s


def levels(*parts: tuple[float, int]) -> np.ndarray:
    """(dBFS, frames) one after another."""
    return np.concatenate([np.full(frames, level, np.float32) for level, frames in parts])


def steady(level: float, frames: int, spread: float = 2.0, seed: int = 0) -> np.ndarray:
    return (level + spread * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)


def test_levels_are_decibels_of_full_scale():
    tone = np.sin(2 * np.pi * np.arange(2 * FRAME) / 25).astype(np.float32)
    assert levels_of(np.concatenate([tone, 0.1 * tone, 0 * tone])) == pytest.approx([-3.01, -3.01, -23.01, -23.01, -120, -120], abs=0.02)


def test_silence_is_dropped_and_the_rhythm_stays():
    barks = levels((-90, 500), (-10, 30), (-90, 60), (-12, 30), (-90, 500), (-10, 40), (-90, 300))
    assert plan(barks, LONGEST) == [(495, 640), (1115, 1180)]


def test_room_noise_between_shots_is_silence():
    noise = steady(-58, 3000)
    for start in (300, 1500, 2600):
        noise[start : start + 60] = -8
    clips = plan(noise, LONGEST)
    assert [(a, b) for a, b in clips] == [(s - 5, s + 80) for s in (300, 1500, 2600)]


def test_steady_rain_is_kept_whole_in_long_clips():
    clips = plan(steady(-30, 10_000), LONGEST)
    assert clips[0][0] == 0
    assert clips[-1][1] == 10_000
    assert all(a[1] == b[0] for a, b in pairwise(clips))
    lengths = [b - a for a, b in clips]
    assert max(lengths) <= LONGEST
    assert np.mean(lengths) > 0.8 * LONGEST


def test_a_bump_against_the_microphone_does_not_turn_rain_into_silence():
    rain = steady(-45, 3000)
    rain[1000:1008] = -1
    assert sum(b - a for a, b in plan(rain, LONGEST)) == 3000


def test_cuts_fall_into_the_pause_before_an_onset():
    period = levels((-15, 40), (-32, 30))
    clips = plan(np.tile(period, 40), LONGEST)
    cuts = [b for _, b in clips[:-1]]
    assert cuts
    assert all(cut % 70 == 69 or cut % 70 == 0 for cut in cuts), "the last frame of a pause, or right where the next sound begins"


@pytest.mark.parametrize("frames", range(380, 1300, 37))
def test_no_clip_is_too_long_and_none_is_a_scrap(frames: int):
    clips = plan(steady(-20, frames, seed=frames), LONGEST)
    lengths = [b - a for a, b in clips]
    assert sum(lengths) == frames
    assert max(lengths) <= LONGEST
    assert min(lengths) >= 50


def test_a_silent_recording_gives_no_clip():
    assert plan(np.zeros(0, np.float32), LONGEST) == []
    assert plan(levels((-120, 1000)), LONGEST) == []
    assert plan(steady(-75, 1000), LONGEST) == []
    assert plan(levels((-120, 500), (-10, 1), (-120, 500)), LONGEST) == [], "one frame is a click"


def test_the_threshold_lies_between_thirty_and_fifty_decibels_below_the_loudest():
    assert threshold(levels((-10, 500), (-100, 500))) == -60
    assert threshold(levels((-10, 500), (-65, 500))) == -55
    assert threshold(levels((-10, 1000))) == -40
    assert threshold(levels((-50, 500), (-120, 500))) == -66
