"""PixelSNAIL (Chen et al. 2018) on code grids, as in the DCASE 2023 Task 7 baseline.

Every block: gated residual blocks of causal convolutions, then strictly causal attention whose query sees the
block's result and whose key also sees the block's input. No output residual blocks. See `models/conditioning.py` for
the conditioning besides earlier cells.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import CausalAttention
from .causal_conv import FirstLayer, GatedBlock, NormedConv
from .codebook_embeddings import OwnCodes, OwnHead
from .conditioning import Context, LabelMap
from .grid import Grid


@dataclass
class PriorConfig:
    rows: int = 40
    cols: int = 43
    codes: int = 512
    classes: int = 7
    channels: int = 128
    blocks: int = 2
    res_blocks: int = 5
    kernel: int = 5
    heads: int = 8
    dropout: float = 0.1
    condition: str = "context"  # or "place", the same without finished codebooks; or "map", the baseline's label network
    condition_dim: int = 64
    alphabets: bool = False  # every codebook has its own code vectors and head; the paper's grid shares one alphabet
    codebooks: int = 4
    frequency: int = 10
    time: int = 43
    row_axes: list[str] = field(default_factory=lambda: ["codebook", "frequency"])
    col_axes: list[str] = field(default_factory=lambda: ["time"])

    def __post_init__(self) -> None:
        if (self.grid.rows, self.grid.cols) != (self.rows, self.cols):
            raise ValueError(f"axes {self.row_axes} x {self.col_axes} give a grid of {self.grid.rows} x {self.grid.cols}, not {self.rows} x {self.cols}")
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel is {self.kernel}, expected an odd number")
        if self.channels % (2 * self.heads):
            raise ValueError(f"channels is {self.channels}, expected a multiple of 2 * heads ({2 * self.heads})")
        if self.channels % 32:
            raise ValueError(f"channels is {self.channels}, expected a multiple of 32 (two SIMD vectors, see WIDTH in export/pixel_graph.py)")
        if self.condition not in ("context", "place", "map"):
            raise ValueError(f"condition is {self.condition}, expected context, place or map")
        if self.condition == "map" and self.condition_dim != 1:
            raise ValueError("condition map has one channel: condition_dim must be 1")

    @property
    def grid(self) -> Grid:
        return Grid(self.codebooks, self.frequency, self.time, self.row_axes, self.col_axes)

    @property
    def layers(self) -> int:
        """Gated residual blocks with causal convolutions in the whole network."""
        return self.blocks * self.res_blocks

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def condition_rows(c: PriorConfig) -> list[int]:
    """Rows before which the condition graph must run (again) with the codes so far."""
    return c.grid.condition_rows() if c.condition == "context" else [0]


class Block(nn.Module):
    def __init__(self, c: PriorConfig) -> None:
        super().__init__()
        size = c.channels
        self.residual = nn.ModuleList(GatedBlock(size, size, c.kernel, dropout=c.dropout, condition=c.condition_dim) for _ in range(c.res_blocks))
        self.key = GatedBlock(2 * size + 2, size, 1, dropout=c.dropout)
        self.query = GatedBlock(size + 2, size, 1, dropout=c.dropout)
        self.attention = CausalAttention(size + 2, 2 * size + 2, size // 2, c.heads, c.dropout)
        self.out = GatedBlock(size, size, 1, dropout=c.dropout, aux=size // 2)

    def forward(self, x: Tensor, coordinates: Tensor, condition: Tensor) -> Tensor:
        out = x
        for layer in self.residual:
            out = layer(out, condition=condition)
        key = self.key(torch.cat([x, out, coordinates], 1))
        query = self.query(torch.cat([out, coordinates], 1))
        return self.out(out, aux=self.attention(query, key))


class PixelSnail(nn.Module):
    """Codes [B, H, W] and class weights [B, n] (summing to 1) -> logits [B, codes, H, W], each from the cells before."""

    coordinates: Tensor

    def __init__(self, config: PriorConfig, codebooks: Tensor | None = None) -> None:
        """codebooks [K, codes, dim]: the quantizer's vectors, for the "context" condition of a codebook-major grid and for `alphabets`."""
        super().__init__()
        self.config, c = config, config
        down = ((torch.arange(c.rows) - c.rows / 2) / c.rows).view(1, 1, -1, 1).expand(1, 1, c.rows, c.cols)
        across = ((torch.arange(c.cols) - c.cols / 2) / c.cols).view(1, 1, 1, -1).expand(1, 1, c.rows, c.cols)
        self.register_buffer("coordinates", torch.cat([down, across], 1).contiguous(), persistent=False)
        if c.condition == "map":
            self.condition: LabelMap | Context = LabelMap(c.classes, c.rows, c.cols)
        elif c.condition == "place":
            self.condition = Context(c.classes, c.condition_dim, c.grid, None)
        else:
            self.condition = Context(c.classes, c.condition_dim, c.grid, _fitting(codebooks, c))
        self.first = OwnCodes(_fitting(codebooks, c), c.grid, c.channels, c.kernel) if c.alphabets else FirstLayer(c.codes, c.channels, c.kernel)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.blocks))
        self.head = OwnHead(c.codes, c.grid, c.channels) if c.alphabets else NormedConv(c.channels, c.codes, 1)

    def class_layers(self) -> list[nn.Linear]:
        """Layers whose inputs are the class weights."""
        return self.condition.class_layers()

    def forward(self, codes: Tensor, class_weights: Tensor, columns: tuple[int, int] | None = None) -> Tensor:
        """`columns` (start, stop): only that part of every row, with its true coordinates and condition. Cells left and
        right of it are hidden from convolutions and attention: cheaper training steps if columns are time."""
        out = self.first(codes)
        condition = self.condition(class_weights, codes)
        coordinates = self.coordinates
        if columns is not None:
            if self.config.col_axes != ["time"]:
                raise ValueError("crops are along time: the grid's columns must be time")
            out, condition, coordinates = (x[..., columns[0] : columns[1]] for x in (out, condition, coordinates))
        if torch.is_autocast_enabled(out.device.type):  # keeps the residual stream in one type
            kind = torch.get_autocast_dtype(out.device.type)
            out, condition, coordinates = out.to(kind), condition.to(kind), coordinates.to(kind)
        condition = condition.contiguous(memory_format=torch.channels_last)
        out = out.contiguous(memory_format=torch.channels_last)
        coordinates = coordinates.expand(out.shape[0], -1, -1, -1)
        for block in self.blocks:
            out = block(out, coordinates, condition)
        out = F.elu(out)
        return self.head(out, columns) if isinstance(self.head, OwnHead) else self.head(out)


def _fitting(codebooks: Tensor | None, c: PriorConfig) -> Tensor:
    if codebooks is None or codebooks.shape[:2] != (c.codebooks, c.codes):
        raise ValueError(f"condition context and alphabets need codebooks of shape [{c.codebooks}, {c.codes}, dim]")
    return codebooks
