"""The page and its parts: whole without a network, safe with any name, silent about what was not measured."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread as read_image

from foley_trainer.evaluation.report.charts import Point, bars, dots, strips
from foley_trainer.evaluation.report.html import heat, number
from foley_trainer.evaluation.report.page import page
from foley_trainer.evaluation.report.spectrograms import MOST_COLUMNS, draw

NASTY = '<script>alert("x")</script>'


def distances(classes: list[str]) -> dict[str, Any]:
    row = {
        "reference": {"embeddings": 84, "small": True, "clips": 12, "originals": 7},
        "generated": {"clips": 10, "embeddings": 70, "fad": 21.5, "fad_low": 20.0, "fad_high": 23.0, "fad_infinity": 18.0, "fad_infinity_r2": 0.9, "kad": 4.2, "kad_error": 0.5},
        "training": {"clips": 50, "embeddings": 350, "fad": 9.1, "kad": 0.3, "kad_error": 0.2},
    }
    average = {"generated": {"fad": 21.5, "fad_infinity": 18.0, "kad": 4.2}, "training": {"fad": 9.1, "kad": 0.3}}
    against = {"about": "eval clips", "classes": {**dict.fromkeys(classes, row), "all": {"reference": row["reference"], "generated": {"fad": 12.0}}}, "average": average}
    return {"about": "an ear", "sha256": "ab" * 32, "dims": 128, "references": {"eval": against}}


def report(classes: list[str]) -> dict[str, Any]:
    """The least an evaluation says: clips made elsewhere, nothing listening."""
    sound = {"file": f"examples/{classes[0]}-generated-1.wav", "caption": f"by {classes[0]}"}
    near = {"clip": "a", "training": "b", "likeness": 0.4, "turn": 0.1}
    learned = {"limit": 0.6, "limit_pair": ["b", "c"], "likeness": [0.4, 0.7], "memorised": ["d"], "share": 0.5, "nearest": [near], "unseen": [-0.3, 0.2], "known_again": 0.9}
    return {
        "created": "2026-01-01T00:00:00Z",
        "voice": None,
        "corpus": {"hash": "cd" * 32, "classes": {label: {split: {"clips": 9, "originals": 5, "composed": 2} for split in ("train", "eval")} for label in classes}},
        "generated": {"clips": dict.fromkeys(classes, 2), "recipe": None},
        "distances": {},
        "memorised": {"heard": "audio", "share": 0.5, "count": 1, "clips": 2, "classes": dict.fromkeys(classes, learned)},
        "examples": {
            "classes": {label: {"generated": [sound], "real": [sound], "copies": []} for label in classes},
            "pairs": [{"label": classes[0], "likeness": 0.4, "generated": sound, "training": sound}],
        },
    }  # fmt: skip


class Tags(HTMLParser):
    """Collects what a browser would load, and whether every element is closed."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("classes", [["Rain", "DogBark"], [NASTY, "a&b#?"]], ids=["plain", "nasty"])
def test_the_page_is_valid_and_loads_no_external_resources(classes: list[str]) -> None:
    found = report(classes)
    found["distances"] = {"own": distances(classes)}
    shares = dict.fromkeys(("generated", "copies", "real_recorded", "real_composed"), 0.5)
    clips = {f"{kind}_clips": 4 for kind in shares}
    found["named"] = {"counts": "likeliest", "classes": classes, "heard": {classes[0]: {classes[1]: 3}}, "shares": {classes[0]: {**shares, **clips}}, "average": shares}
    text = page(found, b"PNG")
    tags = Tags(text)
    assert not tags.open
    assert "script" not in tags.seen
    assert all(source.startswith(("examples/", "data:image/png;base64,")) for source in tags.sources)
    assert not re.search(r"https?://|url\(|@import", text)
    assert not {source for source in tags.sources if set(source.removeprefix("data:image/png;base64,")) & set("<>\"#?")}
    assert "21.5" in text
    assert "nan" not in text.lower().replace("nanm", "")


def test_metrics_that_were_not_computed_have_no_section() -> None:
    titles = re.findall("<h2>(.*?)</h2>", page(report(["Rain"]), b""))
    assert titles == ["Listen", "Spectrograms", "Memorisation", "Data and settings"]


def test_charts_hold_their_points() -> None:
    """Every x lies on the figure, also of negative values, of none and of a single zero."""
    rows = [("a", [Point("generated", 250.0, 200.0, 300.0), Point("training", 0.0)]), ("b", [])]
    likenesses = [("a", [Point("generated", -0.9), Point("unseen", 1.0)], None)]
    for chart in (dots(rows, "u"), dots([("a", [Point("generated", 0.0)])], "u"), strips(likenesses, "u"), bars([("a", 0.25)], "u"), bars([], "u")):
        for x in re.findall(r'(?:cx|x1|x2|x)="(-?[\d.]+)"', chart):
            assert 0 <= float(x) <= 760


def test_a_sheet_of_many_classes_is_no_wider_than_one_of_few(tmp_path: Path) -> None:
    def size(classes: int) -> tuple[int, int]:
        draw(tmp_path / "sheet.png", [f"class {i}" for i in range(classes)], [(kind, [np.zeros((80, 8))] * classes) for kind in ("generated", "real")])
        height, width, _ = read_image(tmp_path / "sheet.png").shape
        return width, height

    few, most, many = size(7), size(MOST_COLUMNS), size(15)
    assert few[1] == most[1]
    assert few[0] < most[0]
    assert many == (most[0], 2 * most[1])


def test_a_confusion_matrix_of_many_classes_has_upright_names() -> None:
    def found(classes: int) -> str:
        return heat(["class", *map(str, range(classes))], [("a", [1] * classes)])

    assert 'class="heat"' in found(7)
    assert 'class="heat upright"' in found(15)


def test_numbers_have_three_digits() -> None:
    assert [number(v) for v in (None, 1234.5, 12.345, 0.012345, 0.0)] == ["-", "1234", "12.3", "0.0123", "0"]
