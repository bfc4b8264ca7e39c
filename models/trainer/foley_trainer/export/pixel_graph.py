"""The pixel graph: one cell of every clip of a batch. Symbols as in `export/prior.py`.

A seed must give the same clip in any batch, so no bit of a clip's logits may depend on the batch. Measured with
onnxruntime on AVX-512: products of two or more rows are bit-identical for any number of rows, but a single row
uses another kernel. So M = max(B, 2) rows go through the graph, with an unused second row for a single clip; a constant
is multiplied as a two-dimensional matrix, which is also packed only once; and attention, a separate product for each
clip and head, adds zeros at hidden positions, so the number of positions does not matter either. Elementwise functions
process whole vectors of up to WIDTH and the remainder of a tensor differently: so the data of a clip is always a
multiple of WIDTH long.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.codebook_embeddings import OwnCodes, OwnHead
from ..models.pixelsnail import PixelSnail, PriorConfig
from ..models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from .graph_builder import GraphWriter
from .row_graph import layers_of

WIDTH = 16
"""Float32 numbers of the widest vector, AVX-512's; narrower ones divide it."""

PLACE = 2
"""Coordinates of a cell: row and column. They are handed on as WIDTH numbers, the rest zero."""


def _wider(weight: Tensor, inputs: int = 0, outputs: int = 0) -> Tensor:
    """[in, out] with so many rows and columns of zeros more."""
    return F.pad(weight, (0, outputs, 0, inputs))


def _gates(conv: nn.Module, more: int) -> tuple[Tensor, Tensor]:
    """Weight and bias of a 1 x 1 convolution before a glu, both of whose halves get `more` outputs that are zero."""
    weight = torch.cat([_wider(half, outputs=more) for half in _point(conv).chunk(2, 1)], 1)
    return weight, torch.cat([F.pad(half, (0, more)) for half in conv.bias.chunk(2)])


def _point(conv: nn.Module) -> Tensor:
    """A 1 x 1 convolution's weight as a matrix [in, out]."""
    return conv.weight()[:, :, 0, 0].T


