"""The paper's Table 2, FAD per class and system, and ours beside it: as text, as a chart.

Source: S. Lee, J. Acoust. Soc. Korea 2024, table 2: VGGish, evaluation set of DCASE 2023 Task 7, lower is better.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...runtime.text_table import aligned

SYSTEMS = ("vq-baseline", "rvq", "rvq-freq", "rvq-time")
PAPER: dict[str, tuple[float, float, float, float]] = {
    "DogBark": (10.21, 10.31, 14.73, 12.78),
    "Footstep": (7.50, 7.22, 11.99, 7.23),
    "GunShot": (9.62, 8.81, 11.22, 9.97),
    "Keyboard": (3.69, 3.73, 5.09, 4.11),
    "MovingMotorVehicle": (12.81, 13.71, 24.91, 15.41),
    "Rain": (13.13, 11.40, 17.70, 11.05),
    "Sneeze_Cough": (3.55, 3.05, 3.97, 2.39),
    "average": (8.64, 8.32, 12.80, 8.99),
}
AVERAGE = "average"

Measured = dict[str, dict[str, float]]  # system -> class, and "average" of its classes -> FAD


def published(system: str, row: str) -> float | None:
    """The paper's number for a class or "average"; None for what it does not have."""
    return PAPER[row][SYSTEMS.index(system)] if system in SYSTEMS and row in PAPER else None


def averaged(classes: dict[str, float]) -> dict[str, float]:
    """FAD per class, with their mean under "average"."""
    return {**classes, AVERAGE: float(np.mean(list(classes.values())))}


def as_text(measured: Measured, embedder: str) -> str:
    """Ours, and the paper's in brackets. Numbers of two embedders, or against two references, are of two scales."""
    rows = list(next(iter(measured.values())))
    cells = [[row, *(_cell(measured[system][row], published(system, row)) for system in measured)] for row in rows]
    lines = aligned([["FAD", *measured], *cells])
    return "\n".join([f"{embedder}; lower is better; the paper's Table 2 in brackets", *lines])


def _cell(ours: float, theirs: float | None) -> str:
    return f"{ours:.2f} {'(    -)' if theirs is None else f'({theirs:5.2f})'}"


def draw(path: str | Path, measured: Measured, embedder: str) -> None:
    """A group of bars per class, one bar per system; a line across a bar is the paper's number. PNG."""
    from matplotlib.figure import Figure  # slow to import, and every command reads this file

    rows, width = list(next(iter(measured.values()))), 0.8 / len(measured)
    figure = Figure(figsize=(1.6 * len(rows) + 1, 4))
    axis = figure.subplots()
    for i, (system, classes) in enumerate(measured.items()):
        at = np.arange(len(rows)) + (i - (len(measured) - 1) / 2) * width
        axis.bar(at, [classes[row] for row in rows], width * 0.9, label=system)
        known = [(x, number) for x, row in zip(at, rows, strict=True) if (number := published(system, row)) is not None]
        for x, number in known:
            axis.plot([x - width * 0.45, x + width * 0.45], [number, number], color="black", linewidth=2, label="paper" if (i, x) == (0, known[0][0]) else None)
    axis.set_xticks(range(len(rows)), rows, rotation=20, fontsize=8)
    axis.set_ylabel(f"FAD, {embedder}", fontsize=8)
    axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
