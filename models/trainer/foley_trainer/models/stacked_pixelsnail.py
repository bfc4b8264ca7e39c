"""PixelSNAIL over time and frequency, with the codebooks of a cell as depth (`stacked`).

The trunk is a causal PixelSNAIL (Chen et al. 2018) that walks a grid of time steps (rows) and frequency patches
(columns), lowest first: 43 x 10 cells instead of the paper's 40 x 43. Each cell holds the codes of all K codebooks of
the residual quantizer; a small depth head predicts them in order, each from the trunk and the codes before it, as
RQ-Transformer does (Lee et al., CVPR 2022). Audio can be rendered while later rows are still being sampled.

The network is conditioned on class weights (zeros: no class, for classifier-free guidance, Ho & Salimans 2022) and
optionally on a loudness contour (`features.loudness`), eight levels a row, and a long-term average spectrum (`features.spectrum`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .causal_conv import NormedConv
from .grid import Grid
from .pixelsnail import Block


@dataclass
class StackedConfig:
    """`kernel` is (time, frequency). `vector`: learned dimensions of a code beside the quantizer's own."""

    kind: str = "stacked"
    codebooks: int = 4
    codes: int = 512
    rows: int = 43
    cols: int = 10
    classes: int = 7
    channels: int = 96
    blocks: int = 2
    res_blocks: int = 5
    kernel: tuple[int, int] = (3, 5)
    heads: int = 4
    dropout: float = 0.1
    condition_dim: int = 64
    depth: int = 192
    depth_hidden: int = 256
    depth_dropout: float = 0.1
    vector: int = 64
    contour: int = 8  # loudness levels a row; 0: the prior has no contour input
    spectrum: int = 0  # mel bins of a clip's average spectrum; 0: the prior has no such input

    def __post_init__(self) -> None:
        self.kernel = (int(self.kernel[0]), int(self.kernel[1]))
        if self.kind != "stacked":
            raise ValueError(f"a stacked prior's configuration has kind 'stacked', not {self.kind!r}")
        if self.kernel[0] < 2 or self.kernel[1] % 2 == 0:
            raise ValueError(f"kernel {self.kernel}: expected at least 2 rows of time and an odd number of frequency columns")
        if self.channels % (2 * self.heads):
            raise ValueError("half the channels must be divisible by the number of heads")
        if self.channels % 32:
            raise ValueError("the channels must be a multiple of 32")

    @property
    def reach(self) -> int:
        """Columns to each side that a layer sees; the first layer also sees so many rows above."""
        return self.kernel[1] // 2

    @property
    def layers(self) -> int:
        """Gated residual blocks with causal convolutions in the whole network."""
        return self.blocks * self.res_blocks

    @property
    def grid(self) -> Grid:
        """The codes in the order they are sampled in: a row is a time step, and the codebooks of a cell follow each other."""
        return Grid(self.codebooks, self.cols, self.rows, ["time"], ["frequency", "codebook"])

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"kernel": list(self.kernel)}


class CellInput(nn.Module):
    """The sum of a cell's code vectors, seen through two convolutions: the rows above, and the cells to the left.

    A code's vector is the quantizer's (scaled to unit variance of the sum) beside `vector` learned dimensions.
    """

    offset: Tensor

    def __init__(self, codebooks: Tensor, c: StackedConfig) -> None:
        super().__init__()
        scale = codebooks.square().mean((1, 2)).sum().sqrt().clamp(min=1e-6)
        self.vectors = nn.Parameter(torch.cat([codebooks / scale, torch.randn(c.codebooks, c.codes, c.vector) * 0.5], 2))
        dim = self.vectors.shape[2]
        self.reach = c.reach
        self.above = NormedConv(dim, c.channels, (c.reach, 2 * c.reach + 1))
        self.left = NormedConv(dim, c.channels, (1, c.reach), bias=False)
        self.register_buffer("offset", torch.arange(c.codebooks) * c.codes, persistent=False)

    def look_up(self, codes: Tensor) -> Tensor:
        """Codes [B, T, F, K] -> vectors [B, T, F, K, dim]."""
        return F.embedding(codes + self.offset, self.vectors.flatten(0, 1))

    def forward(self, parts: Tensor) -> Tensor:
        """Vectors [B, T, F, K, dim] -> [B, channels, T, F]; no cell sees itself or what comes after it."""
        x = parts.sum(3).permute(0, 3, 1, 2)
        rows, cols = x.shape[2:]
        above = self.above(F.pad(x, (self.reach, self.reach, self.reach, 0)))[:, :, :rows]
        return above + self.left(F.pad(x, (self.reach, 0, 0, 0)))[..., :cols]


class DepthHead(nn.Module):
    """Logits of one codebook's code from the trunk and the codes of the codebooks before it in the same cell."""

    def __init__(self, level: int, c: StackedConfig, dim: int, codebook: Tensor) -> None:
        super().__init__()
        self.level = level
        self.enter = nn.Linear(c.channels, c.depth)
        self.known = nn.Linear(level * dim, c.depth, bias=False) if level else None
        self.norm_in = nn.LayerNorm(c.depth)
        self.wide = nn.Linear(c.depth, 2 * c.depth_hidden)
        self.narrow = nn.Linear(c.depth_hidden, c.depth)
        self.dropout = nn.Dropout(c.depth_dropout)
        self.norm_out = nn.LayerNorm(c.depth)
        self.head = nn.Linear(c.depth, c.codes)
        with torch.no_grad():
            self.narrow.bias.zero_()
            # Codes that lie close together start out alike likely.
            centred = codebook - codebook.mean(0)
            centred = centred / centred.square().mean().sqrt().clamp(min=1e-6)
            width = min(centred.shape[1], c.depth)
            self.head.weight[:, :width] = centred[:, :width] / math.sqrt(c.depth) * 0.5
            self.head.bias.zero_()

    def forward(self, trunk: Tensor, parts: Tensor) -> Tensor:
        """trunk [..., channels], parts [..., K, dim] (codebooks from `level` on are not looked at) -> [..., codes]."""
        x = self.enter(trunk)
        if self.known is not None:
            x = x + self.known(parts[..., : self.level, :].flatten(-2))
        a, b = self.wide(self.norm_in(x)).chunk(2, -1)
        x = x + self.narrow(self.dropout(F.silu(a) * b))
        return self.head(self.norm_out(x))


