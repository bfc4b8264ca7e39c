"""A vocoder that imposes the mel it was given comes nearer to it, in stretches as in the whole, and stays below full scale."""

import numpy as np
import pytest
import torch

from foley_trainer.export.codec_vocoder import export_vocoder, folded_vocoder
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.features.mel import LogMel
from foley_trainer.golden.fixtures import audible
from foley_trainer.models.hifigan import Generator, VocoderConfig, reach
from foley_trainer.models.mel_projection import CEILING, KNEE, REACH, MelProjection, limited

HOP = 256


def sound(frames: int, seed: int = 1) -> torch.Tensor:
    """Noise that swells and fades, within full scale."""
    noise = np.random.default_rng(seed).standard_normal((1, frames * HOP))
    return torch.from_numpy((noise * 0.1 * (1.2 + np.sin(np.arange(frames * HOP) / 3000))).astype(np.float32))


@torch.no_grad()
def test_each_round_brings_the_mel_nearer() -> None:
    log_mel = LogMel()
    wanted, audio = log_mel(sound(60)), sound(60, 2)
    errors = [float((log_mel(audio) - wanted).abs().mean())]
    for rounds in (1, 2, 3):
        errors.append(float((log_mel(MelProjection(rounds)(audio, wanted)) - wanted).abs().mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[3] < 0.5 * errors[0]


@torch.no_grad()
def test_differences_within_the_tolerance_are_left_and_larger_ones_shrink_to_it() -> None:
    log_mel, audio = LogMel(), sound(60)
    wanted = log_mel(audio)
    assert (MelProjection(2, tolerance=0.4)(audio, wanted + 0.35) - audio).abs().max() < 1e-3
    louder = MelProjection(2, tolerance=0.4)(audio, wanted + 1.4)
    assert (log_mel(louder) - wanted - 1.0)[..., 4:-4].abs().mean() < 0.05


@torch.no_grad()
def test_audio_of_the_wanted_mel_stays_as_it_is() -> None:
    audio = sound(40)
    assert (MelProjection(3)(audio, LogMel()(audio)) - audio).abs().max() < 1e-4


@torch.no_grad()
def test_a_stretch_needs_its_reach_to_both_sides_and_no_more() -> None:
    wanted, audio, rounds = LogMel()(sound(80)), sound(80, 2), 3
    project = MelProjection(rounds)
    whole = project(audio, wanted)[:, 40 * HOP : 44 * HOP]

    def part(context: int) -> torch.Tensor:
        low, high = 40 - context, 44 + context
        made = project(audio[:, low * HOP : high * HOP], wanted[..., low:high])
        return made[:, context * HOP : (context + 4) * HOP]

    assert (part(REACH * rounds) - whole).abs().max() < 1e-5
    assert (part(REACH) - whole).abs().max() > 1e-4, "the reach is far too long"


def test_the_limiter_leaves_the_quiet_alone_and_stays_below_full_scale() -> None:
    audio = torch.linspace(-4, 4, 8001)
    made = limited(audio)
    quiet = audio.abs() <= KNEE
    assert torch.equal(made[quiet], audio[quiet])
    assert made.abs().max() <= CEILING
    assert (made.diff() >= 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("noise", [False, True])
@torch.no_grad()
def test_a_voice_with_projections_is_exported_as_torch_computes_it(noise: bool) -> None:
    c = VocoderConfig(channels=32, noise=noise, gate=noise, projections=2)
    assert reach(c) == reach(VocoderConfig(channels=32, noise=noise, gate=noise)) + 2 * REACH
    generator = audible(c, 4)
    running, reference = session(export_vocoder(generator, True)["vocoder"]), folded_vocoder(generator, True)
    for batch, frames in ((1, 9), (2, 33)):
        feeds = {"mel": torch.randn(batch, 80, frames) - 6}
        if noise:
            feeds["shaped"] = 0.1 * torch.randn(batch, frames * HOP)
        (got,) = running.run(None, {name: value.numpy() for name, value in feeds.items()})
        expected = reference.speak(*feeds.values()).numpy()
        assert expected.std() > 1e-3
        assert np.abs(got - expected).max() < 5e-4  # the projections amplify rounding where it is quiet


def test_a_vocoder_without_projections_says_nothing_of_them_on_its_card() -> None:
    assert "projections" not in VocoderConfig().to_dict()
    assert VocoderConfig(**VocoderConfig(projections=3).to_dict()).projections == 3
    assert Generator(VocoderConfig(channels=32)).state_dict().keys() == Generator(VocoderConfig(channels=32, projections=1)).state_dict().keys()
    with pytest.raises(ValueError, match="projections must be 0 to 8"):
        VocoderConfig(projections=9)
