"""Builds a voice folder from trained stages: ONNX graphs, card.json, and the credits of every recording."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from ..data import Corpus, open_corpus
from ..data.attribution import licences, recordings, summary, to_csv
from ..export.any_prior import export_any_prior
from ..export.codec_vocoder import export_codec, export_vocoder
from ..export.contour_graph import contour_graph, spectrum_graph
from ..export.grain_graph import grain_graph
from ..export.guidance import PLAUSIBLE
from ..features.loudness import contour_db
from ..features.mel import LogMel, MelConfig
from ..features.spectrum import average_spectrum_db
from ..models.any_prior import AnyConfig, AnyPrior, of_classes
from ..models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from ..runtime.record import Record
from ..training import presets
from ..training.checkpoints import TrainedError, load_codec, load_prior, load_vocoder
from ..training.stages import Making
from .card import CONTOUR, EXCITATION, GRAIN, SPECTRUM, card_fields, write_voice

GUIDANCE = 1.0
"""Of the card of a voice whose prior was trained with labels left out, where nobody chose another."""
CONTOURS = (64, 300)
"""Clips of each class whose loudness contours and average spectra a voice holds: a clip of every recording, but at least and at most so many."""
LAST_FRAMES, WITHIN_DB = 12, 40.0
"""A recording lasts a whole clip where one of these last mel frames lies within so many dB of its loudest."""


def export_voice(args: argparse.Namespace) -> dict[str, Any]:
    """Writes args.out and returns a summary of the card."""
    corpus = open_corpus(*args.corpus)
    places = {name: getattr(args, name) for name in ("codec", "prior", "vocoder")}
    guidance = getattr(args, "guidance", None)
    raised = getattr(args, "raised", None)
    more = ({"sampling": {"guidance": guidance}} if guidance is not None else {}) | ({"drawn": {"raisedDb": raised}} if raised else {})
    some = {name: getattr(args, name, None) for name in ("contours", "raised", "sustained", "grain")} | {"only": getattr(args, "classes", None)}
    return write_folder(Path(args.out), args.id, args.name, presets.load(args.preset), corpus, places, more=more, **some)


def write_folder(
    out: Path, voice: str, name: str, preset: dict[str, Any], corpus: Corpus, places: dict[str, str | Path],
    classes: list[str] | None = None, former: list[dict[str, str]] | None = None, more: dict[str, Any] | None = None, only: list[str] | None = None,
    contours: list[str] | None = None, given: dict[str, onnx.ModelProto] | None = None, raised: dict[str, float] | None = None,
    grain: dict[str, float] | None = None, sustained: list[str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Exports the trained stages in `places`. `classes`: all classes of the prior if the corpus has only some; `former`: credits
    of earlier training recordings; `more`: further card fields; `only`: the classes that the voice shall have, and
    `contours` those of which it draws loudness contours; all without. `given`: graphs of a codec or vocoder that were not trained,
    written as they are; `raised`: dB by which the contours that a class draws lie above its recordings', for a prior that plays its
    clips quieter than it is told; `grain`: how grainy the noise of a class is, 0 to 1, see `export.grain_graph`; `sustained`: classes that draw contours of
    recordings that last the whole clip only. Returns a summary of the card."""
    given = given or {}
    classes = classes or corpus.classes
    codec, codec_record = load_codec(places["codec"])
    prior, prior_record = load_prior(places["prior"], codec)
    vocoder, vocoder_record = load_vocoder(places["vocoder"])
    if prior.config.classes != len(classes):
        raise TrainedError(f"the prior was trained on {prior.config.classes} classes, the corpus has {len(classes)}")
    if only is not None:
        prior, classes = _only(prior, classes, only), only
        prior_record = replace(prior_record, config=prior.config.to_dict())
    unknown = [label for label in contours or [] if label not in classes]
    if unknown:
        raise TrainedError(f"--contours {','.join(unknown)}: the voice has no such class; expected some of {', '.join(classes)}")
    fields = card_fields(voice, name, preset["name"], classes, prior.config, codec.config, vocoder.config, MelConfig(), preset["data"]["samples"])
    if isinstance(prior, StackedPixelSnail):
        fields["sampling"] = {"guidance": {"default": GUIDANCE, "plausible": PLAUSIBLE}}
    credits = [*(former or []), *recordings(corpus)]
    fields |= _provenance(corpus, {"codec": codec_record, "prior": prior_record, "vocoder": vocoder_record}) | {"credits": summary(credits)} | (more or {})
    drawing = contours or classes
    for option, labels in (("raised", raised or {}), ("sustained", sustained or [])):
        unknown = [label for label in labels if label not in drawing]
        if unknown:
            raise TrainedError(f"--{option} {', '.join(unknown)}: the voice draws no contours of it; expected some of {', '.join(drawing)}")
    graphs = export_any_prior(prior, half_weights=True) | _followed(prior.config, preset, corpus, classes, contours, raised or {}, sustained or [])
    if "decoder" not in given:
        graphs |= export_codec(codec, half_weights=True)
    if "vocoder" not in given:
        graphs |= export_vocoder(vocoder, half_weights=True)
    graphs |= given
    if grain:
        graphs[GRAIN] = _grains(grain, classes, noisy=EXCITATION in graphs)
    card = write_voice(out, fields, graphs, {"credits.csv": to_csv(credits)})
    return {"out": str(out), "hash": card["hash"], "bytes": sum(g["bytes"] for g in card["graphs"].values())}


