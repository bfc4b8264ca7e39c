"""Graph `grain` of a voice: how grainy the noise is that its vocoder is excited by, for a class.

    grain    class [1, n] -> grain [1] in 0..1

Rain is no even noise: its drops stand out for less than a millisecond, which a mel of 46 ms windows cannot tell. So the
shaped noise of a class may be made of grains, see `models.noise_excitation.grains`. Of 120 clips of rain a tagger named
0.88 with a grain of 1 and 0.70 without (recordings: 0.86); their kurtosis from 4 to 8 kHz was 4.1 and 3.0 (4.2). Vehicles,
whose kurtosis is that of even noise, gained nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from .graph_builder import GraphWriter


def grain_graph(grains: Sequence[float]) -> onnx.ModelProto:
    """grains: of each class in the order of the voice, 0 (even noise) to 1. A mix of classes has the mean of its classes' grains."""
    if any(not 0 <= grain <= 1 for grain in grains):
        raise ValueError(f"grains must be 0 to 1, not {', '.join(map(str, grains))}")
    g = GraphWriter("grain")
    weights = g.input("class", [1, len(grains)])
    g.reshape(g.op("MatMul", weights, g.constant(np.float32(grains)[:, None])), [1], to="grain")
    g.output("grain", [1])
    return g.model()
