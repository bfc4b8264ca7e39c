"""Stages 2 and 3: code grids of freshly augmented audio, and the PixelSNAIL prior on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Augmenter, Sounds, fit
from ..features.mel import LogMel
from ..models.codebook_embeddings import level_map
from ..models.grid import Grid
from ..models.pixelsnail import PixelSnail, PriorConfig
from ..models.rvq_vae import Codec
from ..runtime import parallel
from ..runtime.device import autocast, here, sent
from .gradients import clip_and_step
from .optimizers import AdamW
from .presets import PresetError


def in_order(recorded: Sequence[int], samples: int, steps: int) -> np.ndarray:
    """Of clips of `samples`, of which so many are in their order, the time steps of the grid that are [B, steps]: 1, else 0.

    The codec looks beyond a step, so the step before the one where the order ends does not count either."""
    ends = np.array([steps if length == samples else length * steps // samples - 1 for length in recorded])
    return (np.arange(steps) < ends[:, None]).astype(np.float32)


def draw_clips(augmenter: Augmenter, rng: np.random.Generator, count: int, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clips [count, samples], their classes [count], and of the time steps of the grid those that count [count, steps]."""
    audio, labels, recorded = zip(*(augmenter.draw_recorded(rng) for _ in range(count)), strict=True)
    return np.stack(audio), np.array(labels), in_order(recorded, augmenter.samples, steps)


def codebook_weights(given: list[float], codebooks: int) -> np.ndarray:
    """How much a code of each codebook counts, 1 on average [codebooks]."""
    weights = np.array(given, np.float32)
    if weights.shape != (codebooks,) or not np.all(np.isfinite(weights)) or weights.min() <= 0:
        raise PresetError(f"level_weights must be {codebooks} numbers above 0, one for each codebook, not {given}")
    return weights / weights.mean()


class PriorStage:
    """`level_weights`: how much a cell of each codebook counts in training, one for all where it is left out. The first
    decides what is heard, the last are mostly the noise within a sound. Evaluation counts all cells alike."""

    def __init__(
        self, config: PriorConfig, grid: Grid, codec: Codec, augmenter: Augmenter, held_out: Sounds, *,
        batch: int, lr: float, bf16: bool, samples: int, level_weights: list[float] | None = None,
    ) -> None:  # fmt: skip
        given = level_weights or [1.0]
        weights = codebook_weights(given * grid.codebooks if len(given) == 1 else given, grid.codebooks)
        self.weights = sent(weights[level_map(grid)])  # [H, W], 1 on average
        self.codec = here(codec).eval().requires_grad_(False)
        self.grid, self.mel, self.augmenter = grid, LogMel(), augmenter
        self.prior = here(PixelSnail(config, self.codec.quantizer.codebooks.clone()))
        self.modules = {"prior": self.prior}
        decayed = [p for p in self.prior.parameters() if p.ndim > 1]
        plain = [p for p in self.prior.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 1e-4}, {"params": plain, "weight_decay": 0.0}]
        self.optimizers = {"prior": AdamW(groups, lr=lr, betas=(0.9, 0.99))}
        self.batch, self.bf16 = parallel.share(batch), bf16
        self.names = augmenter.classes
        audio = np.stack([fit(held_out.get(i, 0, samples), samples) for i in range(len(held_out))])
        self.eval_codes = torch.cat([self._encode(a) for a in np.array_split(audio, max(1, len(audio) // 16))])
        self.eval_labels = torch.tensor([self.names.index(c.label) for c in held_out.clips])

    def config(self) -> dict[str, Any]:
        return self.prior.config.to_dict()

    @torch.no_grad()
    def _encode(self, audio: np.ndarray) -> Tensor:
        """Audio [B, samples] -> code grids [B, rows, cols]."""
        with autocast(self.bf16):
            return self.grid.from_latent(self.codec.encode(self.mel(sent(audio))))

    def _one_hot(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels, len(self.names)).float()

    def draw(self, rng: np.random.Generator, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Clips [B, samples], their classes [B], and the time steps that count [B, T]."""
        return draw_clips(self.augmenter, rng, self.batch, self.grid.time)

    def step(self, batch: tuple[np.ndarray, ...], step: int) -> dict[str, float]:
        codes, labels, counted = self._encode(batch[0]), sent(batch[1]), sent(batch[2])
        with autocast(self.bf16):
            logits = self.prior(codes, self._one_hot(labels))
        nll = F.cross_entropy(logits.float(), codes, reduction="none")
        norm = clip_and_step(self.weighed(nll, counted), self.prior, self.optimizers.values(), 1.0)
        return {"nll": nll.mean().item(), "norm": norm}

    def weighed(self, each: Tensor, counted: Tensor | None = None) -> Tensor:
        """Nats of each code [B, H, W], time steps that count [B, T] (None: all) -> what is minimised."""
        if counted is None:
            return (each * self.weights).mean()
        latent = counted.view(len(counted), 1, 1, -1).expand(-1, self.grid.codebooks, self.grid.frequency, -1)
        weights = self.grid.from_latent(latent) * self.weights
        return (each * weights).sum() / weights.sum().clamp(min=1)

    def evaluate(self) -> dict[str, float]:
        """Mean NLL in nats per cell of clips the training never saw: all, per codebook, and with every label wrong."""
        parts, wrong = [], []
        for codes, labels in zip(self.eval_codes.split(8), self.eval_labels.split(8), strict=True):
            with autocast(self.bf16):
                logits = self.prior(codes, self._one_hot(labels)).float()
                other = self.prior(codes, self._one_hot((labels + 1) % len(self.names))).float()
            parts.append(F.cross_entropy(logits, codes, reduction="none"))
            wrong.append(F.cross_entropy(other, codes, reduction="none"))
        nll, nll_wrong = torch.cat(parts), torch.cat(wrong)
        latent = self.grid.to_latent(nll)
        levels = {f"nll_{k + 1}": latent[:, k].mean().item() for k in range(self.grid.codebooks)}
        return {"nll": nll.mean().item(), **levels, "nll_wrong_label": nll_wrong.mean().item(), "score": nll.mean().item()}
