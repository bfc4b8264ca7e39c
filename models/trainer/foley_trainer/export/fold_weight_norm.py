"""Prepares a prior for export: folds weight norm into plain weights, optionally rounded to float16."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ..models.causal_conv import FirstLayer, NormedConv
from ..models.codebook_embeddings import OwnCodes
from ..models.conditioning import Context
from ..models.pixelsnail import PixelSnail


def rounded(x: Tensor, half: bool) -> Tensor:
    """x, or the nearest values float16 holds, as float32."""
    return x.half().float() if half else x.clone()


@torch.no_grad()
def folded(model: PixelSnail, half: bool = False) -> PixelSnail:
    """A copy in eval mode that computes with folded weights: what the ONNX graphs are measured against.

    Rounded are the weights of all layers, the look-up tables and the code vectors; never biases, coordinates
    and the label network, which folds into a table of its own.
    """
    model = copy.deepcopy(model).eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, FirstLayer):
            above, own = module.tables()
            module.plain = rounded(above, half), rounded(own, half)
        elif isinstance(module, OwnCodes):
            module.plain = rounded(module.table(), half)
        elif isinstance(module, NormedConv):
            module.plain = rounded(module.weight(), half)
    if isinstance(model.condition, Context):
        for part in model.condition.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                part.weight.copy_(rounded(part.weight, half))
        if model.condition.levels_first:
            model.condition.vectors.copy_(rounded(model.condition.vectors, half))
    return model
