"""FAD and KAD of sets of clips against references, per class, by one embedder.

Only sounding patches count, on both sides (`features/patches.py` says why), and silent clips are dropped, except
against published statistics, which count all patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.corpus import Clip
from ..features.patches import EmbeddedClip
from ..runtime.progress import Progress
from .fad import Clips, Gaussian, Resampled, frechet, gaussian
from .kad import kad

ALL = "all"  # every class in one set


@dataclass(frozen=True)
class Projection:
    """Projection onto leading principal components: a covariance of 1024 dimensions would need too many clips."""

    mean: np.ndarray
    axes: np.ndarray

    @staticmethod
    def of(embeddings: Clips, components: int) -> Projection:
        x = np.concatenate(embeddings).astype(np.float64)
        _, vectors = np.linalg.eigh(np.cov(x.T))
        return Projection(x.mean(0), vectors[:, ::-1][:, :components])

    def __call__(self, patches: np.ndarray) -> np.ndarray:
        return (patches - self.mean) @ self.axes


@dataclass(frozen=True)
class EmbeddedSet:
    """Clips with their embeddings by one embedder."""

    clips: list[Clip]
    embeddings: Clips

    def of(self, label: str) -> EmbeddedSet:
        kept = [i for i, clip in enumerate(self.clips) if label in (ALL, clip.label)]
        return EmbeddedSet([self.clips[i] for i in kept], [self.embeddings[i] for i in kept])

    def projected(self, onto: Projection | None) -> EmbeddedSet:
        return self if onto is None else EmbeddedSet(self.clips, [onto(patches) for patches in self.embeddings])

    @staticmethod
    def of_sounding(clips: list[Clip], embedded: list[EmbeddedClip]) -> EmbeddedSet:
        kept = [(clip, own.counted) for clip, own in zip(clips, embedded, strict=True) if own.sounding.any()]
        return EmbeddedSet([clip for clip, _ in kept], [patches for _, patches in kept])

    @staticmethod
    def of_all(clips: list[Clip], embedded: list[EmbeddedClip]) -> EmbeddedSet:
        return EmbeddedSet(clips, [own.patches for own in embedded])

    @property
    def originals(self) -> int:
        return len({clip.group for clip in self.clips})


@dataclass(frozen=True)
class Reference:
    """The target of distances: real clips, or published statistics. `sets`: the sets measured against it."""

    name: str
    about: str
    real: EmbeddedSet | None
    statistics: dict[str, Gaussian] | None
    sets: tuple[str, ...]

    def gaussian(self, label: str) -> Gaussian | None:
        """Statistics of a class; None if the reference has none."""
        if self.statistics is not None:
            return self.statistics.get(label)
        embeddings = self.real.of(label).embeddings if self.real is not None else []
        return gaussian(embeddings) if len(embeddings) > 1 else None


def measure(sets: dict[str, EmbeddedSet], references: list[Reference], labels: list[str], seed: int) -> dict[str, Any]:
    """reference -> {about, classes: {class: {reference: its size, <set>: distances}}, average: {<set>: means over classes}}.

    "all" is all classes as one set, if the reference has them. Interval and extrapolation are computed only for
    generated clips.
    """
    progress = Progress("distances", len(references) * (len(labels) + 1))
    out: dict[str, Any] = {}
    for reference in references:
        classes: dict[str, Any] = {}
        for label in [*labels, ALL]:
            known = reference.gaussian(label)
            if known is not None:
                parts = {name: sets[name].of(label) for name in reference.sets}
                found = {name: _distances(part, reference, known, label, seed if name == "generated" else None) for name, part in parts.items() if len(part.clips) > 1}
                classes[label] = {"reference": _size(reference, known, label), **found}
            progress.add()
        out[reference.name] = {"about": reference.about, "classes": classes, "average": _average(classes, reference.sets)}
    return out


def _size(reference: Reference, known: Gaussian, label: str) -> dict[str, Any]:
    """`small`: fewer embeddings than twice their dimension, so that the covariance estimate is unreliable."""
    size: dict[str, Any] = {"embeddings": known.count, "small": known.count < 2 * known.mu.size}
    if reference.real is not None:
        real = reference.real.of(label)
        size |= {"clips": len(real.clips), "originals": real.originals}
    return size


def _distances(embedded: EmbeddedSet, reference: Reference, known: Gaussian, label: str, seed: int | None) -> dict[str, Any]:
    own = gaussian(embedded.embeddings)
    found: dict[str, Any] = {"clips": len(embedded.clips), "embeddings": own.count, "fad": frechet(own, known)}
    if label == ALL:
        return found
    if seed is not None:
        resampled = Resampled(embedded.embeddings, known)
        found["fad_low"], found["fad_high"] = resampled.interval(seed)
        line = resampled.infinity(seed)
        if line is not None:
            found |= {"fad_infinity": line.value, "fad_infinity_r2": line.r2}
    if reference.real is not None:
        distance = kad(embedded.embeddings, reference.real.of(label).embeddings)
        found |= {"kad": distance.value, "kad_error": distance.error}
    return found


def _average(classes: dict[str, Any], sets: tuple[str, ...]) -> dict[str, Any]:
    """Plain means over classes, as the challenge and the paper average."""
    out = {}
    for name in sets:
        rows = [found[name] for label, found in classes.items() if label != ALL and name in found]
        out[name] = {key: float(np.mean([row[key] for row in rows])) for key in ("fad", "fad_infinity", "kad") if rows and all(key in row for row in rows)}
    return out
