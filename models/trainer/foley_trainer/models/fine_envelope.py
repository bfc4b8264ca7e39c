"""The power of a sound every 1.5 ms, from its log-mel, whose frames last 46 ms.

Frames overlap fourfold, so where a sound begins is in them, but deconvolution (`Excitation.gathered`) finds it only to some milliseconds:
it knows nothing of what sounds are like. A few convolutions that have seen recordings know that clicks and shots rise at once, and that barks and coughs do not.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..features.mel import MelConfig

STEP = 32  # samples over which the power is taken to be even: 1.5 ms
WIDTH = 96
KERNELS = (5, 3, 3, 3)
USUAL = 4.0  # nats between the mean square of mel magnitudes and the power of a band, about
SCALE = 2.0  # of what is learned: it learns faster so


class FineEnvelope(nn.Module):
    """log-mel [B, bins, T] -> log power of each band every STEP samples [B, bands, T * hop / STEP], mean squares of samples of full scale 1.

    It sees five frames to each side.
    """

    def __init__(self, bands: int, config: MelConfig | None = None) -> None:
        super().__init__()
        c = config or MelConfig()
        self.bands, self.steps = bands, c.hop // STEP
        sizes = [c.bins, *[WIDTH] * (len(KERNELS) - 1), bands * self.steps]
        self.convs = nn.ModuleList(nn.Conv1d(a, b, k, padding=k // 2) for a, b, k in zip(sizes[:-1], sizes[1:], KERNELS, strict=True))

    def forward(self, mel: Tensor) -> Tensor:
        first, *between, last = self.convs
        x = F.gelu(first((mel + 5) / 3))
        for conv in between:
            x = x + F.gelu(conv(x))
        # Against the level of the frames around it, so that it need not be learned for every level.
        level = (mel.exp().square().mean(1, keepdim=True) + 1e-10).log() - USUAL
        around = F.interpolate(level, scale_factor=self.steps, mode="linear", align_corners=False)
        return SCALE * last(x).unflatten(1, (self.bands, self.steps)).transpose(2, 3).flatten(2) + around


def powers(audio: Tensor, edges: tuple[float, ...], end: float, rate: int) -> Tensor:
    """Audio [B, samples] -> power of its bands every STEP samples [B, bands, samples / STEP]: what a FineEnvelope learns. `edges`: Hz
    between bands; they cross over within 8 % to both sides."""
    size = audio.shape[-1]
    spectrum, hertz = torch.fft.rfft(audio), torch.fft.rfftfreq(size, 1 / rate)
    parts = []
    for low, high in zip((0.0, *edges), (*edges, end), strict=True):
        gain = ((1.08 * high - hertz) / (0.16 * high)).clamp(0, 1)
        if low > 0:
            gain = gain * ((hertz - 0.92 * low) / (0.16 * low)).clamp(0, 1)
        parts.append(torch.fft.irfft(spectrum * gain.sqrt(), size))
    return F.avg_pool1d(torch.stack(parts, 1).square(), STEP)
