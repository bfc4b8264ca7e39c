"""The stages of one retraining, from nothing or on a base voice, and the voice that they become."""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch

from ..data import Augmenter, Corpus, Variation
from ..data.attribution import from_csv
from ..runtime.events import emit
from ..training import presets
from ..training.checkpoints import TrainedError, load_codec, load_vocoder
from ..training.stages import Making, train, train_codec
from ..training.trainer import Runner, RunOptions
from ..voices.build import write_folder
from ..voices.card import BASE, files_of
from ..voices.fingerprints import write_fingerprints
from .previews import Auditions
from .stage import fine_tune_stage, sample_kept
from .voice_stages import write_stage
from .weights_from_onnx import Trainable

SHARES = {"codec": 0.2, "vocoder": 0.3, "prior": 0.5}
"""Shares of the budget, in training order: the prior is last, so that its auditions use the final codec and vocoder."""
GRAPHS_OF = {"codec": ("encoder", "decoder"), "vocoder": ("vocoder", "excitation")}
"""A voice's graphs of the stages that may be taken from a base as they are."""
KEPT = 8  # rehearsal clips generated per class that must not be forgotten


class Job:
    """What both kinds of a retraining share: a folder per stage, a budget for each, auditions of the prior."""

    def __init__(self, args: argparse.Namespace, corpus: Corpus, stages: list[str]) -> None:
        self.args, self.corpus, self.stages, self.out = args, corpus, stages, Path(args.out)
        self.places: dict[str, str | Path] = {name: self.out / name for name in SHARES}

    def budget(self, stage: str) -> dict[str, Any]:
        """Keyword arguments for a stage: minutes or steps."""
        if self.args.minutes is None:
            return {"steps": self.args.steps}
        return {"minutes": self.args.minutes * SHARES[stage] / sum(SHARES[name] for name in self.stages)}

    def begin(self, stage: str, runner_minutes: dict[str, Any]) -> None:
        emit("stage", stage=stage, number=self.stages.index(stage) + 1, of=len(self.stages), **runner_minutes)

    def auditions(self, classes: list[str], samples: int) -> Auditions:
        codec, vocoder = load_codec(self.places["codec"])[0], load_vocoder(self.places["vocoder"])[0]
        return Auditions(self.out / "auditions", codec, vocoder, classes, self.corpus.classes, self.args.seed, samples)

    @property
    def made(self) -> dict[str, Any]:
        return {"job": self.args.job, "stages": self.stages, "seed": self.args.seed, "minutes": self.args.minutes, "steps": self.args.steps}


class FromNothing(Job):
    """Trains all stages of a new voice."""

    def __init__(self, args: argparse.Namespace, corpus: Corpus, stages: list[str]) -> None:
        super().__init__(args, corpus, stages)
        self.preset = presets.load(args.preset, args.set)

    def train(self, stage: str) -> Runner:
        budget = self.budget(stage)
        self.begin(stage, budget)
        making = Making(self.preset, self.corpus, None if stage == "codec" else self.places["codec"], self.args.bf16)
        if stage == "codec":
            runner, self.places["codec"] = train_codec(making, self.out, seed=self.args.seed, **budget)
            if not runner.stopped and not bool(load_codec(self.places["codec"])[0].quantizer.started):
                raise TrainedError(f"the codec had not started quantizing after {runner.step} steps: allow more steps or minutes")
            return runner
        on_eval = self.auditions(self.corpus.classes, self.preset["data"]["samples"]) if stage == "prior" else None
        return train(stage, making, self.out / stage, seed=self.args.seed, on_eval=on_eval, **budget)

    def export(self) -> dict[str, Any]:
        place = self.out / "voice"
        card = write_folder(place, self.args.id, self.args.name, self.preset, self.corpus, self.places, more={"retrained": {**self.made, "base": None}})
        return card | {"fingerprints": write_fingerprints(self.corpus, place)}


