"""Corpora: clips with their class, split and attribution.

Three layouts: the manifest (`manifest.csv`, optionally `oneshots.csv`), a plain folder per class, and the DCASE 2023
Task 7 development set (see `data/dcase.py`), a folder per class too.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from . import dcase

AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"}
EVAL_SHARE = 10  # one original in ten goes to eval if the corpus defines no split
SPLITS = ("train", "eval")
NAMED = 30  # problems that one error names; the JSON report of `foley-train data` has all of them
COLUMNS = ("id", "class", "file", "split", "group", "licence", "author", "source")
_FILLED = ("id", "class", "file")


class CorpusError(Exception):
    """The corpus cannot be used; the message names the files or classes and the reasons."""


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
    """`layout` is manifest, folders or dcase."""

    classes: list[str]
    clips: list[Clip]
    oneshots: list[Clip] = field(default_factory=list)
    layout: str = "folders"

    def of(self, split: str) -> list[Clip]:
        return [clip for clip in self.clips if clip.split == split]

    def counts(self) -> dict[str, dict[str, int]]:
        """Clips of each class by split, as a voice's card has them."""
        return {label: {split: sum(c.label == label for c in self.of(split)) for split in ("train", "eval")} for label in self.classes}

    def hash(self) -> str:
        """SHA-256 that names the data on a voice's card: ids, classes, splits and the bytes of every clip's and one-shot's file.

        The order of the rows, the credits and the location of the corpus do not matter. Reads every file; CorpusError names unreadable ones.
        """
        lines, missing = [], []
        for clip in [*self.clips, *self.oneshots]:
            try:
                lines.append(f"{clip.id} {clip.label} {clip.split} {_file_hash(clip.path)}")
            except OSError as error:
                missing.append(f"{clip.path}: {error.strerror}")
        refuse(missing)
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def shown(name: str) -> bool:
    """Whether a name is shown as it is: no control characters, line separators or marks that turn the direction of text."""
    return not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]", name)


def refuse(reasons: list[str]) -> None:
    """Raises one CorpusError with the reasons, one per line, of many the first; returns if there is none."""
    if len(reasons) > 1:
        more = [f"and {len(reasons) - NAMED} more"] if len(reasons) > NAMED else []
        raise CorpusError("\n  ".join([f"{len(reasons)} problems:", *reasons[:NAMED], *more]))
    if reasons:
        raise CorpusError(reasons[0])


def open_corpus(*roots: str | Path) -> Corpus:
    """The corpus in `roots`, several read as one; raises one CorpusError that names what is wrong with folders and tables."""
    parts = [read_corpus(root) for root in roots]
    refuse([problem for _, problems in parts for problem in problems])
    return merged([corpus for corpus, _ in parts])


def merged(parts: list[Corpus]) -> Corpus:
    """Several corpora as one. Raises CorpusError where two of them use one id."""
    if len(parts) == 1:
        return parts[0]
    clips, oneshots = [c for p in parts for c in p.clips], [c for p in parts for c in p.oneshots]
    problems = [f"id {i} occurs in {n} of the corpora, expected one" for i, n in Counter(c.id for c in clips).items() if n > 1]
    refuse(problems + [f"one-shot id {i} occurs in {n} of the corpora, expected one" for i, n in Counter(c.id for c in oneshots).items() if n > 1])
    return Corpus(_order({c.label for c in clips}), clips, oneshots, parts[0].layout)


def read_corpus(root: str | Path) -> tuple[Corpus, list[str]]:
    """The corpus as far as it is readable, and the problems that prevent training."""
    root = Path(root)
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder")
    corpus, problems = _manifest_corpus(root) if (root / "manifest.csv").is_file() else _folder_corpus(root)
    for label in corpus.classes:
        if not any(c.label == label and c.split == "train" for c in corpus.clips):
            problems.append(f"class {label} in {root} has no training clip")
    return corpus, problems


def _file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _order(labels: set[str]) -> list[str]:
    known = [label for label in dcase.CLASSES if label in labels]
    return known + sorted(labels - set(known))


