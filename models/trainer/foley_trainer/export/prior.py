"""The prior as three ONNX graphs that sample it exactly, a row and then its cells at a time.

In every causal convolution the centre tap is dead. So the taps on finished rows are computed for a whole row at
once (row graph), a cell adds the taps on its left neighbours (pixel graph), and neither depends on the cell's
own values: within a cell only the attention blocks run one after the other. Shapes: H x W grid, L gated layers,
C channels, kernel k, P = k // 2 columns each side, R = k - 1 rows above, D condition_dim, NB blocks, h heads of d.

Several clips, each at its own row, go through the graphs as a batch without affecting each other: see `export/pixel_graph.py`.
"""

from __future__ import annotations

import io
import warnings

import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import Tensor, nn

from ..models.conditioning import Context, LabelMap
from ..models.grid import Grid
from ..models.pixelsnail import PixelSnail
from .fold_weight_norm import folded
from .graph_builder import IR_VERSION, OPSET, GraphWriter, halve, merged
from .pixel_graph import pixel_graph
from .row_graph import row_graph


class _Part(nn.Module):
    """Condition of the rows between two of `condition_rows`, channels last: [B, rows, W, D]. It depends only on the codes
    of earlier codebooks, so it is computed once per codebook."""

    def __init__(self, condition: Context) -> None:
        super().__init__()
        grid = condition.grid
        self.condition, self.alone = condition, Grid(1, grid.frequency, grid.time, grid.row_axes, grid.col_axes)
        self.register_buffer("before", torch.ones(grid.codebooks, grid.codebooks).tril(-1))
        place = torch.arange(grid.frequency * grid.time).view(1, 1, grid.frequency, grid.time)
        self.register_buffer("order", self.alone.from_latent(place).flatten())

    def forward(self, class_weights: Tensor, codes: Tensor, part: Tensor) -> Tensor:
        """class_weights [B, n], codes [B, H, W], part [1]: which of `condition_rows` the rows begin at."""
        c = self.condition
        if not c.levels_first:
            return c(class_weights, codes).permute(0, 2, 3, 1)
        grid, known = c.grid, self.before[part]  # [1, K]
        latent = grid.to_latent(codes)
        total = sum(known[:, i].view(1, 1, 1, 1) * F.embedding(latent[:, i], c.vectors[i]) for i in range(grid.codebooks - 1))
        places = c.frequency_place.expand(codes.shape[0], -1, -1, -1)
        x = c.enter(torch.cat([total.permute(0, 3, 1, 2), places], 1))
        x = x + (c.steer(class_weights) + c.at_level[part]).unsqueeze(-1).unsqueeze(-1)
        x = c.leave(F.elu(c.blocks(x))) * known[:, :1].view(1, 1, 1, 1)  # the first codebook has no context
        named = c.of_level[part] + c.of_class(class_weights)
        x = x + named.unsqueeze(-1).unsqueeze(-1) + c.of_frequency.T.unsqueeze(0).unsqueeze(-1)
        return x.flatten(2).transpose(1, 2)[:, self.order].view(-1, self.alone.rows, self.alone.cols, c.dim)


def condition_graph(model: PixelSnail) -> onnx.ModelProto:
    """class [B, n], codes [B, H, W] int64 (absent where not sampled), part [1] int64 -> condition [B, rows, W, D] of the rows
    from condition_rows[part] on to the next of them."""
    c = model.config
    if isinstance(model.condition, LabelMap):
        g = GraphWriter("condition")
        weights = g.input("class", ["B", c.classes])
        g.reshape(g.op("MatMul", weights, g.constant(model.condition.table())), [-1, c.rows, c.cols, 1], to="condition")
        g.output("condition", ["B", c.rows, c.cols, 1])
        exported = g.model()
    else:
        example = torch.full((2, c.classes), 1 / c.classes), torch.full((2, c.rows, c.cols), c.codes), torch.tensor([0])
        exported = export_module(_Part(model.condition), example, ["class", "codes", "part"], ["condition"], whole=["part"])
    # Keep unused inputs in the graph's signature.
    taken = {i.name for i in exported.graph.input}
    for name, shape in (("codes", ["B", c.rows, c.cols]), ("part", [1])):
        if name not in taken:
            exported.graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, shape))
    return exported


def export_module(
    module: nn.Module,
    example: tuple[Tensor, ...],
    inputs: list[str],
    outputs: list[str],
    axes: dict[str, dict[int, str]] | None = None,
    whole: list[str] | None = None,
) -> onnx.ModelProto:
    """A module traced to ONNX with a dynamic batch B on the first axis of everything but `whole`, and `axes` beside."""
    named = {name: {0: "B", **(axes or {}).get(name, {})} for name in [*inputs, *outputs] if name not in (whole or [])}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecation of the TorchScript exporter
        torch.onnx.export(module.eval(), example, buffer, input_names=inputs, output_names=outputs, opset_version=OPSET, dynamic_axes=named, dynamo=False)
    model = onnx.load_from_string(buffer.getvalue())
    model.ir_version, model.producer_name, model.producer_version = IR_VERSION, "foley-trainer", ""
    with torch.no_grad():
        results = module(*example)
    results = results if isinstance(results, tuple) else (results,)
    for output, result in zip(model.graph.output, results, strict=True):  # restore sizes that the tracer lost
        kind = output.type.tensor_type.elem_type
        output.CopyFrom(helper.make_tensor_value_info(output.name, kind, [named[output.name].get(i, size) for i, size in enumerate(result.shape)]))
    for node in model.graph.node:
        node.doc_string = ""
    return merged(model)


@torch.no_grad()
def export_prior(model: PixelSnail, half_weights: bool = False) -> dict[str, onnx.ModelProto]:
    """condition, row and pixel graph. With `half_weights` they equal `folded(model, half=True)`, not `model` itself."""
    model = folded(model, half_weights)
    graphs = {"condition": condition_graph(model), "row": row_graph(model), "pixel": pixel_graph(model)}
    return {name: halve(graph) for name, graph in graphs.items()} if half_weights else graphs
