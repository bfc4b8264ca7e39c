"""Authors and licences of a voice's training recordings, each original listed once."""

from __future__ import annotations

import csv
import io
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


def to_csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def summary(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """For the card: author, licence and source with the number of their recordings, most first."""
    counts = Counter((r["author"], r["licence"], r["source"]) for r in rows)
    return [{"author": a, "licence": licence, "source": s, "recordings": n} for (a, licence, s), n in sorted(counts.items(), key=lambda x: (-x[1], x[0]))]


def licences(corpus: Corpus) -> dict[str, int]:
    """Training clips per licence."""
    clips = [*corpus.of("train"), *(c for c in corpus.oneshots if c.split == "train")]
    return dict(Counter(c.licence for c in clips).most_common())
