"""What fingerprints of known mels are, for the server: `python -m foley_trainer.golden.fingerprints models/fixtures/fingerprints`.

Writes fingerprints.npz of a few mels, two of them of one original, and golden.json with the nearest of each of some others; and
voice.npz: of two sounds, for a copy of the fixture voice `tiny-stacked`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ..data.corpus import Clip
from ..features.similarity import nearest
from ..runtime.files import save_text
from ..voices.fingerprints import FILE, as_prints, fingerprints, save_fingerprints
from ..voices.inference import VoiceRunner

BINS, FRAMES = 80, 344
CLASSES = ["Hum", "Knock", "Nothing"]
KNOWN = [("Hum", "low.wav"), ("Hum", "low.wav"), ("Hum", "high.wav"), ("Knock", "door;table"), ("Knock", "wall")]
ASKED = [(2, 0), (3, 61), (4, 300), (9, 0)]
"""Mels by number, and by how many frames they are turned."""


def mel(number: int) -> np.ndarray:
    """[BINS, FRAMES] nats, by a formula that any language computes."""
    b, t = np.arange(BINS)[:, None], np.arange(FRAMES)[None]
    return -4 + 3 * np.sin(0.011 * (number + 2) * b) * np.sin(0.02 * (number + 1) * t + 0.07 * b) + 2 * np.cos(0.0131 * t * (1 + 0.1 * number) + 0.3 * b)


def sound(number: int, samples: int) -> np.ndarray:
    """[samples]: a tone that swells and dies, once or twice."""
    t = np.arange(samples) / samples
    return (0.5 * np.sin(0.1 * (number + 1) * np.arange(samples)) * np.sin(np.pi * (number + 1) * t) ** 2).astype(np.float32)


def _of_voice(folder: Path) -> None:
    voice = VoiceRunner(Path(__file__).parents[3] / "fixtures" / "tiny-stacked")
    prints = fingerprints(voice.decode(voice.encode(voice.mel(np.stack([sound(i, voice.samples) for i in range(2)])))))
    clips = [Clip(str(i), Path("x"), voice.classes[i], "train", str(i), original=f"sound {i}") for i in range(2)]
    save_fingerprints(folder, prints, clips, voice.classes)
    (folder / FILE).rename(folder / "voice.npz")


def golden(folder: Path) -> dict[str, Any]:
    known = fingerprints(np.stack([mel(i) for i in range(len(KNOWN))]).astype(np.float32))
    clips = [Clip(str(i), Path(name), label, "train", name, original=name) for i, (label, name) in enumerate(KNOWN)]
    folder.mkdir(parents=True, exist_ok=True)
    _of_voice(folder)
    save_fingerprints(folder, known, clips, CLASSES)
    asked = fingerprints(np.stack([np.roll(mel(number), turn, 1) for number, turn in ASKED]).astype(np.float32))
    found = nearest(as_prints(asked), as_prints(known))
    return {
        "classes": CLASSES,
        "asked": [
            {"mel": number, "turn": turn, "print": own.reshape(-1)[:40].tolist(), "nearest": KNOWN[one.index][1], "likeness": one.likeness}
            for (number, turn), own, one in zip(ASKED, asked, found, strict=True)
        ],
    }


if __name__ == "__main__":
    out = Path(sys.argv[1])
    save_text(json.dumps(golden(out), indent=1) + "\n", out / "golden.json")
