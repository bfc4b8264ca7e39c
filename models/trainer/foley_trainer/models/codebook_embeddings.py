"""Separate code embeddings and heads per codebook (ours): code 5 of the first codebook is unrelated to code 5 of the third,
so they should share neither the first layer nor the logits, unlike in the paper's stacked grid.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..runtime.device import sent
from .causal_conv import NormedConv
from .grid import Grid


def level_map(grid: Grid) -> np.ndarray:
    """[H, W] int64: the codebook each cell of the grid belongs to."""
    shape = (1, grid.codebooks, grid.frequency, grid.time)
    levels = np.broadcast_to(np.arange(grid.codebooks).reshape(1, -1, 1, 1), shape)
    return grid.from_latent(torch.tensor(levels, device="cpu"))[0].numpy()


class OwnCodes(nn.Module):
    """Code vectors of each codebook, initialised from the quantizer's, and two causal convolutions over them: the P rows
    above, P columns each side; and the P columns to the left (P = kernel // 2). Outside the grid everything is zero.
    """

    levels: Tensor
    plain: Tensor | None = None  # the finished table, where it was rounded

    def __init__(self, codebooks: Tensor, grid: Grid, channels: int, kernel: int) -> None:
        """codebooks [K, codes, dim]."""
        super().__init__()
        self.codes, self.reach = codebooks.shape[1], kernel // 2
        centred = codebooks - codebooks.mean(1, keepdim=True)
        alike = centred / centred.square().mean(1, keepdim=True).sqrt().clamp(min=1e-6)
        # A learned embedding besides the code vector: codes with similar vectors need not have the same successors.
        self.vectors = nn.Parameter(torch.cat([alike, torch.randn_like(alike)], 2))
        self.above = NormedConv(self.vectors.shape[2], channels, (self.reach, kernel))
        self.left = NormedConv(self.vectors.shape[2], channels, (1, self.reach), bias=False)
        self.register_buffer("levels", sent(level_map(grid)), persistent=False)

    def table(self) -> Tensor:
        """[K * (codes + 1), dim]: vectors of all codebooks one after the other, each with a zero row for the absent code."""
        return F.pad(self.vectors, (0, 0, 0, 1)).flatten(0, 1) if self.plain is None else self.plain

    def forward(self, codes: Tensor) -> Tensor:
        """[B, H, W] int64 -> [B, C, H, W]."""
        rows, cols, reach = codes.shape[1], codes.shape[2], self.reach
        x = F.embedding(codes + self.levels * (self.codes + 1), self.table()).permute(0, 3, 1, 2)
        above = self.above(F.pad(x, (reach, reach, reach, 0)))[:, :, :rows]
        return above + self.left(F.pad(x, (reach, 0, 0, 0)))[..., :cols]


class OwnHead(nn.Module):
    """[B, C, H, W] -> logits [B, codes, H, W], by weights of each cell's codebook."""

    def __init__(self, codes: int, grid: Grid, channels: int) -> None:
        super().__init__()
        self.all = NormedConv(channels, grid.codebooks * codes, 1)
        self.codebooks, self.codes, self.levels = grid.codebooks, codes, level_map(grid)

    def weights(self) -> tuple[Tensor, Tensor]:
        """[K, codes, C] and [K, codes]."""
        assert self.all.bias is not None
        return self.all.weight().view(self.codebooks, self.codes, -1), self.all.bias.view(self.codebooks, self.codes)

    def forward(self, x: Tensor, columns: tuple[int, int] | None = None) -> Tensor:
        levels = (self.levels if columns is None else self.levels[:, columns[0] : columns[1]]).flatten()
        cells, (weights, biases) = x.flatten(2), self.weights()
        places = [np.flatnonzero(levels == level) for level in range(self.codebooks)]
        parts = [F.conv1d(cells[:, :, sent(here)], weights[level].unsqueeze(2), biases[level]) for level, here in enumerate(places)]
        order = sent(np.argsort(np.concatenate(places)))
        return torch.cat(parts, 2)[:, :, order].view(x.shape[0], self.codes, x.shape[2], x.shape[3])