def _only(prior: AnyPrior, classes: list[str], only: list[str]) -> AnyPrior:
    unknown = [name for name in only if name not in classes]
    if unknown or not only or len(set(only)) < len(only):
        raise TrainedError(f"classes {', '.join(only)}: expected some of {', '.join(classes)}, each once")
    if not isinstance(prior, StackedPixelSnail):
        raise TrainedError("only a stacked prior can be exported with some of its classes: the other guides away from all of them")
    return of_classes(prior, [classes.index(name) for name in only])


def _followed(
    config: AnyConfig, preset: dict[str, Any], corpus: Corpus, classes: list[str], only: list[str] | None, raised: dict[str, float], sustained: list[str]
) -> dict[str, onnx.ModelProto]:  # fmt: skip
    """The graphs that draw what a clip follows, for a prior that follows something: from the training recordings as they are. Composed clips,
    which the prior is trained on as well, are silent between their sounds: where contours were theirs, keys had a noise floor of -80 dB
    (recordings: -44 dB) and a tagger named 0.57 of them (with contours of recordings 0.85, recordings 0.78). `only`: the classes that
    have loudness contours; `raised`, `sustained`: as `write_folder` has them."""
    if not isinstance(config, StackedConfig) or not (config.contour or config.spectrum):
        return {}
    augmenter, rng = Making(preset, corpus).augmenter, np.random.default_rng(0)
    log_mel, mel, contours, spectra = LogMel(), MelConfig(), [], []
    frames = mel.frames(augmenter.samples)
    for label in classes:
        clips = augmenter.recordings(label, rng, *CONTOURS) if label in corpus.classes else []
        audio = torch.from_numpy(np.stack(clips or [np.zeros(augmenter.samples, np.float32)]))[: len(clips)]
        gain = 10 ** (raised.get(label, 0.0) / 20)
        levels = contour_db(audio * gain, mel).numpy() if clips and (only is None or label in only) else np.zeros((0, frames))
        contours.append(_sustained(levels, label) if label in sustained else levels)
        spectra.append(average_spectrum_db(log_mel(audio)).numpy() if clips else np.zeros((0, mel.bins)))
    graphs = {}
    if config.contour:
        graphs[CONTOUR] = contour_graph(contours, frames)
    if config.spectrum:
        graphs[SPECTRUM] = spectrum_graph(spectra, mel.bins)
    return graphs


def _sustained(levels: np.ndarray, label: str) -> np.ndarray:
    """The contours [clips, frames] that are not silent at their end: a recording shorter than a clip is padded, and water or fire that stops
    for no reason is not what is asked for."""
    lasting = levels[levels[:, -LAST_FRAMES:].max(1) > levels.max(1) - WITHIN_DB]
    if len(lasting) == 0:
        raise TrainedError(f"--sustained {label}: no recording of it lasts a whole clip")
    return lasting


def _grains(grain: dict[str, float], classes: list[str], noisy: bool) -> onnx.ModelProto:
    if not noisy:
        raise TrainedError("--grain: the vocoder is not excited by noise")
    unknown = [label for label in grain if label not in classes]
    if unknown:
        raise TrainedError(f"--grain {', '.join(unknown)}: the voice has no such class; expected some of {', '.join(classes)}")
    if any(not isinstance(value, int | float) or not 0 <= value <= 1 for value in grain.values()):
        raise TrainedError(f"--grain {grain}: expected numbers from 0 to 1")
    return grain_graph([float(grain.get(label, 0.0)) for label in classes])


def _provenance(corpus: Corpus, records: dict[str, Record]) -> dict[str, Any]:
    return {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "license": "Weights learned from recordings under the licences listed here; credits.csv names every one of them.",
        "data": {"hash": corpus.hash(), "clips": corpus.counts(), "oneshots": sum(c.split == "train" for c in corpus.oneshots), "licences": licences(corpus)},
        "training": {name: record.to_dict() for name, record in records.items()},
        "scores": {name: record.metrics for name, record in records.items()},
    }
