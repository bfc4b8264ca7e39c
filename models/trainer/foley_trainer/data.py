"""Corpus reading and augmentation.

Two layouts: the open corpus (`manifest.csv`, optionally `oneshots.csv`) and a plain folder per class.
Audio of any rate, channel count and bit depth becomes mono at the target rate. Everything random is a
function of (seed, step), never of how often it was called before: that is what makes resume exact.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"}
DCASE_CLASSES = ["DogBark", "Footstep", "GunShot", "Keyboard", "MovingMotorVehicle", "Rain", "Sneeze_Cough"]
EVAL_SHARE = 10  # one original in ten goes to eval where a corpus has no split of its own


class CorpusError(Exception):
    """The corpus can't be used; the message says which file or class and why."""


@dataclass(frozen=True)
class Clip:
    id: str
    path: Path
    label: str
    split: str
    group: str
    licence: str = "unknown"
    author: str = "unknown"
    source: str = "folder"
    kind: str = "recording"
    mode: str = ""
    original: str = ""


@dataclass
class Corpus:
    classes: list[str]
    clips: list[Clip]
    oneshots: list[Clip] = field(default_factory=list)

    def of(self, split: str) -> list[Clip]:
        return [clip for clip in self.clips if clip.split == split]

    def hash(self) -> str:
        """SHA-256 over ids, classes and splits: names the data on a voice's card."""
        lines = sorted(f"{c.id} {c.label} {c.split}" for c in [*self.clips, *self.oneshots])
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def open_corpus(root: str | Path) -> Corpus:
    """Reads the manifest layout where there is one, the folder-per-class layout otherwise."""
    root = Path(root)
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder")
    corpus = _manifest_corpus(root) if (root / "manifest.csv").is_file() else _folder_corpus(root)
    for label in corpus.classes:
        if not any(c.label == label and c.split == "train" for c in corpus.clips):
            raise CorpusError(f"class {label} has no training clip in {root}")
    return corpus


def _order(labels: set[str]) -> list[str]:
    known = [label for label in DCASE_CLASSES if label in labels]
    return known + sorted(labels - set(known))


def _inside(root: Path, relative: str) -> Path:
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise CorpusError(f"{relative} leaves the corpus folder")
    return path


def _rows(root: Path, name: str) -> list[Clip]:
    clips = []
    with open(root / name, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            clips.append(
                Clip(
                    id=row["id"],
                    path=_inside(root, row["file"]),
                    label=row["class"],
                    split=row["split"],
                    group=row["group"],
                    licence=row["licence"],
                    author=row["author"],
                    source=row["source"],
                    kind=row.get("kind") or "oneshot",
                    mode=row.get("mode") or "",
                    original=row.get("original_path") or row["file"],
                )
            )
    return clips


def _manifest_corpus(root: Path) -> Corpus:
    clips = _rows(root, "manifest.csv")
    oneshots = _rows(root, "oneshots.csv") if (root / "oneshots.csv").is_file() else []
    return Corpus(_order({c.label for c in clips}), clips, oneshots)


def _folder_corpus(root: Path) -> Corpus:
    clips = []
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")):
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES):
            relative = path.relative_to(root).as_posix()
            digest = hashlib.sha256(relative.encode()).hexdigest()
            # An original is what stands before the first "_" or "-" of the name: its cuts stay in one split.
            group = f"{folder.name}/{path.stem.replace('-', '_').split('_')[0]}"
            bucket = int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) % EVAL_SHARE
            clips.append(Clip(digest[:12], path, folder.name, "eval" if bucket == 0 else "train", group, original=relative))
    if not clips:
        raise CorpusError(f"no audio below {root}")
    return Corpus(_order({c.label for c in clips}), clips)


