"""PixelSNAIL's layers: weight-normalised convolutions that see only cells sampled earlier."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NormedConv(nn.Module):
    """Convolution with weight norm (Salimans & Kingma 2016), one norm per output channel.

    `causal`: kernel rows reach upwards only, and of the last kernel row the centre and everything right of it
    is dead. Dead taps are out of the norm as well, so zeros there and any other values mean the same.
    """

    live: Tensor | None
    plain: Tensor | None = None  # the final weight, if weight norm was folded

    def __init__(self, inputs: int, outputs: int, kernel: int | tuple[int, int], *, bias: bool = True, causal: bool = False, pad: tuple[int, int, int, int] | None = None) -> None:
        super().__init__()
        rows, cols = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.weight_v = nn.Parameter(torch.empty(outputs, inputs, rows, cols))
        self.weight_g = nn.Parameter(torch.empty(outputs))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        live = torch.ones(rows, cols)
        if causal:
            live[-1, cols // 2 :] = 0
            pad = (cols // 2, cols // 2, rows - 1, 0)
        self.register_buffer("live", live if causal else None, persistent=False)
        self.pad = pad
        bound = 1 / math.sqrt(inputs * int(live.sum()))
        nn.init.uniform_(self.weight_v, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)
        with torch.no_grad():
            self.weight_g.copy_(self._live_v().flatten(1).norm(dim=1))

    def _live_v(self) -> Tensor:
        return self.weight_v if self.live is None else self.weight_v * self.live

    def weight(self) -> Tensor:
        """The plain weight [outputs, inputs, rows, cols]: dead taps zeroed first, then normed."""
        if self.plain is not None:
            return self.plain
        v = self._live_v()
        norm = torch.linalg.vector_norm(v, dim=(1, 2, 3), keepdim=True)
        return v * (self.weight_g.view(-1, 1, 1, 1) / norm)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.weight_v.shape[2:] == (1, 1):  # a matrix product, where torch would take its slow convolution
            return F.linear(x.permute(0, 2, 3, 1), self.weight().flatten(1), self.bias).permute(0, 3, 1, 2)
        if self.pad is not None:
            x = F.pad(x, self.pad)
        return F.conv2d(x, self.weight(), self.bias)


class Dropout(nn.Module):
    """Dropout in steps of 1/256: eight decisions per 64-bit draw. Drawing one number per element costs a CPU a tenth
    of a training step."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.steps = round(share * 256)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W], best with channels last in memory: the mask is laid out that way."""
        if not self.training or self.steps == 0:
            return x
        draws = torch.randint(-(2**63), 2**63 - 1, (-(-x.numel() // 8),), device=x.device).view(torch.uint8)
        batch, channels, rows, cols = x.shape
        kept = draws[: x.numel()].view(batch, rows, cols, channels).permute(0, 3, 1, 2) >= self.steps
        return x * kept.to(x.dtype).mul_(256 / (256 - self.steps))


class GatedBlock(nn.Module):
    """Gated residual block: x + glu(conv2(elu(conv1(elu(x)) + aux)) + condition)."""

    def __init__(self, inputs: int, channels: int, kernel: int | tuple[int, int], *, dropout: float, aux: int = 0, condition: int = 0) -> None:
        super().__init__()
        causal = kernel not in (1, (1, 1))
        self.conv1 = NormedConv(inputs, channels, kernel, causal=causal)
        self.conv2 = NormedConv(channels, 2 * inputs, kernel, causal=causal)
        self.aux = NormedConv(aux, channels, 1) if aux else None
        self.condition = NormedConv(condition, 2 * inputs, 1, bias=False) if condition else None
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, aux: Tensor | None = None, condition: Tensor | None = None) -> Tensor:
        out = self.conv1(F.elu(x))
        if self.aux is not None and aux is not None:
            out = out + self.aux(F.elu(aux))
        out = self.conv2(self.dropout(F.elu(out)))
        if self.condition is not None and condition is not None:
            out = out + self.condition(condition)
        return x + F.glu(out, 1)


class FirstLayer(nn.Module):
    """The two shifted causal convolutions on one-hot codes, as the table look-ups they are.

    horizontal: the P rows above, P columns each side; vertical: the P rows above and the own row, the P columns
    to the left (P = kernel // 2). Cells outside the grid add nothing; row 0 gets no horizontal bias and
    column 0 no vertical bias, because the reference shifts after the bias was added.
    """

    plain: tuple[Tensor, Tensor] | None = None  # the final tables, if weight norm was folded

    def __init__(self, codes: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.codes, self.reach = codes, kernel // 2
        self.horizontal = NormedConv(codes, channels, (self.reach, kernel))
        self.vertical = NormedConv(codes, channels, (self.reach + 1, self.reach))
        with torch.no_grad():  # one of `codes` inputs is hot, not all: fan-in is the number of taps (ours)
            for conv in (self.horizontal, self.vertical):
                conv.weight_g.mul_(0.4 * math.sqrt(codes))

    def tables(self) -> tuple[Tensor, Tensor]:
        """Above [P, 2P + 1, codes + 1, C] and own row [P, codes + 1, C]: what a code at a tap adds; absent adds 0."""
        if self.plain is not None:
            return self.plain
        above = self.horizontal.weight().permute(2, 3, 1, 0)
        left = self.vertical.weight().permute(2, 3, 1, 0)
        above = above + F.pad(left[:-1], (0, 0, 0, 0, 0, above.shape[1] - self.reach))
        return F.pad(above, (0, 0, 0, 1)), F.pad(left[-1], (0, 0, 0, 1))

    def forward(self, codes: Tensor) -> Tensor:
        """[B, H, W] int64 -> [B, C, H, W], channels last."""
        batch, rows, cols = codes.shape
        above, own = self.tables()
        table = torch.cat([above.flatten(0, 1), own])
        reach = self.reach
        padded = F.pad(codes, (reach, reach, reach, 0), value=self.codes)
        taps = [(r, c) for r in range(reach) for c in range(2 * reach + 1)] + [(reach, c) for c in range(reach)]
        windows = [padded[:, r : r + rows, c : c + cols] + i * (self.codes + 1) for i, (r, c) in enumerate(taps)]
        index = torch.stack(windows, -1).view(-1, len(taps))
        looked_up = F.embedding_bag(index, table.flatten(0, 1), mode="sum").view(batch, rows, cols, -1)
        below_first = (torch.arange(rows) > 0).float().view(1, rows, 1, 1)
        right_of_first = (torch.arange(cols) > 0).float().view(1, 1, cols, 1)
        biases = self.horizontal.bias * below_first + self.vertical.bias * right_of_first
        return (looked_up + biases).permute(0, 3, 1, 2)
