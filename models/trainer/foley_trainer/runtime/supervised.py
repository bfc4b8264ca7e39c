"""A training monitored by a server: it stops on request or when the server exits, and locks its folder."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .events import emit

PR_SET_PDEATHSIG = 1  # of prctl(2)
PATIENCE = 60.0  # seconds; a training that is stopping may still be writing its checkpoint


class Stopped(Exception):
    """Stopped between two stages; finished stages are kept."""


class Busy(Exception):
    """Another process is training in this folder."""


class _BrokenPipeSafe:
    """Ignores write errors once the reader of stdout has gone, so that the training still ends in order."""

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
    """Treats the end of stdin as SIGTERM: the parent has closed it or has exited, even by SIGKILL. Also works on systems
    without signals."""
    sys.stdout = _BrokenPipeSafe(sys.stdout)
    _continue_without_parent()
    threading.Thread(target=_until_end, args=(sys.stdin.fileno(),), daemon=True).start()


def _continue_without_parent() -> None:
    """Asks Linux for SIGCONT when the parent exits: a stopped process would not notice the end of stdin, and would keep the
    folder locked. SIGCONT changes nothing for one that runs."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGCONT)


def _until_end(stdin: int) -> None:
    # Read unbuffered: a daemon thread blocked in Python's buffered reader aborts the interpreter at shutdown.
    with contextlib.suppress(OSError):
        while os.read(stdin, 64):
            pass
    # Triggers only handlers installed from Python; the training loop and `stoppable` install them.
    _thread.interrupt_main(signal.SIGTERM)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM and SIGINT raise Stopped, except within the training loop, which installs its own handlers."""

    def stop(*_: object) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Locks the folder; the system releases the lock however this process ends. Raises Busy."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "a+b") as file:
        until = time.monotonic() + PATIENCE
        announced = False
        while not _try_lock(file):
            if not announced:
                emit("waiting", why="another training has locked the folder")
            announced = True
            if time.monotonic() > until:
                raise Busy(f"another training has locked {folder}: wait until it ends, or use another folder")
            time.sleep(0.1)
        yield


def _try_lock(file: IO[bytes]) -> bool:
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
