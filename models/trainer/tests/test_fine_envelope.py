"""A vocoder's noise learns when sounds begin, and what follows the vocoder leaves their beginnings alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from foley_trainer import cli
from foley_trainer.export.codec_vocoder import export_vocoder
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.features.mel import LogMel
from foley_trainer.finetuning.weights_from_onnx import vocoder_from
from foley_trainer.models.fine_envelope import STEP, FineEnvelope, powers
from foley_trainer.models.hifigan import Generator, VocoderConfig, reach
from foley_trainer.models.mel_projection import MelProjection
from foley_trainer.models.noise_excitation import EDGES, Excitation
from foley_trainer.training.checkpoints import load_vocoder
from foley_trainer.training.fine_envelope import steepest_rises
from foley_trainer.training.fine_envelope_stage import FineEnvelopeStage

SMALL = VocoderConfig(channels=16, res_kernels=[3], dilations=[[1]], noise=True, gate=True, attacks=True, projections=1)
VOICE = Path(__file__).parents[2] / "default"
HOP = 256


def bursts(start: int, clips: int = 16, length: int = 40 * HOP) -> torch.Tensor:
    """Noise [clips, length] at -60 dB, and from `start` on a loud one that dies away."""
    audio = torch.randn(clips, length) * 1e-3
    audio[:, start:] += torch.randn(clips, length - start) * 0.3 * torch.exp(-torch.arange(float(length - start)) / 1100)
    return audio


def level(audio: torch.Tensor, at: int) -> float:
    """dB of 1.5 ms from sample `at` on."""
    return float(10 * audio[:, at : at + STEP].square().mean().log10())


def test_the_powers_of_bands_add_up_to_that_of_the_sound() -> None:
    torch.manual_seed(0)
    noise = torch.randn(2, 64 * HOP)
    found = powers(noise, EDGES, 8000.0, 22050)
    assert found.shape == (2, len(EDGES) + 1, 64 * HOP // STEP)
    assert abs(float(found.sum(1).mean()) - 8000 / 11025) < 0.02
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(64.0 * HOP) / 22050)[None]
    of_tone = powers(tone, EDGES, 8000.0, 22050)[..., 8:-8].mean(-1)[0]
    assert of_tone[1] > 0.49
    assert of_tone[[0, 2, 3]].max() < 1e-4


@torch.no_grad()
def test_a_fine_envelope_sees_five_frames_to_each_side_and_follows_the_level() -> None:
    torch.manual_seed(1)
    envelope, mel = FineEnvelope(4), torch.randn(1, 80, 60) - 4
    whole = envelope(mel)
    assert whole.shape == (1, 4, 60 * 8)
    mel[:, :, 30] += 1
    changed = ((envelope(mel) - whole).abs().amax(1)[0] > 0).nonzero()
    assert int(changed.min()) == 25 * 8
    assert int(changed.max()) == 36 * 8 - 1


@torch.no_grad()
def test_true_powers_are_left_as_they_are_and_others_are_brought_to_what_frames_saw() -> None:
    torch.manual_seed(2)
    excitation = Excitation(learned=True)
    fine = torch.rand(1, 1, 400) + 0.01
    seen = torch.nn.functional.conv1d(fine, excitation.window, stride=8, padding=excitation.hidden)
    torch.testing.assert_close(excitation.gathered(seen, 7 * fine)[..., 16:-16], fine[..., 16:-16], rtol=1e-3, atol=0)
    flat = excitation.gathered(seen, torch.ones_like(fine))
    assert abs(float(flat[..., 16:-16].mean() / fine[..., 16:-16].mean()) - 1) < 0.05


@pytest.mark.slow
@torch.no_grad()
def test_it_is_exported_with_the_noise_and_found_again_in_the_graph() -> None:
    torch.manual_seed(3)
    generator = Generator(SMALL).eval()
    graphs = export_vocoder(generator, half_weights=True)
    again = vocoder_from(graphs, SMALL)
    for own, found in zip(generator.excitation.envelope.parameters(), again.excitation.envelope.parameters(), strict=True):
        torch.testing.assert_close(found, own, atol=1e-4, rtol=1e-3)
    for name, graph in export_vocoder(again, half_weights=True).items():
        assert graph.SerializeToString(deterministic=True) == graphs[name].SerializeToString(deterministic=True), name
    running = session(graphs["excitation"])
    for batch, frames in ((1, 9), (2, 33)):
        mel, noise = torch.randn(batch, 80, frames) - 5, torch.randn(batch, frames * HOP)
        (shaped,) = running.run(None, {"mel": mel.numpy(), "noise": noise.numpy()})
        expected = again.excitation(mel, noise)
        assert np.abs(shaped - expected.numpy()).max() < 1e-4 * float(expected.abs().max())


@torch.no_grad()
def test_a_projection_that_spares_attacks_is_not_heard_before_them() -> None:
    torch.manual_seed(4)
    start = 5050
    wanted = LogMel()(bursts(start))
    # As a vocoder may have made them: as loud and as steep, and 6 dB duller.
    audio = bursts(start)
    audio = 0.5 * (audio + torch.roll(audio, -1, 1))
    plain, spared = (MelProjection(2, attacks=attacks)(audio, wanted) for attacks in (False, True))
    before, after = start - 4 * STEP, start + STEP
    assert level(spared, before) < level(plain, before) - 6
    assert level(spared, before) < level(audio, before) + 3
    assert abs(level(spared, after) - level(plain, after)) < 1.5
    even = torch.randn(8, 60 * HOP) * 0.1
    mel = LogMel()(torch.randn(8, 60 * HOP) * 0.2)
    plain, spared = (MelProjection(2, attacks=attacks)(even, mel) for attacks in (False, True))
    assert (LogMel()(plain) - mel).abs().mean() > 0.9 * (LogMel()(spared) - mel).abs().mean()


@torch.no_grad()
def test_sparing_attacks_makes_the_reach_one_frame_longer() -> None:
    c = VocoderConfig(**{**SMALL.to_dict(), "attacks": False})
    assert reach(SMALL) == reach(c) + 1
    torch.manual_seed(5)
    project, audio = MelProjection(1, attacks=True), torch.randn(1, 60 * HOP) * torch.rand(1, 60 * HOP).pow(8)
    gains = project._spared(audio)
    assert gains.min() >= 0
    assert gains.max() <= 1 + 1e-6
    audio[:, 30 * HOP :] *= 100
    changed = (project._spared(audio) - gains).abs()[0] > 1e-6
    assert not changed[: 29 * HOP].any(), "a rise counts further than a frame before it"
    assert changed[29 * HOP : 30 * HOP].any()


@torch.no_grad()
def test_the_noise_of_the_shipped_voice_rises_when_a_sound_begins() -> None:
    torch.manual_seed(6)
    start = 5050
    audio = bursts(start, clips=32)
    mel, noise = LogMel()(audio), torch.randn(audio.shape)
    (shaped,) = session((VOICE / "excitation.onnx").read_bytes()).run(None, {"mel": mel.numpy(), "noise": noise.numpy()})
    learned, deconvolved = torch.from_numpy(shaped), Excitation(above=True)(mel, noise)
    # 3 ms before it begins, against its first 3 ms.
    rise = [max(level(one, start), level(one, start + STEP)) - level(one, start - 2 * STEP) for one in (learned, deconvolved)]
    assert rise[0] > 14
    assert rise[0] > rise[1] + 5
    # Nor is the room silent before: deconvolution leaves a hole of 40 dB there.
    at = start - 10 * STEP
    assert abs(level(learned, at) - level(audio, at)) < 12
    assert level(deconvolved, at) < level(audio, at) - 30


@pytest.mark.slow
def test_a_trained_vocoder_learns_attacks_and_changes_nowhere_else(folder_corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = [part for change in ("config.noise=true", "run.steps=60", "run.eval_every=10") for part in ("--set", f"vocoder.{change}")]
    given = ["vocoder", "--preset", "tiny", "--corpus", str(folder_corpus), "--threads", "1", "--fp32", *config]
    assert cli.main([*given, "--out", str(tmp_path / "both"), "--steps", "2"]) == 0
    begun = load_vocoder(tmp_path / "both")[0].state_dict()
    assert not any(name.startswith("excitation.") for name in begun)
    capfd.readouterr()
    assert cli.main([*given, "--out", str(tmp_path / "alone"), "--only", "attacks", "--from", str(tmp_path / "both")]) == 0
    scores = [line["powers_l1"] for line in map(json.loads, capfd.readouterr().out.splitlines()) if line["event"] == "eval"]
    assert scores[-1] < 0.8 * scores[0], scores
    alone = load_vocoder(tmp_path / "alone")[0].state_dict()
    assert {name for name, value in alone.items() if name not in begun or not torch.equal(value, begun[name])} == {name for name in alone if name.startswith("excitation.")}
    assert cli.main([*given, "--out", str(tmp_path / "no"), "--only", "attacks"]) == 1
    assert "expected --from" in capfd.readouterr().err
    with pytest.raises(ValueError, match="without any there are none"):
        VocoderConfig(attacks=True)


@pytest.mark.slow
def test_against_discriminators_sounds_begin_about_as_steeply_as_recordings_and_an_interrupted_training_ends_the_same(
    folder_corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    changes = ("config.noise=true", "run.eval_every=20", "run.checkpoint_every=20", "training.adversarial_from=20", "run.log_every=20")
    given = ["vocoder", "--preset", "tiny", "--corpus", str(folder_corpus), "--threads", "1", "--fp32"]
    given += [part for change in changes for part in ("--set", f"vocoder.{change}")]
    assert cli.main([*given, "--out", str(tmp_path / "both"), "--steps", "2"]) == 0
    alone = [*given, "--only", "attacks", "--from", str(tmp_path / "both")]
    capfd.readouterr()
    assert cli.main([*alone, "--out", str(tmp_path / "once"), "--steps", "60"]) == 0
    lines = list(map(json.loads, capfd.readouterr().out.splitlines()))
    steps = [line for line in lines if line["event"] == "step"]
    assert ["d" in line for line in steps] == [False, True, True]
    rises = [line["rises"] for line in lines if line["event"] == "eval"]
    assert abs(rises[-1] - 1) < abs(rises[0] - 1), rises
    whole = FineEnvelopeStage.step

    def killed(self: FineEnvelopeStage, batch: object, step: int) -> dict[str, float]:
        if step == 45:
            raise InterruptedError
        return whole(self, batch, step)

    monkeypatch.setattr(FineEnvelopeStage, "step", killed)
    assert cli.main([*alone, "--out", str(tmp_path / "twice"), "--steps", "60"]) == 1
    monkeypatch.setattr(FineEnvelopeStage, "step", whole)
    assert cli.main([*alone, "--out", str(tmp_path / "twice"), "--steps", "60"]) == 0
    ended = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["modules"]["generator"] for name in ("once", "twice")]
    assert all(torch.equal(value, ended[1][name]) for name, value in ended[0].items())
    assert cli.main([*alone, "--out", str(tmp_path / "short"), "--set", "vocoder.training.segment=2048"]) == 1
    assert "segment is 2048, 8 frames: expected at least 16" in capfd.readouterr().err


def test_steepness_is_of_how_sounds_begin_and_not_of_how_they_end_or_how_loud_they_are() -> None:
    torch.manual_seed(7)
    fast, config = bursts(5050), LogMel().config
    slow = fast * torch.sigmoid((torch.arange(fast.shape[1]) - 5400) / 80)
    assert steepest_rises(fast, config) > steepest_rises(slow, config) + 0.5
    assert steepest_rises(fast, config) > steepest_rises(fast.flip(1), config) + 0.5
    torch.testing.assert_close(steepest_rises(0.1 * fast, config), steepest_rises(fast, config), rtol=1e-3, atol=0)


@pytest.mark.slow
def test_a_new_vocoder_learns_them_too(folder_corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = [part for change in ("config.noise=true", "config.attacks=true", "run.steps=12", "run.log_every=1") for part in ("--set", f"vocoder.{change}")]
    given = ["vocoder", "--preset", "tiny", "--corpus", str(folder_corpus), "--threads", "1", "--fp32", *config]
    assert cli.main([*given, "--out", str(tmp_path / "new")]) == 0
    steps = [line for line in map(json.loads, capfd.readouterr().out.splitlines()) if line["event"] == "step"]
    assert steps[-1]["powers"] < steps[0]["powers"]
    modules = torch.load(tmp_path / "new" / "checkpoint.pt", weights_only=True)
    assert set(modules["optimizers"]) == {"generator", "discriminators", "attacks"}
    # The teacher's noise is its pupil's, and learns nothing more.
    assert cli.main([*given, "--out", str(tmp_path / "pupil"), "--teacher", str(tmp_path / "new")]) == 0
    taught, teacher = (load_vocoder(tmp_path / name)[0].state_dict() for name in ("pupil", "new"))
    assert all(torch.equal(taught[name], teacher[name]) for name in teacher if name.startswith("excitation."))
