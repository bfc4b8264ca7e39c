"""The prior as three ONNX graphs that sample it exactly, a row and then its cells at a time.

In every causal convolution the centre tap is dead. So the taps on finished rows are computed for a whole row at
once (row graph), a cell adds the taps on its left neighbours (pixel graph), and neither depends on the cell's
own values: within a cell only the attention blocks run one after the other. Shapes: H x W grid, L gated layers,
C channels, kernel k, P = k // 2 columns each side, R = k - 1 rows above, D condition_dim, NB blocks, h heads of d.
"""

from __future__ import annotations

import io
import math
import warnings

import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import Tensor, nn

from .alphabets import OwnCodes, OwnHead
from .causal import GatedBlock
from .condition import Context, LabelMap
from .fold import folded
from .onnx_graph import IR_VERSION, OPSET, GraphWriter, halve, merged
from .prior import PixelSnail, PriorConfig


def condition_rows(c: PriorConfig) -> list[int]:
    """Rows before which the condition graph must run (again) with the codes so far."""
    return c.grid.condition_rows() if c.condition == "context" else [0]


def _layers(model: PixelSnail) -> list[GatedBlock]:
    return [layer for block in model.blocks for layer in block.residual]


def _point(conv: nn.Module) -> Tensor:
    """A 1 x 1 convolution's weight as a matrix [in, out]."""
    return conv.weight()[:, :, 0, 0].T


class _Cells(nn.Module):
    """Condition with channels last: [B, H, W, D]."""

    def __init__(self, condition: Context) -> None:
        super().__init__()
        self.condition = condition

    def forward(self, class_weights: Tensor, codes: Tensor) -> Tensor:
        return self.condition(class_weights, codes).permute(0, 2, 3, 1)


def condition_graph(model: PixelSnail) -> onnx.ModelProto:
    """class [B, n], codes [B, H, W] int64 (absent where not sampled) -> condition [B, H, W, D]."""
    c = model.config
    if isinstance(model.condition, LabelMap):
        g = GraphWriter("condition")
        weights = g.input("class", ["B", c.classes])
        g.input("codes", ["B", c.rows, c.cols], "int64")
        g.reshape(g.op("MatMul", weights, g.constant(model.condition.table())), [-1, c.rows, c.cols, 1], to="condition")
        g.output("condition", ["B", c.rows, c.cols, 1])
        return g.model()
    example = torch.full((2, c.classes), 1 / c.classes), torch.full((2, c.rows, c.cols), c.codes)
    exported = export_module(_Cells(model.condition), example, ["class", "codes"], ["condition"])
    if len(exported.graph.input) == 1:  # where no codebook is finished early the codes are not looked at, but still taken
        exported.graph.input.append(helper.make_tensor_value_info("codes", TensorProto.INT64, ["B", c.rows, c.cols]))
    return exported


def export_module(module: nn.Module, example: tuple[Tensor, ...], inputs: list[str], outputs: list[str], axes: dict[str, dict[int, str]] | None = None) -> onnx.ModelProto:
    """A module traced to ONNX with a dynamic batch B on the first axis of everything, and `axes` beside."""
    named = {name: {0: "B", **(axes or {}).get(name, {})} for name in [*inputs, *outputs]}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the exporter's own future
        torch.onnx.export(module.eval(), example, buffer, input_names=inputs, output_names=outputs, opset_version=OPSET, dynamic_axes=named, dynamo=False)
    model = onnx.load_from_string(buffer.getvalue())
    model.ir_version, model.producer_name, model.producer_version = IR_VERSION, "foley-trainer", ""
    with torch.no_grad():
        results = module(*example)
    results = results if isinstance(results, tuple) else (results,)
    for output, result in zip(model.graph.output, results, strict=True):  # where the tracer lost track of a size
        kind = output.type.tensor_type.elem_type
        output.CopyFrom(helper.make_tensor_value_info(output.name, kind, [named[output.name].get(i, size) for i, size in enumerate(result.shape)]))
    for node in model.graph.node:
        node.doc_string = ""
    return merged(model)


