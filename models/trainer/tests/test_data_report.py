import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from foley_trainer.cli import main
from foley_trainer.data import dcase
from foley_trainer.data.report import data_report, readable

RATE = 22050


def noise(seed: int, seconds: float = 4.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, int(seconds * RATE))


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """One class in order, one with everything that can be wrong with a file."""
    good, bad = tmp_path / "Rain", tmp_path / "Thud"
    good.mkdir()
    bad.mkdir()
    for i in range(4):
        soundfile.write(good / f"r{i}.wav", noise(i), RATE)
    soundfile.write(bad / "short.wav", noise(10, 1.5), RATE)
    soundfile.write(bad / "long.flac", np.repeat(noise(11, 9.0)[:, None], 2, axis=1), 44100, subtype="PCM_24")
    soundfile.write(bad / "silent.wav", 0.0005 * noise(12), RATE)
    soundfile.write(bad / "clipped.wav", np.clip(8 * np.sin(np.arange(4 * RATE) / 20), -1, 1), RATE)
    soundfile.write(bad / "nan.wav", np.array([0.1, np.nan]), RATE, subtype="FLOAT")
    soundfile.write(bad / "empty.wav", np.zeros(0), RATE)
    (bad / "text.wav").write_text("no sound")
    return tmp_path


def classes(report: dict[str, Any]) -> dict[str, Any]:
    return {c["class"]: c for c in report["classes"]}


def test_a_corpus_in_order_is_counted_and_measured(messy: Path):
    rain = classes(data_report(messy))["Rain"]
    assert (rain["clips"], rain["originals"], rain["shorter"], rain["longer"], rain["unreadable"]) == (4, 4, 0, 0, 0)
    assert rain["minutes"] == pytest.approx(16 / 60, abs=0.01)
    assert (rain["rates"], rain["depths"], rain["channels"]) == ({"22050": 4}, {"16 bit": 4}, {"1": 4})
    assert rain["peak_db"][2] == pytest.approx(-6.0, abs=0.1)
    assert rain["rms_db"][1] == pytest.approx(-10.8, abs=0.1)
    assert rain["silent"] == rain["clipped"] == []


def test_everything_wrong_is_named_and_nothing_crashes(messy: Path):
    report = data_report(messy)
    thud = classes(report)["Thud"]
    assert (thud["clips"], thud["shorter"], thud["longer"], thud["unreadable"]) == (7, 1, 1, 3)
    assert thud["rates"] == {"22050": 3, "44100": 1}
    assert thud["channels"] == {"1": 3, "2": 1}
    assert thud["silent"] == ["Thud/silent.wav"]
    assert thud["clipped"] == ["Thud/clipped.wav"]
    assert {u["file"]: u["reason"].split(" (")[0] for u in report["unreadable"]} == {
        "Thud/nan.wav": "not finite",
        "Thud/empty.wav": "empty",
        "Thud/text.wav": "not a readable audio file",
    }
    assert not report["usable"]
    assert report["table_1"] is None
    said = readable(report)
    assert "Thud/text.wav: not a readable audio file" in said
    assert "cannot be used for training" in said


def test_a_loud_bass_is_not_clipped(tmp_path: Path):
    (tmp_path / "Hum").mkdir()
    soundfile.write(tmp_path / "Hum" / "a.wav", 0.999 * np.sin(2 * np.pi * 60 * np.arange(4 * RATE) / RATE), RATE)
    assert classes(data_report(tmp_path))["Hum"]["clipped"] == []


def test_duplicates_between_train_and_eval_come_first_and_cuts_of_one_original_are_none(tmp_path: Path):
    head = "id,class,file,split,group,licence,author,source"
    rows = []
    for i, (seed, split, group) in enumerate([(1, "train", "a"), (2, "train", "b"), (1, "train", "c"), (3, "train", "d"), (3, "eval", "e"), (2, "train", "b")]):
        gain = 0.3 if i == 4 else 1.0
        soundfile.write(tmp_path / f"{i}.wav", gain * noise(seed), RATE)
        rows.append(f"{i},Rain,{i}.wav,{split},{group},CC0,me,x")
    (tmp_path / "manifest.csv").write_text("\n".join([head, *rows]) + "\n")
    report = data_report(tmp_path)
    assert [(d["files"], d["across"]) for d in report["duplicates"]] == [(["3.wav", "4.wav"], True), (["0.wav", "2.wav"], False)]
    assert report["usable"]
    assert report["straddling"] == []
    assert "train and eval!  3.wav  4.wav" in readable(report)


def test_an_original_in_both_splits_is_named(tmp_path: Path):
    rows = ["id,class,file,split,group,licence,author,source"]
    for i, split in enumerate(["train", "eval", "train"]):
        soundfile.write(tmp_path / f"{i}.wav", noise(i), RATE)
        rows.append(f"{i},Rain,{i}.wav,{split},storm{i // 2},CC0,me,x")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    report = data_report(tmp_path)
    assert report["straddling"] == ["storm0"]
    assert "Originals on both sides of the split: 1\n  storm0" in readable(report)


def test_the_dcase_set_is_compared_with_table_1(tmp_path: Path):
    for label in dcase.CLASSES:
        (tmp_path / label).mkdir()
        soundfile.write(tmp_path / label / "001.wav", noise(1, 0.2), RATE)
    report = data_report(tmp_path)
    assert report["table_1"]["Keyboard"] == {"paper": 800, "found": 1}
    assert "Keyboard: 1 clips, the paper has 800 (799 missing)" in readable(report)


def test_the_command_prints_json_and_a_readable_report(messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (messy / "Void").mkdir()
    assert main(["data", "--corpus", str(messy), "--json", str(tmp_path / "report.json")]) == 0
    said = capsys.readouterr()
    (line,) = (json.loads(line) for line in said.out.splitlines())
    assert line["event"] == "data"
    assert json.loads((tmp_path / "report.json").read_text()) == {k: v for k, v in line.items() if k != "event"}
    assert line["problems"] == [f"class folder {messy / 'Void'} contains no audio (.aif .aiff .flac .mp3 .ogg .wav)"]
    assert "class  clips" in said.err
    assert "Void contains no audio" in said.err


def test_training_on_a_messy_corpus_names_all_files_before_it_starts(messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["codec", "--corpus", str(messy), "--out", str(tmp_path / "out"), "--preset", "tiny"]) == 1
    error = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert error["kind"] == "CorpusError"
    assert all(name in error["message"] for name in ("nan.wav", "empty.wav", "text.wav"))
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif("FOLEYD_CORPUS" not in os.environ, reason="FOLEYD_CORPUS names no open corpus")
def test_the_open_corpus_is_in_order():
    report = data_report(os.environ["FOLEYD_CORPUS"])
    assert report["usable"]
    assert report["unreadable"] == []
    assert not any(c["silent"] or c["longer"] for c in report["classes"])
    assert len(report["duplicates"]) < 30
