"""Codec and vocoder as ONNX graphs, with a dynamic batch."""

from __future__ import annotations

import copy
from functools import cache
from typing import TypeVar

import onnx
import torch
from torch import Tensor, nn

from ..features.mel import MelConfig
from ..models.baseline_vqvae import BaselineCodec
from ..models.hifigan import Generator
from ..models.noise_excitation import Excitation
from ..models.rvq_vae import Codec
from .conv_2d import in_two_dimensions
from .fold_weight_norm import rounded
from .graph_builder import halve
from .prior import export_module

Module = TypeVar("Module", bound=nn.Module)


class _Encode(nn.Module):
    def __init__(self, codec: Codec | BaselineCodec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, mel: Tensor) -> Tensor:
        return self.codec.encode(mel)


class _Decode(nn.Module):
    def __init__(self, codec: Codec | BaselineCodec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, codes: Tensor) -> Tensor:
        return self.codec.decode(codes)


class _Speak(nn.Module):
    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, mel: Tensor, shaped: Tensor | None = None) -> Tensor:
        return self.generator.speak(mel, shaped)


@torch.no_grad()
def with_rounded_weights(module: Module) -> Module:
    """A copy whose matrices, kernels and code vectors are rounded to float16; biases are unchanged."""
    module = copy.deepcopy(module).eval()
    for value in module.state_dict().values():
        if value.ndim > 1 and value.is_floating_point():
            value.copy_(rounded(value, True))
    return module


@torch.no_grad()
def folded_vocoder(generator: Generator, half_weights: bool = False) -> Generator:
    """A copy with plain weights, rounded on request. Built anew: a deep copy shares the class that torch made for
    its weight norm, and taking the norm off the copy would break the original."""
    fresh = Generator(generator.config)
    fresh.load_state_dict(generator.state_dict())
    fresh.eval().fold()
    return with_rounded_weights(fresh) if half_weights else fresh


@torch.no_grad()
def export_codec(codec: Codec | BaselineCodec, half_weights: bool = False) -> dict[str, onnx.ModelProto]:
    """encoder: mel [B, bins, frames] -> codes [B, K, f, t] int64; decoder: codes [B, K, f, T], absent levels allowed -> mel [B, bins, F].
    T may be less than t: what is heard while a clip is sampled is decoded from the few steps of time that it depends on.

    Rounded weights change a code occasionally; the prior was trained on codes of a bfloat16 encoder, which changes
    many more.
    """
    c = codec.config
    mel = torch.full((2, c.mel_bins, c.mel_frames), c.mel_mean) + torch.linspace(-1, 1, c.mel_frames)
    codes = torch.zeros(2, c.codebooks, *c.latent_shape, dtype=torch.int64)
    codec = with_rounded_weights(codec) if half_weights else codec.eval()
    graphs = {
        "encoder": export_module(_Encode(codec), (mel,), ["mel"], ["codes"]),
        "decoder": export_module(_Decode(codec), (codes,), ["codes"], ["mel"], {"codes": {3: "T"}, "mel": {2: "F"}}),
    }
    return {name: halve(graph) for name, graph in graphs.items()} if half_weights else graphs


@torch.no_grad()
def export_vocoder(generator: Generator, half_weights: bool = False) -> dict[str, onnx.ModelProto]:
    """vocoder: mel [B, bins, T] -> audio [B, T * hop], weight norm folded. Where it is excited by noise, also excitation: mel and
    noise [B, T * hop] -> shaped [B, T * hop], which the vocoder takes beside the mel. Two graphs, because the noise is shaped by
    the whole clip and the vocoder can then go through it in stretches.
    """
    graphs = {"vocoder": vocoder_graph(generator, half_weights)}
    if generator.excitation is not None:
        graph = excitation_graph(generator)
        graphs["excitation"] = halve(graph) if half_weights else graph
    return graphs


def vocoder_graph(generator: Generator, half_weights: bool = False) -> onnx.ModelProto:
    """`vocoder` alone: the excitation takes seconds to trace."""
    graph = in_two_dimensions(speaking_graph(folded_vocoder(generator, half_weights)))
    return halve(graph) if half_weights else graph


@torch.no_grad()
def speaking_graph(generator: Generator) -> onnx.ModelProto:
    """`vocoder` of a generator whose weight norm is folded, with convolutions along time."""
    mel, noise = _example(generator.config.mel_bins)
    axes = {"mel": {2: "T"}, "shaped": {1: "N"}, "audio": {1: "N"}}
    if generator.excitation is None:
        return export_module(_Speak(generator), (mel,), ["mel"], ["audio"], axes)
    return export_module(_Speak(generator), (mel, noise), ["mel", "shaped"], ["audio"], axes)


def excitation_graph(generator: Generator) -> onnx.ModelProto:
    """`excitation` of a generator that has one."""
    assert generator.excitation is not None
    if generator.config.attacks:
        return _traced_excitation(generator.excitation)
    return onnx.load_from_string(_excitation_without_weights(generator.config.above))


@cache
def _excitation_without_weights(above: bool) -> bytes:
    """Generators share it. Its hundreds of equal rounds take seconds to trace."""
    return _traced_excitation(Excitation(above=above)).SerializeToString(deterministic=True)


@torch.no_grad()
def _traced_excitation(excitation: Excitation) -> onnx.ModelProto:
    mel, noise = _example(MelConfig.bins)
    axes = {"mel": {2: "T"}, "noise": {1: "N"}, "shaped": {1: "N"}}
    return export_module(excitation, (mel, noise), ["mel", "noise"], ["shaped"], axes)


def _example(bins: int) -> tuple[Tensor, Tensor]:
    """A log-mel of 8 frames, and as much noise."""
    return torch.zeros(2, bins, 8), torch.linspace(-1, 1, 2 * 8 * MelConfig.hop).view(2, -1)