def row_graph(model: PixelSnail) -> onnx.ModelProto:
    """What finished rows give a row: see the module's head for the letters.

    a1, a2 [L, B, W + 2P, R * C] (rows above, top first; zeros outside), codes [B, P, W + 2P] int64 (absent outside),
    condition [B, W, D], row [1] int64 -> c1 [W, L, B, C], c2 [W, L, B, 2C], e0 [W, B, C], coords [W, B, 2].
    """
    c, layers, g = model.config, _layers(model), GraphWriter("row")
    size, reach, above, count = c.channels, c.kernel // 2, c.kernel - 1, len(layers)
    wide = c.cols + 2 * reach
    activations = [g.input(name, [count, "B", wide, above * size]) for name in ("a1", "a2")]
    codes = g.input("codes", ["B", reach, wide], "int64")
    condition, row = g.input("condition", ["B", c.cols, c.condition_dim]), g.input("row", [1], "int64")

    def from_above(x: str, convs: list[nn.Module], outputs: int) -> str:
        """One product per layer over all columns at once, for all kernel columns; then shifted and summed."""
        products = []
        for part, conv in zip(g.split(x, [1] * count, 0), convs, strict=True):
            weight = conv.weight()[:, :, :above].permute(2, 1, 3, 0).reshape(above * size, c.kernel * outputs)
            products.append(g.op("MatMul", part, g.constant(weight)))
        stacked = g.op("Concat", *products, axis=0) if count > 1 else products[0]
        shifted = [g.slice(stacked, [i, i * outputs], [i + c.cols, (i + 1) * outputs], [2, 3]) for i in range(c.kernel)]
        return g.op("Transpose", g.op("Sum", *shifted), perm=[2, 0, 1, 3])  # [W, L, B, outputs]

    first = from_above(activations[0], [layer.conv1 for layer in layers], size)
    g.op("Add", first, g.constant(torch.stack([layer.conv1.bias for layer in layers]).unsqueeze(1)), to="c1")
    g.output("c1", [c.cols, count, "B", size])

    conditions = torch.cat([_point(layer.condition) for layer in layers], 1)
    biases = torch.cat([layer.conv2.bias for layer in layers])
    told = g.reshape(g.linear(condition, conditions, biases), [0, 0, count, 2 * size])
    second = from_above(activations[1], [layer.conv2 for layer in layers], 2 * size)
    g.op("Add", second, g.op("Transpose", told, perm=[1, 2, 0, 3]), to="c2")
    g.output("c2", [c.cols, count, "B", 2 * size])

    cells = _codes_above(g, model, codes, row)
    g.output("e0", [c.cols, "B", size])

    places = g.op("Gather", g.constant(model.coordinates[0].permute(1, 2, 0).unsqueeze(2)), row, axis=0)  # [1, W, 1, 2]
    ones = g.op("Mul", g.slice(cells, [0], [2], [2]), g.constant(torch.zeros(1)))
    g.op("Add", ones, g.op("Squeeze", places, g.constant([0])), to="coords")
    g.output("coords", [c.cols, "B", 2])
    return g.model()


def _codes_above(g: GraphWriter, model: PixelSnail, codes: str, row: str) -> str:
    """codes [B, P, W + 2P], row [1] -> the graph output e0 [W, B, C]: what the codes of the rows above add, and biases."""
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
        return g.op("Add", g.op("MatMul", g.reshape(seen, [0, 0, weight.shape[0]]), g.constant(weight)), g.constant(first.above.bias), to="e0")
    tables, _ = first.tables()
    taps = torch.arange(reach * c.kernel).view(reach, 1, c.kernel) * (c.codes + 1)
    index = g.op("Add", g.op("Gather", codes, g.constant(window), axis=2), g.constant(taps))  # [B, P, W, k]
    looked_up = g.op("Gather", g.constant(tables.flatten(0, 2)), index, axis=0)
    summed = g.op("ReduceSum", looked_up, g.constant([1, 3]), keepdims=0)
    bias = torch.zeros(c.rows, 1, 1, size)
    bias[1:] = first.horizontal.bias
    across = torch.zeros(c.cols, 1, size)
    across[1:] = first.vertical.bias
    biases_here = g.op("Add", g.op("Gather", g.constant(bias), row, axis=0), g.constant(across))  # [1, W, 1, C]
    cells = g.op("Transpose", summed, perm=[1, 0, 2])
    return g.op("Add", cells, g.op("Squeeze", biases_here, g.constant([0])), to="e0")


