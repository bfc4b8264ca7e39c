"""Generated clips: one WAV per clip with its codes beside it; existing files are reused."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile

from ..data.corpus import AUDIO_SUFFIXES, Clip
from ..runtime.files import save_text
from ..runtime.progress import Progress
from ..voices.inference import Recipe, VoiceRunner

BATCH = 16  # clips sampled at a time


class GeneratedClipsError(Exception):
    """The folder contains clips of another voice or recipe, or none of a class."""


def make_clips(voice: VoiceRunner, folder: Path, labels: list[str], count: int, recipe: Recipe, run: int = 0) -> list[Clip]:
    """`folder/<Class>/000.wav` and `.npy` (codes [levels, frequency, time], uint16), `count` per class; resumes an interrupted run."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"voice": voice.card["hash"], **asdict(recipe)}
    known = folder / "recipe.json"
    if known.is_file() and json.loads(known.read_text(encoding="utf-8")) != wanted:
        raise GeneratedClipsError(f"{folder} contains clips of another voice or recipe: choose another --out, or remove the folder")
    save_text(json.dumps(wanted, indent=2) + "\n", known)
    paths = {label: [folder / label / f"{number:03d}.wav" for number in range(count)] for label in labels}
    missing = {label: [n for n, path in enumerate(files) if not path.is_file()] for label, files in paths.items()}
    progress = Progress("generate", count * len(labels), count * len(labels) - sum(len(numbers) for numbers in missing.values()))
    for label, numbers in missing.items():
        for batch in (numbers[i : i + BATCH] for i in range(0, len(numbers), BATCH)):
            codes, spoken = voice.make(label, batch, recipe)
            for number, one, audio in zip(batch, codes, spoken, strict=True):
                path = paths[label][number]
                path.parent.mkdir(exist_ok=True)
                np.save(path.with_suffix(".npy"), one.astype(np.uint16))
                save_wav(path, audio, voice.rate)
            progress.add(len(batch))
    return [_clip(path, label, run) for label, files in paths.items() for path in files]


def given_clips(folder: str | Path, labels: list[str], run: int = 0) -> list[Clip]:
    """Existing audio files in class folders; `run` numbers several such folders. Raises GeneratedClipsError if a class has none."""
    clips = []
    for label in labels:
        files = sorted(p for p in (Path(folder) / label).glob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
        if not files:
            raise GeneratedClipsError(f"no clips of class {label} in {folder}: expected audio files in {folder}/{label}")
        clips += [_clip(path, label, run) for path in files]
    return clips


def codes_of(clips: list[Clip]) -> np.ndarray | None:
    """The codes beside the clips' files, [clips, levels, frequency, time]; None if one is missing."""
    files = [clip.path.with_suffix(".npy") for clip in clips]
    if not all(file.is_file() for file in files):
        return None
    return np.stack([np.load(file, allow_pickle=False) for file in files]).astype(np.int64)


def save_wav(path: Path, audio: np.ndarray, rate: int) -> None:
    """16-bit WAV, written atomically."""
    temporary = path.with_suffix(".tmp")
    soundfile.write(temporary, np.clip(audio, -1, 1), rate, subtype="PCM_16", format="WAV")
    os.replace(temporary, path)


def _clip(path: Path, label: str, run: int) -> Clip:
    name = f"{label}/{path.stem}" + (f" ({run + 1})" if run else "")
    return Clip(name, path, label, "generated", name, kind="generated")
