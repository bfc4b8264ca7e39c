"""foley-train ranking: teaches a voice's embedder to tell generated clips from real ones, so that a server can choose among candidates.

A logistic regression on what the embedder makes of a clip (mean and standard deviation over its sounding patches, `features`), real
training clips against clips that the voice made, every class of the same weight on either side. Its logit says how real a clip sounds to
this embedder; a server adds the log-probability of the wanted class. What else it must know is on the card: by when clips of a class begin
(`latest`). Without generated clips only that is written, and a server chooses by the class alone.

Few clips teach it little: of 170 clips of the first default voice (cross-validated AUC .89) it chose worse than the class alone, by a tagger.

Beside the embedder: ranking.npz with `weights` [2 dims] and `bias`, named in embedder.json as `ranking`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Corpus, fit, open_corpus, read_audio
from ..data.corpus import Clip
from ..features.mel import CLIP_SAMPLES, RATE
from ..features.patches import EmbeddedClip
from ..runtime.events import emit
from ..runtime.files import described, save_arrays, save_text
from .embedders import OwnEmbedder
from .embedding_cache import embed_clips
from .generated_clips import given_clips
from .sound_statistics import latest_beginning, statistics_of

FILE = "ranking.npz"
STRENGTH = 0.03  # of the penalty on standardised weights: few clips must not be learned by heart
FOLDS, STEPS, LEAST = 5, 40, 8  # least: clips of a side and class


class RankingError(Exception):
    """There are too few clips to learn from; the message says of which class."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("ranking", help="train the embedder's classifier of real and generated clips, by which a server chooses candidates")
    parser.add_argument("--corpus", required=True, help="corpus folder: with a manifest.csv, or one subfolder per class")
    parser.add_argument("--embedder", required=True, help="folder with embedder.json; ranking.npz is written there and recorded in embedder.json")
    parser.add_argument("--generated", default=[], metavar="DIR", action="append", help="folder of generated clips, one subfolder per class with hundreds of clips (repeatable)")
    parser.add_argument("--out", required=True, help="cache folder for embeddings, reused by later runs")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    emit("ranking", **write_ranking(open_corpus(args.corpus), Path(args.embedder), args.generated, Path(args.out)))


def write_ranking(corpus: Corpus, folder: Path, generated: Sequence[str], out: Path) -> dict[str, Any]:
    """Writes the weights and then the card that names them. Raises RankingError for a class with few clips."""
    embedder = OwnEmbedder(folder)
    labels = [label for label in corpus.classes if label in embedder.classes]
    if not labels:
        raise RankingError(f"the embedder knows no class of the corpus: {', '.join(corpus.classes)}")
    real = [clip for clip in corpus.of("train") if clip.label in labels]
    latest = {label: _latest(real, label) for label in labels}
    card = json.loads((folder / "embedder.json").read_text(encoding="utf-8")) | {"latest": latest}
    if not generated:
        save_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", folder / "embedder.json")
        return {"latest": latest}
    made = [clip for i, place in enumerate(generated) for clip in given_clips(place, labels, i)]
    sides = []
    for name, clips in (("training", real), ("generated", made)):
        embedded = embed_clips(embedder, name, clips, RATE, CLIP_SAMPLES, out)
        kept = [(clip.label, features(own)) for clip, own in zip(clips, embedded, strict=True) if own.sounding.any()]
        few = [label for label in labels if sum(own == label for own, _ in kept) < LEAST]
        if few:
            raise RankingError(f"class {few[0]} has fewer than {LEAST} {name} clips that are not silent")
        sides.append(kept)
    x = np.stack([f for side in sides for _, f in side])
    y = np.repeat([1.0, 0.0], [len(side) for side in sides])
    share = balanced([label for side in sides for label, _ in side], y)
    weights, bias = logistic(x, y, share)
    order = np.random.default_rng(0).permutation(len(y))
    left_out = np.empty(len(y))
    for fold in np.array_split(order, FOLDS):
        rest = np.setdiff1d(order, fold)
        w, b = logistic(x[rest], y[rest], share[rest])
        left_out[fold] = x[fold] @ w + b
    save_arrays(folder / FILE, weights=weights, bias=np.array([bias]))
    written = described(folder / FILE)
    written["about"] = f"training clips of corpus {corpus.hash()[:8]} against {len(made)} generated ones"
    written["auc"] = round(auc(left_out[y == 1], left_out[y == 0]), 4)
    save_text(json.dumps(card | {"ranking": written}, indent=2, ensure_ascii=False) + "\n", folder / "embedder.json")
    return written | {"latest": latest}


def features(clip: EmbeddedClip) -> np.ndarray:
    """Mean and standard deviation over the patches that sound: [2 dims]."""
    counted = clip.counted.astype(np.float64)
    return np.concatenate([counted.mean(0), counted.std(0)])


def balanced(labels: Sequence[str], y: np.ndarray) -> np.ndarray:
    """A weight per clip: every class counts the same on either side. They sum to 1."""
    keys = [f"{side} {label}" for label, side in zip(labels, y, strict=True)]
    counts = {key: keys.count(key) for key in set(keys)}
    return np.array([1 / counts[key] for key in keys]) / len(counts)


def logistic(x: np.ndarray, y: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias that say how likely y = 1 is, by Newton's method, the weights of standardised features held small."""
    mean, std = x.mean(0), x.std(0) + 1e-9
    design = np.column_stack([(x - mean) / std, np.ones(len(x))])
    held = np.append(np.full(x.shape[1], STRENGTH / x.shape[1]), 1e-12)
    w = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ w, -30, 30)))
        gradient = design.T @ (share * (p - y)) + held * w
        hessian = (design * (share * p * (1 - p))[:, None]).T @ design + np.diag(held)
        step = np.linalg.solve(hessian, gradient)
        w -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = w[:-1] / std
    return weights, float(w[-1] - weights @ mean)


def auc(real: np.ndarray, generated: np.ndarray) -> float:
    """How often a real clip has the higher logit of the two."""
    return float((real[:, None] > generated).mean() + 0.5 * (real[:, None] == generated).mean())


def _latest(clips: list[Clip], label: str) -> float | None:
    own = [statistics_of(fit(read_audio(clip.path, RATE), CLIP_SAMPLES), RATE) for clip in clips if clip.label == label]
    latest = latest_beginning(own)
    return None if latest is None else round(latest, 3)
