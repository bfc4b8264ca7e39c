"""The line of a terminal that shows how far a training is, written over with each step."""

from __future__ import annotations

import sys

from . import parallel

_WIDTH = 30


def show_step(stage: str, step: int, share: float, minutes: float | None, metrics: dict[str, float]) -> None:
    """Nothing where standard error is no terminal."""
    if not sys.stderr.isatty() or parallel.rank() != 0:
        return
    filled = int(_WIDTH * share)
    numbers = " ".join(f"{k} {v:.4g}" for k, v in metrics.items())
    print(f"\r\x1b[K{stage} [{'#' * filled}{'.' * (_WIDTH - filled)}] step {step}, {minutes} min left, {numbers}", end="", file=sys.stderr)
