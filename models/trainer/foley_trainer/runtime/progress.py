"""Progress events of a long part of a job: at its start, every two seconds, at its end."""

from __future__ import annotations

import time

from .events import emit

EVERY = 2.0  # seconds


class Progress:
    def __init__(self, part: str, of: int, done: int = 0) -> None:
        """`done` of `of` were finished earlier and do not count for the estimate."""
        self.part, self.of, self.done, self._before = part, of, done, done
        self._began = self._last = time.monotonic()
        self._emit()

    def add(self, count: int = 1) -> None:
        self.done += count
        if self.done == self.of or time.monotonic() - self._last >= EVERY:
            self._emit()

    def _emit(self) -> None:
        self._last = time.monotonic()
        finished = self.done - self._before
        minutes = round((self._last - self._began) / 60 * (self.of - self.done) / finished, 2) if finished else None
        emit("progress", part=self.part, done=self.done, of=self.of, eta_minutes=minutes)
