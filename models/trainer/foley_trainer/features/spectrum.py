"""Long-term average spectra: the colour of a whole clip, as the stacked prior is conditioned on it."""

from __future__ import annotations

from torch import Tensor

FLOOR_DB = -60.0
CENTRE_DB = -25.0
SPAN_DB = 15.0


def average_spectrum_db(log_mel: Tensor) -> Tensor:
    """log-mel [B, bins, frames] (natural logarithm of magnitudes) -> mean power of each bin over the clip [B, bins] in dB
    below the strongest bin's, at least -60. How loud the clip is does not change it."""
    power = (2 * log_mel).exp().mean(2).clamp(min=1e-20).log10() * 10
    return (power - power.amax(1, keepdim=True)).clamp(min=FLOOR_DB)


def normalised(level: Tensor) -> Tensor:
    """dB -> what the prior sees: about zero mean and unit variance over the corpus."""
    return (level.clamp(FLOOR_DB, 0.0) - CENTRE_DB) / SPAN_DB
