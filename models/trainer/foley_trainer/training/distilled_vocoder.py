"""Stage 4 once more: a smaller vocoder that learns to give what a trained one gives.

A vocoder that is excited by noise is a function of its mel and of that noise, so a smaller one can be told what to do at every sample:
it needs neither discriminators nor phases of its own (knowledge distillation, Hinton, Vinyals and Dean 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data import Sounds
from ..models.hifigan import VocoderConfig
from ..runtime.device import autocast, here
from .checkpoints import load_vocoder
from .gradients import clip_and_step
from .presets import PresetError
from .vocoder import VocoderStage

WINDOWS = (256, 1024, 2048)
QUIET = 1e-3
"""Mean magnitude below which a difference no longer counts more: -60 dB."""


class DistilledVocoderStage(VocoderStage):
    """`teacher`: folder of a trained vocoder. Both speak the same mels with the same noise, and before their projections, which learn nothing.
    With a codec, half of the mels are its own."""

    def __init__(self, config: VocoderConfig, sounds: Sounds, held_out: Sounds, *, teacher: str, **given: Any) -> None:
        super().__init__(config, sounds, held_out, **given)
        self.teacher = here(load_vocoder(teacher)[0])
        for name in ("noise", "above", "attacks"):
            has, expected = getattr(self.teacher.config, name), getattr(config, name)
            if has != expected:
                raise PresetError(f"the teacher in {teacher} has {name} {has}: expected {expected}, as its pupil has")
        del self.modules["discriminators"], self.optimizers["discriminators"]
        if self.envelope is not None and self.teacher.excitation is not None:
            # The noise is the teacher's, and learns nothing here.
            del self.optimizers["attacks"]
            self.generator.excitation.load_state_dict(self.teacher.excitation.state_dict())
        self.windows = [torch.hann_window(n) for n in WINDOWS]
        self.judged_on = "the teacher's audio of " + ("mels" if self.codec is None else "decoded mels")

    def _both(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """log-mel [B, bins, T] -> audio [B, T * hop] of the pupil and of its teacher."""
        shaped = None
        with torch.no_grad():
            if self.teacher.excitation is not None:
                shaped = self.teacher.excitation(mel.float(), torch.randn(mel.shape[0], mel.shape[2] * self.spectral.main.config.hop))
            with autocast(self.bf16):
                wanted = self.teacher.unprojected(mel, shaped)
        with autocast(self.bf16):
            return self.generator.unprojected(mel, shaped).float(), wanted.float()

    def _differing(self, output: Tensor, wanted: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Spectra with their phases, as a share of the teacher's magnitudes, and log-mels in nats."""
        waves = []
        for window in self.windows:
            one, other = (torch.stft(audio, len(window), len(window) // 4, window=window, return_complex=True, normalized=True) for audio in (output, wanted))
            waves.append(((one - other).abs().mean((1, 2)) / (other.abs().mean((1, 2)) + QUIET)).mean())
        wave, (main, rest) = torch.stack(waves).mean(), self.spectral(output, wanted)
        return wave + main + rest, {"wave": wave.item(), "mel": main.item(), "rest": rest.item()}

    def step(self, batch: dict[str, Any], step: int) -> dict[str, float]:
        loss, metrics = self._differing(*self._both(self._given(batch)[0]))
        metrics["norm"] = clip_and_step(loss, self.generator, [self.g_optimizer], 200.0)
        return metrics

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """How far clips that the training never saw are from the teacher's."""
        every = []
        torch.manual_seed(0)
        for audio in self.eval_audio.split(8):
            every.append(self._differing(*self._both(self._spoken_mel(audio)))[1])
        mean = {f"{name}_l1": float(np.mean([m[name] for m in every])) for name in every[0]}
        return {**mean, "score": sum(mean.values())}
