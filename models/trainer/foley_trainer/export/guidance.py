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


PLAUSIBLE = 0.01
"""Of new voices: see `guided`."""


def guided(choose: Choose, weight: float | np.ndarray, plausible: float = 0.0) -> Choose:
    """`choose` for `doubled` clips, from log p(class) + weight * (log p(class) - log p(negative)) up to a constant.
    weight: one, or one for each clip [B]. Codes whose p(class) is below `plausible` of the highest are never chosen (as in contrastive
    decoding, Li et al. 2023): where p(negative) is smaller still, the difference of two tails would make them likely."""
    weight = np.asarray(weight, np.float32).reshape(-1, 1)

    def both(logits: np.ndarray, place: int) -> np.ndarray:
        named, negative = np.split(logits, 2)
        led = named + weight * (named - negative)
        if plausible > 0:
            led[named < named.max(1, keepdims=True) + np.float32(np.log(plausible))] = -np.inf
        chosen = choose(led, place)
        return np.concatenate([chosen, chosen])

    return both
