"""Fine-tunes the prior of a voice: adds or changes classes from few recordings without forgetting the others.

A fine-tuned voice embeds its base voice (`finetuning/command.py`), which generates the classes that were not trained: they
stay bit-identical. The fine-tuned prior needs these classes only for mixes with the new ones. Their recordings are not
available, so clips sampled from the prior replace them (pseudo-rehearsal, Robins 1995), and on these the prior is distilled
from the base (learning without forgetting, Li and Hoiem 2016): sampled codes alone would be memorised.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Augmenter, Sounds
from ..models.any_prior import AnyPrior, of_classes
from ..models.stacked_pixelsnail import Followed, StackedPixelSnail
from ..runtime.device import autocast, here, sent
from ..runtime.progress import Progress
from ..training.gradients import clip_and_step
from ..training.prior import PriorStage
from ..training.stacked import StackedStage
from ..voices.inference import Recipe, VoiceRunner
from .weights_from_onnx import Trainable

BATCH = 14  # clips sampled at a time
HELD_OUT = 16  # rehearsal clips that are not trained on; they measure the drift of the kept classes
PROBES = 16  # recordings that decide which old class a new one is initialised from


@dataclass(frozen=True)
class Kept:
    """Rehearsal clips of the kept classes: grids [n, rows, codes of a row] and class indices [n]."""

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
        grids.append(runner.grids([index for index, _ in part], [(seed, index, number) for index, number in part], Recipe(seed, guidance=0)))
        progress.add(len(part))
    shape = (0, runner.config.grid.rows, runner.config.grid.cols)
    kept = Kept(np.concatenate(grids) if grids else np.zeros(shape, np.int64), np.array([index for index, _ in wanted], np.int64))
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp.npz")
    np.savez(temporary, grids=kept.grids.astype(np.int32), labels=kept.labels)
    temporary.replace(file)
    return kept


class Rehearsal:
    """Rehearsal clips as a stage trains on them, and how far its prior drifts from the base on them.

    `teacher`: the base's prior. Codes are in the shape that the prior takes them in.
    """

    def __init__(self, teacher: AnyPrior, kept: Kept, share: float, batch: int, bf16: bool) -> None:
        self.teacher, self.bf16 = here(copy.deepcopy(teacher)).eval().requires_grad_(False), bf16
        c, grids = teacher.config, kept.grids.astype(np.int64)
        if isinstance(teacher, StackedPixelSnail):
            grids = grids.reshape(len(grids), c.rows, c.cols, c.codebooks)
        # `kept` alternates between classes, so both parts have clips of each.
        aside = np.arange(len(kept.labels)) >= len(kept.labels) - min(HELD_OUT, len(kept.labels) // 4)
        self.trained, self.aside = ((sent(grids[of]), sent(kept.labels[of])) for of in (~aside, aside))
        self.each = min(batch - 1, round(batch * share)) if len(kept.labels) else 0
        """Rehearsal clips of a batch."""

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Indices of the rehearsal clips of a batch."""
        return rng.integers(0, max(1, len(self.trained[1])), self.each)

    def expected(self, codes: Tensor, labels: Tensor) -> Tensor:
        """The base's log-probabilities of each code, in the shape of its logits."""
        with torch.no_grad(), autocast(self.bf16):
            return self.teacher(codes, F.one_hot(labels, self.teacher.config.classes).float()).float().log_softmax(code_axis(self.teacher))

    def apart(self, logits: Tensor, codes: Tensor, labels: Tensor) -> Tensor:
        """Kullback-Leibler divergence from the base in nats, of each code."""
        target, axis = self.expected(codes, labels), code_axis(self.teacher)
        return (target.exp() * (target - logits.log_softmax(axis))).sum(axis)


def code_axis(prior: AnyPrior) -> int:
    """Axis of the codes in the prior's logits."""
    return -1 if isinstance(prior, StackedPixelSnail) else 1


