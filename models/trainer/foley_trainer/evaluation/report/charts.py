"""Charts as inline SVG. Colours are CSS variables, so they follow light and dark mode; shapes carry the same information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .html import number

WIDTH, LEFT, RIGHT, ROW = 760, 170, 24, 34
KINDS = {"generated": "generated", "copies": "through codec and vocoder", "training": "real training clips", "eval": "real eval clips", "unseen": "real eval clips"}


@dataclass(frozen=True)
class Point:
    """kind: one of KINDS; low and high: an interval around the value."""

    kind: str
    value: float
    low: float | None = None
    high: float | None = None


Rows = Sequence[tuple[str, Sequence[Point]]]


def legend(kinds: Sequence[str]) -> str:
    marks = "".join(f'<span><svg class="mark" viewBox="-8 -8 16 16">{_mark(kind, 0, 0, "")}</svg>{escape(KINDS[kind])}</span>' for kind in kinds)
    return f'<p class="legend">{marks}</p>'


def dots(rows: Rows, unit: str) -> str:
    """A line per row, a mark per point, from 0 to the largest."""
    highest = max((p.high or p.value for _, points in rows for p in points), default=1.0) or 1.0
    step = _step(highest)
    ticks = [i * step for i in range(int(highest / step) + 2)]
    return _figure([_line(i, label, points, 0.0, ticks[-1]) for i, (label, points) in enumerate(rows)], len(rows), ticks, 0.0, unit)


def strips(rows: Sequence[tuple[str, Sequence[Point], float | None]], unit: str) -> str:
    """Many small points per row, each kind at a height of its own, and a tick at the row's limit; from -0.2 to 1."""
    parts = []
    for i, (label, points, limit) in enumerate(rows):
        y = _y(i)
        part = [_label(label, y)]
        heights = {"generated": y - 5, "unseen": y + 6}
        part += [f'<circle class="faint {p.kind}" cx="{_x(max(p.value, -0.2), -0.2, 1):.1f}" cy="{heights[p.kind]}" r="3"><title>{p.value:.3f}</title></circle>' for p in points]
        if limit is not None:
            x = _x(limit, -0.2, 1)
            part.append(f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 13}" y2="{y + 13}"><title>limit {limit:.3f}</title></line>')
        parts.append("".join(part))
    return _figure(parts, len(rows), [-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1], -0.2, unit)


def bars(rows: Sequence[tuple[str, float]], unit: str) -> str:
    """A bar per row from 0, its number at its end."""
    highest = max((value for _, value in rows), default=1.0) or 1.0
    step = _step(highest)
    ticks = [i * step for i in range(int(highest / step) + 2)]
    parts = []
    for i, (label, value) in enumerate(rows):
        x, y = _x(value, 0, ticks[-1]), _y(i)
        bar = f'<rect class="generated" x="{LEFT}" y="{y - 8}" width="{x - LEFT:.1f}" height="16" rx="2"/>'
        parts.append(f'{_label(label, y)}{bar}<text class="number" x="{x + 6:.1f}" y="{y + 4}">{number(value)}</text>')
    return _figure(parts, len(rows), ticks, 0.0, unit)


def _step(highest: float) -> float:
    """Distance of ticks: 1, 2 or 5 times a power of ten, three to seven of them."""
    power = 10.0 ** (len(f"{highest:.0f}") - 1) if highest >= 1 else 10.0 ** -(len(f"{1 / highest:.0f}"))
    return next(power * factor for factor in (0.2, 0.5, 1, 2, 5, 10) if highest / (power * factor) <= 7)


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)


def _y(row: int) -> int:
    return 18 + row * ROW


def _label(label: str, y: int) -> str:
    return f'<text class="row" x="{LEFT - 12}" y="{y + 4}">{escape(label)}</text>'


def _line(row: int, label: str, points: Sequence[Point], low: float, high: float) -> str:
    y = _y(row)
    parts = [_label(label, y)]
    for point in points:
        x = _x(point.value, low, high)
        if point.low is not None and point.high is not None:
            parts.append(f'<line class="interval {point.kind}" x1="{_x(point.low, low, high):.1f}" x2="{_x(point.high, low, high):.1f}" y1="{y}" y2="{y}"/>')
        parts.append(_mark(point.kind, x, y, f"{KINDS[point.kind]}: {number(point.value)}"))
    return "".join(parts)


def _mark(kind: str, x: float, y: float, title: str) -> str:
    tooltip = f"<title>{escape(title)}</title>" if title else ""
    if kind == "generated":
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y}" r="6">{tooltip}</circle>'
    if kind == "copies":
        return f'<rect class="{kind}" x="{x - 5:.1f}" y="{y - 5}" width="10" height="10">{tooltip}</rect>'
    return f'<path class="{kind}" d="M{x:.1f} {y - 7}l7 7l-7 7l-7-7z">{tooltip}</path>'


def _figure(parts: Sequence[str], rows: int, ticks: Sequence[float], low: float, unit: str) -> str:
    bottom, high = _y(rows) - 6, ticks[-1]
    grid = "".join(f'<line class="grid" x1="{_x(t, low, high):.1f}" x2="{_x(t, low, high):.1f}" y1="4" y2="{bottom}"/>' for t in ticks)
    numbers = "".join(f'<text class="tick" x="{_x(t, low, high):.1f}" y="{bottom + 16}">{number(t)}</text>' for t in ticks)
    name = f'<text class="unit" x="{LEFT}" y="{bottom + 34}">{escape(unit)}</text>'
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {bottom + 42}" role="img" aria-label="{escape(unit)}">{grid}{"".join(parts)}{numbers}{name}</svg>'
