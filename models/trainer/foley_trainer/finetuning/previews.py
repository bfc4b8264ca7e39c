"""Auditions: clips of a few classes during training of the prior, as WAV and as a PNG of the mel."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from ..export.any_prior import export_any_prior, open_sampler
from ..features.mel import MelConfig
from ..models.any_prior import new_prior
from ..models.hifigan import Generator
from ..models.rvq_vae import Codec
from ..runtime.events import emit
from ..training.trainer import Runner
from ..voices.inference import Recipe, drawn_apart

MOST_CLASSES = 2
EVERY = 0.25  # of the budget


class Auditions:
    """Called after each evaluation; emits `audition` events. Does not touch the training's random state."""

    def __init__(self, folder: Path, codec: Codec, vocoder: Generator, classes: list[str], auditioned: list[str], seed: int, samples: int) -> None:
        self.folder, self.codec, self.vocoder, self.classes, self.seed, self.samples = folder, codec, vocoder, classes, seed, samples
        self.auditioned = auditioned[:MOST_CLASSES]
        self._next = 0.0

    def __call__(self, runner: Runner) -> None:
        share = runner.progress()
        if share < self._next and share < 1:
            return
        self._next = share + EVERY
        with torch.random.fork_rng(devices=[]):
            clips, mels = self._make(runner)
        self.folder.mkdir(parents=True, exist_ok=True)
        for label, audio, mel in zip(self.auditioned, clips, mels, strict=True):
            stem = f"{runner.step:07d}-{self.classes.index(label)}"
            soundfile.write(self.folder / f"{stem}.wav", audio, MelConfig.rate, subtype="PCM_16")
            (self.folder / f"{stem}.png").write_bytes(picture(mel))
            emit("audition", stage="prior", step=runner.step, **{"class": label}, wav=f"{stem}.wav", picture=f"{stem}.png")

    @torch.no_grad()
    def _make(self, runner: Runner) -> tuple[np.ndarray, np.ndarray]:
        """Audio [n, samples] and mels [n, bins, frames] by the averaged weights."""
        trained: Any = runner.stage.modules["prior"]
        prior = new_prior(trained.config, self.codec.quantizer.codebooks.clone()).eval()
        prior.load_state_dict({k: v.cpu() for k, v in runner.ema.state["prior"].items()})
        c = prior.config
        indices = [self.classes.index(label) for label in self.auditioned]
        weights = np.eye(c.classes, dtype=np.float32)[indices]
        choose = drawn_apart([(self.seed, i) for i in indices], c.grid.rows * c.grid.cols, Recipe(self.seed))
        grids = open_sampler(c, export_any_prior(prior)).sample(weights, choose)
        mel = self.codec.decode(c.grid.to_latent(torch.from_numpy(grids)))
        longer = torch.cat([mel, mel[..., -1:]], -1)
        noise = torch.randn(len(mel), longer.shape[2] * MelConfig.hop, generator=torch.Generator().manual_seed(self.seed))
        audio = self.vocoder(longer, noise if self.vocoder.excitation is not None else None)
        return audio[:, : self.samples].clamp(-1, 1).numpy(), mel.numpy()


def picture(mel: np.ndarray) -> bytes:
    """Log-mel [bins, frames] -> a grey PNG, low frequencies at the bottom, from -11.5 to 1.5."""
    grey = np.clip((mel[::-1] + 11.5) / 13 * 255, 0, 255).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in grey)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", grey.shape[1], grey.shape[0], 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
