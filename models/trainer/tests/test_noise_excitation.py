"""Shaped noise has the level its mel says, and a generator starts from it, in PyTorch and in the exported graph alike."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from test_fine_envelope import bursts

from foley_trainer.export.codec_vocoder import export_vocoder
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.features.mel import LogMel
from foley_trainer.models.hifigan import Generator, VocoderConfig
from foley_trainer.models.noise_excitation import Excitation, grains, steeper
from foley_trainer.training.vocoder import EnvelopeLoss

pytestmark = pytest.mark.slow

SMALL = VocoderConfig(channels=16, res_kernels=[3], dilations=[[1]], noise=True)


def hill() -> torch.Tensor:
    """A log-mel [1, 80, 120] that rises and falls in time and falls with frequency."""
    frames, bins = torch.arange(120.0), torch.arange(80.0)
    return (-2 + 2 * torch.sin(frames / 15) - 0.04 * bins[:, None]).unsqueeze(0)


def test_its_mel_is_the_one_it_was_given_wherever_chance_evens_out() -> None:
    torch.manual_seed(0)
    wanted = hill().repeat(16, 1, 1)
    heard = LogMel()(Excitation()(wanted, torch.randn(16, 120 * 256)))
    error = (heard - wanted)[..., 2:-2].mean(0)  # over 16 noises
    assert error.mean().abs() < 0.15
    assert error.abs().mean() < 0.3


def test_above_the_mel_noise_goes_on_at_the_level_of_its_top() -> None:
    torch.manual_seed(2)
    audio = torch.randn(8, 60 * 256) * 0.1
    heard = {above: Excitation(above=above)(LogMel()(audio), torch.randn(8, 60 * 256)) for above in (False, True)}

    def level(sound: torch.Tensor, low: float, high: float) -> float:
        power = torch.fft.rfft(sound).abs().square().mean(0)
        hertz = torch.arange(len(power)) * 11025 / (len(power) - 1)
        return float(10 * power[(hertz >= low) & (hertz < high)].mean().log10())

    falls = [level(heard[True], low, low + 500) - level(heard[True], 5000, 7000) for low in (7500, 8000, 8500, 9000, 9500, 10000, 10500)]
    assert all(-3.5 < fall < 1.5 for fall in falls[:3])
    assert falls[1:] == sorted(falls[1:], reverse=True)
    assert -12 < falls[-1] < -6
    assert level(heard[False], 8200, 11025) < level(heard[True], 8200, 11025) - 40
    assert abs(level(heard[False], 1000, 7000) - level(heard[True], 1000, 7000)) < 0.3


def test_above_the_crossover_a_generator_gives_its_noise_and_nothing_else() -> None:
    torch.manual_seed(2)
    generator = Generator(replace(SMALL, above=True)).eval()
    with torch.no_grad():
        generator.conv_post.bias.fill_(0.3)
        mel, noise = hill(), torch.randn(1, 120 * 256)
        shaped = generator.excitation(mel, noise)
        generator.ups[0].bias.normal_(0, 3)  # it sings
        audio = generator.unprojected(mel, shaped)
        song = generator._generated(mel, generator.crossover(shaped))
    spectrum, own, sung = (torch.fft.rfft(sound[0, 2000:-2000]) for sound in (audio, shaped, song))
    high = int(8000 / 11025 * len(own))
    assert (sung[high:] - own[high:]).abs().mean() > 10 * (spectrum[high:] - own[high:]).abs().mean()
    low = int(7000 / 11025 * len(own))
    torch.testing.assert_close(spectrum[:low], sung[:low], atol=0.02 * float(sung.abs().max()), rtol=0)


def test_a_sound_out_of_silence_is_not_heard_six_milliseconds_before_it_begins() -> None:
    torch.manual_seed(4)
    start = 5050
    audio = bursts(start, clips=32)
    heard = Excitation()(LogMel()(audio), torch.randn(audio.shape))

    def level(milliseconds: float) -> float:
        at = start + round(milliseconds * 22.05)
        return float(10 * heard[:, at : at + 22].square().mean().log10())

    assert level(-6) < level(2) - 32
    assert abs(level(8) - level(2)) < 3


def test_even_noise_is_left_as_it_is() -> None:
    torch.manual_seed(5)
    even = torch.exp(0.5 * torch.randn(4, 1, 400))
    falling = torch.exp(-torch.arange(400.0) / 5).expand(4, 1, 400)
    steps = torch.cat([torch.full((1, 1, 20), 1e-4), torch.ones(1, 1, 20)], 2)
    changed = (steeper(even) < 0.99 * even).float().mean()
    assert changed < 0.15
    torch.testing.assert_close(steeper(falling), falling)
    torch.testing.assert_close(steeper(steps)[..., :17], steps[..., :17])
    assert float(steeper(steps)[..., 17:20].max()) < 1e-9
    torch.testing.assert_close(steeper(steps)[..., 20:], steps[..., 20:])


def test_a_click_is_heard_when_it_happened_and_not_46_ms_long() -> None:
    torch.manual_seed(3)
    audio = torch.randn(8, 60 * 256) * 1e-3
    places = [5000, 5050, 6111, 7003, 7040, 8100, 9000, 9999]
    for clip, at in zip(audio, places, strict=True):
        clip[at : at + 40] += torch.randn(40) * 0.5
    heard = Excitation()(LogMel()(audio), torch.randn(8, 60 * 256)).square()
    for power, at in zip(heard, places, strict=True):
        assert power[at - 192 : at + 232].sum() > 0.9 * power.sum(), f"the click at {at}"


def test_gathered_power_is_what_frames_saw_and_noise_stays_even() -> None:
    torch.manual_seed(4)
    excitation = Excitation()
    seen = torch.rand(1, 1, 50) + 0.5
    fine = excitation.gathered(seen)
    assert fine.shape == (1, 1, 200)
    assert fine.min() > 0
    again = torch.nn.functional.conv1d(fine, excitation.window, stride=4, padding=excitation.hidden)
    assert (again - seen).abs().mean() < 0.05
    even = excitation.gathered(torch.ones(1, 1, 50))[..., 8:-8]
    assert (even - 1).abs().max() < 0.1


def test_the_bands_of_a_clip_go_through_together_without_touching_each_other_or_another_clip() -> None:
    torch.manual_seed(5)
    excitation, mel, noise = Excitation(), hill().repeat(2, 1, 1) + torch.randn(2, 1, 1), torch.randn(2, 120 * 256)
    rises = excitation._sharper(excitation.magnitudes(mel)[:, ::2], mel)
    assert rises.shape == (2, len(excitation.bands), 120 * 256)
    for clip, (low, high) in ((0, excitation.bands[1]), (1, excitation.bands[3])):
        alone = Excitation()
        alone.bands = [(low, high)]
        own = alone._sharper(alone.magnitudes(mel[clip : clip + 1])[:, ::2], mel[clip : clip + 1])
        assert torch.allclose(own[0, 0], rises[clip, excitation.bands.index((low, high))], atol=1e-6)
    heard = excitation(mel, noise)
    assert torch.allclose(heard[1:], excitation(mel[1:], noise[1:]), atol=1e-6)


def test_silence_stays_silent() -> None:
    quiet = Excitation()(torch.full((1, 80, 40), -11.5), torch.randn(1, 40 * 256))
    assert quiet.abs().max() < 1e-4  # -80 dB of full scale


def test_without_noise_there_is_nothing_above_a_crossover() -> None:
    with pytest.raises(ValueError, match="without any there is nothing"):
        VocoderConfig(above=True)


def test_a_generator_with_noise_wants_some() -> None:
    with pytest.raises(ValueError, match="noise"):
        Generator(SMALL)(hill())


def exported(graphs: dict[str, onnx.ModelProto], mel: torch.Tensor, noise: torch.Tensor) -> np.ndarray:
    """Mel and white noise through both graphs."""
    (shaped,) = session(graphs["excitation"]).run(None, {"mel": mel.numpy(), "noise": noise.numpy()})
    return session(graphs["vocoder"]).run(None, {"mel": mel.numpy(), "shaped": shaped})[0]


def test_the_graphs_take_mel_and_noise_and_compute_the_same() -> None:
    torch.manual_seed(1)
    generator, noise = Generator(SMALL).eval(), torch.randn(2, 120 * 256)
    mel = hill().repeat(2, 1, 1)
    graphs = export_vocoder(generator)
    audio = exported(graphs, mel, noise)
    with torch.no_grad():
        expected = generator(mel, noise)
    assert len(graphs["excitation"].SerializeToString()) < 3e6, "the transforms are there more than once"
    assert expected.shape == (2, 120 * 256)
    assert np.abs(audio - expected.numpy()).max() < 1e-4


def test_a_fresh_gate_lets_all_noise_through_and_a_trained_one_what_it_likes() -> None:
    torch.manual_seed(1)
    open_, noise = Generator(SMALL).eval(), torch.randn(1, 120 * 256)
    gated = Generator(replace(SMALL, gate=True)).eval()
    missing = gated.load_state_dict(open_.state_dict(), strict=False)
    assert set(missing.missing_keys) == {"gate_post.weight", "gate_post.bias"}
    with torch.no_grad():
        assert torch.allclose(gated(hill(), noise), open_(hill(), noise), atol=1e-6)
        assert gated.gate_post is not None
        gated.gate_post.bias.fill_(-20)
        shut = gated(hill(), noise)
        gated.gate_post.weight.normal_(0, 3)
    assert shut.abs().max() < 0.1 * open_(hill(), noise).abs().max()
    audio = exported(export_vocoder(gated), hill(), noise)
    with torch.no_grad():
        assert np.abs(audio - gated(hill(), noise).numpy()).max() < 1e-4


def test_a_gate_without_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="gate"):
        VocoderConfig(gate=True)


def test_envelopes_forgive_another_noise_and_not_another_level() -> None:
    torch.manual_seed(2)
    loss, (one, other) = EnvelopeLoss(22050), torch.randn(2, 4, 8192) * 0.1
    assert loss(one, other) < 0.5 * loss(one, other * 4)
    assert loss(one, one) == 0


def test_grains_leave_the_power_as_it_is_and_give_noise_the_kurtosis_of_rain() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(400_000)
    for grain, kurtosis in ((0.0, 3.0), (0.5, 3.5), (1.0, 5.0)):
        gains = grains(len(noise), grain, np.random.default_rng(1))
        assert np.mean(gains.astype(float) ** 2) == pytest.approx(1, abs=0.02)
        grainy = noise * gains
        assert np.mean(grainy**4) / np.mean(grainy**2) ** 2 == pytest.approx(kurtosis, abs=0.25)
    assert np.all(grains(100, 0.0, rng) == 1)