class OnBase(Job):
    """Fine-tunes a base voice. Untrained stages are taken from the base; of the codec only the decoder is trained, so codes stay valid."""

    def __init__(self, args: argparse.Namespace, corpus: Corpus, stages: list[str], base: Trainable) -> None:
        super().__init__(args, corpus, stages)
        self.base, card = base, base.card
        old = [c["name"] for c in card["classes"]]
        by_name = {name.lower(): name for name in old}
        # Class names match case-insensitively: a voice cannot have two names that differ only in case.
        self.corpus = _renamed(corpus, by_name)
        self.classes = [*old, *(label for label in self.corpus.classes if label not in old)]
        self.kept_classes = [label for label in old if label not in self.corpus.classes]
        known = presets.load(card["preset"]) if card["preset"] in presets.names() else presets.load("rvq")
        self.preset = self._preset(known)
        for name in ("codec", "vocoder"):
            if not (self.out / "base" / f"{name}.pt").is_file():
                write_stage(base, name, self.out / "base" / f"{name}.pt")
            if name not in stages:
                self.places[name] = self.out / "base" / f"{name}.pt"

    def _preset(self, known: dict[str, Any]) -> dict[str, Any]:
        """The preset of the base, with the base's model sizes and the lower learning rates of fine-tuning."""
        card, steps = self.base.card, self.args.steps
        often = max(2, min(50, (steps or 200) // 4))
        run = {"warmup": 20, "eval_every": often, "checkpoint_every": min(25, often), "log_every": max(1, often // 5)}
        preset = {**known, "data": {**known["data"], "samples": card["audio"]["samples"]}}
        for stage in SHARES:
            part = preset[stage]
            preset[stage] = {**part, "config": card["training"][stage]["config"], "run": {**part["run"], **run}}
        preset["data"]["speed"] = 0.1  # speed augmentation, because there are few recordings
        preset["codec"]["training"] = {**preset["codec"]["training"], "lr": 2e-4, **_of_decoder(card["training"]["codec"]["config"])}
        preset["vocoder"]["training"] = {**preset["vocoder"]["training"], "lr": 1e-4}
        preset["prior"]["training"] = {"batch": preset["prior"]["training"]["batch"], "lr": 1e-3, "kept_share": 0.25}
        preset["prior"]["run"]["ema_decay"] = 0.99
        for change in self.args.set:
            presets.apply(preset, change)
        return preset

    def train(self, stage: str) -> Runner:
        budget = self.budget(stage)
        self.begin(stage, budget)
        making = Making(self.preset, self.corpus, None if stage == "codec" else self.places["codec"], self.args.bf16)
        if stage != "prior":
            return train(stage, making, self.out / stage, seed=self.args.seed, begin_from=self.out / "base" / f"{stage}.pt", **budget)
        kept = sample_kept(self.args.base, self.kept_classes, KEPT, self.args.seed, self.out / "kept.npz")
        part, data = self.preset["prior"], self.preset["data"]
        torch.manual_seed(self.args.seed)
        shots = making.oneshots
        composing = making.sounds.of(shots) if shots else None
        augmenter = Augmenter(making.train, composing, self.corpus.classes, data["samples"], data["compose_share"], data.get("onset"), Variation.of(data))
        tuned = fine_tune_stage(self.base, self.classes, kept, augmenter, making.held_out, bf16=self.args.bf16, samples=data["samples"], **part["training"])
        runner = Runner(tuned, RunOptions(self.out / stage, stage, seed=self.args.seed, **{**part["run"], **budget}))
        audition = self.auditions(self.classes, data["samples"])
        runner.on_eval = lambda _step, _metrics: audition(runner)
        runner.run()
        return runner

    def export(self) -> dict[str, Any]:
        """Embeds the base voice in the folder `base`: it generates the classes that were not trained."""
        card = self.base.card
        if self.kept_classes:
            _copied(Path(self.args.base), self.out / "voice" / BASE)
        more = {"retrained": {**self.made, "base": {"id": card["id"], "hash": card["hash"]}, "kept": self.kept_classes}}
        more["data"] = self._data()
        former, given = _former(Path(self.args.base)), self._untrained()
        place = self.out / "voice"
        card = write_folder(place, self.args.id, self.args.name, self.preset, self.corpus, self.places, self.classes, former, more, given=given)
        return card | {"fingerprints": write_fingerprints(self.corpus, place)}

    def _untrained(self) -> dict[str, onnx.ModelProto]:
        """The base's graphs of the stages that are not trained."""
        files = self.base.card["graphs"]
        names = [name for stage, names in GRAPHS_OF.items() if stage not in self.stages for name in names if name in files]
        return {name: onnx.load(str(Path(self.args.base) / files[name]["file"])) for name in names}

    def _data(self) -> dict[str, Any]:
        """The card's data section for the new recordings, with that of the base under `base`."""
        licences = dict(Counter(c.licence for c in self.corpus.of("train")).most_common())
        return {"hash": self.corpus.hash(), "clips": self.corpus.counts(), "licences": licences, "base": self.base.card.get("data")}


def _of_decoder(config: dict[str, Any]) -> dict[str, Any]:
    """How the decoder of a codec is trained. Its texture stays as it is: what it makes up is not to be told from few recordings, and the
    distance of mels would take it away."""
    return {"adversarial": {"weight": 0}} if config.get("texture") else {"decoder_only": True}


def _renamed(corpus: Corpus, names: dict[str, str]) -> Corpus:
    def name(label: str) -> str:
        return names.get(label.lower(), label)

    clips, shots = ([replace(c, label=name(c.label)) for c in kind] for kind in (corpus.clips, corpus.oneshots))
    return Corpus(list(dict.fromkeys(name(label) for label in corpus.classes)), clips, shots, corpus.layout)


def _copied(voice: Path, to: Path) -> None:
    """Copies the runnable parts of a voice: card, graphs, and its own embedded base voice."""
    card = json.loads((voice / "card.json").read_text(encoding="utf-8"))
    to.mkdir(parents=True, exist_ok=True)
    for file in files_of(card):
        shutil.copyfile(voice / file, to / file)
    if (voice / BASE).is_dir():
        _copied(voice / BASE, to / BASE)
    shutil.copyfile(voice / "card.json", to / "card.json")


def _former(voice: Path) -> list[dict[str, str]]:
    """Credits of the base's recordings, if it has any."""
    file = voice / "credits.csv"
    if not file.is_file():
        return []
    with open(file, newline="", encoding="utf-8") as text:
        return from_csv(text.read())
