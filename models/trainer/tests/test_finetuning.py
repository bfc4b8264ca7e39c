"""Data sets to a voice and on from there; broken off anywhere, the result is the same."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from foley_trainer.cli import main
from foley_trainer.finetuning.command import joined
from foley_trainer.finetuning.stage import sample_kept
from foley_trainer.finetuning.weights_from_onnx import load_voice
from foley_trainer.models.any_prior import of_classes
from foley_trainer.runtime.supervised import locked
from foley_trainer.voices.inference import Recipe, VoiceRunner

pytestmark = pytest.mark.slow

STEPS = 6


def order(out: Path, *data: Path, steps: int = STEPS, base: Path | None = None, more: tuple[str, ...] = ()) -> list[str]:
    places = [part for place in data for part in ("--data", str(place))]
    on = ["--base", str(base)] if base else ["--preset", "tiny", "--set", "codec.config.warm_steps=2"]
    return ["retrain", *places, *on, "--out", str(out), "--id", "mine", "--name", "Mine", "--steps", str(steps), "--job", "j1", "--threads", "1", *more]


@pytest.fixture(scope="module")
def creaks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("creaks")
    for label, pitch in (("Creak", 300), ("beep", 2000)):
        (root / label).mkdir()
        for i in range(4):
            t = np.arange(22050) / 22050
            soundfile.write(root / label / f"take{i}.wav", 0.5 * np.sin(2 * np.pi * (pitch + 40 * i) * t) * np.exp(-4 * t), 22050)
    return root


@pytest.fixture(scope="module")
def scratch(folder_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scratch")
    assert main(order(root, folder_corpus)) == 0
    return root


def card_of(run: Path) -> dict:
    return json.loads((run / "voice" / "card.json").read_text())


def said(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_training_from_scratch_runs_every_stage_and_emits_auditions(scratch: Path):
    card = card_of(scratch)
    assert [c["name"] for c in card["classes"]] == ["Beep", "Hiss"]
    assert card["retrained"] == {"job": "j1", "stages": ["codec", "vocoder", "prior"], "seed": 0, "minutes": None, "steps": STEPS, "base": None}
    wavs = sorted(path.name for path in (scratch / "auditions").glob("*.wav"))
    assert wavs == ["0000006-0.wav", "0000006-1.wav"]
    audio, rate = soundfile.read(scratch / "auditions" / wavs[0])
    assert (audio.size, rate) == (88200, 22050)
    assert (scratch / "auditions" / "0000006-0.png").read_bytes().startswith(b"\x89PNG")


def test_fine_tuning_a_voice_adds_a_class(scratch: Path, creaks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    assert main(order(tmp_path, creaks, base=scratch / "voice", more=("--only", "Creak"))) == 0
    events = said(capsys.readouterr().out)
    card, before = card_of(tmp_path), card_of(scratch)
    assert [c["name"] for c in card["classes"]] == ["Beep", "Hiss", "Creak"]
    assert card["retrained"]["base"] == {"id": "mine", "hash": before["hash"]}
    assert card["retrained"]["kept"] == ["Beep", "Hiss"]
    assert [e["class"] for e in events if e["event"] == "audition"] == ["Creak"] * sum(e["event"] == "audition" for e in events)
    # What was not trained is the very same file.
    for name in ("encoder", "decoder", "vocoder"):
        assert card["graphs"][name]["sha256"] == before["graphs"][name]["sha256"]
    # Classes that were not trained are made by the base, which the voice carries along.
    (own, audio), (before_codes, before_audio) = (VoiceRunner(at / "voice").make("Beep", [3], Recipe(1)) for at in (tmp_path, scratch))
    assert np.array_equal(own, before_codes)
    assert np.array_equal(audio, before_audio)
    mine = VoiceRunner(tmp_path / "voice")
    mine.card["retrained"]["kept"] = []
    assert not np.array_equal(mine.make("Beep", [3], Recipe(1))[0], before_codes)
    kept = [e["kept"] for e in events if e["event"] == "eval"]
    assert kept
    assert all(0 <= k < 0.05 for k in kept)
    with open(tmp_path / "voice" / "credits.csv", newline="") as file:
        assert {row["class"] for row in csv.DictReader(file)} == {"Beep", "Hiss", "Creak"}


@pytest.fixture(scope="module")
def stacked(folder_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `scratch`, with a stacked prior."""
    root = tmp_path_factory.mktemp("stacked")
    config = {
        "kind": "stacked", "spectrum": 80, "channels": 32, "blocks": 1, "res_blocks": 1, "kernel": [3, 5], "heads": 2,
        "condition_dim": 8, "depth": 32, "depth_hidden": 32, "vector": 8,
    }  # fmt: skip
    preset = {"extends": "tiny", "about": "a stacked prior", "prior": {"config": {**config, "condition": None, "alphabets": None}}}
    (root / "tiny-stacked.json").write_text(json.dumps(preset))
    wanted = order(root / "job", folder_corpus, more=("--preset", str(root / "tiny-stacked.json")))
    assert main(wanted) == 0
    return root / "job"


