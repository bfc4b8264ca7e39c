"""Stage 1: the RVQ-VAE on log-mel spectrograms."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data import Augmenter, Sounds, fit
from ..features.mel import LogMel
from ..models.rvq_vae import Codec, CodecConfig
from ..runtime import parallel
from ..runtime.device import autocast, here, sent
from .checkpoints import TrainedError
from .gradients import clip_and_step
from .optimizers import AdamW


class CodecStage:
    """`decoder_only`: encoder and codebooks stay as they are, and with them every code grid a prior was trained on."""

    def __init__(
        self, config: CodecConfig, augmenter: Augmenter, held_out: Sounds, *,
        batch: int, crop: int, lr: float, bf16: bool, samples: int, decoder_only: bool = False,
    ) -> None:  # fmt: skip
        self.codec, self.decoder_only = here(Codec(config)), decoder_only
        if decoder_only:
            self.codec.encoder.requires_grad_(False)
        self.modules = {"codec": self.codec}
        self.optimizers = {"codec": AdamW(self.codec.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=1e-3)}
        self.mel, self.augmenter = LogMel(), augmenter
        self.batch, self.crop, self.bf16, self.samples = parallel.share(batch), crop, bf16, samples
        audio = np.stack([fit(held_out.get(i, 0, samples), samples) for i in range(len(held_out))])
        self.eval_mel = torch.cat([self.mel(sent(a)) for a in np.array_split(audio, max(1, len(audio) // 16))])

    def config(self) -> dict[str, Any]:
        return self.codec.config.to_dict()

    def _drawn(self, rng: np.random.Generator, count: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Clips [count, samples] and the frame at which the stretch of each that is trained on begins; and their classes [count]."""
        audio, labels = zip(*(self.augmenter.draw(rng) for _ in range(count)), strict=True)
        room = self.mel.config.frames(self.samples) - self.crop if self.crop else 0
        starts = rng.integers(0, room // 8 + 1, count) * 8 if self.crop else np.zeros(count, np.int64)
        return (np.stack(audio), starts), np.array(labels)

    def _mels(self, audio: np.ndarray, starts: np.ndarray) -> Tensor:
        mel = self.mel(sent(audio))
        return torch.stack([m[:, s : s + self.crop] for m, s in zip(mel, starts, strict=True)]) if self.crop else mel

    def draw(self, rng: np.random.Generator, step: int) -> dict[str, Any]:
        """Also, at the step that starts the codebooks, the clips whose vectors are clustered."""
        c = self.codec.config
        starts = step == c.warm_steps and not bool(self.codec.quantizer.started)  # they are, in a training that began from another
        first = self._drawn(rng, 8 * self.batch)[0] if starts else None
        clips, _ = self._drawn(rng, self.batch)
        dropped = rng.random(self.batch) < c.dropout
        return {"first": first, "clips": clips, "keep": np.where(dropped, rng.integers(1, c.codebooks + 1, self.batch), c.codebooks)}

    @torch.no_grad()
    def _start_codebooks(self, mel: Tensor) -> None:
        vectors = torch.cat([self.codec.encoder(self.codec._normal(m)).float() for m in mel.split(16)])
        self.codec.quantizer.start(vectors.permute(0, 2, 3, 1).reshape(-1, self.codec.config.dim))

    def _check_started(self) -> None:
        if not bool(self.codec.quantizer.started):
            raise TrainedError("decoder_only needs trained codebooks: start from a trained codec with --from")

    def step(self, batch: dict[str, Any], step: int) -> dict[str, float]:
        c = self.codec.config
        if self.decoder_only:
            self._check_started()
        if batch["first"] is not None:
            self._start_codebooks(self._mels(*batch["first"]))
        mel, keep = self._mels(*batch["clips"]), sent(batch["keep"])
        self.codec.quantizer.train(not self.decoder_only)
        with autocast(self.bf16):
            output, commitment = self.codec(mel, keep)
        error = (output - mel) / c.mel_std
        mse, l1 = error.square().mean(), error.abs().mean()
        loss = mse + l1 + c.commitment * commitment
        norm = clip_and_step(loss, self.codec, self.optimizers.values(), 1.0)
        return {"loss": loss.item(), "l1": l1.item() * c.mel_std, "commitment": commitment.item(), "norm": norm}

    def evaluate(self) -> dict[str, float]:
        c, metrics = self.codec.config, {}
        with autocast(self.bf16):
            codes = torch.cat([self.codec.encode(m) for m in self.eval_mel.split(16)])
            for depth in range(1, c.codebooks + 1):
                partial = codes.clone()
                partial[:, depth:] = c.codes
                decoded = torch.cat([self.codec.decode(p) for p in partial.split(16)])
                metrics[f"l1_{depth}"] = (decoded - self.eval_mel).abs().mean().item()
        for level in range(c.codebooks):
            share = torch.bincount(codes[:, level].flatten(), minlength=c.codes).float()
            share = share / share.sum()
            metrics[f"perplexity_{level + 1}"] = torch.exp(-(share * (share + 1e-12).log()).sum()).item()
        metrics["score"] = metrics[f"l1_{c.codebooks}"]
        return {**metrics, **self._compared(decoded)}

    def _compared(self, decoded: Tensor) -> dict[str, float]:
        """Further metrics of the eval clips as all codebooks give them back [N, bins, T]."""
        return {}


