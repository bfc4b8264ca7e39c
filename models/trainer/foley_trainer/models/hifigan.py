"""HiFi-GAN generator (Kong et al. 2020) and the discriminators it is trained against.

The generator's layers are named as in the published implementation, so its checkpoints can be mapped name by name.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from ..features.mel import MelConfig
from ..runtime.device import sent
from .mel_projection import REACH, MelProjection, limited
from .noise_excitation import Excitation

SLOPE = 0.1
CROSSOVER = 7600.0
"""Hz. Some hundreds below the mel's end, where its last band falls off."""
CROSSOVER_REACH = 63
"""Samples to both sides: 0 dB up to 7.3 kHz, -45 dB from 7.9 kHz on."""


@dataclass
class VocoderConfig:
    """V2 by default; V1 is channels 512, V3 is resblock 2 with rates 8,8,4 and 256 channels."""

    channels: int = 128
    rates: list[int] = field(default_factory=lambda: [8, 8, 2, 2])
    kernels: list[int] = field(default_factory=lambda: [16, 16, 4, 4])
    resblock: int = 1
    res_kernels: list[int] = field(default_factory=lambda: [3, 7, 11])
    dilations: list[list[int]] = field(default_factory=lambda: [[1, 3, 5], [1, 3, 5], [1, 3, 5]])
    mel_bins: int = 80
    noise: bool = False  # excited by shaped noise (ours): the generator has a second input
    gate: bool = False  # and how much of that noise is heard is decided per sample
    above: bool = False  # above CROSSOVER that noise alone is heard, which goes on above the mel's end
    attacks: bool = False  # how that noise rises and falls between frames is learned, and projections spare attacks
    projections: int = 0  # rounds in which the output's mel is brought nearer to the given one; then it is limited, too
    tolerance: float = 0.0  # nats by which it may differ in each round; above 0 for mels that a codec decoded

    def __post_init__(self) -> None:
        if self.gate and not self.noise:
            raise ValueError("a gate without noise has nothing to let through")
        if self.above and not self.noise:
            raise ValueError("above the crossover there is noise alone: without any there is nothing")
        if self.attacks and not self.noise:
            raise ValueError("attacks are of the noise: without any there are none")
        if not 0 <= self.projections <= 8:
            raise ValueError(f"projections must be 0 to 8, not {self.projections}")
        if not 0 <= self.tolerance <= 3:
            raise ValueError(f"tolerance must be 0 to 3 nats, not {self.tolerance}")

    def to_dict(self) -> dict:
        # Voices without them keep the card they have.
        return {name: value for name, value in asdict(self).items() if name not in ("projections", "tolerance", "above", "attacks") or value > 0}


