"""Recovers trainable modules from a voice's ONNX graphs, so that every voice can be fine-tuned without checkpoints.

A graph holds the weights it was exported from, folded and rounded to float16. There are two ways to recover them. The
constants of hand-written graphs are linear in the folded weights: their adjoint, computed by autograd, maps each constant
back to its weights. Traced graphs only permute numbers: a module filled with unique numbers is traced, and the position
of each is read off. Exporting the result again reproduces the voice's files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ..export import stacked
from ..export.codec_vocoder import excitation_graph, export_codec, speaking_graph
from ..export.fold_weight_norm import folded
from ..export.graph_builder import GraphWriter
from ..export.pixel_graph import pixel_graph
from ..export.prior import condition_graph
from ..export.row_graph import row_graph
from ..export.two_stage_sampler import session
from ..models.any_prior import AnyConfig, AnyPrior, config_from
from ..models.causal_conv import NormedConv
from ..models.codebook_embeddings import OwnCodes
from ..models.conditioning import Context
from ..models.hifigan import Generator, VocoderConfig
from ..models.pixelsnail import PixelSnail, PriorConfig
from ..models.rvq_vae import Codec, CodecConfig
from ..models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from ..voices.inference import VoiceError

Module = TypeVar("Module", bound=nn.Module)
FIRST = 1 << 20
"""The unique numbers start here: larger than any real constant of a graph."""
MOST = 1 << 24
"""float32 holds every integer up to here."""


@dataclass(frozen=True)
class Trainable:
    """A voice as modules in eval mode, and its card."""

    codec: Codec
    prior: AnyPrior
    vocoder: Generator
    card: dict[str, Any]


@dataclass(frozen=True)
class _Described:
    """A voice's card, graphs, and the configurations of its networks."""

    card: dict[str, Any]
    graphs: dict[str, onnx.ModelProto]
    codec: CodecConfig
    prior: AnyConfig
    vocoder: VocoderConfig


def load_voice(folder: str | Path) -> Trainable:
    """Raises VoiceError if the card does not describe its networks or the graphs differ from those this version writes."""
    voice = _described(Path(folder))
    codec = codec_from(voice.graphs, voice.codec)
    return Trainable(codec, prior_from(voice.graphs, voice.prior, codec), vocoder_from(voice.graphs, voice.vocoder), voice.card)


def load_vocoder_of(folder: str | Path) -> tuple[Generator, dict[str, Any]]:
    """The vocoder alone, and the card: the prior takes by far the longest to recover. Raises VoiceError as `load_voice` does."""
    voice = _described(Path(folder))
    return vocoder_from(voice.graphs, voice.vocoder), voice.card


def _described(folder: Path) -> _Described:
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        configs = {name: card["training"][name]["config"] for name in ("codec", "prior", "vocoder")}
        graphs = {name: onnx.load_from_string((folder / entry["file"]).read_bytes()) for name, entry in card["graphs"].items()}
        codec_config, prior_config, vocoder_config = CodecConfig(**configs["codec"]), config_from(configs["prior"]), VocoderConfig(**configs["vocoder"])
    except KeyError as error:
        raise VoiceError(f"the voice in {folder} cannot be fine-tuned: its card does not describe its networks (no {error.args[0]!r})") from error
    except (OSError, ValueError, TypeError) as error:
        raise VoiceError(f"the voice in {folder} cannot be fine-tuned: its card does not describe its networks ({error})") from error
    if isinstance(prior_config, PriorConfig) and prior_config.condition == "map":
        raise VoiceError(f"the voice in {folder} cannot be fine-tuned: its label network was exported as a fixed table")
    return _Described(card, graphs, codec_config, prior_config, vocoder_config)


@torch.no_grad()
def codec_from(graphs: dict[str, onnx.ModelProto], config: CodecConfig) -> Codec:
    codec = Codec(config).eval()
    own = {"quantizer.counts", "quantizer.sums"}
    _traced(codec, lambda: export_codec(codec), {name: graphs[name] for name in ("encoder", "decoder")}, own)
    quantizer = codec.quantizer
    quantizer.counts.fill_(1.0)
    quantizer.sums.copy_(quantizer.codebooks)
    quantizer.started.fill_(True)
    return codec


@torch.no_grad()
def vocoder_from(graphs: dict[str, onnx.ModelProto], config: VocoderConfig) -> Generator:
    plain = Generator(config).eval().fold()
    written = {"vocoder": speaking_graph} | ({"excitation": excitation_graph} if config.attacks else {})
    _traced(plain, lambda: {name: write(plain) for name, write in written.items()}, {name: graphs[name] for name in written}, set())
    made, values = Generator(config).eval(), plain.state_dict()
    for name, module in made.named_modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
            weight = values[f"{name}.weight"]
            if is_parametrized(module):
                module.weight = weight  # norm and direction follow
            else:
                module.weight.copy_(weight)
            if module.bias is not None:
                module.bias.copy_(values[f"{name}.bias"])
    return made


