"""What a sampler of the graphs keeps between rows and cells, and feeds them; see `export/prior.py` for the symbols."""

from __future__ import annotations

import numpy as np

from ..models.pixelsnail import PriorConfig
from ..models.stacked_pixelsnail import StackedConfig

HIDDEN = -1e4
"""Mask value of hidden positions: far below any score, and its exp() is exactly 0."""

STEP = 128
"""The past grows by so many places. Any number would do; a multiple of a vector's width never changes a bit."""


class SamplerState:
    """Activations above and to the left, KV cache and the codes sampled so far, of `batch` clips in the same row.

    `kernel`: rows and columns that a convolution sees; `own`: shape of a cell's codes, () for one code.
    """

    def __init__(self, c: PriorConfig | StackedConfig, batch: int, kernel: tuple[int, int], own: tuple[int, ...] = ()) -> None:
        self.config, self.batch, self.reach = c, batch, kernel[1] // 2
        # A product of one row rounds differently than one of several: see the pixel graph.
        self.several = max(batch, 2)
        deep = c.channels // 2 // c.heads
        activations = (batch, c.layers * c.channels, kernel[0] - 1, c.cols + 2 * self.reach)
        self.above1, self.above2 = np.zeros(activations, np.float32), np.zeros(activations, np.float32)
        self.keys = [np.zeros((batch, c.heads, deep + 1, 0), np.float32) for _ in range(c.blocks)]
        self.values = [np.zeros((batch, c.heads, deep, 0), np.float32) for _ in range(c.blocks)]
        self.codes = np.full((batch, c.rows, c.cols, *own), c.codes, np.int64)

    def row_feeds(self, row: int) -> dict[str, np.ndarray]:
        """a1, a2, and codes of the P rows above with P absent columns each side, absent outside the grid: [B, P, W + 2P, ..]."""
        c, reach = self.config, self.reach
        codes = np.full((self.batch, reach, c.cols + 2 * reach, *self.codes.shape[3:]), c.codes, np.int64)
        for i in range(reach):
            if row - reach + i >= 0:
                codes[:, i, reach : reach + c.cols] = self.codes[:, row - reach + i]
        return {"a1": self.above1, "a2": self.above2, "codes": codes}

    def begin_row(self, row: int) -> None:
        c = self.config
        self._grow((row + 1) * c.cols)
        self.left = np.full((self.several, self.reach, *self.codes.shape[3:]), c.codes, np.int64)
        self.left1, self.left2 = (np.zeros((self.several, c.layers, self.reach * c.channels), np.float32) for _ in range(2))
        for states in (self.above1, self.above2):  # this row becomes the last of the rows above the next
            states[:, :, :-1] = states[:, :, 1:].copy()

    def cell_feeds(self, cell: int) -> dict[str, np.ndarray]:
        past = {f"{name}{b}": part for name, parts in (("key", self.keys), ("value", self.values)) for b, part in enumerate(parts)}
        rows = {"attend": np.arange(self.batch), "attended": np.arange(self.several) % self.batch}
        return {"cell": np.full(self.several, cell), "left": self.left, "l1": self.left1, "l2": self.left2, **rows, **past}

    def keep(self, cell: int, codes: np.ndarray, a1: np.ndarray, a2: np.ndarray, past: np.ndarray) -> None:
        """codes [B, ..] chosen for the cell; the pixel graph's a1, a2 [M, L, C] and past [M, NB, 2, h, d]."""
        row, column = divmod(cell, self.config.cols)
        size = self.config.channels
        self.codes[:, row, column] = codes
        for b, (key, value) in enumerate(zip(self.keys, self.values, strict=True)):
            key[:, :, :-1, cell], value[..., cell] = past[: self.batch, b, 0], past[: self.batch, b, 1]
            key[:, :, -1, cell] = 0
        self.left[:, :-1], self.left[: self.batch, -1] = self.left[:, 1:], codes
        for states, lefts, new in ((self.above1, self.left1, a1), (self.above2, self.left2, a2)):
            states[:, :, -1, self.reach + column] = new[: self.batch].reshape(self.batch, -1)
            lefts[..., :-size], lefts[..., -size:] = lefts[..., size:], new

    def _grow(self, cells: int) -> None:
        """Grows the KV cache to so many cells; new ones are hidden."""
        more = -(-cells // STEP) * STEP - self.keys[0].shape[-1]
        self.keys = [np.pad(key, [(0, 0)] * 3 + [(0, more)]) for key in self.keys]
        self.values = [np.pad(value, [(0, 0)] * 3 + [(0, more)]) for value in self.values]
        if more > 0:
            for key in self.keys:
                key[:, :, -1, -more:] = HIDDEN
