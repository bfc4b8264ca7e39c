"""Graph `contour` of a voice: draws the loudness contour that a clip of a class follows, where none is asked for.

The prior knows the sounds of a class better than their course over four seconds: how many barks, in what rhythm, how
long the tail of a shot is. So the course is drawn first, from contours of the training clips, and the prior follows it.

    class [1, n], uniform [1, 4] in 0..1 -> level [1, frames] in dB, known [1]
    known: 0 for a class of which the voice holds no contour (level means nothing then)

The uniform numbers choose the class (of a mix), the contour, its gain and its tempo.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..features.loudness import FLOOR_DB
from .graph_builder import GraphWriter

DRAWS = 4
"""Uniform numbers that a contour is drawn by."""
TEMPO = 0.08
"""A contour is played so much faster or slower at most."""
GAIN_DB = 1.5
"""It is so much louder or softer at most."""


def contour_graph(contours: Sequence[np.ndarray], frames: int) -> onnx.ModelProto:
    """contours: levels in dB of each class in the order of the voice, [clips, frames]; a class may have none."""
    counts = np.array([len(of) for of in contours])
    levels = np.concatenate([of.reshape(-1, frames) for of in contours] + [np.zeros((1, frames))])
    levels = np.rint(levels).clip(FLOOR_DB, 0).astype(np.int8)
    g = GraphWriter("contour")
    weights, uniform = g.input("class", [1, len(counts)]), g.input("uniform", [1, DRAWS])
    of_class, of_clip, of_gain, of_tempo = g.split(uniform, [1] * DRAWS, 1)

    # The class: the first whose cumulative weight is above the number.
    total = g.op("ReduceSum", weights, g.constant([1]), keepdims=1)
    passed = g.op("LessOrEqual", g.op("CumSum", weights, g.constant(np.int64(1))), g.op("Mul", of_class, total))
    index = g.op("ReduceSum", _cast(g, passed, TensorProto.INT64), g.constant([1]), keepdims=0)
    index = g.op("Min", index, g.constant([len(counts) - 1]))
    count = g.op("Gather", g.constant(counts), index)
    first = g.op("Gather", g.constant(np.concatenate([[0], counts.cumsum()[:-1]])), index)

    # The clip. A class without any points at what lies behind all contours.
    share = g.op("Mul", g.reshape(of_clip, [1]), _cast(g, count, TensorProto.FLOAT))
    within = g.op("Max", g.op("Min", _cast(g, g.op("Floor", share), TensorProto.INT64), g.op("Sub", count, g.constant([1]))), g.constant([0]))
    name = "levels"
    g.constants.append(numpy_helper.from_array(levels, name))
    row = _cast(g, g.reshape(g.op("Gather", name, g.op("Add", first, within)), [frames]), TensorProto.FLOAT)

    # Its tempo: frame t is frame t * speed of it, between two neighbours; the last one holds.
    speed = g.op("Add", g.op("Mul", g.reshape(of_tempo, [1]), g.constant(np.float32([2 * TEMPO]))), g.constant(np.float32([1 - TEMPO])))
    at = g.op("Min", g.op("Mul", g.constant(np.arange(frames, dtype=np.float32)), speed), g.constant(np.float32([frames - 1])))
    before = g.op("Floor", at)
    lower = _cast(g, before, TensorProto.INT64)
    upper = g.op("Min", g.op("Add", lower, g.constant([1])), g.constant([frames - 1]))
    one, other = g.op("Gather", row, lower), g.op("Gather", row, upper)
    level = g.op("Add", one, g.op("Mul", g.op("Sub", other, one), g.op("Sub", at, before)))
    gain = g.op("Mul", g.op("Sub", g.reshape(of_gain, [1]), g.constant(np.float32([0.5]))), g.constant(np.float32([2 * GAIN_DB])))
    level = g.op("Clip", g.op("Add", level, gain), g.constant(np.float32(FLOOR_DB)), g.constant(np.float32(0)))
    g.reshape(level, [1, frames], to="level")
    _cast(g, g.op("Greater", count, g.constant([0])), TensorProto.FLOAT, "known")
    g.output("level", [1, frames])
    g.output("known", [1])
    return g.model()


def _cast(g: GraphWriter, x: str, kind: int, name: str | None = None) -> str:
    name = name or f"{x}_cast"
    g.nodes.append(helper.make_node("Cast", [x], [name], to=kind))
    return name
