"""What a vocoder's noise learns of attacks: the power of recordings every 1.5 ms, from their mels.

Where a sound begins within a frame a mel leaves open by a step or two, and a network that is trained on the distance of powers alone smooths what
it is not sure of: keys then rise in 4.0 ms instead of 2.7. So it is trained on against discriminators (`models.power_discriminators`), by least squares
(Mao et al. 2017). They see what is heard: the powers of the shaped noise, with what chance adds to them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..features.mel import MelConfig
from ..models.fine_envelope import STEP, FineEnvelope, powers
from ..models.noise_excitation import EDGES

EDGE = 4  # frames at both ends whose windows reach beyond the segment
AUDIBLE = 1e-5  # -50 dB of the loudest moment: what is below differs no more
QUIET = 1e-6  # -60 dB of the loudest moment: what is below looks alike to the discriminators
FLOOR_NOISE = 0.05  # nats of noise that they see on every power: without it the exact floor of silence gives recordings away
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


def seen(audio: Tensor, loudest: Tensor, config: MelConfig) -> Tensor:
    """Audio [B, T * hop] -> what discriminators see of it: log powers [B, bands, (T - 2 * EDGE) * hop / STEP], 0 the loudest of the recording [B, 1, 1]."""
    log_powers = (powers(audio, EDGES, config.f_max, config.rate) / loudest + QUIET).log()
    cut = EDGE * config.hop // STEP
    return (log_powers + FLOOR_NOISE * torch.randn_like(log_powers))[..., cut:-cut]


def loudest_power(audio: Tensor, config: MelConfig) -> Tensor:
    """Audio [B, samples] -> its loudest power of a band and step [B, 1, 1]."""
    return powers(audio, EDGES, config.f_max, config.rate).amax((1, 2), keepdim=True) + 1e-9


def steepest_rises(audio: Tensor, config: MelConfig) -> Tensor:
    """Audio [B, samples] -> nats by which its power rises within two steps, 3 ms: mean of the eight steepest rises to within 15 dB of the loudest moment."""
    total = powers(audio, EDGES, config.f_max, config.rate).sum(1)
    levels = (total + AUDIBLE * total.amax()).log()
    rises = torch.where(levels[:, 2:] > levels.amax(1, keepdim=True) - 3.5, levels[:, 2:] - levels[:, :-2], 0.0)
    return rises.topk(8, 1).values.mean()
