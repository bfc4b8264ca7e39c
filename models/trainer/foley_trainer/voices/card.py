"""The voice folder: its graphs and card.json, which holds everything a server needs to run them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import onnx

from ..features.mel import MelConfig
from ..models.any_prior import AnyConfig, conditioned_rows
from ..models.hifigan import VocoderConfig, reach
from ..models.rvq_vae import CodecConfig
from ..models.stacked_pixelsnail import StackedConfig
from ..runtime.files import save_text

FORMAT, VERSION = "foleyd-voice", 2
GRAPHS = ("condition", "row", "pixel", "encoder", "decoder", "vocoder")
EXCITATION = "excitation"
"""An additional graph of voices whose vocoder is excited by noise."""
DEPTH = tuple(f"depth{k}" for k in range(1, 8))
"""Additional graphs of a stacked prior, one for each codebook after the first."""
CONTOUR = "contour"
"""An additional graph of voices that follow loudness contours: draws one where none is given. See `export.contour_graph`."""
SPECTRUM = "spectrum"
"""The same for average spectra."""
GRAIN = "grain"
"""An additional graph of voices whose classes' noise is grainy. See `export.grain_graph`."""
ORDER = (*GRAPHS, EXCITATION, *DEPTH, CONTOUR, SPECTRUM, GRAIN)
"""All graphs that a voice may have, in the order of its hash."""
BASE = "base"
"""A fine-tuned voice embeds its base voice in this folder; the base generates the classes `retrained.kept`."""


def card_fields(
    voice: str, name: str, preset: str, classes: list[str], prior: AnyConfig, codec: CodecConfig, vocoder: VocoderConfig, mel: MelConfig, samples: int
) -> dict[str, Any]:
    """The card fields that follow from the configurations; `write_voice` adds graphs and hash."""
    frequency, time = codec.latent_shape
    grid, stacked = prior.grid, isinstance(prior, StackedConfig)
    if (grid.codebooks, grid.frequency, grid.time, prior.codes) != (codec.codebooks, frequency, time, codec.codes):
        raise ValueError(f"the prior's grid does not match this codec's codes: {prior.grid}, expected {codec.codebooks} x {frequency} x {time}")
    if len(classes) != prior.classes:
        raise ValueError(f"{len(classes)} class names for a prior of {prior.classes}")
    if mel.frames(samples) != codec.mel_frames:
        raise ValueError(f"{samples} samples give {mel.frames(samples)} frames, the codec expects {codec.mel_frames}")
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": voice,
        "name": name,
        "preset": preset,
        "classes": [{"id": i, "name": label} for i, label in enumerate(classes)],
        "audio": {"rate": mel.rate, "samples": samples},
        "mel": {
            "nFft": mel.n_fft, "window": mel.n_fft, "hop": mel.hop, "bins": mel.bins, "fMin": mel.f_min, "fMax": mel.f_max,
            "frames": codec.mel_frames, "floor": mel.floor,
        },
        "latent": {"codebooks": codec.codebooks, "codes": codec.codes, "frequency": frequency, "time": time},
        "grid": {"rows": prior.rows, "cols": prior.cols, "rowAxes": grid.row_axes}
        | ({"colAxes": ["frequency"], "depthAxes": ["codebook"]} if stacked else {"colAxes": grid.col_axes}),
        "prior": {
            "channels": prior.channels, "layers": prior.layers, "blocks": prior.blocks, "heads": prior.heads,
            "headDim": prior.channels // 2 // prior.heads, "kernel": list(prior.kernel) if stacked else prior.kernel, "conditionDim": prior.condition_dim,
            "conditionRows": conditioned_rows(prior),
        }
        # Label dropout taught it what no class is; loudness levels of a row, and bins of an average spectrum, that it can follow.
        | ({"nullClass": True, "contour": prior.contour} if stacked else {})
        | ({"spectrum": prior.spectrum} if stacked and prior.spectrum else {}),
        "vocoder": {"reach": reach(vocoder)},
    }  # fmt: skip


def voice_hash(graphs: dict[str, dict[str, Any]]) -> str:
    """sha256 (hex) of the graphs' sha256 in the order of ORDER, joined by newlines: identifies a voice by its weights."""
    return hashlib.sha256("\n".join(graphs[name]["sha256"] for name in ORDER if name in graphs).encode()).hexdigest()


def files_of(card: dict[str, Any]) -> list[str]:
    """Names of the files that a card describes: its graphs, and the fingerprints of its recordings."""
    described = [card["graphs"][name] for name in ORDER if name in card["graphs"]] + [card[name] for name in ("fingerprints",) if name in card]
    return [file["file"] for file in described]


def write_voice(folder: str | Path, fields: dict[str, Any], graphs: dict[str, onnx.ModelProto], beside: dict[str, str] | None = None) -> dict[str, Any]:
    """Writes the graphs, the texts in `beside` and, last, the card: a folder without a card is not a voice. Returns the card."""
    missing = [name for name in GRAPHS if name not in graphs]
    if missing:
        raise ValueError(f"graphs missing: {', '.join(missing)}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.json").unlink(missing_ok=True)
    written = {}
    for name in ORDER:
        if name not in graphs:
            continue
        data = graphs[name].SerializeToString(deterministic=True)
        (folder / f"{name}.onnx").write_bytes(data)
        written[name] = {"file": f"{name}.onnx", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    for name, text in (beside or {}).items():
        save_text(text, folder / name)
    card = {**fields, "graphs": written, "hash": voice_hash(written)}
    save_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", folder / "card.json")
    return card
