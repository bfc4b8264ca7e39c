"""Conditioning of the prior besides earlier cells: class, position, and the finished codebooks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .grid import Grid


class LabelMap(nn.Module):
    """The baseline's label network: four linear layers without activations between, class -> a 1 x H x W map.

    Without activations the whole is affine, so a mix of classes is the mix of their maps and the network folds
    into a table [classes, H * W].
    """

    def __init__(self, classes: int, rows: int, cols: int, hidden: int = 2048) -> None:
        super().__init__()
        self.rows, self.cols = rows, cols
        self.layers = nn.Sequential(nn.Linear(classes, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, rows * cols))

    def class_layers(self) -> list[nn.Linear]:
        first = self.layers[0]
        assert isinstance(first, nn.Linear)
        return [first]

    def table(self) -> Tensor:
        """[classes, H * W]."""
        return self.layers(torch.eye(self.layers[0].in_features))

    def forward(self, class_weights: Tensor, codes: Tensor) -> Tensor:
        """class_weights [B, n], codes [B, H, W] (ignored) -> [B, 1, H, W]."""
        return self.layers(class_weights).view(-1, 1, self.rows, self.cols)


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, channels, 3, padding=1)
        self.narrow = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(F.elu(self.wide(F.elu(x))))


class Context(nn.Module):
    """Class, level and frequency embeddings and, where codebooks fill the grid one after the other, a small
    non-causal network over the sum of the finished codebooks' vectors (ours).

    A cell of level k sees the levels before k over the whole latent grid: in raster order they are all done.
    In a grid whose rows are not codebooks first no level is finished early, and only the embeddings remain. The
    same where `codebooks` is None: the paper's plain stack.
    """

    vectors: Tensor
    frequency_place: Tensor
    order: Tensor

    def __init__(self, classes: int, dim: int, grid: Grid, codebooks: Tensor | None, blocks: int = 2) -> None:
        super().__init__()
        self.grid, self.dim = grid, dim
        self.levels_first = codebooks is not None and grid.row_axes[0] == "codebook" and grid.codebooks > 1
        self.of_class = nn.Linear(classes, dim, bias=False)
        self.of_level = nn.Parameter(torch.randn(grid.codebooks, dim) * 0.3)
        self.of_frequency = nn.Parameter(torch.randn(grid.frequency, dim) * 0.3)
        nn.init.normal_(self.of_class.weight, std=0.5)
        place = torch.arange(grid.codebooks * grid.frequency * grid.time).view(1, grid.codebooks, grid.frequency, grid.time)
        self.register_buffer("order", grid.from_latent(place).flatten(), persistent=False)
        if codebooks is None or not self.levels_first:
            return
        scale = codebooks.square().mean((1, 2)).sum().sqrt().clamp(min=1e-6)
        self.register_buffer("vectors", F.pad(codebooks / scale, (0, 0, 0, 1)))  # a zero row: the absent code
        across = torch.linspace(-1, 1, grid.frequency).view(1, 1, -1, 1).expand(1, 1, grid.frequency, grid.time)
        along = torch.linspace(-1, 1, grid.time).view(1, 1, 1, -1).expand(1, 1, grid.frequency, grid.time)
        self.register_buffer("frequency_place", torch.cat([across, along], 1).contiguous(), persistent=False)
        hidden = 2 * dim
        self.enter = nn.Conv2d(codebooks.shape[-1] + 2, hidden, 3, padding=1)
        self.steer = nn.Linear(classes, hidden, bias=False)
        self.at_level = nn.Parameter(torch.randn(grid.codebooks, hidden) * 0.3)
        self.blocks = nn.Sequential(*[Residual(hidden) for _ in range(blocks)])
        self.leave = nn.Conv2d(hidden, dim, 1)

    def class_layers(self) -> list[nn.Linear]:
        return [self.of_class, self.steer] if self.levels_first else [self.of_class]

    def _finished(self, class_weights: Tensor, latent: Tensor) -> Tensor:
        """class_weights [B, n], latent codes [B, K, f, t] -> [B, K, dim, f, t]; nothing for level 0."""
        grid, levels = self.grid, self.grid.codebooks - 1
        sums, total = [], torch.zeros(())
        for level in range(levels):
            total = total + F.embedding(latent[:, level], self.vectors[level])
            sums.append(total)
        partial = torch.stack(sums, 1).permute(0, 1, 4, 2, 3).flatten(0, 1)
        places = self.frequency_place.expand(partial.shape[0], -1, -1, -1)
        x = self.enter(torch.cat([partial, places], 1).contiguous(memory_format=torch.channels_last))
        steer = self.steer(class_weights).unsqueeze(1) + self.at_level[1:]
        x = x + steer.flatten(0, 1).unsqueeze(-1).unsqueeze(-1)
        x = self.leave(F.elu(self.blocks(x))).view(-1, levels, self.dim, grid.frequency, grid.time)
        return F.pad(x, (0, 0, 0, 0, 0, 0, 1, 0))

    def forward(self, class_weights: Tensor, codes: Tensor) -> Tensor:
        """class_weights [B, n], codes [B, H, W] int64 (absent allowed) -> [B, dim, H, W]."""
        grid = self.grid
        named = self.of_level.view(1, -1, self.dim, 1, 1) + self.of_frequency.T.reshape(1, 1, self.dim, -1, 1)
        named = named + self.of_class(class_weights).view(-1, 1, self.dim, 1, 1)
        named = named + self._finished(class_weights, grid.to_latent(codes)) if self.levels_first else named.expand(-1, -1, -1, -1, grid.time)
        cells = named.permute(0, 1, 3, 4, 2).reshape(-1, len(self.order), self.dim)
        return cells[:, self.order].view(-1, grid.rows, grid.cols, self.dim).permute(0, 3, 1, 2)
