"""Two samplers of one distribution: the exact two-stage graphs, and the full forward pass as their reference.

The two-stage sampler is the reference for any other program that drives the graphs: what it feeds them, and
when, is the contract.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor

from ..models.pixelsnail import PixelSnail, PriorConfig, condition_rows

Choose = Callable[[np.ndarray, int], np.ndarray]  # logits [B, codes], raster index of the cell -> codes [B]


def session(graph: onnx.ModelProto | bytes | str, threads: int = 1) -> onnxruntime.InferenceSession:
    """A CPU session whose threads spin 100 us at most: enough to bridge the gap between two nodes, too little to
    fight over the cores with another session."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.spin_duration_us", "100")
    options.log_severity_level = 3
    data = graph.SerializeToString() if isinstance(graph, onnx.ModelProto) else graph
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def greedy(logits: np.ndarray, _cell: int) -> np.ndarray:
    return logits.argmax(1)


def drawn(seed: int, temperature: float = 1.0, longest: int = 8192) -> Choose:
    """Multinomial at a temperature for grids of up to `longest` cells. What a clip draws depends on the seed and its
    position in the batch, not on the batch size."""
    table = np.zeros((0, longest))

    def choose(logits: np.ndarray, cell: int) -> np.ndarray:
        nonlocal table
        if len(table) != len(logits):
            table = np.random.default_rng(seed).random((len(logits), longest))
        cumulative = np.exp((logits - logits.max(1, keepdims=True)) / temperature).cumsum(1, dtype=np.float64)
        return (cumulative <= table[:, cell, None] * cumulative[:, -1:]).sum(1)

    return choose


HIDDEN = -1e4
"""Mask value of hidden positions: far below any score, and its exp() is exactly 0."""

STEP = 128
"""The past grows by so many places. Any number would do; a multiple of a vector's width never changes a bit."""


