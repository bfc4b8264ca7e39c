"""Planted copies are found, whatever their level and place; different sounds are not."""

import numpy as np
import pytest

from foley_trainer.features.mel import log_mel
from foley_trainer.features.similarity import Prints, nearest, own_likeness, threshold


def sounds(count: int, seed: int) -> np.ndarray:
    """A few bursts of coloured noise at random times over a quiet floor, 1 s: [count, samples]."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal((count, 22016)) * 1e-3
    for clip in out:
        for _ in range(4):
            at, width = rng.integers(0, 18000), rng.integers(1000, 4000)
            burst = np.convolve(rng.standard_normal(width), rng.standard_normal(12), "same") * np.exp(-np.arange(width) / width * 4)
            clip[at : at + width] += 0.1 * burst
    return out


def mels(audio: np.ndarray) -> np.ndarray:
    return np.stack([log_mel(a) for a in audio])


def test_likeness_is_a_plain_correlation_at_the_best_rotation() -> None:
    def features(mel: np.ndarray) -> np.ndarray:
        x = np.maximum(mel - mel.max(), -60 / 20 * np.log(10))
        x = np.diff(x.reshape(40, 2, -1).mean(1), axis=0)
        spectrum = np.fft.rfft(x, axis=1)
        spectrum[:, 0] = 0
        spectrum[:, x.shape[1] // 8 :] = 0
        x = np.fft.irfft(spectrum, x.shape[1], axis=1)
        return x / np.linalg.norm(x)

    two = mels(sounds(2, 0))
    a, b = features(two[0]), features(two[1])
    every = [(a * np.roll(b, shift, 1)).sum() for shift in range(0, a.shape[1], 2)]
    values, turns = Prints(two).likeness(0, 1, Prints(two))
    assert values[0, 0].item() == pytest.approx(1, abs=1e-5)
    assert values[0, 1].item() == pytest.approx(max(every), abs=1e-5)
    assert turns[0, 1].item() == pytest.approx(np.argmax(every) / len(every), abs=1e-6)


def test_a_copy_is_found_among_many_at_any_level_and_shift() -> None:
    others = sounds(60, 1)
    copies = np.stack([np.roll(others[7], 5000) * 0.3, np.roll(others[41], -9000) * 1.5, sounds(1, 2)[0]])
    found = nearest(Prints(mels(copies)), Prints(mels(others)))
    assert [f.index for f in found[:2]] == [7, 41]
    assert min(f.likeness for f in found[:2]) > 0.95
    assert found[0].turn == pytest.approx(5000 / 22016, abs=0.03)
    assert found[2].likeness < 0.7


def test_cuts_of_one_original_set_no_threshold() -> None:
    audio = sounds(20, 3)
    audio[11] = np.roll(audio[4], 3000)
    prints = Prints(mels(audio))
    apart = threshold(prints, [str(i) for i in range(20)])
    assert apart is not None
    assert sorted(apart.pair) == [4, 11]
    together = threshold(prints, ["4" if i == 11 else str(i) for i in range(20)])
    assert together is not None
    assert together.likeness < 0.8 < apart.likeness
    assert threshold(prints, ["one"] * 20) is None


def test_own_likeness_falls_with_noise_and_silence_matches_nothing() -> None:
    audio = sounds(6, 4)
    noise = np.random.default_rng(5).standard_normal(audio.shape)
    clean = Prints(mels(audio))
    little, much = (own_likeness(clean, Prints(mels(audio + level * noise))).mean() for level in (1e-3, 3e-2))
    assert 1 > little > 0.7 > much
    assert nearest(Prints(mels(np.zeros((1, 22016)))), clean)[0].likeness == pytest.approx(0, abs=1e-3)
