"""Audio whose log-mel comes nearer to a wanted one: gains on its short-time spectrum, its phases kept.

A vocoder misses the mel it is given (ours by 0.26 nats). Each round takes the short-time spectrum under the mel's own
window, scales every frequency by the wanted over the present magnitude of the mel bands that hold it, and goes back by
windowed overlap-add (Griffin and Lim 1984 without their phase step). Frequencies of no band (above f_max) are left alone.

A decoded mel is smoother than that of any sound: noise in it fluctuates by a fraction of a nat from frame to frame, and a
decoder predicts its mean. Imposed exactly, that smoothness is heard. So differences up to `tolerance` nats are left as the
vocoder made them, and larger ones are reduced by as much (soft thresholding).

A gain that differs from frequency to frequency is a filter as long as the window, and what it changes of a sudden sound is heard before it, too
(pre-echo). So where `attacks` are spared, what is changed within 7 ms before a steep rise is lowered as the sound itself is there.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..features.mel import MelConfig, mel_basis
from ..runtime.device import sent
from .noise_excitation import triangle

REACH = 4  # frames to each side that a round's output depends on: a window is four hops long
QUIETEST, LOUDEST = 0.1, 10.0  # gain of one round
SHARED = 128  # terms of a sum that onnxruntime never breaks up, whatever the number of threads
BLOCK, AHEAD = 32, 5  # samples between two levels of the audio, each of twice as many; and levels in which a rise counts
STEEP = 4.0  # how many times the power may rise within them and nothing is spared: it does in even noise, too
KNEE, CEILING = 0.8, 0.98  # the limiter leaves samples below the knee alone and reaches the ceiling never


class MelProjection(nn.Module):
    """audio [B, T * hop], log-mel [B, bins, T] -> audio [B, T * hop] after `rounds` rounds. `tolerance` in nats. `attacks`: they are spared."""

    kernel: Tensor
    window: Tensor
    basis: Tensor
    shares: Tensor
    between: Tensor

    def __init__(self, rounds: int, config: MelConfig | None = None, tolerance: float = 0.0, attacks: bool = False) -> None:
        super().__init__()
        self.tolerance, self.attacks = tolerance, attacks
        c = config or MelConfig()
        self.rounds, self.hop, self.floor, self.pad = rounds, c.hop, c.floor, (c.n_fft - c.hop) // 2
        basis = mel_basis(c)
        held = np.flatnonzero(basis.sum(0) > 0)
        basis = basis[:, held[0] : held[-1] + 1]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(c.n_fft) / c.n_fft)
        phase = 2 * np.pi * np.outer(np.arange(held[0], held[-1] + 1), np.arange(c.n_fft)) / c.n_fft
        # One constant for both directions, of values float16 can hold, so that it is stored in half the bytes.
        kernel = (np.concatenate([np.cos(phase), -np.sin(phase)]) * window).astype(np.float16).astype(np.float32)
        squared = window**2 * c.n_fft / 2
        self.register_buffer("kernel", sent(kernel).unsqueeze(1), persistent=False)
        self.register_buffer("window", sent(squared.astype(np.float32)).view(1, 1, -1), persistent=False)
        self.register_buffer("basis", sent(basis).unsqueeze(2), persistent=False)
        self.register_buffer("shares", sent((basis / np.maximum(basis.sum(0), 1e-9)).T.copy().astype(np.float32)).unsqueeze(2), persistent=False)
        self.register_buffer("between", sent(triangle(BLOCK).astype(np.float32)).view(1, 1, -1) if attacks else None, persistent=False)

    def _spared(self, audio: Tensor) -> Tensor:
        """Audio [B, samples] -> gains [B, samples]: 1, and less before steep rises."""
        power = F.avg_pool1d(audio.square().unsqueeze(1), 2 * BLOCK, BLOCK, BLOCK // 2) + 1e-12
        ahead = F.max_pool1d(F.pad(power, (0, AHEAD)), AHEAD + 1, 1)
        lowered = 1 - (STEEP * power / ahead).clamp(max=1).sqrt()
        return 1 - F.conv_transpose1d(lowered, self.between, stride=BLOCK, padding=BLOCK // 2).squeeze(1)

    def _bands(self, magnitude: Tensor) -> Tensor:
        """Magnitudes [B, bins, T] -> mel bands [B, bands, T], in summands of at most SHARED bins: the runtime breaks a longer sum
        where it suits the columns that a thread has, so its last bits would depend on the number of threads."""
        first, *others = [F.conv1d(magnitude[:, at : at + SHARED], self.basis[:, at : at + SHARED]) for at in range(0, self.basis.shape[1], SHARED)]
        return sum(others, first)

    def forward(self, audio: Tensor, mel: Tensor) -> Tensor:
        wanted = mel.exp()
        weight = F.conv_transpose1d(torch.ones_like(mel[:, :1]), self.window, stride=self.hop, padding=self.pad).squeeze(1)
        spared = self._spared(audio) if self.attacks else None
        for _ in range(self.rounds):
            padded = F.pad(audio.unsqueeze(1), (self.pad, self.pad), mode="reflect")
            cosine, sine = F.conv1d(padded, self.kernel, stride=self.hop).chunk(2, 1)
            present = self._bands(torch.sqrt(cosine.square() + sine.square() + 1e-9))
            ratio = wanted / present.clamp(min=self.floor)
            if self.tolerance > 0:
                # Soft thresholding of the logarithm, without one: a runtime's vectorised log depends on how threads share a tensor.
                allowed = math.exp(self.tolerance)
                ratio = torch.maximum(ratio / allowed, (ratio * allowed).clamp(max=1))
            change = F.conv1d(ratio, self.shares).clamp(QUIETEST, LOUDEST) - 1
            spectrum = torch.cat([cosine * change, sine * change], 1)
            difference = F.conv_transpose1d(spectrum, self.kernel, stride=self.hop, padding=self.pad).squeeze(1) / weight
            audio = audio + (difference if spared is None else spared * difference)
        return audio


def limited(audio: Tensor) -> Tensor:
    """Below the knee as it is, above it bent so that no sample reaches full scale. It knows nothing of other samples: a
    stretch of a clip is limited as in the whole."""
    room = CEILING - KNEE
    over = torch.relu(audio.abs() - KNEE)
    return audio.clamp(-KNEE, KNEE) + torch.sign(audio) * room * torch.tanh(over / room)
