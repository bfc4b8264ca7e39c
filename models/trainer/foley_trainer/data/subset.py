"""`foley-train subset`: the clips of corpora that have certain licences or classes, as a corpus of their own."""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..runtime.events import emit
from ..runtime.files import save_text
from ..runtime.text_table import aligned
from .corpus import Clip, Corpus, CorpusError, open_corpus
from .licences import is_permissive

FIELDS = ["id", "class", "file", "split", "group", "licence", "author", "source", "kind", "mode", "original_path"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("subset", help="write the clips of corpora that have certain licences or classes as a corpus of their own")
    parser.add_argument("--corpus", required=True, action="append", help="corpus folder (repeat it for several)")
    parser.add_argument("--out", required=True, help="new or empty folder to write the corpus to")
    parser.add_argument("--permissive-only", action="store_true", help="only clips whose licence asks for credit at most: CC0, CC-BY, MIT, public domain, ...")
    parser.add_argument("--licences", type=lambda text: text.split(","), metavar="A,B", help="only clips of these licences, as the corpus writes them")
    parser.add_argument("--classes", type=lambda text: text.split(","), metavar="A,B", help="only clips of these classes")
    parser.set_defaults(run=_run)


def subset(corpus: Corpus, out: Path, wanted: Callable[[Clip], bool]) -> Corpus:
    """Writes the clips and one-shots that are wanted to `out`, files as hard links where the file system can. Splits and ids stay.

    Raises CorpusError where a class that was not left out as a whole keeps no training clip, or nothing is left.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CorpusError(f"{out} already exists and is not an empty folder: choose a new or empty folder")
    clips, oneshots = [c for c in corpus.clips if wanted(c)], [c for c in corpus.oneshots if wanted(c)]
    labels = {c.label for c in clips}
    untrained = sorted(labels - {c.label for c in clips if c.split == "train"})
    if not clips:
        raise CorpusError("no clip is left: the manifest.csv of the corpus says which licence and class each clip has")
    if untrained:
        raise CorpusError(f"class {', '.join(untrained)} keeps no training clip: leave it out with --classes")
    oneshots = [c for c in oneshots if c.label in labels]
    for name, folder, chosen in (("manifest.csv", "clips", clips), ("oneshots.csv", "oneshots", oneshots)):
        if chosen:
            save_text(_table([(clip, _placed(clip, out, folder)) for clip in chosen]), out / name)
    return open_corpus(out)


def _placed(clip: Clip, out: Path, folder: str) -> str:
    """Where its file lies below `out` from now on."""
    name = f"{folder}/{clip.label}/{clip.id}{clip.path.suffix}"
    to = out / name
    if not to.resolve().is_relative_to(out.resolve()):
        raise CorpusError(f"id {clip.id!r} or class {clip.label!r} cannot be a file name: rename it in the manifest")
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(clip.path.resolve(), to)
    except OSError:
        shutil.copyfile(clip.path, to)
    return name


def _table(rows: list[tuple[Clip, str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for c, file in rows:
        writer.writerow([c.id, c.label, file, c.split, c.group, c.licence, c.author, c.source, c.kind, c.mode, c.original])
    return out.getvalue()


def _run(args: argparse.Namespace) -> None:
    corpus = open_corpus(*args.corpus)
    unknown = sorted(set(args.classes or []) - set(corpus.classes))
    if unknown:
        raise CorpusError(f"no clip has the class {', '.join(unknown)}; there are {', '.join(corpus.classes)}")

    def wanted(clip: Clip) -> bool:
        licensed = (not args.permissive_only or is_permissive(clip.licence)) and (args.licences is None or clip.licence in args.licences)
        return licensed and (args.classes is None or clip.label in args.classes)

    left = subset(corpus, Path(args.out), wanted)
    before, now = _counts(corpus), _counts(left)
    emit("subset", out=str(args.out), classes=left.classes, clips=len(left.clips), oneshots=len(left.oneshots), hash=left.hash())
    rows = [[label, *(f"{now[label, split]} of {before[label, split]}" for split in ("train", "eval"))] for label in corpus.classes]
    print("\n".join(aligned([["class", "train", "eval"], *rows])), file=sys.stderr)


def _counts(corpus: Corpus) -> Counter[tuple[str, str]]:
    return Counter((c.label, c.split) for c in corpus.clips)
