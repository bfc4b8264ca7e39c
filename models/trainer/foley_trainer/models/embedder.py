"""Our own embedder: a small network that classifies 0.96 s patches; its penultimate layer is the embedding.

128 numbers per patch, as VGGish has, but from 22050 Hz, so that a voice's audio needs no resampling. Beside the class
the embedding must tell the patch's coarse spectrogram: a classifier alone may forget how a bark sounds once it knows
that it is one, and a distance between its embeddings would not hear a dull or noisy voice. The embedding's numbers have
mean 0 and variance 1 over the training clips, so distances of two trainings are of one size.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import log
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..features.patches import PatchConfig

HEARING = PatchConfig(rate=22050, window=550, step=220, n_fft=550, f_min=60.0, f_max=10000.0, hop=48)
COARSE = (8, 4)  # frames and bins per cell of the coarse spectrogram
MOMENTUM = 0.03  # of batch statistics: with small batches the usual 0.1 is too noisy for evaluation


@dataclass
class EmbedderConfig:
    classes: list[str] = field(default_factory=list)
    widths: list[int] = field(default_factory=lambda: [24, 48, 96, 128])
    dims: int = 128
    dropout: float = 0.3
    mean: float = -1.9  # of log-mel patches, to make them of about unit variance
    std: float = 2.1

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs, momentum=MOMENTUM), nn.ReLU(), nn.MaxPool2d(2))


class Embedder(nn.Module):
    """Patches [B, P, 96, 64] -> embeddings [B, P, dims]; `scores` and `coarse` read those."""

    def __init__(self, config: EmbedderConfig) -> None:
        super().__init__()
        self.config = c = config
        shrunk = 1 << len(c.widths)
        self.trunk = nn.Sequential(*(_block(a, b) for a, b in zip([1, *c.widths], c.widths, strict=False)))
        self.project = nn.Linear(c.widths[-1] * (HEARING.bins // shrunk), c.dims)
        self.standard = nn.BatchNorm1d(c.dims, momentum=MOMENTUM, affine=False)
        self.head = nn.Linear(c.dims, len(c.classes))
        self.sketch = nn.Linear(c.dims, HEARING.frames // COARSE[0] * (HEARING.bins // COARSE[1]))

    def normal(self, patches: Tensor) -> Tensor:
        return (patches - self.config.mean) / self.config.std

    def forward(self, patches: Tensor) -> Tensor:
        batch, count = patches.shape[:2]
        x = self.trunk(self.normal(patches).flatten(0, 1).unsqueeze(1))
        x = self.project(x.mean(2).flatten(1))  # mean over time; the position in frequency is kept
        return self.standard(x.float()).view(batch, count, -1)

    def scores(self, embeddings: Tensor) -> Tensor:
        """[B, P, dims] -> log-probabilities of the clip [B, classes]: the most confident patch dominates."""
        hidden = F.dropout(F.relu(embeddings), self.config.dropout, self.training)
        logits = self.head(hidden)
        return F.log_softmax(torch.logsumexp(logits, 1) - log(logits.shape[1]), 1)

    def coarse(self, embeddings: Tensor) -> Tensor:
        """[B, P, dims] -> reconstruction of the coarse normalised patch, [B, P, 12, 16]."""
        return self.sketch(embeddings).unflatten(2, (HEARING.frames // COARSE[0], HEARING.bins // COARSE[1]))


def coarsened(normal: Tensor) -> Tensor:
    """Normal patches [B, P, 96, 64] -> means of cells [B, P, 12, 16]."""
    return F.avg_pool2d(normal, COARSE)
