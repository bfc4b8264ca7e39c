"""White noise in the shape of a log-mel: what a vocoder that hears no phases can start from.

HiFi-GAN turns a mel into one waveform. Rain, shots and breath have no waveform that belongs to their mel, only a
spectrum: trained on few hours it then repeats one phase per frame, and rain becomes 86 Hz and its harmonics (heard
and measured: a tagger named 2 % of copies of real clips; of this noise alone, 59 %). So the generator is given shaped noise,
as neural source-filter vocoders are (Wang et al. 2019), and learns what to add to it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .device import sent
from .mel import MelConfig, mel_basis

LENGTH = 512  # of the shaping window: shorter than the mel's, so that clicks are smeared less
ROUNDS = 10  # multiplicative updates from mel bands to frequencies (Lee and Seung 2001), which keep magnitudes positive
LOUDNESS = 0.85  # of a random magnitude, between the exponential of its mean logarithm (0.75) and its root mean square


class Excitation(nn.Module):
    """log-mel [B, bins, T], noise [B, T * hop] of variance 1 -> audio [B, T * hop]."""

    basis: Tensor
    analysis: Tensor
    synthesis: Tensor

    def __init__(self, config: MelConfig | None = None) -> None:
        super().__init__()
        c = config or MelConfig()
        if 2 * c.hop != LENGTH:
            raise ValueError(f"a window of {LENGTH} adds up to one at a hop of {LENGTH // 2}, not {c.hop}")
        self.hop = c.hop
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(LENGTH) / LENGTH))
        phase = 2 * np.pi * np.outer(np.arange(LENGTH // 2 + 1), np.arange(LENGTH)) / LENGTH
        twice = np.where((np.arange(LENGTH // 2 + 1) % (LENGTH // 2)) == 0, 1.0, 2.0)[:, None] / LENGTH
        there = np.concatenate([np.cos(phase), -np.sin(phase)]) * window
        back = np.concatenate([np.cos(phase) * twice, -np.sin(phase) * twice]) * window
        # Root mean square magnitude of noise of variance 1 under the mel's Hann window: mel magnitudes are in units of it.
        unit = LOUDNESS * np.sqrt(3 / 8 * c.n_fft)
        self.register_buffer("basis", sent(mel_basis(c)), persistent=False)
        self.register_buffer("analysis", sent(there.astype(np.float32)).unsqueeze(1), persistent=False)
        self.register_buffer("synthesis", sent((back / unit).astype(np.float32)).unsqueeze(1), persistent=False)

    def magnitudes(self, mel: Tensor) -> Tensor:
        """log-mel [B, bins, T] -> magnitudes [B, n_fft / 2 + 1, T] whose mel is about this one."""
        wanted = self.basis.T @ mel.exp()
        x = wanted
        for _ in range(ROUNDS):
            x = x * wanted / (self.basis.T @ (self.basis @ x) + 1e-9)
        return x

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        magnitudes = self.magnitudes(mel)[:, :: (self.basis.shape[1] - 1) * 2 // LENGTH]
        waves = F.conv1d(noise.unsqueeze(1), self.analysis, stride=self.hop, padding=self.hop // 2)
        return F.conv_transpose1d(waves * torch.cat([magnitudes, magnitudes], 1), self.synthesis, stride=self.hop, padding=self.hop // 2).squeeze(1)
