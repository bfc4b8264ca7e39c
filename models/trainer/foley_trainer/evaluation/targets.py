"""The table of target metrics of a voice: recognition, distance to real clips, diversity, defects; with the values of real clips.

Per class and over classes, the mean over several sets of generated clips (seeds):

- share: of clips whose five highest YAMNet tags name the class.
- kad, fad48: distance to eval clips, sounding patches on both sides, YAMNet's 48 leading principal components (`patch_kad`, `frechet`).
- fad_own: the same by our own embedder.
- diversity: mean distance between two clips of a class (their mean embedding, the same components) over that of its training clips.
- silent, late, full, onsets, peak, loudness_spread: `sound_statistics.py`; late after what 99 % of the training clips need.
- memorised per 1000: `memorisation.py`.

Errors are standard errors over clips: binomial, jackknife (kad), bootstrap (fad).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data.corpus import Clip
from ..runtime.text_table import aligned
from .distances import ALL, EmbeddedSet
from .fad import Clips, Resampled, frechet, gaussian
from .kad import kad, patch_kad
from .sound_statistics import SoundStatistics, latest_beginning, summed_up
from .yamnet import TAGS, Tagger

ROUNDS = 40  # of a bootstrap
Z = 1.96  # standard errors in an arm of a 95 % interval


class Real:
    """The real clips that generated ones are compared with: training and eval clips, by embedder."""

    def __init__(self, labels: list[str], embedded: dict[str, dict[str, EmbeddedSet]], sounds: dict[str, list[SoundStatistics]], clips: dict[str, list[Clip]]) -> None:
        """embedded: embedder -> set -> clips; sounds and clips: set -> clips."""
        self.labels, self.embedded = labels, embedded
        training = {label: [s for s, c in zip(sounds["training"], clips["training"], strict=True) if c.label == label] for label in labels}
        self.latest = {label: latest_beginning(own) for label, own in training.items()}

    def tagged(self) -> bool:
        return "yamnet" in self.embedded


def measure_targets(
    real: Real, clips: list[Clip], embedded: dict[str, EmbeddedSet], sounds: Sequence[SoundStatistics], named: Sequence[bool | None], errors: bool = True
) -> dict[str, Any]:
    """One set of clips: {classes: {class: row}, all: row}. `embedded`: embedder -> clips that are not silent; `named`: per clip, None without a tagger.
    `errors`: also those of distances, which take longest."""
    rows: dict[str, Any] = {}
    for label in real.labels:
        mine = [i for i, c in enumerate(clips) if c.label == label]
        if not mine:
            continue
        row = summed_up([sounds[i] for i in mine], real.latest[label])
        hits = [named[i] for i in mine if named[i] is not None]
        if hits:
            row |= {"share": float(np.mean(hits)), "share_se": float(np.sqrt(np.mean(hits) * (1 - np.mean(hits)) / len(hits)))}
        for embedder, own in embedded.items():
            row |= _distances(embedder, own.of(label).embeddings, real.embedded[embedder]["eval"].of(label).embeddings, errors)
        if "yamnet" in embedded:
            spread = spread_of(real.embedded["yamnet"]["training"].of(label).embeddings)
            own_spread = spread_of(embedded["yamnet"].of(label).embeddings)
            row["diversity"] = own_spread / spread if spread and own_spread is not None else None
        rows[label] = row
    whole: dict[str, Any] = {}
    for embedder, own in embedded.items():
        whole |= _distances(embedder, own.of(ALL).embeddings, real.embedded[embedder]["eval"].of(ALL).embeddings, errors=False)
    return {"classes": rows, "all": whole}


def _distances(embedder: str, own: Clips, theirs: Clips, errors: bool = True) -> dict[str, float]:
    """Nothing below two clips a side."""
    if min(len(own), len(theirs)) < 2:
        return {}
    known, name = gaussian(theirs), "fad48" if embedder == "yamnet" else f"fad_{embedder}"
    found = {name: frechet(gaussian(own), known)}
    if errors and len(own) >= 8:
        low, high = Resampled(own, known).interval(rounds=ROUNDS)
        found[f"{name}_se"] = (high - low) / 2 / Z
    if embedder == "yamnet":
        found["kad"] = patch_kad(own, theirs)
        if errors:
            found["kad_se"] = 10 * kad(own, theirs).error
    return found


def spread_of(embeddings: Clips) -> float | None:
    """Mean distance between two clips, each at the mean of its patches; None below two."""
    if len(embeddings) < 2:
        return None
    means = np.stack([e.mean(0) for e in embeddings]).astype(np.float64)
    squared = np.square(means).sum(1)
    between = np.maximum(0, squared[:, None] + squared - 2 * means @ means.T)
    return float(np.sqrt(between[np.triu_indices(len(means), 1)]).mean())


def over_sets(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over several sets, their standard errors, and `mean`: plain means over classes; counts of clips add up."""
    labels = list(found[0]["classes"])
    classes = {label: _over([one["classes"][label] for one in found]) for label in labels}
    keys = sorted({key for row in classes.values() for key in row})
    mean: dict[str, Any] = {}
    for key in keys:
        values = [row[key] for row in classes.values() if row.get(key) is not None]
        if key in COUNTS:
            mean[key] = sum(values)
        elif values:
            mean[key] = float(np.sqrt(np.square(values).sum()) / len(values)) if key.endswith("_se") else float(np.mean(values))
    return {"sets": len(found), "classes": classes, "mean": mean, "all": _over([one["all"] for one in found])}


