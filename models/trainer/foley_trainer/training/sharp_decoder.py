"""Stage 1 once more: the decoder alone, against discriminators, so that its mels fluctuate as those of recordings do.

A decoder that is trained on the distance of mels alone predicts their mean: noise in its mels fluctuates half as much from
frame to frame as in recordings', and is heard so. Encoder and codebooks stay as they are, and with them every code grid a
prior was trained on. As in VQGAN (Esser, Rombach and Ommer, CVPR 2021), what the codes leave open the decoder makes up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Augmenter, Sounds
from ..models.mel_discriminators import MelDiscriminators
from ..models.rvq_vae import CodecConfig
from ..runtime.device import autocast, here, sent
from .codec import CodecStage
from .gradients import clip_and_step
from .optimizers import AdamW
from .presets import PresetError

POOLS = ((1, 8), (4, 2), (8, 1))
"""Mel bins and frames over which the power is averaged before mels are compared: chance evens out in each."""
FLOOR_NOISE = 0.05
"""Nats of noise that the discriminators see on every mel: without it the exact floor of silence gives recordings away."""

HEARD = 7.0
"""Nats below a clip's loudest that are heard beside it: 60 dB."""


@dataclass(frozen=True)
class Judged:
    """What the discriminators see [B, 1, bins, T], of which classes [B], and where it is heard [B, 1, bins, T]."""

    mel: Tensor
    labels: Tensor
    heard: Tensor


