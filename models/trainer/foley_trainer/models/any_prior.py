"""Both kinds of prior by their configuration: codebook by codebook (`pixelsnail`), and with the codebooks as depth (`stacked`)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .pixelsnail import PixelSnail, PriorConfig, condition_rows
from .stacked_pixelsnail import StackedConfig, StackedPixelSnail

AnyConfig = PriorConfig | StackedConfig
AnyPrior = PixelSnail | StackedPixelSnail


def config_from(fields: dict[str, Any]) -> AnyConfig:
    """A configuration from its JSON, as `to_dict` gives it."""
    return StackedConfig(**fields) if fields.get("kind") == "stacked" else PriorConfig(**fields)


def new_prior(config: AnyConfig, codebooks: Tensor) -> AnyPrior:
    """An untrained prior. codebooks [K, codes, dim]: the quantizer's vectors."""
    return StackedPixelSnail(config, codebooks) if isinstance(config, StackedConfig) else PixelSnail(config, codebooks)


def conditioned_rows(config: AnyConfig) -> list[int]:
    """Rows before which the condition graph must run; the stacked prior's condition depends on no codes."""
    return [0] if isinstance(config, StackedConfig) else condition_rows(config)