def _clip(root: Path, row: dict[str, str]) -> Clip:
    """Raises CorpusError on an invalid row."""
    empty = [name for name in COLUMNS if row[name] is None or (name in _FILLED and not row[name])]
    if empty:
        raise CorpusError(f"missing {', '.join(empty)}")
    if row["split"] not in SPLITS:
        raise CorpusError(f"split is {row['split']!r}, expected train or eval")
    path = (root / row["file"]).resolve()
    if not path.is_relative_to(root.resolve()):
        raise CorpusError(f"{row['file']} is outside the corpus folder, by its path or as a link: copy the file into it")
    return Clip(
        id=row["id"],
        path=path,
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


def _rows(root: Path, name: str) -> tuple[list[Clip], list[str]]:
    """The clips of one table, and the problems of its other rows."""
    clips: list[Clip] = []
    problems: list[str] = []
    try:
        with open(root / name, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            lacking = [c for c in COLUMNS if c not in (reader.fieldnames or [])]
            if lacking:
                return [], [f"{name} has no column {', '.join(lacking)}"]
            for row in reader:
                try:
                    clips.append(_clip(root, row))
                except CorpusError as error:
                    problems.append(f"{name}, line {reader.line_num}: {error}")
    except (UnicodeDecodeError, csv.Error) as error:
        return [], [f"{name}: {error}"]
    problems += [f"{name}: id {i} occurs {n} times, expected once" for i, n in Counter(c.id for c in clips).items() if n > 1]
    return clips, problems


def _manifest_corpus(root: Path) -> tuple[Corpus, list[str]]:
    clips, problems = _rows(root, "manifest.csv")
    oneshots, more = _rows(root, "oneshots.csv") if (root / "oneshots.csv").is_file() else ([], [])
    if not clips and not problems:
        problems.append("manifest.csv has no rows")
    return Corpus(_order({c.label for c in clips}), clips, oneshots, "manifest"), problems + more


def class_folders(root: Path) -> list[Path]:
    """The folders that are classes; hidden ones and what macOS puts into archives are none."""
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith((".", "__MACOSX")))


def audio_files(folder: Path) -> list[Path]:
    """Every sound file at any depth below, sorted; hidden ones and those in hidden folders are left out, and names that are not UTF-8."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES and not _is_hidden(p.relative_to(folder)) and not p.is_dir() and _is_utf8(p))


def skipped_files(root: Path) -> list[str]:
    """Every file below that `audio_files` leaves out, hidden ones aside, as "name: why", sorted."""
    reasons = []
    for path in root.rglob("*"):
        name = path.relative_to(root)
        if path.is_dir() or _is_hidden(name):
            continue
        if not _is_utf8(name):
            shown_name = name.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            reasons.append(f"{shown_name}: its name is not UTF-8; rename it")
        elif path.suffix.lower() not in AUDIO_SUFFIXES:
            reasons.append(f"{name.as_posix()}: its extension is not that of WAV, FLAC, Ogg, MP3 or AIFF")
    return sorted(reasons)


def _is_hidden(below: Path) -> bool:
    """Also what programs that copy folders to and fro keep of earlier takes, as in .stversions."""
    return any(part.startswith((".", "__MACOSX")) for part in below.parts)


def _is_utf8(path: Path) -> bool:
    """Python keeps bytes of names that are not UTF-8 as surrogates, which no manifest and no JSON can hold."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def split_by_original(groups: set[str]) -> dict[str, str]:
    """One class' originals -> train or eval, by their hash: the same whatever else a corpus holds. Never all to eval."""
    splits = {g: "eval" if int(hashlib.sha256(g.encode()).hexdigest()[:8], 16) % EVAL_SHARE == 0 else "train" for g in groups}
    return splits if "train" in splits.values() else dict.fromkeys(groups, "train")


def _prefix(path: Path) -> str:
    """The name of the original: everything before the first "_" or "-". All its cuts stay in one split."""
    return path.stem.replace("-", "_").split("_")[0]


def _folder_corpus(root: Path) -> tuple[Corpus, list[str]]:
    base = dcase.class_root(root)
    known = dcase.originals(base) if base else {}
    clips, problems = [], []
    for folder in class_folders(base or root):
        label = (dcase.label_of(folder.name) if base else None) or folder.name
        files = audio_files(folder)
        if not files:
            problems.append(f"class folder {folder} contains no audio ({' '.join(sorted(AUDIO_SUFFIXES))})")
        found = {path: known.get((label, path.stem)) for path in files}
        groups = {path: original.group if original else f"{label}/{_prefix(path)}" for path, original in found.items()}
        splits = split_by_original(set(groups.values()))
        for path, original in found.items():
            relative = path.relative_to(base or root).as_posix()
            digest = hashlib.sha256(relative.encode()).hexdigest()
            source, name = (original.source, original.name) if original else ("folder", relative)
            clips.append(Clip(digest[:12], path, label, splits[groups[path]], groups[path], source=source, original=name))
    if not clips:
        problems = [*problems, f"no audio below {root}"]
    return Corpus(_order({c.label for c in clips}), clips, layout="dcase" if base else "folders"), problems
