"""Discriminators of the power of a sound every 1.5 ms, which a vocoder's noise is trained against so that it rises and falls as recordings do."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

SLOPE = 0.2
AROUND = 9
"""Steps of the mean that is taken off for the view of what rises and falls."""
OF_MEL = 16
"""Channels of the mel, beside the powers that it stands for."""


class PowerDiscriminator(nn.Module):
    """Scores stretches of log powers beside their mel. It sees them averaged over `scale` steps: their level, and how far they lie from the
    mean around them."""

    def __init__(self, scale: int, width: int, bands: int, bins: int) -> None:
        super().__init__()
        self.scale = scale
        self.mel = nn.Conv1d(bins, OF_MEL, 3, padding=1)
        shapes = [(2 * bands + OF_MEL, width, 7, 1), (width, 2 * width, 5, 2), (2 * width, 2 * width, 5, 1), (2 * width, 3 * width, 5, 2), (3 * width, 3 * width, 3, 1)]
        self.convs = nn.ModuleList(weight_norm(nn.Conv1d(i, o, k, s, k // 2)) for i, o, k, s in shapes)
        self.post = weight_norm(nn.Conv1d(3 * width, 1, 3, padding=1))

    def forward(self, log_powers: Tensor, mel: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Log powers [B, bands, N], 0 the loudest, and log-mel [B, bins, T] of the same time -> scores [B, n], and the layers' features."""
        x = F.avg_pool1d(log_powers.exp(), self.scale).log() if self.scale > 1 else log_powers
        mean = F.avg_pool1d(x, AROUND, 1, AROUND // 2, count_include_pad=False)
        beside = F.interpolate(self.mel((mel + 5) / 3), size=x.shape[-1])
        x = torch.cat([(x + 5) / 4, (x - mean) / 1.5, beside], 1)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), SLOPE)
            features.append(x)
        return self.post(x).squeeze(1), features


class PowerDiscriminators(nn.Module):
    def __init__(self, bands: int, width: int = 48, bins: int = 80) -> None:
        super().__init__()
        self.parts = nn.ModuleList(PowerDiscriminator(scale, width, bands, bins) for scale in (1, 2))

    def forward(self, log_powers: Tensor, mel: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        return [part(log_powers, mel) for part in self.parts]
