"""A voice folder out of trained stages: six ONNX graphs, the card, and the credits of every recording."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from . import preset as presets
from .credits import licences, recordings, summary, to_csv
from .data import Corpus, open_corpus
from .export_graphs import export_codec, export_vocoder
from .export_prior import export_prior
from .mel import MelConfig
from .runner import save_text
from .trained import Record, TrainedError, load_codec, load_prior, load_vocoder
from .voice_card import card_fields, write_voice


def export_voice(args: argparse.Namespace) -> dict[str, Any]:
    """Writes args.out and returns what matters of the card."""
    corpus = open_corpus(args.corpus)
    preset = presets.load(args.preset)
    codec, codec_record = load_codec(args.codec)
    prior, prior_record = load_prior(args.prior, codec)
    vocoder, vocoder_record = load_vocoder(args.vocoder)
    if prior.config.classes != len(corpus.classes):
        raise TrainedError(f"the prior knows {prior.config.classes} classes, the corpus has {len(corpus.classes)}")
    fields = card_fields(args.id, args.name, preset["name"], corpus.classes, prior.config, codec.config, vocoder.config, MelConfig(), preset["data"]["samples"])
    fields |= _provenance(corpus, {"codec": codec_record, "prior": prior_record, "vocoder": vocoder_record})
    graphs = export_prior(prior, half_weights=True) | export_codec(codec, half_weights=True) | export_vocoder(vocoder, half_weights=True)
    card = write_voice(Path(args.out), fields, graphs)
    save_text(to_csv(recordings(corpus)), Path(args.out) / "credits.csv")
    return {"out": str(args.out), "hash": card["hash"], "bytes": sum(g["bytes"] for g in card["graphs"].values())}


def _provenance(corpus: Corpus, records: dict[str, Record]) -> dict[str, Any]:
    train, held_out = corpus.of("train"), corpus.of("eval")
    per_class = {label: {"train": sum(c.label == label for c in train), "eval": sum(c.label == label for c in held_out)} for label in corpus.classes}
    return {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "license": "Weights learned from recordings under the licences listed here; credits.csv names every one of them.",
        "credits": summary(recordings(corpus)),
        "data": {"hash": corpus.hash(), "clips": per_class, "oneshots": sum(c.split == "train" for c in corpus.oneshots), "licences": licences(corpus)},
        "training": {name: record.to_dict() for name, record in records.items()},
        "scores": {name: record.metrics for name, record in records.items()},
    }
