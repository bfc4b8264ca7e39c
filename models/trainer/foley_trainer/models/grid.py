"""The code grid: how latent codes [codebook, frequency, time] map to the rows and columns of the prior's grid.

Rows enumerate the product of the row axes (first axis slowest), columns that of the column axes. The paper's
grid has rows (codebook, frequency) and columns (time); a time-major one has rows (time).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from torch import Tensor

AXES = ("codebook", "frequency", "time")


@dataclass(frozen=True)
class Grid:
    codebooks: int
    frequency: int
    time: int
    row_axes: list[str] = field(default_factory=lambda: ["codebook", "frequency"])
    col_axes: list[str] = field(default_factory=lambda: ["time"])

    def __post_init__(self) -> None:
        if sorted([*self.row_axes, *self.col_axes]) != sorted(AXES):
            raise ValueError(f"row_axes and col_axes must together name each of {AXES} once each")

    def to_dict(self) -> dict:
        return asdict(self)

    def size(self, axis: str) -> int:
        return {"codebook": self.codebooks, "frequency": self.frequency, "time": self.time}[axis]

    def _product(self, axes: list[str]) -> int:
        result = 1
        for axis in axes:
            result *= self.size(axis)
        return result

    @property
    def rows(self) -> int:
        return self._product(self.row_axes)

    @property
    def cols(self) -> int:
        return self._product(self.col_axes)

    def from_latent(self, codes: Tensor) -> Tensor:
        """[B, codebooks, frequency, time] -> [B, rows, cols]."""
        order = [1 + AXES.index(a) for a in [*self.row_axes, *self.col_axes]]
        return codes.permute(0, *order).reshape(codes.shape[0], self.rows, self.cols)

    def to_latent(self, grid: Tensor) -> Tensor:
        """[B, rows, cols] -> [B, codebooks, frequency, time]."""
        axes = [*self.row_axes, *self.col_axes]
        unfolded = grid.reshape(grid.shape[0], *[self.size(a) for a in axes])
        return unfolded.permute(0, *[1 + axes.index(a) for a in AXES])

    def condition_rows(self) -> list[int]:
        """Rows before which the condition must be recomputed: the first row of each codebook if codebooks come first."""
        if self.row_axes[0] != "codebook":
            return [0]
        return list(range(0, self.rows, self.rows // self.codebooks))
