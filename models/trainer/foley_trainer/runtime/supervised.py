"""A training that a server watches: it leaves when told to or when its server is gone, and never runs twice in one folder."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .events import emit

PATIENCE = 60.0  # seconds; a training that was told to leave may be writing its checkpoint


class Stopped(Exception):
    """Told to leave between two stages; what is finished is kept."""


class Busy(Exception):
    """Another process trains in this folder."""


class _Deaf:
    """stdout whose reader may be gone: then nothing is said any more, and the work ends as it should."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def watch_stdin() -> None:
    """The end of stdin is as good as SIGTERM: whoever held it has closed it, or is gone, even by SIGKILL. Also a way to stop
    where there are no signals."""
    sys.stdout = _Deaf(sys.stdout)
    threading.Thread(target=_until_end, args=(sys.stdin.fileno(),), daemon=True).start()


def _until_end(stdin: int) -> None:
    # Not through Python's own buffer: a thread that waits there aborts the interpreter at its end.
    with contextlib.suppress(OSError):
        while os.read(stdin, 64):
            pass
    # Only handlers written in Python hear this, and the loop and `stoppable` have some.
    _thread.interrupt_main(signal.SIGTERM)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM and SIGINT raise Stopped, but in the training loop, which has a better answer."""

    def stop(*_: object) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds the folder against every other process; the system lets go of it however this one ends. Raises Busy."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "a+b") as file:
        until = time.monotonic() + PATIENCE
        told = False
        while not _locked(file):
            if not told:
                emit("waiting", why="another training holds the folder")
            told = True
            if time.monotonic() > until:
                raise Busy(f"another training holds {folder}")
            time.sleep(0.1)
        yield


def _locked(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
