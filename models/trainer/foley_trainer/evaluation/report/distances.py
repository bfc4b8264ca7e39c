"""The report's section on FAD and KAD of one embedder: a chart and a table per reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..distances import ALL
from .charts import Point, dots, legend
from .html import NOTHING, heading, number, paragraph, section, table
from .table2 import AVERAGE, published

EMBEDDERS = {"own": "our embedder", "vggish": "VGGish", "yamnet": "YAMNet"}
SETS = ("generated", "copies", "training", "eval")
NOTE = (
    "FAD is biased upwards for few clips. FAD extrapolated to infinite n removes the bias of the generated side, KAD (with its standard error) that of both. The interval "
    "covers only the sampling of the generated clips. A reference marked few has fewer embeddings than twice their dimension: its covariance estimate is unreliable."
)


def distances(embedder: str, found: dict[str, Any]) -> str:
    parts = [paragraph(f"{found['about'][0].upper()}{found['about'][1:]}. Lower is better; values of different embedders are not comparable.")]
    for name, against in found["references"].items():
        sets = [s for s in SETS if any(s in of for of in against["classes"].values())]
        rows = []
        for label, of in against["classes"].items():
            if label != ALL:
                rows.append((label, [Point(s, of[s]["fad"], of[s].get("fad_low"), of[s].get("fad_high")) for s in reversed(sets) if s in of]))
        parts += [heading(f"Against {against['about']}"), dots(rows, "Fréchet audio distance; bars: 95 % interval"), legend(sets)]
        parts.append(_table(against, sets, name == "given"))
    return section(f"Distances: {EMBEDDERS.get(embedder, embedder)}", *parts, paragraph(NOTE, "note"))


def _table(against: dict[str, Any], sets: Sequence[str], given: bool) -> str:
    """The paper's results are shown only if the reference may be the challenge's statistics."""
    others = [s for s in sets if s != "generated"]
    real = [s for s in others if s != "copies"] if not given else []
    head = ["class", "FAD", "interval", "n → ∞", *(["KAD"] if not given else []), *(f"FAD {s}" for s in others), *(f"KAD {s}" for s in real)]
    head += [*(["paper, rvq"] if given else []), "reference"]
    rows = []
    for label, of in [*against["classes"].items(), (AVERAGE, against["average"])]:
        made = of.get("generated", {})
        cells = [label, number(made.get("fad")), _interval(made), number(made.get("fad_infinity"))]
        cells += [] if given else [number(made.get("kad")) + (f" ± {number(made['kad_error'])}" if "kad_error" in made else "")]
        cells += [number(of.get(s, {}).get("fad")) for s in others] + [number(of.get(s, {}).get("kad")) for s in real]
        cells += [number(published("rvq", label))] if given else []
        rows.append([*cells, _size(of.get("reference"))])
    return table(head, rows, "sized")


def _interval(made: dict[str, float]) -> str:
    return f"{number(made['fad_low'])} to {number(made['fad_high'])}" if "fad_low" in made else NOTHING


def _size(reference: dict[str, Any] | None) -> str:
    if reference is None:
        return ""
    clips = f"{reference['clips']} clips of {reference['originals']} originals, " if "clips" in reference else ""
    return f"{clips}{reference['embeddings']} embeddings{', few' if reference['small'] else ''}"
