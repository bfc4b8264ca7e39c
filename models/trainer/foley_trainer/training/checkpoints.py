"""Loads trained stages from their `best.pt`: averaged weights in eval mode, and the record of the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..models.any_prior import AnyPrior, config_from, new_prior
from ..models.embedder import Embedder, EmbedderConfig
from ..models.hifigan import Generator, VocoderConfig
from ..models.rvq_vae import Codec, CodecConfig
from ..runtime.record import Record


class TrainedError(Exception):
    """The file is not a finished training of the expected stage."""


def _read(path: str | Path, stage: str) -> tuple[dict[str, Any], Record]:
    path = Path(path)
    if path.is_dir():
        path = path / "best.pt"
    if not path.is_file():
        raise TrainedError(f"{path} does not exist: train the {stage} first")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state.get("stage") != stage:
        raise TrainedError(f"{path} is a checkpoint of stage {state.get('stage')}, expected {stage}")
    return state["ema"], Record(state["config"], state["step"], round(state["seconds"] / 60, 1), state.get("metrics", {}))


def load_codec(path: str | Path) -> tuple[Codec, Record]:
    weights, record = _read(path, "codec")
    codec = Codec(CodecConfig(**record.config))
    codec.load_state_dict(weights["codec"])
    return codec.eval().requires_grad_(False), record


def load_prior(path: str | Path, codec: Codec) -> tuple[AnyPrior, Record]:
    weights, record = _read(path, "prior")
    prior = new_prior(config_from(record.config), codec.quantizer.codebooks.clone())
    prior.load_state_dict(weights["prior"])
    return prior.eval().requires_grad_(False), record


def load_vocoder(path: str | Path) -> tuple[Generator, Record]:
    weights, record = _read(path, "vocoder")
    generator = Generator(VocoderConfig(**record.config))
    generator.load_state_dict(weights["generator"])
    return generator.eval().requires_grad_(False), record


def load_embedder(path: str | Path) -> tuple[Embedder, Record]:
    weights, record = _read(path, "embedder")
    embedder = Embedder(EmbedderConfig(**record.config))
    embedder.load_state_dict(weights["embedder"])
    return embedder.eval().requires_grad_(False), record
