"""Both kinds of prior by their configuration: codebook by codebook (`pixelsnail`), and with the codebooks as depth (`stacked`)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

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


def of_classes(prior: AnyPrior, chosen: Sequence[int]) -> AnyPrior:
    """The same prior with class i for what was class chosen[i], which may be named twice or not at all; its logits stay the same bit for bit."""
    made = copy.deepcopy(prior)
    made.config = replace(prior.config, classes=len(chosen))
    for layer in made.class_layers():
        layer.weight = nn.Parameter(layer.weight.detach()[:, list(chosen)].clone())
        layer.in_features = len(chosen)
    return made


def conditioned_rows(config: AnyConfig) -> list[int]:
    """Rows before which the condition graph must run; the stacked prior's condition depends on no codes."""
    return [0] if isinstance(config, StackedConfig) else condition_rows(config)
