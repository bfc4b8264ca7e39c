"""The paper's experiment in one command: trains its four systems alike, generates N clips per class, reports FAD beside Table 2.

All state is in `--out`; finished parts are skipped, so the same command resumes an interrupted run:

    plan.json                    the settings; other settings need another folder
    vocoder/                     one for all systems, trained on plain mels so that it favours none of them
    codecs/<hash>/               by their settings: systems that differ only in the prior share one
    <system>/<system>.json       the preset as it was trained
    <system>/prior/  voice/      the trained prior, and the exported voice
    <system>/clips/<Class>/0001.wav ...
    reference-<hash>.npz         statistics of the corpus' eval clips, by embedder
    <system>/fad.json            distances and their reference
    table.json  table.txt  table.png
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch

from ..data import Corpus, open_corpus
from ..evaluation.generated_clips import save_wav
from ..evaluation.reference_statistics import ReferenceStatistics, open_embedder, open_reference
from ..evaluation.report.table2 import AVERAGE, SYSTEMS, as_text, averaged, draw, published
from ..runtime import device, parallel
from ..runtime.events import emit
from ..runtime.files import save_text
from ..training import presets
from ..training.stages import Making, train
from ..voices.build import export_voice
from ..voices.inference import Recipe, VoiceRunner
from ..voices.pipeline import SHARES

BATCH = 10  # clips generated at a time; they do not affect each other


class ReproduceError(Exception):
    """The folder belongs to another experiment, or two budgets contradict each other."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("reproduce", help="reproduce the paper's Table 2: train its systems, generate clips, compute FAD; resumes an unfinished run")
    parser.add_argument("--corpus", required=True, help="corpus folder: with a manifest.csv, or one subfolder per class")
    parser.add_argument("--out", required=True, help="output folder")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="comma-separated presets to compare; rvq-plain is rvq without the coarse context")
    parser.add_argument("--clips", type=int, default=100, help="clips per class")
    parser.add_argument("--minutes", type=float, help="training time budget of all systems together (default: the budgets per stage, or the presets' steps)")
    for stage in SHARES:
        parser.add_argument(f"--{stage}-minutes", type=float, help=f"training time budget of {'the' if stage == 'vocoder' else 'each'} {stage}")
    parser.add_argument("--scale", help="preset whose model sizes and budgets replace those of the systems, e.g. rvq-paper or tiny")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one preset setting of every system (repeatable)")
    parser.add_argument("--vocoder", help="folder of a trained vocoder to use instead of training one")
    parser.add_argument("--embedder", default="vggish", help="vggish, or the folder of an embedder trained with `foley-train embedder`")
    parser.add_argument("--vggish", metavar="FILE", help="file with the VGGish weights")
    parser.add_argument("--reference", metavar="NPZ", help="embedding statistics of an evaluation set, instead of the corpus' eval clips")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fp32", dest="bf16", action="store_false", help="train in float32 also where the device computes in bfloat16")
    parser.set_defaults(run=reproduce, trains=True)


def reproduce(args: argparse.Namespace) -> None:
    """Trains first, then evaluates on rank 0: under torchrun the other processes exit after training."""
    corpus = open_corpus(args.corpus)
    with torch.device("cpu"):
        embedder = open_embedder(args.embedder, args.vggish)  # before hours of training, not after
    experiment = Experiment(args, corpus)
    if not experiment.train_all() or parallel.rank() != 0:
        return
    device.choose("cpu")
    samples = next(iter(experiment.systems.values()))["data"]["samples"]
    reference = open_reference(embedder, corpus, samples, args.reference, experiment.out)
    results = {}
    for system in experiment.systems:
        experiment.export(system)
        experiment.make_clips(system, args.clips)
        results[system] = experiment.measure(system, args.clips, reference)
        experiment.report(results, reference)


