"""Residual vector quantizer: codebooks that learn by moving averages, k-means start, dead-code replacement, quantizer dropout (SoundStream)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..runtime import parallel

if TYPE_CHECKING:
    from .rvq_vae import CodecConfig


class ResidualQuantizer(nn.Module):
    """y = 0, r = z; for each codebook i: q = Q_i(r), y += q, r -= q. Codebooks learn by EMA, not by a loss."""

    codebooks: Tensor
    counts: Tensor
    sums: Tensor
    started: Tensor

    def __init__(self, c: CodecConfig) -> None:
        super().__init__()
        self.decay, self.levels, self.codes = c.decay, c.codebooks, c.codes
        self.register_buffer("codebooks", torch.zeros(c.codebooks, c.codes, c.dim))
        self.register_buffer("counts", torch.ones(c.codebooks, c.codes))
        self.register_buffer("sums", torch.zeros(c.codebooks, c.codes, c.dim))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))

    def nearest(self, residual: Tensor, level: int) -> Tensor:
        """[M, dim] -> [M]: index of the closest code by squared distance."""
        book = self.codebooks[level]
        return (book.square().sum(1) - 2 * residual @ book.T).argmin(1)

    @torch.no_grad()
    def _learn(self, residual: Tensor, index: Tensor, level: int) -> None:
        """One EMA step of a level from the residuals of all processes; none of them may leave it out."""
        hits = parallel.add_up(torch.zeros(self.codes).index_add_(0, index, torch.ones(index.numel())))
        total = parallel.add_up(torch.zeros_like(self.sums[level]).index_add_(0, index, residual))
        mean = float(hits.sum()) / self.codes
        if mean == 0:
            return
        self.counts[level].lerp_(hits, 1 - self.decay)
        self.sums[level].lerp_(total, 1 - self.decay)
        dead = self.counts[level] < 0.05 * mean
        if dead.any() and residual.shape[0]:  # a dead code restarts at a random vector of this batch, as if it had been hit averagely
            picks = residual[torch.randint(residual.shape[0], (int(dead.sum()),))]
            self.counts[level, dead] = mean
            self.sums[level, dead] = picks * mean
        parallel.as_first(self.counts[level], self.sums[level])
        self.codebooks[level] = self.sums[level] / self.counts[level].clamp(min=1e-6).unsqueeze(1)

    @torch.no_grad()
    def start(self, vectors: Tensor, rounds: int = 12) -> None:
        """k-means start of every level on the residuals of [M, dim] encoder outputs."""
        residual = vectors.clone()
        for level in range(self.levels):
            self.codebooks[level] = residual[torch.randperm(residual.shape[0])[: self.codes]]
            for _ in range(rounds):
                index = self.nearest(residual, level)
                hits = torch.zeros(self.codes).index_add_(0, index, torch.ones(index.numel()))
                total = torch.zeros_like(self.sums[level]).index_add_(0, index, residual)
                filled = hits > 0
                self.codebooks[level, filled] = total[filled] / hits[filled].unsqueeze(1)
                self.codebooks[level, ~filled] = residual[torch.randint(residual.shape[0], (int((~filled).sum()),))]
            index = self.nearest(residual, level)
            share = residual.shape[0] / self.codes
            self.counts[level] = share
            self.sums[level] = self.codebooks[level] * share
            residual = residual - self.codebooks[level][index]
        parallel.as_first(self.codebooks, self.counts, self.sums)
        self.started.fill_(True)

    def forward(self, z: Tensor, keep: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """z [B, dim, f, t], keep [B] levels to use per clip -> quantized (straight-through), codes [B, K, f, t], commitment loss."""
        batch, dim, rows, cols = z.shape
        flat = z.permute(0, 2, 3, 1).reshape(-1, dim).float()
        residual, total = flat, torch.zeros_like(flat)
        codes = []
        for level in range(self.levels):
            index = self.nearest(residual.detach(), level)
            picked = self.codebooks[level][index]
            mask = torch.ones(flat.shape[0], 1)
            if keep is not None:
                mask = (keep > level).float().repeat_interleave(rows * cols).unsqueeze(1)
            if self.training:
                used = mask.squeeze(1) > 0
                self._learn(residual.detach()[used], index[used], level)
            total = total + picked * mask
            residual = residual - picked.detach()
            codes.append(index.view(batch, rows, cols))
        quantized = flat + (total - flat).detach()
        # What all levels together leave is what the encoder commits to. Committing to each level's own vector
        # would pull z onto the first codebook until nothing is left for the others to code.
        commitment = residual.square().mean()
        return quantized.view(batch, rows, cols, dim).permute(0, 3, 1, 2), torch.stack(codes, 1), commitment

    def lookup(self, codes: Tensor) -> Tensor:
        """Codes [B, K, f, t] (value `codes` = absent, adds nothing) -> sum of code vectors [B, dim, f, t]."""
        return look_up(self.codebooks, codes, (self.levels, self.codes))


def look_up(books: Tensor, codes: Tensor, size: tuple[int, int]) -> Tensor:
    """books [K, codes, dim], of `size` K, codes; codes [B, K, f, t] (value `codes` = absent, adds nothing) -> the sum of their vectors
    [B, dim, f, t]."""
    levels, each = size
    padded = F.pad(books, (0, 0, 0, 1))  # one zero row per level: the absent code
    flat = padded.reshape(-1, padded.shape[-1])
    offset = (torch.arange(levels) * (each + 1)).view(1, -1, 1, 1)
    return F.embedding(codes + offset, flat).sum(1).permute(0, 3, 1, 2)
