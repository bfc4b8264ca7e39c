"""What clips are measured with: something that listens, and per class the statistics they should have."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data import Corpus, fit, read_audio
from ..models.vggish import VARIABLE, chosen, load_vggish
from ..training.stages import RATE
from .embedders import Ear, OwnEar
from .fad import Gaussian, Resampled, StatisticsError, counts_sounding, gaussian, load_statistics, save_statistics


class YardstickError(Exception):
    """There is nothing to listen with, or no reference for a class; the message says what to give."""


@dataclass(frozen=True)
class Yardstick:
    """`name` says what the reference is; with the ear's `sha256` it tells whether two distances may be compared.

    `sounding`: only sounding patches count, on both sides; not where published statistics count all.
    """

    ear: Ear
    reference: dict[str, Gaussian]
    name: str
    sounding: bool

    @property
    def key(self) -> dict[str, str]:
        return {"embedder": self.ear.about, "embedder_sha256": self.ear.sha256, "reference": self.name}

    def fad(self, label: str, files: Sequence[Path]) -> dict[str, float]:
        """FAD of the clips in some files, and between which bounds it lies (95 %) for other clips of the same voice."""
        embedded = [self.ear.clip(read_audio(path, RATE), RATE) for path in files]
        clips = [found for one in embedded if len(found := one.counted if self.sounding else one.patches)]
        heard = Resampled(clips, self.reference[label])
        low, high = heard.interval()
        return {"fad": heard.fad(np.arange(len(clips))), "low": low, "high": high, "clips": len(clips)}


def open_ear(embedder: str, vggish: str | None) -> Ear:
    """`embedder`: "vggish", its weights in the file `vggish` or where the environment says; or a folder with one of ours."""
    if embedder != "vggish":
        return OwnEar(embedder)
    weights = chosen(vggish)
    if weights is None:
        raise YardstickError(f"VGGish's weights are not shipped: name their file with --vggish or {VARIABLE}, or an embedder of ours with --embedder")
    return load_vggish(weights)


def open_yardstick(ear: Ear, corpus: Corpus, samples: int, statistics: str | None, keep: Path) -> Yardstick:
    """Statistics from a file, or from the corpus' eval clips, each fitted to `samples` samples as a voice's clips are.

    Those of the corpus are kept in folder `keep`, by the ear they were heard with; a folder is for one corpus.
    """
    if statistics is None:
        kept = keep / f"reference-{hashlib.sha256(f'{ear.sha256} {ear.about}, sounding patches'.encode()).hexdigest()[:12]}.npz"
        if not kept.is_file():
            save_statistics(kept, {label: _heard(ear, corpus, label, samples) for label in corpus.classes}, sounding=True)
        return Yardstick(ear, load_statistics(kept), f"sounding patches of eval clips of corpus {corpus.hash()}", True)
    reference = load_statistics(statistics)
    for label in corpus.classes:
        if label not in reference:
            raise YardstickError(f"{statistics} has no class {label}")
        if reference[label].mu.size != ear.dims:
            raise YardstickError(f"{statistics} is for embeddings of {reference[label].mu.size} numbers; this embedder makes {ear.dims}")
    digest = hashlib.sha256(Path(statistics).read_bytes()).hexdigest()
    return Yardstick(ear, reference, f"{Path(statistics).name} {digest}", counts_sounding(statistics))


def _heard(ear: Ear, corpus: Corpus, label: str, samples: int) -> Gaussian:
    paths = [clip.path for clip in corpus.of("eval") if clip.label == label]
    try:
        return gaussian([found for path in paths if len(found := ear.clip(fit(read_audio(path, RATE), samples), RATE).counted)])
    except StatisticsError as error:
        raise YardstickError(f"class {label}, {len(paths)} eval clips: {error}") from error