def pixel_graph(model: PixelSnail, writer: GraphWriter | None = None) -> onnx.ModelProto:
    """cell [M] int64, raster index; c1 [N, L, C], c2 [N, L, 2C], e0 [N, C] of its column from the row graph, N = M or 1;
    left [M, P] int64 codes; l1, l2 [M, L, P * C] own-row activations, leftmost first; attend [B] int64, the rows of M that are
    clips, and attended [M] int64, which of the clips each row is; of each block key0.. [B, h, d + 1, T], value0.. [B, h, d, T]
    -> logits [M, codes], a1, a2 [M, L, C], past [M, NB, 2, h, d], the cell's keys and values.

    A place of the past that is hidden has -1e4 in the last of its key's numbers, any other 0, and zeros elsewhere: the mask
    is one more dimension of the key. The first cell attends to nothing, which is to zeros.
    """
    c, g = model.config, writer or GraphWriter("pixel")
    trunk = trunk_of(g, model, [c.kernel // 2], lambda left, cell, e0: _codes_left(g, model, left, cell, e0))
    _logits(g, model, g.op("Elu", trunk.out), trunk.cell)
    g.output("logits", ["M", c.codes])
    write_state(g, c, trunk)
    return g.model()


@dataclass(frozen=True)
class Trunk:
    """Names in a pixel graph: the cell's index, the last block's output [M, C], and what the state is made of."""

    cell: str
    out: str
    inputs: list[str]
    """Of each block [M, C]."""
    before: str
    """Sum of the gated layers of a block before each of them [M, NB, L / NB, C]."""
    remembered: list[str]
    """Of each block, keys and values [M, 2 h d]."""


def trunk_of(g: GraphWriter, model: PixelSnail | StackedPixelSnail, left: list[int], codes_left: Callable[[str, str, str], str]) -> Trunk:
    """The inputs of a pixel graph and its layers. `left`: shape of the codes to the left without M, columns first; `codes_left` adds what
    they contribute: names of left, cell and e0 -> [M, C]."""
    c, layers = model.config, layers_of(model)
    size, reach, count = c.channels, left[0], len(layers)
    deep = size // 2 // c.heads
    cell = g.input("cell", ["M"], "int64")
    c1, c2, e0 = g.input("c1", ["N", count, size]), g.input("c2", ["N", count, 2 * size]), g.input("e0", ["N", size])
    beside = g.input("left", ["M", *left], "int64")
    l1, l2 = (g.input(name, ["M", count, reach * size]) for name in ("l1", "l2"))
    rows = g.input("attend", ["B"], "int64"), g.input("attended", ["M"], "int64")
    past = [(g.input(f"key{b}", ["B", c.heads, deep + 1, "T"]), g.input(f"value{b}", ["B", c.heads, deep, "T"])) for b in range(c.blocks)]

    def from_left(x: str, convs: list[nn.Module]) -> str:
        parts = g.split(x, [1] * count, 1)
        weights = [conv.weight()[:, :, -1, :reach].permute(2, 1, 0).flatten(0, 1) for conv in convs]
        return g.join([g.op("MatMul", part, g.constant(weight)) for part, weight in zip(parts, weights, strict=True)], 1)

    # All layers at once: what the left neighbours add, and the gates.
    g.op("Elu", g.op("Add", from_left(l1, [x.conv1 for x in layers]), c1), to="a2")
    second = g.op("Add", from_left(l2, [x.conv2 for x in layers]), c2)
    gated = g.reshape(g.glu(second, size), [-1, c.blocks, c.res_blocks, size])
    before = g.op("CumSum", gated, g.constant(2), exclusive=1)
    totals = g.split(g.reshape(g.op("ReduceSum", gated, g.constant([2]), keepdims=0), [-1, c.blocks * size]), [size] * c.blocks, 1)

    coordinates = F.pad(model.coordinates[0].permute(1, 2, 0).flatten(0, 1), (0, WIDTH - PLACE))
    place = g.op("Gather", g.constant(coordinates), cell, axis=0)
    x = codes_left(beside, cell, e0)
    inputs, seen = [], []
    for block, total, kept in zip(model.blocks, totals, past, strict=True):
        inputs.append(x)
        x, remembered = attend(g, c, block, x, g.op("Add", x, total), place, kept, rows)
        seen.append(remembered)
    return Trunk(cell, x, inputs, before, seen)


def write_state(g: GraphWriter, c: PriorConfig | StackedConfig, trunk: Trunk) -> None:
    """The graph outputs a1, a2 and past."""
    deep = c.channels // 2 // c.heads
    first = g.reshape(g.join(trunk.inputs, 1), [-1, c.blocks, 1, c.channels])
    g.reshape(g.op("Elu", g.op("Add", first, trunk.before)), [-1, c.layers, c.channels], to="a1")
    for name in ("a1", "a2"):
        g.output(name, ["M", c.layers, c.channels])
    g.reshape(g.join(trunk.remembered, 1), [-1, c.blocks, 2, c.heads, deep], to="past")
    g.output("past", ["M", c.blocks, 2, c.heads, deep])


def _codes_left(g: GraphWriter, model: PixelSnail, left: str, cell: str, e0: str) -> str:
    """left [M, P], raster index [M] -> e0 and what the codes of the row's cells to the left add, [M, C]."""
    c, first, reach = model.config, model.first, model.config.kernel // 2
    if isinstance(first, OwnCodes):
        levels = F.pad(first.levels, (reach, 0)).unfold(1, reach, 1)[:, : c.cols]  # [H, W, P]
        index = g.op("Add", left, g.op("Gather", g.constant(levels.flatten(0, 1) * (c.codes + 1)), cell, axis=0))
        weight = first.left.weight()[:, :, 0].permute(2, 1, 0).flatten(0, 1)
        vectors = g.reshape(g.op("Gather", g.constant(first.table()), index, axis=0), [-1, weight.shape[0]])
        return g.gemm(vectors, weight, e0)
    _, own = first.tables()
    index = g.op("Add", left, g.constant(torch.arange(reach) * (c.codes + 1)))
    return g.op("Add", g.op("ReduceSum", g.op("Gather", g.constant(own.flatten(0, 1)), index, axis=0), g.constant([1]), keepdims=0), e0)


def _logits(g: GraphWriter, model: PixelSnail, x: str, cell: str) -> None:
    """x [M, C], raster index [M] -> the graph output logits [M, codes]."""
    c, head = model.config, model.head
    if not isinstance(head, OwnHead):
        g.gemm(x, _point(head), head.bias, to="logits")
        return
    # Every codebook's logits: the weights of one, picked for each clip, would be copied, and several clips have several.
    weights, biases = head.weights()
    every = g.reshape(g.gemm(x, weights.permute(2, 0, 1).flatten(1, 2), biases.flatten()), [-1, len(weights), c.codes])
    level = g.op("Gather", g.constant(head.levels.reshape(-1, 1)), cell, axis=0)
    g.op("GatherND", every, level, batch_dims=1, to="logits")


def attend(g: GraphWriter, c: PriorConfig | StackedConfig, block: nn.Module, x: str, out: str, place: str, past: tuple[str, str], rows: tuple[str, str]) -> tuple[str, str]:
    """The block's input and its gated layers' result [M, C] -> the next block's input [M, C]; keys and values [M, 2 h d]."""
    size, deep, attention, more = c.channels, c.channels // 2 // c.heads, block.attention, WIDTH - PLACE
    seen = g.op("Concat", x, out, place, axis=-1)
    # Key, query and output block begin with one product of what the key sees; query and output do not see the input.
    for_two = torch.cat([_point(block.query.conv1), _wider(_point(block.out.conv1), inputs=PLACE)], 1)
    weight = torch.cat([_point(block.key.conv1), torch.cat([torch.zeros(size, 2 * size), for_two])], 1)
    bias = torch.cat([block.key.conv1.bias, block.query.conv1.bias, block.out.conv1.bias + block.out.aux.bias])
    for_key, for_query, for_out = g.split(g.gemm(g.op("Elu", seen), _wider(weight, inputs=more), bias), [size] * 3, -1)

    gate = g.gemm(g.op("Elu", for_key), *_gates(block.key.conv2, more))
    keyed = g.op("Add", seen, g.glu(gate, 2 * size + WIDTH))
    weight = torch.cat([_point(attention.key), _point(attention.value)], 1)
    remembered = g.gemm(keyed, _wider(weight, inputs=more), torch.cat([attention.key.bias, attention.value.bias]))

    gate = g.gemm(g.op("Elu", for_query), *_gates(block.query.conv2, more))
    query = g.op("Add", g.op("Concat", out, place, axis=-1), g.glu(gate, size + WIDTH))
    # One more number for each head, 1: times the mask.
    scale = 1 / math.sqrt(deep)
    weight = F.pad((_point(attention.query) * scale).view(-1, c.heads, deep), (0, 1)).flatten(1)
    bias = F.pad((attention.query.bias * scale).view(c.heads, deep), (0, 1), value=1.0).flatten()
    query = g.gemm(query, _wider(weight, inputs=more), bias)
    query = g.reshape(g.op("Gather", query, rows[0], axis=0), [-1, c.heads, 1, deep + 1])
    weights = g.op("Softmax", g.op("MatMul", query, past[0]), axis=-1)
    # Values times weights, not weights times values: a matrix times a column is four times as fast.
    attended = g.reshape(g.op("MatMul", past[1], g.reshape(weights, [0, 0, -1, 1])), [-1, size // 2])
    hidden = g.gemm(g.op("Elu", g.op("Gather", attended, rows[1], axis=0)), _point(block.out.aux), for_out)
    gate = g.gemm(g.op("Elu", hidden), _point(block.out.conv2), block.out.conv2.bias)
    return g.op("Add", out, g.glu(gate, size)), remembered
