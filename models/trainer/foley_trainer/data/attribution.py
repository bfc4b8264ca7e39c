"""Authors and licences of a voice's training recordings, each original listed once."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import Any

from .corpus import Corpus

FIELDS = ["class", "original", "author", "licence", "source"]


def recordings(corpus: Corpus) -> list[dict[str, str]]:
    """Every original behind the training clips; a clip composed of several names them with ';' between."""
    found = set()
    for clip in [*corpus.of("train"), *(c for c in corpus.oneshots if c.split == "train")]:
        for original in clip.original.split(";"):
            found.add((clip.label, original.strip(), clip.author, clip.licence, clip.source))
    return [dict(zip(FIELDS, row, strict=True)) for row in sorted(found)]


# Half-width and full-width beginnings of formulas, also behind spaces, which some spreadsheets skip.
_FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212|%]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PREFIX = "'"


def to_csv(rows: list[dict[str, str]]) -> str:
    """No cell is a formula for a spreadsheet: one that begins like a formula is written behind an apostrophe, as the server does."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def from_csv(text: str) -> list[dict[str, str]]:
    """The rows of `to_csv`, without its apostrophes."""
    return [{key: _plain(value) for key, value in row.items()} for row in csv.DictReader(io.StringIO(text, newline=""))]


def _cell(text: str) -> str:
    cell = _CONTROL.sub(" ", text)
    return f"{_PREFIX}{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith(_PREFIX) and _FORMULA.match(cell[1:]) else cell


def summary(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """For the card: author, licence and source with the number of their recordings, most first."""
    counts = Counter((r["author"], r["licence"], r["source"]) for r in rows)
    return [{"author": a, "licence": licence, "source": s, "recordings": n} for (a, licence, s), n in sorted(counts.items(), key=lambda x: (-x[1], x[0]))]


def licences(corpus: Corpus) -> dict[str, int]:
    """Training clips per licence."""
    clips = [*corpus.of("train"), *(c for c in corpus.oneshots if c.split == "train")]
    return dict(Counter(c.licence for c in clips).most_common())
