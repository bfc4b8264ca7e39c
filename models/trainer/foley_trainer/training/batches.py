"""The batches of a training, drawn ahead of their steps where that is faster."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from ..runtime import parallel

# More would wait for Python's lock: a third of the drawing holds it.
_DRAWING_THREADS = 8


def drawn(draw: Callable[[np.random.Generator, int], Any], seed: int, first: int) -> Iterator[Any]:
    """The batch of each step from `first` on. With a GPU the next ones are drawn during the current step, by several threads: one draws
    200 augmented clips a second, and a GPU trains on several times as many. Each step draws from a generator of its own, so threads
    change nothing."""
    place = [] if parallel.world() == 1 else [parallel.rank()]

    def of(step: int) -> Any:
        return draw(np.random.default_rng([seed, step, *place]), step)

    if torch.get_default_device().type == "cpu":
        for step in itertools.count(first):
            yield of(step)
    threads = max(1, min(_DRAWING_THREADS, (os.cpu_count() or 1) // parallel.world()))
    with ThreadPoolExecutor(threads) as pool:
        ahead = deque(pool.submit(of, first + n) for n in range(threads))
        for step in itertools.count(first + threads):
            batch = ahead.popleft().result()
            ahead.append(pool.submit(of, step))
            yield batch
