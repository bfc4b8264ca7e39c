"""A new training that begins from another's weights."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ..runtime.device import load
from .weights_file import SUFFIX, read_weights


class MismatchedCheckpoint(Exception):
    """The checkpoint belongs to another stage or configuration."""


def initialise(modules: dict[str, nn.Module], path: Path, stage: str) -> tuple[int, list[str]]:
    """Copies every averaged tensor of the file whose name and shape match.

    Returns the number of tensors copied, and the names of those without a match. Raises MismatchedCheckpoint if the
    file is of another stage or nothing matches.
    """
    state = read_weights(path) if path.suffix == SUFFIX else load(path)
    if state.get("stage") != stage:
        raise MismatchedCheckpoint(f"{path} is a checkpoint of stage {state.get('stage')}, expected {stage}")
    taken, left = 0, []
    for name, module in modules.items():
        theirs, ours = state["ema"].get(name, {}), module.state_dict()
        fitting = {k: theirs[k] for k, v in ours.items() if k in theirs and theirs[k].shape == v.shape}
        taken += len(fitting)
        left += [f"{name}.{k}" for k in ours if k not in fitting]
        module.load_state_dict({**ours, **fitting})
    if not taken:
        raise MismatchedCheckpoint(f"no tensor in {path} matches this {stage} by name and shape")
    return taken, left
