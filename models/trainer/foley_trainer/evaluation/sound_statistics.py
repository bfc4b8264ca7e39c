"""Statistics of a clip's samples: silence, late onset, number of onsets, level.

All in frames of 10 ms. A clip is silent where none is louder than -40 dBFS (the quietest training clip's loudest is -25). It begins with the
first 10 ms within 25 dB of the loudest. An onset is a rise of 6 dB and more, averaged over 16 bands of equal ratio from 75 Hz
up, above the median of the 0.2 s around it and the highest of the 80 ms around it, in a place within 25 dB of the loudest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..features.patches import loudness

SILENT_DB, BEGUN_DB = -40.0, -25.0
RISE_DB, FLOOR_DB, NEAR, AROUND, BANDS = 6.0, -60.0, 4, 10, 16
FULL = 0.999  # of full scale: a sample there was clipped, or nearly
EARLIEST, USUAL = 0.5, 0.99  # a class begins with an event where this share of its clips begins within 1 s


@dataclass(frozen=True)
class SoundStatistics:
    """begins in seconds (0 of a silent clip); peak 0..1; loudest: dBFS of the loudest 10 ms."""

    silent: bool
    begins: float
    onsets: int
    peak: float
    loudest: float


def statistics_of(audio: np.ndarray, rate: int) -> SoundStatistics:
    powers = loudness(audio, rate)
    loudest = 10 * np.log10(powers.max(initial=0.0) + 1e-12)
    if loudest < SILENT_DB:
        return SoundStatistics(True, 0.0, 0, float(np.abs(audio).max(initial=0.0)), float(loudest))
    begins = float(np.argmax(powers >= powers.max() * 10 ** (BEGUN_DB / 10))) / 100
    return SoundStatistics(False, begins, onsets(audio, rate), float(np.abs(audio).max()), float(loudest))


def onsets(audio: np.ndarray, rate: int) -> int:
    """Number of onsets."""
    step = rate // 100
    window = np.hanning(4 * step)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(audio.astype(np.float64), 2 * step), 4 * step)[::step]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    edges = np.unique(np.round(np.geomspace(3, power.shape[1], BANDS + 1)).astype(int))
    bands = 10 * np.log10(np.add.reduceat(power, edges[:-1], axis=1) + 1e-12)
    bands = np.maximum(bands - bands.max(), FLOOR_DB)
    level = 10 * np.log10(power.sum(1) + 1e-12)
    level -= level.max()
    rise = np.pad(np.maximum(0, bands[2:] - bands[:-2]).mean(1), 1)
    rise[0] = (bands[0] - FLOOR_DB).mean() if level[0] > BEGUN_DB else 0.0  # what sounds already has begun
    found: list[int] = []
    for at in range(len(rise)):
        near = rise[max(0, at - NEAR) : at + NEAR + 1]
        around = np.median(rise[max(0, at - AROUND) : at + AROUND + 1])
        if rise[at] == near.max() and rise[at] > around + RISE_DB and level[at : at + NEAR].max() > BEGUN_DB and (not found or at - found[-1] >= NEAR):
            found.append(at)
    return len(found)


def latest_beginning(real: Sequence[SoundStatistics]) -> float | None:
    """Seconds by which a clip of the class must have begun, from real ones: their 99th percentile, half a second at least.
    None where a class does not begin with an event: many of its recordings begin later than after a second."""
    begins = np.array([s.begins for s in real if not s.silent])
    limit = float(np.quantile(begins, USUAL)) if len(begins) else np.inf
    return None if limit > 2 * EARLIEST else max(EARLIEST, limit)


def summed_up(clips: Sequence[SoundStatistics], latest: float | None) -> dict[str, Any]:
    """Of a class: counts of silent, late and full-scale clips, onsets per clip, median peak, and the spread of the loudest 10 ms in dB."""
    sounding = [c for c in clips if not c.silent]
    numbers = np.array([[c.onsets, c.peak, c.loudest, c.begins] for c in sounding]).reshape(-1, 4)
    return {
        "clips": len(clips), "silent": len(clips) - len(sounding), "late": int((numbers[:, 3] > latest).sum()) if latest is not None else 0,
        "full": sum(c.peak >= FULL for c in clips), "onsets": float(numbers[:, 0].mean()) if sounding else 0.0,
        "onsets_median": float(np.median(numbers[:, 0])) if sounding else 0.0, "peak": float(np.median(numbers[:, 1])) if sounding else 0.0,
        "loudness_spread": float(numbers[:, 2].std()) if sounding else 0.0,
    }  # fmt: skip
