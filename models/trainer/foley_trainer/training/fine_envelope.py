"""What a vocoder's noise learns of attacks: the power of recordings every 1.5 ms, from their mels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..features.mel import MelConfig
from ..models.fine_envelope import STEP, FineEnvelope, powers
from ..models.noise_excitation import EDGES

EDGE = 4  # frames at both ends whose windows reach beyond the segment
AUDIBLE = 1e-5  # -50 dB of the loudest moment: what is below differs no more
NEAR = 15  # steps, 22 ms, within which a quiet moment beside a loud one counts as much


def envelope_loss(envelope: FineEnvelope, mel: Tensor, audio: Tensor, config: MelConfig) -> Tensor:
    """Mean L1 in nats of log powers: of each step, those near loud ones first, and of four steps together, in which chance evens out.
    log-mel [B, bins, T], audio [B, T * hop] or a little less."""
    audio = F.pad(audio, (0, mel.shape[-1] * config.hop - audio.shape[-1]))
    steps = config.hop // STEP
    wanted = powers(audio, EDGES, config.f_max, config.rate)
    loudest = wanted.amax((1, 2), keepdim=True)
    floor = AUDIBLE * loudest + 1e-9
    given = envelope(mel)
    inner = slice(EDGE * steps, -EDGE * steps)
    apart = (torch.logaddexp(given, floor.log()) - (wanted + floor).log()).abs()
    weight = F.max_pool1d((wanted / loudest).clamp(min=AUDIBLE).pow(0.1), NEAR, 1, NEAR // 2)
    four = slice(EDGE * steps // 4, -EDGE * steps // 4)
    together = ((F.avg_pool1d(given.exp(), 4) + floor).log() - (F.avg_pool1d(wanted, 4) + floor).log()).abs()
    return (apart * weight)[..., inner].mean() + 0.5 * together[..., four].mean()
