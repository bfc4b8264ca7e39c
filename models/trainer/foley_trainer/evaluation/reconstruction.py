"""Held-out reconstruction and likelihood metrics of codec, vocoder and prior. Errors are mean absolute log-mel in nats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import fit, read_audio
from ..data.corpus import Clip
from ..features.mel import LogMel, MelConfig
from ..models.pixelsnail import PixelSnail
from ..models.rvq_vae import Codec
from ..runtime.progress import Progress
from ..voices.inference import VoiceRunner
from .generated_clips import save_wav

BATCH = 8


def copies_of(clips: list[Clip], folder: Path) -> list[Clip]:
    """The clips' reconstructions as files in `folder`, numbered because a corpus id need not be a valid file name."""
    return [replace(clip, path=folder / clip.label / f"{i:03d}.wav", split="copy", kind="copy") for i, clip in enumerate(clips)]


def measure_codec(voice: VoiceRunner, clips: list[Clip], copies: list[Clip]) -> dict[str, Any]:
    """Measures the exported graphs on eval clips and writes the reconstructions as `copies`.

    l1_<k>: mel error of the first k codebooks; perplexity_<k>: effective number of codes of codebook k; vocoder: mel error
    of the vocoder on a real mel; vocoder_full: the same up to the Nyquist frequency, beyond the vocoder's input mel;
    both: codec and vocoder together. Means over all clips, and per class in `classes`.
    """
    full = LogMel(MelConfig(rate=voice.rate, bins=100, f_max=voice.rate / 2))
    progress = Progress("codec", len(clips))
    rows: list[dict[str, float]] = []
    codes = []
    for start in range(0, len(clips), BATCH):
        part = clips[start : start + BATCH]
        audio = np.stack([fit(read_audio(c.path, voice.rate), voice.samples) for c in part])
        mel = voice.mel(audio)
        codes.append(voice.encode(mel))
        decoded = [voice.decode(codes[-1], depth) for depth in range(1, voice.levels + 1)]
        seeds = [(start + i,) for i in range(len(part))]
        of = [voice.classes.index(c.label) for c in part]
        spoken, copied = voice.speak(mel, seeds, of), voice.speak(decoded[-1], seeds, of)
        errors = {f"l1_{k + 1}": np.abs(d - mel) for k, d in enumerate(decoded)}
        errors |= {"vocoder": np.abs(voice.mel(spoken) - mel), "both": np.abs(voice.mel(copied) - mel)}
        errors["vocoder_full"] = (full(torch.from_numpy(spoken)) - full(torch.from_numpy(audio))).abs().numpy()
        rows += [{name: float(e[i].mean()) for name, e in errors.items()} for i in range(len(part))]
        for copy, wave in zip(copies[start : start + BATCH], copied, strict=True):
            copy.path.parent.mkdir(parents=True, exist_ok=True)
            save_wav(copy.path, wave, voice.rate)
        progress.add(len(part))
    labels = sorted({c.label for c in clips}, key=voice.classes.index)
    classes = {label: _mean([row for row, clip in zip(rows, clips, strict=True) if clip.label == label]) for label in labels}
    return {**_mean(rows), **perplexities(np.concatenate(codes), voice.codes), "clips": len(clips), "classes": classes}


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def perplexities(codes: np.ndarray, size: int) -> dict[str, float]:
    """Codes [clips, levels, ..] of codebooks with `size` entries -> exp of the entropy of each level's use."""
    out = {}
    for level in range(codes.shape[1]):
        share = np.bincount(codes[:, level].ravel(), minlength=size) / codes[:, level].size
        out[f"perplexity_{level + 1}"] = float(np.exp(-(share * np.log(share + 1e-12)).sum()))
    return out


@torch.no_grad()
def measure_prior(prior: PixelSnail, codec: Codec, clips: list[Clip], labels: list[str], rate: int, samples: int) -> dict[str, Any]:
    """Mean NLL in nats per cell: all, per codebook, per class, and with every clip called by the next class's name."""
    log_mel, grid, progress = LogMel(), prior.config.grid, Progress("prior", len(clips))
    right, wrong, names = [], [], []
    for part in (clips[i : i + BATCH] for i in range(0, len(clips), BATCH)):
        audio = np.stack([fit(read_audio(c.path, rate), samples) for c in part])
        codes = grid.from_latent(codec.encode(log_mel(torch.from_numpy(audio))))
        index = torch.tensor([labels.index(c.label) for c in part])
        right.append(grid.to_latent(_nll(prior, codes, index)))
        wrong.append(grid.to_latent(_nll(prior, codes, (index + 1) % len(labels))))
        names += [c.label for c in part]
        progress.add(len(part))
    nll = torch.cat(right)
    levels = {f"nll_{k + 1}": nll[:, k].mean().item() for k in range(grid.codebooks)}
    of = np.array(names)
    classes = {label: nll[torch.from_numpy(of == label)].mean().item() for label in labels if (of == label).any()}
    return {"nll": nll.mean().item(), **levels, "nll_wrong_label": torch.cat(wrong).mean().item(), "clips": len(clips), "classes": classes}


def _nll(prior: PixelSnail, codes: Tensor, index: Tensor) -> Tensor:
    """[B, H, W]"""
    logits = prior(codes, F.one_hot(index, prior.config.classes).float())
    return F.cross_entropy(logits.float(), codes, reduction="none")
