"""The VQ-VAE of the DCASE 2023 Task 7 baseline (Liu et al. 2021, arXiv 2107.09998): another architecture than ours.

What differs from `models/rvq_vae.py`, and what a published checkpoint therefore needs: log-mels go in and come out as they
are (mean 0, deviation 1, no normalisation); the latent's length is free; every residual block adds what its first
ReLU left of its input, not the input itself; the decoder has no layer after its second transposed convolution.
Grid: 80 x 344 frames -> 20 x 86 codes of one codebook.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .rvq_vae import CodecConfig

KERNELS = (4, 2, 6, 8)  # of both strided convolutions, one branch each; stride 2 and padding k / 2 - 1: exactly half


def baseline_config(channels: int = 128, hidden: int = 32, blocks: int = 2, dim: int = 64, codes: int = 512) -> CodecConfig:
    """`blocks`: residual blocks in every branch and in the decoder. Fields that only training reads keep their defaults."""
    return CodecConfig(
        strides=[[2, 2], [2, 2]], codebooks=1, codes=codes, dim=dim, channels=channels, hidden=hidden,
        branch_blocks=blocks, trunk_blocks=0, fine_blocks=0, mel_mean=0.0, mel_std=1.0,
    )  # fmt: skip


class RectifiedResidual(nn.Module):
    """relu(x) + narrow(relu(wide(relu(x)))): the baseline's first ReLU works in place, so the sum sees its result."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, hidden, 3, padding=1)
        self.narrow = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        return x + self.narrow(F.relu(self.wide(x)))


def _branch(c: CodecConfig, kernel: int) -> nn.Sequential:
    half, pad = c.channels // 2, kernel // 2 - 1
    return nn.Sequential(
        nn.Conv2d(1, half, kernel, 2, pad),
        nn.ReLU(),
        nn.Conv2d(half, c.channels, kernel, 2, pad),
        nn.ReLU(),
        nn.Conv2d(c.channels, c.channels, 3, padding=1),
        *[RectifiedResidual(c.channels, c.hidden) for _ in range(c.branch_blocks)],
        nn.ReLU(),
    )


class BaselineCodec(nn.Module):
    """Encodes and decodes like `Codec`, from weights that were trained elsewhere; it does not train."""

    book: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config, c = config, config
        self.branches = nn.ModuleList(_branch(c, kernel) for kernel in KERNELS)
        self.project = nn.Conv2d(c.channels, c.dim, 1)
        self.register_buffer("book", torch.zeros(c.dim, c.codes))
        self.decoder = nn.Sequential(
            nn.Conv2d(c.dim, c.channels, 3, padding=1),
            *[RectifiedResidual(c.channels, c.hidden) for _ in range(c.branch_blocks)],
            nn.ReLU(),
            nn.ConvTranspose2d(c.channels, c.channels // 2, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(c.channels // 2, 1, 4, 2, 1),
        )

    def encode(self, mel: Tensor) -> Tensor:
        """log-mel [B, bins, frames], frames a multiple of 4 -> codes [B, 1, bins / 4, frames / 4]."""
        x = mel.unsqueeze(1)
        z = self.project(sum(branch(x) for branch in self.branches))
        flat = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])
        # |z|^2 changes no winner; summed as the baseline sums it, it leaves the same rounding, so the same codes.
        distance = flat.square().sum(1, keepdim=True) - 2 * flat @ self.book + self.book.square().sum(0)
        return distance.argmin(1).view(z.shape[0], 1, z.shape[2], z.shape[3])

    def decode(self, codes: Tensor) -> Tensor:
        """Codes [B, 1, f, t] (value `codes` = absent: the zero vector) -> log-mel [B, 4 f, 4 t]."""
        z = F.embedding(codes[:, 0], F.pad(self.book, (0, 1)).T)
        return self.decoder(z.permute(0, 3, 1, 2)).squeeze(1)
