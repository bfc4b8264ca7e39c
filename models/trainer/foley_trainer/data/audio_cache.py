"""The audio of a corpus, read once: in memory if it is small, else in a cache file."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path
from typing import IO

import numpy as np

from .audio_io import stream
from .corpus import Clip, Corpus, CorpusError, refuse

BUDGET = 1 << 30  # bytes of int16 kept in memory: six and a half hours at 22050 Hz


def cache_folder() -> Path | None:
    """$XDG_CACHE_HOME/foleyd or ~/.cache/foleyd, because /tmp is memory on many systems; None (`tempfile`'s default) if it cannot be created."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foleyd"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


class SampleBuffer:
    """Appended int16 samples: in memory up to `budget` bytes, beyond that in an unnamed temporary file.

    The file is unlinked at once (where the system allows it), so that even a killed process leaves nothing behind.
    """

    def __init__(self, budget: int) -> None:
        self.budget, self.samples = budget, 0
        self._memory = bytearray()
        self._file: IO[bytes] | None = None

    @property
    def on_disk(self) -> bool:
        return self._file is not None

    def append(self, piece: np.ndarray) -> None:
        """Adds int16 [n]; raises CorpusError if the cache file cannot be written."""
        self.samples += piece.size
        if self._file is None and self.samples * 2 <= self.budget:
            self._memory += piece.tobytes()
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=cache_folder(), prefix="sounds-")  # noqa: SIM115 - lives as long as the buffer
                self._file.write(self._memory)
                self._memory = bytearray()
            self._file.write(piece.tobytes())
            self._file.flush()
        except OSError as error:
            raise CorpusError(f"the corpus is larger than {self.budget} bytes and its cache file cannot be written: {error.strerror}; set XDG_CACHE_HOME") from error

    def read(self, start: int, length: int) -> np.ndarray:
        """int16 [length] from `start`. Thread-safe once nothing more is appended."""
        if not length:
            return np.zeros(0, np.int16)
        if self._file is None:
            return np.frombuffer(self._memory, np.int16, length, start * 2).copy()
        # Mapped for this read only: a lasting mapping would count as resident memory once its pages are touched.
        return np.array(np.memmap(self._file, np.int16, "r", start * 2, (length,)))


class Sounds:
    """All audio of some clips as int16 (89 minutes are 236 MB), by clip index; above `budget` bytes in a cache file.

    Raises one CorpusError that names every unreadable file.
    """

    def __init__(self, clips: list[Clip], rate: int, budget: int = BUDGET) -> None:
        self.clips, self.rate = clips, rate
        self.buffer = SampleBuffer(budget)
        self._places: dict[Clip, tuple[int, int]] = {}
        unreadable = []
        for clip in clips:
            start = self.buffer.samples
            try:
                for block in stream(clip.path, rate):
                    self.buffer.append(np.round(np.clip(block, -1, 1) * 32767).astype(np.int16))
            except CorpusError as error:
                unreadable.append(str(error))
            self._places[clip] = (start, self.buffer.samples - start)
        refuse(unreadable)

    def __len__(self) -> int:
        return len(self.clips)

    def of(self, clips: list[Clip]) -> Sounds:
        """Some of these clips, in the order given, sharing what was read."""
        part = copy.copy(self)
        part.clips = clips
        return part

    def size(self, index: int) -> int:
        """Samples of a clip."""
        return self._places[self.clips[index]][1]

    def get(self, index: int, start: int = 0, length: int | None = None) -> np.ndarray:
        """float32 in -1..1: a clip, or `length` samples of it from `start` on (fewer where it ends)."""
        begin, size = self._places[self.clips[index]]
        rest = max(0, size - start)
        return self.buffer.read(begin + start, rest if length is None else min(length, rest)).astype(np.float32) / 32767


def read_sounds(corpus: Corpus, rate: int, budget: int = BUDGET) -> Sounds:
    """The audio of a training run: every clip and the training one-shots, within one budget. One CorpusError names all unreadable files."""
    return Sounds([*corpus.clips, *(c for c in corpus.oneshots if c.split == "train")], rate, budget)