def nll_of(log_probabilities: Tensor, codes: Tensor, prior: AnyPrior) -> Tensor:
    """Negative log-likelihood in nats, of each code."""
    return -log_probabilities.gather(code_axis(prior), codes.unsqueeze(code_axis(prior))).squeeze(code_axis(prior))


@torch.no_grad()
def nearest_classes(rehearsal: Rehearsal, codes: Tensor, labels: np.ndarray, names: list[str]) -> dict[str, int]:
    """For each class of `names` the old class with the highest likelihood of its recordings: a rooster starts from dog, not
    rain. codes and labels [PROBES]."""
    teacher, scores = rehearsal.teacher, []
    for old in range(teacher.config.classes):
        parts = [(part, torch.full((len(part),), old, device=part.device)) for part in codes.split(8)]
        scores.append(torch.cat([nll_of(rehearsal.expected(*part), part[0], teacher).flatten(1).mean(1) for part in parts]))
    nll = torch.stack(scores).cpu()  # [classes, PROBES]
    return {label: int(nll[:, labels == i].mean(1).argmin()) for i, label in enumerate(names) if (labels == i).any()}


class FineTuneStage:
    """What fine-tuning adds to a prior's stage. `classes`: all classes of the new voice, the base's first; the augmenter has
    those with recordings. `kept_share` of every batch are rehearsal clips."""

    prior: AnyPrior
    augmenter: Augmenter
    bf16: bool
    batch: int
    weighed: Callable[..., Tensor]
    """Of the prior's stage: nats of each code, and time steps that count [B, T] (left out: all) -> what is minimised."""

    def _begin(self, base: Trainable, classes: list[str], kept: Kept, kept_share: float) -> None:
        self.rehearsal = Rehearsal(base.prior, kept, kept_share, self.batch, self.bf16)
        known = base.prior.config.classes
        nearest = {}
        if len(classes) > known:
            rng = np.random.default_rng(0)
            drawn = [self.augmenter.draw(rng) for _ in range(PROBES)]
            codes = self.codes_of(np.stack([audio for audio, _ in drawn]))
            nearest = nearest_classes(self.rehearsal, codes, np.array([label for _, label in drawn]), self.augmenter.classes)
        like = [nearest.get(label, 0) for label in classes[known:]]
        self.prior.load_state_dict(of_classes(base.prior, [*range(base.prior.config.classes), *like]).state_dict())
        own = torch.tensor([classes.index(label) for label in self.augmenter.classes])
        self.own, self.names, self.eval_labels = own.numpy(), classes, own[self.eval_labels]
        self.batch -= self.rehearsal.each

    def codes_of(self, audio: np.ndarray) -> Tensor:
        """Audio [B, samples] -> codes in the shape that the prior takes them in."""
        raise NotImplementedError

    def _fit(self, logits: Tensor, own: Tensor, picks: Tensor, counted: Tensor | None = None) -> dict[str, float]:
        """One step on the logits of a batch: recordings, whose codes are `own`, and after them rehearsal clips."""
        nll = nll_of(logits[: len(own)].log_softmax(code_axis(self.prior)), own, self.prior)
        loss, metrics = self.weighed(nll, counted), {"nll": nll.mean().item()}
        if len(picks):
            codes, labels = (part[picks] for part in self.rehearsal.trained)
            apart = self.rehearsal.apart(logits[len(own) :], codes, labels)
            loss, metrics["kept"] = loss + self.weighed(apart), apart.mean().item()
        return {**metrics, "norm": clip_and_step(loss, self.prior, self.optimizers.values(), 1.0)}

    @torch.no_grad()
    def _drift(self, metrics: dict[str, float]) -> dict[str, float]:
        """Adds `kept`: divergence of the kept classes from the base in nats per code, on held-out rehearsal clips."""
        grids, labels = self.rehearsal.aside
        if not len(labels):
            return metrics
        apart = []
        for codes, label in zip(grids.split(8), labels.split(8), strict=True):
            with autocast(self.bf16):
                logits = self.prior(codes, self._one_hot(label)).float()
            apart.append(self.rehearsal.apart(logits, codes, label))
        kept = torch.cat(apart).mean().item()
        return {**metrics, "kept": kept, "score": metrics["score"] + kept}


