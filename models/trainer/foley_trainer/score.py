"""What generated clips are worth beside real ones: tagger shares per class and a spectrogram sheet."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .data import AUDIO_SUFFIXES, Corpus, CorpusError, open_corpus, read_audio
from .runner import save_text
from .sheet import draw, log_mel
from .tags import TAGS, Tagger, share

RATE = 22050
SHOWN = 3  # clips per class and kind on the sheet


def _generated(folder: Path, label: str) -> list[Path]:
    files = sorted(p for p in (folder / label).glob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
    if not files:
        raise CorpusError(f"no clips of {label} in {folder}")
    return files


def _real(corpus: Corpus, label: str, composed: bool) -> list[Path]:
    return [c.path for c in corpus.of("eval") if c.label == label and (c.kind == "composed") == composed]


def score_voice(args: argparse.Namespace) -> dict[str, Any]:
    """Shares of clips whose five highest tags name the class: generated, real recordings, real composed ones."""
    corpus, tagger = open_corpus(args.corpus), Tagger(args.yamnet)
    shares: dict[str, dict[str, Any]] = {}
    rows: list[tuple[str, list[Any]]] = [(f"{kind} {i + 1}", []) for kind in ("generated", "real") for i in range(SHOWN)]
    labels = [label for label in corpus.classes if label in TAGS]
    for label in labels:
        paths = {"generated": _generated(Path(args.clips), label), "real_recorded": _real(corpus, label, False), "real_composed": _real(corpus, label, True)}
        shares[label] = {}
        for kind, files in paths.items():
            shares[label][kind] = round(share(tagger, [read_audio(p, RATE) for p in files], RATE, label), 3) if files else None
            shares[label][f"{kind}_clips"] = len(files)
        real = [*paths["real_recorded"], *paths["real_composed"]]
        for i in range(SHOWN):
            rows[i][1].append(log_mel(read_audio(paths["generated"][i % len(paths["generated"])], RATE)))
            rows[SHOWN + i][1].append(log_mel(read_audio(real[(i * 5) % len(real)], RATE)))
    if args.sheet:
        draw(args.sheet, labels, rows)
    if args.card:
        card = json.loads(Path(args.card).read_text(encoding="utf-8"))
        card.setdefault("scores", {})["tagger"] = {"tagger": "YAMNet", "counts": "class named among the five highest tags", "shares": shares}
        save_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", Path(args.card))
    return {"shares": shares}
