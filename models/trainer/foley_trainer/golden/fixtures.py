"""Tiny voices with random weights, in the same format as real ones: `python -m foley_trainer.golden.fixtures models/fixtures`.

`golden.json` beside each card holds the expected outputs of the graphs, for tests in other languages.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.utils.parametrize import is_parametrized

from ..export.any_prior import export_any_prior, open_sampler
from ..export.codec_vocoder import export_codec, export_vocoder, folded_vocoder, with_rounded_weights
from ..export.contour_graph import contour_graph, spectrum_graph
from ..export.fold_weight_norm import folded
from ..export.parity import lively, lively_stacked
from ..export.stacked import folded_stacked
from ..export.two_stage_sampler import ReferenceSampler
from ..features.mel import MelConfig
from ..models.any_prior import AnyConfig, AnyPrior
from ..models.grid import Grid
from ..models.hifigan import Generator, VocoderConfig
from ..models.pixelsnail import PixelSnail, PriorConfig
from ..models.rvq_vae import Codec, CodecConfig
from ..models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from ..runtime.files import save_text
from ..voices.card import CONTOUR, SPECTRUM, card_fields, write_voice

DCASE = ["DogBark", "Footstep", "GunShot", "Keyboard", "MovingMotorVehicle", "Rain", "Sneeze_Cough"]
VOCODER = VocoderConfig(channels=16, res_kernels=[3], dilations=[[1]])


@dataclass(frozen=True)
class Fixture:
    title: str
    classes: list[str]
    seed: int
    codec: CodecConfig
    prior: AnyConfig


def _fixture(title: str, classes: list[str], seed: int, strides: list[list[int]], *, codebooks: int = 2, time_major: bool = False, blocks: int = 2) -> Fixture:
    """24 frames, 16 codes; rows are codebooks and frequencies, or moments. Not every seed gives an audible vocoder."""
    codec = CodecConfig(strides=strides, codebooks=codebooks, codes=16, dim=8, channels=8, hidden=4, trunk_blocks=1, fine_blocks=1, mel_frames=24)
    axes = {"row_axes": ["time"], "col_axes": ["codebook", "frequency"]} if time_major else {}
    grid = Grid(codebooks, *codec.latent_shape, **axes)
    prior = PriorConfig(
        rows=grid.rows, cols=grid.cols, codes=16, classes=len(classes), channels=32, blocks=blocks, res_blocks=3 - blocks, heads=2, condition_dim=8, **grid.to_dict()
    )
    return Fixture(title, classes, seed, codec, prior)


def _stacked(title: str, classes: list[str], seed: int, strides: list[list[int]], codebooks: int) -> Fixture:
    codec = _fixture(title, classes, seed, strides, codebooks=codebooks).codec
    frequency, time = codec.latent_shape
    prior = StackedConfig(
        codebooks=codebooks, codes=16, rows=time, cols=frequency, classes=len(classes), channels=32, blocks=2, res_blocks=1, heads=2,
        condition_dim=8, depth=32, depth_hidden=32, vector=8, contour=4, spectrum=80,
    )  # fmt: skip
    return Fixture(title, classes, seed, codec, prior)


FEW = ["Beep", "Hiss", "Thud"]
# The last three have the strides of the paper's other systems.
VOICES: dict[str, Fixture] = {
    "tiny": _fixture("Tiny, codebook by codebook", DCASE, 11, [[10, 2], [2, 2]]),
    "tiny-time": _fixture("Tiny, step by step in time", FEW, 12, [[10, 2], [2, 2]], time_major=True),
    "tiny-vq": _fixture("Tiny, one codebook", FEW, 12, [[2, 2], [2, 2]], codebooks=1, blocks=1),
    "tiny-freq": _fixture("Tiny, coarse in frequency", FEW, 17, [[4, 2], [4, 2]], blocks=1),
    "tiny-stacked": _stacked("Tiny, cells of several codebooks", FEW, 12, [[10, 2], [2, 2]], 3),
    "tiny-padded": _fixture("Tiny, coarse in time, frames padded", FEW, 12, [[2, 4], [2, 4]], blocks=1),
}


@torch.no_grad()
def _codec(config: CodecConfig, seed: int) -> Codec:
    torch.manual_seed(seed)
    codec = Codec(config).eval()
    for value in codec.decoder.parameters():
        value.mul_(2.5 if value.ndim > 1 else 1.0)  # so that every codebook is audible
    codec.quantizer.start(torch.nn.functional.normalize(torch.randn(600, config.dim), dim=1) * config.dim**0.5)
    return codec


@torch.no_grad()
def audible(config: VocoderConfig, seed: int) -> Generator:
    """A random generator with audible output: a standard deviation of about 0.2."""
    torch.manual_seed(seed)
    generator = Generator(config).eval()
    for module in generator.modules():
        if isinstance(module, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
            weight = torch.randn_like(module.weight) * (1.5 / module.weight[0].numel() ** 0.5)
            if is_parametrized(module):
                module.weight = weight
            else:
                module.weight.copy_(weight)
    loud = generator.speak(torch.randn(1, config.mel_bins, 16) * 2 - 6).std()
    generator.conv_post.weight = generator.conv_post.weight * (0.2 / loud)
    return generator


@torch.no_grad()
def golden(prior: AnyPrior, codec: Codec, vocoder: Generator, seed: int) -> dict[str, Any]:
    """The expected outputs of the graphs, computed in torch with the same rounded weights.

    codes: a grid in raster order; logits [place][code]: teacher-forced on it for classWeights; greedy: the grid
    temperature 0 samples; melMean and audio: the decoded codes, whole and of the first codebook alone. The
    vocoder is fed the frames and the last of them once more, as a server does; audio is every 97th sample.
    """
    c = prior.config
    rng = np.random.default_rng(seed)
    weights = np.zeros((1, c.classes), np.float32)
    weights[0, 1], weights[0, 2] = 0.75, 0.25
    codes = rng.integers(0, c.codes, (1, c.grid.rows, c.grid.cols))
    if isinstance(prior, StackedPixelSnail):
        model = folded_stacked(prior, half=True)
        cells = torch.from_numpy(codes).view(1, c.rows, c.cols, c.codebooks)
        logits = model(cells, torch.from_numpy(weights)).view(-1, c.codes).numpy()
    else:
        model = folded(prior, half=True)
        logits = ReferenceSampler(model).logits(codes, weights)[0].reshape(c.codes, -1).T
    latent = c.grid.to_latent(torch.from_numpy(codes))
    coarse = latent.clone()
    coarse[:, 1:] = c.codes
    decoder, generator = with_rounded_weights(codec), folded_vocoder(vocoder, half_weights=True)
    out: dict[str, Any] = {"classWeights": weights[0].tolist(), "codes": codes.flatten().tolist(), "logits": np.round(logits.astype(float), 5).tolist()}
    sampler = ReferenceSampler(model) if isinstance(model, PixelSnail) else open_sampler(c, export_any_prior(prior, half_weights=True))
    out["greedy"] = sampler.sample(weights).flatten().tolist()
    out["latent"] = latent.flatten().tolist()
    for name, part in (("whole", latent), ("firstCodebook", coarse)):
        mel = decoder.decode(part)
        audio = generator(torch.cat([mel, mel[..., -1:]], -1))[0, : codec.config.mel_frames * MelConfig().hop]
        sparse = np.round(audio[::97].numpy().astype(float), 6).tolist()
        out[name] = {"melMean": round(float(mel.mean()), 5), "rms": round(float(audio.square().mean().sqrt()), 6), "audioEvery97th": sparse}
    return out


def _drawn(fixture: Fixture, low: float, high: float, width: int) -> list[np.ndarray]:
    """Five loudness contours or average spectra of every class but the last, which has none."""
    rng = np.random.default_rng(fixture.seed)
    return [rng.uniform(low, high, (5, width)) for _ in fixture.classes[:-1]] + [np.zeros((0, width))]


def write_fixture(folder: Path, name: str) -> dict[str, Any]:
    """Writes folder/name and returns its card."""
    fixture, mel = VOICES[name], MelConfig()
    seed = fixture.seed
    codec, vocoder = _codec(fixture.codec, seed), audible(VOCODER, seed)
    books = codec.quantizer.codebooks
    prior = lively_stacked(fixture.prior, seed, books) if isinstance(fixture.prior, StackedConfig) else lively(fixture.prior, seed, 2.0, books)
    fields = card_fields(name, fixture.title, "fixture", fixture.classes, fixture.prior, fixture.codec, VOCODER, mel, fixture.codec.mel_frames * mel.hop)
    fields |= {"created": "2026-01-01T00:00:00Z", "license": "CC0-1.0", "credits": [], "data": {"note": "random weights: for tests, not for ears"}}
    graphs = export_any_prior(prior, half_weights=True) | export_codec(codec, half_weights=True) | export_vocoder(vocoder, half_weights=True)
    if isinstance(fixture.prior, StackedConfig):
        frames, bins = fixture.codec.mel_frames, mel.bins
        graphs |= {CONTOUR: contour_graph(_drawn(fixture, -60, -10, frames), frames), SPECTRUM: spectrum_graph(_drawn(fixture, -40, 0, bins), bins)}
    card = write_voice(folder / name, fields, graphs)
    save_text(json.dumps(golden(prior, codec, vocoder, seed)) + "\n", folder / name / "golden.json")
    return card


if __name__ == "__main__":
    torch.set_num_threads(1)
    for voice in VOICES:
        written = write_fixture(Path(sys.argv[1] if len(sys.argv) > 1 else "models/fixtures"), voice)
        print(json.dumps({"voice": voice, "hash": written["hash"], "bytes": sum(g["bytes"] for g in written["graphs"].values())}))
