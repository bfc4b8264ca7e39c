"""Loads published weights into this trainer's modules: the three networks of the DCASE 2023 baseline.

They come as files that torch saved: read as plain weights, never by running what a pickle says, and checked name by
name and shape by shape.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ..models.baseline_vqvae import BaselineCodec, baseline_config
from ..models.hifigan import Generator, VocoderConfig
from ..models.pixelsnail import PixelSnail, PriorConfig

Module = TypeVar("Module", bound=nn.Module)


class ImportProblem(Exception):
    """The file is not a checkpoint of the expected kind."""


def _read(path: str | Path, *wrappers: str) -> dict[str, Tensor]:
    """The weights in a file: inside one of `wrappers` where it has one, and inside `module.` of data-parallel training."""
    try:
        # The baseline's PixelSNAIL keeps its command line beside the weights; a namespace only holds values.
        with torch.serialization.safe_globals([argparse.Namespace]):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ImportProblem(f"{path}: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        raise ImportProblem(f"{path} {f'would run {found[1]}: refused' if found else 'is not a file of weights'}") from error
    except Exception as error:  # torch raises many kinds of errors on arbitrary bytes
        raise ImportProblem(f"{path} is not a torch file ({type(error).__name__})") from error
    for wrapper in wrappers:
        state = state.get(wrapper, state) if isinstance(state, Mapping) else state
    if not isinstance(state, Mapping):
        raise ImportProblem(f"{path} contains a {type(state).__name__}, expected a dict of tensors")
    return {str(name).removeprefix("module."): value for name, value in state.items() if isinstance(value, Tensor)}


def _filled(model: Module, weights: Mapping[str, Tensor], path: str | Path) -> Module:
    """The model with these weights, in eval mode. Raises ImportProblem on missing, unexpected, misshapen or non-finite weights."""
    own = model.state_dict()
    wrong = [f"{name} is missing" for name in own if name not in weights]
    wrong += [f"{name} is unexpected" for name in weights if name not in own]
    both = [name for name in own if name in weights]
    wrong += [f"{n} has shape {list(weights[n].shape)}, expected {list(own[n].shape)}" for n in both if weights[n].shape != own[n].shape]
    wrong += [f"{n} is not finite" for n in both if not torch.isfinite(weights[n]).all()]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ImportProblem(f"{path} does not match the network: {', '.join(wrong[:3])}{more}")
    model.load_state_dict(weights)
    return model.eval()


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
    raise ImportProblem(f"{name} is not a layer of the baseline's PixelSNAIL with attention and without conditioning network")


def _count(state: Mapping[str, Tensor], pattern: str, path: str | Path) -> int:
    found = [int(m[1]) for m in (re.match(pattern, name) for name in state) if m]
    if not found:
        raise ImportProblem(f"{path} is not a checkpoint of the baseline's PixelSNAIL: no weight name matches {pattern}")
    return max(found) + 1


def import_baseline(checkpoint: str | Path, rows: int = 20, cols: int = 86, heads: int = 8) -> PixelSnail:
    """A PixelSNAIL checkpoint of the DCASE 2023 Task 7 baseline -> the same network with the "map" condition.

    Sizes are read off the weights; the grid's shape and the number of heads are not in them. Its grid is one
    codebook of rows x cols. The unused conditioning network (`cond_resnet`) of its checkpoints is left out.
    """
    state = _read(checkpoint, "model")
    state = {k: v for k, v in state.items() if not k.startswith("cond_resnet.") and k != "background"}
    blocks, res_blocks = (_count(state, pattern, checkpoint) for pattern in (r"blocks\.(\d+)\.", r"blocks\.0\.resblocks\.(\d+)\."))
    renamed = dict(_renamed(name, value) for name, value in state.items())
    try:
        head, kernel = renamed["head.weight_v"], renamed["blocks.0.residual.0.conv1.weight_v"].shape[-1]
        classes, cells = renamed["condition.layers.0.weight"].shape[1], renamed["condition.layers.3.weight"].shape[0]
    except KeyError as missing:
        raise ImportProblem(f"{checkpoint} has no {missing}") from missing
    if cells != rows * cols:
        raise ImportProblem(f"{checkpoint} is for a grid of {cells} cells, not {rows} x {cols}")
    try:
        config = PriorConfig(
            rows=rows, cols=cols, codes=head.shape[0], classes=classes, channels=head.shape[1], blocks=blocks, res_blocks=res_blocks, kernel=kernel,
            heads=heads, condition="map", condition_dim=1, codebooks=1, frequency=rows, time=cols,
        )  # fmt: skip
    except ValueError as error:
        raise ImportProblem(f"{checkpoint}: {error}") from error
    return _filled(PixelSnail(config), renamed, checkpoint)


_VQVAE_NAMES = [
    (re.compile(r"enc_b\.blocks_([1-4])\."), lambda m: f"branches.{int(m[1]) - 1}."),
    (re.compile(r"dec\.blocks\."), lambda m: "decoder."),
    (re.compile(r"\.conv\.([13])\."), lambda m: ".wide." if m[1] == "1" else ".narrow."),
    (re.compile(r"quantize_conv_b\."), lambda m: "project."),
    (re.compile(r"quantize_b\.embed$"), lambda m: "book"),
]
_VQVAE_TRAINING = {"quantize_b.cluster_size", "quantize_b.embed_avg"}


def import_vqvae(checkpoint: str | Path) -> BaselineCodec:
    """A VQ-VAE checkpoint of the DCASE 2023 Task 7 baseline -> the same network; sizes are read off the weights."""
    state = _read(checkpoint)
    renamed = {}
    for name, value in state.items():
        if name in _VQVAE_TRAINING:
            continue
        for pattern, to in _VQVAE_NAMES:
            name = pattern.sub(to, name)
        renamed[name] = value
    try:
        channels, hidden = renamed["project.weight"].shape[1], renamed["branches.0.5.wide.weight"].shape[0]
        dim, codes = renamed["project.weight"].shape[0], renamed["book"].shape[-1]
    except KeyError as missing:
        raise ImportProblem(f"{checkpoint} is not a checkpoint of the baseline's VQ-VAE: it has no {missing}") from missing
    blocks = sum(re.fullmatch(r"branches\.0\.\d+\.wide\.weight", name) is not None for name in renamed)
    return _filled(BaselineCodec(baseline_config(channels, hidden, blocks, dim, codes)), renamed, checkpoint)


_NORMS = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}


def import_hifigan(checkpoint: str | Path, config: str | Path) -> Generator:
    """A published HiFi-GAN generator (`g_00935000` and the like) and its JSON -> Generator."""
    settings = hifigan_settings(config)
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
        generator = Generator(vocoder)
    except KeyError as missing:
        raise ImportProblem(f"{config} is not a HiFi-GAN configuration: it has no {missing}") from missing
    except (TypeError, ValueError, RuntimeError) as error:
        raise ImportProblem(f"{config} does not describe a valid generator: {error}") from error
    renamed = {}
    for name, value in _read(checkpoint, "generator").items():
        layer, _, kind = name.rpartition(".")
        renamed[f"{layer}.{_NORMS.get(kind, kind)}"] = value
    return _filled(generator, renamed, checkpoint)


def hifigan_settings(config: str | Path) -> dict[str, Any]:
    """The JSON configuration of a HiFi-GAN, including its mel settings."""
    try:
        settings = json.loads(Path(config).read_text(encoding="utf-8"))
    except OSError as error:
        raise ImportProblem(f"{config}: {error.strerror or error}") from error
    except ValueError as error:
        raise ImportProblem(f"{config} is not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise ImportProblem(f"{config} is not a HiFi-GAN configuration")
    return settings
