"""`foley-train dataset`: recordings to a data set that can be trained on: cut, split by original, looked at, in one go."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

from ..runtime.events import emit
from ..runtime.files import save_text
from ..runtime.supervised import Stopped, stoppable, watch_stdin
from .corpus import skipped_files
from .report import data_report
from .segment import HOURS, MANIFEST, add_options, segment, write_manifest

LISTED = 50  # of a kind, in what is said; report.json has all
COPIES = 500  # recordings that are said to be copies


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("dataset", help="cut recordings into a corpus, check it, and drop eval clips that duplicate training clips")
    parser.add_argument("source", metavar="IN", help="one folder of recordings per class, or with --class any folder")
    parser.add_argument("out", metavar="OUT", help="new output folder for `corpus` and `report.json`")
    add_options(parser)
    parser.add_argument("--supervised", action="store_true", help="exit when stdin closes")
    parser.set_defaults(run=_run)


def make_dataset(
    source: Path, out: Path, seconds: float = 4.0, label: str | None = None, licence: str = "unknown", author: str = "unknown", hours: float = HOURS
) -> dict[str, Any]:
    """Returns what `segment` and `data` say, in short. Of near-duplicates on both sides of the split, the eval side's is dropped."""
    made = segment(source, out / "corpus", seconds, label, licence, author, hours, skip_unreadable=True)
    report = data_report(out / "corpus")
    copies = _copies(out / "corpus", report["duplicates"])
    across = [pair for pair in report["duplicates"] if pair["across"]]
    dropped = sorted({file for pair in across for file, split in zip(pair["files"], pair["splits"], strict=True) if split == "eval"})
    if dropped:
        _drop(out / "corpus", set(dropped))
        report = data_report(out / "corpus")
    save_text(json.dumps({**report, "dropped": dropped, "copies": copies}, indent=2, ensure_ascii=False) + "\n", out / "report.json")
    keys = ("class", "clips", "train", "eval", "originals", "minutes")
    return {
        "classes": [{key: c[key] for key in keys} for c in report["classes"]],
        "clips": report["clips"],
        "minutes": report["minutes"],
        "originals": made["originals"],
        "minutes_silent": made["minutes_dropped"],
        "silent": _some(name for c in report["classes"] for name in c["silent"]),
        "clipped": _some(name for c in report["classes"] for name in c["clipped"]),
        "duplicates": _some(" and ".join(pair["files"]) for pair in report["duplicates"]),
        "dropped": _some(dropped),
        "skipped": _some([*skipped_files(source), *made["unreadable"]]),
        "copies": copies[:COPIES],
    }


def _some(names: Any) -> dict[str, Any]:
    found = list(names)
    return {"count": len(found), "files": found[:LISTED]}


def _copies(corpus: Path, pairs: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Recordings that are nearly the same as one before them, by name: of each the first that it is like."""
    with open(corpus / "manifest.csv", newline="", encoding="utf-8") as text:
        recording = {row["file"]: row["original_path"] for row in csv.DictReader(text)}
    like: dict[str, str] = {}
    for pair in pairs:
        first, second = sorted(recording[file] for file in pair["files"])
        like[second] = min(first, like.get(second, first))
    return [{"file": file, "of": of} for file, of in sorted(like.items())]


def _drop(corpus: Path, files: set[str]) -> None:
    with open(corpus / "manifest.csv", newline="", encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if row["file"] not in files]
    write_manifest([{key: row[key] for key in MANIFEST} for row in rows], corpus)
    for file in files:
        (corpus / file).unlink(missing_ok=True)


def _run(args: argparse.Namespace) -> None:
    if args.supervised:
        watch_stdin()
    try:
        with stoppable():
            emit("dataset", **make_dataset(Path(args.source), Path(args.out), args.seconds, args.label, args.licence, args.author, args.hours))
    except Stopped:
        emit("stopped", stage="dataset")
