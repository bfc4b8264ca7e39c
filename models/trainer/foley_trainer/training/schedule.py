"""How the learning rate goes: up over the first steps, held, then down along a cosine."""

from __future__ import annotations

import math


def rate_at(full: float, step: int, progress: float, warmup: int, hold: float, decay_to: float) -> float:
    """The learning rate at a step, `progress` (0..1) into the budget; `hold` of it goes by before the cosine begins."""
    warm = min(1.0, (step + 1) / max(1, warmup))
    decayed = max(0.0, (progress - hold) / (1 - hold)) if hold < 1 else 0.0
    cosine = decay_to + (1 - decay_to) * 0.5 * (1 + math.cos(math.pi * decayed))
    return full * warm * cosine