COUNTS = ("clips", "silent", "late", "full")


def _over(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key in rows[0]:
        values = [row[key] for row in rows if row.get(key) is not None]
        if key in COUNTS:
            out[key] = sum(values)
        elif not values:
            out[key] = None
        elif key.endswith("_se"):
            out[key] = float(np.sqrt(np.square(values).sum()) / len(values))
        else:
            out[key] = float(np.mean(values))
    return out


def tagged(tagger: Tagger, clips: Sequence[Clip], scores: Sequence[np.ndarray]) -> list[bool | None]:
    return [tagger.names_class(own, clip.label) if clip.label in TAGS else None for clip, own in zip(clips, scores, strict=True)]


AIMS = {"share": ">= .86", "kad": "<= 55 / 9", "fad48": "<= 18 / 9", "fad_own": "<= 25", "diversity": ">= .85", "silent": "0", "late": "0", "full": "0", "memorised": "<= 1"}
COLUMNS = (
    ("share", "share"), ("kad", "KAD"), ("fad48", "FAD48"), ("fad_own", "FAD own"), ("diversity", "diversity"), ("onsets", "onsets"), ("silent", "silent"), ("late", "late"),
    ("full", "full scale"), ("peak", "peak"), ("loudness_spread", "loudness sd"), ("memorised", "memorised /1000"),
)  # fmt: skip


def as_text(found: dict[str, Any]) -> str:
    """One row per class, their mean, all clips as one set, and the targets; values of real clips in brackets."""
    generated, real = found["generated"], found["real"]
    head = ["class", "clips", *(title for _, title in COLUMNS)]
    lines = [head]
    for label, row in generated["classes"].items():
        beside = real["classes"].get(label, {})
        lines.append([label, str(row["clips"]), *(_cell(key, row, beside) for key, _ in COLUMNS)])
    lines.append(["mean or sum", str(generated["mean"]["clips"]), *(_cell(key, generated["mean"], real["mean"]) for key, _ in COLUMNS)])
    lines.append(["all as one set", "", *(_cell(key, generated["all"], real["all"]) for key, _ in COLUMNS)])
    lines.append(["target", "", *(AIMS.get(key, "") for key, _ in COLUMNS)])
    about = f"{generated['sets']} sets; +- 95 % over clips; in brackets real clips: eval ones for share and diversity, training ones for the rest"
    extra = ", ".join(f"{name} {value}" for name, value in found.get("voice", {}).items())
    return "\n".join([about, *([extra] if extra else []), *aligned(lines)])


def _cell(key: str, row: dict[str, Any], beside: dict[str, Any]) -> str:
    if row.get(key) is None:
        return "-"
    text = _figure(key, row[key])
    if row.get(f"{key}_se") is not None:
        text += f"+-{_figure(key, Z * row[f'{key}_se'])}"
    return text + (f" ({_figure(key, beside[key])})" if beside.get(key) is not None and key not in COUNTS else "")


def _figure(key: str, value: float) -> str:
    if key in COUNTS:
        return str(value)
    return f"{value:.2f}" if key in ("share", "diversity", "peak") else f"{value:.1f}"
