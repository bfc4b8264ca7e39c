"""Tables in the text of reports."""

from __future__ import annotations


def aligned(rows: list[list[str]]) -> list[str]:
    """A line for each row: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]).rstrip() for row in rows]