def _conv(channels: int, kernel: int, dilation: int) -> nn.Module:
    return weight_norm(nn.Conv1d(channels, channels, kernel, 1, dilation * (kernel - 1) // 2, dilation))


class ResBlock1(nn.Module):
    def __init__(self, channels: int, kernel: int, dilations: list[int]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(_conv(channels, kernel, d) for d in dilations)
        self.convs2 = nn.ModuleList(_conv(channels, kernel, 1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, SLOPE)), SLOPE))
        return x


class ResBlock2(nn.Module):
    def __init__(self, channels: int, kernel: int, dilations: list[int]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(_conv(channels, kernel, d) for d in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = x + conv(F.leaky_relu(x, SLOPE))
        return x


class Generator(nn.Module):
    """log-mel [B, bins, frames] -> audio [B, frames * prod(rates)] in -1..1.

    With `noise`, also white noise [B, frames * prod(rates)] of variance 1: in the mel's shape it joins every upsampled
    layer, and the output is what is added to it. The mel's window spreads a click over 46 ms, and so does the shaped
    noise; with `gate`, the generator lets 0 to 2 times of it through at every sample, and clicks begin when they begin.
    """

    def __init__(self, c: VocoderConfig) -> None:
        super().__init__()
        self.config = c
        self.conv_pre = weight_norm(nn.Conv1d(c.mel_bins, c.channels, 7, 1, 3))
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        block = ResBlock1 if c.resblock == 1 else ResBlock2
        for i, (rate, kernel) in enumerate(zip(c.rates, c.kernels, strict=True)):
            channels = c.channels >> (i + 1)
            self.ups.append(weight_norm(nn.ConvTranspose1d(channels * 2, channels, kernel, rate, (kernel - rate) // 2)))
            self.resblocks.extend(block(channels, k, d) for k, d in zip(c.res_kernels, c.dilations, strict=True))
        self.conv_post = weight_norm(nn.Conv1d(c.channels >> len(c.rates), 1, 7, 1, 3))
        self.excitation = Excitation(above=c.above, learned=c.attacks) if c.noise else None
        self.crossover = Crossover() if c.above else None
        self.joins = nn.ModuleList(self._joins() if c.noise else [])
        self.gate_post = nn.Conv1d(c.channels >> len(c.rates), 1, 7, 1, 3) if c.gate else None
        if self.gate_post is not None:
            nn.init.zeros_(self.gate_post.weight)
            nn.init.zeros_(self.gate_post.bias)
        self.projection = MelProjection(c.projections, tolerance=c.tolerance, attacks=c.attacks) if c.projections > 0 else None
        for module in [*self.ups, self.conv_post, *self.resblocks.modules()]:
            if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
                with torch.no_grad():
                    module.weight = module.weight.normal_(0.0, 0.01)

    def _joins(self) -> list[nn.Module]:
        """Noise [B, 1, samples] -> [B, channels, length] of each upsampled layer."""
        c, joins = self.config, []
        for i in range(len(c.rates)):
            step = math.prod(c.rates[i + 1 :])
            joins.append(nn.Conv1d(1, c.channels >> (i + 1), 2 * step, step, step // 2) if step > 1 else nn.Conv1d(1, c.channels >> (i + 1), 1))
        return joins

    def forward(self, mel: Tensor, noise: Tensor | None = None) -> Tensor:
        if self.excitation is None:
            return self.speak(mel)
        if noise is None:
            raise ValueError("this generator is excited by noise: pass it as noise")
        with torch.autocast(mel.device.type, enabled=False), torch.no_grad():
            shaped = self.excitation(mel.float(), noise)
        return self.speak(mel, shaped)

    def speak(self, mel: Tensor, shaped: Tensor | None = None) -> Tensor:
        """The generator alone: log-mel and shaped noise [B, samples], where there is any -> audio. It sees `reach` frames
        to both sides and no further, so any stretch of it can be had from that much more of its inputs."""
        audio = self.unprojected(mel, shaped)
        if self.projection is not None:
            with torch.autocast(audio.device.type, enabled=False):
                return limited(self.projection(audio, mel.float()))
        return audio if shaped is None else audio.clamp(-1, 1)

    def unprojected(self, mel: Tensor, shaped: Tensor | None = None) -> Tensor:
        """As `speak`, without projections and limits."""
        if self.crossover is None or shaped is None:
            return self._generated(mel, shaped)
        with torch.autocast(mel.device.type, enabled=False):
            below = self.crossover(shaped)
        audio = self._generated(mel, below)
        with torch.autocast(mel.device.type, enabled=False):
            return self.crossover(audio) + (shaped - below)

    def _generated(self, mel: Tensor, shaped: Tensor | None) -> Tensor:
        x = self.conv_pre(mel)
        width = len(self.config.res_kernels)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, SLOPE))
            if shaped is not None:
                x = x + self.joins[i](shaped.unsqueeze(1))
            blocks = self.resblocks[i * width : (i + 1) * width]
            x = sum(block(x) for block in blocks) / width
        # The waveform itself is never rounded to bfloat16, whatever the layers before ran in.
        with torch.autocast(x.device.type, enabled=False):
            x = F.leaky_relu(x.float())
            last = self.conv_post(x).squeeze(1)
            if shaped is None:
                return torch.tanh(last)
            if self.gate_post is not None:
                shaped = shaped * 2 * torch.sigmoid(self.gate_post(x).squeeze(1))
            return shaped + last

    def fold(self) -> Generator:
        """Bakes weight norm into plain weights, in place, for export."""
        for module in list(self.modules()):
            if is_parametrized(module, "weight"):
                remove_parametrizations(module, "weight")
        return self


class Crossover(nn.Module):
    """Audio [B, samples] -> what of it lies below CROSSOVER.

    A generator learns little where its mel does not look. Ours added tones there at multiples of the frame rate (86 Hz), 22 dB above the noise of
    rain, and no measure that ends at 8 kHz saw them.
    """

    kernel: Tensor

    def __init__(self, rate: int = MelConfig.rate) -> None:
        super().__init__()
        at = np.arange(-CROSSOVER_REACH, CROSSOVER_REACH + 1)
        kernel = np.sinc(2 * CROSSOVER / rate * at) * np.kaiser(len(at), 5.0)
        self.register_buffer("kernel", sent((kernel / kernel.sum()).astype(np.float32)).view(1, 1, -1), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        return F.conv1d(audio.unsqueeze(1), self.kernel, padding=CROSSOVER_REACH).squeeze(1)


def reach(c: VocoderConfig) -> int:
    """Frames to each side that a sample of the generator depends on, rounded up."""
    needed = 3  # conv_post and gate_post, in samples of the layer
    if c.above:
        needed += 2 * CROSSOVER_REACH  # once before the generator and once behind it
    for i in range(len(c.rates) - 1, -1, -1):
        if c.resblock == 1:
            blocks = [sum((d + 1) * (k - 1) // 2 for d in ds) for k, ds in zip(c.res_kernels, c.dilations, strict=True)]
        else:
            blocks = [sum(d * (k - 1) // 2 for d in ds) for k, ds in zip(c.res_kernels, c.dilations, strict=True)]
        # A join sees one step more of the noise than the layer itself, which is less than the kernel of the layer above.
        needed = -(-(needed + max(blocks) + c.kernels[i]) // c.rates[i])
    if c.attacks and c.projections > 0:
        needed += 1  # AHEAD blocks, half of one for its level and one between two: 240 samples
    return needed + 3 + REACH * c.projections  # conv_pre, and what follows the generator


class PeriodDiscriminator(nn.Module):
    """Sees the wave folded to [B, 1, samples / period, period]. Returns the score and its layers' features."""

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        sizes = [1, width, width * 2, width * 4, width * 8]
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0))) for a, b in itertools.pairwise(sizes)
        )
        self.post = weight_norm(nn.Conv2d(sizes[-1], 1, (3, 1), 1, (1, 0)))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = F.pad(audio.unsqueeze(1), (0, -audio.shape[-1] % self.period), mode="reflect")
        x = x.view(x.shape[0], 1, -1, self.period)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), SLOPE)
            features.append(x)
        return self.post(x), features


class SpectrogramDiscriminator(nn.Module):
    """Sees a magnitude spectrogram (UnivNet's multi-resolution discriminator)."""

    window: Tensor

    def __init__(self, n_fft: int, width: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.convs = nn.ModuleList(
            [
                weight_norm(nn.Conv2d(1, width, (9, 3), (2, 1), (4, 1))),
                weight_norm(nn.Conv2d(width, width * 2, (9, 3), (2, 2), (4, 1))),
                weight_norm(nn.Conv2d(width * 2, width * 2, (9, 3), (2, 2), (4, 1))),
                weight_norm(nn.Conv2d(width * 2, width * 2, 3, 1, 1)),
            ]
        )
        self.post = weight_norm(nn.Conv2d(width * 2, 1, 3, 1, 1))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        spectrum = torch.stft(audio.float(), self.n_fft, self.n_fft // 4, window=self.window, return_complex=True)
        # Compressed magnitudes: quiet partials count as well.
        x = (spectrum.real.square() + spectrum.imag.square() + 1e-9).pow(0.15).unsqueeze(1)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), SLOPE)
            features.append(x)
        return self.post(x), features


class Discriminators(nn.Module):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.parts = nn.ModuleList(
            [PeriodDiscriminator(p, width) for p in (2, 3, 5, 7, 11)]
            + [SpectrogramDiscriminator(n, width) for n in (512, 1024, 2048)]
        )

    def forward(self, audio: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        return [part(audio) for part in self.parts]