class _State:
    """State between rows: activations above, KV cache and the codes sampled so far."""

    def __init__(self, c: PriorConfig, batch: int) -> None:
        deep = c.channels // 2 // c.heads
        activations = (batch, c.layers * c.channels, c.kernel - 1, c.cols + c.kernel - 1)
        self.above1, self.above2 = np.zeros(activations, np.float32), np.zeros(activations, np.float32)
        self.keys = [np.zeros((batch, c.heads, deep + 1, 0), np.float32) for _ in range(c.blocks)]
        self.values = [np.zeros((batch, c.heads, deep, 0), np.float32) for _ in range(c.blocks)]
        self.codes = np.full((batch, c.rows, c.cols), c.codes, np.int64)

    def grow(self, cells: int) -> None:
        """Grows the KV cache to so many cells; new ones are hidden."""
        more = -(-cells // STEP) * STEP - self.keys[0].shape[-1]
        self.keys = [np.pad(key, [(0, 0)] * 3 + [(0, more)]) for key in self.keys]
        self.values = [np.pad(value, [(0, 0)] * 3 + [(0, more)]) for value in self.values]
        if more > 0:
            for key in self.keys:
                key[:, :, -1, -more:] = HIDDEN

    def past(self) -> dict[str, np.ndarray]:
        return {f"{name}{b}": part for name, parts in (("key", self.keys), ("value", self.values)) for b, part in enumerate(parts)}

    def keep(self, cell: int, past: np.ndarray) -> None:
        """past [B, NB, 2, h, d]."""
        for b, (key, value) in enumerate(zip(self.keys, self.values, strict=True)):
            key[:, :, :-1, cell], value[..., cell] = past[:, b, 0], past[:, b, 1]
            key[:, :, -1, cell] = 0


class TwoStageSampler:
    """Samples with the condition, row and pixel graphs."""

    def __init__(self, config: PriorConfig, graphs: dict[str, onnx.ModelProto], threads: int = 1) -> None:
        self.config = config
        self.condition, self.row, self.pixel = (session(graphs[name], threads) for name in ("condition", "row", "pixel"))

    def _row_inputs(self, state: _State, row: int) -> np.ndarray:
        """Codes of the P rows above with P absent columns each side, absent outside the grid: [B, P, W + 2P]."""
        c = self.config
        reach = c.kernel // 2
        out = np.full((state.codes.shape[0], reach, c.cols + 2 * reach), c.codes, np.int64)
        for i in range(reach):
            if row - reach + i >= 0:
                out[:, i, reach:-reach] = state.codes[:, row - reach + i]
        return out

    def run(self, class_weights: np.ndarray, choose: Choose) -> tuple[np.ndarray, np.ndarray]:
        """class_weights [B, n] -> codes [B, H, W], and the logits every cell was chosen from [B, codes, H, W]."""
        c = self.config
        weights = np.ascontiguousarray(class_weights, np.float32)
        state, parts = _State(c, len(weights)), condition_rows(c)
        logits = np.empty((len(weights), c.codes, c.rows, c.cols), np.float32)
        condition, part = np.empty(0, np.float32), np.zeros(1, np.int64)
        for row in range(c.rows):
            if row in parts:
                part = np.array([parts.index(row)])
                (condition,) = self.condition.run(None, {"class": weights, "codes": state.codes, "part": part})
            self._row(state, row, condition[:, row - parts[int(part[0])]], choose, logits)
        return state.codes, logits

    def _row(self, state: _State, row: int, condition: np.ndarray, choose: Choose, logits: np.ndarray) -> None:
        c = self.config
        size, reach, batch = c.channels, c.kernel // 2, state.codes.shape[0]
        feeds = {"a1": state.above1, "a2": state.above2, "codes": self._row_inputs(state, row), "condition": np.ascontiguousarray(condition)}
        c1, c2, e0 = self.row.run(["c1", "c2", "e0"], {**feeds, "row": np.full(batch, row)})
        state.grow((row + 1) * c.cols)
        # A product of one row rounds differently than one of several: see the pixel graph.
        several = max(batch, 2)
        rows = {"attend": np.arange(batch), "attended": np.arange(several) % batch}
        left = np.full((several, reach), c.codes, np.int64)
        left1, left2 = (np.zeros((several, c.layers, reach * size), np.float32) for _ in range(2))
        for states in (state.above1, state.above2):  # this row becomes the last of the rows above the next
            states[:, :, :-1] = states[:, :, 1:].copy()
        for column in range(c.cols):
            cell = row * c.cols + column
            cell_logits, a1, a2, past = self.pixel.run(
                ["logits", "a1", "a2", "past"],
                {
                    "cell": np.full(several, cell), "c1": c1[column], "c2": c2[column], "e0": e0[column],
                    "left": left, "l1": left1, "l2": left2, **rows, **state.past(),
                },
            )  # fmt: skip
            code = choose(cell_logits[:batch], cell)
            logits[:, :, row, column] = cell_logits[:batch]
            state.codes[:, row, column] = code
            state.keep(cell, past[:batch])
            left[:, :-1], left[:batch, -1] = left[:, 1:], code
            for states, lefts, new in ((state.above1, left1, a1), (state.above2, left2, a2)):
                states[:, :, -1, reach + column] = new[:batch].reshape(batch, -1)
                lefts[..., :-size], lefts[..., -size:] = lefts[..., size:], new

    def logits(self, codes: np.ndarray, class_weights: np.ndarray) -> np.ndarray:
        """Teacher-forced: codes [B, H, W], class_weights [B, n] -> logits [B, codes, H, W]."""
        flat = codes.reshape(len(codes), -1)
        return self.run(class_weights, lambda _, cell: flat[:, cell])[1]

    def sample(self, class_weights: np.ndarray, choose: Choose = greedy) -> np.ndarray:
        """class_weights [B, n] -> codes [B, H, W]."""
        return self.run(class_weights, choose)[0]


class ReferenceSampler:
    """One full forward pass of the network per cell."""

    def __init__(self, model: PixelSnail) -> None:
        self.model = model.eval()

    @torch.no_grad()
    def logits(self, codes: np.ndarray, class_weights: np.ndarray) -> np.ndarray:
        return self.model(torch.from_numpy(codes), torch.from_numpy(class_weights).float()).numpy()

    @torch.no_grad()
    def sample(self, class_weights: np.ndarray, choose: Choose = greedy) -> np.ndarray:
        c = self.model.config
        weights = torch.from_numpy(class_weights).float()
        codes: Tensor = torch.zeros(len(weights), c.rows, c.cols, dtype=torch.int64)
        for cell in range(c.rows * c.cols):
            here = self.model(codes, weights)[:, :, cell // c.cols, cell % c.cols]
            codes[:, cell // c.cols, cell % c.cols] = torch.from_numpy(choose(here.numpy(), cell))
        return codes.numpy()
