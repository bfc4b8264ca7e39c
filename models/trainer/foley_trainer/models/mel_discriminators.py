"""Discriminators of log-mels, which a decoder is trained against so that its mels fluctuate as those of recordings do."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

SLOPE = 0.2
AROUND = (5, 9)
"""Mel bins and frames of the mean that is taken off for the view of what fluctuates."""


class MelDiscriminator(nn.Module):
    """Scores patches of a mel, also by its class (projection discriminator, Miyato and Koyama 2018).

    It sees the mel averaged over `scale` bins and frames in three channels: the level, how far it lies from the mean around it,
    and the frequency, since what is usual at one is not at another.
    """

    def __init__(self, scale: int, width: int, classes: int) -> None:
        super().__init__()
        self.scale = scale
        shapes = [(3, width, (3, 5), 1), (width, 2 * width, 3, 2), (2 * width, 2 * width, 3, 1), (2 * width, 4 * width, 3, 2), (4 * width, 4 * width, 3, 1)]
        self.convs = nn.ModuleList(weight_norm(nn.Conv2d(i, o, k, s, tuple(n // 2 for n in k) if isinstance(k, tuple) else k // 2)) for i, o, k, s in shapes)
        self.post = weight_norm(nn.Conv2d(4 * width, 1, 3, 1, 1))
        self.of_class = nn.Embedding(classes, 4 * width)
        nn.init.normal_(self.of_class.weight, std=0.02)

    def forward(self, mel: Tensor, labels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """log-mel [B, 1, bins, T] about 0, in nats, and classes [B] -> scores [B, f, t], and the layers' features."""
        x = F.avg_pool2d(mel, self.scale) if self.scale > 1 else mel
        mean = F.avg_pool2d(x, AROUND, 1, tuple(n // 2 for n in AROUND), count_include_pad=False)
        place = torch.linspace(-1, 1, x.shape[2]).view(1, 1, -1, 1).expand(x.shape[0], 1, -1, x.shape[3])
        x = torch.cat([x / 3, x - mean, place], 1)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), SLOPE)
            features.append(x)
        named = (x * self.of_class(labels)[:, :, None, None]).sum(1)
        return self.post(x).squeeze(1) + named, features


class MelDiscriminators(nn.Module):
    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(MelDiscriminator(scale, width, classes) for scale in (1, 2))

    def forward(self, mel: Tensor, labels: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        return [part(mel, labels) for part in self.parts]
