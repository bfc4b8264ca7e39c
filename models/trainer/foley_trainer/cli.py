"""foley-train: every stage of a voice from the command line. stdout is JSON lines, stderr is for people."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch

from . import preset as presets
from .codec import CodecConfig
from .data import Augmenter, Corpus, CorpusError, Sounds, open_corpus
from .grid import Grid
from .preset import PresetError
from .prior import PriorConfig
from .runner import MismatchedCheckpoint, NotFinite, Runner, RunOptions, emit
from .tags import TaggerMissing
from .train_codec import CodecStage
from .train_prior import PriorStage
from .train_vocoder import VocoderStage
from .trained import TrainedError, load_codec
from .vocoder import VocoderConfig

RATE = 22050


def _sounds(corpus: Corpus, split: str) -> Sounds:
    return Sounds(corpus.of(split) or corpus.of("train"), RATE)


def _augmenter(corpus: Corpus, data: dict[str, Any]) -> Augmenter:
    oneshots = [c for c in corpus.oneshots if c.split == "train"]
    return Augmenter(_sounds(corpus, "train"), Sounds(oneshots, RATE) if oneshots else None, corpus.classes, data["samples"], data["compose_share"])


def _codec_stage(preset: dict[str, Any], corpus: Corpus, args: argparse.Namespace) -> CodecStage:
    part = preset["codec"]
    augmenter = _augmenter(corpus, preset["data"])
    return CodecStage(CodecConfig(**part["config"]), augmenter, _sounds(corpus, "eval"), bf16=args.bf16, samples=preset["data"]["samples"], **part["training"])


def _prior_stage(preset: dict[str, Any], corpus: Corpus, args: argparse.Namespace) -> PriorStage:
    part, data = preset["prior"], preset["data"]
    codec, _ = load_codec(args.codec)
    frequency, time = codec.config.latent_shape
    grid = Grid(codec.config.codebooks, frequency, time, **preset["grid"])
    config = PriorConfig(rows=grid.rows, cols=grid.cols, codes=codec.config.codes, classes=len(corpus.classes), **grid.to_dict(), **part["config"])
    return PriorStage(config, grid, codec, _augmenter(corpus, data), _sounds(corpus, "eval"), bf16=args.bf16, samples=data["samples"], **part["training"])


def _vocoder_stage(preset: dict[str, Any], corpus: Corpus, args: argparse.Namespace) -> VocoderStage:
    part = preset["vocoder"]
    every = corpus.of("train") + [c for c in corpus.oneshots if c.split == "train"]
    codec = load_codec(args.codec)[0] if args.codec else None
    return VocoderStage(
        VocoderConfig(**part["config"]), Sounds(every, RATE), _sounds(corpus, "eval"), codec=codec, bf16=args.bf16, samples=preset["data"]["samples"], **part["training"]
    )


STAGES = {"codec": _codec_stage, "prior": _prior_stage, "vocoder": _vocoder_stage}


def _train(args: argparse.Namespace) -> None:
    preset = presets.load(args.preset, args.set)
    corpus = open_corpus(args.corpus)
    torch.manual_seed(args.seed)
    stage = STAGES[args.command](preset, corpus, args)
    run = {**preset[args.command]["run"], **({"steps": args.steps} if args.steps else {})}
    emit("corpus", classes=corpus.classes, clips=len(corpus.clips), hash=corpus.hash())
    Runner(stage, RunOptions(Path(args.out), args.command, seed=args.seed, minutes=args.minutes, bf16=args.bf16, **run)).run()


def _export(args: argparse.Namespace) -> None:
    from .voice import export_voice

    emit("exported", **export_voice(args))


def _score(args: argparse.Namespace) -> None:
    from .score import score_voice

    emit("scores", **score_voice(args))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="foley-train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (("codec", "train the RVQ-VAE"), ("prior", "train the PixelSNAIL prior on a codec's grids"), ("vocoder", "train the HiFi-GAN")):
        sub = commands.add_parser(name, help=about)
        sub.add_argument("--corpus", required=True, help="folder with manifest.csv, or one folder per class")
        sub.add_argument("--out", required=True, help="where checkpoint.pt and best.pt go; an existing checkpoint is resumed")
        sub.add_argument("--preset", default="rvq", help=f"one of {', '.join(presets.names())}, or a JSON file")
        sub.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting, e.g. prior.training.lr=3e-4")
        sub.add_argument("--codec", required=name == "prior", help="the trained codec (vocoder: also learn from its reconstructions)")
        sub.add_argument("--minutes", type=float, help="time budget instead of a number of steps")
        sub.add_argument("--steps", type=int)
        sub.add_argument("--seed", type=int, default=0)
        sub.add_argument("--fp32", dest="bf16", action="store_false", help="no bfloat16 autocast")
        sub.set_defaults(run=_train)
    export = commands.add_parser("export", help="write a voice folder: six ONNX graphs and the card")
    for name in ("corpus", "codec", "prior", "vocoder", "out"):
        export.add_argument(f"--{name}", required=True)
    export.add_argument("--id", required=True, help="the voice's id: the folder's name in `models`")
    export.add_argument("--name", required=True)
    export.add_argument("--preset", default="rvq")
    export.set_defaults(run=_export)
    score = commands.add_parser("score", help="tagger shares and level statistics of WAV clips in class folders beside the corpus' eval clips")
    score.add_argument("--clips", required=True, help="folder per class with generated WAVs")
    score.add_argument("--corpus", required=True)
    score.add_argument("--yamnet", required=True, help="folder with yamnet.tflite and its class map")
    score.add_argument("--sheet", help="PNG to draw: generated spectrograms above real ones")
    score.add_argument("--card", help="card.json to write the shares into")
    score.set_defaults(run=_score)
    for sub in commands.choices.values():
        sub.add_argument("--threads", type=int, help="CPU threads for torch")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        args.run(args)
    except (CorpusError, PresetError, TrainedError, TaggerMissing, NotFinite, MismatchedCheckpoint) as error:
        emit("error", kind=type(error).__name__, message=str(error))
        print(f"foley-train: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
