"""RVQ-VAE on log-mel spectrograms: multi-branch encoder, residual vector quantizer, mirrored decoder.

Paper: section 2 (strides, four 512-entry codebooks); the quantizer is quantizer.py.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .quantizer import ResidualQuantizer, look_up


@dataclass
class CodecConfig:
    strides: list[list[int]] = field(default_factory=lambda: [[2, 2], [4, 4]])  # (frequency, time) of both strided convs
    codebooks: int = 4
    codes: int = 512
    dim: int = 64
    channels: int = 128
    hidden: int = 32
    branch_blocks: int = 1
    trunk_blocks: int = 2
    fine_blocks: int = 2
    decay: float = 0.99
    commitment: float = 0.03  # the paper has 0.25; measured here, that empties the deeper codebooks
    dropout: float = 0.5  # share of clips decoded with fewer than all codebooks in training
    warm_steps: int = 300  # steps as a plain autoencoder before the k-means start
    patches: bool = False  # ours: what is quantized are patches of the mel itself, see `Patches`
    texture: int = 0  # ours: channels of the layers that make up what the codes leave open, see `Texture`; 0: none
    mel_bins: int = 80
    mel_frames: int = 344
    mel_mean: float = -6.7
    mel_std: float = 3.4

    def __post_init__(self) -> None:
        if self.mel_bins % self.stride[0]:
            raise ValueError(f"strides of {self.stride[0]} along frequency do not divide {self.mel_bins} mel bins")
        if self.patches and self.stride[0] * self.stride[1] > self.dim:
            raise ValueError(f"patches of {self.stride[0]} x {self.stride[1]} do not fit {self.dim} dimensions")

    def to_dict(self) -> dict:
        # Codecs without texture keep the card they have.
        return {name: value for name, value in asdict(self).items() if name != "texture" or value > 0}

    @property
    def stride(self) -> tuple[int, int]:
        (f0, t0), (f1, t1) = self.strides
        return f0 * f1, t0 * t1

    @property
    def padded_frames(self) -> int:
        """Frames after padding to a multiple of the time stride (rvq-time: 344 -> 352)."""
        return -(-self.mel_frames // self.stride[1]) * self.stride[1]

    @property
    def latent_shape(self) -> tuple[int, int]:
        return self.mel_bins // self.stride[0], self.padded_frames // self.stride[1]


class ResBlock(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, hidden, 3, padding=1)
        self.narrow = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(F.relu(self.wide(F.relu(x))))


def _strided(in_channels: int, out_channels: int, stride: list[int], scale: int) -> nn.Conv2d:
    """Kernel `scale` times the stride, padded so that the output is exactly the input divided by the stride."""
    kernel = (stride[0] * scale, stride[1] * scale)
    padding = ((kernel[0] - stride[0] + 1) // 2, (kernel[1] - stride[1] + 1) // 2)
    return nn.Conv2d(in_channels, out_channels, kernel, tuple(stride), padding)


class Patches(nn.Module):
    """[B, 1, bins, frames] -> [B, dim, bins / sf, frames / st]: the sf * st values of the mel below each latent cell, then
    zeros. In place of the paper's encoder.

    Distances between such vectors are distances between mels, so the quantization error is the mel error. For a
    trained encoder this does not hold: alone it uses 8 to 16 directions and quantization noise masks the rest (mel
    error 0.25 with four codebooks, as without any quantizer), and together with patches the straight-through gradient
    makes it add content that only costs bits (0.195, and 0.21 after twice the time).
    """

    def __init__(self, c: CodecConfig) -> None:
        super().__init__()
        self.stride, self.dim = c.stride, c.dim

    def forward(self, x: Tensor) -> Tensor:
        (batch, _, bins, frames), (sf, st) = x.shape, self.stride
        cells = x.reshape(batch, bins // sf, sf, frames // st, st).permute(0, 2, 4, 1, 3)
        return F.pad(cells.reshape(batch, sf * st, bins // sf, frames // st), (0, 0, 0, 0, 0, self.dim - sf * st))

    def back(self, z: Tensor) -> Tensor:
        """[B, dim, f, t] -> [B, 1, f * sf, t * st]."""
        (batch, _, rows, cols), (sf, st) = z.shape, self.stride
        cells = z[:, : sf * st].reshape(batch, sf, st, rows, cols).permute(0, 3, 1, 4, 2)
        return cells.reshape(batch, 1, rows * sf, cols * st)


class Encoder(nn.Module):
    """[B, 1, bins, frames] -> [B, dim, bins / sf, frames / st]: four branches of different kernels, summed."""

    def __init__(self, c: CodecConfig) -> None:
        super().__init__()
        self.strides = c.strides
        self.branches = nn.ModuleList()
        for scale in (1, 2, 3, 4):
            layers: list[nn.Module] = [
                _strided(1, c.channels // 2, c.strides[0], scale),
                nn.ReLU(),
                _strided(c.channels // 2, c.channels, c.strides[1], scale),
                nn.ReLU(),
                nn.Conv2d(c.channels, c.channels, 3, padding=1),
            ]
            layers += [ResBlock(c.channels, c.hidden) for _ in range(c.branch_blocks)]
            self.branches.append(nn.Sequential(*layers, nn.ReLU()))
        self.trunk = nn.Sequential(*[ResBlock(c.channels, c.channels) for _ in range(c.trunk_blocks)])
        self.project = nn.Conv2d(c.channels, c.dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.shape[2] // (self.strides[0][0] * self.strides[1][0])
        cols = x.shape[3] // (self.strides[0][1] * self.strides[1][1])
        summed = sum(branch(x)[:, :, :rows, :cols] for branch in self.branches)
        z = self.project(self.trunk(summed)).float()
        # Every position has length sqrt(dim): commitment can't shrink z until the deeper levels' residuals are
        # smaller than what the encoder drifts in a step, which starves their codebooks.
        return z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-6)


class Texture(nn.Module):
    """What is added to a decoded mel: fluctuations that the codes leave open, made up from them.

    Every code has numbers of its own, one for each value of the mel below its cell, that were drawn at random. Their sum over
    the codebooks is noise that hardly ever repeats, needs no seed and is the same wherever a stretch of the grid is decoded.
    The layers give it the shape that the decoder's features ask for."""

    def __init__(self, c: CodecConfig, features: int) -> None:
        super().__init__()
        self.patches, self.size = Patches(c), (c.codebooks, c.codes)
        self.grain = nn.Parameter(torch.randn(c.codebooks, c.codes, c.stride[0] * c.stride[1]) / math.sqrt(c.codebooks))
        self.layers = nn.Sequential(
            nn.Conv2d(features + 1, c.texture, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(c.texture, c.texture, 3, padding=1), nn.LeakyReLU(0.2),
            nn.Conv2d(c.texture, 1, 3, padding=1),
        )  # fmt: skip
        # A decoder that learns it later begins as it was.
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, features: Tensor, codes: Tensor) -> Tensor:
        """Features [B, n, bins, frames], codes [B, K, f, t] (absent levels allowed) -> [B, 1, bins, frames]."""
        noise = self.patches.back(look_up(self.grain, codes, self.size))
        return self.layers(torch.cat([features, noise.to(features.dtype)], 1))