def pixel_graph(model: PixelSnail) -> onnx.ModelProto:
    """One cell. c1 [L, B, C], c2 [L, B, 2C], e0 [B, C], coords [B, 2] from the row graph; left [B, P] int64 codes;
    l1, l2 [L, B, P * C] own-row activations, leftmost first; of each block key0.. [1, B, h, d, T] and
    value0.. [1, B, h, T, d]; mask [T] -> logits [B, codes], a1, a2 [L, B, C], newKey, newValue [NB, B, h, d].
    Unwritten keys and values are zeros, so the first cell, which attends to nothing, needs no case of its own.
    One tensor for the keys of all blocks would have to be copied apart at every cell: a fifth of its time.
    """
    c, layers, g = model.config, _layers(model), GraphWriter("pixel")
    size, reach, count, heads = c.channels, c.kernel // 2, len(layers), c.heads
    deep = size // 2 // heads
    c1, c2 = g.input("c1", [count, "B", size]), g.input("c2", [count, "B", 2 * size])
    e0, coords = g.input("e0", ["B", size]), g.input("coords", ["B", 2])
    left = g.input("left", ["B", reach], "int64")
    l1, l2 = g.input("l1", [count, "B", reach * size]), g.input("l2", [count, "B", reach * size])
    past = {"key": ["B", heads, deep, "T"], "value": ["B", heads, "T", deep]}
    keys, values = ([g.input(f"{name}{b}", [1, *shape]) for b in range(c.blocks)] for name, shape in past.items())
    mask = g.input("mask", ["T"])

    def lefts(convs: list[nn.Module]) -> Tensor:
        return torch.stack([conv.weight()[:, :, -1, :reach].permute(2, 1, 0).flatten(0, 1) for conv in convs])

    # All layers at once: what the left neighbours add, and the gates.
    g.op("Elu", g.op("Add", g.op("MatMul", l1, g.constant(lefts([x.conv1 for x in layers]))), c1), to="a2")
    second = g.op("Add", g.op("MatMul", l2, g.constant(lefts([x.conv2 for x in layers]))), c2)
    gated = g.reshape(g.glu(second, size), [c.blocks, c.res_blocks, -1, size])
    before = g.op("CumSum", gated, g.constant(1), exclusive=1)
    totals = g.split(g.op("ReduceSum", gated, g.constant([1]), keepdims=0), [1] * c.blocks, 0)

    cell = _cell(g, c, coords) if c.alphabets else ""
    x = g.op("Unsqueeze", g.op("Add", e0, _codes_left(g, model, left, cell)), g.constant([0]))  # [1, B, C] from here on
    place = g.op("Unsqueeze", coords, g.constant([0]))
    xs, outs = [], []
    for b, block in enumerate(model.blocks):
        out = g.op("Add", x, totals[b])
        xs.append(x)
        outs.append(out)
        x = _attend(g, c, block, out, place, keys[b], values[b], mask)
    _logits(g, model, g.op("Elu", x), cell)
    g.output("logits", ["B", c.codes])

    def join(parts: list[str]) -> str:
        return g.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    inputs = join(xs)
    g.reshape(g.op("Elu", g.op("Add", g.op("Unsqueeze", inputs, g.constant([1])), before)), [count, -1, size], to="a1")
    g.output("a1", [count, "B", size])
    g.output("a2", [count, "B", size])
    places = g.op("Expand", place, g.constant([c.blocks, 1, 1]))
    _remember(g, c, model, g.op("Concat", inputs, join(outs), places, axis=-1))
    return g.model()


def _cell(g: GraphWriter, c: PriorConfig, coords: str) -> str:
    """coords [B, 2] -> raster index of the cell [B]: its coordinates are (row - H / 2) / H and (column - W / 2) / W."""
    sizes = torch.tensor([float(c.rows), float(c.cols)])
    places = g.op("Round", g.op("Add", g.op("Mul", coords, g.constant(sizes)), g.constant(sizes / 2)))
    raster = g.op("ReduceSum", g.op("Mul", places, g.constant(torch.tensor([float(c.cols), 1.0]))), g.constant([1]), keepdims=0)
    return g.whole(raster)


def _codes_left(g: GraphWriter, model: PixelSnail, left: str, cell: str) -> str:
    """left [B, P], raster index [B] -> what the codes of the row's cells to the left add, [B, C]."""
    c, first, reach = model.config, model.first, model.config.kernel // 2
    if isinstance(first, OwnCodes):
        levels = F.pad(first.levels, (reach, 0)).unfold(1, reach, 1)[:, : c.cols]  # [H, W, P]
        index = g.op("Add", left, g.op("Gather", g.constant(levels.flatten(0, 1) * (c.codes + 1)), cell, axis=0))
        weight = first.left.weight()[:, :, 0].permute(2, 1, 0).flatten(0, 1)
        vectors = g.reshape(g.op("Gather", g.constant(first.table()), index, axis=0), [-1, weight.shape[0]])
        return g.op("MatMul", vectors, g.constant(weight))
    _, own = first.tables()
    index = g.op("Add", left, g.constant(torch.arange(reach) * (c.codes + 1)))
    return g.op("ReduceSum", g.op("Gather", g.constant(own.flatten(0, 1)), index, axis=0), g.constant([1]), keepdims=0)


