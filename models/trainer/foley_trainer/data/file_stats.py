"""What one sound file is: length, format, levels, whether it clips, and its fingerprints. Long files are read block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..features.mel import RATE
from .audio_io import blocks, opened, resampled
from .near_duplicates import HEARD, Fingerprint, fingerprints

SILENT = 1e-3  # -60 dBFS
_FULL = 0.99  # an 8-bit file can't hold more than 127 / 128
_DEPTHS = {
    "PCM_S8": "8 bit", "PCM_U8": "8 bit", "PCM_16": "16 bit", "PCM_24": "24 bit", "PCM_32": "32 bit", "FLOAT": "float", "DOUBLE": "double",
    "VORBIS": "Vorbis", "OPUS": "Opus", "MPEG_LAYER_III": "MP3",
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """`rate` in Hz; `peak` and `rms` of full scale, over all channels."""

    seconds: float
    rate: int
    depth: str
    channels: int
    peak: float
    rms: float
    clipped: bool
    prints: list[Fingerprint]

    @property
    def silent(self) -> bool:
        return self.peak < SILENT


def decibels(share: float) -> float:
    """Of full scale, not below -120."""
    return round(20 * float(np.log10(max(share, 1e-6))), 1)


def _flat(block: np.ndarray) -> bool:
    """Three equal samples at full scale in a row, in any channel of [frames, channels]."""
    limited = np.clip(block, -1, 1)
    same = (limited[1:] == limited[:-1]) & (np.abs(limited[1:]) >= _FULL)
    return bool((same[1:] & same[:-1]).any())


class _Meter:
    def __init__(self) -> None:
        self.frames, self.values, self.peak, self.energy, self.clipped = 0, 0, 0.0, 0.0, False

    def mono(self, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Lets blocks [frames, channels] through as mono and measures them on the way."""
        for block in parts:
            self.frames += block.shape[0]
            self.values += block.size
            self.peak = max(self.peak, float(np.abs(block).max()))
            self.energy += float(np.square(block, dtype=np.float64).sum())
            self.clipped = self.clipped or _flat(block)
            yield block.mean(axis=1)


def measure(path: Path) -> Facts:
    """Raises CorpusError on anything that isn't readable, finite audio."""
    meter, pieces, samples = _Meter(), [], 0
    with opened(path) as file:
        for piece in resampled(meter.mono(blocks(file)), file.samplerate, RATE):
            if samples < HEARD * RATE:
                pieces.append(piece)
            samples += piece.size
        depth = _DEPTHS.get(file.subtype, file.subtype.lower())
        return Facts(
            seconds=meter.frames / file.samplerate,
            rate=file.samplerate,
            depth=depth,
            channels=file.channels,
            peak=meter.peak,
            rms=(meter.energy / meter.values) ** 0.5,
            clipped=meter.clipped,
            prints=fingerprints(np.concatenate(pieces)),
        )
