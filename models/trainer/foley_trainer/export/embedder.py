"""The embedder as one ONNX graph that takes a voice's audio, with a card of its own.

embedder.onnx: audio [B, N] at 22050 Hz in -1..1, N one patch (21450 samples) or more -> embeddings [B, P, 128], one per
0.96 s patch every 0.48 s, and scores [B, classes], natural logarithms of the clip's class probabilities.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..features.patches import LogMelPatches
from ..models.embedder import HEARING, Embedder
from ..runtime.files import save_text
from ..runtime.record import Record
from .prior import export_module

FORMAT, VERSION = "foleyd-embedder", 1


class _DftPatches(LogMelPatches):
    """The same patches by a convolution with windowed waves: the graph needs no Fourier transform."""

    waves: Tensor

    def __init__(self) -> None:
        super().__init__(HEARING)
        c = self.config
        phase = 2 * np.pi / c.n_fft * np.outer(np.arange(c.n_fft // 2 + 1), np.arange(c.window))
        waves = np.concatenate([np.cos(phase), np.sin(phase)]) * torch.hann_window(c.window, dtype=torch.float64).numpy()
        self.register_buffer("waves", torch.from_numpy(waves.astype(np.float32)).unsqueeze(1), persistent=False)

    def magnitudes(self, audio: Tensor) -> Tensor:
        real, imaginary = F.conv1d(audio.unsqueeze(1), self.waves, stride=self.config.step).chunk(2, 1)
        return torch.sqrt(real.square() + imaginary.square())


class _Heard(nn.Module):
    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self.patches, self.embedder = _DftPatches(), embedder

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        embeddings = self.embedder(self.patches(audio))
        return embeddings, self.embedder.scores(embeddings)


@torch.no_grad()
def embedder_graph(embedder: Embedder) -> onnx.ModelProto:
    example = torch.linspace(-0.5, 0.5, 2 * 4 * HEARING.shortest).view(2, -1)
    return export_module(_Heard(embedder.eval()), (example,), ["audio"], ["embeddings", "scores"], {"audio": {1: "N"}, "embeddings": {1: "P"}})


def export_embedder(embedder: Embedder, folder: str | Path, record: Record, corpus_hash: str) -> dict[str, Any]:
    """Writes the graph and, after it, the card. Returns the card."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "embedder.json").unlink(missing_ok=True)
    data = embedder_graph(embedder).SerializeToString(deterministic=True)
    (folder / "embedder.onnx").write_bytes(data)
    card = {
        "format": FORMAT,
        "version": VERSION,
        "classes": embedder.config.classes,
        "dims": embedder.config.dims,
        "audio": {"rate": HEARING.rate, "shortest": HEARING.shortest},
        "patch": {"samples": HEARING.shortest, "hop": HEARING.hop * HEARING.step},
        "data": {"hash": corpus_hash},
        "training": record.to_dict(),
        "graph": {"file": "embedder.onnx", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
    }
    save_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", folder / "embedder.json")
    return card
