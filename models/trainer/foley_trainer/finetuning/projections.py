"""`foley-train project`: a copy of a voice with another vocoder, or whose vocoder brings its output nearer to the mel (`models.mel_projection`)."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..export.codec_vocoder import export_vocoder, vocoder_graph
from ..models.hifigan import Generator, reach
from ..runtime.events import emit
from ..runtime.files import save_text
from ..training.checkpoints import load_vocoder
from ..voices.card import voice_hash
from ..voices.inference import VoiceError
from .weights_from_onnx import load_vocoder_of

ROUNDS = 2
SMOOTH = 0.4
"""Nats by which the output may differ from the mels of a decoder that lacks the fluctuations of real ones."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("project", help="copy a voice and add rounds of mel projection to its vocoder, which brings its output nearer to the mel and below full scale")
    parser.add_argument("--voice", required=True, help="voice folder")
    parser.add_argument("--out", required=True, help="folder of the copy; it must not exist")
    parser.add_argument("--vocoder", help="folder of a trained vocoder that takes the place of the voice's")
    parser.add_argument("--rounds", type=int, help="number of rounds, 0 to 8 (2; with --vocoder as many as the voice has); 0 removes them")
    tolerance = "difference from the mel in nats that each round tolerates, 0 to 3 (0.4: decoded mels lack the fluctuations of real ones; 0 where the decoder has texture; "
    tolerance += "with --vocoder the voice's)"
    parser.add_argument("--tolerance", type=float, help=tolerance)
    parser.set_defaults(run=lambda args: emit("projected", **project(Path(args.voice), Path(args.out), args.rounds, args.tolerance, args.vocoder)))


def project(voice: Path, out: Path, rounds: int | None = None, tolerance: float | None = None, trained: str | None = None) -> dict[str, Any]:
    """Every graph but those of the vocoder is copied byte for byte. `trained`: folder of another vocoder, with the rounds and tolerance of the
    voice's where none are given. Scores of the voice are dropped where its sound decides them."""
    if out.exists():
        raise VoiceError(f"{out} exists: choose another --out, or remove it")
    vocoder, card = load_vocoder_of(voice)
    record = None
    if trained is not None:
        own = vocoder.config
        rounds = own.projections if rounds is None else rounds
        tolerance = own.tolerance if tolerance is None else tolerance
        vocoder, record = load_vocoder(trained)
        if vocoder.config.noise != own.noise:
            raise VoiceError(f"the vocoder in {trained} has noise {vocoder.config.noise}: expected {own.noise}, as the voice's has")
    rounds = ROUNDS if rounds is None else rounds
    if tolerance is None:
        tolerance = 0.0 if card["training"]["codec"]["config"].get("texture") else SMOOTH
    try:
        config = replace(vocoder.config, projections=rounds, tolerance=tolerance if rounds else 0.0)
    except ValueError as error:
        raise VoiceError(str(error)) from error
    generator = Generator(config).eval()
    generator.load_state_dict(vocoder.state_dict())
    # The excitation has no projections, and stays as it is with its vocoder.
    graphs = {"vocoder": vocoder_graph(generator, half_weights=True)} if record is None else export_vocoder(generator, half_weights=True)
    shutil.copytree(voice, out)
    (out / "card.json").unlink()
    for name, graph in graphs.items():
        data = graph.SerializeToString(deterministic=True)
        card["graphs"][name] |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        (out / card["graphs"][name]["file"]).write_bytes(data)
    card["vocoder"]["reach"] = reach(config)
    if record is not None:
        before = card["training"]["vocoder"]
        card["training"]["vocoder"] = record.to_dict() | {"begunFrom": {name: before[name] for name in ("steps", "minutes", "begunFrom") if name in before}}
        card.setdefault("scores", {})["vocoder"] = record.metrics
    card["training"]["vocoder"]["config"] = config.to_dict()
    card["hash"] = voice_hash(card["graphs"])
    card.get("scores", {}).pop("evaluation", None)
    save_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", out / "card.json")
    return {"out": str(out), "hash": card["hash"], "rounds": rounds, "tolerance": tolerance}
