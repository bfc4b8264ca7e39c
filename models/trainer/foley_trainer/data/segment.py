"""`foley-train segment`: long recordings of any format cut into clips that `open_corpus` reads.

Every file is read twice, block by block: once for its levels, once for the audio of the clips. Levels stay as recorded; only a clip
that would clip after resampling is turned down. The folder appears whole or not at all, and the same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import math
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ..features.mel import RATE
from ..runtime.events import emit
from ..runtime.files import save_text
from .audio_io import opened, stream
from .corpus import CorpusError, audio_files, class_folders, refuse, shown, skipped_files, split_by_original
from .cut_points import FRAME, levels_of, plan

FADE = 110  # samples, 5 ms at both ends
SECONDS = (0.5, 60.0)
MOST_SAID = 1e9  # seconds; files that do not say how long they are say more
LEAST_BYTES = 100  # of a second of sound in any format: silence as FLAC has about 170
HOURS = 100.0  # of all recordings together, decoded: a FLAC of a few kilobytes may be days long
MANIFEST = ["id", "class", "source", "original_path", "licence", "author", "kind", "start", "duration", "peak", "rms", "split", "group", "file"]


@dataclass(frozen=True)
class Recording:
    """A file to cut; `name` is its path below the input folder, with / between."""

    path: Path
    label: str
    name: str

    @property
    def group(self) -> str:
        return self.name if self.name.startswith(f"{self.label}/") else f"{self.label}/{self.name}"


def recordings(root: Path, label: str | None) -> list[Recording]:
    """All sound files below `root`, sorted: of the class `label`, or of their folders' classes."""
    if not root.exists():
        raise CorpusError(f"{root} does not exist")
    if label is not None:
        if not label.strip() or label.startswith(".") or any(c in label for c in '/\\:*?"<>|'):
            raise CorpusError(f"{label!r} is not a valid class name: it must be usable as a folder name")
        files = audio_files(root) if root.is_dir() else [root]
        found = [Recording(p, label, p.relative_to(root if root.is_dir() else root.parent).as_posix()) for p in files]
    else:
        if not root.is_dir():
            raise CorpusError(f"{root} is a file: name its class with --class")
        loose = [p for p in audio_files(root) if p.parent == root]
        if loose:
            raise CorpusError(f"{len(loose)} files are outside a class folder ({loose[0].name}, ...): sort them into folders, or name one class for all with --class")
        folders = {folder: audio_files(folder) for folder in class_folders(root)}
        refuse([f"class folder {folder} contains no audio{_instead(folder)}" for folder, files in folders.items() if not files])
        found = [Recording(p, folder.name, p.relative_to(root).as_posix()) for folder, files in folders.items() for p in files]
    if not found:
        raise CorpusError(f"no audio below {root}{_instead(root)}")
    # Names end up in manifests, credits, voice cards and terminals.
    refuse([f"the name {name!r} has control characters: rename it" for name in sorted({n for r in found for n in (r.label, r.name) if not shown(n)})])
    return found


def _instead(folder: Path) -> str:
    """What is there instead of audio, for an error."""
    skipped = skipped_files(folder) if folder.is_dir() else []
    more = f"; and {len(skipped) - 5} more" if len(skipped) > 5 else ""
    return f" ({'; '.join(skipped[:5])}{more})" if skipped else ""


class TooLong(CorpusError):
    """Nothing is cut when the recordings together are longer than allowed."""


