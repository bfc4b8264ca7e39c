"""Muon (Jordan et al. 2024): momentum whose update of every weight matrix is made orthogonal.

All directions of a matrix learn alike fast, where AdamW follows the few that dominate the gradient. On the stacked
prior, one thread, the same clips: 3.451 nats on eval after 300 steps against 3.563 with AdamW (which takes about 450 for
as much); a step costs 7 % more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from .optimizers import Uncompiled

RMS = 0.2
"""Root mean square of an update at learning rate 1: about AdamW's, so that both take the same rate (Liu et al. 2025)."""
_QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """[out, ...] -> about the nearest semi-orthogonal matrix of [out, the rest]: singular values in .7..1.2, by Newton-Schulz.

    X becomes p(X X') X in every step, so all steps are polynomials of X X': they are taken on that small matrix alone.
    """
    a, b, c = _QUINTIC
    x = matrix.flatten(1)
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    square = x @ x.T
    whole = one = torch.eye(len(square), dtype=x.dtype, device=x.device)
    for _ in range(steps):
        step = a * one + b * square + c * (square @ square)
        whole = step @ whole
        square = step @ square @ step
    x = whole @ x
    return (x.T if tall else x).reshape(matrix.shape)


class Muon(Uncompiled):
    """For weights of two and more axes, the first being the outputs. torch.optim.Muon takes matrices alone, no convolutions."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                mean = state["momentum"].lerp_(p.grad, 1 - momentum)
                update = orthogonal(p.grad.lerp(mean, momentum))
                longest = max(p.shape[0], p[0].numel())
                p.mul_(1 - lr * group["weight_decay"]).add_(update, alpha=-lr * RMS * longest**0.5)
