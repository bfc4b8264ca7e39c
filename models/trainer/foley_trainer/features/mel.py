"""Log-mel spectrogram in HiFi-GAN's own definition, so that published vocoder checkpoints fit it.

n_fft 1024, Hann window 1024, hop 256, 80 Slaney mels 0-8000 Hz, magnitude sqrt(re^2 + im^2 + 1e-9),
natural log of max(x, 1e-5), reflect padding of (n_fft - hop) / 2 on both sides and no centring.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..runtime.device import sent

RATE = 22050  # Hz, of corpora as they are read, and of the voices that learn from them
CLIP_SAMPLES = 4 * RATE


@dataclass(frozen=True)
class MelConfig:
    rate: int = RATE
    n_fft: int = 1024
    hop: int = 256
    bins: int = 80
    f_min: float = 0.0
    f_max: float = 8000.0
    floor: float = 1e-5

    def frames(self, samples: int) -> int:
        """Number of frames of a clip of `samples` samples (88200 -> 344)."""
        return (samples + self.n_fft - self.hop - self.n_fft) // self.hop + 1

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def _hz_to_mel(hz: np.ndarray) -> np.ndarray:
    """Slaney's scale: linear below 1 kHz, logarithmic above (Auditory Toolbox, 1998)."""
    linear = hz * 3.0 / 200.0
    log = 15.0 + np.log(np.maximum(hz, 1e-9) / 1000.0) / (np.log(6.4) / 27.0)
    return np.where(hz >= 1000.0, log, linear)


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel >= 15.0, 1000.0 * np.exp((np.log(6.4) / 27.0) * (mel - 15.0)), mel * 200.0 / 3.0)


def mel_basis(config: MelConfig) -> np.ndarray:
    """Triangular filters with Slaney's area normalisation, [bins, n_fft / 2 + 1], float32."""
    bin_hz = np.linspace(0.0, config.rate / 2, config.n_fft // 2 + 1)
    ends = _hz_to_mel(np.array([config.f_min, config.f_max]))
    edges = _mel_to_hz(np.linspace(ends[0], ends[1], config.bins + 2))
    width = np.diff(edges)
    slopes = edges[:, None] - bin_hz[None, :]
    rising = -slopes[:-2] / width[:-1, None]
    falling = slopes[2:] / width[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


class LogMel(nn.Module):
    """Audio [B, samples] in -1..1 -> log-mel [B, bins, frames]."""

    basis: Tensor
    window: Tensor

    def __init__(self, config: MelConfig | None = None) -> None:
        super().__init__()
        self.config = config or MelConfig()
        self.register_buffer("basis", sent(mel_basis(self.config)), persistent=False)
        self.register_buffer("window", torch.hann_window(self.config.n_fft), persistent=False)

    def magnitudes(self, audio: Tensor) -> Tensor:
        """Audio [B, samples] -> mel magnitudes [B, bins, frames], before the logarithm."""
        c = self.config
        pad = (c.n_fft - c.hop) // 2
        padded = F.pad(audio.unsqueeze(1), (pad, pad), mode="reflect").squeeze(1)
        spectrum = torch.stft(padded, c.n_fft, c.hop, c.n_fft, self.window, center=False, return_complex=True)
        magnitude = torch.sqrt(spectrum.real.square() + spectrum.imag.square() + 1e-9)
        return self.basis @ magnitude

    def forward(self, audio: Tensor) -> Tensor:
        return torch.log(torch.clamp(self.magnitudes(audio), min=self.config.floor))


def log_mel(audio: np.ndarray) -> np.ndarray:
    """Mono audio at 22050 Hz -> [80, frames]."""
    return LogMel()(torch.from_numpy(audio.astype(np.float32))[None])[0].numpy()
