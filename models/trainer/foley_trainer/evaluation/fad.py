"""Fréchet audio distance (Kilgour et al. 2018), its extrapolation to infinite n, and its bootstrap interval.

Definitions, all in float64; another program that computes the same must agree within 1e-6:

- A clip is an array of embeddings [patches, d]. The statistics of a set are taken over the embeddings of all its
  clips, n of them: mu = their mean [d], sigma = sum of (x - mu)(x - mu)^T over n - 1 [d, d] (the challenge's tool
  computes the same from running sums), count = n.
- FAD(a, b) = |mu_a - mu_b|^2 + tr A + tr B - 2 tr sqrt(A B), at least 0. The last trace is the sum of the singular
  values of Ra^T Rb, where A = Ra Ra^T: Ra holds, per eigenvalue w of A above d * 2^-52 * max w, its eigenvector times
  sqrt(w). Smaller eigenvalues are rounding of a rank-deficient covariance; the root of A B itself, which the
  challenge's tool takes, would turn 1e-16 of it into 1e-8 per dimension.
- FAD of n embeddings is biased upwards by about slope / n. FAD infinity is the
  intercept of a straight line through FAD over 1 / n for subsets of whole clips (Chong and Forsyth 2020).

Files are .npz, read without pickle: statistics as float64 `<Class>.mu`, `<Class>.sigma`, `<Class>.count`; or the embeddings
themselves, from which KAD can be computed too, as float32 `<Class>.embeddings` [n, d] and `<Class>.patches` [clips], how many of
the n are each clip's. A float64 scalar `sounding_db` (45) says that only sounding patches were counted (`patches.sounding`); without
it all were, as in published statistics, and what is measured against them must count all, too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..features.patches import SOUNDING_DB

Clips = Sequence[np.ndarray]  # the embeddings of each clip, [patches, d]
SIZES, REPEATS = 10, 4  # subset sizes from a quarter of the clips to all of them, and draws per size
ROUNDS, LEVEL = 200, 0.95
SOUNDING = "sounding_db"


class StatisticsError(Exception):
    """The embeddings or the file give no valid statistics; the message says why."""


@dataclass(frozen=True)
class Gaussian:
    """mu [d], sigma [d, d] and the number of embeddings behind them."""

    mu: np.ndarray
    sigma: np.ndarray
    count: int


def gaussian(clips: Clips) -> Gaussian:
    """Statistics of all embeddings of some clips. Raises StatisticsError below two embeddings and on NaN."""
    x = _stacked(clips)
    mu = x.mean(0)
    centred = x - mu
    return Gaussian(mu, centred.T @ centred / (len(x) - 1), len(x))


def frechet(a: Gaussian, b: Gaussian) -> float:
    """FAD of two sets by their statistics. Raises StatisticsError if their dimensions differ."""
    if a.mu.shape != b.mu.shape:
        raise StatisticsError(f"embeddings have {a.mu.size} and {b.mu.size} dimensions, expected equal ones")
    across = np.linalg.svd(root(a.sigma).T @ root(b.sigma), compute_uv=False).sum()
    return max(0.0, float(np.square(a.mu - b.mu).sum() + np.trace(a.sigma) + np.trace(b.sigma) - 2 * across))


def root(sigma: np.ndarray) -> np.ndarray:
    """Covariance [d, d] -> R [d, rank] with R R^T = sigma."""
    values, vectors = np.linalg.eigh(sigma)
    kept = values > sigma.shape[0] * np.finfo(np.float64).eps * max(values.max(), 0.0)
    return vectors[:, kept] * np.sqrt(values[kept])


@dataclass(frozen=True)
class Extrapolation:
    """FAD extrapolated to infinite n, with the slope and the R² of the fit."""

    value: float
    slope: float
    r2: float


class Resampled:
    """FAD of many subsets of the same clips against one reference.

    With X the centred embeddings of a subset and R the reference's root, tr sqrt(A B) is the sum of the singular
    values of X R over sqrt(n - 1): no covariance, no eigenvectors, 20 times faster than `frechet`.
    """

    def __init__(self, clips: Clips, reference: Gaussian) -> None:
        self._x = _stacked(clips)
        ends = np.cumsum([len(c) for c in clips])
        self._rows = [np.arange(end - len(c), end) for c, end in zip(clips, ends, strict=True)]
        self._reference, self._trace = reference, float(np.trace(reference.sigma))
        self._seen = self._x @ root(reference.sigma)

    def fad(self, picks: np.ndarray) -> float:
        """FAD of the clips with these indices; an index may repeat."""
        rows = np.concatenate([self._rows[i] for i in picks])
        x, seen = self._x[rows], self._seen[rows]
        mu = x.mean(0)
        across = np.linalg.svd((seen - seen.mean(0)) / np.sqrt(len(rows) - 1), compute_uv=False).sum()
        spread = np.square(x - mu).sum() / (len(rows) - 1)
        return max(0.0, float(np.square(mu - self._reference.mu).sum() + spread + self._trace - 2 * across))

    def infinity(self, seed: int = 0) -> Extrapolation | None:
        """None below eight clips, which are too few for the fit."""
        count = len(self._rows)
        if count < 8:
            return None
        rng = np.random.default_rng(seed)
        sizes = np.unique(np.round(1 / np.linspace(1 / count, 4 / count, SIZES)).astype(int))
        means = [np.mean([self.fad(rng.permutation(count)[:size]) for _ in range(REPEATS if size < count else 1)]) for size in sizes]
        slope, value = np.polyfit(1 / sizes, means, 1)
        left = np.square(means - (slope / sizes + value)).sum() / max(np.square(means - np.mean(means)).sum(), 1e-300)
        return Extrapolation(float(value), float(slope), float(1 - left))

    def interval(self, seed: int = 0, rounds: int = ROUNDS) -> tuple[float, float]:
        """95 % bootstrap interval over clips, drawn with replacement.

        A resampled set has fewer distinct clips, which biases its FAD upwards: the interval is the spread of the resampled
        FADs around their mean, centred on the FAD of the set itself. It covers the sampling of these clips, but neither
        the bias of a small n nor the sampling of the reference.
        """
        count, rng = len(self._rows), np.random.default_rng(seed)
        drawn = np.array([self.fad(rng.integers(0, count, count)) for _ in range(rounds)])
        low, high = np.quantile(drawn - drawn.mean(), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        own = self.fad(np.arange(count))
        return max(0.0, own + float(low)), own + float(high)


def _stacked(clips: Clips) -> np.ndarray:
    if sum(len(c) for c in clips) < 2:
        raise StatisticsError("a covariance needs at least two embeddings")
    x = np.concatenate(clips).astype(np.float64)
    if not np.isfinite(x).all():
        raise StatisticsError("an embedding is not finite (NaN or infinite)")
    return x


def save_statistics(path: str | Path, classes: dict[str, Gaussian], *, sounding: bool = False) -> None:
    """`sounding`: only sounding patches were counted. Written atomically and uncompressed, so that readers need no inflater."""
    _save(path, {f"{label}.{key}": np.asarray(getattr(g, key)) for label, g in classes.items() for key in ("mu", "sigma", "count")} | _counted(sounding))


def save_embeddings(path: str | Path, classes: dict[str, Clips], *, sounding: bool = False) -> None:
    """The same for the embeddings of each class's clips."""
    arrays = _counted(sounding)
    for label, clips in classes.items():
        arrays[f"{label}.embeddings"] = np.concatenate(clips).astype(np.float32)
        arrays[f"{label}.patches"] = np.array([len(clip) for clip in clips], np.int64)
    _save(path, arrays)