def _logits(g: GraphWriter, model: PixelSnail, x: str, cell: str) -> None:
    """x [1, B, C], raster index [B] -> the graph output logits [B, codes]."""
    c, head = model.config, model.head
    if not isinstance(head, OwnHead):
        g.reshape(g.linear(x, _point(head).unsqueeze(0), head.bias), [-1, c.codes], to="logits")
        return
    weights, biases = head.weights()
    level = g.op("Gather", g.constant(head.levels.flatten()), cell, axis=0)
    chosen = g.op("Gather", g.constant(weights.transpose(1, 2)), level, axis=0)  # [B, C, codes]
    product = g.reshape(g.op("MatMul", g.reshape(x, [-1, 1, c.channels]), chosen), [-1, c.codes])
    g.op("Add", product, g.op("Gather", g.constant(biases), level, axis=0), to="logits")


def _attend(g: GraphWriter, c: PriorConfig, block: nn.Module, out: str, place: str, key: str, value: str, mask: str) -> str:
    """Query block, attention and output block of one cell: out [1, B, C] -> the next block's input [1, B, C]."""
    size, deep, attention = c.channels, c.channels // 2 // c.heads, block.attention
    placed = g.op("Concat", out, place, axis=-1)
    # The output block's first convolution has the same input but for the coordinates: one product for both.
    from_out = torch.cat([_point(block.out.conv1), torch.zeros(2, size)])
    both = torch.cat([_point(block.query.conv1), from_out], 1).unsqueeze(0)
    bias = torch.cat([block.query.conv1.bias, block.out.conv1.bias + block.out.aux.bias])
    for_query, for_out = g.split(g.linear(g.op("Elu", placed), both, bias), [size, size], -1)
    gate = g.linear(g.op("Elu", for_query), _point(block.query.conv2).unsqueeze(0), block.query.conv2.bias)
    query = g.op("Add", placed, g.glu(gate, size + 2))
    scale = 1 / math.sqrt(deep)
    query = g.linear(query, _point(attention.query).unsqueeze(0) * scale, attention.query.bias * scale)
    scores = g.op("MatMul", g.reshape(query, [1, -1, c.heads, 1, deep]), key)
    weights = g.op("Softmax", g.op("Add", scores, mask), axis=-1)
    attended = g.reshape(g.op("MatMul", weights, value), [1, -1, size // 2])
    hidden = g.op("Add", for_out, g.op("MatMul", g.op("Elu", attended), g.constant(_point(block.out.aux).unsqueeze(0))))
    gate = g.linear(g.op("Elu", hidden), _point(block.out.conv2).unsqueeze(0), block.out.conv2.bias)
    return g.op("Add", out, g.glu(gate, size))


def _remember(g: GraphWriter, c: PriorConfig, model: PixelSnail, x: str) -> None:
    """Keys and values of the cell for all blocks at once: x [NB, B, 2C + 2] -> newKey, newValue [NB, B, h, d]."""

    def stacked(pick: str) -> tuple[Tensor, Tensor]:
        convs = [getattr(block.key, pick) for block in model.blocks]
        return torch.stack([_point(conv) for conv in convs]), torch.stack([conv.bias for conv in convs]).unsqueeze(1)

    hidden = g.op("Elu", g.linear(g.op("Elu", x), *stacked("conv1")))
    keyed = g.op("Add", x, g.glu(g.linear(hidden, *stacked("conv2")), 2 * c.channels + 2))
    pairs = [(block.attention.key, block.attention.value) for block in model.blocks]
    weight = torch.stack([torch.cat([_point(k), _point(v)], 1) for k, v in pairs])
    bias = torch.stack([torch.cat([k.bias, v.bias]) for k, v in pairs]).unsqueeze(1)
    parts = g.split(g.linear(keyed, weight, bias), [c.channels // 2] * 2, -1)
    deep = c.channels // 2 // c.heads
    for part, name in zip(parts, ("newKey", "newValue"), strict=True):
        g.reshape(part, [c.blocks, -1, c.heads, deep], to=name)
        g.output(name, [c.blocks, "B", c.heads, deep])


@torch.no_grad()
def export_prior(model: PixelSnail, half_weights: bool = False) -> dict[str, onnx.ModelProto]:
    """condition, row and pixel graph. With `half_weights` they equal `folded(model, half=True)`, not `model` itself."""
    model = folded(model, half_weights)
    graphs = {"condition": condition_graph(model), "row": row_graph(model), "pixel": pixel_graph(model)}
    return {name: halve(graph) for name, graph in graphs.items()} if half_weights else graphs
