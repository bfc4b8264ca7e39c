"""Builds ONNX graphs by hand and stores their weights as float16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

OPSET = 17
IR_VERSION = 8
KINDS = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
Shape = Sequence[int | str]


class GraphWriter:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.tensors: dict[str, Tensor] = {}  # constants given as tensors, unconverted
        self._count = 0

    def fresh(self, stem: str) -> str:
        """A name that no other has."""
        self._count += 1
        return f"{stem}_{self._count}"

    def input(self, name: str, shape: Shape, kind: str = "float32") -> str:
        self.inputs.append(helper.make_tensor_value_info(name, KINDS[kind], shape))
        return name

    def output(self, name: str, shape: Shape, kind: str = "float32") -> None:
        self.outputs.append(helper.make_tensor_value_info(name, KINDS[kind], shape))

    def constant(self, value: Tensor | np.ndarray | Sequence[int] | int) -> str:
        """float tensors become float32, integers int64."""
        array = value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
        array = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
        name = self.fresh("constant")
        if isinstance(value, Tensor):
            self.tensors[name] = value
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        """One node with one output, named `to` where it is a graph output."""
        name = to or self.fresh(kind.lower())
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def split(self, x: str, sizes: Sequence[int], axis: int) -> list[str]:
        if len(sizes) == 1:
            return [x]
        names = [self.fresh("split") for _ in sizes]
        self.nodes.append(helper.make_node("Split", [x, self.constant(list(sizes))], names, axis=axis))
        return names

    def slice(self, x: str, starts: Sequence[int], stops: Sequence[int], axes: Sequence[int]) -> str:
        return self.op("Slice", x, *(self.constant(list(part)) for part in (starts, stops, axes)))

    def reshape(self, x: str, shape: Sequence[int], to: str | None = None) -> str:
        return self.op("Reshape", x, self.constant(list(shape)), to=to)

    def gemm(self, x: str, weight: Tensor, bias: Tensor | str, to: str | None = None) -> str:
        """x [M, in] @ weight [in, out] + bias, a constant [out] or a name for [M, out] or [1, out]."""
        return self.op("Gemm", x, self.constant(weight), bias if isinstance(bias, str) else self.constant(bias), to=to)

    def join(self, parts: Sequence[str], axis: int) -> str:
        return self.op("Concat", *parts, axis=axis) if len(parts) > 1 else parts[0]

    def glu(self, x: str, half: int) -> str:
        """[.., 2 * half] -> first half times sigmoid of the second."""
        value, gate = self.split(x, [half, half], -1)
        return self.op("Mul", value, self.op("Sigmoid", gate))

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="foley-trainer")
        onnx.checker.check_model(model)
        return model


def merged(model: onnx.ModelProto) -> onnx.ModelProto:
    """Merges equal constants in place: the tracer writes a tensor once per use."""
    known: dict[bytes, str] = {}
    instead: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        if node.op_type == "Constant":
            value = node.attribute[0].SerializeToString()
            first = known.setdefault(value, node.output[0])
            if first != node.output[0]:
                instead[node.output[0]] = first
                continue
        kept.append(node)
    for node in kept:
        for i, name in enumerate(node.input):
            node.input[i] = instead.get(name, name)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def halve(model: onnx.ModelProto, smallest: int = 1024) -> onnx.ModelProto:
    """Stores as float16 (and casts back) every constant float16 holds exactly: half the file, the same numbers.

    onnxruntime folds the casts when it loads the graph. Round the weights first (`fold.folded(half=True)`).
    """
    casts = []
    for constant in model.graph.initializer:
        if constant.data_type != TensorProto.FLOAT or np.prod(constant.dims) < smallest:
            continue
        array = numpy_helper.to_array(constant)
        if not np.array_equal(array, array.astype(np.float16).astype(np.float32)):
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    for node in reversed(casts):
        model.graph.node.insert(0, node)
    return model
