"""Recordings become a data set, and what is in train is not in eval."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.cli import main
from foley_trainer.data.corpus import open_corpus, split_by_original


def noise(seed: int, seconds: float = 1.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    steps = np.repeat(rng.uniform(0.05, 0.6, 30), int(22050 * seconds / 30))
    return (rng.standard_normal(steps.size) * steps * 0.3).clip(-1, 1)


def test_recordings_are_cut_checked_and_kept_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = tmp_path / "in" / "Creak"
    source.mkdir(parents=True)
    names = [f"take{i}.wav" for i in range(24)]
    splits = split_by_original({f"Creak/{name}" for name in names})
    assert "eval" in splits.values()
    for i, name in enumerate(names):
        soundfile.write(source / name, noise(i), 22050)
    # One recording lies on both sides, under another name and quieter.
    learned, examined = (next(n for n in names if splits[f"Creak/{n}"] == side) for side in ("train", "eval"))
    soundfile.write(source / examined, soundfile.read(source / learned)[0] * 0.5, 22050)
    assert main(["dataset", str(tmp_path / "in"), str(tmp_path / "out"), "--licence", "CC0-1.0", "--author", "me"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["event"] == "dataset"
    assert said["dropped"]["count"] >= 1
    corpus = open_corpus(tmp_path / "out" / "corpus")
    assert said["clips"] == len(corpus.clips)
    assert {clip.licence for clip in corpus.clips} == {"CC0-1.0"}
    assert all(clip.path.is_file() for clip in corpus.clips)
    assert not [clip for clip in corpus.clips if clip.group == f"Creak/{examined}"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["usable"]
    assert not [pair for pair in report["duplicates"] if pair["across"]]
    with open(tmp_path / "out" / "corpus" / "manifest.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == said["clips"]


def test_every_file_that_is_not_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = tmp_path / "in"
    source.mkdir()
    soundfile.write(source / "a.wav", noise(1), 22050)
    for name in (b"b.m4a", b"c.opus", b".DS_Store", b"d\xff.wav"):
        with open(bytes(source) + b"/" + name, "wb") as file:
            file.write(b"x")
    assert main(["dataset", str(source), str(tmp_path / "out"), "--class", "Creak"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    reason = "its extension is not that of WAV, FLAC, Ogg, MP3 or AIFF"
    assert said["skipped"] == {"count": 3, "files": [f"b.m4a: {reason}", f"c.opus: {reason}", "d\ufffd.wav: its name is not UTF-8; rename it"]}
    (source / "a.wav").unlink()
    assert main(["dataset", str(source), str(tmp_path / "none"), "--class", "Creak"]) == 1
    assert "b.m4a" in json.loads(capsys.readouterr().out.splitlines()[-1])["message"]


def test_broken_recordings_are_left_out_and_copies_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = tmp_path / "in"
    source.mkdir()
    for i in range(3):
        soundfile.write(source / f"take{i}.wav", noise(i), 22050)
    soundfile.write(source / "take2 again.wav", noise(2) * 0.5, 22050)
    (source / "broken.wav").write_text("no sound")
    assert main(["dataset", str(source), str(tmp_path / "out"), "--class", "Creak"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (unreadable,) = [line for line in told if line["event"] == "unreadable"]
    assert unreadable["file"] == "broken.wav"
    assert unreadable["reason"].startswith("not a readable audio")
    said = told[-1]
    assert said["skipped"] == {"count": 1, "files": [f"broken.wav: {unreadable['reason']}"]}
    assert said["originals"] == 4
    assert said["copies"] == [{"file": "take2.wav", "of": "take2 again.wav"}]


def test_broken_recordings_alone_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "broken.wav").write_text("no sound")
    assert main(["dataset", str(tmp_path), str(tmp_path.parent / "broken-out"), "--class", "Creak"]) == 1
    assert "broken.wav: not a readable audio" in json.loads(capsys.readouterr().out.splitlines()[-1])["message"]


def test_silence_alone_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    soundfile.write(tmp_path / "quiet.wav", np.zeros(22050), 22050)
    assert main(["dataset", str(tmp_path), str(tmp_path.parent / "quiet-out"), "--class", "Hush"]) == 1
    assert "Hush contains only silence" in json.loads(capsys.readouterr().out.splitlines()[-1])["message"]
