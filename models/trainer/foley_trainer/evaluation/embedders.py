"""One interface over the embedders: our own, VGGish and YAMNet."""

from __future__ import annotations

import hashlib
import json
from math import gcd
from pathlib import Path
from typing import Protocol

import numpy as np
import scipy  # loads scipy.signal, which takes long, when it is used

from ..export.embedder import FORMAT, VERSION
from ..export.two_stage_sampler import session
from ..features.patches import EmbeddedClip, sounding


class EmbedderError(Exception):
    """The folder is not an embedder of ours, or its graph does not match its card."""


class Embedder(Protocol):
    """Turns audio into embeddings. Distances are comparable only for equal `sha256` of the weights."""

    name: str
    about: str
    dims: int
    components: int | None  # distances use this many leading principal components of the eval clips; None: the embeddings themselves
    sha256: str

    def embed(self, audio: np.ndarray, rate: int) -> np.ndarray:
        """Mono audio in -1..1 -> [patches, dims]."""

    def clip(self, audio: np.ndarray, rate: int) -> EmbeddedClip:
        """The embeddings with the sounding flag of each patch and the scores of the clip."""


class OwnEmbedder:
    """Our own embedder: runs embedder.onnx."""

    name, components = "own", None

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        """`path`: the folder, its embedder.json, or a graph beside one."""
        folder = Path(path).parent if Path(path).is_file() else Path(path)
        try:
            card = json.loads((folder / "embedder.json").read_text(encoding="utf-8"))
            if (card["format"], card["version"]) != (FORMAT, VERSION):
                raise EmbedderError(f"{folder}: format {card['format']} {card['version']}, expected {FORMAT} {VERSION}")
            data = (folder / card["graph"]["file"]).read_bytes()
            self.sha256 = card["graph"]["sha256"]
            self.classes, self.dims = card["classes"], card["dims"]
            self._rate, self._shortest = card["audio"]["rate"], card["audio"]["shortest"]
            self._patch = card["patch"]["samples"], card["patch"]["hop"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EmbedderError(f"no embedder in {folder}: {error!r}") from error
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise EmbedderError(f"{folder}: the hash of the graph does not match its card")
        self.about = f"our own network, {self.dims} numbers per 0.96 s patch every 0.48 s, trained on the corpus {card['data']['hash'][:8]}"
        self._session = session(data, threads)

    def embed_and_classify(self, audio: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings [patches, dims] and log-probabilities [classes]; less than a patch is padded with silence."""
        x = self._samples(audio, rate)
        embeddings, scores = self._session.run(["embeddings", "scores"], {"audio": x[None]})
        return embeddings[0], scores[0]

    def embed(self, audio: np.ndarray, rate: int) -> np.ndarray:
        return self.embed_and_classify(audio, rate)[0]

    def clip(self, audio: np.ndarray, rate: int) -> EmbeddedClip:
        embeddings, scores = self.embed_and_classify(audio, rate)
        return EmbeddedClip(embeddings, sounding(self._samples(audio, rate), self._rate, *self._patch), scores)

    def _samples(self, audio: np.ndarray, rate: int) -> np.ndarray:
        """The input of the graph."""
        divisor = gcd(rate, self._rate)
        x = audio if rate == self._rate else scipy.signal.resample_poly(audio, self._rate // divisor, rate // divisor)
        return np.pad(x.astype(np.float32), (0, max(0, self._shortest - x.size)))
