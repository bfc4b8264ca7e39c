"""Golden log-mel and codes of a known recording, for the tests of the server's encoder.

    python -m foley_trainer.golden.encoder models models/fixtures/encode.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from ..features.mel import LogMel

VOICES = ("default", "fixtures/tiny", "fixtures/tiny-time", "fixtures/tiny-padded", "fixtures/tiny-vq")
EVERY = 97  # of the mel's values, in row order


def recording(samples: int) -> np.ndarray:
    """Four knocks with a ring each, over noise that ends in silence: [samples] float32. The server's test has the same lines."""
    state = 1
    out = np.zeros(samples)
    for i in range(samples):
        state = (state * 1664525 + 1013904223) % 2**32
        t = (i % 22050) / 22050
        ring = np.exp(-12 * t) * np.sin(2 * np.pi * (180 + 90 * (i // 22050)) * t)
        noise = (state / 2**32 - 0.5) * (0.02 + 0.6 * np.exp(-60 * t))
        out[i] = 0.6 * ring + (noise if i < samples * 3 // 4 else 0)
    return out.astype(np.float32)


def main(models: Path, out: Path) -> None:
    found = {}
    for name in VOICES:
        card = json.loads((models / name / "card.json").read_text())
        audio = torch.from_numpy(recording(card["audio"]["samples"])).unsqueeze(0)
        mel = LogMel()(audio)
        # In float32 a band far below its frame's loudest is off by up to 1e-3; float64 says what the definition is.
        exact = LogMel().double()(audio.double())
        session = onnxruntime.InferenceSession(models / name / card["graphs"]["encoder"]["file"])
        (codes,) = session.run(None, {"mel": mel.numpy()})
        found[name] = {
            "frames": mel.shape[2],
            "mel": [round(float(x), 7) for x in exact.flatten()[::EVERY]],
            "latent": [int(x) for x in codes.flatten()],
        }
    out.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
