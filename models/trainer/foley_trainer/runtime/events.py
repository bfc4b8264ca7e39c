"""Events on stdout, one JSON object per line: the only thing the trainer writes there."""

from __future__ import annotations

import json
from typing import Any


def emit(event: str, **data: Any) -> None:
    """One progress event as a JSON line on stdout."""
    print(json.dumps({"event": event, **data}, allow_nan=False), flush=True)


def clean(metrics: dict[str, float]) -> dict[str, float]:
    return {k: round(float(v), 6) for k, v in metrics.items()}
