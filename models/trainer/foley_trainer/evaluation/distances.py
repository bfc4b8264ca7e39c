"""FAD and KAD of sets of clips against references, per class, by one ear.

Only sounding patches count, on both sides (`features/patches.py` says why), and clips of which none sounds are left out, but
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
    """Onto leading principal components: a covariance of 1024 numbers needs more clips than anybody makes."""

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
class Heard:
    """Clips and what an ear makes of each."""

    clips: list[Clip]
    embeddings: Clips

    def of(self, label: str) -> Heard:
        kept = [i for i, clip in enumerate(self.clips) if label in (ALL, clip.label)]
        return Heard([self.clips[i] for i in kept], [self.embeddings[i] for i in kept])

    def projected(self, onto: Projection | None) -> Heard:
        return self if onto is None else Heard(self.clips, [onto(patches) for patches in self.embeddings])

    @staticmethod
    def of_sounding(clips: list[Clip], embedded: list[EmbeddedClip]) -> Heard:
        kept = [(clip, own.counted) for clip, own in zip(clips, embedded, strict=True) if own.sounding.any()]
        return Heard([clip for clip, _ in kept], [patches for _, patches in kept])

    @staticmethod
    def of_all(clips: list[Clip], embedded: list[EmbeddedClip]) -> Heard:
        return Heard(clips, [own.patches for own in embedded])

    @property
    def originals(self) -> int:
        return len({clip.group for clip in self.clips})


@dataclass(frozen=True)
class Reference:
    """Where clips should lie: real ones, or statistics of some that are not at hand. `sets`: those measured against it."""

    name: str
    about: str
    real: Heard | None
    statistics: dict[str, Gaussian] | None
    sets: tuple[str, ...]

    def gaussian(self, label: str) -> Gaussian | None:
        """None where it has nothing of this class to compare with."""
        if self.statistics is not None:
            return self.statistics.get(label)
        embeddings = self.real.of(label).embeddings if self.real is not None else []
        return gaussian(embeddings) if len(embeddings) > 1 else None


def measure(sets: dict[str, Heard], references: list[Reference], labels: list[str], seed: int) -> dict[str, Any]:
    """reference -> {about, classes: {class: {reference: its size, <set>: distances}}, average: {<set>: means over classes}}.

    "all" beside the classes takes all their clips as one set, where the reference has them. Interval and extrapolation are
    worked out for generated clips alone.
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
    """`small`: fewer embeddings than twice their numbers, so that the covariance is mostly a guess."""
    size: dict[str, Any] = {"embeddings": known.count, "small": known.count < 2 * known.mu.size}
    if reference.real is not None:
        real = reference.real.of(label)
        size |= {"clips": len(real.clips), "originals": real.originals}
    return size


def _distances(heard: Heard, reference: Reference, known: Gaussian, label: str, seed: int | None) -> dict[str, Any]:
    own = gaussian(heard.embeddings)
    found: dict[str, Any] = {"clips": len(heard.clips), "embeddings": own.count, "fad": frechet(own, known)}
    if label == ALL:
        return found
    if seed is not None:
        resampled = Resampled(heard.embeddings, known)
        found["fad_low"], found["fad_high"] = resampled.interval(seed)
        line = resampled.infinity(seed)
        if line is not None:
            found |= {"fad_infinity": line.value, "fad_infinity_r2": line.r2}
    if reference.real is not None:
        distance = kad(heard.embeddings, reference.real.of(label).embeddings)
        found |= {"kad": distance.value, "kad_error": distance.error}
    return found


def _average(classes: dict[str, Any], sets: tuple[str, ...]) -> dict[str, Any]:
    """Plain means over classes, as the challenge and the paper average."""
    out = {}
    for name in sets:
        rows = [found[name] for label, found in classes.items() if label != ALL and name in found]
        out[name] = {key: float(np.mean([row[key] for row in rows])) for key in ("fad", "fad_infinity", "kad") if rows and all(key in row for row in rows)}
    return out
