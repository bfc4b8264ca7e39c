"""From a folder of sounds to a voice folder, as a user would: every stage killed nowhere, small, on the command line."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from foley_trainer.cli import main

pytestmark = pytest.mark.slow

STAGES = ("codec", "prior", "vocoder")
# Codebooks begin, and discriminators join, within a few steps.
SHORT = [part for change in ("codec.config.warm_steps=2", "vocoder.training.adversarial_from=2") for part in ("--set", change)]


@pytest.fixture(scope="module")
def voice(folder_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for stage in STAGES:
        extra = [] if stage == "codec" else ["--codec", str(root / "codec")]
        assert main([stage, "--corpus", str(folder_corpus), "--out", str(root / stage), "--preset", "tiny", "--steps", "4", "--threads", "1", *SHORT, *extra]) == 0
    files = [part for stage in STAGES for part in (f"--{stage}", str(root / stage))]
    assert main(["export", "--corpus", str(folder_corpus), *files, "--preset", "tiny", "--id", "mine", "--name", "Mine", "--out", str(root / "mine")]) == 0
    return root / "mine"


def test_the_card_records_the_origin_of_the_voice(voice: Path):
    card = json.loads((voice / "card.json").read_text())
    assert [c["name"] for c in card["classes"]] == ["Beep", "Hiss"]
    assert card["data"]["clips"]["Beep"]["train"] + card["data"]["clips"]["Beep"]["eval"] == 12
    assert set(card["training"]) == set(STAGES)
    assert card["training"]["codec"]["steps"] > 0
    assert card["grid"] == {"rows": 20, "cols": 43, "rowAxes": ["codebook", "frequency"], "colAxes": ["time"]}
    credits = (voice / "credits.csv").read_text().splitlines()
    assert len(credits) == 1 + sum(c["train"] for c in card["data"]["clips"].values())


def test_contours_of_a_class_that_the_voice_lacks_are_refused(voice: Path, folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = [part for stage in STAGES for part in (f"--{stage}", str(voice.parent / stage))]
    order = ["export", "--corpus", str(folder_corpus), *files, "--preset", "tiny", "--id", "mine", "--name", "Mine", "--out", str(tmp_path / "voice")]
    assert main([*order, "--contours", "Beep,Hisss"]) == 1
    assert "--contours Hisss: the voice has no such class; expected some of Beep, Hiss" in capsys.readouterr().err
    assert main([*order, "--raised", '{"Hisss": 2}']) == 1
    assert "--raised Hisss: the voice draws no contours of it; expected some of Beep, Hiss" in capsys.readouterr().err
    assert main([*order, "--grain", '{"Hisss": 1}']) == 1
    assert "--grain Hisss: the voice has no such class; expected some of Beep, Hiss" in capsys.readouterr().err
    assert main([*order, "--grain", '{"Hiss": 2}']) == 1
    assert "expected numbers from 0 to 1" in capsys.readouterr().err
    assert not (tmp_path / "voice").exists()


def test_the_graphs_make_a_clip_from_a_clip(voice: Path):
    """Mel -> codes -> mel -> audio through the exported files alone."""
    names = ("encoder", "decoder", "excitation", "vocoder")
    encoder, decoder, excitation, vocoder = (onnxruntime.InferenceSession(voice / f"{name}.onnx", providers=["CPUExecutionProvider"]) for name in names)
    mel = np.random.default_rng(0).normal(-6, 2, (1, 80, 344)).astype(np.float32)
    (codes,) = encoder.run(None, {"mel": mel})
    assert codes.shape == (1, 2, 10, 43)
    assert 0 <= codes.min() <= codes.max() < 32
    (decoded,) = decoder.run(None, {"codes": codes})
    assert decoded.shape == mel.shape
    noise = np.random.default_rng(1).standard_normal((1, 344 * 256), np.float32)
    (shaped,) = excitation.run(None, {"mel": decoded, "noise": noise})
    (audio,) = vocoder.run(None, {"mel": decoded, "shaped": shaped})
    assert audio.shape == (1, 344 * 256)
    assert np.isfinite(audio).all()


def test_mistakes_are_one_line_and_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["codec", "--corpus", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--preset", "tiny"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["kind"] == "CorpusError"
    assert said.err.startswith("foley-train: ")


def test_a_stage_out_of_order_says_what_to_train_first(folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["prior", "--corpus", str(folder_corpus), "--out", str(tmp_path), "--codec", str(tmp_path), "--preset", "tiny"]
    assert main(arguments) == 1
    assert "train the codec first" in capsys.readouterr().err


def test_one_command_makes_what_is_missing_and_nothing_twice(voice: Path, folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Codec and prior are there, as after an interruption; the vocoder is not."""
    for stage in ("codec", "prior"):
        shutil.copytree(voice.parent / stage, tmp_path / stage)
    args = ["voice", "--corpus", str(folder_corpus), "--out", str(tmp_path), "--id", "mine", "--name", "Mine", "--preset", "tiny", "--minutes", "0.02", "--device", "cpu", *SHORT]
    capsys.readouterr()
    assert main(args) == 0
    starts = [e for e in map(json.loads, capsys.readouterr().out.splitlines()) if e["event"] == "start"]
    assert [(e["stage"], e["resumed"]) for e in starts] == [("codec", True), ("prior", True), ("vocoder", False)]
    assert [e["step"] for e in starts] == [4, 4, 0]
    card = json.loads((tmp_path / "voice" / "card.json").read_text())
    assert [c["name"] for c in card["classes"]] == ["Beep", "Hiss"]
    assert all(card["training"][name]["steps"] > 0 for name in STAGES)
