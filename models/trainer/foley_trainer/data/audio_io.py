"""Sound files as mono float32 at one rate, whole or block by block. Every refusal is a CorpusError naming file and reason."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import gcd
from pathlib import Path

import numpy as np
import scipy  # loads scipy.signal, which takes long, when it is used
import soundfile

from .corpus import CorpusError

BLOCK = 1 << 19  # frames of the file read at a time: what a long file costs in memory
RATES = (2000, 768000)
SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


@contextmanager
def opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """An open file of a rate that can be sound; libsndfile's errors, in opening and while it is read, become CorpusErrors."""
    if not path.is_file():
        raise CorpusError(f"{path}: no such file")
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError) as error:
        _raise_shortage(path)
        raise CorpusError(f"{path}: not a readable audio file (expected WAV, FLAC, OGG, MP3 or AIFF)") from error
    with file:
        if not RATES[0] <= file.samplerate <= RATES[1]:
            raise CorpusError(f"{path}: sample rate {file.samplerate} Hz is outside {RATES[0]} to {RATES[1]} Hz")
        try:
            yield file
        except soundfile.LibsndfileError as error:
            raise CorpusError(f"{path}: damaged ({error.error_string.removeprefix('Error : ').strip()})") from error


def _raise_shortage(path: Path) -> None:
    """libsndfile only says "System error": the system itself says when it has no descriptors or memory, and then the file is not at fault."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        if error.errno in SHORTAGES:
            raise


def blocks(file: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """float32 [frames, channels] at the file's own rate; raises CorpusError on NaN or infinite samples and on an empty file."""
    total = 0
    while (block := file.read(BLOCK, dtype="float32", always_2d=True)).size:
        if not np.isfinite(block).all():
            raise CorpusError(f"{file.name}: not finite (NaN or infinite samples)")
        total += block.shape[0]
        yield block
    if not total:
        raise CorpusError(f"{file.name}: empty (no samples)")


def resampled(mono: Iterable[np.ndarray], source_rate: int, rate: int) -> Iterator[np.ndarray]:
    """Blocks at `source_rate` -> blocks at `rate`; together identical to one `resample_poly` over the whole signal."""
    up, down = rate // gcd(source_rate, rate), source_rate // gcd(source_rate, rate)
    if up == down:
        yield from mono
        return
    # The filter reaches 10 * max(up, down) / up samples to either side. A block goes through it with that much of its
    # neighbours, in whole multiples of `down` so that every output falls where it would.
    reach = down * (10 * max(up, down) // (up * down) + 2)
    held, before = np.zeros(0, np.float32), 0
    for block in mono:
        held = np.concatenate([held, block])
        ready = (held.size - before - reach) // down * down
        if ready >= reach:
            out = scipy.signal.resample_poly(held, up, down)
            yield out[before // down * up : (before + ready) // down * up].astype(np.float32)
            held, before = held[before + ready - reach :], reach
    yield scipy.signal.resample_poly(held, up, down)[before // down * up :].astype(np.float32)


def stream(path: Path, rate: int) -> Iterator[np.ndarray]:
    """Mono float32 at `rate`, block by block, in constant memory."""
    with opened(path) as file:
        yield from resampled((block.mean(axis=1) for block in blocks(file)), file.samplerate, rate)


def read_audio(path: Path, rate: int) -> np.ndarray:
    """Mono float32 in -1..1 at `rate`; raises CorpusError on anything that isn't readable, finite audio."""
    return np.concatenate(list(stream(path, rate)))


def fit(audio: np.ndarray, samples: int, start: int = 0) -> np.ndarray:
    """Exactly `samples` samples: `audio` laid down at `start` (may be negative), cut or zero-padded."""
    out = np.zeros(samples, np.float32)
    source = max(0, -start)
    target = max(0, start)
    length = min(audio.size - source, samples - target)
    if length > 0:
        out[target : target + length] = audio[source : source + length]
    return out