class Decoder(nn.Module):
    """Vectors [B, dim, f, t] and their codes [B, K, f, t] -> [B, 1, f * sf, t * st]. Of patches, what is added to them."""

    def __init__(self, c: CodecConfig) -> None:
        super().__init__()
        half = c.channels // 2
        self.patches = Patches(c) if c.patches else None
        self.texture = Texture(c, half // 2) if c.texture else None

        def up(inputs: int, outputs: int, stride: list[int]) -> nn.ConvTranspose2d:
            """Exactly `stride` times the input: the kernel is longer than the stride by an even number."""
            kernel = (2 * stride[0] + stride[0] % 2, 2 * stride[1] + stride[1] % 2)
            padding = ((kernel[0] - stride[0]) // 2, (kernel[1] - stride[1]) // 2)
            return nn.ConvTranspose2d(inputs, outputs, kernel, tuple(stride), padding)

        self.layers = nn.Sequential(
            nn.Conv2d(c.dim, c.channels, 3, padding=1),
            *[ResBlock(c.channels, c.channels) for _ in range(c.trunk_blocks + c.branch_blocks)],
            nn.ReLU(),
            up(c.channels, half, c.strides[1]),
            *[ResBlock(half, half) for _ in range(c.fine_blocks)],
            nn.ReLU(),
            up(half, half // 2, c.strides[0]),
            nn.ReLU(),
            nn.Conv2d(half // 2, 1, 3, padding=1),
        )
        if c.patches:
            nn.init.zeros_(self.layers[-1].weight)
            nn.init.zeros_(self.layers[-1].bias)

    def forward(self, z: Tensor, codes: Tensor | None = None) -> Tensor:
        if self.texture is None or codes is None:
            out = self.layers(z)
        else:
            features = self.layers[:-1](z)
            out = self.layers[-1](features) + self.texture(features, codes)
        return out if self.patches is None else out + self.patches.back(z)


class Codec(nn.Module):
    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: nn.Module = Patches(config) if config.patches else Encoder(config)
        self.quantizer = ResidualQuantizer(config)
        self.decoder = Decoder(config)

    def _normal(self, mel: Tensor) -> Tensor:
        """[B, bins, frames] log-mel -> [B, 1, bins, padded] of about unit variance; padding repeats the last frame."""
        x = ((mel - self.config.mel_mean) / self.config.mel_std).unsqueeze(1)
        short = -mel.shape[-1] % self.config.stride[1]
        return F.pad(x, (0, short, 0, 0), mode="replicate") if short else x

    def forward(self, mel: Tensor, keep: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """log-mel [B, bins, frames] -> reconstruction (same shape), commitment loss.

        A plain autoencoder until the codebooks are started, so that k-means sees vectors worth clustering.
        """
        z = self.encoder(self._normal(mel)).float()
        if not bool(self.quantizer.started):
            return self._mel(self.decoder(z), mel.shape[-1]), z.new_zeros(())
        quantized, codes, loss = self.quantizer(z, keep)
        if keep is not None:
            left = torch.arange(self.config.codebooks).view(1, -1, 1, 1) < keep.view(-1, 1, 1, 1)
            codes = torch.where(left, codes, self.config.codes)
        return self._mel(self.decoder(quantized, codes), mel.shape[-1]), loss

    def _mel(self, decoded: Tensor, frames: int) -> Tensor:
        return decoded.float().squeeze(1)[..., :frames] * self.config.mel_std + self.config.mel_mean

    def encode(self, mel: Tensor) -> Tensor:
        """log-mel [B, bins, frames] -> codes [B, K, f, t]."""
        z = self.encoder(self._normal(mel)).float()
        residual = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])
        codes = []
        for level in range(self.config.codebooks):
            index = self.quantizer.nearest(residual, level)
            residual = residual - F.embedding(index, self.quantizer.codebooks[level])
            codes.append(index.view(z.shape[0], z.shape[2], z.shape[3]))
        return torch.stack(codes, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Codes [B, K, f, t] (absent levels allowed) -> log-mel [B, bins, mel_frames]."""
        return self._mel(self.decoder(self.quantizer.lookup(codes), codes), self.config.mel_frames)
