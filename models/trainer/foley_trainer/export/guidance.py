"""Classifier-free guidance (Ho & Salimans 2022) for every sampler: clips are sampled twice, and both choose the same codes."""

from __future__ import annotations

import numpy as np

from .two_stage_sampler import Choose


def negative_weights(classes: int, null_class: bool) -> np.ndarray:
    """Class weights [n] that guidance leads away from: no class, or the mean of all for a prior that was never trained without one."""
    return np.zeros(classes, np.float32) if null_class else np.full(classes, 1 / classes, np.float32)


def doubled(class_weights: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """class_weights [B, n] -> [2B, n]: those of the clips, and as many negative ones."""
    return np.concatenate([class_weights, np.broadcast_to(negative, class_weights.shape)]).astype(np.float32)


def guided(choose: Choose, weight: float | np.ndarray) -> Choose:
    """`choose` for `doubled` clips, from log p(class) + weight * (log p(class) - log p(negative)) up to a constant.
    weight: one, or one for each clip [B]."""
    weight = np.asarray(weight, np.float32).reshape(-1, 1)

    def both(logits: np.ndarray, place: int) -> np.ndarray:
        named, negative = np.split(logits, 2)
        chosen = choose(named + weight * (named - negative), place)
        return np.concatenate([chosen, chosen])

    return both
