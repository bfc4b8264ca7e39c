"""foley-train reference: what a server compares clips with: embeddings of a corpus' eval clips, beside the embedder that made them."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from ..data import Corpus, fit, open_corpus, read_audio
from ..runtime.events import emit
from ..runtime.files import save_text
from ..runtime.progress import Progress
from ..training.stages import RATE
from .embedders import OwnEar
from .fad import Clips, save_embeddings
from .reference_statistics import YardstickError

FILE = "reference.npz"
SAMPLES = 88200  # of a clip, at RATE: recordings are cut or filled up to it, as a voice's clips are


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("reference", help="embeds the sounding patches of a corpus' eval clips: what a server compares clips with, beside the embedder")
    parser.add_argument("--corpus", required=True, help="folder with manifest.csv, or one folder per class")
    parser.add_argument("--embedder", required=True, help="folder with embedder.json; reference.npz is written there and named in the card")
    parser.add_argument("--samples", type=int, default=SAMPLES, help=f"of each clip, at {RATE} Hz")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    corpus = open_corpus(args.corpus)
    emit("reference", **write_reference(corpus, Path(args.embedder), args.samples))


def write_reference(corpus: Corpus, folder: Path, samples: int) -> dict[str, object]:
    """Writes the embeddings and then the card that names them. Raises YardstickError for a class without two eval clips."""
    ear = OwnEar(folder)
    clips = corpus.of("eval")
    progress = Progress("reference", len(clips))
    heard: dict[str, Clips] = {}
    for label in corpus.classes:
        own: list = []
        for clip in clips:
            if clip.label == label:
                patches = ear.clip(fit(read_audio(clip.path, RATE), samples), RATE).counted
                own += [patches] if len(patches) else []
                progress.add()
        if len(own) < 2:
            raise YardstickError(f"class {label} has {len(own)} eval clips that are not silent: a reference needs two")
        heard[label] = own
    save_embeddings(folder / FILE, heard, sounding=True)
    data = (folder / FILE).read_bytes()
    described = {
        "file": FILE, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data),
        "about": f"eval clips of corpus {corpus.hash()[:8]}, sounding patches", "clips": {label: len(own) for label, own in heard.items()},
    }  # fmt: skip
    card = json.loads((folder / "embedder.json").read_text(encoding="utf-8"))
    save_text(json.dumps(card | {"reference": described}, indent=2, ensure_ascii=False) + "\n", folder / "embedder.json")
    return described
