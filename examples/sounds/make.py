"""Makes the sounds of this folder anew, one of each class, and the picture of their spectrograms.

In the root of a clone, with the Python of the trainer: `models/trainer/.venv/bin/python examples/sounds/make.py`
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import matplotlib as mpl
import numpy as np
import soundfile

mpl.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = 3
RANGE_DB = 80


def main() -> None:
    classes = [c["name"] for c in json.loads((ROOT / "models/default/card.json").read_text())["classes"]]
    columns = len(classes) // ROWS
    figure, axes = plt.subplots(ROWS, columns, figsize=(12, 6), sharex=True, sharey=True, layout="constrained")
    for name, ax in zip(classes, axes.flat, strict=True):
        out = HERE / f"{name}.flac"
        out.unlink(missing_ok=True)
        command = ["node", ROOT / "server/bin/foleyd.mjs", "generate", name, "--local", "--models", ROOT / "models", "--candidates", "4", "--seed", "1", "--out", out]
        subprocess.run(command, check=True, capture_output=True)
        audio, rate = soundfile.read(out)
        power, _, _, image = ax.specgram(audio, NFFT=1024, Fs=rate / 1000, noverlap=768, cmap="magma")
        loudest = 10 * np.log10(power.max())
        image.set_clim(loudest - RANGE_DB, loudest)
        ax.set(title=name, xticks=[0, 2000, 4000], yticks=[2, 4, 6, 8, 10])
        ax.set_xticklabels(["0", "2", "4"])
    figure.supxlabel("s", fontsize="medium")
    figure.supylabel("kHz", fontsize="medium")
    figure.savefig(HERE / "picture.png", dpi=100)


main()
