"""The stacked prior as ONNX graphs that sample it exactly: condition, row, pixel and, for every further codebook, depth.

The scheme is that of `export.prior`: the row graph computes for a whole row of cells what finished rows contribute, the
pixel graph adds what the cells to the left do. A cell here holds K codes. The pixel graph gives the logits of the
first and, for each further codebook k, the start of its depth head; graph `depthk` gives the logits of codebook k
once the codes before it are chosen. Letters: T x F cells, K codebooks, L gated layers, C channels, kernel (kt, kf),
P = kf // 2 columns to each side, R = kt - 1 rows above, D condition_dim, Z width of the depth head.

    condition   class [B, n], contour [B, T, E], known [B], spectrum [B, S] in dB, spectrum_known [B] -> condition [B, T, F, D]
                known: 1 where the loudness contour counts, 0 where there is none, spectrum_known the same of the average spectrum; a
                prior that cannot follow one of them lacks its two inputs
    row         a1, a2 [B, L * C, R, F + 2P], codes [B, P, F + 2P, K] (absent outside the grid), condition [B, F, D]
                -> c1 [F, B, L, C], c2 [F, B, L, 2C], e0 [F, B, C]
    pixel       cell [M], c1, c2, e0 of the column, left [M, P, K], l1, l2, attend, attended, key0.., value0..
                -> logits [M, codes] of codebook 0, starts [K - 1, M, Z], a1, a2, past      (see `pixel_graph`)
    depthk      start [M, Z], codes [M, k] (of codebooks 0 .. k - 1) -> logits [M, codes]

On the card, the grid has rows of time, columns of frequency and depth of codebooks. As in `pixel_graph`, M is at least 2, so
that no bit of a clip depends on the batch.
"""

from __future__ import annotations

import copy

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..features.spectrum import normalised
from ..models.causal_conv import NormedConv
from ..models.stacked_pixelsnail import DepthHead, Followed, StackedConfig, StackedPixelSnail
from .fold_weight_norm import rounded
from .graph_builder import GraphWriter, halve
from .pixel_graph import trunk_of, write_state
from .prior import export_module
from .row_graph import layers_above, layers_of


@torch.no_grad()
def folded_stacked(model: StackedPixelSnail, half: bool = False) -> StackedPixelSnail:
    """A copy in eval mode that computes with folded weights: what the graphs are measured against. With `half`, weights and
    code vectors are rounded to what float16 holds; biases, norms, coordinates and the condition tables never are."""
    model = copy.deepcopy(model).eval().requires_grad_(False)
    for name, module in model.named_modules():
        if isinstance(module, NormedConv):
            module.plain = rounded(module.weight(), half)
        elif isinstance(module, nn.Linear) and name.startswith("levels."):
            module.weight.copy_(rounded(module.weight, half))
    model.input.vectors.copy_(rounded(model.input.vectors, half))
    return model


class _Condition(nn.Module):
    def __init__(self, model: StackedPixelSnail) -> None:
        super().__init__()
        self.model = model

    def forward(self, weights: Tensor, *told: Tensor) -> Tensor:
        followed = Followed(**dict(zip(_told(self.model.config), told, strict=True)))
        if followed.spectrum is not None:
            followed.spectrum = normalised(followed.spectrum)
        return self.model.condition(weights, followed).permute(0, 2, 3, 1)


def _told(c: StackedConfig) -> dict[str, tuple[str, list[int]]]:
    """Fields of `Followed` that the prior knows: the graph's input, and its shape without B."""
    fields: dict[str, tuple[str, list[int]]] = {}
    if c.contour:
        fields |= {"contour": ("contour", [c.rows, c.contour]), "contour_known": ("known", [])}
    if c.spectrum:
        fields |= {"spectrum": ("spectrum", [c.spectrum]), "spectrum_known": ("spectrum_known", [])}
    return fields


def condition_graph(model: StackedPixelSnail) -> onnx.ModelProto:
    c = model.config
    told = _told(c).values()
    example = (torch.full((2, c.classes), 1 / c.classes), *(torch.zeros(2, *shape) for _, shape in told))
    return export_module(_Condition(model), example, ["class", *(name for name, _ in told)], ["condition"])


def _vectors(model: StackedPixelSnail) -> Tensor:
    """[K * (codes + 1), dim]: every codebook's vectors and a row of zeros, the absent code."""
    return F.pad(model.input.vectors, (0, 0, 0, 1)).flatten(0, 1)


def _offsets(model: StackedPixelSnail) -> Tensor:
    return torch.arange(model.config.codebooks) * (model.config.codes + 1)


def _summed(g: GraphWriter, model: StackedPixelSnail, codes: str) -> str:
    """codes [.., K] -> the sum of their vectors [.., dim]."""
    vectors = g.op("Gather", g.constant(_vectors(model)), g.op("Add", codes, g.constant(_offsets(model))), axis=0)
    return g.op("ReduceSum", vectors, g.constant([-2]), keepdims=0)


