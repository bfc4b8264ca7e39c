"""Detects memorised training clips: the similarity of every generated clip to its nearest training clip.

Clips are compared by their log-mels [bins, frames] in nats, invariant to what augmentation changes: level (the loudest
cell is 0, cells 60 dB below count as silence) and time shift (training clips are rotated and placed anywhere, so the
best of all circular shifts counts). Neighbouring bins are averaged in pairs; compared is the difference of each pair to
the next above it, without its mean over time and modulations above 10 Hz. All bangs from silence and all rain share
one envelope or spectrum; only a copy has the same spectrum at the same moments. Likeness 1 is an identical clip,
distance is 1 - likeness.

A vocoder adds its own noise, which hides copies. If the voice is available, the mels are therefore reconstructions of
its codec: of a generated clip from its codes, of a training clip from its encoded mel.

The corpus sets the limit of a class: the highest likeness of any of its training clips to any other, of whatever class, from
a different original.
Measured on the open corpus and its first codec: such pairs reach 0.39 (rain) to 0.89 (coughs); of 111 clips shifted in
time and level as in training, 98 % were detected.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from math import log

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

RANGE = 60.0 / 20 * log(10)  # nats below the loudest cell
RATES = 8  # of the frame rate's eighth and below: 10.8 Hz at 86 frames a second
BLOCK = 64  # clips against all others at a time


@dataclass(frozen=True)
class Nearest:
    """likeness -1..1, the index of the other clip, and its rotation as a share of its length, 0..1."""

    likeness: float
    index: int
    turn: float


class Prints:
    """Normalised modulation spectra of clips: [rates, clips, 2 * bands], real parts first."""

    def __init__(self, mels: np.ndarray, rates: int | None = None, each: int = 1) -> None:
        """mels: log-mel [clips, bins, frames]. `rates`: how many of them, from the lowest, if not all; `each`: bands averaged to one."""
        x = torch.from_numpy(mels).float()
        x = torch.clamp(x - x.amax((1, 2), keepdim=True), min=-RANGE)
        x = F.avg_pool1d(x.transpose(1, 2), 2).diff(dim=2)
        self.frames = x.shape[1] // 2  # twice as many shifts as the highest rate needs
        x = F.avg_pool1d(x, each) if each > 1 else x
        highest = x.shape[1] // RATES if rates is None else rates + 1
        kept = torch.fft.rfft(x, dim=1)[:, 1:highest].permute(1, 0, 2)
        energy = 2 * kept.abs().square().sum((0, 2), keepdim=True) / self.frames
        self.spectra = torch.view_as_real(kept / energy.sqrt().clamp(min=1e-3)).transpose(2, 3).flatten(2).contiguous()

    @classmethod
    def of(cls, spectra: Tensor) -> Prints:
        """Prints that were kept: [rates, clips, 2 * bands] of any level."""
        some = cls.__new__(cls)
        some.frames = 4 * len(spectra)
        energy = 2 * spectra.square().sum((0, 2), keepdim=True) / some.frames
        some.spectra = spectra / energy.sqrt().clamp(min=1e-9)
        return some

    def __len__(self) -> int:
        return self.spectra.shape[1]

    def part(self, indices: Sequence[int]) -> Prints:
        """Some of the clips."""
        some = copy(self)
        some.spectra = self.spectra[:, list(indices)]
        return some

    def likeness(self, start: int, stop: int, other: Prints) -> tuple[Tensor, Tensor]:
        """Best correlation over all rotations, and the rotation 0..1: [stop - start, clips of other] each."""
        own, half = self.spectra[:, start:stop], self.spectra.shape[2] // 2
        turned = torch.cat([own[..., half:], -own[..., :half]], 2)  # a conj(b) = (aa + bb) + i (ba - ab)
        both = torch.bmm(torch.cat([own, turned], 1), other.spectra.transpose(1, 2))
        across = F.pad(torch.complex(*both.chunk(2, 1)), (0, 0, 0, 0, 1, 0))  # no mean
        best = torch.fft.irfft(across, self.frames, dim=0).max(0)
        return best.values, best.indices / self.frames


def nearest(clips: Prints, others: Prints) -> list[Nearest]:
    """For every clip the most similar of the others."""
    found = []
    for start in range(0, len(clips), BLOCK):
        values, turns = clips.likeness(start, start + BLOCK, others)
        for row, column in enumerate(values.argmax(1).tolist()):
            found.append(Nearest(float(values[row, column]), column, float(turns[row, column])))
    return found


@dataclass(frozen=True)
class Threshold:
    """The highest likeness of two clips of different originals, and their indices."""

    likeness: float
    pair: tuple[int, int]


def threshold(clips: Prints, originals: Sequence[str], of: Sequence[int] | None = None) -> Threshold | None:
    """The highest likeness of the clips `of` (or any) to the others. `originals`: the recording each clip was cut or composed
    from. None if there is only one."""
    numbers = {name: i for i, name in enumerate(originals)}
    groups = torch.tensor([numbers[name] for name in originals])
    chosen = list(range(len(clips))) if of is None else list(of)
    some = clips.part(chosen)
    best: Threshold | None = None
    for start in range(0, len(some), BLOCK):
        values, _ = some.likeness(start, start + BLOCK, clips)
        values[groups[chosen[start : start + BLOCK]][:, None] == groups] = -2.0
        highest = float(values.max())
        if highest > (best.likeness if best else -1.5):
            row, column = divmod(int(values.argmax()), len(clips))
            best = Threshold(highest, (chosen[start + row], column))
    return best


def own_likeness(clips: Prints, changed: Prints) -> np.ndarray:
    """Likeness of each clip to its altered version at the same index: [clips]."""
    return np.array([float(clips.likeness(i, i + 1, changed)[0][0, i]) for i in range(len(clips))])