class SharpDecoderStage(CodecStage):
    """`adversarial`: {"width": channels of the discriminators' first layer, "from": the step at which the decoder begins to be
    trained against them, "lr": their learning rate, "weight": how much they count, "sampled": folder of sampled code grids, as
    `foley-train evaluate` keeps them below `generated`}. With weight 0 there are none, and the texture stays as it is: for fine-tuning
    on a few recordings. Of sampled codes, half as many as of recordings, the discriminators judge the mels, too."""

    def __init__(
        self, config: CodecConfig, augmenter: Augmenter, held_out: Sounds, *, lr: float, adversarial: dict[str, Any], **given: Any,
    ) -> None:  # fmt: skip
        super().__init__(config, augmenter, held_out, lr=lr, decoder_only=True, **given)
        self.codec.quantizer.requires_grad_(False)
        self.adversarial = {"width": 32, "from": 200, "weight": 1.0, "lr": 2 * lr, "sampled": None, **adversarial}
        unknown = set(adversarial) - {"width", "from", "weight", "lr", "sampled"}
        if unknown:
            raise PresetError(f"adversarial has no setting {', '.join(sorted(unknown))}: expected width, from, weight, lr, sampled")
        self.sampled = [] if self.adversarial["sampled"] is None else _sampled(Path(self.adversarial["sampled"]), augmenter.classes, config)
        self.discriminators = here(MelDiscriminators(self.adversarial["width"], len(augmenter.classes))) if self.adversarial["weight"] > 0 else None
        if self.discriminators is None and self.codec.decoder.texture is not None:
            self.codec.decoder.texture.requires_grad_(False)

        def optimizer(parameters: Iterable[nn.Parameter], rate: float) -> AdamW:
            return AdamW([p for p in parameters if p.requires_grad], lr=rate, betas=(0.5, 0.9), weight_decay=1e-3)

        self.optimizers = {"codec": optimizer(self.codec.decoder.parameters(), lr)}
        self.modules = {"codec": self.codec}
        if self.discriminators is not None:
            self.optimizers["discriminators"] = optimizer(self.discriminators.parameters(), self.adversarial["lr"])
            self.modules["discriminators"] = self.discriminators
        self.judged_on = "levels and fluctuation"
        # Of sampled codes, too, clips came nearer to recordings until the end while this score stood still.
        self.keeps_last = self.discriminators is not None
        self.eval_labels = [held_out.clips[i].label for i in range(len(held_out))]

    def draw(self, rng: np.random.Generator, step: int) -> dict[str, Any]:
        clips, labels = self._drawn(rng, self.batch)
        return {"clips": clips, "labels": labels, "sampled": self._some_sampled(rng)}

    def _some_sampled(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray] | None:
        """Stretches of sampled grids [B / 2, K, f, t] and their classes [B / 2], as long as those of recordings."""
        if not self.sampled:
            return None
        grids, labels = zip(*(self.sampled[i] for i in rng.integers(0, len(self.sampled), max(1, self.batch // 2))), strict=True)
        size = self.crop // self.codec.config.stride[1] if self.crop else grids[0].shape[2]
        starts = rng.integers(0, grids[0].shape[2] - size + 1, len(grids))
        return np.stack([grid[:, :, s : s + size] for grid, s in zip(grids, starts, strict=True)]), np.array(labels)

    def _seen(self, mel: Tensor) -> Tensor:
        """What the discriminators see of log-mels [B, bins, T]: [B, 1, bins, T] about 0."""
        c = self.codec.config
        floored = mel.clamp(min=float(np.log(self.mel.config.floor)))
        return (floored + FLOOR_NOISE * torch.randn_like(mel) - c.mel_mean).unsqueeze(1)

    def _decoded(self, codes: Tensor, frames: int) -> Tensor:
        with torch.no_grad():
            vectors = self.codec.quantizer.lookup(codes)
        with autocast(self.bf16):
            return self.codec._mel(self.codec.decoder(vectors, codes), frames)

    def step(self, batch: dict[str, Any], step: int) -> dict[str, float]:
        self._check_started()
        mel, labels = self._mels(*batch["clips"]), sent(batch["labels"])
        self.codec.quantizer.eval()
        with torch.no_grad():
            codes = self.codec.encode(mel)
        output = self._decoded(codes, mel.shape[-1])
        levels, exact = _levels(output, mel), (output - mel).abs().mean()
        loss, metrics = 10 * levels, {"levels": levels.item(), "l1": exact.item()}
        if self.discriminators is not None:
            loss = loss + 0.3 * exact
            real = Judged(self._seen(mel), labels, _heard(mel))
            fakes = [Judged(self._seen(output), labels, real.heard)]
            if batch["sampled"] is not None:
                grids, of = batch["sampled"]
                made = self._decoded(sent(grids), grids.shape[3] * self.codec.config.stride[1])
                fakes.append(Judged(self._seen(made), sent(of), _heard(made.detach())))
            metrics["d"] = self._discriminate(self.discriminators, real, fakes)
            if step >= self.adversarial["from"]:
                adversarial, features = self._against(self.discriminators, real, fakes)
                loss = loss + self.adversarial["weight"] * (adversarial + features)
                metrics |= {"adversarial": adversarial.item(), "features": features.item()}
        metrics["norm"] = clip_and_step(loss, self.codec, [self.optimizers["codec"]], 10.0)
        return metrics

    def _against(self, discriminators: MelDiscriminators, real: Judged, fakes: list[Judged]) -> tuple[Tensor, Tensor]:
        """What the decoder minimises: least squares (Mao et al. 2017) of all that it made, and the distance of the discriminators'
        features of the first from the recordings' that it is to be."""
        with autocast(self.bf16):
            judged = [discriminators(fake.mel, fake.labels) for fake in fakes]
            with torch.no_grad():
                reals = discriminators(real.mel, real.labels)
        adversarial = [_where((1 - score.float()).square(), fake.heard) for fake, of in zip(fakes, judged, strict=True) for score, _ in of]
        features = [F.l1_loss(a.float(), b.float()) for (_, fs), (_, rs) in zip(judged[0], reals, strict=True) for a, b in zip(fs, rs, strict=True)]
        return torch.stack(adversarial).sum() / len(fakes), torch.stack(features).sum()

    def _discriminate(self, discriminators: MelDiscriminators, real: Judged, fakes: list[Judged]) -> float:
        with autocast(self.bf16):
            of_real = [_where((1 - score.float()).square(), real.heard) for score, _ in discriminators(real.mel, real.labels)]
            of_fakes = [_where(score.float().square(), fake.heard) for fake in fakes for score, _ in discriminators(fake.mel.detach(), fake.labels)]
            loss = torch.stack(of_real).sum() + torch.stack(of_fakes).sum() / len(fakes)
        clip_and_step(loss, discriminators, [self.optimizers["discriminators"]], 10.0)
        return loss.item()

    def _compared(self, decoded: Tensor) -> dict[str, float]:
        """`levels_l1` in nats of averaged powers, and `fluctuation`, how much decoded mels change from frame to frame against
        recordings' (1: as much), each the mean of the classes."""
        metrics: dict[str, float] = {}
        ratios, gaps = [], []
        for label in sorted(set(self.eval_labels)):
            mine = torch.tensor([i for i, name in enumerate(self.eval_labels) if name == label])
            ratio = (_changes(decoded[mine]) / _changes(self.eval_mel[mine])).item()
            metrics[f"fluctuation_{label}"] = ratio
            ratios.append(ratio)
            gaps.append(abs(np.log(ratio)))
        levels = _levels(decoded, self.eval_mel).item()
        return {**metrics, "levels_l1": levels, "fluctuation": float(np.mean(ratios)), "score": levels + float(np.mean(gaps))}


def _heard(mel: Tensor) -> Tensor:
    """Where log-mels [B, bins, T] are heard beside their loudest: [B, 1, bins, T], 1 or 0."""
    return (mel > mel.amax((1, 2), keepdim=True) - HEARD).float().unsqueeze(1)


def _sampled(folder: Path, classes: list[str], config: CodecConfig) -> list[tuple[np.ndarray, int]]:
    """Code grids [K, f, t] and their classes, of files `<Class>/*.npy` in the folder or one below it."""
    shape = (config.codebooks, *config.latent_shape)
    found = []
    for path in sorted(folder.rglob("*.npy")):
        if path.parent.name not in classes:
            continue
        grid = np.load(path, allow_pickle=False)
        if grid.shape != shape or grid.min() < 0 or grid.max() >= config.codes:
            raise PresetError(f"{path} has the shape {list(grid.shape)}: expected codes below {config.codes}, {list(shape)}, of a voice with this codec")
        found.append((grid.astype(np.int64), classes.index(path.parent.name)))
    if not found:
        raise PresetError(f"no sampled codes in {folder}: expected <Class>/*.npy, as foley-train evaluate keeps them below its --out in generated")
    return found


def _where(each: Tensor, heard: Tensor) -> Tensor:
    """The mean of patches [B, f, t], each as much as it is heard [B, 1, bins, T]: silence is alike in all mels and teaches nothing."""
    weights = F.adaptive_avg_pool2d(heard, each.shape[1:]).squeeze(1) + 0.02
    return (each * weights).sum() / weights.sum()


def _levels(one: Tensor, other: Tensor) -> Tensor:
    """Mean L1 in nats of log-mels [B, bins, T] whose power is averaged over `POOLS`."""

    def of(mel: Tensor, pool: tuple[int, int]) -> Tensor:
        stride = (max(1, pool[0] // 2), max(1, pool[1] // 2))
        return 0.5 * torch.log(F.avg_pool2d((2 * mel).exp().unsqueeze(1), pool, stride) + 1e-10)

    return sum((of(one, pool) - of(other, pool)).abs().mean() for pool in POOLS) / len(POOLS)


def _changes(mel: Tensor) -> Tensor:
    """Mean change from frame to frame in nats of log-mels [B, bins, T], where there is sound."""
    loud = _heard(mel).squeeze(1)
    return ((mel[..., 1:] - mel[..., :-1]).abs() * loud[..., 1:]).sum() / loud[..., 1:].sum().clamp(min=1)