def _counted(sounding: bool) -> dict[str, np.ndarray]:
    return {SOUNDING: np.array(SOUNDING_DB)} if sounding else {}


def counts_sounding(path: str | Path) -> bool:
    """Whether a file counts only sounding patches. Raises StatisticsError if it does so with another threshold."""
    known = _arrays(path).get(SOUNDING)
    if known is not None and (known.shape != () or float(known) != SOUNDING_DB):
        raise StatisticsError(f"{path} counts patches within {known} dB of the clip's peak; expected {SOUNDING_DB:g} dB, or no {SOUNDING} for all patches")
    return known is not None


def _save(path: str | Path, arrays: dict[str, np.ndarray]) -> None:
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        np.savez(file, **arrays)
    os.replace(temporary, path)


def load_statistics(path: str | Path) -> dict[str, Gaussian]:
    """Statistics by class name, of either kind of file. Raises StatisticsError, naming the file and the invalid class."""
    arrays = _arrays(path)
    clips = _embeddings(path, arrays)
    labels = [key.removesuffix(".mu") for key in arrays if key.endswith(".mu")]
    if not labels and not clips:
        raise StatisticsError(f"{path} has neither <Class>.mu nor <Class>.embeddings")
    return {label: gaussian(own) for label, own in clips.items()} | {label: _checked(path, label, arrays) for label in labels}


def load_embeddings(path: str | Path) -> dict[str, Clips]:
    """Embeddings of each clip by class name. Raises StatisticsError if the file has none, or invalid ones."""
    found = _embeddings(path, _arrays(path))
    if not found:
        raise StatisticsError(f"{path} has no <Class>.embeddings")
    return found


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise StatisticsError(f"{path}: {error}") from error


def _embeddings(path: str | Path, arrays: dict[str, np.ndarray]) -> dict[str, Clips]:
    found: dict[str, Clips] = {}
    for key in arrays:
        label = key.removesuffix(".embeddings")
        if label == key:
            continue
        x, patches = arrays[key], arrays.get(f"{label}.patches")
        if x.ndim != 2 or patches is None or patches.ndim != 1 or patches.dtype.kind not in "iu" or (patches < 1).any() or patches.sum() != len(x):
            raise StatisticsError(f"{path}: {label} has no valid patches array that splits its embeddings {x.shape} into clips")
        if not np.isfinite(x).all():
            raise StatisticsError(f"{path}: {label} is not finite")
        found[label] = np.split(x.astype(np.float64), np.cumsum(patches)[:-1])
    return found


def _checked(path: str | Path, label: str, arrays: dict[str, np.ndarray]) -> Gaussian:
    try:
        mu, sigma, count = (arrays[f"{label}.{key}"] for key in ("mu", "sigma", "count"))
    except KeyError as error:
        raise StatisticsError(f"{path} has no {error.args[0]}") from error
    if mu.ndim != 1 or sigma.shape != (mu.size, mu.size) or count.ndim or int(count) < 2:
        raise StatisticsError(f"{path}: {label} has mean {mu.shape}, covariance {sigma.shape} and count {count}; expected [d], [d, d] and at least 2")
    if not (np.isfinite(mu).all() and np.isfinite(sigma).all() and np.allclose(sigma, sigma.T, rtol=0, atol=1e-6 * np.abs(sigma).max())):
        raise StatisticsError(f"{path}: {label} is not finite, or its covariance is not symmetric")
    return Gaussian(mu.astype(np.float64), sigma.astype(np.float64), int(count))
