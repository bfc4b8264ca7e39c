"""Spectrogram sheets: generated clips above real ones, one column per class, on one scale; many classes in bands below each other."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

MOST_COLUMNS = 8  # side by side: on a page more were too small to read


def draw(path: str | Path, columns: list[str], rows: list[tuple[str, list[np.ndarray]]]) -> None:
    """`rows` are (title, one mel [80, frames] per column)."""
    bands = max(1, -(-len(columns) // MOST_COLUMNS))
    across = max(1, -(-len(columns) // bands))
    figure, axes = plt.subplots(bands * len(rows), across, figsize=(2.6 * across, 1.7 * bands * len(rows)), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for y, (title, mels) in enumerate(rows):
        for number, mel in enumerate(mels):
            band, x = divmod(number, across)
            axis = axes[band * len(rows) + y][x]
            axis.set_axis_on()
            axis.imshow(mel, origin="lower", aspect="auto", vmin=-11.5, vmax=1.5, cmap="magma")
            axis.set_xticks([])
            axis.set_yticks([])
            if y == 0:
                axis.set_title(columns[number], fontsize=15)
            if x == 0:
                axis.set_ylabel(title, fontsize=13)
    figure.tight_layout(pad=0.4)
    figure.savefig(path, dpi=110)
    plt.close(figure)
