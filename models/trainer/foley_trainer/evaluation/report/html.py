"""The HTML elements of a report. All text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

NOTHING = "-"


def number(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return NOTHING
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.0f} %"


def section(title: str, *body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(body)}</section>"


def heading(text: str) -> str:
    return f"<h3>{escape(text)}</h3>"


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "", raw: bool = False) -> str:
    """The first cell of a row is its name; with `raw` the others are markup already."""
    lines = []
    for name, *cells in rows:
        inner = "".join(f"<td>{cell if raw else escape(cell)}</td>" for cell in cells)
        lines.append(f"<tr><th>{escape(name)}</th>{inner}</tr>")
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table class="{kind}"><thead><tr>{names}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def heat(head: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Counts, each cell shaded by its share of its row. Names of many columns stand upright, so that all of them are seen."""
    lines = []
    for name, counts in rows:
        total = sum(counts) or 1
        cells = "".join(f'<td style="--share:{count / total:.3f}">{count or ""}</td>' for count in counts)
        lines.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    kind = "heat upright" if len(head) > 9 else "heat"
    return f'<div class="wide"><table class="{kind}"><thead><tr>{names}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def player(file: str, caption: str) -> str:
    return f'<figure><audio controls preload="none" src="{quote(file)}"></audio><figcaption>{escape(caption)}</figcaption></figure>'


def tile(name: str, value: str, more: str) -> str:
    return f'<div class="tile"><span>{escape(name)}</span><strong>{escape(value)}</strong><span>{escape(more)}</span></div>'


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(key)}</dt><dd>{escape(value)}</dd>' for key, value in pairs)}</dl>"
