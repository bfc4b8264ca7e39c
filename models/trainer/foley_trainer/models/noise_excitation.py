"""White noise in the shape of a log-mel: what a vocoder that hears no phases can start from.

HiFi-GAN turns a mel into one waveform. Rain, shots and breath have no waveform that belongs to their mel, only a
spectrum: trained on few hours it then repeats one phase per frame, and rain becomes 86 Hz and its harmonics (heard
and measured: a tagger named 2 % of copies of real clips; of this noise alone, 59 %). So the generator is given shaped noise,
as neural source-filter vocoders are (Wang et al. 2019), and learns what to add to it.

A mel also spreads every click over its window of 46 ms. Each frame's power is the sound's, seen through the squared
window, and frames overlap fourfold: where the power was inside them follows from four equations for each unknown,
solved in four bands by Richardson (1972) and Lucy (1974), who keep it positive. Of the noise alone a tagger then names
75 % of keyboards and all of gunshots instead of 12 and 50 %. Better still, it is learned (`models.fine_envelope`), and one such update then makes the
frames see what they saw.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..features.mel import MelConfig, mel_basis
from ..runtime.device import sent
from .fine_envelope import STEP, FineEnvelope

LENGTH = 512  # of the shaping window
ROUNDS = 10  # multiplicative updates from mel bands to frequencies (Lee and Seung 2001), which keep magnitudes positive
FINE = 64  # samples over which the power is taken to be even: 3 ms
LOOKS = 60  # updates of the power; 30 do nearly as well, 300 no better
EDGES = (500.0, 1500.0, 4000.0)  # Hz between bands: a click above a hum is a click
SHARPEST = 8.0  # how many times the amplitude may rise where power gathers
RISING = 3  # steps of FINE, 9 ms, within which what precedes a louder moment is taken for its smear
SLOPE = 4.0  # how many times the power may rise within them and be left alone: it does in even noise, too
UNITS = 1e4  # squared magnitudes of a band, of a mean square of 1
GRAIN = 4  # samples from grain to grain: 0.18 ms
LOUDNESS = 0.85  # of a random magnitude, between the exponential of its mean logarithm (0.75) and its root mean square


TOP = 3  # highest mel bands, whose level goes on above them
ABOVE = (3.04, 2.95, 2.85, 2.72, 2.46, 2.02)
"""Nats by which root mean square magnitudes lie above the level of the top mel bands (which are averages over an area), in six equal bands from the
mel's end to half the sample rate: medians of 98,806 frames of 2370 recordings of fifteen classes, in each class the same within 0.3 up to 10 kHz."""


