"""What a reader of the report can hear and see: the first clips of every class, no choice of ours, beside real ones."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from ...data import fit, read_audio
from ...data.corpus import Clip
from ...features.mel import log_mel
from ..generated_clips import save_wav
from .spectrograms import draw

SHOWN = 3  # clips per class and kind
PAIRS = 6  # generated clips beside their nearest training clips


def write_examples(sets: dict[str, list[Clip]], labels: list[str], memorised: dict[str, Any], folder: Path, rate: int, samples: int) -> tuple[dict[str, Any], bytes]:
    """Writes WAVs into `folder`, emptied first; returns what they are, with paths relative to its parent, and a PNG of spectrograms.

    classes[class]: generated, real, copies, each a list of {file, caption}; pairs: [{label, likeness, generated, training}].
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def write(clip: Clip, name: str) -> dict[str, str]:
        save_wav(folder / f"{name}.wav", fit(read_audio(clip.path, rate), samples), rate)
        return {"file": f"{folder.name}/{name}.wav", "caption": caption(clip)}

    classes: dict[str, dict[str, list[dict[str, str]]]] = {}
    rows: list[tuple[str, list[np.ndarray]]] = [(f"{kind} {i + 1}", []) for kind in ("generated", "real") for i in range(SHOWN)]
    silence = log_mel(np.zeros(samples, np.float32))
    for label in labels:
        real = distinct([c for c in sets["eval"] if c.label == label])
        shown = {"generated": [c for c in sets["generated"] if c.label == label][:SHOWN], "real": real, "copies": _same(real, sets.get("copies", []))}
        classes[label] = {kind: [write(clip, f"{label}-{kind}-{i + 1}") for i, clip in enumerate(clips)] for kind, clips in shown.items()}
        for row, (title, mels) in enumerate(rows):
            of = shown[title.split()[0]]
            mels.append(log_mel(fit(read_audio(of[row % SHOWN].path, rate), samples)) if row % SHOWN < len(of) else silence)
    sheet = folder.parent / "sheet.png"
    draw(sheet, labels, rows)
    by_id = {name: {clip.id: clip for clip in sets[name]} for name in ("generated", "training")}
    pairs = []
    for i, (label, near) in enumerate(_closest(memorised)):
        made, known = by_id["generated"][near["clip"]], by_id["training"][near["training"]]
        pairs.append({"label": label, "likeness": near["likeness"], "generated": write(made, f"pair-{i + 1}-generated"), "training": write(known, f"pair-{i + 1}-training")})
    return {"classes": classes, "pairs": pairs}, sheet.read_bytes()


def distinct(clips: list[Clip]) -> list[Clip]:
    """Up to SHOWN clips, from different originals as long as there are any."""
    first: dict[str, Clip] = {}
    for clip in clips:
        first.setdefault(clip.group, clip)
    chosen = list(first.values())[:SHOWN]
    return chosen + [clip for clip in clips if clip not in chosen][: SHOWN - len(chosen)]


def caption(clip: Clip) -> str:
    """Who made it: a report may be passed on, and its recordings have licences."""
    if clip.split == "generated":
        return clip.id
    return f"{clip.id}, {clip.author}, {clip.licence}, {clip.source}"


def _same(clips: list[Clip], copies: list[Clip]) -> list[Clip]:
    by_id = {copy.id: copy for copy in copies}
    return [by_id[clip.id] for clip in clips if clip.id in by_id]


def _closest(memorised: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The pairs that come nearest to their class's limit, or furthest beyond it."""
    found = [(label, near, near["likeness"] - (of["limit"] or 0)) for label, of in memorised["classes"].items() for near in of["nearest"]]
    return [(label, near) for label, near, _ in sorted(found, key=lambda x: -x[2])[:PAIRS]]