class FineTunePixelSnail(FineTuneStage, PriorStage):
    """Fine-tunes a prior that goes codebook by codebook."""

    def __init__(
        self, base: Trainable, classes: list[str], kept: Kept, augmenter: Augmenter, held_out: Sounds, *,
        batch: int, lr: float, bf16: bool, samples: int, kept_share: float = 0.25,
    ) -> None:  # fmt: skip
        config = replace(base.prior.config, classes=len(classes))
        PriorStage.__init__(self, config, config.grid, copy.deepcopy(base.codec), augmenter, held_out, batch=batch, lr=lr, bf16=bf16, samples=samples)
        self._begin(base, classes, kept, kept_share)

    def codes_of(self, audio: np.ndarray) -> Tensor:
        return self._encode(audio)

    def draw(self, rng: np.random.Generator, step: int) -> Any:
        """Clips, their classes, the time steps that count, and the indices of the rehearsal clips of the batch."""
        audio, labels, counted = PriorStage.draw(self, rng, step)
        return audio, self.own[labels], counted, self.rehearsal.draw(rng)

    def step(self, batch: Any, step: int) -> dict[str, float]:
        own, labels, counted, picks = self._encode(batch[0]), sent(batch[1]), sent(batch[2]), sent(batch[3])
        codes, old = (part[picks] for part in self.rehearsal.trained)
        with autocast(self.bf16):
            logits = self.prior(torch.cat([own, codes]), self._one_hot(torch.cat([labels, old]))).float()
        return self._fit(logits, own, picks, counted)

    def evaluate(self) -> dict[str, float]:
        return self._drift(PriorStage.evaluate(self))


class FineTuneStacked(FineTuneStage, StackedStage):
    """Fine-tunes a stacked prior. Labels, contours and spectra of recordings are left out as in its training, so that guidance goes on working;
    rehearsal clips have their labels alone."""

    def __init__(
        self, base: Trainable, classes: list[str], kept: Kept, augmenter: Augmenter, held_out: Sounds, *,
        batch: int, lr: float, bf16: bool, samples: int, kept_share: float = 0.25,
    ) -> None:  # fmt: skip
        config = replace(base.prior.config, classes=len(classes))
        StackedStage.__init__(self, config, copy.deepcopy(base.codec), augmenter, held_out, batch=batch, lr=lr, bf16=bf16, samples=samples)
        self._begin(base, classes, kept, kept_share)

    def codes_of(self, audio: np.ndarray) -> Tensor:
        return self._encode(audio)[0]

    def draw(self, rng: np.random.Generator, step: int) -> Any:
        """As the stage's, and the indices of the rehearsal clips of the batch."""
        audio, labels, *told = StackedStage.draw(self, rng, step)
        return audio, self.own[labels], *told, self.rehearsal.draw(rng)

    def step(self, batch: Any, step: int) -> dict[str, float]:
        own, contour, spectra = self._encode(batch[0])
        labels, with_label, with_contour, with_spectrum, counted, replaced, picks = (sent(part) for part in batch[1:])
        codes, old = (part[picks] for part in self.rehearsal.trained)
        weights = torch.cat([self._one_hot(labels) * with_label.unsqueeze(1), self._one_hot(old)])
        told = Followed(*(torch.cat([part, part.new_zeros(len(picks), *part.shape[1:])]) for part in (contour, with_contour, spectra, with_spectrum)))
        with autocast(self.bf16):
            logits = self.prior(torch.cat([self.seen(own, replaced), codes]), weights, told).float()
        return self._fit(logits, own, picks, counted)

    def evaluate(self) -> dict[str, float]:
        return self._drift(StackedStage.evaluate(self))


def fine_tune_stage(base: Trainable, *args: Any, **options: Any) -> FineTunePixelSnail | FineTuneStacked:
    """The stage that fits the base's prior."""
    return (FineTuneStacked if isinstance(base.prior, StackedPixelSnail) else FineTunePixelSnail)(base, *args, **options)
