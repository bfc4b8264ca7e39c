"""Stage 4 once more: what a vocoder's noise knows of attacks, learned alone. The rest of the vocoder stays as it began."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Sounds
from ..models.hifigan import VocoderConfig
from ..models.noise_excitation import Excitation
from ..models.power_discriminators import PowerDiscriminators
from .fine_envelope import EDGE, envelope_loss, loudest_power, seen, steepest_rises
from .gradients import clip_and_step
from .optimizers import AdamW
from .presets import PresetError
from .vocoder import ENVELOPE_LR, VocoderStage

AT_ONSETS = 0.6  # share of the segments that lie around a steep rise
BETAS = (0.5, 0.9)
AGAINST_LR = 5e-4
"""Of what is learned against discriminators; theirs is twice that."""
SHORTEST = 2 * EDGE + 8
"""Frames of a segment."""
POWERS_WEIGHT = 0.3
"""Of the distance of powers, beside the discriminators. With 0.05 attacks came out the same."""


class FineEnvelopeStage(VocoderStage):
    """On the distance of powers for `adversarial_from` steps, then also against discriminators of them."""

    def __init__(self, config: VocoderConfig, sounds: Sounds, held_out: Sounds, *, only: str, **given: Any) -> None:
        if only != "attacks" or not config.attacks:
            raise PresetError(f'vocoder.training.only is {only}: expected "attacks", with vocoder.config.attacks true')
        super().__init__(config, sounds, held_out, **given)
        frames = self.segment // self.spectral.main.config.hop
        if frames < SHORTEST:
            raise PresetError(f"vocoder.training.segment is {self.segment}, {frames} frames: expected at least {SHORTEST} for attacks")
        self.optimizers = {
            "attacks": self.optimizers["attacks"],
            "discriminators": AdamW(self.discriminators.parameters(), lr=2 * AGAINST_LR, betas=BETAS, weight_decay=1e-3),
        }
        self.judged_on = "powers of " + ("mels" if self.codec is None else "decoded mels")
        # Against discriminators the distance of powers grows, while attacks become as steep as those of recordings.
        self.keeps_last = True

    def _new_discriminators(self, width: int) -> nn.Module:
        return PowerDiscriminators(len(self._excitation.bands))

    @property
    def _excitation(self) -> Excitation:
        assert self.generator.excitation is not None
        return self.generator.excitation

    def _begin(self, rng: np.random.Generator, i: int) -> int:
        """Where a segment of clip i begins: anywhere, or so that one of its four steepest rises is in it."""
        if rng.random() >= AT_ONSETS:
            return super()._begin(rng, i)
        audio = np.abs(self.sounds.get(i, 0, self.sounds.size(i)))
        block = self.segment // 32
        levels = np.log(np.pad(audio, (0, -len(audio) % block)).reshape(-1, block).max(1) + 1e-4)
        rises = np.where(levels > levels.max() - 2.3, np.diff(levels, prepend=np.log(1e-4)), -np.inf)
        onset = int(rng.choice(np.argsort(rises)[-4:])) * block
        return onset - int(rng.integers(self.segment // 8, self.segment * 7 // 8))

    def step(self, batch: dict[str, Any], step: int) -> dict[str, float]:
        mel, audio = self._given(batch)
        if step < self.adversarial_from:
            return self._fit_envelope(mel, audio)
        return self._fit_against(mel.float(), audio)

    def _shaped(self, mel: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """log-mel [B, bins, T] -> shaped noise [B, T * hop]."""
        return self._excitation(mel, torch.randn(mel.shape[0], mel.shape[2] * self.spectral.main.config.hop, generator=generator).to(mel.device))

    def _fit_against(self, mel: Tensor, audio: Tensor) -> dict[str, float]:
        assert self.envelope is not None
        config = self.spectral.main.config
        audio = F.pad(audio, (0, mel.shape[-1] * config.hop - audio.shape[-1]))
        for group in self.optimizers["attacks"].param_groups:
            group.update(lr=group["lr"] * AGAINST_LR / ENVELOPE_LR, betas=BETAS)
        loudest, inner = loudest_power(audio, config), mel[..., EDGE:-EDGE]
        real, fake = seen(audio, loudest, config), seen(self._shaped(mel), loudest, config)
        pairs = zip(self.discriminators(real, inner), self.discriminators(fake.detach(), inner), strict=True)
        d = sum((1 - r).square().mean() + f.square().mean() for (r, _), (f, _) in pairs)
        clip_and_step(d, self.discriminators, [self.optimizers["discriminators"]], 10.0)
        with torch.no_grad():
            reals = self.discriminators(real, inner)
        fakes = self.discriminators(fake, inner)
        adversarial = sum((1 - f).square().mean() for f, _ in fakes)
        features = sum(F.l1_loss(a, b) for (_, fs), (_, rs) in zip(fakes, reals, strict=True) for a, b in zip(fs, rs, strict=True))
        distance = envelope_loss(self.envelope, mel, audio, config)
        clip_and_step(POWERS_WEIGHT * distance + adversarial + features, self.envelope, [self.optimizers["attacks"]], 2.0)
        return {"powers": distance.item(), "adversarial": adversarial.item(), "features": features.item(), "d": d.item()}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """`powers_l1` in nats, and `rises`: how steeply sounds begin against recordings (1: as steeply)."""
        assert self.envelope is not None
        config, noise = self.spectral.main.config, torch.Generator().manual_seed(0)
        losses, rises = [], []
        for audio in self.eval_audio.split(8):
            mel = self._spoken_mel(audio).float()
            losses.append(envelope_loss(self.envelope, mel, audio, config).item())
            rises.append([steepest_rises(one, config).item() for one in (self._shaped(mel, noise), audio)])
        made, recorded = np.mean(rises, 0)
        return {"powers_l1": float(np.mean(losses)), "rises": float(made / recorded), "score": float(np.mean(losses))}
