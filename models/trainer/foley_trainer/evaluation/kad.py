"""Kernel audio distance (Chung et al. 2025, arXiv 2502.15602): unbiased for few clips.

KAD = 100 MMD^2 with the Gaussian kernel k(x, y) = exp(-|x - y|^2 / (2 s^2)), s = the median distance between two
embeddings of the reference; of the two kernels the paper tries this is the one it recommends, 100 is its toolkit's
factor. MMD^2 = mean k(x, x') + mean k(y, y') - 2 mean k(x, y), unbiased, hence below 0 now and then.

The paper leaves the pairs of an embedding with itself out of the first two means. Here an embedding is a patch of a
clip, and patches of one clip resemble each other as no two clips do: all pairs within a clip are left out. With one
embedding per clip this is the paper's estimate to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fad import Clips, StatisticsError

SCALE = 100.0
BLOCK = 1024  # rows of a kernel matrix at a time
LARGEST = 2000  # embeddings the median is taken over; of more, evenly spaced ones


@dataclass(frozen=True)
class Kad:
    """The distance and its standard error over clips on both sides (jackknife)."""

    value: float
    error: float


def kad(generated: Clips, reference: Clips) -> Kad:
    """Raises StatisticsError below two clips a side."""
    if min(len(generated), len(reference)) < 2:
        raise StatisticsError("KAD needs at least two clips in each set")
    width = bandwidth(reference)
    xx, yy, xy = (_pair_sums(a, b, width) for a, b in ((generated, generated), (reference, reference), (generated, reference)))
    n, m = (np.array([len(c) for c in clips], np.float64) for clips in (generated, reference))
    value = _within(xx, n) + _within(yy, m) - 2 * xy.sum() / (n.sum() * m.sum())
    # Without clip i, for all i at once.
    left_x = _within_without(xx, n) + _within(yy, m) - 2 * (xy.sum() - xy.sum(1)) / ((n.sum() - n) * m.sum())
    left_y = _within(xx, n) + _within_without(yy, m) - 2 * (xy.sum() - xy.sum(0)) / (n.sum() * (m.sum() - m))
    variance = sum((len(left) - 1) / len(left) * np.square(left - left.mean()).sum() for left in (left_x, left_y) if np.isfinite(left).all())
    return Kad(SCALE * float(value), SCALE * float(np.sqrt(variance)))


def patch_kad(generated: Clips, reference: Clips) -> float:
    """1000 MMD^2 with every embedding as an independent sample, as in the paper: pairs within a clip count, too, which biases it
    upwards for few clips. Published figures and this project's targets use this estimate."""
    width = bandwidth(reference)
    x, y = (np.concatenate(clips).astype(np.float64) for clips in (generated, reference))

    def mean(a: np.ndarray, b: np.ndarray, pairs: int) -> float:
        return sum(float(np.exp(-_squared(part, b) / (2 * width**2)).sum()) for part in np.split(a, range(BLOCK, len(a), BLOCK))) / pairs

    def within(a: np.ndarray) -> float:
        count = len(a)
        return (mean(a, a, 1) - count) / (count * (count - 1))

    if min(len(x), len(y)) < 2:
        raise StatisticsError("KAD needs at least two embeddings in each set")
    return 1000 * (within(x) + within(y) - 2 * mean(x, y, len(x) * len(y)))


def bandwidth(reference: Clips) -> float:
    """Median distance between two different embeddings of the reference; 1 where all are the same."""
    x = np.concatenate(reference).astype(np.float64)
    x = x[np.unique(np.linspace(0, len(x) - 1, LARGEST).astype(int))]
    distances = np.sqrt(_squared(x, x)[np.triu_indices(len(x), 1)])
    median = float(np.median(distances))
    return median if median > 0 else float(distances.max()) or 1.0


def _squared(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[n, d], [m, d] -> squared distances [n, m]."""
    return np.maximum(0.0, np.square(x).sum(1)[:, None] + np.square(y).sum(1) - 2 * x @ y.T)


def _pair_sums(a: Clips, b: Clips, width: float) -> np.ndarray:
    """Sum of the kernel over all pairs of embeddings of clip i of a and clip j of b: [clips, clips]."""
    x, y = (np.concatenate(clips).astype(np.float64) for clips in (a, b))
    starts = np.cumsum([0, *(len(c) for c in b)])[:-1]
    rows = np.concatenate([np.add.reduceat(np.exp(-_squared(part, y) / (2 * width**2)), starts, 1) for part in np.split(x, range(BLOCK, len(x), BLOCK))])
    return np.add.reduceat(rows, np.cumsum([0, *(len(c) for c in a)])[:-1], 0)


def _within(sums: np.ndarray, sizes: np.ndarray) -> float:
    """Mean over pairs of embeddings of different clips."""
    return float((sums.sum() - np.trace(sums)) / (sizes.sum() ** 2 - np.square(sizes).sum()))


def _within_without(sums: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The same mean with clip i left out, for every i; NaN where only one clip would be left."""
    own = np.diagonal(sums)
    total = sums.sum() - own.sum() - 2 * (sums.sum(1) - own)
    pairs = np.square(sizes.sum() - sizes) - (np.square(sizes).sum() - np.square(sizes))
    return np.divide(total, pairs, out=np.full(len(sizes), np.nan), where=pairs > 0)