def read_audio(path: Path, rate: int) -> np.ndarray:
    """Mono float32 in -1..1 at `rate`; raises CorpusError on anything that isn't readable, finite audio."""
    try:
        audio, source_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise CorpusError(f"{path}: {error}") from error
    mono = audio.mean(axis=1)
    if mono.size == 0 or not np.isfinite(mono).all():
        raise CorpusError(f"{path}: empty or not finite")
    if source_rate != rate:
        divisor = gcd(source_rate, rate)
        mono = resample_poly(mono, rate // divisor, source_rate // divisor).astype(np.float32)
    return mono


class Sounds:
    """All audio of some clips in memory as int16 (89 minutes are 236 MB), by clip index."""

    def __init__(self, clips: list[Clip], rate: int) -> None:
        self.clips = clips
        self.rate = rate
        self.audio = [np.round(np.clip(read_audio(c.path, rate), -1, 1) * 32767).astype(np.int16) for c in clips]

    def __len__(self) -> int:
        return len(self.clips)

    def get(self, index: int) -> np.ndarray:
        return self.audio[index].astype(np.float32) / 32767


def fit(audio: np.ndarray, samples: int, start: int = 0) -> np.ndarray:
    """Exactly `samples` samples: `audio` laid down at `start` (may be negative), cut or zero-padded."""
    out = np.zeros(samples, np.float32)
    source = max(0, -start)
    target = max(0, start)
    length = min(audio.size - source, samples - target)
    if length > 0:
        out[target : target + length] = audio[source : source + length]
    return out


# Gaps between one-shots in seconds (shortest, longest) and how many sounds a clip holds (fewest, most).
_RHYTHM: dict[str, tuple[float, float, int, int]] = {
    "DogBark": (0.25, 1.2, 1, 6),
    "Footstep": (0.28, 0.8, 3, 10),
    "GunShot": (0.12, 1.6, 1, 6),
    "Keyboard": (0.07, 0.35, 6, 24),
}


class Augmenter:
    """Training clips without end: shift, gain, and one-shots recomposed with new timings."""

    def __init__(self, sounds: Sounds, oneshots: Sounds | None, classes: list[str], samples: int, compose_share: float) -> None:
        self.sounds, self.oneshots, self.samples, self.compose_share = sounds, oneshots, samples, compose_share
        self.classes = classes
        self.by_class = [[i for i, c in enumerate(sounds.clips) if c.label == label] for label in classes]
        self.shot_groups: dict[str, list[list[int]]] = {}
        if oneshots is not None:
            for label in classes:
                groups: dict[str, list[int]] = {}
                for i, shot in enumerate(oneshots.clips):
                    if shot.label == label and label in _RHYTHM:
                        groups.setdefault(f"{shot.group}/{shot.mode}", []).append(i)
                if groups:
                    self.shot_groups[label] = list(groups.values())

    def draw(self, rng: np.random.Generator, gain_db: float = 6.0) -> tuple[np.ndarray, int]:
        """One clip [samples] and its class index; classes are drawn uniformly."""
        label = int(rng.integers(len(self.classes)))
        name = self.classes[label]
        if name in self.shot_groups and rng.random() < self.compose_share:
            audio = self._compose(name, rng)
        else:
            audio = self._shifted(self.sounds.get(int(rng.choice(self.by_class[label]))), rng)
        peak = float(np.abs(audio).max()) or 1.0
        gain = 10 ** (rng.uniform(-gain_db, gain_db * 0.1) / 20)
        return audio * min(gain, 0.99 / peak), label

    def _shifted(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        room = self.samples - audio.size
        if room > self.samples // 20:  # a short sound may start anywhere it still fits
            return fit(audio, self.samples, int(rng.integers(0, room)))
        # A full clip is rotated at a quiet point, so the seam makes no click where there is a quiet point.
        shift = int(rng.integers(-self.sounds.rate, self.sounds.rate))
        turned = np.roll(fit(audio, self.samples), shift)
        seam = shift % self.samples
        fade = np.ones(self.samples, np.float32)
        width = 128
        ramp = np.abs(np.arange(-width, width)) / width
        fade[np.arange(seam - width, seam + width) % self.samples] = ramp
        return turned * fade

    def _compose(self, name: str, rng: np.random.Generator) -> np.ndarray:
        shortest, longest, fewest, most = _RHYTHM[name]
        group = self.shot_groups[name][int(rng.integers(len(self.shot_groups[name])))]
        assert self.oneshots is not None
        out = np.zeros(self.samples, np.float32)
        gap = rng.uniform(shortest, longest)
        at = rng.uniform(0, 0.6)
        for _ in range(int(rng.integers(fewest, most + 1))):
            start = int(at * self.oneshots.rate)
            if start >= self.samples - 2000:
                break
            shot = self.oneshots.get(int(rng.choice(group)))
            out += fit(shot, self.samples, start) * rng.uniform(0.6, 1.0)
            at += gap * rng.uniform(0.75, 1.3)
        peak = np.abs(out).max()
        return out * (0.9 / peak) if peak > 0.9 else out
