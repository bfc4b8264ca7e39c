"""Graphs `contour` and `spectrum` of a voice: they draw what a clip of a class follows, where nothing is asked for.

The prior knows the sounds of a class better than their course over four seconds (how many barks, in what rhythm, how
long the tail of a shot is) and than the colour that a whole recording has. So both are drawn first, from the training
clips, and the prior follows them.

    contour    class [1, n], uniform [1, 4] in 0..1 -> level [1, frames] in dB, known [1]
    spectrum   class [1, n], uniform [1, 4] in 0..1 -> spectrum [1, bins] in dB, known [1]
    known: 0 for a class of which the voice holds none (the other output means nothing then)

The first two uniform numbers choose the class (of a mix) and the clip. A contour's others are its gain and its tempo; a
spectrum's choose a second clip of the class and how far the spectrum lies towards that one's. Contour and spectrum are of
the same class but of different clips: of one clip, five of 280 clips were memorised, of different ones one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..features import loudness, spectrum
from .graph_builder import GraphWriter

DRAWS = 7
"""Uniform numbers of a clip; contour and spectrum share the one that chooses the class."""
OF_CONTOUR, OF_SPECTRUM = [0, 1, 2, 3], [0, 6, 4, 5]
TEMPO = 0.08
"""A contour is played so much faster or slower at most."""
GAIN_DB = 1.5
"""It is so much louder or softer at most."""
QUIET_DB, RISE_DB = 34, 12
"""Frames are silent that are so far below the loudest, and so far below the last one."""
SILENCE, LATE = 1 / 43, 1 / 13
"""Shares of a clip, 0.09 s and 0.31 s of four: the shortest silence before an event that is cut off, and how late it begins at the earliest."""
TOWARDS = 0.5
"""A spectrum lies so far towards that of a second clip at most."""


def contour_graph(contours: Sequence[np.ndarray], frames: int) -> onnx.ModelProto:
    """contours: levels in dB of each class in the order of the voice, [clips, frames]; a class may have none."""
    g = GraphWriter("contour")
    clips = _Clips(g, contours, frames, loudness.FLOOR_DB)
    of_gain, of_tempo = clips.others
    row = _without_cut_event(g, clips.choose(clips.first), frames)

    # Its tempo: frame t is frame t * speed of it, between two neighbours; the last one holds.
    speed = g.op("Add", g.op("Mul", g.reshape(of_tempo, [1]), g.constant(np.float32([2 * TEMPO]))), g.constant(np.float32([1 - TEMPO])))
    at = g.op("Min", g.op("Mul", g.constant(np.arange(frames, dtype=np.float32)), speed), g.constant(np.float32([frames - 1])))
    before = g.op("Floor", at)
    lower = _cast(g, before, TensorProto.INT64)
    upper = g.op("Min", g.op("Add", lower, g.constant([1])), g.constant([frames - 1]))
    one, other = g.op("Gather", row, lower), g.op("Gather", row, upper)
    level = g.op("Add", one, g.op("Mul", g.op("Sub", other, one), g.op("Sub", at, before)))
    level = _without_cut_event(g, level, frames)  # a slower one is cut off before its end
    gain = g.op("Mul", g.op("Sub", g.reshape(of_gain, [1]), g.constant(np.float32([0.5]))), g.constant(np.float32([2 * GAIN_DB])))
    level = g.op("Clip", g.op("Add", level, gain), g.constant(np.float32(loudness.FLOOR_DB)), g.constant(np.float32(0)))
    g.reshape(level, [1, frames], to="level")
    g.output("level", [1, frames])
    return clips.model()


def _without_cut_event(g: GraphWriter, level: str, frames: int) -> str:
    """A contour [frames] whose last sound begins shortly before its end, out of silence, and is heard there still: without that sound.

    Recordings are cut to the length of a clip. One in twenty (of reloads one in seven) so ends with the first moment of an event, a click in what is made of it.
    """
    at, end = g.constant(np.arange(frames, dtype=np.float32)), frames - 1
    loudest, ends = g.op("ReduceMax", level, keepdims=1), g.op("Gather", level, g.constant([end]))
    below = g.op("Min", g.op("Sub", loudest, g.constant(np.float32([QUIET_DB]))), g.op("Sub", ends, g.constant(np.float32([RISE_DB]))))
    quiet = g.op("Less", level, below)
    last = g.op("ReduceMax", g.op("Where", quiet, at, g.constant(np.float32([-1]))), keepdims=1)
    silence = max(1, round(frames * SILENCE))
    before = g.op("And", quiet, g.op("Greater", at, g.op("Sub", last, g.constant(np.float32([silence])))))
    silent = g.op("GreaterOrEqual", g.op("ReduceSum", _cast(g, before, TensorProto.FLOAT), keepdims=1), g.constant(np.float32([silence])))
    late = g.op("GreaterOrEqual", last, g.constant(np.float32([end - round(frames * LATE)])))
    cut = g.op("And", late, silent)
    floor = g.op("ReduceMin", g.op("Where", before, level, g.constant(np.float32([0]))), keepdims=1)
    return g.op("Where", g.op("And", g.op("GreaterOrEqual", at, last), cut), floor, level)


def spectrum_graph(spectra: Sequence[np.ndarray], bins: int) -> onnx.ModelProto:
    """spectra: average spectra in dB of each class in the order of the voice, [clips, bins]; a class may have none."""
    g = GraphWriter("spectrum")
    clips = _Clips(g, spectra, bins, spectrum.FLOOR_DB)
    of_second, of_share = clips.others
    one, other = clips.choose(clips.first), clips.choose(of_second)
    share = g.op("Mul", g.reshape(of_share, [1]), g.constant(np.float32([TOWARDS])))
    g.reshape(g.op("Add", one, g.op("Mul", g.op("Sub", other, one), share)), [1, bins], to="spectrum")
    g.output("spectrum", [1, bins])
    return clips.model()


class _Clips:
    """A row of whole dB of every clip, one class after the other, and the choice of a class."""

    def __init__(self, g: GraphWriter, rows: Sequence[np.ndarray], width: int, floor: float) -> None:
        counts = np.array([len(of) for of in rows])
        self.g, self.width = g, width
        weights, uniform = g.input("class", [1, len(counts)]), g.input("uniform", [1, 4])
        of_class, self.first, *self.others = g.split(uniform, [1] * 4, 1)
        # The class: the first whose cumulative weight is above the number.
        total = g.op("ReduceSum", weights, g.constant([1]), keepdims=1)
        passed = g.op("LessOrEqual", g.op("CumSum", weights, g.constant(np.int64(1))), g.op("Mul", of_class, total))
        index = g.op("ReduceSum", _cast(g, passed, TensorProto.INT64), g.constant([1]), keepdims=0)
        index = g.op("Min", index, g.constant([len(counts) - 1]))
        self.count = g.op("Gather", g.constant(counts), index)
        self.begin = g.op("Gather", g.constant(np.concatenate([[0], counts.cumsum()[:-1]])), index)
        # A class without any points at what lies behind all.
        levels = np.concatenate([of.reshape(-1, width) for of in rows] + [np.zeros((1, width))])
        self.levels = "levels"
        g.constants.append(numpy_helper.from_array(np.rint(levels).clip(floor, 0).astype(np.int8), self.levels))

    def choose(self, of_clip: str) -> str:
        """A uniform number [1, 1] -> the row [width] of the clip of the class that it chooses."""
        g = self.g
        share = g.op("Mul", g.reshape(of_clip, [1]), _cast(g, self.count, TensorProto.FLOAT))
        last = g.op("Sub", self.count, g.constant([1]))
        within = g.op("Max", g.op("Min", _cast(g, g.op("Floor", share), TensorProto.INT64), last), g.constant([0]))
        return _cast(g, g.reshape(g.op("Gather", self.levels, g.op("Add", self.begin, within)), [self.width]), TensorProto.FLOAT)

    def model(self) -> onnx.ModelProto:
        """With the graph output `known`."""
        _cast(self.g, self.g.op("Greater", self.count, self.g.constant([0])), TensorProto.FLOAT, "known")
        self.g.output("known", [1])
        return self.g.model()


def _cast(g: GraphWriter, x: str, kind: int, name: str | None = None) -> str:
    name = name or g.fresh("cast")
    g.nodes.append(helper.make_node("Cast", [x], [name], to=kind))
    return name
