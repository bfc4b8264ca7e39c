"""Stage 3 for the `stacked` preset: code grids of freshly augmented audio, and the stacked prior on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Augmenter, Sounds, fit
from ..features.loudness import by_row, contour_db, normalised
from ..features.mel import LogMel, MelConfig
from ..models.rvq_vae import Codec
from ..models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from ..runtime import parallel
from ..runtime.device import autocast, here, sent
from .muon import Muon
from .trainer import clip_and_step


class StackedStage:
    """`label_dropout`: share of clips trained without their class, for guidance; `contour_dropout`: without their loudness contour."""

    def __init__(
        self, config: StackedConfig, codec: Codec, augmenter: Augmenter, held_out: Sounds, *,
        batch: int, lr: float, bf16: bool, samples: int, label_dropout: float = 0.1, contour_dropout: float = 0.5, weight_decay: float = 1e-4,
    ) -> None:  # fmt: skip
        self.codec = here(codec).eval().requires_grad_(False)
        self.mel, self.augmenter = LogMel(), augmenter
        self.prior = here(StackedPixelSnail(config, self.codec.quantizer.codebooks.clone())).to(memory_format=torch.channels_last)
        self.modules = {"prior": self.prior}
        self.optimizers = _optimizers(self.prior, lr, weight_decay)
        self.batch, self.bf16 = parallel.share(batch), bf16
        self.label_dropout, self.contour_dropout = label_dropout, contour_dropout
        self.names = augmenter.classes
        audio = np.stack([fit(held_out.get(i, 0, samples), samples) for i in range(len(held_out))])
        parts = [self._encode(a) for a in np.array_split(audio, max(1, len(audio) // 16))]
        self.eval_codes, self.eval_contour = torch.cat([c for c, _ in parts]), torch.cat([e for _, e in parts])
        self.eval_labels = torch.tensor([self.names.index(c.label) for c in held_out.clips])

    def config(self) -> dict[str, Any]:
        return self.prior.config.to_dict()

    @torch.no_grad()
    def _encode(self, audio: np.ndarray) -> tuple[Tensor, Tensor]:
        """Audio [B, samples] -> codes [B, T, F, K] and contour [B, T, levels a row].

        In float32, as the exported encoder does: under bfloat16 a fifth of the first codebook's codes differ.
        """
        wave = sent(audio)
        codes = self.codec.encode(self.mel(wave)).permute(0, 3, 2, 1).contiguous()
        c = self.prior.config
        return codes, by_row(normalised(contour_db(wave, MelConfig())), c.rows, max(1, c.contour))

    def _one_hot(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels, len(self.names)).float()

    def draw(self, rng: np.random.Generator, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Clips [B, samples], their classes [B], and whether the prior is told class [B] and contour [B]."""
        drawn = [self.augmenter.draw(rng) for _ in range(self.batch)]
        named = (rng.random(self.batch) >= self.label_dropout).astype(np.float32)
        followed = (rng.random(self.batch) >= self.contour_dropout).astype(np.float32)
        return np.stack([audio for audio, _ in drawn]), np.array([label for _, label in drawn]), named, followed

    def step(self, batch: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], step: int) -> dict[str, float]:
        codes, contour = self._encode(batch[0])
        labels, named, followed = (sent(x) for x in batch[1:])
        with autocast(self.bf16):
            logits = self.prior(codes, self._one_hot(labels) * named.unsqueeze(1), contour, followed)
        nll = F.cross_entropy(logits.float().flatten(0, 3), codes.flatten())
        norm = clip_and_step(nll, self.prior, self.optimizers.values(), 1.0)
        return {"nll": nll.item(), "norm": norm}

    def evaluate(self) -> dict[str, float]:
        """Mean NLL in nats per code of clips the training never saw: all, per codebook, per class, and (every third clip)
        with every label wrong, without a label, and with the loudness contour known."""
        parts: list[Tensor] = []
        others: dict[str, list[Tensor]] = {"nll_wrong_label": [], "nll_no_label": [], "nll_contour": []}

        def score(codes: Tensor, weights: Tensor, contour: Tensor | None = None) -> Tensor:
            with autocast(self.bf16):
                logits = self.prior(codes, weights, contour).float()
            return F.cross_entropy(logits.flatten(0, 3), codes.flatten(), reduction="none").view(codes.shape)

        for codes, labels, contour in zip(self.eval_codes.split(12), self.eval_labels.split(12), self.eval_contour.split(12), strict=True):
            weights = self._one_hot(labels)
            parts.append(score(codes, weights))
            few, some = codes[::3], weights[::3]
            others["nll_wrong_label"].append(score(few, some.roll(1, 1)))
            others["nll_no_label"].append(score(few, some * 0))
            if self.prior.config.contour:
                others["nll_contour"].append(score(few, some, contour[::3]))
        nll = torch.cat(parts)
        levels = {f"nll_{k + 1}": nll[..., k].mean().item() for k in range(nll.shape[-1])}
        classes = {f"nll_{name}": nll[self.eval_labels == i].mean().item() for i, name in enumerate(self.names) if (self.eval_labels == i).any()}
        extra = {name: torch.cat(values).mean().item() for name, values in others.items() if values}
        return {"nll": nll.mean().item(), **levels, **extra, **classes, "score": nll.mean().item()}


def _optimizers(prior: StackedPixelSnail, lr: float, weight_decay: float) -> dict[str, torch.optim.Optimizer]:
    """Muon for the weights between hidden layers; AdamW for code vectors, condition tables, heads, gains and biases."""
    named = [(name, p) for name, p in prior.named_parameters() if p.ndim > 1]
    hidden = {id(p) for name, p in named if name.startswith(("input.above", "input.left", "blocks.", "levels.")) and ".head." not in name}
    groups = [
        {"params": [p for _, p in named if id(p) not in hidden], "weight_decay": weight_decay},
        {"params": [p for p in prior.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    muon = Muon((p for _, p in named if id(p) in hidden), lr=lr, weight_decay=weight_decay)
    return {"prior": torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99)), "muon": muon}
