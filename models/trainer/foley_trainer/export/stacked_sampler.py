"""Drives the stacked prior's graphs: the reference for any other program that does. See `export.stacked` for the contract."""

from __future__ import annotations

import numpy as np
import onnx

from ..models.stacked_pixelsnail import StackedConfig
from .sampler_state import SamplerState
from .two_stage_sampler import Choose, greedy, session

OF_KNOWN = {"known": "contour", "spectrum_known": "spectrum"}
"""Inputs of the condition graph that say whether another one counts."""


class StackedSampler:
    """Several clips side by side, all in the same row."""

    def __init__(self, config: StackedConfig, graphs: dict[str, onnx.ModelProto | bytes], threads: int = 1) -> None:
        self.config = config
        self.condition, self.row, self.pixel = (session(graphs[name], threads) for name in ("condition", "row", "pixel"))
        self.depth = [session(graphs[f"depth{k}"], threads) for k in range(1, config.codebooks)]

    def _conditions(self, weights: np.ndarray, told: dict[str, np.ndarray]) -> np.ndarray:
        feeds = {"class": weights}
        for given in self.condition.get_inputs()[1:]:
            shape = [len(weights), *given.shape[1:]]
            followed = OF_KNOWN.get(given.name)
            otherwise = np.ones(shape) if followed in told else np.zeros(shape)
            feeds[given.name] = told.get(given.name, otherwise).astype(np.float32)
        return self.condition.run(None, feeds)[0]

    def run(self, class_weights: np.ndarray, choose: Choose, **told: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """class_weights [B, n] (a row of zeros: no class) -> codes [B, T, F, K] and the logits they were chosen from [B, T, F, K, codes].
        `choose` is called with the raster index of the code; `told` are further inputs of the condition graph: what is followed is
        known unless `known` or `spectrum_known` says otherwise."""
        c = self.config
        weights = np.ascontiguousarray(class_weights, np.float32)
        state = SamplerState(c, len(weights), c.kernel, (c.codebooks,))
        condition = self._conditions(weights, told)
        logits = np.empty((len(weights), c.rows, c.cols, c.codebooks, c.codes), np.float32)
        for row in range(c.rows):
            self._row(state, row, np.ascontiguousarray(condition[:, row]), choose, logits)
        return state.codes, logits

    def _row(self, state: SamplerState, row: int, condition: np.ndarray, choose: Choose, logits: np.ndarray) -> None:
        c, batch = self.config, state.batch
        c1, c2, e0 = self.row.run(["c1", "c2", "e0"], {**state.row_feeds(row), "condition": condition})
        state.begin_row(row)
        for column in range(c.cols):
            cell = row * c.cols + column
            own = {"c1": c1[column], "c2": c2[column], "e0": e0[column]}
            outputs = ["logits", "a1", "a2", "past", *(["starts"] if self.depth else [])]
            cell_logits, a1, a2, past, *starts = self.pixel.run(outputs, {**state.cell_feeds(cell), **own})
            chosen = np.full((state.several, c.codebooks), c.codes, np.int64)
            for k in range(c.codebooks):
                if k:
                    (cell_logits,) = self.depth[k - 1].run(None, {"start": starts[0][k - 1], "codes": np.ascontiguousarray(chosen[:, :k])})
                logits[:, row, column, k] = cell_logits[:batch]
                chosen[:batch, k] = choose(cell_logits[:batch], cell * c.codebooks + k)
            state.keep(cell, chosen[:batch], a1, a2, past)

    def logits(self, codes: np.ndarray, class_weights: np.ndarray, **told: np.ndarray) -> np.ndarray:
        """Teacher-forced: codes [B, T, F, K] -> logits [B, T, F, K, codes]."""
        flat = codes.reshape(len(codes), -1)
        return self.run(class_weights, lambda _, place: flat[:, place], **told)[1]

    def sample(self, class_weights: np.ndarray, choose: Choose = greedy, **told: np.ndarray) -> np.ndarray:
        """class_weights [B, n] -> codes in the order of `StackedConfig.grid`, [B, T, F * K]."""
        codes = self.run(class_weights, choose, **told)[0]
        return codes.reshape(len(codes), self.config.rows, -1)
