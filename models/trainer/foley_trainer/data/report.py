"""`foley-train data`: contents and problems of a corpus, checked before hours of training."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime.events import emit
from ..runtime.files import save_text
from ..runtime.text_table import aligned
from .corpus import SPLITS, Clip, Corpus, CorpusError, read_corpus
from .dcase import TABLE_1
from .file_stats import Facts, decibels, measure
from .near_duplicates import alike

SECONDS = 4.0
TOLERANCE = 0.001
SHOWN = 30  # lines of one kind in the text report; the JSON report has all of them


def _spread(values: list[float]) -> list[float] | None:
    """Lowest, median, highest."""
    return [round(float(v), 3) for v in np.quantile(values, (0, 0.5, 1))] if values else None


def _counts(values: list[Any]) -> dict[str, int]:
    return {str(value): n for value, n in sorted(Counter(values).items())}


class _Measured:
    """All files of a corpus with what was found in them; `unreadable` ones are named with the reason and left out of the rest."""

    def __init__(self, root: Path, corpus: Corpus) -> None:
        self.root, self.facts, self.unreadable = root.resolve(), dict[Clip, Facts](), list[dict[str, str]]()
        for clip in [*corpus.clips, *corpus.oneshots]:
            try:
                self.facts[clip] = measure(clip.path)
            except CorpusError as error:
                reason = str(error).removeprefix(f"{clip.path}: ")
                self.unreadable.append({"file": self.name(clip), "class": clip.label, "split": clip.split, "reason": reason})

    def name(self, clip: Clip) -> str:
        path = clip.path.absolute()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(clip.path)

    def of(self, clips: list[Clip]) -> list[Facts]:
        return [self.facts[clip] for clip in clips if clip in self.facts]

    def class_report(self, label: str, corpus: Corpus) -> dict[str, Any]:
        clips, oneshots = ([c for c in kind if c.label == label] for kind in (corpus.clips, corpus.oneshots))
        facts, shots = self.of(clips), self.of(oneshots)
        both = {clip: self.facts[clip] for clip in [*clips, *oneshots] if clip in self.facts}
        return {
            "class": label,
            "clips": len(clips),
            "train": sum(c.split == "train" for c in clips),
            "eval": sum(c.split == "eval" for c in clips),
            "originals": len({c.group for c in clips}),
            "oneshots": len(oneshots),
            "minutes": round(sum(f.seconds for f in facts) / 60, 2),
            "oneshot_minutes": round(sum(f.seconds for f in shots) / 60, 2),
            "seconds": _spread([f.seconds for f in facts]),
            "shorter": sum(f.seconds < SECONDS - TOLERANCE for f in facts),
            "longer": sum(f.seconds > SECONDS + TOLERANCE for f in facts),
            "rates": _counts([f.rate for f in both.values()]),
            "depths": _counts([f.depth for f in both.values()]),
            "channels": _counts([f.channels for f in both.values()]),
            "peak_db": _spread([decibels(f.peak) for f in facts]),
            "rms_db": _spread([decibels(f.rms) for f in facts]),
            "silent": [self.name(clip) for clip, f in both.items() if f.silent],
            "clipped": [self.name(clip) for clip, f in both.items() if f.clipped],
            "unreadable": sum(u["class"] == label for u in self.unreadable),
        }

    def duplicates(self) -> list[dict[str, Any]]:
        """Pairs of different originals, those between train and eval first, then the most similar."""
        clips = list(self.facts)
        found = []
        for pair in alike([f.prints for f in self.facts.values()]):
            two = [clips[pair.first], clips[pair.second]]
            if two[0].group == two[1].group:
                continue
            where = {"files": [self.name(c) for c in two], "classes": [c.label for c in two], "splits": [c.split for c in two]}
            found.append({"likeness": round(pair.likeness, 3), "across": two[0].split != two[1].split, **where})
        return sorted(found, key=lambda d: (not d["across"], -d["likeness"]))


def _straddling(corpus: Corpus) -> list[str]:
    """Groups with clips on both sides of the split: training data that leaks into the evaluation."""
    sides = ({c.group for c in [*corpus.clips, *corpus.oneshots] if c.split == split} for split in SPLITS)
    return sorted(set.intersection(*sides))


def data_report(root: str | Path) -> dict[str, Any]:
    """The report of `foley-train data`; durations in seconds or minutes, levels in dBFS. Raises CorpusError only if `root` is not a folder."""
    root = Path(root)
    corpus, problems = read_corpus(root)
    measured = _Measured(root, corpus)
    classes = [measured.class_report(label, corpus) for label in corpus.classes]
    table_1 = None
    if corpus.layout == "dcase":
        table_1 = {label: {"paper": paper, "found": sum(c.label == label for c in corpus.clips)} for label, paper in TABLE_1.items()}
    return {
        "corpus": str(root),
        "layout": corpus.layout,
        "usable": not problems and not measured.unreadable,
        "clips": len(corpus.clips),
        "oneshots": len(corpus.oneshots),
        "minutes": round(sum(c["minutes"] for c in classes), 1),
        "classes": classes,
        "problems": problems,
        "unreadable": measured.unreadable,
        "straddling": _straddling(corpus),
        "duplicates": measured.duplicates(),
        "table_1": table_1,
    }


def _range(spread: list[float] | None, digits: int) -> str:
    return "-" if spread is None else " ".join(f"{v:.{digits}f}" for v in spread)


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return [f"  {line}" for line in lines[:SHOWN]] + ([f"  ... and {more} more"] if more > 0 else [])


def _listed(title: str, lines: list[str]) -> list[str]:
    return ["", f"{title}: {len(lines)}", *_few(lines)] if lines else ["", f"{title}: none"]


def _differences(table_1: dict[str, dict[str, int]]) -> list[str]:
    out = []
    for label, count in table_1.items():
        by = count["found"] - count["paper"]
        if by:
            out.append(f"{label}: {count['found']} clips, the paper has {count['paper']} ({abs(by)} {'missing' if by < 0 else 'too many'})")
    return out


def readable(report: dict[str, Any]) -> str:
    """The report as text, at most 130 columns wide for short class names."""
    classes = report["classes"]
    lines = [f"{report['layout']} corpus {report['corpus']}: {report['clips']} clips, {report['minutes']} minutes, {report['oneshots']} one-shots", ""]
    counts = [["class", "clips", "train", "eval", "originals", "minutes", "one-shots", "under 4 s", "over 4 s", "silent", "clipped", "unreadable"]]
    for c in classes:
        numbers = [c[k] for k in ("clips", "train", "eval", "originals", "minutes", "oneshots", "shorter", "longer")]
        counts.append([c["class"], *map(str, [*numbers, len(c["silent"]), len(c["clipped"]), c["unreadable"]])])
    sound = [["class", "seconds", "peak dBFS", "RMS dBFS", "Hz", "depth", "channels"]]
    for c in classes:
        formats = [", ".join(c[k]) or "-" for k in ("rates", "depths", "channels")]
        sound.append([c["class"], _range(c["seconds"], 2), _range(c["peak_db"], 1), _range(c["rms_db"], 1), *formats])
    if classes:
        lines += [*aligned(counts), "", *aligned(sound), "(lowest, median, highest of the clips)"]
    lines += _listed("Unreadable files", [f"{u['file']}: {u['reason']}" for u in report["unreadable"]])
    lines += _listed("Silent files (below -60 dBFS)", [name for c in classes for name in c["silent"]])
    lines += _listed("Clipped files", [name for c in classes for name in c["clipped"]])
    pairs = [f"{d['likeness']:.2f}  {'train and eval!  ' if d['across'] else ''}{d['files'][0]}  {d['files'][1]}" for d in report["duplicates"]]
    lines += _listed("Near-duplicates of different originals", pairs)
    lines += _listed("Originals on both sides of the split", report["straddling"]) if report["straddling"] else []
    without = [c["class"] for c in classes if not c["eval"]]
    lines += _listed("Classes without an eval clip", without) if without else []
    if report["table_1"]:
        lines += _listed("Differences from the development set's Table 1", _differences(report["table_1"]))
    lines += _listed("Problems that prevent training", report["problems"]) if report["problems"] else []
    return "\n".join([*lines, "", "This corpus is ready for training." if report["usable"] else "This corpus cannot be used for training until the problems above are fixed."])


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("data", help="report on a corpus: durations, levels, formats, unreadable files, near-duplicates")
    parser.add_argument("--corpus", required=True, help="corpus folder: with a manifest.csv, or one subfolder per class")
    parser.add_argument("--json", help="also write the report to this JSON file")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    report = data_report(args.corpus)
    if args.json:
        save_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", Path(args.json))
    emit("data", **report)
    print(readable(report), file=sys.stderr)
