"""What of an evaluation goes into a voice's card, and what a report says of the voice and the corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..data.corpus import Corpus
from ..runtime.files import save_text
from ..voices.inference import VoiceRunner


def headline(report: dict[str, Any]) -> dict[str, Any]:
    """The main results: FAD and KAD against eval clips by embedder, class accuracy, share of memorised clips."""
    averages = {name: d["references"]["eval"]["average"].get("generated", {}) for name, d in report["distances"].items() if "eval" in d["references"]}
    out: dict[str, Any] = {"distances": averages, "memorised": report["memorised"]["share"]}
    for name in ("named", "tagged"):
        if name in report:
            out[name] = report[name]["average"]["generated"]
    return out


def write_card(path: Path, report: dict[str, Any]) -> None:
    """`scores.evaluation`, and `scores.tagger` with the shares per class if a tagger was used."""
    card = json.loads(path.read_text(encoding="utf-8"))
    scores = card.setdefault("scores", {})
    scores["evaluation"] = {"created": report["created"], "clips": report["generated"]["clips"], **headline(report)}
    if "tagged" in report:
        scores["tagger"] = {key: report["tagged"][key] for key in ("tagger", "counts", "shares")}
    save_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", path)


def write_targets(path: Path, generated: dict[str, Any], created: str) -> None:
    """`scores.evaluation` from the table of targets, in place of what was measured on other clips (`tagger`, `embedder`)."""
    card = json.loads(path.read_text(encoding="utf-8"))
    scores = {name: value for name, value in card.get("scores", {}).items() if name not in ("tagger", "embedder")}
    mean, whole = generated["mean"], generated["all"]
    distances = {"own": {"fad": mean.get("fad_own")}, "yamnet": {"fad": mean.get("fad48"), "kad": mean.get("kad")}}
    together = {"own": {"fad": whole.get("fad_own")}, "yamnet": {"fad": whole.get("fad48"), "kad": whole.get("kad")}}
    card["scores"] = scores | {
        "evaluation": {
            "created": created, "clips": mean["clips"], "patches": "sounding", "distances": distances, "together": together,
            "memorised": mean.get("memorised", 0) / 1000, "tagged": mean.get("share"), "diversity": mean.get("diversity"),
        }
    }  # fmt: skip
    save_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", path)


def facts_of(folder: str | None) -> dict[str, Any]:
    """The facts of a voice's card that are printed with its targets."""
    if folder is None:
        return {}
    card = json.loads((Path(folder) / "card.json").read_text(encoding="utf-8"))
    nats = (card.get("scores") or {}).get("prior", {}).get("nll")
    return {"voice": card["id"], "preset": card.get("preset"), "nats a cell": nats, "MB of graphs": round(sum(g["bytes"] for g in card["graphs"].values()) / 1e6, 1)}


def voice_of(voice: VoiceRunner | None) -> dict[str, Any] | None:
    return {key: voice.card.get(key) for key in ("id", "name", "preset", "hash", "classes", "latent", "grid")} if voice else None


def corpus_of(corpus: Corpus, labels: list[str]) -> dict[str, Any]:
    def size(split: str, label: str) -> dict[str, int]:
        clips = [c for c in corpus.of(split) if c.label == label]
        return {"clips": len(clips), "originals": len({c.group for c in clips}), "composed": sum(c.kind == "composed" for c in clips)}

    return {"hash": corpus.hash(), "classes": {label: {split: size(split, label) for split in ("train", "eval")} for label in labels}}


def rounded(value: Any) -> Any:
    """Floats to six significant digits."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