def row_graph(model: StackedPixelSnail, writer: GraphWriter | None = None) -> onnx.ModelProto:
    c, g = model.config, writer or GraphWriter("row")
    size, reach, above = c.channels, c.reach, c.kernel[0] - 1
    wide = c.cols + 2 * reach
    a1, a2 = (g.input(name, ["B", c.layers * size, above, wide]) for name in ("a1", "a2"))
    codes, condition = g.input("codes", ["B", reach, wide, c.codebooks], "int64"), g.input("condition", ["B", c.cols, c.condition_dim])
    layers_above(g, layers_of(model), (a1, a2), condition, above, c.cols)
    # What the first layer sees of the rows above: P rows of P columns to each side, as one product a column.
    window = torch.arange(c.cols).unsqueeze(1) + torch.arange(2 * reach + 1)
    seen = g.op("Gather", _summed(g, model, codes), g.constant(window), axis=2)  # [B, P, F, 2P + 1, dim]
    weight = model.input.above.weight().permute(2, 3, 1, 0).flatten(0, 2)
    seen = g.reshape(g.op("Transpose", seen, perm=[2, 0, 1, 3, 4]), [c.cols, -1, weight.shape[0]])
    g.op("Add", g.op("MatMul", seen, g.constant(weight)), g.constant(model.input.above.bias), to="e0")
    g.output("e0", [c.cols, "B", size])
    return g.model()


def pixel_graph(model: StackedPixelSnail, writer: GraphWriter | None = None) -> onnx.ModelProto:
    c, g = model.config, writer or GraphWriter("pixel")

    def codes_left(left: str, _cell: str, e0: str) -> str:
        weight = model.input.left.weight()[:, :, 0].permute(2, 1, 0).flatten(0, 1)
        return g.gemm(g.reshape(_summed(g, model, left), [-1, weight.shape[0]]), weight, e0)

    trunk = trunk_of(g, model, [c.reach, c.codebooks], codes_left)
    first, *others = model.levels
    enters = torch.cat([level.enter.weight for level in model.levels]).T, torch.cat([level.enter.bias for level in model.levels])
    starts = g.gemm(g.op("Elu", trunk.out), *enters)
    start, *more = g.split(starts, [c.depth, (c.codebooks - 1) * c.depth], -1) if others else [starts]
    _depth_logits(g, first, start)
    g.output("logits", ["M", c.codes])
    if others:
        g.op("Transpose", g.reshape(more[0], [-1, c.codebooks - 1, c.depth]), perm=[1, 0, 2], to="starts")
        g.output("starts", [c.codebooks - 1, "M", c.depth])
    write_state(g, c, trunk)
    return g.model()


def _depth_logits(g: GraphWriter, level: DepthHead, x: str) -> None:
    """x [M, Z] -> the graph output `logits` [M, codes]."""

    def norm(x: str, layer: nn.LayerNorm) -> str:
        return g.op("LayerNormalization", x, g.constant(layer.weight), g.constant(layer.bias), axis=-1, epsilon=layer.eps)

    wide = g.gemm(norm(x, level.norm_in), level.wide.weight.T, level.wide.bias)
    a, b = g.split(wide, [level.narrow.in_features] * 2, -1)
    hidden = g.op("Mul", g.op("Mul", a, g.op("Sigmoid", a)), b)
    x = g.op("Add", x, g.gemm(hidden, level.narrow.weight.T, level.narrow.bias))
    g.gemm(norm(x, level.norm_out), level.head.weight.T, level.head.bias, to="logits")


def depth_graph(model: StackedPixelSnail, k: int, writer: GraphWriter | None = None) -> onnx.ModelProto:
    """Codebook k of a cell, from 1 on."""
    c, level, g = model.config, model.levels[k], writer or GraphWriter(f"depth{k}")
    start, codes = g.input("start", ["M", c.depth]), g.input("codes", ["M", k], "int64")
    vectors = F.pad(model.input.vectors[:k], (0, 0, 0, 1)).flatten(0, 1)
    known = g.op("Gather", g.constant(vectors), g.op("Add", codes, g.constant(_offsets(model)[:k])), axis=0)
    assert level.known is not None
    x = g.gemm(g.reshape(known, [-1, level.known.in_features]), level.known.weight.T, start)
    _depth_logits(g, level, x)
    g.output("logits", ["M", c.codes])
    return g.model()


@torch.no_grad()
def export_stacked(model: StackedPixelSnail, half_weights: bool = False) -> dict[str, onnx.ModelProto]:
    """condition, row, pixel, depth1 .. depth(K-1). With `half_weights` they equal `folded_stacked(model, half=True)`."""
    model = folded_stacked(model, half_weights)
    graphs = {"condition": condition_graph(model), "row": row_graph(model), "pixel": pixel_graph(model)}
    graphs |= {f"depth{k}": depth_graph(model, k) for k in range(1, model.config.codebooks)}
    return {name: halve(graph) for name, graph in graphs.items()} if half_weights else graphs
