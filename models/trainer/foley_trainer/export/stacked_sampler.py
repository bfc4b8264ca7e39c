"""Drives the stacked prior's graphs: the reference for any other program that does. See `export.stacked` for the contract."""

from __future__ import annotations

import numpy as np
import onnx

from ..models.stacked_pixelsnail import StackedConfig
from .two_stage_sampler import HIDDEN, STEP, Choose, greedy, session


class StackedSampler:
    """Several clips side by side, all in the same row."""

    def __init__(self, config: StackedConfig, graphs: dict[str, onnx.ModelProto | bytes], threads: int = 1) -> None:
        self.config = config
        self.condition, self.row, self.pixel = (session(graphs[name], threads) for name in ("condition", "row", "pixel"))
        self.depth = [session(graphs[f"depth{k}"], threads) for k in range(1, config.codebooks)]

    def _conditions(self, weights: np.ndarray, contour: np.ndarray | None) -> np.ndarray:
        c, batch = self.config, len(weights)
        feeds = {"class": weights}
        if c.contour:
            feeds["contour"] = np.zeros((batch, c.rows, c.contour), np.float32) if contour is None else contour.astype(np.float32)
            feeds["known"] = np.full(batch, 0 if contour is None else 1, np.float32)
        return self.condition.run(None, feeds)[0]

    def run(self, class_weights: np.ndarray, choose: Choose, contour: np.ndarray | None = None, guidance: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """class_weights [B, n], contour [B, T, E] (normalised) -> codes [B, T, F, K] and the logits they were drawn from
        [B, T, F, K, codes]. `choose` is asked with the raster index of the code. With guidance w the logits are
        log p(class) + w (log p(class) - log p(no class)), as in Ho & Salimans 2022."""
        c = self.config
        weights, clips = np.ascontiguousarray(class_weights, np.float32), len(class_weights)
        if guidance:
            weights = np.concatenate([weights, np.zeros_like(weights)])
            contour = None if contour is None else np.concatenate([contour, contour])
        batch, several = len(weights), max(len(weights), 2)
        size, reach, deep = c.channels, c.reach, c.channels // 2 // c.heads
        condition = self._conditions(weights, contour)
        above1, above2 = (np.zeros((batch, c.layers * size, c.kernel[0] - 1, c.cols + 2 * reach), np.float32) for _ in range(2))
        codes = np.full((batch, c.rows, c.cols, c.codebooks), c.codes, np.int64)
        logits = np.empty((clips, c.rows, c.cols, c.codebooks, c.codes), np.float32)
        places = -(-c.rows * c.cols // STEP) * STEP
        past = {f"key{b}": np.zeros((batch, c.heads, deep + 1, places), np.float32) for b in range(c.blocks)}
        past |= {f"value{b}": np.zeros((batch, c.heads, deep, places), np.float32) for b in range(c.blocks)}
        for b in range(c.blocks):
            past[f"key{b}"][:, :, -1] = HIDDEN
        rows = {"attend": np.arange(batch), "attended": np.arange(several) % batch}

        def draw(cell_logits: np.ndarray, row: int, column: int, k: int) -> np.ndarray:
            seen = cell_logits[:batch]
            if guidance:
                seen = seen - np.log(np.exp(seen - seen.max(1, keepdims=True)).sum(1, keepdims=True)) - seen.max(1, keepdims=True)
                seen = seen[:clips] + guidance * (seen[:clips] - seen[clips:])
            logits[:, row, column, k] = seen
            chosen = choose(seen, (row * c.cols + column) * c.codebooks + k)
            return np.concatenate([chosen, chosen]) if guidance else chosen

        for row in range(c.rows):
            seen = np.full((batch, reach, c.cols + 2 * reach, c.codebooks), c.codes, np.int64)
            for i in range(reach):
                if row - reach + i >= 0:
                    seen[:, i, reach : reach + c.cols] = codes[:, row - reach + i]
            c1, c2, e0 = self.row.run(["c1", "c2", "e0"], {"a1": above1, "a2": above2, "codes": seen, "condition": np.ascontiguousarray(condition[:, row])})
            left = np.full((several, reach, c.codebooks), c.codes, np.int64)
            left1, left2 = (np.zeros((several, c.layers, reach * size), np.float32) for _ in range(2))
            for states in (above1, above2):
                states[:, :, :-1] = states[:, :, 1:].copy()
            for column in range(c.cols):
                cell = row * c.cols + column
                feeds = {"cell": np.full(several, cell), "c1": c1[column], "c2": c2[column], "e0": e0[column], "left": left, "l1": left1, "l2": left2, **rows, **past}
                outputs = ["logits", "a1", "a2", "past", *(["starts"] if self.depth else [])]
                cell_logits, a1, a2, kept, *more = self.pixel.run(outputs, feeds)
                chosen = np.full((several, c.codebooks), c.codes, np.int64)
                chosen[:batch, 0] = draw(cell_logits, row, column, 0)
                for k, graph in enumerate(self.depth, 1):
                    (cell_logits,) = graph.run(None, {"start": np.ascontiguousarray(more[0][:, k - 1]), "codes": np.ascontiguousarray(chosen[:, :k])})
                    chosen[:batch, k] = draw(cell_logits, row, column, k)
                codes[:, row, column] = chosen[:batch]
                for b in range(c.blocks):
                    past[f"key{b}"][:, :, :-1, cell], past[f"value{b}"][..., cell] = kept[:batch, b, 0], kept[:batch, b, 1]
                    past[f"key{b}"][:, :, -1, cell] = 0
                left[:, :-1], left[:batch, -1] = left[:, 1:], chosen[:batch]
                for states, lefts, new in ((above1, left1, a1), (above2, left2, a2)):
                    states[:, :, -1, reach + column] = new[:batch].reshape(batch, -1)
                    lefts[..., :-size], lefts[..., -size:] = lefts[..., size:].copy(), new
        return codes[:clips], logits

    def logits(self, codes: np.ndarray, class_weights: np.ndarray, contour: np.ndarray | None = None) -> np.ndarray:
        """Teacher-forced: codes [B, T, F, K] -> logits [B, T, F, K, codes]."""
        flat = codes.reshape(len(codes), -1)
        return self.run(class_weights, lambda _, place: flat[:, place], contour)[1]

    def sample(self, class_weights: np.ndarray, choose: Choose = greedy, contour: np.ndarray | None = None, guidance: float = 0.0) -> np.ndarray:
        """class_weights [B, n] -> codes as the card's grid has them, [B, T, F * K]."""
        codes = self.run(class_weights, choose, contour, guidance)[0]
        return codes.reshape(len(codes), self.config.rows, -1)
