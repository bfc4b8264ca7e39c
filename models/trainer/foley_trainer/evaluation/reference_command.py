"""foley-train reference: stores the embeddings of a corpus' eval clips beside the embedder, as the server's reference for FAD and KAD."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..data import Corpus, fit, open_corpus, read_audio
from ..features.mel import CLIP_SAMPLES, RATE
from ..runtime.events import emit
from ..runtime.files import described, save_text
from ..runtime.progress import Progress
from .embedders import OwnEmbedder
from .fad import Clips, save_embeddings
from .reference_statistics import ReferenceStatisticsError

FILE = "reference.npz"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("reference", help="embed the sounding patches of a corpus' eval clips as the server's reference for FAD and KAD")
    parser.add_argument("--corpus", required=True, help="corpus folder: with a manifest.csv, or one subfolder per class")
    parser.add_argument("--embedder", required=True, help="folder with embedder.json; reference.npz is written there and recorded in embedder.json")
    parser.add_argument("--samples", type=int, default=CLIP_SAMPLES, help=f"length of each clip in samples at {RATE} Hz ({CLIP_SAMPLES})")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    corpus = open_corpus(args.corpus)
    emit("reference", **write_reference(corpus, Path(args.embedder), args.samples))


def write_reference(corpus: Corpus, folder: Path, samples: int) -> dict[str, object]:
    """Writes the embeddings and then the card that names them. Raises ReferenceStatisticsError for a class with fewer than two eval clips."""
    embedder = OwnEmbedder(folder)
    clips = corpus.of("eval")
    progress = Progress("reference", len(clips))
    found: dict[str, Clips] = {}
    for label in corpus.classes:
        own: list = []
        for clip in clips:
            if clip.label == label:
                patches = embedder.clip(fit(read_audio(clip.path, RATE), samples), RATE).counted
                own += [patches] if len(patches) else []
                progress.add()
        if len(own) < 2:
            raise ReferenceStatisticsError(f"class {label} has {len(own)} eval clips that are not silent, expected at least 2")
        found[label] = own
    save_embeddings(folder / FILE, found, sounding=True)
    written = described(folder / FILE) | {
        "about": f"eval clips of corpus {corpus.hash()[:8]}, sounding patches", "clips": {label: len(own) for label, own in found.items()},
    }  # fmt: skip
    card = json.loads((folder / "embedder.json").read_text(encoding="utf-8"))
    save_text(json.dumps(card | {"reference": written}, indent=2, ensure_ascii=False) + "\n", folder / "embedder.json")
    return written
