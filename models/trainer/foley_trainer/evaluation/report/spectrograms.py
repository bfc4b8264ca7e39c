"""Spectrogram sheets: generated clips above real ones, one column per class, on one scale."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def draw(path: str | Path, columns: list[str], rows: list[tuple[str, list[np.ndarray]]]) -> None:
    """`rows` are (title, one mel [80, frames] per column)."""
    figure, axes = plt.subplots(len(rows), len(columns), figsize=(2.6 * len(columns), 1.7 * len(rows)), squeeze=False)
    for y, (title, mels) in enumerate(rows):
        for x, mel in enumerate(mels):
            axis = axes[y][x]
            axis.imshow(mel, origin="lower", aspect="auto", vmin=-11.5, vmax=1.5, cmap="magma")
            axis.set_xticks([])
            axis.set_yticks([])
            if y == 0:
                axis.set_title(columns[x], fontsize=15)
            if x == 0:
                axis.set_ylabel(title, fontsize=13)
    figure.tight_layout(pad=0.4)
    figure.savefig(path, dpi=110)
    plt.close(figure)
