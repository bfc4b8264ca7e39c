"""What a clip's samples alone say of it."""

import numpy as np
import pytest

from foley_trainer.evaluation.sound_statistics import latest_beginning, statistics_of, summed_up
from foley_trainer.features.patches import sounding

RATE = 22050


def clicks(*seconds: float, gain: float = 0.5) -> np.ndarray:
    """Bursts of noise that die away, each an event of its own, in 4 s."""
    rng, audio = np.random.default_rng(0), np.zeros(4 * RATE)
    for at in seconds:
        t = np.arange(RATE // 5) / RATE
        start = int(at * RATE)
        audio[start : start + t.size] += gain * rng.uniform(-1, 1, t.size) * np.exp(-30 * t)
    return audio.astype(np.float32)


@pytest.mark.parametrize("places", [(0.0,), (0.1, 0.9), (0.3, 0.55, 0.8, 1.05, 1.3, 2.0, 3.5)])
def test_every_burst_is_an_onset_and_nothing_else_is(places: tuple[float, ...]) -> None:
    found = statistics_of(clicks(*places), RATE)
    assert found.onsets == len(places)
    assert found.begins == pytest.approx(places[0], abs=0.011)
    assert not found.silent


def test_steady_noise_begins_once() -> None:
    rng = np.random.default_rng(1)
    assert statistics_of((0.1 * rng.standard_normal(4 * RATE)).astype(np.float32), RATE).onsets <= 1


def test_an_inaudible_clip_is_silent() -> None:
    assert statistics_of(np.zeros(RATE, np.float32), RATE).silent
    assert statistics_of(clicks(1.0, gain=1e-3), RATE).silent
    assert not statistics_of(clicks(1.0, gain=0.1), RATE).silent


def test_the_latest_onset_of_a_class_is_that_of_nearly_all_its_recordings() -> None:
    early = [statistics_of(clicks(at), RATE) for at in (0.0, 0.1, 0.2, 0.7)]
    assert latest_beginning(early) == pytest.approx(0.7, abs=0.05)
    assert latest_beginning(early[:3]) == 0.5
    assert latest_beginning([*early, statistics_of(clicks(2.5), RATE)]) is None
    row = summed_up([*early, statistics_of(clicks(0.95), RATE), statistics_of(np.zeros(RATE, np.float32), RATE)], 0.8)
    assert (row["clips"], row["late"], row["silent"], row["full"]) == (6, 1, 1, 0)


def test_patches_count_that_are_near_the_peak_and_above_silence() -> None:
    """Two bursts in 4 s: patches that hold neither do not count; at -60 dBFS none does."""
    patches = {"rate": RATE, "length": 21450, "hop": 10560}
    assert sounding(clicks(0.0, 3.0), **patches).tolist() == [True, False, False, False, False, True, True]
    assert not sounding(clicks(0.0, 3.0, gain=1e-3), **patches).any()
    quiet = clicks(0.0) + 10 ** (-36 / 20) * clicks(3.0)
    assert sounding(quiet, **patches)[5], "36 dB below the other, its loudest 10 ms lie 42 dB below the peak"
    assert not sounding(clicks(0.0) + 10 ** (-46 / 20) * clicks(3.0), **patches)[5]
    assert sounding(np.zeros(1000, np.float32), **patches).size == 0
