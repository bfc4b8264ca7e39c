"""How far the two-stage graphs are from the full forward pass, in logits."""

from __future__ import annotations

import copy
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..models.causal_conv import FirstLayer, GatedBlock, NormedConv
from ..models.codebook_embeddings import OwnCodes, OwnHead
from ..models.pixelsnail import PixelSnail, PriorConfig
from ..models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from .fold_weight_norm import folded
from .prior import export_prior
from .two_stage_sampler import ReferenceSampler, TwoStageSampler

CONFIGS = {
    "default": PriorConfig(),
    "time": PriorConfig(rows=43, cols=40, row_axes=["time"], col_axes=["codebook", "frequency"]),
    "alphabets": PriorConfig(alphabets=True),
    "paper": PriorConfig(channels=256, blocks=4, res_blocks=4, condition="map", condition_dim=1),
}


def _louder(model: PixelSnail | StackedPixelSnail) -> None:
    """Larger weights and random biases in every convolution."""
    for module in model.modules():
        if isinstance(module, NormedConv):
            module.weight_g.mul_(1.7)
            if module.bias is not None:
                module.bias.normal_(0, 0.3)


@torch.no_grad()
def lively(config: PriorConfig, seed: int = 0, spread: float = 2.0, codebooks: Tensor | None = None) -> PixelSnail:
    """A random prior in which every layer affects the logits: with fresh weights a wrong gate or missing attention
    would stay below any tolerance. The logits have a standard deviation of `spread`."""
    torch.manual_seed(seed)
    model = PixelSnail(config, torch.randn(config.codebooks, config.codes, 16) if codebooks is None else codebooks).eval()
    for module in model.modules():
        if isinstance(module, GatedBlock) and module.condition is not None:
            module.condition.weight_g.mul_(1.5)
    _louder(model)
    for block in model.blocks:
        for part in (block.attention.query, block.attention.key, block.attention.value):
            part.weight_g.mul_(1.5)
    codes = torch.randint(0, config.codes, (1, config.rows, config.cols))
    weights = torch.full((1, config.classes), 1 / config.classes)
    head = model.head.all if isinstance(model.head, OwnHead) else model.head
    head.weight_g.mul_(spread / model(codes, weights).std())
    return model


@torch.no_grad()
def lively_stacked(config: StackedConfig, seed: int = 0, codebooks: Tensor | None = None) -> StackedPixelSnail:
    """The same of a stacked prior."""
    torch.manual_seed(seed)
    model = StackedPixelSnail(config, torch.randn(config.codebooks, config.codes, 12) if codebooks is None else codebooks).eval()
    _louder(model)
    for level in model.levels:
        level.head.weight.mul_(4)
    if config.spectrum:
        # It begins as zeros.
        torch.nn.init.normal_(model.of_spectrum[2].weight, std=0.1)
    return model


@torch.no_grad()
def _float64(model: PixelSnail, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    model = copy.deepcopy(model).double()
    for module in model.modules():
        if isinstance(module, NormedConv | OwnCodes) and module.plain is not None:
            module.plain = module.plain.double()
        elif isinstance(module, FirstLayer) and module.plain is not None:
            module.plain = module.plain[0].double(), module.plain[1].double()
    return model(torch.from_numpy(codes), torch.from_numpy(weights).double()).numpy()


def parity_of(model: PixelSnail, batch: int = 1, seed: int = 0, half_weights: bool = False, threads: int = 2) -> dict[str, Any]:
    """Two-stage graphs against the full forward pass, teacher-forced on random codes, over all cells of the grid.

    The largest difference of logits, how far each of the two is from the same network in float64 (both round, each
    in its own order), and the share of cells with the same argmax. With `half_weights` all three have rounded ones.
    """
    c, graphs = model.config, export_prior(model, half_weights)
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, c.codes, (batch, c.rows, c.cols))
    weights = rng.dirichlet(np.ones(c.classes), batch).astype(np.float32)
    reference = folded(model, half_weights)
    expected = ReferenceSampler(reference).logits(codes, weights)
    exact = _float64(reference, codes, weights)
    began = time.perf_counter()
    got = TwoStageSampler(c, graphs, threads).logits(codes, weights)
    return {
        "max_abs_difference": float(np.abs(got - expected).max()),
        "two_stage_from_float64": float(np.abs(got - exact).max()),
        "torch_from_float64": float(np.abs(expected - exact).max()),
        "argmax_agreement": float((got.argmax(1) == expected.argmax(1)).mean()),
        "logits_std": float(expected.std()),
        "logits_max": float(np.abs(expected).max()),
        "cells": int(batch * c.rows * c.cols),
        "seconds": round(time.perf_counter() - began, 2),
        "nodes": {name: len(graph.graph.node) for name, graph in graphs.items()},
        "megabytes": {name: round(len(graph.SerializeToString()) / 1e6, 2) for name, graph in graphs.items()},
    }


def parity(config: PriorConfig, batch: int = 1, seed: int = 0, half_weights: bool = False, threads: int = 2) -> dict[str, Any]:
    """`parity_of` a random prior of this configuration."""
    return parity_of(lively(config, seed), batch, seed, half_weights, threads)