def levels_in(path: Path, most: float = math.inf) -> np.ndarray:
    """dBFS per frame of a whole file; the last frame is padded with silence. Raises TooLong beyond `most` seconds."""
    with opened(path) as file:
        said = file.frames / file.samplerate
    # The head of a file of unknown length says more; so may a damaged one, which is then as long as what it holds.
    if most < said < min(MOST_SAID, path.stat().st_size / LEAST_BYTES):
        raise TooLong(f"{path}: {said / 3600:.1f} hours long")
    parts, rest, seconds = [], np.zeros(0, np.float32), 0.0
    for block in stream(path, RATE):
        seconds += block.size / RATE
        if seconds > most:
            raise TooLong(f"{path}: more than {most / 3600:.1f} hours long")
        rest = np.concatenate([rest, block])
        whole = rest.size // FRAME * FRAME
        parts.append(levels_of(rest[:whole]))
        rest = rest[whole:]
    return np.concatenate([*parts, levels_of(np.pad(rest, (0, -rest.size % FRAME)))])


def pieces(path: Path, spans: list[tuple[int, int]]) -> Iterator[np.ndarray]:
    """The audio of spans (start, stop) in samples, in order and non-overlapping; holds at most one block and one span in memory."""
    held, at = np.zeros(0, np.float32), 0
    source = stream(path, RATE)
    for start, stop in spans:
        while at + held.size < stop and (block := next(source, None)) is not None:
            skipped = min(held.size, max(0, start - at))
            held, at = np.concatenate([held[skipped:], block]), at + skipped
        yield held[start - at : stop - at]


def _faded(audio: np.ndarray) -> np.ndarray:
    width = min(FADE, audio.size // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, width, endpoint=False, dtype=np.float32)) ** 2
    out = audio.copy()
    out[:width] *= ramp
    out[audio.size - width :] *= ramp[::-1]
    return out


def as_int16(audio: np.ndarray) -> np.ndarray:
    """16-bit audio is returned unchanged; only audio beyond full scale is scaled down to it."""
    scale = 32768 / max(1.0, float(np.abs(audio).max(initial=0.0)))
    return np.clip(np.round(audio * scale), -32768, 32767).astype(np.int16)


def cut(recording: Recording, folder: Path, seconds: float, most: float = math.inf) -> tuple[list[dict[str, Any]], float]:
    """Writes one recording's clips below `folder`; returns their manifest rows (without split and credits) and its duration in seconds. Raises TooLong beyond `most` seconds."""
    levels = levels_in(recording.path, most)
    spans = [(a * FRAME, b * FRAME) for a, b in plan(levels, math.floor(seconds * RATE / FRAME))]
    rows = []
    for (start, _), audio in zip(spans, pieces(recording.path, spans), strict=True):
        samples = as_int16(_faded(audio))
        clip = hashlib.sha256(f"{recording.group}#{start}".encode()).hexdigest()[:12]
        file = f"clips/{recording.label}/{clip}.flac"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / file, samples, RATE, subtype="PCM_16")
        scaled = samples / 32768
        levels_of_clip = {"peak": round(float(np.abs(scaled).max()), 5), "rms": round(float(np.sqrt(np.square(scaled).mean())), 5)}
        place = {"start": round(start / RATE, 6), "duration": round(samples.size / RATE, 3)}
        rows.append({"id": clip, "class": recording.label, "original_path": recording.name, "group": recording.group, "file": file, **place, **levels_of_clip})
    return rows, levels.size * FRAME / RATE


