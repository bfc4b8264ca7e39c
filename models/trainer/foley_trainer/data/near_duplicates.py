"""Near-duplicates: the same recording twice, whatever its gain, its start, its rate and its encoding.

A fingerprint is what the level of a coarse mel spectrogram does between neighbouring bands over time (the second difference
of Haitsma and Kalker, 2002, kept as numbers instead of bits). It knows neither gain nor the colour of a microphone, only what
happened when. Two of them are compared at every shift at once, through their Fourier transforms along time.

Measured on the open corpus: different sounds of a second or more stay below 0.62, copies (gain, shift, MP3, 16 kHz) above 0.7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # loads scipy.fft, which takes long, when it is used

from ..features.mel import RATE, MelConfig, mel_basis

SECONDS = 4  # longer sounds are taken in pieces of this length,
STRIDE = 2  # a new one every so many seconds,
PIECES = 16  # and so many at most
HEARD = SECONDS + (PIECES - 1) * STRIDE  # seconds of a recording that are compared
ALIKE = 0.65
ALIKE_SHORT = 0.82  # below a second of sound, two presses of one key come near 0.8

_WINDOW, _HOP, _BANDS, _LAG = 2048, 512, 32, 2
_DEPTH = 40.0  # dB below the loudest band and frame that count; anything lower is noise, which encoders change
_FRAMES = 360  # a good length for an FFT, twice the frames of a piece: no shift wraps around
_RATES = 90  # modulation frequencies kept: up to 10.8 Hz, so that half a hop of shift does no harm
_BLOCK = 16
_COLUMNS = 2048


@dataclass(frozen=True)
class Fingerprint:
    """`shape` is complex64 [modulation frequencies, bands - 1] of norm 1 (0 for silence), `sounding` the seconds that aren't floor."""

    shape: np.ndarray
    sounding: float


@dataclass(frozen=True)
class Pair:
    """Places of two sounds in the list compared, the first below the second, and their likeness (1 for a copy)."""

    first: int
    second: int
    likeness: float


_basis = mel_basis(MelConfig(n_fft=_WINDOW, bins=_BANDS, f_min=150.0, f_max=7500.0))
_hann = np.hanning(_WINDOW).astype(np.float32)


def fingerprint(audio: np.ndarray) -> Fingerprint:
    """Of mono audio at 22050 Hz, 4 s at most."""
    # A window of silence before and after: a sound that starts with the file has its attack where one that starts later has it.
    padded = np.pad(audio, (_WINDOW, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP] * _hann
    spectrum = scipy.fft.rfft(frames, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) @ _basis.T
    level = 10 * np.log10(power + 1e-12)
    level = np.maximum(level, level.max() - _DEPTH)
    across = np.diff(level, axis=1)
    change = across[_LAG:] - across[:-_LAG]
    shape = scipy.fft.rfft(change, _FRAMES, axis=0)[1 : _RATES + 1]
    norm = float(np.sqrt((np.abs(shape) ** 2).sum()))
    silent = norm == 0 or not np.abs(audio).max(initial=0)
    sounding = float(np.any(level > level.min(), axis=1).sum()) * _HOP / RATE
    return Fingerprint((np.zeros_like(shape) if silent else shape / norm).astype(np.complex64), 0.0 if silent else sounding)


def fingerprints(audio: np.ndarray) -> list[Fingerprint]:
    """Of mono audio at 22050 Hz of any length: one for a clip, one every two seconds for a recording."""
    piece, stride = SECONDS * RATE, STRIDE * RATE
    starts = range(0, max(1, audio.size - piece + stride), stride)
    return [fingerprint(audio[s : s + piece]) for s in starts[:PIECES]]


def _likeness(shapes: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """The highest correlation over all shifts, [rows, columns], of shapes [modulation frequencies, sounds, bands - 1]."""
    products = shapes[:, rows] @ shapes[:, columns].conj().transpose(0, 2, 1)
    spectrum = np.zeros((_FRAMES // 2 + 1, *products.shape[1:]), np.complex64)
    spectrum[1 : _RATES + 1] = products
    return scipy.fft.irfft(spectrum, _FRAMES, axis=0).max(axis=0) * (_FRAMES / 2)


def alike(sounds: list[list[Fingerprint]]) -> list[Pair]:
    """All pairs of sounds that are the same recording, the most similar first. Costs the square of their number: 3000 take seconds."""
    owners = np.array([i for i, pieces in enumerate(sounds) for _ in pieces])
    pieces = [p for each in sounds for p in each]
    if not pieces:
        return []
    shapes = np.stack([p.shape for p in pieces], axis=1)
    sounding = np.array([p.sounding for p in pieces])
    best: dict[tuple[int, int], float] = {}
    for top in range(0, len(pieces), _BLOCK):
        for left in range(top, len(pieces), _COLUMNS):
            rows, columns = slice(top, min(top + _BLOCK, len(pieces))), slice(left, min(left + _COLUMNS, len(pieces)))
            found = _likeness(shapes, rows, columns)
            short = np.minimum(sounding[rows, None], sounding[None, columns]) < 1
            for y, x in np.argwhere(found >= np.where(short, ALIKE_SHORT, ALIKE)):
                pair = int(owners[top + y]), int(owners[left + x])
                if pair[0] < pair[1]:
                    best[pair] = max(best.get(pair, 0.0), float(found[y, x]))
    return sorted((Pair(a, b, likeness) for (a, b), likeness in best.items()), key=lambda p: (-p.likeness, p.first, p.second))
