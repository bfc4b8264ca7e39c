"""The three stages of a voice, built from a preset and a corpus; and one run of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .codec import CodecConfig
from .data import Augmenter, Corpus, Sounds
from .grid import Grid
from .prior import PriorConfig
from .runner import Runner, RunOptions, Stage
from .train_codec import CodecStage
from .train_prior import PriorStage
from .train_vocoder import VocoderStage
from .trained import load_codec
from .vocoder import VocoderConfig

RATE = 22050


@dataclass
class Making:
    """What a stage is made of. `codec`: folder of a trained one; the prior needs it, the vocoder may have it."""

    preset: dict[str, Any]
    corpus: Corpus
    codec: str | Path | None = None
    bf16: bool = True


def sounds(corpus: Corpus, split: str) -> Sounds:
    return Sounds(corpus.of(split) or corpus.of("train"), RATE)


def _augmenter(corpus: Corpus, data: dict[str, Any]) -> Augmenter:
    oneshots = [c for c in corpus.oneshots if c.split == "train"]
    return Augmenter(sounds(corpus, "train"), Sounds(oneshots, RATE) if oneshots else None, corpus.classes, data["samples"], data["compose_share"])


def codec_stage(making: Making) -> CodecStage:
    part, data = making.preset["codec"], making.preset["data"]
    augmenter = _augmenter(making.corpus, data)
    return CodecStage(CodecConfig(**part["config"]), augmenter, sounds(making.corpus, "eval"), bf16=making.bf16, samples=data["samples"], **part["training"])


def prior_stage(making: Making) -> PriorStage:
    part, data, corpus = making.preset["prior"], making.preset["data"], making.corpus
    assert making.codec is not None
    codec, _ = load_codec(making.codec)
    frequency, time = codec.config.latent_shape
    grid = Grid(codec.config.codebooks, frequency, time, **making.preset["grid"])
    config = PriorConfig(rows=grid.rows, cols=grid.cols, codes=codec.config.codes, classes=len(corpus.classes), **grid.to_dict(), **part["config"])
    return PriorStage(config, grid, codec, _augmenter(corpus, data), sounds(corpus, "eval"), bf16=making.bf16, samples=data["samples"], **part["training"])


def vocoder_stage(making: Making) -> VocoderStage:
    part, corpus = making.preset["vocoder"], making.corpus
    every = Sounds(corpus.of("train") + [c for c in corpus.oneshots if c.split == "train"], RATE)
    codec = load_codec(making.codec)[0] if making.codec else None
    config = VocoderConfig(**part["config"])
    return VocoderStage(config, every, sounds(corpus, "eval"), codec=codec, bf16=making.bf16, samples=making.preset["data"]["samples"], **part["training"])


STAGES = {"codec": codec_stage, "prior": prior_stage, "vocoder": vocoder_stage}


def train(name: str, making: Making, out: str | Path, *, seed: int = 0, minutes: float | None = None, steps: int | None = None) -> Runner:
    """Trains stage `name` into folder `out`, resuming what is there. A budget in minutes goes before one in steps."""
    torch.manual_seed(seed)
    stage: Stage = STAGES[name](making)
    run = {**making.preset[name]["run"], **({"steps": steps} if steps else {})}
    runner = Runner(stage, RunOptions(Path(out), name, seed=seed, minutes=minutes, **run))
    runner.run()
    return runner
