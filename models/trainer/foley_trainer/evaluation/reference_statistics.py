"""The reference of a FAD: an embedder, and per class the statistics of real clips."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data import Corpus, fit, read_audio
from ..features.mel import RATE
from ..models.vggish import VARIABLE, chosen, load_vggish
from .embedders import Embedder, OwnEmbedder
from .fad import Gaussian, Resampled, StatisticsError, counts_sounding, gaussian, load_statistics, save_statistics


class ReferenceStatisticsError(Exception):
    """There is no embedder, or no reference for a class; the message says what to specify."""


@dataclass(frozen=True)
class ReferenceStatistics:
    """`name` identifies the reference; distances are comparable if it and the embedder's `sha256` are equal.

    `sounding`: only sounding patches count, on both sides; false for published statistics that count all.
    """

    embedder: Embedder
    reference: dict[str, Gaussian]
    name: str
    sounding: bool

    @property
    def key(self) -> dict[str, str]:
        return {"embedder": self.embedder.about, "embedder_sha256": self.embedder.sha256, "reference": self.name}

    def fad(self, label: str, files: Sequence[Path]) -> dict[str, float]:
        """FAD of the clips in some files, with its 95 % bootstrap interval."""
        embedded = [self.embedder.clip(read_audio(path, RATE), RATE) for path in files]
        clips = [found for one in embedded if len(found := one.counted if self.sounding else one.patches)]
        resampled = Resampled(clips, self.reference[label])
        low, high = resampled.interval()
        return {"fad": resampled.fad(np.arange(len(clips))), "low": low, "high": high, "clips": len(clips)}


def open_embedder(embedder: str, vggish: str | None) -> Embedder:
    """`embedder`: "vggish", with its weights from the file `vggish` or the environment; or the folder of our own embedder."""
    if embedder != "vggish":
        return OwnEmbedder(embedder)
    weights = chosen(vggish)
    if weights is None:
        raise ReferenceStatisticsError(f"VGGish's weights are not shipped: specify their file with --vggish or {VARIABLE}, or our own embedder's folder with --embedder")
    return load_vggish(weights)


def open_reference(embedder: Embedder, corpus: Corpus, samples: int, statistics: str | None, keep: Path) -> ReferenceStatistics:
    """Statistics from a file, or from the corpus' eval clips, each fitted to `samples` samples as a voice's clips are.

    Those of the corpus are cached in folder `keep`, one file per embedder; a folder is for one corpus.
    """
    if statistics is None:
        kept = keep / f"reference-{hashlib.sha256(f'{embedder.sha256} {embedder.about}, sounding patches'.encode()).hexdigest()[:12]}.npz"
        if not kept.is_file():
            save_statistics(kept, {label: _statistics(embedder, corpus, label, samples) for label in corpus.classes}, sounding=True)
        return ReferenceStatistics(embedder, load_statistics(kept), f"sounding patches of eval clips of corpus {corpus.hash()}", True)
    reference = load_statistics(statistics)
    for label in corpus.classes:
        if label not in reference:
            raise ReferenceStatisticsError(f"{statistics} has no class {label}")
        if reference[label].mu.size != embedder.dims:
            raise ReferenceStatisticsError(f"{statistics} has embeddings of {reference[label].mu.size} dimensions, expected {embedder.dims} of this embedder")
    digest = hashlib.sha256(Path(statistics).read_bytes()).hexdigest()
    return ReferenceStatistics(embedder, reference, f"{Path(statistics).name} {digest}", counts_sounding(statistics))


def _statistics(embedder: Embedder, corpus: Corpus, label: str, samples: int) -> Gaussian:
    paths = [clip.path for clip in corpus.of("eval") if clip.label == label]
    try:
        return gaussian([found for path in paths if len(found := embedder.clip(fit(read_audio(path, RATE), samples), RATE).counted)])
    except StatisticsError as error:
        raise ReferenceStatisticsError(f"class {label}, {len(paths)} eval clips: {error}") from error
