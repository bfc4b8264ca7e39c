"""How far a long part of a job is, as JSON lines on stdout: at its start, every two seconds, at its end."""

from __future__ import annotations

import time

from .events import emit

EVERY = 2.0  # seconds


class Progress:
    def __init__(self, part: str, of: int, done: int = 0) -> None:
        """`done` of `of` were there before and say nothing about the speed."""
        self.part, self.of, self.done, self._before = part, of, done, done
        self._began = self._told = time.monotonic()
        self._tell()

    def add(self, count: int = 1) -> None:
        self.done += count
        if self.done == self.of or time.monotonic() - self._told >= EVERY:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        made = self.done - self._before
        minutes = round((self._told - self._began) / 60 * (self.of - self.done) / made, 2) if made else None
        emit("progress", part=self.part, done=self.done, of=self.of, eta_minutes=minutes)
