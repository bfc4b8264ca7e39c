"""Stage 3 for the `stacked` preset: code grids of freshly augmented audio, and the stacked prior on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Augmenter, Sounds, fit
from ..features import loudness, spectrum
from ..features.mel import LogMel, MelConfig
from ..models.rvq_vae import Codec
from ..models.stacked_pixelsnail import Followed, StackedConfig, StackedPixelSnail
from ..runtime import parallel
from ..runtime.device import autocast, here, sent
from .gradients import clip_and_step
from .muon import Muon
from .optimizers import AdamW
from .presets import PresetError
from .prior import codebook_weights, draw_clips


class StackedStage:
    """Shares of clips that are trained without: `label_dropout` their class, for guidance; `contour_dropout` their loudness contour;
    `spectrum_dropout` their average spectrum.

    `code_noise`: share of the codes before each code that are another clip's. A prior that only ever saw recordings before the code it
    predicts does not find back from its own mistakes (exposure bias), and learns few recordings by heart. `level_weights`: how much a code
    of each codebook counts, one for all where it is left out: the first decides what is heard, the last are mostly noise."""

    def __init__(
        self, config: StackedConfig, codec: Codec, augmenter: Augmenter, held_out: Sounds, *,
        batch: int, lr: float, bf16: bool, samples: int, label_dropout: float = 0.1, contour_dropout: float = 0.5, spectrum_dropout: float = 0.5,
        weight_decay: float = 1e-4, code_noise: float = 0.0, level_weights: list[float] | None = None,
    ) -> None:  # fmt: skip
        if not 0 <= code_noise <= 0.3:
            raise PresetError(f"code_noise must be a share from 0 to 0.3, not {code_noise}")
        self.code_noise, self.level_weights = code_noise, sent(codebook_weights(level_weights or [1.0] * config.codebooks, config.codebooks))
        self.codec = here(codec).eval().requires_grad_(False)
        self.mel, self.augmenter = LogMel(), augmenter
        self.prior = here(StackedPixelSnail(config, self.codec.quantizer.codebooks.clone())).to(memory_format=torch.channels_last)
        self.modules = {"prior": self.prior}
        self.optimizers = _optimizers(self.prior, lr, weight_decay)
        self.batch, self.bf16 = parallel.share(batch), bf16
        self.dropouts = [label_dropout, contour_dropout, spectrum_dropout]
        self.names = augmenter.classes
        audio = np.stack([fit(held_out.get(i, 0, samples), samples) for i in range(len(held_out))])
        parts = [self._encode(a) for a in np.array_split(audio, max(1, len(audio) // 16))]
        self.eval_codes, self.eval_contour, self.eval_spectrum = (torch.cat(part) for part in zip(*parts, strict=True))
        self.eval_labels = torch.tensor([self.names.index(c.label) for c in held_out.clips])

    def config(self) -> dict[str, Any]:
        return self.prior.config.to_dict()

    @torch.no_grad()
    def _encode(self, audio: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Audio [B, samples] -> codes [B, T, F, K], contour [B, T, levels a row] and spectrum [B, bins].

        In float32, as the exported encoder does: under bfloat16 a fifth of the first codebook's codes differ.
        """
        wave, c = sent(audio), self.prior.config
        mel = self.mel(wave)
        codes = self.codec.encode(mel).permute(0, 3, 2, 1).contiguous()
        contour = loudness.by_row(loudness.normalised(loudness.contour_db(wave, MelConfig())), c.rows, max(1, c.contour))
        return codes, contour, spectrum.normalised(spectrum.average_spectrum_db(mel))

    def _one_hot(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels, len(self.names)).float()

    def draw(self, rng: np.random.Generator, step: int) -> tuple[np.ndarray, ...]:
        """Clips [B, samples], their classes [B], whether the prior is told class, contour and spectrum, each [B], the rows that
        count [B, T], and the codes that it sees another clip's in place of [B, T, F, K]."""
        c = self.prior.config
        audio, labels, counted = draw_clips(self.augmenter, rng, self.batch, c.rows)
        told = ((rng.random(self.batch) >= share).astype(np.float32) for share in self.dropouts)
        # A clip has up to three times the share, most have little.
        share = 3 * self.code_noise * rng.random((self.batch, 1, 1, 1)) ** 2 if self.code_noise else np.zeros((self.batch, 1, 1, 1))
        replaced = rng.random((self.batch, c.rows, c.cols, c.codebooks)) < share
        return audio, labels, *told, counted, replaced

    def seen(self, codes: Tensor, replaced: Tensor) -> Tensor:
        """Codes [B, T, F, K] with those `replaced` taken from the clip before, half a clip away in time: as likely at their frequency
        as any, and out of place."""
        return torch.where(replaced, codes.roll((1, codes.shape[1] // 2), (0, 1)), codes) if self.code_noise else codes

    def weighed(self, each: Tensor, counted: Tensor | None = None) -> Tensor:
        """Nats of each code [B, T, F, K], rows that count [B, T] (None: all) -> what is minimised."""
        if counted is None:
            return (each * self.level_weights).mean()
        weights = counted.unsqueeze(2).unsqueeze(3) * self.level_weights
        return (each * weights).sum() / weights.expand_as(each).sum().clamp(min=1)

    def step(self, batch: tuple[np.ndarray, ...], step: int) -> dict[str, float]:
        codes, contour, spectra = self._encode(batch[0])
        labels, with_label, with_contour, with_spectrum, counted, replaced = (sent(x) for x in batch[1:])
        told = Followed(contour, with_contour, spectra, with_spectrum)
        with autocast(self.bf16):
            logits = self.prior(self.seen(codes, replaced), self._one_hot(labels) * with_label.unsqueeze(1), told)
        nll = F.cross_entropy(logits.float().flatten(0, 3), codes.flatten(), reduction="none").view(codes.shape)
        norm = clip_and_step(self.weighed(nll, counted), self.prior, self.optimizers.values(), 1.0)
        return {"nll": nll.mean().item(), "norm": norm}

    def evaluate(self) -> dict[str, float]:
        """Mean NLL in nats per code of clips the training never saw: all, per codebook, per class, and (every third clip)
        with every label wrong, without a label, and with the loudness contour, the average spectrum and both known."""
        c = self.prior.config
        parts: list[Tensor] = []
        others: dict[str, list[Tensor]] = {name: [] for name in ("nll_wrong_label", "nll_no_label", "nll_contour", "nll_spectrum", "nll_followed")}

        def score(codes: Tensor, weights: Tensor, **followed: Tensor) -> Tensor:
            with autocast(self.bf16):
                logits = self.prior(codes, weights, Followed(**followed)).float()
            return F.cross_entropy(logits.flatten(0, 3), codes.flatten(), reduction="none").view(codes.shape)

        held_out = (part.split(12) for part in (self.eval_codes, self.eval_labels, self.eval_contour, self.eval_spectrum))
        for codes, labels, contour, spectra in zip(*held_out, strict=True):
            weights = self._one_hot(labels)
            parts.append(score(codes, weights))
            few, some = codes[::3], weights[::3]
            others["nll_wrong_label"].append(score(few, some.roll(1, 1)))
            others["nll_no_label"].append(score(few, some * 0))
            if c.contour:
                others["nll_contour"].append(score(few, some, contour=contour[::3]))
            if c.spectrum:
                others["nll_spectrum"].append(score(few, some, spectrum=spectra[::3]))
            if c.contour and c.spectrum:
                others["nll_followed"].append(score(few, some, contour=contour[::3], spectrum=spectra[::3]))
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
    return {"prior": AdamW(groups, lr=lr, betas=(0.9, 0.99)), "muon": muon}
