"""The embedder's training: classes from mixed and masked clips, and the command that ends in an ONNX file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Augmenter, Corpus, Sounds, fit, open_corpus
from ..export.embedder import export_embedder
from ..features.mel import CLIP_SAMPLES
from ..features.patches import LogMelPatches
from ..models.embedder import HEARING, Embedder, EmbedderConfig, coarsened
from ..runtime import parallel
from ..runtime.device import autocast, here, sent
from ..runtime.events import emit
from .checkpoints import load_embedder
from .gradients import clip_and_step
from .optimizers import AdamW
from .stages import sounds
from .trainer import Runner, RunOptions

COMPOSE_SHARE = 0.35
STEPS, BATCH = 1200, 16
WIDEST = (16, 12)  # masked frames and bins at most
SMOOTHING, SKETCH = 0.05, 0.5  # label smoothing; weight of the coarse spectrogram beside the class


class EmbedderStage:
    def __init__(self, config: EmbedderConfig, augmenter: Augmenter, held_out: Sounds, *, batch: int, lr: float = 2e-3, bf16: bool = True, samples: int = CLIP_SAMPLES) -> None:
        self.embedder = here(Embedder(config))
        self.modules = {"embedder": self.embedder}
        self.optimizers = {"embedder": AdamW(self.embedder.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=0.02)}
        # Training patches do not overlap: half the work for nearly all there is to hear.
        self.patches, self.apart = LogMelPatches(HEARING), LogMelPatches(replace(HEARING, hop=HEARING.frames))
        self.augmenter, self.batch, self.bf16 = augmenter, parallel.share(batch), bf16
        audio = np.stack([fit(held_out.get(i), samples) for i in range(len(held_out))])
        self.eval_patches = torch.cat([self.patches(sent(a)) for a in np.array_split(audio, max(1, len(audio) // 16))])
        self.eval_labels = sent(np.array([config.classes.index(c.label) for c in held_out.clips]))
        self.composed = sent(np.array([c.kind == "composed" for c in held_out.clips]))

    def config(self) -> dict[str, Any]:
        return self.embedder.config.to_dict()

    def draw(self, rng: np.random.Generator, step: int) -> dict[str, np.ndarray]:
        """Clips [B, samples] and classes [B]; the clip each is mixed with and how much stays of itself [B] (half of the
        batch stays alone); the first frame and bin of a mask and its widths [B, 2]."""
        drawn = [self.augmenter.draw(rng) for _ in range(self.batch)]
        kept = rng.beta(0.4, 0.4, self.batch)
        widths = rng.integers(0, np.array(WIDEST) + 1, (self.batch, 2))
        return {
            "audio": np.stack([audio for audio, _ in drawn]).astype(np.float32),
            "label": np.array([label for _, label in drawn]),
            "other": rng.permutation(self.batch),
            "kept": np.where(rng.random(self.batch) < 0.5, np.maximum(kept, 1 - kept), 1.0).astype(np.float32),
            "width": widths,
            "start": rng.integers(0, np.array([HEARING.frames, HEARING.bins]) - widths + 1),
        }

    def _masked(self, patches: Tensor, start: np.ndarray, width: np.ndarray) -> Tensor:
        """A stretch of frames and a band of bins of every patch set to the mean."""
        for axis, size in ((2, HEARING.frames), (3, HEARING.bins)):
            at = torch.arange(size)
            first, wide = (sent(x[:, axis - 2]).unsqueeze(1) for x in (start, width))
            hidden = ((at >= first) & (at < first + wide)).view(len(patches), 1, *([size, 1] if axis == 2 else [1, size]))
            patches = patches.masked_fill(hidden, self.embedder.config.mean)
        return patches

    def step(self, batch: dict[str, np.ndarray], step: int) -> dict[str, float]:
        audio, label, kept = sent(batch["audio"]), sent(batch["label"]), sent(batch["kept"])
        other = sent(batch["other"])
        patches = self.apart(kept.unsqueeze(1) * audio + (1 - kept).unsqueeze(1) * audio[other])
        with autocast(self.bf16):
            embeddings = self.embedder(self._masked(patches, batch["start"], batch["width"]))
        scores = self.embedder.scores(embeddings)
        right, mixed = (F.nll_loss(scores, y, reduction="none") for y in (label, label[other]))
        named = (1 - SMOOTHING) * (kept * right + (1 - kept) * mixed) - SMOOTHING * scores.mean(1)
        sketch = (self.embedder.coarse(embeddings) - coarsened(self.embedder.normal(patches))).abs().mean()
        loss = named.mean() + SKETCH * sketch
        norm = clip_and_step(loss, self.embedder, self.optimizers.values(), 5.0)
        return {"loss": loss.item(), "named": named.mean().item(), "sketch": sketch.item(), "norm": norm}

    def evaluate(self) -> dict[str, float]:
        """NLL in nats with every class of the same weight, the share of eval clips named right, and the coarse error."""
        embeddings = torch.cat([self.embedder(p) for p in self.eval_patches.split(16)])
        scores = torch.cat([self.embedder.scores(e) for e in embeddings.split(16)])
        nll = F.nll_loss(scores, self.eval_labels, reduction="none")
        right = (scores.argmax(1) == self.eval_labels).float()
        balanced = torch.stack([torch.stack([nll[self.eval_labels == k].mean(), right[self.eval_labels == k].mean()]) for k in self.eval_labels.unique()]).mean(0)
        kinds = {name: right[part].mean().item() for name, part in (("composed", self.composed), ("recorded", ~self.composed)) if part.any()}
        sketch = (self.embedder.coarse(embeddings) - coarsened(self.embedder.normal(self.eval_patches))).abs().mean().item()
        return {
            "nll": balanced[0].item(), "accuracy": right.mean().item(), "accuracy_balanced": balanced[1].item(),
            **{f"accuracy_{name}": value for name, value in kinds.items()}, "sketch": sketch, "score": balanced[0].item() + SKETCH * sketch,
        }  # fmt: skip


def embedder_stage(corpus: Corpus, bf16: bool = True) -> EmbedderStage:
    oneshots = [c for c in corpus.oneshots if c.split == "train"]
    train = sounds(corpus, "train")
    augmenter = Augmenter(train, Sounds(oneshots, train.rate) if oneshots else None, corpus.classes, CLIP_SAMPLES, COMPOSE_SHARE)
    return EmbedderStage(EmbedderConfig(corpus.classes), augmenter, sounds(corpus, "eval"), batch=BATCH, bf16=bf16)


def train_embedder(args: argparse.Namespace) -> None:
    corpus, out = open_corpus(args.corpus), Path(args.out)
    torch.manual_seed(args.seed)
    options = RunOptions(out, "embedder", seed=args.seed, steps=args.steps, minutes=args.minutes, warmup=60, ema_decay=0.99, eval_every=100, checkpoint_every=100, log_every=20)
    Runner(embedder_stage(corpus, args.bf16), options).run()
    if parallel.rank() == 0 and (out / "best.pt").is_file():
        with torch.device("cpu"):
            embedder, record = load_embedder(out)
            card = export_embedder(embedder, out, record, corpus.hash())
        emit("exported", out=str(out), classes=card["classes"], **card["graph"])


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("embedder", help="train the embedder that FAD and KAD use; writes embedder.onnx and embedder.json")
    parser.add_argument("--corpus", required=True, help="corpus folder: with a manifest.csv, or one subfolder per class")
    parser.add_argument("--out", required=True, help="output folder for checkpoint.pt, best.pt and the exported files")
    parser.add_argument("--minutes", type=float, help="training time budget; replaces the number of steps")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fp32", dest="bf16", action="store_false", help="train in float32 also where the device computes in bfloat16")
    parser.set_defaults(run=train_embedder, trains=True)
