"""Does a clip sound like its class to a network? Generated clips beside copies and real ones, recorded and composed apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.corpus import Clip
from .embedders import OwnEar
from .yamnet import TAGS, Tagger

Scores = Mapping[Path, np.ndarray]  # what an ear makes of the clip in a file


def kinds(sets: dict[str, list[Clip]], label: str) -> dict[str, list[Clip]]:
    """A class's clips by kind: generated, copies, real_recorded, real_composed."""
    real = [c for c in sets["eval"] if c.label == label]
    return {
        **{name: [c for c in sets.get(name, []) if c.label == label] for name in ("generated", "copies")},
        "real_recorded": [c for c in real if c.kind != "composed"],
        "real_composed": [c for c in real if c.kind == "composed"],
    }


def by_own_ear(ear: OwnEar, sets: dict[str, list[Clip]], labels: list[str], scores: Scores) -> dict[str, Any]:
    """Shares of clips our embedder names right, and what it names the generated ones: heard[class][named] clips."""
    named = {label: {kind: [ear.classes[int(scores[c.path].argmax())] for c in clips] for kind, clips in kinds(sets, label).items()} for label in labels}
    shares = {label: {kind: [name == label for name in names] for kind, names in of.items()} for label, of in named.items()}
    heard = {label: dict(Counter(of["generated"])) for label, of in named.items()}
    return {"counts": "the class our embedder thinks likeliest", "classes": ear.classes, "heard": heard, **_shares(shares)}


def by_tagger(tagger: Tagger, sets: dict[str, list[Clip]], labels: list[str], scores: Scores) -> dict[str, Any]:
    """Shares of clips whose five highest tags name the class."""
    known = [label for label in labels if label in TAGS]
    hits = {
        label: {kind: [tagger.names_class(scores[c.path], label) for c in clips] for kind, clips in kinds(sets, label).items()}
        for label in known
    }
    return {"tagger": "YAMNet", "counts": "class named among the five highest tags", **_shares(hits)}


def _shares(hits: dict[str, dict[str, list[bool]]]) -> dict[str, Any]:
    """shares: per class and kind the share and `<kind>_clips`, None where there are no clips; average: means over classes."""
    shares: dict[str, dict[str, Any]] = {}
    for label, of in hits.items():
        shares[label] = {}
        for kind, right in of.items():
            shares[label][kind] = round(float(np.mean(right)), 3) if right else None
            shares[label][f"{kind}_clips"] = len(right)
    means = {kind: [row[kind] for row in shares.values() if row[kind] is not None] for kind in ("generated", "copies", "real_recorded", "real_composed")}
    return {"shares": shares, "average": {kind: round(float(np.mean(values)), 3) if values else None for kind, values in means.items()}}
