"""Writes the convolutions along time of a graph as convolutions of images of height 1: the same numbers, a quarter sooner.

ONNX Runtime lays channels out in blocks (NCHWc) for convolutions of images alone. Default voice's vocoder, one thread: 146 -> 114 ms
of a clip, the largest difference of a sample 1e-7.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper

HEIGHT = "height"
"""The axis that is added: [batch, channels, 1, time]."""
_CONVOLUTIONS = ("Conv", "ConvTranspose")
_UNARY = ("LeakyRelu", "Relu", "Sigmoid", "Tanh", "Abs")
_BINARY = ("Add", "Sub", "Mul", "Div")


def in_two_dimensions(model: onnx.ModelProto) -> onnx.ModelProto:
    """Changes the graph in place. What lies between two convolutions, element by element, keeps the height; anything else has it taken away."""
    writer = _Writer(model.graph)
    for node in model.graph.node:
        writer.add(node)
    for output in model.graph.output:
        writer.flat(output.name)
    if writer.tall:
        model.graph.initializer.append(numpy_helper.from_array(np.array([2], np.int64), HEIGHT))
    del model.graph.node[:]
    model.graph.node.extend(writer.nodes)
    del model.graph.value_info[:]
    return model


class _Writer:
    def __init__(self, graph: onnx.GraphProto) -> None:
        self.constants = {constant.name: constant for constant in graph.initializer}
        self.scalars = {name for name, constant in self.constants.items() if math.prod(constant.dims) == 1 and len(constant.dims) < 2}
        self.scalars |= {node.output[0] for node in graph.node if node.op_type == "Constant" and math.prod(node.attribute[0].t.dims) == 1}
        self.nodes: list[NodeProto] = []
        self.tall: dict[str, str] = {}  # of a value, its name with a height
        self.flattened: set[str] = set()  # those that exist without one, too
        self.kernels: set[str] = set()  # constants that have got one

    def add(self, node: NodeProto) -> None:
        if node.op_type in _CONVOLUTIONS and self._is_kernel(node.input[1]):
            self._convolution(node)
        elif (node.op_type in _UNARY and node.input[0] in self.tall) or (node.op_type in _BINARY and self._keeps_height(node)):
            self._tall_node(node, [self.tall.get(name, name) for name in node.input])
        else:
            for name in node.input:
                self.flat(name)
            self.nodes.append(node)

    def flat(self, name: str) -> None:
        """Makes sure that a value exists without a height."""
        if name in self.tall and name not in self.flattened:
            self.flattened.add(name)
            self.nodes.append(helper.make_node("Squeeze", [self.tall[name], HEIGHT], [name], name=f"{name}_flat"))

    def _is_kernel(self, name: str) -> bool:
        return name in self.kernels or (name in self.constants and len(self.constants[name].dims) == 3)

    def _keeps_height(self, node: NodeProto) -> bool:
        return any(name in self.tall for name in node.input) and all(name in self.tall or name in self.scalars for name in node.input)

    def _tall_node(self, node: NodeProto, inputs: list[str]) -> None:
        del node.input[:]
        node.input.extend(inputs)
        name = node.output[0]
        self.tall[name] = node.output[0] = f"{name}_tall"
        self.nodes.append(node)

    def _convolution(self, node: NodeProto) -> None:
        kernel = self.constants[node.input[1]]
        if kernel.name not in self.kernels:
            kernel.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(kernel)[:, :, None], kernel.name))
            self.kernels.add(kernel.name)
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        begin, end = attributes.get("pads", [0, 0])
        attributes |= {"kernel_shape": [1, kernel.dims[3]], "pads": [0, begin, 0, end]}
        attributes |= {name: [1, attributes[name][0]] for name in ("strides", "dilations") if name in attributes}
        if "output_padding" in attributes:
            attributes["output_padding"] = [0, attributes["output_padding"][0]]
        del node.attribute[:]
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        sound = node.input[0]
        if sound not in self.tall:
            self.tall[sound] = f"{sound}_tall"
            self.flattened.add(sound)
            self.nodes.append(helper.make_node("Unsqueeze", [sound, HEIGHT], [self.tall[sound]], name=self.tall[sound]))
        self._tall_node(node, [self.tall[sound], *node.input[1:]])
