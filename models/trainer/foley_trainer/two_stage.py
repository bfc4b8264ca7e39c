"""Two samplers of one distribution: the exact two-stage graphs, and the full forward pass they are measured by.

The two-stage sampler is the reference for any other program that drives the graphs: what it feeds them, and
when, is the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor

from .export_prior import condition_rows
from .prior import PixelSnail, PriorConfig

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
    place in the batch, not on how large the batch is."""
    table = np.zeros((0, longest))

    def choose(logits: np.ndarray, cell: int) -> np.ndarray:
        nonlocal table
        if len(table) != len(logits):
            table = np.random.default_rng(seed).random((len(logits), longest))
        cumulative = np.exp((logits - logits.max(1, keepdims=True)) / temperature).cumsum(1, dtype=np.float64)
        return (cumulative <= table[:, cell, None] * cumulative[:, -1:]).sum(1)

    return choose


@dataclass
class _State:
    """What is kept between rows: activations above, keys, values and the codes sampled so far."""

    above1: np.ndarray
    above2: np.ndarray
    key: np.ndarray
    value: np.ndarray
    codes: np.ndarray


class TwoStageSampler:
    """Drives condition, row and pixel graph."""

    def __init__(self, config: PriorConfig, graphs: dict[str, onnx.ModelProto], threads: int = 1) -> None:
        self.config = config
        self.condition, self.row, self.pixel = (session(graphs[name], threads) for name in ("condition", "row", "pixel"))

    def _past(self, state: _State) -> dict[str, np.ndarray]:
        """Keys and values as the pixel graph takes them: one input per block (views, no copies)."""
        blocks = range(self.config.blocks)
        return {f"key{b}": state.key[b : b + 1] for b in blocks} | {f"value{b}": state.value[b : b + 1] for b in blocks}

    def _start(self, batch: int) -> _State:
        c = self.config
        reach, above = c.kernel // 2, c.kernel - 1
        deep = c.channels // 2 // c.heads
        activations = (c.layers, batch, c.cols + 2 * reach, above * c.channels)
        return _State(
            np.zeros(activations, np.float32),
            np.zeros(activations, np.float32),
            np.zeros((c.blocks, batch, c.heads, deep, 0), np.float32),
            np.zeros((c.blocks, batch, c.heads, 0, deep), np.float32),
            np.full((batch, c.rows, c.cols), c.codes, np.int64),
        )

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
        state, rerun = self._start(len(weights)), set(condition_rows(c))
        logits = np.empty((len(weights), c.codes, c.rows, c.cols), np.float32)
        condition = np.empty(0, np.float32)
        for row in range(c.rows):
            if row in rerun:
                (condition,) = self.condition.run(None, {"class": weights, "codes": state.codes})
            self._row(state, row, condition[:, row], choose, logits)
        return state.codes, logits

    def _row(self, state: _State, row: int, condition: np.ndarray, choose: Choose, logits: np.ndarray) -> None:
        c = self.config
        size, reach, batch = c.channels, c.kernel // 2, state.codes.shape[0]
        feeds = {"a1": state.above1, "a2": state.above2, "codes": self._row_inputs(state, row), "condition": np.ascontiguousarray(condition)}
        c1, c2, e0, coords = self.row.run(["c1", "c2", "e0", "coords"], {**feeds, "row": np.array([row], np.int64)})
        total = (row + 1) * c.cols
        grown = [(0, 0)] * 5
        state.key = np.pad(state.key, [*grown[:4], (0, c.cols)])
        state.value = np.pad(state.value, [*grown[:3], (0, c.cols), (0, 0)])
        mask = np.full(total, -1e4, np.float32)
        mask[: row * c.cols] = 0
        left = np.full((batch, reach), c.codes, np.int64)
        left1, left2 = (np.zeros((c.layers, batch, reach * size), np.float32) for _ in range(2))
        names = ["logits", "a1", "a2", "newKey", "newValue"]
        past = self._past(state)
        for states in (state.above1, state.above2):  # this row becomes the last of the rows above the next
            states[..., :-size] = states[..., size:].copy()
        for column in range(c.cols):
            cell = row * c.cols + column
            cell_logits, a1, a2, key, value = self.pixel.run(
                names,
                {
                    "c1": c1[column], "c2": c2[column], "e0": e0[column], "coords": coords[column],
                    "left": left, "l1": left1, "l2": left2, "mask": mask, **past,
                },
            )  # fmt: skip
            code = choose(cell_logits, cell)
            logits[:, :, row, column] = cell_logits
            state.codes[:, row, column] = code
            state.key[..., cell], state.value[:, :, :, cell] = key, value
            mask[cell] = 0
            left[:, :-1], left[:, -1] = left[:, 1:], code
            for states, lefts, new in ((state.above1, left1, a1), (state.above2, left2, a2)):
                states[:, :, reach + column, -size:] = new
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