@dataclass
class Followed:
    """What a clip follows beside its class; None where no clip of the batch does. `.._known` [B]: 1 where it counts."""

    contour: Tensor | None = None
    """[B, T, levels a row] in units of `features.loudness`."""
    contour_known: Tensor | None = None
    spectrum: Tensor | None = None
    """[B, bins] in units of `features.spectrum`."""
    spectrum_known: Tensor | None = None

    @staticmethod
    def times(x: Tensor, known: Tensor | None) -> Tensor:
        return x if known is None else x * known.view(-1, 1, 1)


class StackedPixelSnail(nn.Module):
    """Codes [B, T, F, K], class weights [B, n] (a row of zeros: no class) and what is followed -> logits [B, T, F, K, codes]."""

    coordinates: Tensor

    def __init__(self, config: StackedConfig, codebooks: Tensor) -> None:
        """codebooks [K, codes, dim]: the quantizer's vectors."""
        super().__init__()
        if codebooks.shape[:2] != (config.codebooks, config.codes):
            raise ValueError(f"expected codebooks [{config.codebooks}, {config.codes}, dim], not {list(codebooks.shape)}")
        self.config, c = config, config
        down = ((torch.arange(c.rows) - c.rows / 2) / c.rows).view(1, 1, -1, 1).expand(1, 1, c.rows, c.cols)
        across = ((torch.arange(c.cols) - c.cols / 2) / c.cols).view(1, 1, 1, -1).expand(1, 1, c.rows, c.cols)
        self.register_buffer("coordinates", torch.cat([down, across], 1).contiguous(), persistent=False)
        self.input = CellInput(codebooks, c)
        self.of_class = nn.Linear(c.classes, c.condition_dim, bias=False)
        nn.init.normal_(self.of_class.weight, std=0.5)
        self.of_frequency = nn.Parameter(torch.randn(c.cols, c.condition_dim) * 0.3)
        self.of_time = nn.Parameter(torch.randn(c.rows, c.condition_dim) * 0.1)
        if c.contour:
            self.of_contour = nn.Sequential(nn.Linear(c.contour, 2 * c.condition_dim), nn.SiLU(), nn.Linear(2 * c.condition_dim, c.condition_dim))
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.blocks))
        self.levels = nn.ModuleList(DepthHead(k, c, self.input.vectors.shape[2], codebooks[k]) for k in range(c.codebooks))
        if c.spectrum:
            # The whole spectrum, and for every frequency column of the grid something of its own.
            self.of_spectrum = nn.Sequential(nn.Linear(c.spectrum, 2 * c.condition_dim), nn.SiLU(), nn.Linear(2 * c.condition_dim, c.cols * c.condition_dim))
            # A prior that learns it later begins as it was.
            nn.init.zeros_(self.of_spectrum[2].weight)
            nn.init.zeros_(self.of_spectrum[2].bias)

    def condition(self, weights: Tensor, followed: Followed | None = None) -> Tensor:
        """-> [B, condition_dim, T, F]."""
        c, told = self.config, followed or Followed()
        named = self.of_class(weights).view(-1, 1, 1, c.condition_dim) + self.of_frequency + self.of_time.unsqueeze(1)
        if told.contour is not None and c.contour:
            named = named + told.times(self.of_contour(told.contour), told.contour_known).unsqueeze(2)
        if told.spectrum is not None and c.spectrum:
            columns = self.of_spectrum(told.spectrum).view(-1, c.cols, c.condition_dim)
            named = named + told.times(columns, told.spectrum_known).unsqueeze(1)
        return named.permute(0, 3, 1, 2)

    def trunk(self, parts: Tensor, condition: Tensor) -> Tensor:
        """Vectors [B, T, F, K, dim], condition [B, condition_dim, T, F] -> [B, T, F, channels]."""
        out, coordinates = self.input(parts), self.coordinates
        if torch.is_autocast_enabled(out.device.type):  # keeps the residual stream in one type
            kind = torch.get_autocast_dtype(out.device.type)
            out, condition, coordinates = out.to(kind), condition.to(kind), coordinates.to(kind)
        out = out.contiguous(memory_format=torch.channels_last)
        condition = condition.contiguous(memory_format=torch.channels_last)
        coordinates = coordinates.expand(out.shape[0], -1, -1, -1)
        for block in self.blocks:
            out = block(out, coordinates, condition)
        return F.elu(out).permute(0, 2, 3, 1)

    def forward(self, codes: Tensor, weights: Tensor, followed: Followed | None = None) -> Tensor:
        parts = self.input.look_up(codes)
        trunk = self.trunk(parts, self.condition(weights, followed))
        return torch.stack([level(trunk, parts) for level in self.levels], 3)

    def class_layers(self) -> list[nn.Linear]:
        """Layers whose inputs are the class weights."""
        return [self.of_class]
