"""The front end against the published definition of VGGish's, written down plainly."""

import numpy as np
import torch

from foley_trainer.features.patches import LogMelPatches, PatchConfig
from foley_trainer.models.embedder import HEARING


def published(audio: np.ndarray, c: PatchConfig) -> np.ndarray:
    """Frame by frame and filter by filter, float64: [patches, frames, bins]."""
    hann = [0.5 - 0.5 * np.cos(2 * np.pi * n / c.window) for n in range(c.window)]

    def mel(hz: float) -> float:
        return 1127.0 * np.log(1.0 + hz / 700.0)

    edges = [mel(c.f_min) + i * (mel(c.f_max) - mel(c.f_min)) / (c.bins + 1) for i in range(c.bins + 2)]
    filters = np.zeros((c.n_fft // 2 + 1, c.bins))
    for k in range(1, c.n_fft // 2 + 1):  # the bin at 0 Hz stays empty
        at = mel(k * c.rate / c.n_fft)
        for b in range(c.bins):
            low, centre, high = edges[b : b + 3]
            filters[k, b] = max(0.0, min((at - low) / (centre - low), (high - at) / (high - centre)))
    frames = []
    for start in range(0, audio.size - c.window + 1, c.step):
        spectrum = np.abs(np.fft.rfft(audio[start : start + c.window] * hann, c.n_fft))
        frames.append(np.log(spectrum @ filters + c.offset))
    return np.array([frames[start : start + c.frames] for start in range(0, len(frames) - c.frames + 1, c.hop)])


def audio(samples: int, rate: int) -> np.ndarray:
    t = np.arange(samples) / rate
    return 0.3 * np.sin(2 * np.pi * (300 + 900 * t) * t) + 0.05 * np.random.default_rng(0).standard_normal(samples)


def test_vggish_s_front_end_is_the_published_one() -> None:
    x = audio(40000, 16000)
    got = LogMelPatches(kind=torch.float64)(torch.from_numpy(x)[None])[0].numpy()
    assert got.shape == (2, 96, 64)
    assert np.abs(got - published(x, PatchConfig())).max() < 1e-10


def test_in_single_precision_and_with_another_hop_it_is_as_good_as_that() -> None:
    for config in (PatchConfig(hop=50), HEARING):
        x = audio(2 * config.shortest, config.rate).astype(np.float32)
        got = LogMelPatches(config)(torch.from_numpy(x)[None])[0].numpy()
        assert np.abs(got - published(x.astype(np.float64), config)).max() < 2e-3


def test_the_shortest_audio_is_one_patch() -> None:
    c = PatchConfig()
    assert c.shortest == 15600
    assert LogMelPatches(c)(torch.zeros(1, c.shortest)).shape == (1, 1, 96, 64)
    assert LogMelPatches(HEARING)(torch.zeros(3, 88200)).shape == (3, 7, 96, 64)
