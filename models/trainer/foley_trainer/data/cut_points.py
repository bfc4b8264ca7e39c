"""Chooses cut points of a long recording: drops silence and cuts at quiet points, preferably right before an onset.

Works on levels only, in dBFS per frame of 10 ms, so that a recording of hours needs a few megabytes.
"""

from __future__ import annotations

import numpy as np

FRAME = 225  # samples at 22050 Hz: 4 s are 392 of them exactly
NOTHING = -66.0  # dBFS: what stays below is silence in every recording

_NEAR, _FAR = 30.0, 50.0  # silence begins this many dB below the loudest moment: at least, at most,
_ABOVE_FLOOR = 10.0  # and between the two this far above the recording's own noise
_GAP = 80  # frames: shorter pauses belong to the rhythm and stay inside
_BEFORE, _AFTER = 5, 20  # frames kept around what sounds
_SHORTEST = 2  # frames that sound; less is a click
_LOUD = 20  # frames that are as loud as the loudest moment or louder: a bump against the microphone is none
_TAIL = 50  # frames a cut leaves at least for the clip after it
_LATE, _RISE = 6.0, 0.5  # dB by which a cut may be louder that makes its clip as long as can be; weight of an onset after it
_AHEAD = 5  # frames in which that onset comes
_MOST_RISE = 20.0


def levels_of(audio: np.ndarray) -> np.ndarray:
    """Mono audio [frames * FRAME] -> dBFS per frame, not below -120."""
    power = np.square(audio.reshape(-1, FRAME), dtype=np.float64).mean(axis=1)
    return (10 * np.log10(power + 1e-12)).astype(np.float32)


def threshold(levels: np.ndarray) -> float:
    """dBFS under which this recording is silent. Steady sound (rain) is no noise floor: it stays within 30 dB of its loudest."""
    loudest, floor = float(np.sort(levels)[-min(_LOUD, 1 + levels.size // 10)]), float(np.quantile(levels, 0.1))
    return max(NOTHING, min(loudest - _NEAR, max(loudest - _FAR, floor + _ABOVE_FLOOR)))


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Where `flags` is true, as (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _sounding(levels: np.ndarray) -> list[tuple[int, int]]:
    """Frames from the first to the last that sounds, with pauses of less than 0.8 s inside and some room around."""
    regions: list[list[int]] = []
    for start, stop in _runs(levels > threshold(levels)):
        if regions and start - regions[-1][1] < _GAP:
            regions[-1][1], regions[-1][2] = stop, regions[-1][2] + stop - start
        else:
            regions.append([start, stop, stop - start])
    return [(max(0, start - _BEFORE), min(levels.size, stop + _AFTER)) for start, stop, sounding in regions if sounding >= _SHORTEST]


def _best_cut(levels: np.ndarray, first: int, last: int) -> int:
    """The frame in first..last to cut before: quiet, followed by an onset, and rather late than early."""
    near = levels[first - 1 : last + 1 + _AHEAD]
    places = np.arange(last - first + 1)
    quiet = np.maximum(near[places], near[places + 1])  # the frames on both sides of the cut
    after = np.stack([near[np.minimum(places + 1 + k, near.size - 1)] for k in range(_AHEAD)]).max(axis=0)
    late = _LATE * (places[-1] - places) / max(1, places[-1])
    cost = quiet - _RISE * np.clip(after - quiet, 0, _MOST_RISE) + late
    return first + int(np.flatnonzero(cost == cost.min())[-1])


def plan(levels: np.ndarray, longest: int) -> list[tuple[int, int]]:
    """Levels in dBFS [frames] -> clips (start, stop) in frames, in order, none over `longest` (4 or more) frames; empty where all is silent."""
    clips = []
    if not levels.size or levels.max() <= NOTHING:
        return []
    for start, stop in _sounding(levels):
        while stop - start > longest:
            last = min(start + longest, max(start + longest // 2, stop - _TAIL))
            cut = _best_cut(levels, start + longest // 2, last)
            clips.append((start, cut))
            start = cut
        clips.append((start, stop))
    return clips
