"""Embeddings of many clips by one embedder, cached on disk: embedding a corpus is the slowest part of an evaluation."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..data import fit, read_audio
from ..data.corpus import Clip
from ..features.patches import EmbeddedClip
from ..runtime.progress import Progress
from .embedders import Embedder


def embed_clips(embedder: Embedder, name: str, clips: list[Clip], rate: int, samples: int, folder: Path) -> list[EmbeddedClip]:
    """Embeds the clips; every clip is first fitted to `samples` samples at `rate`.

    `folder/<embedder>-<name>.npz` stores them with a key of everything they depend on; a file with another key is rewritten.
    """
    path = folder / f"{embedder.name}-{name}.npz"
    key = _key(embedder, clips, rate, samples)
    known = _read(path, key)
    if known is not None:
        return known
    progress, found = Progress(f"{embedder.name} {name}", len(clips)), []
    for clip in clips:
        found.append(embedder.clip(fit(read_audio(clip.path, rate), samples), rate))
        progress.add()
    arrays = {"key": np.array(key), "sizes": np.array([len(f.patches) for f in found])}
    arrays |= {"embeddings": np.concatenate([f.patches for f in found]).astype(np.float32), "sounding": np.concatenate([f.sounding for f in found])}
    if found[0].scores is not None:
        arrays["scores"] = np.stack([f.scores for f in found]).astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as file:
        np.savez(file, **arrays)
    os.replace(temporary, path)
    return found


def _key(embedder: Embedder, clips: list[Clip], rate: int, samples: int) -> str:
    digest = hashlib.sha256(f"{embedder.sha256} {embedder.about} {rate} {samples}".encode())
    for clip in clips:
        stat = clip.path.stat()
        digest.update(f"\n{clip.id} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()


def _read(path: Path, key: str) -> list[EmbeddedClip] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["key"]) != key:
                return None
            ends = np.cumsum(file["sizes"])[:-1]
            parts = zip(np.split(file["embeddings"], ends), np.split(file["sounding"], ends), strict=True)
            scores = file["scores"] if "scores" in file else [None] * len(file["sizes"])
            return [EmbeddedClip(*part, own) for part, own in zip(parts, scores, strict=True)]
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
