"""A smaller vocoder that learns to give what a trained one gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from foley_trainer import cli
from foley_trainer.models.hifigan import Generator, VocoderConfig
from foley_trainer.training.checkpoints import load_vocoder

NOISY = {"channels": 16, "noise": True, "gate": True}
SMALLER = ["vocoder.config.resblock=2", "vocoder.config.res_kernels=[3]", "vocoder.config.dilations=[[1,2]]", "vocoder.config.noise=true", "vocoder.config.gate=true"]


def taught(folder: Path, config: dict) -> Path:
    """Folder of a vocoder that lets through what noise there is, louder and duller than it is."""
    torch.manual_seed(3)
    generator = Generator(VocoderConfig(**config))
    with torch.no_grad():
        if generator.gate_post is not None:
            generator.gate_post.bias.fill_(1.0)
    folder.mkdir()
    state = {"stage": "vocoder", "config": generator.config.to_dict(), "step": 1, "seconds": 1.0, "metrics": {}, "ema": {"generator": generator.state_dict()}}
    torch.save(state, folder / "best.pt")
    return folder


def trained(corpus: Path, out: Path, teacher: Path, *extra: str) -> int:
    changes = [part for change in (*SMALLER, "vocoder.run.steps=40", "vocoder.run.eval_every=20", "vocoder.training.lr=0.01") for part in ("--set", change)]
    given = ["vocoder", "--preset", "tiny", "--corpus", str(corpus), "--teacher", str(teacher), "--out", str(out), "--threads", "1", "--fp32"]
    return cli.main([*given, *changes, *extra])


@pytest.mark.slow
def test_a_pupil_comes_near_its_teacher_with_the_same_noise(folder_corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    teacher = taught(tmp_path / "teacher", NOISY)
    assert trained(folder_corpus, tmp_path / "pupil", teacher) == 0
    scores = [line["wave_l1"] for line in map(json.loads, capfd.readouterr().out.splitlines()) if line["event"] == "eval"]
    pupil, of_teacher = load_vocoder(tmp_path / "pupil")[0], load_vocoder(teacher)[0]
    mel, shaped = torch.randn(1, 80, 40) - 4, 0.1 * torch.randn(1, 40 * 256)
    fresh = Generator(pupil.config)
    with torch.no_grad():
        wanted = of_teacher.unprojected(mel, shaped)
        before, after = ((one.unprojected(mel, shaped) - wanted).abs().mean() for one in (fresh, pupil))
    assert after < 0.5 * before
    assert scores[-1] < scores[0]
    modules = torch.load(tmp_path / "pupil" / "checkpoint.pt", weights_only=True)["modules"]
    assert set(modules) == {"generator"}


@pytest.mark.slow
def test_a_teacher_without_noise_cannot_teach_one_with_it(folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    teacher = taught(tmp_path / "teacher", {"channels": 16})
    assert trained(folder_corpus, tmp_path / "pupil", teacher) == 1
    assert "expected True, as its pupil has" in capsys.readouterr().err
    assert trained(folder_corpus, tmp_path / "pupil", tmp_path / "none") == 1
    assert "train the vocoder first" in capsys.readouterr().err


@torch.no_grad()
def test_what_follows_the_generator_is_left_out_of_its_unprojected_audio():
    torch.manual_seed(0)
    plain = Generator(VocoderConfig(**NOISY)).eval()
    projected = Generator(VocoderConfig(**NOISY, projections=1)).eval()
    projected.load_state_dict(plain.state_dict())
    mel, shaped = torch.randn(1, 80, 20) - 1, 2 * torch.randn(1, 20 * 256)
    assert torch.equal(projected.unprojected(mel, shaped), plain.unprojected(mel, shaped))
    assert torch.equal(plain.unprojected(mel, shaped).clamp(-1, 1), plain.speak(mel, shaped))
    assert not torch.equal(projected.speak(mel, shaped), plain.speak(mel, shaped))
