"""A stage's averaged weights as one safetensors file: small enough to keep and share, and a training can start from it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..runtime.events import emit
from .checkpoints import TrainedError

SUFFIX = ".safetensors"
FIELDS = ("stage", "config", "step", "seconds", "metrics")


def write_weights(best: Path, out: Path) -> dict[str, Any]:
    """`best.pt` of any stage -> a safetensors file. Tensors are rounded to float16; the file says stage, configuration and scores."""
    if not best.is_file():
        raise TrainedError(f"{best} does not exist: train the stage first")
    state = torch.load(best, map_location="cpu", weights_only=True)
    tensors = {
        f"{module}/{name}": (value.half() if value.is_floating_point() else value).contiguous()
        for module, values in state["ema"].items()
        for name, value in values.items()
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(out.name + ".tmp")
    save_file(tensors, temporary, metadata={name: json.dumps(state.get(name)) for name in FIELDS})
    os.replace(temporary, out)
    return {"out": str(out), "stage": state["stage"], "bytes": out.stat().st_size}


def read_weights(path: Path) -> dict[str, Any]:
    """As `best.pt`: stage, config, step, seconds, metrics and `ema`, tensors in float32. Raises TrainedError."""
    try:
        with safe_open(path, framework="pt", device=str(torch.get_default_device())) as file:
            metadata = file.metadata() or {}
            state = {name: json.loads(metadata[name]) for name in FIELDS}
            state["ema"] = {}
            for key in file.keys():  # noqa: SIM118 - safe_open is no mapping
                module, _, name = key.partition("/")
                value = file.get_tensor(key)
                state["ema"].setdefault(module, {})[name] = value.float() if value.is_floating_point() else value
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise TrainedError(f"{path} is not a weights file written by `foley-train weights`: {error}") from error
    return state


def add_parser(commands: Any) -> None:
    sub = commands.add_parser("weights", help="write the weights of a finished stage as one safetensors file, to keep or to start a training from")
    sub.add_argument("--run", dest="folder", required=True, help="folder of the finished stage, with best.pt")
    sub.add_argument("--out", required=True, help=f"file to write, ending in {SUFFIX}")
    sub.set_defaults(run=lambda args: emit("weights", **write_weights(Path(args.folder) / "best.pt", Path(args.out))))
