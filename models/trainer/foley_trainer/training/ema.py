"""The averaged weights that a training evaluates and keeps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn


class Ema:
    """Exponential moving average of floating-point parameters; buffers are copied."""

    def __init__(self, modules: dict[str, nn.Module], decay: float) -> None:
        self.modules, self.decay = modules, decay
        self.state = {name: {k: v.detach().clone() for k, v in m.state_dict().items()} for name, m in modules.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, module in self.modules.items():
            parameters = {k for k, _ in module.named_parameters()}
            for key, value in module.state_dict().items():
                if key in parameters:
                    self.state[name][key].lerp_(value, 1 - decay)
                else:
                    self.state[name][key].copy_(value)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        backup = {name: {k: v.clone() for k, v in m.state_dict().items()} for name, m in self.modules.items()}
        for name, module in self.modules.items():
            module.load_state_dict(self.state[name])
        try:
            yield
        finally:
            for name, module in self.modules.items():
                module.load_state_dict(backup[name])
