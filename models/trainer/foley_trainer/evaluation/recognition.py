"""Class recognition rates of generated clips, reconstructions and real clips, recorded and composed ones separately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.corpus import Clip
from .embedders import OwnEmbedder
from .yamnet import TAGS, Tagger

Scores = Mapping[Path, np.ndarray]  # class scores of the clip in a file


def kinds(sets: dict[str, list[Clip]], label: str) -> dict[str, list[Clip]]:
    """A class's clips by kind: generated, copies, real_recorded, real_composed."""
    real = [c for c in sets["eval"] if c.label == label]
    return {
        **{name: [c for c in sets.get(name, []) if c.label == label] for name in ("generated", "copies")},
        "real_recorded": [c for c in real if c.kind != "composed"],
        "real_composed": [c for c in real if c.kind == "composed"],
    }


def by_own_embedder(embedder: OwnEmbedder, sets: dict[str, list[Clip]], labels: list[str], scores: Scores) -> dict[str, Any]:
    """Shares of clips that our embedder classifies correctly, and its confusion matrix of the generated ones: heard[class][predicted]."""
    named = {label: {kind: [embedder.classes[int(scores[c.path].argmax())] for c in clips] for kind, clips in kinds(sets, label).items()} for label in labels}
    shares = {label: {kind: [name == label for name in names] for kind, names in of.items()} for label, of in named.items()}
    heard = {label: dict(Counter(of["generated"])) for label, of in named.items()}
    return {"counts": "our embedder's most likely class", "classes": embedder.classes, "heard": heard, **_shares(shares)}


def by_tagger(tagger: Tagger, sets: dict[str, list[Clip]], labels: list[str], scores: Scores) -> dict[str, Any]:
    """Shares of clips whose five highest tags name the class."""
    known = [label for label in labels if label in TAGS]
    hits = {
        label: {kind: [tagger.names_class(scores[c.path], label) for c in clips] for kind, clips in kinds(sets, label).items()}
        for label in known
    }
    return {"tagger": "YAMNet", "counts": "class named among the five highest tags", **_shares(hits)}


def _shares(hits: dict[str, dict[str, list[bool]]]) -> dict[str, Any]:
    """shares: per class and kind the share and `<kind>_clips`, None if there are no clips; average: means over classes."""
    shares: dict[str, dict[str, Any]] = {}
    for label, of in hits.items():
        shares[label] = {}
        for kind, right in of.items():
            shares[label][kind] = round(float(np.mean(right)), 3) if right else None
            shares[label][f"{kind}_clips"] = len(right)
    means = {kind: [row[kind] for row in shares.values() if row[kind] is not None] for kind in ("generated", "copies", "real_recorded", "real_composed")}
    return {"shares": shares, "average": {kind: round(float(np.mean(values)), 3) if values else None for kind, values in means.items()}}
