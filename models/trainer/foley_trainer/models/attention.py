"""Strictly causal attention over the cells of a grid in raster order, fused."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .causal_conv import Dropout, NormedConv


def strictly_causal(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """[B, heads, T, d] each -> [B, heads, T, d]: cell t attends to the cells before t, cell 0 to nothing (zeros).

    Query t against the keys 0..t-1 is ordinary causal attention of the queries from 1 on against the keys up
    to T - 2: one fused call, no mask in memory, and cell 0's zeros are exact.
    """
    if query.shape[2] == 1:
        return torch.zeros_like(value)
    attended = F.scaled_dot_product_attention(query[:, :, 1:], key[:, :, :-1], value[:, :, :-1], is_causal=True)
    return F.pad(attended, (0, 0, 1, 0))


class CausalAttention(nn.Module):
    """Query [B, q, H, W], key [B, k, H, W] -> [B, channels, H, W]."""

    def __init__(self, query_channels: int, key_channels: int, channels: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.query = NormedConv(query_channels, channels, 1)
        self.key = NormedConv(key_channels, channels, 1)
        self.value = NormedConv(key_channels, channels, 1)
        self.heads = heads
        # Of what was attended to, not of the weights: the fused kernel has no dropout on a CPU (ours).
        self.dropout = Dropout(dropout)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        batch, _, rows, cols = query.shape

        def cells(x: Tensor) -> Tensor:
            return x.permute(0, 2, 3, 1).reshape(batch, rows * cols, self.heads, -1).transpose(1, 2)

        out = strictly_causal(cells(self.query(query)), cells(self.key(key)), cells(self.value(key)))
        return self.dropout(out.transpose(1, 2).reshape(batch, rows, cols, -1).permute(0, 3, 1, 2))