def segment(
    source: Path,
    out: Path,
    seconds: float = 4.0,
    label: str | None = None,
    licence: str = "unknown",
    author: str = "unknown",
    hours: float = HOURS,
    skip_unreadable: bool = False,
) -> dict[str, Any]:
    """Cuts all recordings below `source` into the new folder `out` and returns a summary.

    Raises one CorpusError that names every unreadable file, and every class that contains only silence. With `skip_unreadable` the
    summary names unreadable files instead, unless there is no other.
    """
    if not SECONDS[0] <= seconds <= SECONDS[1]:
        raise CorpusError(f"--seconds {seconds}: expected {SECONDS[0]} to {SECONDS[1]}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CorpusError(f"{out} already exists and is not an empty folder: choose a new or empty folder")
    if out.resolve().is_relative_to(source.resolve()):
        raise CorpusError(f"{out} is inside {source}: choose a folder outside it, or its clips would be cut again next time")
    found = recordings(source, label)
    target = out.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        rows, total, unreadable = _cut_all(found, partial, seconds, hours, skip_unreadable)
        splits = {g: s for name in {r["class"] for r in rows} for g, s in split_by_original({r["group"] for r in rows if r["class"] == name}).items()}
        for row in rows:
            row |= {"split": splits[row["group"]], "source": "folder", "licence": licence, "author": author, "kind": "cut"}
        write_manifest(rows, partial)
        if target.exists():
            target.rmdir()
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    kept = sum(r["duration"] for r in rows)
    per_class = {name: sum(r["class"] == name for r in rows) for name in sorted({r["class"] for r in rows})}
    minutes = {"minutes": round(kept / 60, 2), "minutes_dropped": round((total - kept) / 60, 2)}
    return {"out": str(out), "originals": len(found) - len(unreadable), "clips": len(rows), **minutes, "classes": per_class, "unreadable": unreadable}


def _cut_all(found: list[Recording], folder: Path, seconds: float, hours: float, skip_unreadable: bool) -> tuple[list[dict[str, Any]], float, list[str]]:
    """Manifest rows, the length of all recordings in seconds, and what could not be read, as "name: why"."""
    rows, unreadable, total, read = [], {}, 0.0, set()
    for recording in found:
        try:
            own, length = cut(recording, folder, seconds, hours * 3600 - total)
        except TooLong as error:
            raise CorpusError(
                f"the recordings together are longer than {hours:g} hours ({error}): leave some out, or allow more with --hours (of a server: --limits datasetHours=)"
            ) from error
        except CorpusError as error:
            unreadable[recording.name] = str(error).removeprefix(f"{recording.path}: ")
            if skip_unreadable:
                emit("unreadable", file=recording.name, reason=unreadable[recording.name])
            continue
        read.add(recording.label)
        rows += own
        total += length
        emit("original", file=recording.name, seconds=round(length, 2), clips=len(own), kept_seconds=round(sum(r["duration"] for r in own), 2))
    labels = {r.label for r in found}
    if not skip_unreadable or labels - read:
        refuse([f"{recording.path}: {unreadable[recording.name]}" for recording in found if recording.name in unreadable])
    refuse([f"class {name} contains only silence" for name in sorted(labels - {row["class"] for row in rows})])
    return rows, total, [f"{name}: {reason}" for name, reason in unreadable.items()]


def write_manifest(rows: list[dict[str, Any]], folder: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, MANIFEST, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    save_text(text.getvalue(), folder / "manifest.csv")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("segment", help="cut long recordings at quiet points into a corpus of short clips")
    parser.add_argument("source", metavar="IN", help="one folder of recordings per class, or with --class any folder or file")
    parser.add_argument("out", metavar="OUT", help="new folder to write the corpus to")
    add_options(parser)
    parser.set_defaults(run=_run)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `segment` besides its folders."""
    parser.add_argument("--seconds", type=float, default=4.0, help="maximum clip length in seconds (4)")
    parser.add_argument("--hours", type=float, default=HOURS, help=f"maximum length of all recordings together in hours ({HOURS:g})")
    parser.add_argument("--class", dest="label", metavar="NAME", help="class of all recordings below IN")
    parser.add_argument("--licence", default="unknown", help="licence of the recordings, listed in the credits of a voice")
    parser.add_argument("--author", default="unknown", help="author of the recordings, listed in the credits of a voice")


def _run(args: argparse.Namespace) -> None:
    done = segment(Path(args.source), Path(args.out), args.seconds, args.label, args.licence, args.author, args.hours)
    emit("segmented", **done)
    classes = ", ".join(f"{name} {n}" for name, n in done["classes"].items())
    made = f"{done['clips']} clips ({classes}), {done['minutes']} minutes, from {done['originals']} recordings"
    print(f"{made}; {done['minutes_dropped']} minutes of silence dropped", file=sys.stderr)
