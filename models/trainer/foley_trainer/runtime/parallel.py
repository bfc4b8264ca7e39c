"""Several processes training one model (`torchrun`): each draws its share of a batch; gradients are averaged.

Every function is a no-op in a run of one process. Random decisions that all processes must share are made by rank 0
and broadcast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn


def begin() -> int:
    """Joins the process group if torchrun started this process. Returns its local rank, the number of its GPU."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return int(os.environ.get("LOCAL_RANK", "0"))


def together() -> None:
    """Barrier: waits for all processes. Every process must call it."""
    if world() > 1:
        dist.barrier()


def end() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def leave(code: int) -> None:
    """Exits with `code`. Under torchrun it flushes and skips interpreter shutdown: transport threads of the process group may
    still run then and have aborted a successful process with SIGABRT, which torchrun reports as a failure of all."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def world() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def share(batch: int) -> int:
    """This process's share of a batch. Raises ValueError if the batch size is not divisible."""
    if batch % world():
        raise ValueError(f"batch size {batch} is not divisible by {world()} processes")
    return batch // world()


def add_up(tensor: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if world() > 1:
        dist.all_reduce(tensor)
    return tensor


def as_first(*tensors: Tensor) -> None:
    """Overwrites each tensor with rank 0's."""
    if world() > 1:
        for tensor in tensors:
            dist.broadcast(tensor, 0)


def alike(modules: Iterable[nn.Module]) -> None:
    """Gives every process rank 0's weights and buffers."""
    for module in modules:
        as_first(*(value for value in module.state_dict().values()))


@torch.no_grad()
def average_gradients(module: nn.Module) -> None:
    """Averages a module's gradients in one all-reduce; a missing gradient counts as zero."""
    if world() == 1:
        return
    parameters = [p for p in module.parameters() if p.requires_grad]
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
    dist.all_reduce(flat)
    flat /= world()
    for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        parameter.grad = part.view_as(parameter).clone(memory_format=torch.preserve_format)
