"""The prior as three ONNX graphs that sample it exactly, a row and then its cells at a time.

In every causal convolution the centre tap is dead. So the taps on finished rows are computed for a whole row at
once (row graph), a cell adds the taps on its left neighbours (pixel graph), and neither depends on the cell's
own values: within a cell only the attention blocks run one after the other. Shapes: H x W grid, L gated layers,
C channels, kernel k, P = k // 2 columns each side, R = k - 1 rows above, D condition_dim, NB blocks, h heads of d.

Several clips, each in a row of its own, go through the graphs as a batch, and none can tell: see `export_pixel.py`.
"""

from __future__ import annotations

import io
import warnings

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from .condition import Context, LabelMap
from .export_pixel import pixel_graph
from .export_row import row_graph
from .fold import folded
from .onnx_graph import IR_VERSION, OPSET, GraphWriter, halve, merged
from .prior import PixelSnail, PriorConfig


def condition_rows(c: PriorConfig) -> list[int]:
    """Rows before which the condition graph must run (again) with the codes so far."""
    return c.grid.condition_rows() if c.condition == "context" else [0]


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


@torch.no_grad()
def export_prior(model: PixelSnail, half_weights: bool = False) -> dict[str, onnx.ModelProto]:
    """condition, row and pixel graph. With `half_weights` they equal `folded(model, half=True)`, not `model` itself."""
    model = folded(model, half_weights)
    graphs = {"condition": condition_graph(model), "row": row_graph(model), "pixel": pixel_graph(model)}
    return {name: halve(graph) for name, graph in graphs.items()} if half_weights else graphs
