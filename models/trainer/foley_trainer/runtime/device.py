"""The device of tensors. Every stage allocates on the default device, which a run chooses once.

Weights, buffers, masks and noise follow `torch.set_default_device`; only numpy arrays must be moved explicitly.
"""

from __future__ import annotations

import platform
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class NoDevice(Exception):
    """The requested device does not exist."""


def choose(name: str = "auto", local_rank: int = 0) -> torch.device:
    """name: "auto" (a GPU if available), "cpu", "cuda" or "cuda:N". Raises NoDevice."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(f"cuda:{local_rank}" if name == "cuda" else name)
    if device.type == "cuda":
        if not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count():
            raise NoDevice(f"device {device} is not available: torch {torch.__version__} finds {torch.cuda.device_count()} GPUs")
        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    # Tensors are on the CPU anyway; a default device, once set, adds a Python call to every operation.
    torch.set_default_device(None if device.type == "cpu" else device)
    return device


def sent(array: np.ndarray) -> Tensor:
    """A numpy array on the default device."""
    return torch.from_numpy(array).to(torch.get_default_device())


def load(path: Any) -> dict[str, Any]:
    """Loads a torch file onto the default device; `weights_only`, so a pickle cannot run code."""
    return torch.load(path, map_location=torch.get_default_device(), weights_only=True)


def here(module: nn.Module) -> nn.Module:
    """The module on the default device, convolution weights laid out for channels-last activations."""
    return module.to(torch.get_default_device(), memory_format=torch.channels_last)


def autocast(enabled: bool) -> AbstractContextManager[Any]:
    """bfloat16 autocast if `enabled` and the device computes in it, else a null context."""
    kind = torch.get_default_device().type
    return torch.autocast(kind, torch.bfloat16) if enabled and (kind != "cpu" or cpu_has_bf16()) else nullcontext()


@cache
def cpu_has_bf16() -> bool:
    """Whether this CPU has instructions for bfloat16: convolutions that emulate it take 8 times as long as in float32."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    # PyTorch keeps these to itself; one without them trains in float32.
    return any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
