"""`foley-train retrain`: trains a voice on data sets, from scratch or by fine-tuning another voice, as one resumable job.

The same command resumes an interrupted job. Its folder holds one folder per stage, `kept.npz` (clips of the base voice),
`auditions`, and finally `voice`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..data import Corpus, CorpusError, open_corpus
from ..runtime import device
from ..runtime.events import emit
from ..runtime.supervised import Stopped, locked, stoppable, watch_stdin
from ..training import presets
from ..training.presets import PresetError
from .job import SHARES, FromNothing, OnBase
from .weights_from_onnx import load_voice


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("retrain", help="train a voice on data sets, from scratch or by fine-tuning another voice; resumes an unfinished job")
    parser.add_argument("--data", action="append", required=True, help="corpus folder (repeatable; several are merged)")
    parser.add_argument("--out", required=True, help="job folder: checkpoints, auditions and the finished voice")
    parser.add_argument("--id", required=True, help="id of the new voice")
    parser.add_argument("--name", required=True)
    parser.add_argument("--base", help="folder of the voice to fine-tune; without it, train from scratch")
    parser.add_argument("--only", action="append", metavar="CLASS", help="train only on this class of the data (repeatable)")
    parser.add_argument("--stages", help="comma-separated list of codec, vocoder, prior (all; with --base: prior)")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, help="training time budget of all stages together")
    budget.add_argument("--steps", type=int, help="number of training steps per stage")
    parser.add_argument("--preset", default="rvq", help=f"preset for training from scratch: one of {', '.join(presets.names())}")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one preset setting (repeatable)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--job", default="", help="job id, recorded on the card")
    parser.add_argument("--fp32", dest="bf16", action="store_false", help="train in float32 also where the device computes in bfloat16")
    parser.add_argument("--supervised", action="store_true", help="write a checkpoint and exit when stdin closes")
    parser.set_defaults(run=retrain, trains=True)


def retrain(args: argparse.Namespace) -> None:
    if args.supervised:
        watch_stdin()
    with contextlib.suppress(Stopped), stoppable(), locked(Path(args.out)):
        if _work(args):
            return
    emit("stopped", stage="job")


def joined(places: list[str], only: list[str] | None) -> Corpus:
    """Several corpora as one, and of these the classes `only`. Ids stay apart by the corpus they come from."""
    corpora = [open_corpus(place) for place in places]
    known = {label for corpus in corpora for label in corpus.classes}
    unknown = sorted(set(only or []) - known)
    if unknown:
        raise CorpusError(f"no data set has the class {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    wanted = set(only) if only else known
    several = len(corpora) > 1

    def of(kind: str) -> list[Any]:
        return [
            replace(c, id=f"{i}-{c.id}", group=f"{i}-{c.group}") if several else c
            for i, corpus in enumerate(corpora) for c in getattr(corpus, kind) if c.label in wanted
        ]  # fmt: skip

    order = list(dict.fromkeys(label for corpus in corpora for label in corpus.classes if label in wanted))
    return Corpus(order, of("clips"), of("oneshots"), corpora[0].layout)


def _work(args: argparse.Namespace) -> bool:
    """Runs the job. True once the voice exists; False if it was stopped."""
    out = Path(args.out)
    if (out / "voice" / "card.json").is_file():
        card = json.loads((out / "voice" / "card.json").read_text(encoding="utf-8"))
        emit("exported", out=str(out / "voice"), hash=card["hash"], bytes=sum(g["bytes"] for g in card["graphs"].values()))
        return True
    base = load_voice(args.base) if args.base else None
    stages = [name for name in SHARES if name in (args.stages.split(",") if args.stages else (["prior"] if base else SHARES))]
    if args.stages and set(args.stages.split(",")) - set(SHARES):
        raise PresetError(f"--stages {args.stages}: expected a comma-separated list of {', '.join(SHARES)}")
    if base is None and len(stages) < len(SHARES):
        raise PresetError("training from scratch needs all stages (codec, vocoder, prior): remove --stages, or add --base to fine-tune a voice")
    if base is not None and "prior" not in stages:
        raise PresetError("fine-tuning needs the prior stage; add prior to --stages")
    corpus = joined(args.data, args.only)
    emit("plan", stages=stages, classes=corpus.classes, clips=len(corpus.clips), base=base.card["id"] if base else None)
    job = FromNothing(args, corpus, stages) if base is None else OnBase(args, corpus, stages, base)
    for stage in stages:
        if job.train(stage).stopped:
            return False
    device.choose("cpu")
    emit("stage", stage="export")
    emit("exported", **job.export())
    return True