def prior_from(graphs: dict[str, onnx.ModelProto], config: AnyConfig, codec: Codec) -> AnyPrior:
    """codec: the voice's own; the prior's code vectors were made from its codebooks."""
    return _stacked_from(graphs, config, codec) if isinstance(config, StackedConfig) else _pixelsnail_from(graphs, config, codec)


def _pixelsnail_from(graphs: dict[str, onnx.ModelProto], config: PriorConfig, codec: Codec) -> PixelSnail:
    model = PixelSnail(config, codec.quantizer.codebooks.clone()).eval()
    if model.condition.levels_first:
        _context(model, graphs["condition"])
    else:
        _named(model.condition, graphs["condition"])
    probe = folded(model)
    for module in probe.modules():
        if hasattr(module, "tables"):
            module.plain = None  # from the convolutions, which are leaves
    _adjoint(model, probe, {"row": row_graph, "pixel": pixel_graph}, graphs)
    return model


def _stacked_from(graphs: dict[str, onnx.ModelProto], config: StackedConfig, codec: Codec) -> StackedPixelSnail:
    model = StackedPixelSnail(config, codec.quantizer.codebooks.clone()).eval()
    parts = nn.Module()  # the condition alone; its tensors are the model's
    for name, module in model.named_children():
        if name.startswith("of_"):
            parts.add_module(name, module)
    parts.of_frequency, parts.of_time = model.of_frequency, model.of_time
    _traced(parts, lambda: {"condition": stacked.condition_graph(model)}, {"condition": graphs["condition"]}, set())

    def depth(k: int) -> Write:
        return lambda probe, writer: stacked.depth_graph(probe, k, writer)

    writes: dict[str, Write] = {"row": stacked.row_graph, "pixel": stacked.pixel_graph, **{f"depth{k}": depth(k) for k in range(1, config.codebooks)}}
    _adjoint(model, stacked.folded_stacked(model), writes, graphs)
    return model


@torch.no_grad()
def _context(model: PixelSnail, graph: onnx.ModelProto) -> None:
    # The last codebook is not in any context: the constructor derives its vectors from the quantizer.
    last = model.condition.vectors[-1].clone()
    _traced(model.condition, lambda: {"condition": condition_graph(model)}, {"condition": graph}, {"vectors"})
    model.condition.vectors[-1] = last


@torch.no_grad()
def _named(condition: Context, graph: onnx.ModelProto) -> None:
    """If only class names condition the prior, the graph holds the sum of level and frequency embeddings: run it and split the sum."""
    grid, classes = condition.grid, condition.of_class.in_features
    codes = np.zeros((classes + 1, grid.rows, grid.cols), np.int64)
    weights = np.eye(classes + 1, classes, dtype=np.float32)  # the last row is no class
    try:
        (computed,) = session(graph).run(None, {"class": weights, "codes": codes, "part": np.zeros(1, np.int64)})
        outputs = torch.from_numpy(computed).view(classes + 1, grid.rows, grid.cols, condition.dim)
    except Exception as error:  # onnxruntime has no base class of its own
        raise VoiceError(f"the condition graph does not match the voice's card: {error}") from error
    condition.of_class.weight.copy_((outputs[:-1, 0, 0] - outputs[-1, 0, 0]).T)
    places = grid.to_latent(outputs[-1].permute(2, 0, 1))[..., 0]  # [dim, K, f]
    condition.of_frequency.copy_(places[:, 0].T)
    condition.of_level.copy_((places[:, :, 0] - places[:, :1, 0]).T)


def _constants(graph: onnx.ModelProto) -> dict[str, np.ndarray]:
    """float32 constants in order, by their names before conversion to float16."""
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16)
    return {c.name.removesuffix("_half"): numpy_helper.to_array(c).astype(np.float32) for c in graph.graph.initializer if c.data_type in kinds}


def _pairs(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], graph: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    # A kernel may have a height of 1 there: see `export/conv_2d.py`.
    if [_sides(c) for c in ours.values()] != [_sides(c) for c in theirs.values()]:
        raise VoiceError(f"the {graph} graph was written by another version of the trainer: its constants differ from those this version writes")
    return zip(ours.values(), (c.reshape(own.shape) for own, c in zip(ours.values(), theirs.values(), strict=True)), strict=True)


def _sides(constant: np.ndarray) -> list[int]:
    return [side for side in constant.shape if side > 1]


