"""foley-train fingerprints: what a voice's training recordings are known again by, beside the voice, so that a server can tell of a clip
which recording is nearest to it and whether it is memorised.

A fingerprint is what `features/similarity.py` compares, smaller: modulations of 0.25 to 5 Hz of 13 pairs of bands, in 8 bits; 520 bytes a clip.
Clips are compared as their codec reconstructs them, which takes away a vocoder's noise. Measured on the open corpus: of 150 training
clips, moved in time and level and sent through codec and vocoder, the nearest recording is the right one every time, and 65 % are beyond
their limit (61 % by the larger prints); of 205 unseen recordings none is.

`fingerprints.npz` beside the voice, named in card.json as `fingerprints`: `prints` [clips, rates, 2 x bands] int8, real parts before
imaginary ones; `classes` [clips], indices of the card's classes; `limits`, one for each class: the highest likeness of one of its clips
to any other, of whatever class, from a different original, 1 where there is none; `names`, UTF-8, a line for each clip.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data import Corpus, fit, open_corpus, read_audio
from ..data.corpus import Clip
from ..features.similarity import Prints, threshold
from ..runtime.events import emit
from ..runtime.files import described, save_arrays, save_text
from ..runtime.progress import Progress
from .inference import VoiceRunner

FILE = "fingerprints.npz"
RATES, BANDS = 20, 13
BATCH = 16
LONGEST = 200  # characters of a name


class FingerprintError(Exception):
    """The corpus has no training clip of the voice's classes."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("fingerprints", help="store what a voice's training recordings are known again by: a server then names the nearest one to a clip")
    parser.add_argument("--corpus", required=True, action="append", help="corpus that the voice was trained on (repeatable)")
    parser.add_argument("--voice", required=True, help="voice folder; fingerprints.npz is written there and named in card.json")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    emit("fingerprints", **write_fingerprints(open_corpus(*args.corpus), Path(args.voice)))


def write_fingerprints(corpus: Corpus, folder: Path) -> dict[str, Any]:
    """Writes the file and then the card that names it. Raises FingerprintError without a training clip of the voice's classes."""
    voice = VoiceRunner(folder)
    clips = [clip for clip in corpus.of("train") if clip.label in voice.classes]
    if not clips:
        raise FingerprintError(f"the corpus has no training clip of {', '.join(voice.classes)}")
    progress = Progress("fingerprints", len(clips))
    prints = []
    for part in (clips[i : i + BATCH] for i in range(0, len(clips), BATCH)):
        audio = np.stack([fit(read_audio(clip.path, voice.rate), voice.samples) for clip in part])
        prints.append(fingerprints(voice.decode(voice.encode(voice.mel(audio)))))
        progress.add(len(part))
    written = save_fingerprints(folder, np.concatenate(prints), clips, voice.classes)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    save_text(json.dumps(card | {"fingerprints": written}, indent=2, ensure_ascii=False) + "\n", folder / "card.json")
    return written


def fingerprints(mels: np.ndarray) -> np.ndarray:
    """Log-mels [clips, bins, frames] -> int8 [clips, rates, 2 * bands]. The loudest number of a clip is 127; a silent clip is all 0."""
    spectra = Prints(mels, min(RATES, (mels.shape[2] - 1) // 2), bands_each(mels.shape[1])).spectra.permute(1, 0, 2)
    most = spectra.abs().amax((1, 2), keepdim=True).clamp(min=1e-9)
    return torch.round(spectra / most * 127).to(torch.int8).numpy()


def as_prints(prints: np.ndarray) -> Prints:
    """Fingerprints, to compare them."""
    return Prints.of(torch.from_numpy(prints).float().permute(1, 0, 2))


def bands_each(bins: int) -> int:
    """Differences between neighbouring pairs of mel bins that make one of the BANDS."""
    return max(1, (bins // 2 - 1) // BANDS)


def save_fingerprints(folder: Path, prints: np.ndarray, clips: list[Clip], classes: list[str]) -> dict[str, Any]:
    """Writes the file alone. Returns what a card says of it."""
    labels = np.array([classes.index(clip.label) for clip in clips])
    limits, groups = np.ones(len(classes)), [clip.group for clip in clips]
    known = as_prints(prints)
    for index in range(len(classes)):
        of = np.flatnonzero(labels == index)
        limit = threshold(known, groups, of.tolist()) if len(of) else None
        limits[index] = limit.likeness if limit else 1.0
    names = "\n".join(" ".join(clip.original.split())[:LONGEST] for clip in clips)
    save_arrays(folder / FILE, prints=prints, classes=labels.astype(np.int32), limits=limits, names=np.frombuffer(names.encode(), np.uint8))
    return described(folder / FILE) | {"clips": len(clips)}
