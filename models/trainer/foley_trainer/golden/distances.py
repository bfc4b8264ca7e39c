"""What FAD and KAD of known embeddings are, for programs in other languages: `python -m foley_trainer.golden.distances models/fixtures/distances`.

`embeddings.npz` holds sets of clips as `save_embeddings` writes them: many and few (rank-deficient), wide and narrow, one
moved, one nearly flat in some directions. `statistics.npz` holds mean and covariance of two of them. `golden.json` has the
distances of each to each, of subsets, and which patches of some sounds count. `heard.json` is what the shipped embedder makes of one sound.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ..evaluation.embedders import OwnEmbedder
from ..evaluation.fad import Clips, Resampled, frechet, gaussian, save_embeddings, save_statistics
from ..evaluation.kad import kad
from ..features.patches import sounding
from ..runtime.files import save_text

DIMS = 24
SOUNDS = [{"gain": gain, "decay": decay, "begins": begins} for gain, decay, begins in ((0.5, 0.0, 0), (0.5, 4.0, 0), (0.01, 0.5, 30000), (1e-4, 0.0, 0))]
PICKS = [[0, 1, 2, 3, 4], [7, 7, 2, 9, 9, 9, 1], list(range(12))]


def sets() -> dict[str, Clips]:
    rng = np.random.default_rng(5)
    mix = rng.normal(size=(DIMS, DIMS))

    def clips(count: int, patches: int, scale: np.ndarray, shift: float = 0.0) -> Clips:
        drawn = [rng.normal(size=(patches + i % 2, DIMS)) * scale @ mix + shift for i in range(count)]
        return [x.astype(np.float32) for x in drawn]

    even = np.ones(DIMS)
    return {
        "Many": clips(30, 3, even),
        "Moved": clips(20, 2, even, 1.5),
        "Few": clips(5, 1, even),
        "Flat": clips(12, 4, np.geomspace(1, 1e-6, DIMS)),
    }


def golden(known: dict[str, Clips]) -> dict[str, Any]:
    gaussians = {name: gaussian(clips) for name, clips in known.items()}
    pairs = [{"of": a, "to": b, "fad": frechet(gaussians[a], gaussians[b])} for a in known for b in known]
    for pair in pairs:
        found = kad(known[pair["of"]], known[pair["to"]])
        pair |= {"kad": found.value, "error": found.error}
    resampled = Resampled(known["Many"], gaussians["Moved"])
    return {
        "dims": DIMS,
        "sounding": [{"samples": 88200, "rate": 22050, "length": 21450, "hop": 10560, **one, "counted": counted(**one)} for one in SOUNDS],
        "gaussians": {name: {"mu": g.mu[:4].tolist(), "trace": float(np.trace(g.sigma)), "corner": g.sigma[0, :4].tolist(), "count": g.count} for name, g in gaussians.items()},
        "pairs": pairs,
        "subsets": {"of": "Many", "to": "Moved", "fads": [{"picks": picks, "fad": resampled.fad(np.array(picks))} for picks in PICKS]},
    }


def counted(gain: float, decay: float, begins: int) -> list[int]:
    """Which patches of a tone count that begins at a sample and loses `decay` nats a second."""
    t = np.arange(88200, dtype=np.float64) - begins
    audio = np.where(t < 0, 0.0, gain * np.sin(t / 5) * np.exp(-decay * np.maximum(t, 0) / 22050)).astype(np.float32)
    return sounding(audio, 22050, 21450, 10560).astype(int).tolist()


def heard(embedder: OwnEmbedder) -> dict[str, Any]:
    """A sweep that starts again and again: 2 s of anything but silence."""
    samples, rate = 44100, 22050
    audio = (0.5 * np.sin(np.square(np.arange(samples) % 4001) / 20_000)).astype(np.float32)
    embeddings, scores = embedder.embed_and_classify(audio, rate)
    first = [round(float(x), 5) for x in embeddings.ravel()[:160]]
    return {"samples": samples, "rate": rate, "patches": len(embeddings), "embeddings": first, "named": embedder.classes[int(scores.argmax())]}


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    known = sets()
    save_embeddings(folder / "embeddings.npz", known)
    save_statistics(folder / "statistics.npz", {name: gaussian(known[name]) for name in ("Many", "Few")})
    save_text(json.dumps(golden(known), indent=1) + "\n", folder / "golden.json")
    save_text(json.dumps(heard(OwnEmbedder(folder.parents[1] / "default"))) + "\n", folder / "heard.json")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