@torch.no_grad()
def _traced(module: nn.Module, export: Any, graphs: dict[str, onnx.ModelProto], untraced: set[str]) -> None:
    """Fills `module`'s state from graphs that `export()` would trace from it; names in `untraced` may be missing there."""
    state = {name: value for name, value in module.state_dict().items() if value.is_floating_point()}
    before, at = {name: state[name].clone() for name in untraced if name in state}, FIRST
    starts = {}
    for name, value in state.items():
        starts[name] = at
        value.copy_(torch.arange(at, at + value.numel(), dtype=torch.float64).view(value.shape))
        at += value.numel()
    if at > MOST:
        raise VoiceError("a network of this voice is too large to be recovered from its graphs")
    found = np.full(at - FIRST, np.nan, np.float32)
    for name, graph in export().items():
        for ours, theirs in _pairs(_constants(graph), _constants(graphs[name]), name):
            mine = (ours >= FIRST) & (ours < at) & (ours == np.floor(ours))
            if mine.any() and (mine | (ours == 0)).all():
                found[ours[mine].astype(np.int64) - FIRST] = theirs[mine]
    for name, value in state.items():
        part = torch.from_numpy(found[starts[name] - FIRST :][: value.numel()]).view(value.shape)
        lost = torch.isnan(part)
        if lost.any() and name not in untraced:
            raise VoiceError(f"weight {name} was not found in the voice's graphs")
        value.copy_(torch.where(lost, before[name], part) if name in untraced else part)


Write = Callable[[Any, GraphWriter], onnx.ModelProto]
"""Writes a graph of a prior."""


def _leaves(model: AnyPrior) -> dict[str, Tensor]:
    """The weights behind hand-written graphs, each set to ones that require gradients."""
    leaves = {}
    for name, module in model.named_modules():
        if isinstance(module, OwnCodes):
            leaves[name] = module.plain = torch.ones_like(module.table()).requires_grad_(True)
        elif isinstance(module, NormedConv):
            leaves[f"{name}.weight"] = module.plain = torch.ones_like(module.weight()).requires_grad_(True)
            if module.bias is not None:
                module.bias.data.fill_(1)
                leaves[f"{name}.bias"] = module.bias.requires_grad_(True)
    if isinstance(model, StackedPixelSnail):
        for name, value in _unfolded(model):
            value.data.fill_(1)
            leaves[name] = value.requires_grad_(True)
    return leaves


def _unfolded(model: StackedPixelSnail) -> Iterator[tuple[str, nn.Parameter]]:
    """Parameters that the graphs hold as they are: code vectors and depth heads."""
    yield "input.vectors", model.input.vectors
    for name, value in model.levels.named_parameters():
        yield f"levels.{name}", value


def _adjoint(model: AnyPrior, probe: AnyPrior, writes: dict[str, Write], graphs: dict[str, onnx.ModelProto]) -> None:
    """Sets all weights of `model` beside the condition's; `probe` is a folded copy. Constants are c = L w with L w = sums and
    multiples of few weights; so w = L'c / L'L1, and where two weights were added, each gets half."""
    leaves, found, ones = _leaves(probe), [], []
    for name, write in writes.items():
        writer = GraphWriter(name)
        ours, theirs = _constants(write(probe, writer)), _constants(graphs[name])
        _ = list(_pairs(ours, theirs, name))
        for constant, value in theirs.items():
            tensor = writer.tensors.get(constant)
            if tensor is not None and tensor.requires_grad:
                found.append((tensor * torch.from_numpy(value)).sum())
                ones.append((tensor * tensor.detach()).sum())
    back, weight = (torch.autograd.grad(sum(parts), list(leaves.values()), retain_graph=True, allow_unused=True) for parts in (found, ones))
    values = {}
    for name, leaf, b, w in zip(leaves, leaves.values(), back, weight, strict=True):
        values[name] = torch.zeros_like(leaf) if b is None else torch.where(w > 0, b / w.clamp(min=1e-12), torch.zeros(()))
    _fill(model, values)


@torch.no_grad()
def _fill(model: AnyPrior, values: dict[str, Tensor]) -> None:
    for name, module in model.named_modules():
        if isinstance(module, OwnCodes):
            codebooks, codes, dim = module.vectors.shape
            module.vectors.copy_(values[name].detach().view(codebooks, codes + 1, dim)[:, :codes])
        elif isinstance(module, NormedConv):
            weight = values[f"{name}.weight"].detach()
            norms = weight.flatten(1).norm(dim=1)
            # A row of zeros has no direction: it keeps its initial one.
            module.weight_v.copy_(torch.where(norms.view(-1, 1, 1, 1) > 0, weight, module.weight_v))
            module.weight_g.copy_(norms)
            if module.bias is not None:
                module.bias.copy_(values[f"{name}.bias"].detach())
    if isinstance(model, StackedPixelSnail):
        for name, value in _unfolded(model):
            value.copy_(values[name].detach())
