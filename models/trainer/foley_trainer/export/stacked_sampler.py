"""Drives the stacked prior's graphs: the reference for any other program that does. See `export.stacked` for the contract."""

from __future__ import annotations

import numpy as np
import onnx

from ..models.stacked_pixelsnail import StackedConfig
from .sampler_state import SamplerState
from .two_stage_sampler import Choose, greedy, session


class StackedSampler:
    """Several clips side by side, all in the same row."""

    def __init__(self, config: StackedConfig, graphs: dict[str, onnx.ModelProto | bytes], threads: int = 1) -> None:
        self.config = config
        self.condition, self.row, self.pixel = (session(graphs[name], threads) for name in ("condition", "row", "pixel"))
        self.depth = [session(graphs[f"depth{k}"], threads) for k in range(1, config.codebooks)]

    def _conditions(self, weights: np.ndarray, contour: np.ndarray | None, known: np.ndarray | None) -> np.ndarray:
        c, batch = self.config, len(weights)
        feeds = {"class": weights}
        if c.contour:
            feeds["contour"] = np.zeros((batch, c.rows, c.contour), np.float32) if contour is None else contour.astype(np.float32)
            given = np.full(batch, 0 if contour is None else 1, np.float32)
            feeds["known"] = given if known is None else given * known
        return self.condition.run(None, feeds)[0]

    def run(
        self, class_weights: np.ndarray, choose: Choose, contour: np.ndarray | None = None, known: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """class_weights [B, n] (a row of zeros: no class), contour [B, T, E] (normalised), known [B]: 1 where it counts -> codes [B, T, F, K] and the logits
        they were chosen from [B, T, F, K, codes]. `choose` is called with the raster index of the code."""
        c = self.config
        weights = np.ascontiguousarray(class_weights, np.float32)
        state = SamplerState(c, len(weights), c.kernel, (c.codebooks,))
        condition = self._conditions(weights, contour, known)
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

    def logits(self, codes: np.ndarray, class_weights: np.ndarray, contour: np.ndarray | None = None) -> np.ndarray:
        """Teacher-forced: codes [B, T, F, K] -> logits [B, T, F, K, codes]."""
        flat = codes.reshape(len(codes), -1)
        return self.run(class_weights, lambda _, place: flat[:, place], contour)[1]

    def sample(
        self, class_weights: np.ndarray, choose: Choose = greedy, contour: np.ndarray | None = None, known: np.ndarray | None = None
    ) -> np.ndarray:
        """class_weights [B, n] -> codes in the order of `StackedConfig.grid`, [B, T, F * K]."""
        codes = self.run(class_weights, choose, contour, known)[0]
        return codes.reshape(len(codes), self.config.rows, -1)
