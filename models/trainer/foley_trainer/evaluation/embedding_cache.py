"""Embeddings of many clips by one ear, kept on disk: listening to a corpus again is the slowest part of measuring again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..data import fit, read_audio
from ..data.corpus import Clip
from ..runtime.progress import Progress
from .embedders import Ear


def embed_clips(ear: Ear, name: str, clips: list[Clip], rate: int, samples: int, folder: Path) -> list[np.ndarray]:
    """The embeddings of each clip, [patches, dims] float32, every clip fitted to `samples` samples at `rate` first.

    `folder/<ear>-<name>.npz` holds them with a key of everything they depend on; a file of another key is written anew.
    """
    path = folder / f"{ear.name}-{name}.npz"
    key = _key(ear, clips, rate, samples)
    known = _read(path, key)
    if known is not None:
        return known
    progress, heard = Progress(f"{ear.name} {name}", len(clips)), []
    for clip in clips:
        heard.append(ear.embed(fit(read_audio(clip.path, rate), samples), rate).astype(np.float32))
        progress.add()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as file:
        np.savez(file, key=np.array(key), sizes=np.array([len(h) for h in heard]), embeddings=np.concatenate(heard))
    os.replace(temporary, path)
    return heard


def _key(ear: Ear, clips: list[Clip], rate: int, samples: int) -> str:
    digest = hashlib.sha256(f"{ear.sha256} {ear.about} {rate} {samples}".encode())
    for clip in clips:
        stat = clip.path.stat()
        digest.update(f"\n{clip.id} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()


def _read(path: Path, key: str) -> list[np.ndarray] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["key"]) != key:
                return None
            return np.split(file["embeddings"], np.cumsum(file["sizes"])[:-1])
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
