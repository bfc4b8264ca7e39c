"""From a loss to the next weights."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ..runtime import parallel


def clip_and_step(loss: Tensor, module: nn.Module, optimizers: Iterable[torch.optim.Optimizer], limit: float) -> float:
    """Backward, gradient-norm clipping, one step of each of the module's optimizers; returns the norm before clipping."""
    module.zero_grad(set_to_none=True)
    loss.backward()
    parallel.average_gradients(module)
    norm = torch.nn.utils.clip_grad_norm_(module.parameters(), limit)
    for optimizer in optimizers:
        optimizer.step()
    return float(norm)
