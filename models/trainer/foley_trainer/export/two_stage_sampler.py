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
from .sampler_state import SamplerState

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


class TwoStageSampler:
    """Samples with the condition, row and pixel graphs."""

    def __init__(self, config: PriorConfig, graphs: dict[str, onnx.ModelProto], threads: int = 1) -> None:
        self.config = config
        self.condition, self.row, self.pixel = (session(graphs[name], threads) for name in ("condition", "row", "pixel"))

    def run(self, class_weights: np.ndarray, choose: Choose) -> tuple[np.ndarray, np.ndarray]:
        """class_weights [B, n] -> codes [B, H, W], and the logits every cell was chosen from [B, codes, H, W]."""
        c = self.config
        weights = np.ascontiguousarray(class_weights, np.float32)
        state, parts = SamplerState(c, len(weights), (c.kernel, c.kernel)), condition_rows(c)
        logits = np.empty((len(weights), c.codes, c.rows, c.cols), np.float32)
        condition, part = np.empty(0, np.float32), np.zeros(1, np.int64)
        for row in range(c.rows):
            if row in parts:
                part = np.array([parts.index(row)])
                (condition,) = self.condition.run(None, {"class": weights, "codes": state.codes, "part": part})
            self._row(state, row, condition[:, row - parts[int(part[0])]], choose, logits)
        return state.codes, logits

    def _row(self, state: SamplerState, row: int, condition: np.ndarray, choose: Choose, logits: np.ndarray) -> None:
        c, batch = self.config, state.batch
        feeds = {**state.row_feeds(row), "condition": np.ascontiguousarray(condition), "row": np.full(batch, row)}
        c1, c2, e0 = self.row.run(["c1", "c2", "e0"], feeds)
        state.begin_row(row)
        for column in range(c.cols):
            cell = row * c.cols + column
            own = {"c1": c1[column], "c2": c2[column], "e0": e0[column]}
            cell_logits, *kept = self.pixel.run(["logits", "a1", "a2", "past"], {**state.cell_feeds(cell), **own})
            logits[:, :, row, column] = cell_logits[:batch]
            state.keep(cell, choose(cell_logits[:batch], cell), *kept)

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
