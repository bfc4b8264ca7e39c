"""Barks, steps and rain made on the spot: each class has one way to make a sound, each clip its own luck."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter, resample_poly

from foley_trainer.data import near_duplicates
from foley_trainer.data.audio_io import read_audio
from foley_trainer.data.corpus import open_corpus
from foley_trainer.data.near_duplicates import alike, fingerprint, fingerprints
from foley_trainer.features.mel import RATE

SAMPLES = 4 * RATE


def bark(rng: np.random.Generator, samples: int = SAMPLES) -> np.ndarray:
    """A few falling tones with overtones at random times, over faint room noise."""
    out = 0.0005 * rng.standard_normal(samples)
    for _ in range(int(rng.integers(2, 5))):
        length = int(rng.uniform(0.15, 0.4) * RATE)
        t = np.arange(length) / RATE
        pitch = rng.uniform(350, 700) * np.exp(-rng.uniform(0.5, 3) * t)
        tone = sum(np.sin(2 * np.pi * k * np.cumsum(pitch) / RATE + rng.uniform(0, 6)) / k for k in range(1, 7))
        at = int(rng.integers(0, samples - length))
        out[at : at + length] += 0.1 * tone * np.exp(-6 * t / t[-1]) * (1 - np.exp(-200 * t))
    return out.astype(np.float32)


def steps(rng: np.random.Generator) -> np.ndarray:
    out = np.zeros(SAMPLES)
    at, gap = rng.uniform(0, 0.5), rng.uniform(0.4, 0.7)
    while at < 3.8:
        length = int(rng.uniform(0.08, 0.15) * RATE)
        step = lfilter([1], [1, -rng.uniform(0.5, 0.95)], rng.standard_normal(length)) * np.exp(-5 * np.arange(length) / length)
        out[int(at * RATE) : int(at * RATE) + length] += 0.05 * step
        at += gap * rng.uniform(0.85, 1.15)
    return out.astype(np.float32)


def rain(rng: np.random.Generator) -> np.ndarray:
    return (0.05 * lfilter([1], [1, -0.6], rng.standard_normal(SAMPLES))).astype(np.float32)


KINDS = {"bark": bark, "steps": steps, "rain": rain}


def encoded(audio: np.ndarray, folder: Path, suffix: str, rate: int = RATE) -> np.ndarray:
    path = folder / f"x.{suffix}"
    soundfile.write(path, audio if rate == RATE else resample_poly(audio, rate, RATE), rate)
    return read_audio(path, RATE)


@pytest.mark.parametrize("kind", KINDS)
def test_an_altered_copy_of_a_clip_is_found(kind: str, tmp_path: Path):
    for seed in range(4):
        original = KINDS[kind](np.random.default_rng(seed))
        copies = {
            "quieter": 0.1 * original,
            "later": np.concatenate([np.zeros(2304, np.float32), original])[:SAMPLES],
            "mp3": encoded(original, tmp_path, "mp3"),
            "ogg at 16 kHz": encoded(original, tmp_path, "ogg", 16000),
            "quieter and later in an mp3": encoded(np.concatenate([np.zeros(1300, np.float32), 0.3 * original])[:SAMPLES], tmp_path, "mp3"),
        }
        for name, copy in copies.items():
            assert alike([fingerprints(original), fingerprints(copy[:SAMPLES])]), f"{kind} {seed}, {name}"


@pytest.mark.parametrize("kind", KINDS)
def test_two_clips_of_one_class_are_two_clips(kind: str):
    prints = [fingerprints(KINDS[kind](np.random.default_rng(100 + seed))) for seed in range(40)]
    assert alike(prints) == []


def test_a_copy_of_a_short_sound_is_found_and_another_take_is_not(tmp_path: Path):
    takes = [bark(np.random.default_rng(seed), RATE // 2)[: RATE // 2] for seed in range(12)]
    copies = [encoded(0.5 * take, tmp_path, "ogg") for take in takes]
    pairs = {(p.first, p.second) for p in alike([fingerprints(x) for x in [*takes, *copies]])}
    assert pairs == {(i, i + 12) for i in range(12)}


def test_a_clip_is_found_in_the_recording_it_was_cut_from():
    rng = np.random.default_rng(3)
    recording = np.concatenate([bark(rng) for _ in range(6)])
    clip = recording[int(9.3 * RATE) : int(13.3 * RATE)]
    (pair,) = alike([fingerprints(recording), fingerprints(clip), fingerprints(bark(rng))])
    assert (pair.first, pair.second) == (0, 1)


def test_silence_matches_nothing():
    silence = np.zeros(SAMPLES, np.float32)
    assert alike([fingerprints(silence), fingerprints(silence), fingerprints(silence[:10]), fingerprints(rain(np.random.default_rng(0)))]) == []
    assert fingerprint(silence).sounding == 0
    assert alike([]) == []


def test_the_most_similar_pair_comes_first():
    rng = np.random.default_rng(5)
    a = bark(rng)
    noisy = a + 0.004 * rng.standard_normal(a.size).astype(np.float32)
    pairs = alike([fingerprints(noisy), fingerprints(a), fingerprints(0.5 * a)])
    assert (pairs[0].first, pairs[0].second) == (1, 2)
    assert [p.likeness for p in pairs] == sorted((p.likeness for p in pairs), reverse=True)


def test_hundreds_of_clips_are_compared_in_a_few_products(monkeypatch):
    prints = [fingerprints(rain(np.random.default_rng(seed))) for seed in range(40)] * 15
    whole, products = near_duplicates._likeness, []
    monkeypatch.setattr(near_duplicates, "_likeness", lambda *part: products.append(part) or whole(*part))
    assert len(alike(prints)) == 40 * 15 * 14 // 2
    assert len(products) == math.ceil(600 / 16)  # of 179,700 pairs


@pytest.mark.skipif("FOLEYD_CORPUS" not in os.environ, reason="FOLEYD_CORPUS names no open corpus")
def test_real_rain_is_not_alike():
    clips = [c for c in open_corpus(os.environ["FOLEYD_CORPUS"]).clips if c.label == "Rain"]
    pairs = alike([fingerprints(read_audio(c.path, RATE)) for c in clips])
    assert [p for p in pairs if clips[p.first].group != clips[p.second].group] == []
