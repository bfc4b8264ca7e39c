"""Generates clips from a voice folder in Python, like the server but with a different random number generator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..export.any_prior import open_sampler
from ..export.contour_graph import DRAWS, OF_CONTOUR, OF_SPECTRUM
from ..export.guidance import doubled, guided, negative_weights
from ..export.two_stage_sampler import Choose, session
from ..features.loudness import by_row, normalised
from ..features.mel import LogMel, MelConfig
from ..models.any_prior import AnyConfig, conditioned_rows
from ..models.noise_excitation import grains
from ..models.pixelsnail import PriorConfig
from ..models.stacked_pixelsnail import StackedConfig
from .card import BASE, CONTOUR, EXCITATION, FORMAT, GRAIN, ORDER, SPECTRUM, VERSION, voice_hash

Seed = tuple[int, ...]
NOISE, COURSE, GRAINS = 1, 2, 3  # appended to a clip's seed: independent random streams for its noise, what it follows, its grains


class VoiceError(Exception):
    """The folder is not a voice, or its graphs do not match its card."""


@dataclass(frozen=True)
class Recipe:
    """Sampling settings of a clip, in addition to voice, class and number. `guidance`: None is the card's, for each class."""

    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    guidance: float | None = None


class VoiceRunner:
    """`classes` in the card's order; `rate` in Hz; `samples` and mel `frames` of a clip; `levels` codebooks."""

    def __init__(self, folder: str | Path, threads: int = 1) -> None:
        folder = Path(folder)
        try:
            card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            if (card["format"], card["version"]) != (FORMAT, VERSION):
                raise VoiceError(f"{folder}: format {card['format']} {card['version']}, expected {FORMAT} {VERSION}")
            data = {name: (folder / card["graphs"][name]["file"]).read_bytes() for name in ORDER if name in card["graphs"]}
            self.config, self.mel_config = _prior_config(card), _mel_config(card["mel"], card["audio"]["rate"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VoiceError(f"no voice in {folder}: {error!r}") from error
        for name, graph in data.items():
            if hashlib.sha256(graph).hexdigest() != card["graphs"][name]["sha256"]:
                raise VoiceError(f"{folder}: the hash of graph {name} does not match its card")
        if voice_hash(card["graphs"]) != card["hash"]:
            raise VoiceError(f"{folder}: the card's hash does not match its graphs")
        self.card: dict[str, Any] = card
        self.classes = [c["name"] for c in card["classes"]]
        self.rate, self.samples = card["audio"]["rate"], card["audio"]["samples"]
        self.levels, self.codes = card["latent"]["codebooks"], card["latent"]["codes"]
        self.log_mel = LogMel(self.mel_config)
        self._base = _base(folder, card, threads)
        self._sampler = open_sampler(self.config, data, threads)
        self._encoder, self._decoder, self._vocoder = (session(data[name], threads) for name in ("encoder", "decoder", "vocoder"))
        self._excitation = session(data[EXCITATION], threads) if EXCITATION in data else None
        self._contour, self._spectrum = (session(data[name], threads) if name in data else None for name in (CONTOUR, SPECTRUM))
        self._grain = session(data[GRAIN], threads) if GRAIN in data else None

    def generate(self, label: str, numbers: Sequence[int], recipe: Recipe) -> np.ndarray:
        """Clips of a class by their numbers -> audio [B, samples]. A clip does not depend on which others are made with it."""
        return self.make(label, numbers, recipe)[1]

    def make(self, label: str, numbers: Sequence[int], recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
        """The same clips as codes [B, levels, frequency, time] and audio."""
        if self._base is not None and label in self.card["retrained"]["kept"]:
            return self._base.make(label, numbers, recipe)
        index = self.classes.index(label)
        seeds = [(recipe.seed, index, number) for number in numbers]
        grids = self.grids([index] * len(numbers), seeds, recipe)
        codes = self.config.grid.to_latent(torch.from_numpy(grids)).numpy()
        return codes, self.speak(self.decode(codes), seeds, [index] * len(seeds))

    def grids(self, classes: Sequence[int], seeds: Sequence[Seed], recipe: Recipe) -> np.ndarray:
        """A clip's codes for each class index and seed, in the order of `config.grid`: [B, rows, codes of a row]. By this voice's own prior."""
        weights, choose = np.eye(len(self.classes), dtype=np.float32)[list(classes)], drawn_apart(seeds, self.config.grid.rows * self.config.grid.cols, recipe)
        guidance = np.array([self.guidance(index) if recipe.guidance is None else recipe.guidance for index in classes])
        course = self._courses(weights, seeds)
        if not guidance.any():
            return self._sampler.sample(weights, choose, **course)
        negative = negative_weights(len(self.classes), self.card["prior"].get("nullClass", False))
        # What guidance leads away from follows what the clip does, or nothing.
        free = np.array([self.guides_followed(index) for index in classes])
        twice = {name: np.concatenate([value, np.where(free, 0, value) if name.endswith("known") else value]) for name, value in course.items()}
        return self._sampler.sample(doubled(weights, negative), guided(choose, guidance, self._told().get("plausible", 0)), **twice)[: len(weights)]

    def _courses(self, weights: np.ndarray, seeds: Sequence[Seed]) -> dict[str, np.ndarray]:
        """What each clip follows, of voices that draw it: inputs of the condition graph."""
        if not isinstance(self.config, StackedConfig):
            return {}
        draws = [np.random.default_rng([*seed, COURSE]).random((1, DRAWS)).astype(np.float32) for seed in seeds]
        told: dict[str, np.ndarray] = {}

        def drawn(graph: Any, name: str, numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
            clips = [graph.run([name, "known"], {"class": one[None], "uniform": draw[:, numbers]}) for one, draw in zip(weights, draws, strict=True)]
            return np.concatenate([value for value, _ in clips]), np.concatenate([known for _, known in clips])

        if self._contour is not None:
            levels, told["known"] = drawn(self._contour, "level", OF_CONTOUR)
            told["contour"] = by_row(normalised(torch.from_numpy(levels)), self.config.rows, self.config.contour).numpy()
        if self._spectrum is not None:
            told["spectrum"], told["spectrum_known"] = drawn(self._spectrum, "spectrum", OF_SPECTRUM)
        return told

    def guidance(self, index: int) -> float:
        """The card's guidance of a class; 0 if it has none."""
        told = self._told()
        return float((told.get("classes") or {}).get(self.classes[index], told.get("default", 0)))

    def guides_followed(self, index: int) -> bool:
        """Whether the card's guidance of a class strengthens what its clips follow."""
        return self.classes[index] in (self._told().get("followed") or [])

    def _told(self) -> dict[str, Any]:
        return (self.card.get("sampling") or {}).get("guidance") or {}

    def mel(self, audio: np.ndarray) -> np.ndarray:
        """[B, samples] -> log-mel [B, bins, frames]."""
        return self.log_mel(torch.from_numpy(audio.astype(np.float32))).numpy()

    def encode(self, mel: np.ndarray) -> np.ndarray:
        """log-mel [B, bins, frames] -> codes [B, levels, frequency, time]."""
        return self._encoder.run(None, {"mel": mel})[0]

    def decode(self, codes: np.ndarray, depth: int | None = None) -> np.ndarray:
        """Codes -> log-mel, by the first `depth` codebooks alone if given."""
        if depth is not None:
            codes = codes.copy()
            codes[:, depth:] = self.codes
        return self._decoder.run(None, {"codes": codes})[0]

    def grain(self, index: int) -> float:
        """How grainy the noise of a class is, 0 to 1: see `export.grain_graph`."""
        if self._grain is None:
            return 0.0
        return float(self._grain.run(["grain"], {"class": np.eye(len(self.classes), dtype=np.float32)[[index]]})[0][0])

    def speak(self, mel: np.ndarray, seeds: Sequence[Seed], classes: Sequence[int] | None = None) -> np.ndarray:
        """log-mel [B, bins, frames] -> audio [B, samples]: the vocoder gets the last frame twice, as the server feeds it.
        `seeds` and class indices, one per clip, are for vocoders that are excited by noise; without `classes` the noise is even."""
        feeds = {"mel": np.concatenate([mel, mel[..., -1:]], -1)}
        if self._excitation is not None:
            length = feeds["mel"].shape[2] * self.mel_config.hop
            noise = np.stack([np.random.default_rng([*seed, NOISE]).standard_normal(length, np.float32) for seed in seeds])
            (feeds["shaped"],) = self._excitation.run(None, {**feeds, "noise": noise})
            if self._grain is not None and classes is not None:
                gains = [grains(length, self.grain(index), np.random.default_rng([*seed, GRAINS])) for seed, index in zip(seeds, classes, strict=True)]
                feeds["shaped"] = feeds["shaped"] * np.stack(gains)
        return self._vocoder.run(None, feeds)[0][:, : self.samples]


def _base(folder: Path, card: dict[str, Any], threads: int) -> VoiceRunner | None:
    """The embedded base voice, which generates the classes that were not trained: see `card.BASE`."""
    retrained = card.get("retrained") or {}
    if not retrained.get("kept") or not (folder / BASE / "card.json").is_file():
        return None
    base = VoiceRunner(folder / BASE, threads)
    if base.card["hash"] != retrained["base"]["hash"]:
        raise VoiceError(f"{folder}: the hash of the embedded voice {BASE} does not match card.retrained.base.hash")
    return base


def drawn_apart(seeds: Sequence[Seed], cells: int, recipe: Recipe) -> Choose:
    """One stream of uniform numbers per clip: temperature, then top-p, then the inverse of the cumulative distribution."""
    uniform = np.stack([np.random.default_rng(list(seed)).random(cells) for seed in seeds])

    def choose(logits: np.ndarray, cell: int) -> np.ndarray:
        if recipe.temperature == 0:
            return logits.argmax(1)
        weights = np.exp((logits - logits.max(1, keepdims=True)).astype(np.float64) / recipe.temperature)
        if recipe.top_p < 1:
            ordered = -np.sort(-weights, 1)
            reached = ordered.cumsum(1) - ordered < recipe.top_p * ordered.sum(1, keepdims=True)  # the code that crosses the bound stays
            weights[weights < np.where(reached, ordered, np.inf).min(1, keepdims=True)] = 0
        cumulative = weights.cumsum(1)
        return (cumulative <= uniform[:, cell, None] * cumulative[:, -1:]).sum(1)

    return choose


def _prior_config(card: dict[str, Any]) -> AnyConfig:
    """What a sampler must know of the prior. Raises ValueError where the card contradicts itself."""
    prior, grid, latent = card["prior"], card["grid"], card["latent"]
    fields = {name: prior[name] for name in ("channels", "blocks", "heads", "kernel")}
    fields |= {"rows": grid["rows"], "cols": grid["cols"], "codebooks": latent["codebooks"], "codes": latent["codes"], "classes": len(card["classes"])}
    fields |= {"res_blocks": prior["layers"] // prior["blocks"], "condition_dim": prior["conditionDim"]}
    config: AnyConfig
    if grid.get("depthAxes"):
        axes = (grid["rowAxes"], grid["colAxes"], grid["depthAxes"])
        if axes != (["time"], ["frequency"], ["codebook"]):
            raise ValueError(f"row, column and depth axes are {axes}, expected time, frequency and codebook")
        config = StackedConfig(contour=prior.get("contour", 0), spectrum=prior.get("spectrum", 0), **fields)
    else:
        condition = "place" if prior["conditionRows"] == [0] else "context"
        config = PriorConfig(
            row_axes=grid["rowAxes"], col_axes=grid["colAxes"], frequency=latent["frequency"], time=latent["time"], condition=condition, **fields
        )
    if conditioned_rows(config) != prior["conditionRows"]:
        raise ValueError(f"conditionRows is {prior['conditionRows']}, expected {conditioned_rows(config)} for this grid")
    return config


def _mel_config(mel: dict[str, Any], rate: int) -> MelConfig:
    return MelConfig(rate=rate, n_fft=mel["nFft"], hop=mel["hop"], bins=mel["bins"], f_min=mel["fMin"], f_max=mel["fMax"], floor=mel["floor"])
