"""One command from a corpus to a voice: codec, vocoder, prior and export, each within its share of one time budget."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..data import open_corpus
from ..runtime import device, parallel
from ..runtime.events import emit
from ..training import presets
from ..training.stages import Making, train
from .build import export_voice

# The prior decides what is heard and learns slowest. The vocoder can wait for it, it could not wait for the vocoder.
SHARES = {"codec": 0.2, "prior": 0.5, "vocoder": 0.3}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("voice", help="all stages and the export within one time budget; resumes what is there")
    parser.add_argument("--corpus", required=True, help="folder with manifest.csv, or one folder per class")
    parser.add_argument("--out", required=True, help="where each stage's checkpoints and, at the end, `voice` go")
    parser.add_argument("--id", required=True, help="the voice's id: the folder's name in `models`")
    parser.add_argument("--name", required=True)
    parser.add_argument("--minutes", type=float, required=True, help="of training, all stages together")
    parser.add_argument("--preset", default="rvq", help=f"one of {', '.join(presets.names())}, or a JSON file")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fp32", dest="bf16", action="store_false", help="no bfloat16 autocast")
    parser.set_defaults(run=make_voice, trains=True)


def make_voice(args: argparse.Namespace) -> None:
    out, preset, corpus = Path(args.out), presets.load(args.preset, args.set), open_corpus(args.corpus)
    for name, share in SHARES.items():
        making = Making(preset, corpus, None if name == "codec" else out / "codec", args.bf16)
        runner = train(name, making, out / name, seed=args.seed, minutes=args.minutes * share)
        if runner.stopped:
            return
    if parallel.rank() == 0:
        device.choose("cpu")
        places = {name: str(out / name) for name in SHARES}
        emit("exported", **export_voice(argparse.Namespace(**places, corpus=args.corpus, out=str(out / "voice"), id=args.id, name=args.name, preset=args.preset)))