class Experiment:
    def __init__(self, args: argparse.Namespace, corpus: Corpus) -> None:
        self.args, self.corpus, self.out = args, corpus, Path(args.out)
        chosen = [presets.load(name, args.set, args.scale) for name in args.systems.split(",")]
        self.systems = {preset["name"]: preset for preset in chosen}
        self.codecs = {name: self.out / "codecs" / _digest(preset["codec"], preset["data"]) for name, preset in self.systems.items()}
        self.plan = {"corpus": corpus.hash(), "seed": args.seed, "minutes": self._budgets(), "bf16": args.bf16, "vocoder": args.vocoder}
        self._settle(self.out / "plan.json", self.plan)
        for name, preset in self.systems.items():
            self._settle(self.out / name / f"{name}.json", {key: value for key, value in preset.items() if key != "about"})

    def _budgets(self) -> dict[str, float | None]:
        """Minutes for the vocoder, each codec and each prior; None keeps the preset's steps."""
        given = {stage: getattr(self.args, f"{stage}_minutes") for stage in SHARES}
        if self.args.minutes is None:
            return given
        if any(given.values()):
            raise ReproduceError("--minutes is the budget of all stages together and excludes budgets per stage: give one or the other")
        runs = {"codec": len(set(self.codecs.values())), "prior": len(self.systems), "vocoder": 0 if self.args.vocoder else 1}
        shares = sum(runs[stage] * share for stage, share in SHARES.items())
        return {stage: self.args.minutes * share / shares for stage, share in SHARES.items()}

    def _settle(self, path: Path, wanted: dict[str, Any]) -> None:
        """Records the requested settings, or checks that they match those recorded before."""
        if path.is_file():
            known = json.loads(path.read_text(encoding="utf-8"))
            changed = [key for key in wanted if known.get(key) != wanted[key]]
            if changed:
                raise ReproduceError(f"{path} was written with a different {', '.join(changed)}: choose an --out folder other than {self.out}")
        elif parallel.rank() == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_text(json.dumps(wanted, indent=2) + "\n", path)

    def train_all(self) -> bool:
        """False if a signal stopped it early."""
        if not self.args.vocoder and not self._train("vocoder", next(iter(self.systems)), self.out / "vocoder"):
            return False
        return all(self._train("codec", name, self.codecs[name]) and self._train("prior", name, self.out / name / "prior") for name in self.systems)

    def _train(self, stage: str, system: str, out: Path) -> bool:
        finished = out / "finished.json"
        _say("part", stage=stage, system=system, out=str(out), finished=finished.is_file())
        if finished.is_file():
            return True
        codec = self.codecs[system] if stage == "prior" else None
        runner = train(stage, Making(self.systems[system], self.corpus, codec, self.args.bf16), out, seed=self.args.seed, minutes=self.plan["minutes"][stage])
        if not runner.stopped and parallel.rank() == 0:
            save_text(json.dumps({"steps": runner.step, "minutes": round(runner.seconds / 60, 2)}) + "\n", finished)
        return not runner.stopped

    def export(self, system: str) -> None:
        folder = self.out / system
        if (folder / "voice" / "card.json").is_file():
            return
        places = {"codec": self.codecs[system], "prior": folder / "prior", "vocoder": self.args.vocoder or self.out / "vocoder", "out": folder / "voice"}
        names = {"corpus": [self.args.corpus], "id": system, "name": f"{system} of Table 2", "preset": str(folder / f"{system}.json")}
        _say("exported", system=system, **export_voice(argparse.Namespace(**{k: str(v) for k, v in places.items()}, **names)))

    def _clips(self, system: str, label: str, count: int) -> list[Path]:
        return [self.out / system / "clips" / label / f"{number:04d}.wav" for number in range(1, count + 1)]

    def make_clips(self, system: str, count: int) -> None:
        """Clip n of a class does not depend on earlier clips or on the run."""
        missing = {label: [n for n, path in enumerate(self._clips(system, label, count)) if not path.is_file()] for label in self.corpus.classes}
        if not any(missing.values()):
            return
        voice = VoiceRunner(self.out / system / "voice", self.args.threads or 1)
        for label, numbers in missing.items():
            paths = self._clips(system, label, count)
            for start in range(0, len(numbers), BATCH):
                batch = numbers[start : start + BATCH]
                for number, audio in zip(batch, voice.generate(label, batch, Recipe(self.args.seed)), strict=True):
                    paths[number].parent.mkdir(parents=True, exist_ok=True)
                    save_wav(paths[number], audio, voice.rate)
                _say("clips", system=system, label=label, done=count - len(numbers) + start + len(batch), of=count)

    def measure(self, system: str, count: int, reference: ReferenceStatistics) -> dict[str, dict[str, float]]:
        """FAD per class; kept after each."""
        path = self.out / system / "fad.json"
        voice = json.loads((self.out / system / "voice" / "card.json").read_text(encoding="utf-8"))["hash"]
        key = {"clips": count, "voice": voice, **reference.key}
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        classes = known["classes"] if known.get("of") == key else {}
        for label in self.corpus.classes:
            if label not in classes:
                classes[label] = reference.fad(label, self._clips(system, label, count))
                save_text(json.dumps({"of": key, "classes": classes}, indent=2) + "\n", path)
                _say("fad", system=system, label=label, **classes[label])
        return {label: classes[label] for label in self.corpus.classes}

    def report(self, results: dict[str, dict[str, dict[str, float]]], reference: ReferenceStatistics) -> None:
        """Writes the table of the results so far as text, JSON and PNG, and to stderr."""
        measured = {system: averaged({label: result["fad"] for label, result in classes.items()}) for system, classes in results.items()}
        ours = {
            system: {label: {**results[system].get(label, {}), "fad": fad, "paper": published(system, label)} for label, fad in rows.items()}
            for system, rows in measured.items()
        }
        table = {"of": reference.key, "plan": self.plan, "systems": ours}
        save_text(json.dumps(table, indent=2) + "\n", self.out / "table.json")
        text = as_text(measured, f"FAD by {reference.embedder.about}, against {reference.name}")
        save_text(text + "\n", self.out / "table.txt")
        draw(self.out / "table.png", measured, reference.embedder.name)
        _say("table", out=str(self.out / "table.json"), averages={system: rows[AVERAGE] for system, rows in measured.items()})
        if len(results) == len(self.systems):
            print(text, file=sys.stderr)


def _digest(*settings: Any) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def _say(event: str, **data: Any) -> None:
    if parallel.rank() == 0:
        emit(event, **data)
