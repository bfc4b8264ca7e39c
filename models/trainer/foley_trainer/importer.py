"""Weights other people published, in this trainer's modules: the DCASE 2023 baseline's PixelSNAIL, and HiFi-GAN."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .prior import PixelSnail, PriorConfig
from .vocoder import Generator, VocoderConfig


class ImportProblem(Exception):
    """The file is not what it was taken for."""


_CONVS = {"conv1.conv.conv": "conv1", "conv1.conv": "conv1", "conv2.conv.conv": "conv2", "conv2.conv": "conv2", "aux_conv.conv": "aux", "condition.conv": "condition"}
_PARTS = {"key_resblock": "key", "query_resblock": "query", "out_resblock": "out"}
_RULES = [
    (re.compile(r"(horizontal|vertical)\.conv\.conv"), lambda m: f"first.{m[1]}"),
    (re.compile(r"blocks\.(\d+)\.resblocks\.(\d+)\.(.+)"), lambda m: f"blocks.{m[1]}.residual.{m[2]}.{_CONVS[m[3]]}"),
    (re.compile(r"blocks\.(\d+)\.(\w+_resblock)\.(.+)"), lambda m: f"blocks.{m[1]}.{_PARTS[m[2]]}.{_CONVS[m[3]]}"),
    (re.compile(r"blocks\.(\d+)\.causal_attention\.(query|key|value)"), lambda m: f"blocks.{m[1]}.attention.{m[2]}"),
    (re.compile(r"embedNet\.blocks\.(\d)"), lambda m: f"condition.layers.{m[1]}"),
    (re.compile(r"out\.1\.conv"), lambda m: "head"),
]


def _plain(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The state dict inside whatever it was saved with: `model`, and `module.` of data-parallel training."""
    inner = state.get("model", state)
    return {k.removeprefix("module."): v for k, v in inner.items() if isinstance(v, Tensor)}


def _renamed(name: str, value: Tensor) -> tuple[str, Tensor]:
    layer, _, kind = name.rpartition(".")
    for pattern, to in _RULES:
        match = pattern.fullmatch(layer)
        if match is None:
            continue
        try:
            new = to(match)
        except KeyError:
            break
        if kind == "weight_g":
            value = value.flatten()
        elif kind == "weight_v" and value.ndim == 2:  # its attention uses linear layers: 1 x 1 convolutions here
            value = value[:, :, None, None]
        return f"{new}.{kind}", value
    raise ImportProblem(f"{name} is no layer of the baseline's PixelSNAIL with attention and without conditioning network")


def _count(state: Mapping[str, Tensor], pattern: str) -> int:
    found = [int(m[1]) for m in (re.match(pattern, name) for name in state) if m]
    if not found:
        raise ImportProblem(f"nothing named like {pattern}: not a checkpoint of the baseline's PixelSNAIL")
    return max(found) + 1


def import_baseline(checkpoint: str | Path, rows: int = 20, cols: int = 86, heads: int = 8) -> PixelSnail:
    """A PixelSNAIL checkpoint of the DCASE 2023 Task 7 baseline -> the same network with the "map" condition.

    Sizes are read off the weights; the grid's shape and the number of heads are not in them. Its grid is one
    codebook of rows x cols. The unused conditioning network (`cond_resnet`) of its checkpoints is left out.
    """
    state = _plain(torch.load(checkpoint, map_location="cpu", weights_only=True))
    state = {k: v for k, v in state.items() if not k.startswith("cond_resnet.") and k != "background"}
    blocks, res_blocks = _count(state, r"blocks\.(\d+)\."), _count(state, r"blocks\.0\.resblocks\.(\d+)\.")
    renamed = dict(_renamed(name, value) for name, value in state.items())
    try:
        head, kernel = renamed["head.weight_v"], renamed["blocks.0.residual.0.conv1.weight_v"].shape[-1]
        classes, cells = renamed["condition.layers.0.weight"].shape[1], renamed["condition.layers.3.weight"].shape[0]
    except KeyError as missing:
        raise ImportProblem(f"the checkpoint lacks {missing}") from missing
    if cells != rows * cols:
        raise ImportProblem(f"the checkpoint is for a grid of {cells} cells, not {rows} x {cols}")
    model = PixelSnail(
        PriorConfig(
            rows=rows, cols=cols, codes=head.shape[0], classes=classes, channels=head.shape[1], blocks=blocks, res_blocks=res_blocks, kernel=kernel,
            heads=heads, condition="map", condition_dim=1, codebooks=1, frequency=rows, time=cols,
        )
    )  # fmt: skip
    try:
        model.load_state_dict(renamed)
    except RuntimeError as problem:
        raise ImportProblem(f"{checkpoint} does not fit: {problem}") from problem
    return model.eval()


_NORMS = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}


def import_hifigan(checkpoint: str | Path, config: str | Path) -> Generator:
    """A published HiFi-GAN generator (`g_00935000` and the like) and its JSON -> Generator."""
    settings = json.loads(Path(config).read_text(encoding="utf-8"))
    try:
        vocoder = VocoderConfig(
            channels=settings["upsample_initial_channel"],
            rates=settings["upsample_rates"],
            kernels=settings["upsample_kernel_sizes"],
            resblock=int(settings["resblock"]),
            res_kernels=settings["resblock_kernel_sizes"],
            dilations=settings["resblock_dilation_sizes"],
            mel_bins=settings.get("num_mels", 80),
        )
    except KeyError as missing:
        raise ImportProblem(f"{config} lacks {missing}: not a HiFi-GAN configuration") from missing
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state = state.get("generator", state)
    renamed = {}
    for name, value in state.items():
        layer, _, kind = name.rpartition(".")
        renamed[f"{layer}.{_NORMS.get(kind, kind)}"] = value
    generator = Generator(vocoder)
    try:
        generator.load_state_dict(renamed)
    except RuntimeError as problem:
        raise ImportProblem(f"{checkpoint} does not fit {config}: {problem}") from problem
    return generator.eval()
