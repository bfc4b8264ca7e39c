"""Fine-tunes the prior of a voice: adds or changes classes from few recordings without forgetting the others.

A fine-tuned voice embeds its base voice (`finetuning/command.py`), which generates the classes that were not trained: they
stay bit-identical. The fine-tuned prior needs these classes only for mixes with the new ones. Their recordings are not
available, so clips sampled from the prior replace them (pseudo-rehearsal, Robins 1995), and on these the prior is distilled
from the base (learning without forgetting, Li and Hoiem 2016): sampled codes alone would be memorised.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Augmenter, Sounds
from ..models.pixelsnail import PixelSnail
from ..runtime.device import autocast, here, sent
from ..runtime.progress import Progress
from ..training.prior import PriorStage
from ..training.trainer import clip_and_step
from ..voices.inference import Recipe, VoiceRunner
from .weights_from_onnx import Trainable

BATCH = 14  # clips sampled at a time
HELD_OUT = 16  # rehearsal clips that are not trained on; they measure the drift of the kept classes
PROBES = 16  # recordings that decide which old class a new one is initialised from


@dataclass(frozen=True)
class Kept:
    """Rehearsal clips of the kept classes: grids [n, rows, cols] and class indices [n]."""

    grids: np.ndarray
    labels: np.ndarray


def sample_kept(voice: str | Path, classes: list[str], each: int, seed: int, file: Path) -> Kept:
    """`each` clips of every class in `classes`, sampled from the voice and cached in `file`."""
    if file.is_file():
        with np.load(file) as stored:
            return Kept(stored["grids"], stored["labels"])
    runner = VoiceRunner(voice)
    wanted = [(runner.classes.index(label), number) for number in range(each) for label in classes]
    progress, grids = Progress("kept", len(wanted)), []
    for at in range(0, len(wanted), BATCH):
        part = wanted[at : at + BATCH]
        grids.append(runner.grids([index for index, _ in part], [(seed, index, number) for index, number in part], Recipe(seed)))
        progress.add(len(part))
    shape = (0, runner.config.rows, runner.config.cols)
    kept = Kept(np.concatenate(grids) if grids else np.zeros(shape, np.int64), np.array([index for index, _ in wanted], np.int64))
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp.npz")
    np.savez(temporary, grids=kept.grids.astype(np.int32), labels=kept.labels)
    temporary.replace(file)
    return kept


@torch.no_grad()
def with_added_classes(prior: PixelSnail, like: Sequence[int]) -> PixelSnail:
    """The same prior with one more class for each of `like`, initialised from that old class."""
    if not like:
        return prior
    config = replace(prior.config, classes=prior.config.classes + len(like))
    made = PixelSnail(config, _codebooks(prior)).eval()
    state = made.state_dict()
    for name, value in prior.state_dict().items():
        if value.shape != state[name].shape:  # [out, classes]
            value = torch.cat([value, value[:, list(like)]], 1)
        state[name] = value
    made.load_state_dict(state)
    return made


def _codebooks(prior: PixelSnail) -> Tensor:
    """Codebooks of the right size; their values come from the state that is loaded next."""
    c = prior.config
    if prior.condition.levels_first:
        return prior.condition.vectors[:, :-1].clone()
    dim = prior.first.vectors.shape[2] // 2 if c.alphabets else 1
    return torch.randn(c.codebooks, c.codes, dim)


class FineTuneStage(PriorStage):
    """`classes`: all classes of the new voice, the base's first; the augmenter has those with recordings.
    `kept_share` of every batch are rehearsal clips."""

    def __init__(
        self, base: Trainable, classes: list[str], kept: Kept, augmenter: Augmenter, held_out: Sounds, *,
        batch: int, lr: float, bf16: bool, samples: int, kept_share: float = 0.25,
    ) -> None:  # fmt: skip
        known = base.prior.config.classes
        config = replace(base.prior.config, classes=len(classes))
        super().__init__(config, config.grid, copy.deepcopy(base.codec), augmenter, held_out, batch=batch, lr=lr, bf16=bf16, samples=samples)
        self.teacher = here(copy.deepcopy(base.prior)).eval().requires_grad_(False)
        nearest = self._nearest() if len(classes) > known else {}
        like = [nearest.get(label, 0) for label in classes[known:]]
        self.prior.load_state_dict(with_added_classes(base.prior, like).state_dict())
        own = torch.tensor([classes.index(label) for label in augmenter.classes])
        self.own, self.names, self.eval_labels = own.numpy(), classes, own[self.eval_labels]
        # `kept` alternates between classes, so both parts have clips of each.
        aside = np.arange(len(kept.labels)) >= len(kept.labels) - min(HELD_OUT, len(kept.labels) // 4)
        self.kept, self.kept_aside = ((sent(kept.grids[of].astype(np.int64)), sent(kept.labels[of])) for of in (~aside, aside))
        self.old = min(batch - 1, round(batch * kept_share)) if len(kept.labels) else 0
        self.batch = batch - self.old

    @torch.no_grad()
    def _nearest(self) -> dict[str, int]:
        """For each new class the old class with the highest likelihood of its recordings: a rooster starts from dog, not rain."""
        rng = np.random.default_rng(0)
        drawn = [self.augmenter.draw(rng) for _ in range(PROBES)]
        codes, labels = self._encode(np.stack([audio for audio, _ in drawn])), np.array([label for _, label in drawn])
        nll = torch.stack([
            torch.cat([F.nll_loss(self._teacher(part, torch.full((len(part),), old, device=part.device)), part, reduction="none").mean((1, 2)) for part in codes.split(8)])
            for old in range(self.teacher.config.classes)
        ]).cpu()  # [classes, PROBES]  # fmt: skip
        return {label: int(nll[:, labels == i].mean(1).argmin()) for i, label in enumerate(self.augmenter.classes) if (labels == i).any()}

    def draw(self, rng: np.random.Generator, step: int) -> Any:
        """Clips, their classes, and the indices of the rehearsal clips of the batch."""
        audio, labels = super().draw(rng, step)
        return audio, self.own[labels], rng.integers(0, max(1, len(self.kept[1])), self.old)

    def _teacher(self, codes: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad(), autocast(self.bf16):
            return self.teacher(codes, F.one_hot(labels, self.teacher.config.classes).float()).float().log_softmax(1)

    def step(self, batch: Any, step: int) -> dict[str, float]:
        own, labels = self._encode(batch[0]), sent(batch[1])
        codes, old = own, labels[:0]
        if self.old:
            picks = sent(batch[2])
            old = self.kept[1][picks]
            codes = torch.cat([own, self.kept[0][picks]])
        with autocast(self.bf16):
            logits = self.prior(codes, self._one_hot(torch.cat([labels, old]))).float()
        nll = F.cross_entropy(logits[: len(own)], own, reduction="none")
        loss, metrics = (nll * self.weights).mean(), {"nll": nll.mean().item()}
        if self.old:
            target = self._teacher(codes[len(own) :], old)
            apart = _divergence(target, logits[len(own) :])
            loss, metrics["kept"] = loss + (apart * self.weights).mean(), apart.mean().item()
        return {**metrics, "norm": clip_and_step(loss, self.prior, self.optimizer, 1.0)}

    def evaluate(self) -> dict[str, float]:
        """As the prior's; `kept`: Kullback-Leibler divergence of the kept classes from the base in nats per cell, on held-out
        rehearsal clips."""
        metrics = super().evaluate()
        grids, labels = self.kept_aside
        if len(labels):
            apart = []
            for codes, label in zip(grids.split(8), labels.split(8), strict=True):
                with autocast(self.bf16):
                    logits = self.prior(codes, self._one_hot(label)).float()
                apart.append(_divergence(self._teacher(codes, label), logits))
            metrics["kept"] = torch.cat(apart).mean().item()
            metrics["score"] += metrics["kept"]
        return metrics


def _divergence(target: Tensor, logits: Tensor) -> Tensor:
    """Log-probabilities and logits [B, codes, H, W] -> nats per cell [B, H, W]."""
    return (target.exp() * (target - logits.log_softmax(1))).sum(1)
