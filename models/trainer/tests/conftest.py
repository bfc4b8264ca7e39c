"""A corpus made on the spot: two classes that differ (a tone, noise), in several rates, widths and channel counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

FORMATS = [(22050, "PCM_16", 1), (44100, "PCM_24", 2), (48000, "FLOAT", 1), (8000, "PCM_U8", 1), (96000, "PCM_32", 2)]


@pytest.fixture(autouse=True)
def alike() -> None:
    """One thread, and the same random weights and mels in every run: what a test asks of them holds always or never."""
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def folder_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(1)
    for label in ("Beep", "Hiss"):
        (root / label).mkdir()
        for i in range(12):
            rate, subtype, channels = FORMATS[i % len(FORMATS)]
            t = np.arange(int(rate * (1.0 + 0.2 * i))) / rate
            wave = 0.5 * np.sin(2 * np.pi * (400 + 50 * i) * t) if label == "Beep" else 0.2 * rng.standard_normal(t.size).clip(-3, 3)
            soundfile.write(root / label / f"take{i}.wav", np.repeat(wave[:, None], channels, 1), rate, subtype=subtype)
    return root