def test_a_stacked_voice_is_fine_tuned_like_any_other(stacked: Path, creaks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    before = card_of(stacked)
    assert (before["grid"]["depthAxes"], before["prior"]["nullClass"]) == (["codebook"], True)
    assert set(before["graphs"]) == {"condition", "row", "pixel", "encoder", "decoder", "vocoder", "excitation", "depth1", "contour", "spectrum"}
    assert before["sampling"] == {"guidance": {"default": 1, "plausible": 0.01}}
    capsys.readouterr()
    assert main(order(tmp_path, creaks, base=stacked / "voice", more=("--only", "Creak"))) == 0
    events, card = said(capsys.readouterr().out), card_of(tmp_path)
    assert [c["name"] for c in card["classes"]] == ["Beep", "Hiss", "Creak"]
    assert (card["sampling"], card["prior"]["spectrum"]) == (before["sampling"], 80)
    kept = [e["kept"] for e in events if e["event"] == "eval" and "kept" in e]
    assert kept
    assert all(0 <= k < 0.05 for k in kept)
    own, expected = (VoiceRunner(at / "voice").make("Beep", [3], Recipe(1, guidance=1))[0] for at in (tmp_path, stacked))
    assert np.array_equal(own, expected)
    mine = VoiceRunner(tmp_path / "voice")
    new, unguided = (mine.make("Creak", [0], Recipe(1, guidance=g))[0] for g in (2, 0))
    assert not np.array_equal(new, unguided)


def test_a_voices_networks_can_be_trained_on_and_exported_again(stacked: Path, folder_corpus: Path, tmp_path: Path):
    assert main(["stages", "--voice", str(stacked / "voice"), "--out", str(tmp_path / "stages")]) == 0
    places = [part for name in ("codec", "prior", "vocoder") for part in (f"--{name}", str(tmp_path / "stages" / name))]
    again = ["export", "--corpus", str(folder_corpus), *places, "--out", str(tmp_path / "voice"), "--id", "again", "--name", "Again"]
    assert main([*again, "--guidance", '{"default": 1.5}']) == 0
    card, before = card_of(tmp_path), card_of(stacked)
    assert card["sampling"] == {"guidance": {"default": 1.5}}
    for name in ("condition", "depth1", "encoder", "decoder", "vocoder"):
        assert card["graphs"][name]["sha256"] == before["graphs"][name]["sha256"], name
    assert VoiceRunner(tmp_path / "voice").make("Hiss", [0], Recipe())[1].shape == (1, 88200)


def test_projections_change_the_vocoder_alone(stacked: Path, tmp_path: Path):
    voice, copy = stacked / "voice", tmp_path / "copy"
    assert main(["project", "--voice", str(voice), "--out", str(copy), "--rounds", "2", "--tolerance", "0"]) == 0
    card, before = (json.loads((at / "card.json").read_text()) for at in (copy, voice))
    assert [name for name in card["graphs"] if card["graphs"][name] != before["graphs"][name]] == ["vocoder"]
    assert card["vocoder"]["reach"] > before["vocoder"]["reach"]
    (codes, near), (same, plain) = (VoiceRunner(at).make("Hiss", [0], Recipe()) for at in (copy, voice))
    assert np.array_equal(codes, same)
    mel = VoiceRunner(voice).decode(codes)
    from_mel = [np.abs(VoiceRunner(voice).mel(audio)[..., 2:-2] - mel[..., 2:-2]).mean() for audio in (near, plain)]
    assert from_mel[0] < 0.7 * from_mel[1]
    assert np.abs(near).max() < 0.99
    assert main(["project", "--voice", str(copy), "--out", str(tmp_path / "tolerant"), "--tolerance", "0.4"]) == 0
    tolerant = VoiceRunner(tmp_path / "tolerant")
    assert tolerant.card["training"]["vocoder"]["config"]["tolerance"] == 0.4
    assert np.abs(tolerant.make("Hiss", [0], Recipe())[1] - near).max() > 5e-4  # more than rounding: the clip is quiet
    assert main(["project", "--voice", str(copy), "--out", str(tmp_path / "back"), "--rounds", "0"]) == 0
    back = VoiceRunner(tmp_path / "back")
    assert "projections" not in back.card["training"]["vocoder"]["config"]
    # The base's vocoder has convolutions along time, what is exported today images of height 1.
    assert np.abs(back.make("Hiss", [0], Recipe())[1] - plain).max() < 1e-5
    assert main(["project", "--voice", str(voice), "--out", str(copy)]) == 1


def test_a_finished_voice_is_given_another_vocoder(stacked: Path, folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    voice, copy = stacked / "voice", tmp_path / "copy"
    assert main(["project", "--voice", str(voice), "--out", str(tmp_path / "own"), "--rounds", "1", "--tolerance", "0.2"]) == 0
    assert main(["stages", "--voice", str(tmp_path / "own"), "--out", str(tmp_path / "parts")]) == 0
    given = ["vocoder", "--preset", "tiny", "--corpus", str(folder_corpus), "--threads", "1", "--fp32", "--steps", "3", "--set", "vocoder.run.eval_every=3"]
    assert main([*given, "--only", "attacks", "--from", str(tmp_path / "parts" / "vocoder"), "--out", str(tmp_path / "attacks")]) == 0
    assert main(["project", "--voice", str(tmp_path / "own"), "--vocoder", str(tmp_path / "attacks"), "--out", str(copy)]) == 0
    card, before = (json.loads((at / "card.json").read_text()) for at in (copy, tmp_path / "own"))
    assert {name for name in card["graphs"] if card["graphs"][name] != before["graphs"][name]} == {"vocoder", "excitation"}
    own = before["training"]["vocoder"]["config"]
    assert card["training"]["vocoder"]["config"] == {**own, "attacks": True}
    assert (own["projections"], own["tolerance"]) == (1, 0.2)
    assert card["training"]["vocoder"]["begunFrom"]["steps"] == before["training"]["vocoder"]["steps"]
    assert np.array_equal(VoiceRunner(copy).make("Hiss", [0], Recipe())[0], VoiceRunner(voice).make("Hiss", [0], Recipe())[0])
    plain = ["--set", "vocoder.config.noise=false", "--set", "vocoder.config.gate=false"]
    assert main([*given, *plain, "--out", str(tmp_path / "plain")]) == 0
    assert main(["project", "--voice", str(voice), "--vocoder", str(tmp_path / "plain"), "--out", str(tmp_path / "no")]) == 1
    assert "has noise False: expected True, as the voice's has" in capsys.readouterr().err


def test_all_stages_of_a_base_can_be_fine_tuned_codes_stay_valid_and_class_names_match_case_insensitively(scratch: Path, creaks: Path, tmp_path: Path):
    assert main(order(tmp_path, creaks, base=scratch / "voice", steps=2, more=("--stages", "prior,codec,vocoder", "--only", "beep"))) == 0
    card, before = card_of(tmp_path), card_of(scratch)
    assert [c["name"] for c in card["classes"]] == ["Beep", "Hiss"]
    assert card["retrained"]["kept"] == ["Hiss"]
    assert card["retrained"]["stages"] == ["codec", "vocoder", "prior"]
    assert card["graphs"]["encoder"]["sha256"] == before["graphs"]["encoder"]["sha256"]
    assert card["graphs"]["decoder"]["sha256"] != before["graphs"]["decoder"]["sha256"]


def test_a_prior_with_added_classes_keeps_the_logits_of_old_classes(scratch: Path):
    prior = load_voice(scratch / "voice").prior
    more, c = of_classes(prior, [0, 1, 1, 0]), prior.config
    codes = torch.randint(0, c.codes, (1, c.rows, c.cols))
    torch.testing.assert_close(more(codes, torch.eye(4)[1:2]), prior(codes, torch.eye(2)[1:2]), rtol=0, atol=0)
    torch.testing.assert_close(more(codes, torch.eye(4)[3:]), prior(codes, torch.eye(2)[:1]), rtol=0, atol=0)


def test_clips_of_the_base_are_drawn_once(scratch: Path, tmp_path: Path):
    first = sample_kept(scratch / "voice", ["Hiss", "Beep"], 1, 7, tmp_path / "kept.npz")
    again = sample_kept(tmp_path / "none", ["Hiss", "Beep"], 1, 7, tmp_path / "kept.npz")
    assert first.labels.tolist() == again.labels.tolist() == [1, 0]
    assert np.array_equal(first.grids, again.grids)


def test_a_codec_that_never_started_quantizing_is_an_error(folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([*order(tmp_path, folder_corpus, steps=1)]) == 1
    assert "more steps" in said(capsys.readouterr().out)[-1]["message"]


def test_several_data_sets_become_one(folder_corpus: Path, creaks: Path):
    corpus = joined([str(folder_corpus), str(creaks)], ["Creak", "Hiss"])
    assert corpus.classes == ["Hiss", "Creak"]
    assert len({clip.id for clip in corpus.clips}) == len(corpus.clips) == 16


@pytest.mark.parametrize(
    ("more", "kind"),
    [(("--only", "Nothing"), "CorpusError"), (("--stages", "prior"), "PresetError"), (("--stages", "ear"), "PresetError"), (("--base", "nowhere"), "VoiceError")],
)
def test_orders_that_can_not_be_are_refused_at_once(creaks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], kind: str):
    assert main(order(tmp_path, creaks, more=more)) == 1
    assert said(capsys.readouterr().out)[-1]["kind"] == kind


def start(args: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "foley_trainer.cli", *args, "--supervised"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_killed_and_a_stopped_job_resume_to_the_same_voice(scratch: Path, folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    args = order(tmp_path, folder_corpus)
    first = start(args)
    assert first.stdout
    for line in first.stdout:
        if json.loads(line)["event"] == "stage" and '"vocoder"' in line:
            break
    first.kill()
    first.wait()
    second = start(args)
    assert second.stdin
    assert second.stdout
    for line in second.stdout:
        if json.loads(line)["event"] == "stage" and '"prior"' in line:
            break
    second.stdin.close()  # as if the server were gone
    rest = said(second.stdout.read())
    assert second.wait() == 0
    assert rest[-1]["event"] == "stopped" or rest[-1]["event"] == "exported"
    capsys.readouterr()
    assert main(args) == 0
    assert said(capsys.readouterr().out)[-1]["event"] == "exported"
    assert card_of(tmp_path)["hash"] == card_of(scratch)["hash"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_two_trainings_cannot_share_a_folder(folder_corpus: Path, tmp_path: Path):
    with locked(tmp_path):
        second = start(order(tmp_path, folder_corpus, steps=1))
        assert second.stdout
        assert json.loads(second.stdout.readline())["event"] == "waiting"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]
        second.send_signal(signal.SIGTERM)
        assert second.wait(120) == 0
