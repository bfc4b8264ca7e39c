"""Imports the checkpoints of the DCASE 2023 Task 7 baseline (VQ-VAE, PixelSNAIL, HiFi-GAN) as a voice.

Its mel is ours (`features/mel.py`): 16 bit samples over 32768, HiFi-GAN's definition, natural logarithm, and the VQ-VAE reads
and writes log-mels as they are, so nothing is scaled anywhere. One thing a server does otherwise: it feeds the
vocoder the last frame twice, because 344 frames are 136 samples short of four seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from pathlib import Path

from ..data import DCASE_CLASSES
from ..export.codec_vocoder import export_codec, export_vocoder
from ..export.prior import export_prior
from ..features.mel import CLIP_SAMPLES, MelConfig
from ..runtime.events import emit
from .card import card_fields, write_voice
from .dcase_weights import ImportProblem, hifigan_settings, import_baseline, import_hifigan, import_vqvae


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("import", help="import published checkpoints of the DCASE 2023 Task 7 baseline as a voice")
    parser.add_argument("--vqvae", required=True, help="VQ-VAE state dict (vqvae_800.pt)")
    parser.add_argument("--pixelsnail", required=True, help="PixelSNAIL checkpoint (bottom_1400.pt)")
    parser.add_argument("--hifigan", required=True, help="HiFi-GAN generator checkpoint (g_00935000)")
    parser.add_argument("--hifigan-config", required=True, help="JSON configuration of that generator")
    parser.add_argument("--id", required=True, help="voice id: letters, digits, - and _")
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--half", action="store_true", help="store weights as float16: half the size, slightly different output")
    parser.set_defaults(run=import_voice)


def import_voice(args: argparse.Namespace) -> None:
    """Writes the voice folder args.out. Raises ImportProblem if a checkpoint is not of the expected kind."""
    codec, prior, vocoder = import_vqvae(args.vqvae), import_baseline(args.pixelsnail), import_hifigan(args.hifigan, args.hifigan_config)
    mel = MelConfig()
    _check_mel(args.hifigan_config, mel)
    try:
        fields = card_fields(args.id, args.name, "dcase-baseline", DCASE_CLASSES, prior.config, codec.config, vocoder.config, mel, CLIP_SAMPLES)
    except ValueError as error:
        raise ImportProblem(f"{args.vqvae} and {args.pixelsnail} do not belong to the same voice: {error}") from error
    files = {"vqvae": args.vqvae, "pixelsnail": args.pixelsnail, "hifigan": args.hifigan, "hifiganConfig": args.hifigan_config}
    fields |= {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "license": "That of the checkpoints this voice was imported from.",
        "credits": [],
        "imported": {part: _named(path) for part, path in files.items()},
    }
    graphs = export_prior(prior, args.half) | export_codec(codec, args.half) | export_vocoder(vocoder, args.half)
    card = write_voice(Path(args.out), fields, graphs)
    emit("imported", out=str(args.out), hash=card["hash"], bytes=sum(g["bytes"] for g in card["graphs"].values()))


def _check_mel(config: str, mel: MelConfig) -> None:
    """A generator trained on a different mel definition would run and sound wrong."""
    settings = hifigan_settings(config)
    wanted = {
        "sampling_rate": mel.rate, "n_fft": mel.n_fft, "win_size": mel.n_fft, "hop_size": mel.hop,
        "num_mels": mel.bins, "fmin": mel.f_min, "fmax": mel.f_max,
    }  # fmt: skip
    for key, value in wanted.items():
        if settings.get(key, value) != value:
            raise ImportProblem(f"{config}: {key} is {settings[key]}, expected {value:g} as in the baseline's mel")
    if math.prod(settings["upsample_rates"]) != mel.hop:
        raise ImportProblem(f"{config}: upsample_rates give {math.prod(settings['upsample_rates'])} samples per frame, expected {mel.hop}")


def _named(path: str) -> dict[str, str]:
    """File name and hash, without the folder."""
    return {"file": Path(path).name, "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()}
