"""Stage 4: HiFi-GAN. Spectral losses alone at first, then the discriminators join."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Sounds, fit
from ..features.mel import LogMel, MelConfig
from ..models.hifigan import Discriminators, Generator, VocoderConfig
from ..models.rvq_vae import Codec
from ..runtime import parallel
from ..runtime.device import autocast, here, sent
from .fine_envelope import envelope_loss
from .gradients import clip_and_step
from .optimizers import AdamW

ENVELOPE_LR = 2e-3


class SpectralLoss(nn.Module):
    """Mean L1 of log-mels: the vocoder's own, one up to Nyquist (keeps the top end alive), and two other resolutions."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.main = LogMel(MelConfig(rate=rate))
        self.others = nn.ModuleList(
            LogMel(MelConfig(rate=rate, n_fft=n, hop=h, bins=b, f_max=rate / 2))
            for n, h, b in ((1024, 256, 100), (2048, 512, 160), (512, 128, 60))
        )

    def forward(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        main = (self.main(output) - self.main(target)).abs().mean()
        rest = sum((m(output) - m(target)).abs().mean() for m in self.others) / len(self.others)
        return main, rest


class EnvelopeLoss(nn.Module):
    """What can be asked of noise: its level in bands and moments wide enough that chance evens out. Mean L1 of log-mels
    whose power is averaged over `frames`; the sharpest in time has few, wide bands, the sharpest in frequency long moments."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.frames = (1, 4, 4)
        self.mels = nn.ModuleList(
            LogMel(MelConfig(rate=rate, n_fft=n, hop=h, bins=b, f_max=rate / 2)) for n, h, b in ((256, 64, 12), (1024, 256, 80), (2048, 512, 160))
        )

    def _log(self, mel: LogMel, frames: int, audio: Tensor) -> Tensor:
        power = mel.magnitudes(audio).square()
        if frames > 1:
            power = F.avg_pool1d(power, frames, frames // 2)
        return 0.5 * torch.log(power.clamp(min=mel.config.floor**2))

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        parts = zip(self.mels, self.frames, strict=True)
        return sum((self._log(m, n, output) - self._log(m, n, target)).abs().mean() for m, n in parts) / len(self.frames)


class VocoderStage:
    """With a codec, half of every batch is heard through it: the vocoder then meets the blurred mels it will be fed."""

    def __init__(
        self, config: VocoderConfig, sounds: Sounds, held_out: Sounds, *,
        batch: int, segment: int, lr: float, adversarial_from: int, width: int, bf16: bool, samples: int, codec: Codec | None = None,
    ) -> None:  # fmt: skip
        self.codec, self.samples = None if codec is None else here(codec), samples
        self.judged_on = ("envelopes of " if config.noise else "") + ("mels" if codec is None else "decoded mels")
        self.generator = Generator(config)
        self.discriminators = self._new_discriminators(width)
        self.modules = {"generator": self.generator, "discriminators": self.discriminators}
        betas = (0.8, 0.99)
        self.envelope = None if self.generator.excitation is None else self.generator.excitation.envelope
        apart = set() if self.envelope is None else set(self.envelope.parameters())
        self.g_optimizer = AdamW([p for p in self.generator.parameters() if p not in apart], lr=lr, betas=betas, weight_decay=0.01)
        self.d_optimizer = AdamW(self.discriminators.parameters(), lr=lr / 2, betas=betas, weight_decay=0.01)
        self.optimizers = {"generator": self.g_optimizer, "discriminators": self.d_optimizer}
        if self.envelope is not None:
            self.optimizers["attacks"] = AdamW(self.envelope.parameters(), lr=ENVELOPE_LR, betas=(0.9, 0.98), weight_decay=0.01)
        self.spectral = SpectralLoss(sounds.rate)
        self.envelopes = EnvelopeLoss(sounds.rate) if config.noise else None
        self.sounds, self.batch, self.segment, self.bf16 = sounds, parallel.share(batch), segment, bf16
        self.adversarial_from = adversarial_from
        # Every class has the same share of the batches, however many clips it has.
        labels = sorted({c.label for c in sounds.clips})
        self.by_class = [[i for i, c in enumerate(sounds.clips) if c.label == label] for label in labels]
        picks = np.linspace(0, len(held_out) - 1, min(48, len(held_out))).astype(int)
        self.eval_audio = sent(np.stack([fit(held_out.get(i, 0, samples), samples) for i in picks]))

    def _new_discriminators(self, width: int) -> nn.Module:
        return Discriminators(width)

    def config(self) -> dict[str, Any]:
        return self.generator.config.to_dict()

    def _any(self, rng: np.random.Generator) -> int:
        """Number of a clip of a class drawn uniformly."""
        return int(rng.choice(self.by_class[int(rng.integers(len(self.by_class)))]))

    def _begin(self, rng: np.random.Generator, i: int) -> int:
        """Sample at which a segment of clip i begins; silence may come before the clip."""
        return int(rng.integers(-self.segment // 4, max(1, self.sounds.size(i) - self.segment * 3 // 4)))

    def _segments(self, rng: np.random.Generator) -> np.ndarray:
        out = []
        while len(out) < self.batch:
            i = self._any(rng)
            start = self._begin(rng, i)
            piece = fit(self.sounds.get(i, max(0, start), self.segment), self.segment, max(0, -start))
            if np.abs(piece).max() < 1e-3 and rng.random() < 0.9:
                continue  # nearly all silence teaches nothing; a tenth of it stays so that silence stays silent
            out.append(piece * min(10 ** (rng.uniform(-12, 6) / 20), 0.99 / max(1e-4, float(np.abs(piece).max()))))
        return np.stack(out).astype(np.float32)

    def _whole(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, list[int]]:
        """Clips [count, samples] to be heard through the codec, and the frame at which a segment of each begins."""
        hop, frames = self.spectral.main.config.hop, self.segment // self.spectral.main.config.hop
        clips, starts = [], []
        for _ in range(count):
            i = self._any(rng)
            size = self.sounds.size(i)
            begin = int(rng.integers(0, max(1, self.samples - size)))
            # A long recording is heard anywhere; of a one-shot that rings on, what matters is its beginning.
            first = int(rng.integers(0, size - self.samples + 1)) if size > self.samples and self.sounds.clips[i].kind != "oneshot" else 0
            clips.append(fit(self.sounds.get(i, first, self.samples), self.samples, begin))
            room = self.samples // hop - frames
            loud = (begin + int(rng.integers(0, min(size, self.samples)))) // hop - frames // 2
            starts.append(min(max(0, loud), room - 1))
        return np.stack(clips), starts

    def draw(self, rng: np.random.Generator, step: int) -> dict[str, Any]:
        return {"segments": self._segments(rng), "whole": None if self.codec is None else self._whole(rng, self.batch // 2)}

    @torch.no_grad()
    def _coded(self, clips: np.ndarray, starts: list[int]) -> tuple[Tensor, Tensor]:
        """Mels as the codec gives them back, [count, bins, frames], and the audio they stand for, [count, segment]."""
        assert self.codec is not None
        hop, frames = self.spectral.main.config.hop, self.segment // self.spectral.main.config.hop
        whole = sent(clips)
        with autocast(self.bf16):
            mel = self.codec.decode(self.codec.encode(self.spectral.main(whole)))
        mels = torch.stack([m[:, s : s + frames] for m, s in zip(mel, starts, strict=True)])
        return mels, torch.stack([a[s * hop : s * hop + self.segment] for a, s in zip(whole, starts, strict=True)])

    def _given(self, batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """Mels [B, bins, T] and the audio they stand for [B, segment]."""
        audio = sent(batch["segments"])
        mel = self.spectral.main(audio)
        if batch["whole"] is None:
            return mel, audio
        coded, heard = self._coded(*batch["whole"])
        return torch.cat([coded, mel[len(coded) :]]), torch.cat([heard, audio[len(coded) :]])

    def step(self, batch: dict[str, Any], step: int) -> dict[str, float]:
        mel, audio = self._given(batch)
        with autocast(self.bf16):
            output = self._generated(mel)
        output = output.float()
        loss, metrics = self._measured(output, audio)
        if step >= self.adversarial_from:
            metrics["d"] = self._discriminate(audio, output.detach())
            with autocast(self.bf16):
                fakes = self.discriminators(output)
                with torch.no_grad():
                    reals = self.discriminators(audio)
            adversarial = sum((1 - f.float()).square().mean() for f, _ in fakes)
            features = sum(
                F.l1_loss(a.float(), b.float()) for (_, fs), (_, rs) in zip(fakes, reals, strict=True) for a, b in zip(fs, rs, strict=True)
            )
            # Matching features of noise one by one would ask for the mean of all noises, which is none.
            loss = loss + adversarial + (2 if self.envelopes is None else 0.5) * features
            metrics |= {"adversarial": adversarial.item(), "features": features.item()}
        metrics["norm"] = clip_and_step(loss, self.generator, [self.g_optimizer], 200.0)
        return metrics | self._fit_envelope(mel, audio)

    def _fit_envelope(self, mel: Tensor, audio: Tensor) -> dict[str, float]:
        """One step of what the noise knows of attacks, which learns from the audio itself and not through the generator."""
        if self.envelope is None:
            return {}
        loss = envelope_loss(self.envelope, mel.float(), audio, self.spectral.main.config)
        clip_and_step(loss, self.envelope, [self.optimizers["attacks"]], 1.0)
        return {"powers": loss.item()}

    def _generated(self, mel: Tensor) -> Tensor:
        if self.envelopes is None:
            return self.generator(mel)
        return self.generator(mel, torch.randn(mel.shape[0], mel.shape[2] * self.spectral.main.config.hop))

    def _measured(self, output: Tensor, audio: Tensor) -> tuple[Tensor, dict[str, float]]:
        if self.envelopes is not None:
            envelopes = self.envelopes(output, audio)
            return 45 * envelopes, {"envelopes": envelopes.item()}
        main, rest = self.spectral(output, audio)
        return 45 * main + 15 * rest, {"mel": main.item(), "rest": rest.item()}

    def _discriminate(self, real: Tensor, fake: Tensor) -> float:
        with autocast(self.bf16):
            pairs = zip(self.discriminators(real), self.discriminators(fake), strict=True)
            loss = sum((1 - r.float()).square().mean() + f.float().square().mean() for (r, _), (f, _) in pairs)
        clip_and_step(loss, self.discriminators, [self.d_optimizer], 100.0)
        return loss.item()

    def _spoken_mel(self, audio: Tensor) -> Tensor:
        """Audio [B, samples] -> the log-mels that clips are judged by: through the codec, where there is one."""
        mel = self.spectral.main(audio)
        if self.codec is None:
            return mel
        with autocast(self.bf16):
            return self.codec.decode(self.codec.encode(mel))

    def evaluate(self) -> dict[str, float]:
        """L1 in nats on clips the training never saw: of log-mels, or of envelopes where noise has a part."""
        all_metrics: list[dict[str, float]] = []
        torch.manual_seed(0)
        for audio in self.eval_audio.split(8):
            with autocast(self.bf16):
                output = self._generated(self._spoken_mel(audio))
            width = min(output.shape[-1], audio.shape[-1])
            all_metrics.append(self._measured(output.float()[:, :width], audio[:, :width])[1])
        mean = {f"{name}_l1": float(np.mean([m[name] for m in all_metrics])) for name in all_metrics[0]}
        return {**mean, "score": mean["mel_l1" if self.envelopes is None else "envelopes_l1"]}