class Excitation(nn.Module):
    """log-mel [B, bins, T], noise [B, T * hop] of variance 1 -> audio [B, T * hop].

    A mel ends at 8 kHz, and so does its noise; with `above` it goes on as recordings do. With `learned`, how it rises and falls
    between frames is learned, in steps of STEP samples instead of FINE.
    """

    basis: Tensor
    analysis: Tensor
    synthesis: Tensor
    window: Tensor
    rise: Tensor
    fine_rise: Tensor
    above: Tensor

    def __init__(self, config: MelConfig | None = None, above: bool = False, learned: bool = False) -> None:
        super().__init__()
        c = config or MelConfig()
        if 2 * c.hop != LENGTH:
            raise ValueError(f"hop is {c.hop}, expected {LENGTH // 2}: half the window of {LENGTH}")
        self.hop = c.hop
        frequencies = LENGTH // 2 + 1
        edges = [0, *(round(edge * LENGTH / c.rate) for edge in EDGES), frequencies]
        self.bands = [(low, high) for low, high in itertools.pairwise(edges) if low < high]
        self.envelope = FineEnvelope(len(self.bands), c) if learned else None
        self.fine = STEP if learned else FINE
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(LENGTH) / LENGTH))
        phase = 2 * np.pi * np.outer(np.arange(LENGTH // 2 + 1), np.arange(LENGTH)) / LENGTH
        twice = np.where((np.arange(LENGTH // 2 + 1) % (LENGTH // 2)) == 0, 1.0, 2.0)[:, None] / LENGTH
        there = np.concatenate([np.cos(phase), -np.sin(phase)]) * window
        back = np.concatenate([np.cos(phase) * twice, -np.sin(phase) * twice]) * window
        # Root mean square magnitude of noise of variance 1 under the mel's Hann window: mel magnitudes are in units of it.
        unit = LOUDNESS * np.sqrt(3 / 8 * c.n_fft)
        seen = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(c.n_fft) / c.n_fft)) ** 2
        seen = seen.reshape(-1, self.fine).sum(1) / seen.sum()
        self.hidden = (c.n_fft - c.hop) // 2 // self.fine  # a frame begins so many steps before its hop
        for name, row in (("window", seen), ("rise", _hann(LENGTH)), ("fine_rise", triangle(self.fine))):
            self.register_buffer(name, sent(row.astype(np.float32)).view(1, 1, -1), persistent=False)
        self.register_buffer("basis", sent(mel_basis(c)), persistent=False)
        self.register_buffer("above", sent(_above(c)).view(1, -1, 1) if above else None, persistent=False)
        self.register_buffer("analysis", sent(there.astype(np.float32)).unsqueeze(1), persistent=False)
        self.register_buffer("synthesis", sent((back / unit).astype(np.float32)).unsqueeze(1), persistent=False)

    def magnitudes(self, mel: Tensor) -> Tensor:
        """log-mel [B, bins, T] -> magnitudes [B, n_fft / 2 + 1, T] whose mel is about this one."""
        wanted = self.basis.T @ mel.exp()
        x = wanted
        for _ in range(ROUNDS):
            x = x * wanted / (self.basis.T @ (self.basis @ x) + 1e-9)
        return x if self.above is None else x + self.above * mel[:, -TOP:].mean(1, keepdim=True).exp()

    def gathered(self, power: Tensor, learned: Tensor | None = None) -> Tensor:
        """Power seen by frames [B, 1, T] -> power of every `fine` samples [B, 1, T * hop / fine] that frames would see so. `learned`: the
        same shape, what it is in proportion."""
        step = self.hop // self.fine

        def seen(x: Tensor) -> Tensor:
            return F.conv1d(x, self.window, stride=step, padding=self.hidden)

        def spread(x: Tensor) -> Tensor:
            return F.conv_transpose1d(x, self.window, stride=step, padding=self.hidden)

        weight = spread(torch.ones_like(power)).clamp(min=1e-6)

        def updated(fine: Tensor) -> Tensor:
            return fine * spread(power / (seen(fine) + 1e-12)) / weight

        if learned is not None:
            return updated(learned)
        fine = spread(power) / weight
        for _ in range(LOOKS):
            fine = updated(fine)
        return steeper(fine)

    def _sharper(self, magnitudes: Tensor, mel: Tensor) -> Tensor:
        """Magnitudes [B, n, T] -> of each band [B, bands, T * hop]: how far its noise must rise and fall between frames.

        The bands go through together, as one batch: graph and loading time are a quarter.
        """
        power = torch.cat([magnitudes[:, low:high].square().sum(1) for low, high in self.bands])[:, None] + 1e-10
        smooth = F.conv_transpose1d(power.sqrt(), self.rise, stride=self.hop, padding=self.hop // 2)
        learned = None
        if self.envelope is not None:
            # In units of the magnitudes, about; the update brings the rest.
            learned = UNITS * torch.cat(self.envelope(mel).exp().unbind(1))[:, None] + 1e-10
        sharp = F.conv_transpose1d(self.gathered(power, learned), self.fine_rise, stride=self.fine, padding=self.fine // 2)
        rise = (sharp.sqrt() / smooth.clamp(min=1e-6)).clamp(max=SHARPEST)
        return rise.view(len(self.bands), -1, rise.shape[-1]).transpose(0, 1)

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        magnitudes = self.magnitudes(mel)[:, :: (self.basis.shape[1] - 1) * 2 // LENGTH]
        waves = F.conv1d(noise.unsqueeze(1), self.analysis, stride=self.hop, padding=self.hop // 2)
        total, rises = torch.zeros_like(noise), self._sharper(magnitudes, mel).unbind(1)
        for (low, high), rise in zip(self.bands, rises, strict=True):
            cosine, sine = slice(low, high), slice(LENGTH // 2 + 1 + low, LENGTH // 2 + 1 + high)
            band = magnitudes[:, cosine]
            parts = torch.cat([waves[:, cosine] * band, waves[:, sine] * band], 1)
            kernel = torch.cat([self.synthesis[cosine], self.synthesis[sine]])
            wave = F.conv_transpose1d(parts, kernel, stride=self.hop, padding=self.hop // 2).squeeze(1)
            total = total + wave * rise
        return total


def steeper(fine: Tensor) -> Tensor:
    """Power [B, 1, steps] whose rises are steeper: frames overlap too much to tell a rise within one step from one that takes three.

    The power before a rise of more than SLOPE is multiplied by the square of how far it exceeds that. Falls are left alone: sounds
    die away, but hardly swell within 9 ms.
    """
    ahead = F.max_pool1d(F.pad(fine, (0, RISING)), RISING + 1, 1)
    return fine * (SLOPE * fine / (ahead + 1e-20)).clamp(1e-4, 1).square()


def _above(c: MelConfig) -> np.ndarray:
    """Magnitudes [n_fft / 2 + 1] above the mel, in units of its top bands' level; they rise from 0 as the last band falls off."""
    hertz = np.arange(c.n_fft // 2 + 1) * c.rate / c.n_fft
    edges = np.linspace(c.f_max, c.rate / 2, len(ABOVE) + 1)
    last = hertz[mel_basis(c)[-1].argmax()]
    rise = np.clip((hertz - last) / (c.f_max - last), 0, 1)
    return (np.exp(np.interp(hertz, (edges[1:] + edges[:-1]) / 2, ABOVE)) * LOUDNESS * rise).astype(np.float32)


def grains(length: int, grain: float, rng: np.random.Generator) -> np.ndarray:
    """Gains [length] of shaped noise, of mean square 1, that make it grainy: `grain` 0 leaves it even, 1 gives it a kurtosis of 5.

    The power at every GRAIN-th sample is drawn from an exponential distribution and goes in straight lines between them.
    """
    nodes = rng.exponential(1.0, length // GRAIN + 2)
    power = np.interp(np.arange(length) / GRAIN, np.arange(len(nodes)), nodes)
    return np.sqrt(1 + grain * (power - 1)).astype(np.float32)


def triangle(step: int) -> np.ndarray:
    """Kernel [2 * step] of a transposed convolution that goes in straight lines between values `step` samples apart."""
    return 1 - np.abs(np.arange(2 * step) + 0.5 - step) / step


def _hann(length: int) -> np.ndarray:
    """Adds up to one at a hop of half its length."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
