"""The record of a training: configuration, steps, minutes and metrics of one stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Record:
    """Configuration and result of one stage; written to the card."""

    config: dict[str, Any]
    step: int
    minutes: float
    metrics: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        return {"config": self.config, "steps": self.step, "minutes": self.minutes, "metrics": self.metrics}
