"""Presets: one JSON file per system, each a small difference to another where it `extends` one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "presets"


class PresetError(Exception):
    """No such preset, or a setting it does not have."""


def names() -> list[str]:
    return sorted(p.stem for p in FOLDER.glob("*.json"))


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`change` over `base`, folder by folder; null takes a setting away."""
    out = dict(base)
    for key, value in change.items():
        if value is None:
            out.pop(key, None)
            continue
        out[key] = _merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out


def load(name: str, changes: list[str] | None = None, scale: str | None = None) -> dict[str, Any]:
    """The preset `name` (or a JSON file's path), with changes such as `prior.training.lr=3e-4` applied in order.

    `scale`: another preset, whose sizes and budgets take the place of those at the root of what `name` extends.
    """
    path = Path(name) if name.endswith(".json") else FOLDER / f"{name}.json"
    if not path.is_file():
        raise PresetError(f"no preset {name}: expected one of {', '.join(names())}, or the path of a JSON file")
    preset = json.loads(path.read_text(encoding="utf-8"))
    if "extends" in preset:
        preset = _merged(load(preset.pop("extends"), scale=scale), preset)
    elif scale:
        preset = load(scale) | {"about": preset["about"]}
    preset["name"] = path.stem
    for change in changes or []:
        apply(preset, change)
    return preset


def of_decoder(preset: dict[str, Any]) -> dict[str, Any]:
    """The preset with its part `decoder` over its part `codec`: for training the decoder alone, once the codec is trained."""
    if "decoder" not in preset:
        raise PresetError(f"preset {preset['name']} does not train its decoder alone: expected one with a part `decoder`, as stacked-sharp has")
    return {**preset, "codec": _merged(preset["codec"], preset["decoder"])}


def apply(preset: dict[str, Any], change: str) -> None:
    key, equals, value = change.partition("=")
    if not equals:
        raise PresetError(f"--set {change}: expected KEY=VALUE")
    *folders, last = key.split(".")
    at: Any = preset
    for part in folders:
        at = at.get(part) if isinstance(at, dict) else None
    if not isinstance(at, dict):
        raise PresetError(f"--set {key}: the preset has no such setting")
    try:
        at[last] = json.loads(value)
    except json.JSONDecodeError:
        at[last] = value  # a bare word is a string
