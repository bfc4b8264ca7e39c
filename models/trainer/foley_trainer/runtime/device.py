"""Where tensors live. Everything a stage makes goes to the default device, which a run chooses once.

Weights, buffers, masks and noise follow `torch.set_default_device`; only what comes from numpy has to be sent.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class NoDevice(Exception):
    """The device asked for is not there."""


def choose(name: str = "auto", local_rank: int = 0) -> torch.device:
    """"auto" takes a GPU where there is one; "cpu", "cuda" and "cuda:1" mean what they say. Raises NoDevice."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(f"cuda:{local_rank}" if name == "cuda" else name)
    if device.type == "cuda":
        if not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count():
            raise NoDevice(f"no {device}: this torch ({torch.__version__}) sees {torch.cuda.device_count()} GPUs")
        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.set_default_device(device)
    return device


def sent(array: np.ndarray) -> Tensor:
    """A numpy array on the default device."""
    return torch.from_numpy(array).to(torch.get_default_device())


def load(path: Any) -> dict[str, Any]:
    """A file that torch saved, onto the default device, without ever running what a pickle says."""
    return torch.load(path, map_location=torch.get_default_device(), weights_only=True)


def here(module: nn.Module) -> nn.Module:
    """The module on the default device, convolution weights laid out for channels-last activations."""
    return module.to(torch.get_default_device(), memory_format=torch.channels_last)


def autocast(enabled: bool) -> AbstractContextManager[Any]:
    """bfloat16 where it is faster and safe."""
    return torch.autocast(torch.get_default_device().type, torch.bfloat16) if enabled else nullcontext()
