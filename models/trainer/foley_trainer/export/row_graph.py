"""The row graph: the contribution of finished rows to all cells of a row. Symbols as in `export/prior.py`."""

from __future__ import annotations

import onnx
import torch
import torch.nn.functional as F
from torch import nn

from ..models.causal_conv import GatedBlock
from ..models.codebook_embeddings import OwnCodes
from ..models.pixelsnail import PixelSnail
from ..models.stacked_pixelsnail import StackedPixelSnail
from .graph_builder import GraphWriter


def layers_of(model: PixelSnail | StackedPixelSnail) -> list[GatedBlock]:
    return [layer for block in model.blocks for layer in block.residual]


def row_graph(model: PixelSnail, writer: GraphWriter | None = None) -> onnx.ModelProto:
    """a1, a2 [B, L * C, R, W + 2P] (rows above, top first; zeros outside), codes [B, P, W + 2P] int64 (absent outside),
    condition [B, W, D], row [B] int64 -> c1 [W, B, L, C], c2 [W, B, L, 2C], e0 [W, B, C].

    A grouped convolution, a layer a group: a third faster for one clip than a product per layer whose parts are then
    shifted and summed. Each clip of the batch may be in another row.
    """
    c, g = model.config, writer or GraphWriter("row")
    size, reach, above = c.channels, c.kernel // 2, c.kernel - 1
    wide = c.cols + 2 * reach
    a1, a2 = (g.input(name, ["B", c.layers * size, above, wide]) for name in ("a1", "a2"))
    codes, condition = g.input("codes", ["B", reach, wide], "int64"), g.input("condition", ["B", c.cols, c.condition_dim])
    row = g.input("row", ["B"], "int64")
    layers_above(g, layers_of(model), (a1, a2), condition, above, c.cols)
    _codes_above(g, model, codes, row)
    g.output("e0", [c.cols, "B", size])
    return g.model()


def layers_above(g: GraphWriter, layers: list[GatedBlock], activations: tuple[str, str], condition: str, above: int, cols: int) -> None:
    """Activations [B, L * C, R, W + 2P] and condition [B, W, D] -> the graph outputs c1 [W, B, L, C] and c2 [W, B, L, 2C]: what the
    R = `above` rows above add to both convolutions of every layer."""
    count, size = len(layers), layers[0].conv1.bias.shape[0]

    def from_above(x: str, convs: list[nn.Module], outputs: int) -> str:
        weight = torch.cat([conv.weight()[:, :, :above] for conv in convs])
        seen = g.op("Conv", x, g.constant(weight), g.constant(torch.cat([conv.bias for conv in convs])), group=count)
        return g.reshape(seen, [0, count, outputs, cols])

    g.op("Transpose", from_above(activations[0], [layer.conv1 for layer in layers], size), perm=[3, 0, 1, 2], to="c1")
    g.output("c1", [cols, "B", count, size])
    conditions = torch.cat([layer.condition.weight()[:, :, 0, 0].T for layer in layers], 1)
    gates = g.reshape(g.op("MatMul", condition, g.constant(conditions)), [0, 0, count, 2 * size])
    second = g.op("Transpose", from_above(activations[1], [layer.conv2 for layer in layers], 2 * size), perm=[3, 0, 1, 2])
    g.op("Add", second, g.op("Transpose", gates, perm=[1, 0, 2, 3]), to="c2")
    g.output("c2", [cols, "B", count, 2 * size])


def _codes_above(g: GraphWriter, model: PixelSnail, codes: str, row: str) -> None:
    """codes [B, P, W + 2P], row [B] -> the graph output e0 [W, B, C]: what the codes of the rows above add, and biases."""
    c, first = model.config, model.first
    size, reach = c.channels, c.kernel // 2
    window = torch.arange(c.cols).unsqueeze(1) + torch.arange(c.kernel)
    if isinstance(first, OwnCodes):
        # The codebooks of the P rows above row r, [H, P, W + 2P]; what is outside the grid is absent whatever its codebook.
        levels = F.pad(first.levels, (reach, reach, reach, 0))
        offsets = torch.stack([levels[r : r + reach] for r in range(c.rows)]) * (c.codes + 1)
        index = g.op("Add", codes, g.op("Gather", g.constant(offsets), row, axis=0))
        vectors = g.op("Gather", g.constant(first.table()), index, axis=0)  # [B, P, W + 2P, dim]
        seen = g.op("Transpose", g.op("Gather", vectors, g.constant(window), axis=2), perm=[2, 0, 1, 3, 4])  # [W, B, P, k, dim]
        weight = first.above.weight().permute(2, 3, 1, 0).flatten(0, 2)
        g.op("Add", g.op("MatMul", g.reshape(seen, [0, 0, weight.shape[0]]), g.constant(weight)), g.constant(first.above.bias), to="e0")
        return
    tables, _ = first.tables()
    taps = torch.arange(reach * c.kernel).view(reach, 1, c.kernel) * (c.codes + 1)
    index = g.op("Add", g.op("Gather", codes, g.constant(window), axis=2), g.constant(taps))  # [B, P, W, k]
    looked_up = g.op("Gather", g.constant(tables.flatten(0, 2)), index, axis=0)
    summed = g.op("ReduceSum", looked_up, g.constant([1, 3]), keepdims=0)  # [B, W, C]
    down, across = torch.zeros(c.rows, size), torch.zeros(c.cols, 1, size)
    down[1:], across[1:] = first.horizontal.bias, first.vertical.bias
    biases = g.op("Add", g.op("Gather", g.constant(down), row, axis=0), g.constant(across))  # [W, B, C]
    g.op("Add", g.op("Transpose", summed, perm=[1, 0, 2]), biases, to="e0")
