"""Export and sampling of both kinds of prior: codebook by codebook (`pixelsnail`), and with the codebooks as depth (`stacked`)."""

from __future__ import annotations

import onnx

from ..models.any_prior import AnyConfig, AnyPrior
from ..models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from .prior import export_prior
from .stacked import export_stacked
from .stacked_sampler import StackedSampler
from .two_stage_sampler import TwoStageSampler


def export_any_prior(model: AnyPrior, half_weights: bool = False) -> dict[str, onnx.ModelProto]:
    """The graphs that sample it, by name."""
    return export_stacked(model, half_weights) if isinstance(model, StackedPixelSnail) else export_prior(model, half_weights)


def open_sampler(config: AnyConfig, graphs: dict[str, onnx.ModelProto | bytes], threads: int = 1) -> StackedSampler | TwoStageSampler:
    """`sample(class weights [B, n], choose)` of either gives codes in the order of `config.grid`, [B, rows, codes of a row]."""
    return StackedSampler(config, graphs, threads) if isinstance(config, StackedConfig) else TwoStageSampler(config, graphs, threads)
