"""One command from a corpus to a voice: codec, vocoder, prior and export, each within its share of one time budget."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..data import open_corpus
from ..runtime import device, parallel
from ..runtime.events import emit
from ..training import presets
from ..training.stages import Making, train, train_codec
from .build import export_voice
from .fingerprints import write_fingerprints

# The prior determines the content and trains slowest, so it comes before the vocoder.
SHARES = {"codec": 0.2, "prior": 0.5, "vocoder": 0.3}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("voice", help="train all stages and export the voice within one time budget; resumes an unfinished run")
    parser.add_argument(
        "--corpus", required=True, action="append", help="corpus folder: with a manifest.csv, or one subfolder per class (repeat it to train on several as one)"
    )
    parser.add_argument("--out", required=True, help="output folder: one subfolder of checkpoints per stage, and the finished voice in `voice`")
    parser.add_argument("--id", required=True, help="voice id: letters, digits, - and _")
    parser.add_argument("--name", required=True)
    parser.add_argument("--minutes", type=float, required=True, help="training time budget of all stages together")
    parser.add_argument("--preset", default="rvq", help=f"one of {', '.join(presets.names())}, or the path of a JSON file")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one preset setting (repeatable)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fp32", dest="bf16", action="store_false", help="train in float32 also where the device computes in bfloat16")
    parser.set_defaults(run=make_voice, trains=True)


def make_voice(args: argparse.Namespace) -> None:
    out, preset, corpus = Path(args.out), presets.load(args.preset, args.set), open_corpus(*args.corpus)
    places = {name: out / name for name in SHARES}
    for name, share in SHARES.items():
        making = Making(preset, corpus, None if name == "codec" else places["codec"], args.bf16)
        budget = {"seed": args.seed, "minutes": args.minutes * share}
        if name == "codec":
            runner, places[name] = train_codec(making, out, **budget)
        else:
            runner = train(name, making, places[name], **budget)
        if runner.stopped:
            return
    if parallel.rank() == 0:
        device.choose("cpu")
        card = export_voice(argparse.Namespace(**places, corpus=args.corpus, out=str(out / "voice"), id=args.id, name=args.name, preset=args.preset))
        write_fingerprints(corpus, out / "voice")
        emit("exported", **card)
