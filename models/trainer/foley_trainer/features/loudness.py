"""Loudness contours: the level of a clip at every mel frame, as the stacked prior is conditioned on it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .mel import MelConfig

FLOOR_DB = -90.0
CENTRE_DB = -40.0
SPAN_DB = 20.0


def contour_db(audio: Tensor, config: MelConfig) -> Tensor:
    """Audio [B, samples] in -1..1 -> level [B, frames] in dB (a full-scale sine: -3), at least -90.

    Frame t is the mel's frame t: the same padding, window and hop, so that a level belongs to the mel column it stands beside.
    """
    pad = (config.n_fft - config.hop) // 2
    padded = F.pad(audio.unsqueeze(1), (pad, pad), mode="reflect").squeeze(1)
    weights = torch.hann_window(config.n_fft).square()
    weights = weights / weights.sum()
    power = F.conv1d(padded.square().unsqueeze(1), weights.view(1, 1, -1), stride=config.hop).squeeze(1)
    return (10 * torch.log10(power.clamp(min=1e-12))).clamp(min=FLOOR_DB)


def normalised(level: Tensor) -> Tensor:
    """dB -> what the prior sees: about zero mean and unit variance over the corpus."""
    return (level.clamp(FLOOR_DB, 0.0) - CENTRE_DB) / SPAN_DB


def by_row(level: Tensor, rows: int, each: int) -> Tensor:
    """[B, frames] -> [B, rows, each]; frames beyond the end repeat the last."""
    wanted = rows * each
    if level.shape[1] < wanted:
        level = F.pad(level, (0, wanted - level.shape[1]), mode="replicate")
    return level[:, :wanted].reshape(level.shape[0], rows, each)
