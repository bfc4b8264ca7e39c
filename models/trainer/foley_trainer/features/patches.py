"""Log-mel patches of about one second as in VGGish (Hershey et al. 2017), the input of the embedders.

Periodic Hann windows without padding, magnitudes, triangles linear in HTK mels (1127 ln(1 + f / 700), nothing at
0 Hz), natural log of mel + offset, then every `hop` frames a patch of `frames` frames; the remainder is dropped.

Distances between sets of clips count only sounding patches (`sounding`): the embeddings of silent patches are outliers, and a
few of them dominate a distance without being audible (YAMNet: norm 75, others 6.5).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..runtime.device import sent


@dataclass(frozen=True)
class PatchConfig:
    """VGGish's own by default. window, step and n_fft in samples; frames and hop in steps."""

    rate: int = 16000
    window: int = 400
    step: int = 160
    n_fft: int = 512
    bins: int = 64
    f_min: float = 125.0
    f_max: float = 7500.0
    offset: float = 0.01
    frames: int = 96
    hop: int = 96

    @property
    def shortest(self) -> int:
        """Samples of one patch."""
        return (self.frames - 1) * self.step + self.window

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


SOUNDING_DB, SILENT_DB = 45.0, -50.0


def loudness(audio: np.ndarray, rate: int) -> np.ndarray:
    """Mean square of each whole 10 ms of mono audio, float64."""
    step = rate // 100
    x = audio[: audio.size // step * step].astype(np.float64)
    return np.square(x).reshape(-1, step).mean(1)


def sounding(audio: np.ndarray, rate: int, length: int, hop: int) -> np.ndarray:
    """Which patches of a clip count, bool [P]: those whose loudest 10 ms (mean square) lie within 45 dB of the clip's peak,
    and above -50 dBFS, so that no patch of a silent clip counts.

    A patch has `length` samples and begins every `hop`; of the clip's 10 ms those are looked at that lie in it whole.
    """
    step, powers = rate // 100, loudness(audio, rate)
    least = max(float(np.abs(audio).max(initial=0.0)) ** 2 * 10 ** (-SOUNDING_DB / 10), 10 ** (SILENT_DB / 10))
    starts = range(0, audio.size - length + 1, hop)
    return np.array([least <= powers[-(-at // step) : (at + length) // step].max(initial=0.0) for at in starts], bool)


@dataclass(frozen=True)
class EmbeddedClip:
    """`patches` [patches, dims] float32; `sounding`, bool [patches]: which of them count in a distance (`sounding`);
    `scores`: of each of the network's classes for the whole clip, None where it has none."""

    patches: np.ndarray
    sounding: np.ndarray
    scores: np.ndarray | None

    @property
    def counted(self) -> np.ndarray:
        """[counted patches, dims]; none of a silent clip."""
        return self.patches[self.sounding]


def htk_basis(c: PatchConfig) -> np.ndarray:
    """[bins, n_fft / 2 + 1] float64."""

    def mel(hz: np.ndarray | float) -> np.ndarray:
        return 1127.0 * np.log1p(np.asarray(hz, np.float64) / 700.0)

    edges = np.linspace(mel(c.f_min), mel(c.f_max), c.bins + 2)[:, None]
    at = mel(np.linspace(0.0, c.rate / 2, c.n_fft // 2 + 1))
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    basis = np.maximum(0.0, np.minimum(rising, falling))
    basis[:, 0] = 0.0
    return basis


class LogMelPatches(nn.Module):
    """Audio [B, samples] -> patches [B, P, frames, bins]; samples must be one patch or more."""

    basis: Tensor
    window: Tensor

    def __init__(self, config: PatchConfig | None = None, kind: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.config = c = config or PatchConfig()
        self.register_buffer("basis", sent(htk_basis(c)).to(kind), persistent=False)
        self.register_buffer("window", torch.hann_window(c.window, dtype=torch.float64).to(kind), persistent=False)

    def magnitudes(self, audio: Tensor) -> Tensor:
        """[B, samples] -> [B, n_fft / 2 + 1, T]."""
        c = self.config
        windows = audio.unfold(1, c.window, c.step) * self.window
        return torch.fft.rfft(windows, c.n_fft).abs().transpose(1, 2)

    def forward(self, audio: Tensor) -> Tensor:
        c = self.config
        mel = torch.log(self.basis @ self.magnitudes(audio) + c.offset)
        starts = torch.arange((mel.shape[2] - c.frames) // c.hop + 1) * c.hop
        index = starts.unsqueeze(1) + torch.arange(c.frames)
        return mel[:, :, index].permute(0, 2, 3, 1)
