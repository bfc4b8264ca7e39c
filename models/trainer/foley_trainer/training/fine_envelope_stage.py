"""Stage 4 once more: what a vocoder's noise knows of attacks, learned alone. The rest of the vocoder stays as it began."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..data import Sounds
from ..models.hifigan import VocoderConfig
from .fine_envelope import envelope_loss
from .presets import PresetError
from .vocoder import VocoderStage

AT_ONSETS = 0.6  # share of the segments that lie around a steep rise


class FineEnvelopeStage(VocoderStage):
    def __init__(self, config: VocoderConfig, sounds: Sounds, held_out: Sounds, *, only: str, **given: Any) -> None:
        if only != "attacks" or not config.attacks:
            raise PresetError(f'vocoder.training.only is {only}: expected "attacks", with vocoder.config.attacks true')
        super().__init__(config, sounds, held_out, **given)
        self.optimizers = {"attacks": self.optimizers["attacks"]}
        del self.modules["discriminators"]
        self.judged_on = "powers of " + ("mels" if self.codec is None else "decoded mels")

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
        return self._fit_envelope(*self._given(batch))

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        assert self.envelope is not None
        losses = []
        for audio in self.eval_audio.split(8):
            losses.append(envelope_loss(self.envelope, self._spoken_mel(audio).float(), audio, self.spectral.main.config).item())
        return {"powers_l1": float(np.mean(losses)), "score": float(np.mean(losses))}
