"""The three stages of a voice, built from a preset and a corpus; and one run of one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..data import Augmenter, Clip, Corpus, Sounds, Variation, read_sounds
from ..features.mel import RATE
from ..models.grid import Grid
from ..models.hifigan import VocoderConfig
from ..models.pixelsnail import PriorConfig
from ..models.rvq_vae import CodecConfig
from ..models.stacked_pixelsnail import StackedConfig
from ..runtime.events import emit
from . import presets
from .checkpoints import load_codec
from .codec import CodecStage
from .distilled_vocoder import DistilledVocoderStage
from .fine_envelope_stage import FineEnvelopeStage
from .prior import PriorStage
from .sharp_decoder import SharpDecoderStage
from .stacked import StackedStage
from .trainer import Runner, RunOptions, Stage
from .vocoder import VocoderStage


@dataclass
class Making:
    """What a stage is made of. `codec`: folder of a trained one; the prior needs it, the vocoder may have it.

    Reads all audio of the corpus; raises one CorpusError that names every file that can't be read.
    """

    preset: dict[str, Any]
    corpus: Corpus
    codec: str | Path | None = None
    bf16: bool = True
    sounds: Sounds = field(init=False)

    def __post_init__(self) -> None:
        self.sounds = read_sounds(self.corpus, RATE)

    @property
    def train(self) -> Sounds:
        return self.sounds.of(self.corpus.of("train"))

    @property
    def held_out(self) -> Sounds:
        return self.sounds.of(self.corpus.of("eval") or self.corpus.of("train"))

    @property
    def oneshots(self) -> list[Clip]:
        return [c for c in self.corpus.oneshots if c.split == "train"]

    @property
    def augmenter(self) -> Augmenter:
        data, oneshots = self.preset["data"], self.oneshots
        weights = data.get("class_weights")
        shots = self.sounds.of(oneshots) if oneshots else None
        return Augmenter(self.train, shots, self.corpus.classes, data["samples"], data["compose_share"], data.get("onset"), Variation.of(data), weights)


def sounds(corpus: Corpus, split: str) -> Sounds:
    return Sounds(corpus.of(split) or corpus.of("train"), RATE)


def codec_stage(making: Making) -> CodecStage:
    part, data = making.preset["codec"], making.preset["data"]
    stage = SharpDecoderStage if "adversarial" in part["training"] else CodecStage
    return stage(CodecConfig(**part["config"]), making.augmenter, making.held_out, bf16=making.bf16, samples=data["samples"], **part["training"])


def prior_stage(making: Making) -> PriorStage | StackedStage:
    part, data, classes = making.preset["prior"], making.preset["data"], making.corpus.classes
    assert making.codec is not None
    codec, _ = load_codec(making.codec)
    frequency, time = codec.config.latent_shape
    if part["config"].get("kind") == "stacked":
        shape = {"codebooks": codec.config.codebooks, "codes": codec.config.codes, "rows": time, "cols": frequency}
        stacked = StackedConfig(**shape, classes=len(classes), **part["config"])
        return StackedStage(stacked, codec, making.augmenter, making.held_out, bf16=making.bf16, samples=data["samples"], **part["training"])
    grid = Grid(codec.config.codebooks, frequency, time, **making.preset["grid"])
    config = PriorConfig(rows=grid.rows, cols=grid.cols, codes=codec.config.codes, classes=len(classes), **grid.to_dict(), **part["config"])
    return PriorStage(config, grid, codec, making.augmenter, making.held_out, bf16=making.bf16, samples=data["samples"], **part["training"])


def vocoder_stage(making: Making) -> VocoderStage:
    part = making.preset["vocoder"]
    every = making.sounds.of(making.corpus.of("train") + making.oneshots)
    codec = load_codec(making.codec)[0] if making.codec else None
    config = VocoderConfig(**part["config"])
    stage = DistilledVocoderStage if "teacher" in part["training"] else FineEnvelopeStage if "only" in part["training"] else VocoderStage
    return stage(config, every, making.held_out, codec=codec, bf16=making.bf16, samples=making.preset["data"]["samples"], **part["training"])


STAGES = {"codec": codec_stage, "prior": prior_stage, "vocoder": vocoder_stage}


def train(
    name: str, making: Making, out: str | Path, *, seed: int = 0, minutes: float | None = None, steps: int | None = None,
    begin_from: str | Path | None = None, on_eval: Callable[[Runner], None] | None = None,
) -> Runner:  # fmt: skip
    """Trains stage `name` into folder `out`, resuming what is there. A budget in minutes goes before one in steps.

    `begin_from`: folder of a finished stage whose weights a new training starts from, as far as they fit.
    """
    torch.manual_seed(seed)
    stage: Stage = STAGES[name](making)
    run = {**making.preset[name]["run"], **({"steps": steps} if steps else {})}
    runner = Runner(stage, RunOptions(Path(out), name, seed=seed, minutes=minutes, **run))
    if on_eval is not None:
        runner.on_eval = lambda _step, _metrics: on_eval(runner)
    if begin_from is not None and not runner.checkpoint.is_file():
        path = Path(begin_from)
        taken, left = runner.begin_from(path / "best.pt" if path.is_dir() else path)
        emit("began_from", stage=name, path=str(begin_from), taken=taken, new=left)
    runner.run()
    return runner


OF_DECODER = 1 / 3
"""Share of a codec's budget in minutes that its decoder alone is trained for, in presets that train it so."""


def train_codec(
    making: Making, out: Path, *, seed: int = 0, minutes: float | None = None, steps: int | None = None,
) -> tuple[Runner, Path]:  # fmt: skip
    """Trains the codec into folder `out`/codec and, in presets that train its decoder alone as well, that into `out`/decoder.
    Returns the last training and its folder."""
    folder = out / "codec"
    if "decoder" not in making.preset:
        return train("codec", making, folder, seed=seed, minutes=minutes, steps=steps), folder
    begun = train("codec", making, folder, seed=seed, minutes=minutes and minutes * (1 - OF_DECODER), steps=steps)
    if begun.stopped or not bool(load_codec(folder)[0].quantizer.started):
        return begun, folder
    sharper = Making(presets.of_decoder(making.preset), making.corpus, None, making.bf16)
    of_decoder = train("codec", sharper, out / "decoder", seed=seed, minutes=minutes and minutes * OF_DECODER, steps=steps, begin_from=folder)
    return of_decoder, out / "decoder"
