import csv
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.cli import main
from foley_trainer.data import audio_io
from foley_trainer.data.corpus import CorpusError, open_corpus
from foley_trainer.data.cut_points import FRAME
from foley_trainer.data.segment import TooLong, as_int16, levels_in, pieces, segment

RATE = 22050


def hits(seconds: float, every: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """Decaying bursts in silence."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * rate), np.float32)
    for start in np.arange(0.3, seconds - 0.4, every):
        at, length = int(start * rate), int(0.3 * rate)
        out[at : at + length] = 0.4 * rng.standard_normal(length).clip(-2, 2) * np.exp(-4 * np.arange(length) / length)
    return out


def wash(seconds: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, int(seconds * rate)).astype(np.float32)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    for label in ("Hit", "Wash"):
        (root / label / "deep").mkdir(parents=True)
    soundfile.write(root / "Hit" / "a_1.wav", hits(40, 2.5, 1), RATE)
    soundfile.write(root / "Hit" / "b.mp3", hits(12, 1.7, 2, 44100), 44100)
    soundfile.write(root / "Hit" / "deep" / "c.ogg", hits(9, 2.0, 3), RATE)
    soundfile.write(root / "Wash" / "long.flac", np.stack([wash(31, 4, 48000)] * 2, 1), 48000)
    soundfile.write(root / "Wash" / "short.aiff", wash(2.5, 5), RATE)
    return root


def rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_recordings_of_every_format_become_a_corpus(recordings: Path, tmp_path: Path):
    done = segment(recordings, tmp_path / "out", licence="CC0-1.0", author="me")
    corpus = open_corpus(tmp_path / "out")
    assert corpus.classes == ["Hit", "Wash"]
    assert len(corpus.clips) == done["clips"] == sum(done["classes"].values())
    assert {c.original for c in corpus.clips} == {"Hit/a_1.wav", "Hit/b.mp3", "Hit/deep/c.ogg", "Wash/long.flac", "Wash/short.aiff"}
    assert {(c.licence, c.author, c.kind) for c in corpus.clips} == {("CC0-1.0", "me", "cut")}
    for clip in corpus.clips:
        info = soundfile.info(clip.path)
        assert (info.samplerate, info.subtype, info.channels, info.format) == (RATE, "PCM_16", 1, "FLAC")
        assert 0 < info.frames <= 4 * RATE
        assert clip.group == clip.original


def test_clips_of_one_recording_share_a_split(tmp_path: Path):
    (tmp_path / "in" / "Hit").mkdir(parents=True)
    for i in range(30):
        soundfile.write(tmp_path / "in" / "Hit" / f"take_{i}.wav", hits(5, 2.0, i), RATE)
    segment(tmp_path / "in", tmp_path / "out")
    sides: dict[str, set[str]] = {}
    for row in rows(tmp_path / "out"):
        sides.setdefault(row["original_path"], set()).add(row["split"])
    assert len(sides) == 30
    assert all(len(s) == 1 for s in sides.values())
    assert set.union(*sides.values()) == {"train", "eval"}


def test_the_same_input_gives_the_same_bytes(recordings: Path, tmp_path: Path):
    for name in ("one", "two"):
        segment(recordings, tmp_path / name)
    files = {p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()}
    assert len(files) > 20
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)


def test_silence_goes_and_levels_stay(recordings: Path, tmp_path: Path):
    segment(recordings, tmp_path / "out")
    source, _ = soundfile.read(recordings / "Hit" / "a_1.wav", dtype="int16")
    mine = [r for r in rows(tmp_path / "out") if r["original_path"] == "Hit/a_1.wav"]
    assert len(mine) == 16
    for row in mine:
        clip, _ = soundfile.read(tmp_path / "out" / row["file"], dtype="int16")
        start = round(float(row["start"]) * RATE)
        assert np.array_equal(clip[200:-200], source[start + 200 : start + clip.size - 200])
        assert float(row["duration"]) < 0.7
    wash_rows = [r for r in rows(tmp_path / "out") if r["original_path"] == "Wash/long.flac"]
    assert sum(float(r["duration"]) for r in wash_rows) == pytest.approx(31, abs=0.02)


def test_no_cut_clicks(recordings: Path, tmp_path: Path):
    segment(recordings, tmp_path / "out")
    for row in rows(tmp_path / "out"):
        clip, _ = soundfile.read(tmp_path / "out" / row["file"])
        assert abs(clip[0]) < 1e-3
        assert abs(clip[-1]) < 2e-3
        assert np.abs(clip[:20]).max() < 0.05


def test_what_would_clip_is_scaled_down_and_nothing_is_scaled_up():
    quiet = np.array([0.001, -0.002], np.float32)
    assert as_int16(quiet).tolist() == [33, -66]
    assert as_int16(np.array([-1.0, 32767 / 32768, 0.5])).tolist() == [-32768, 32767, 16384]
    assert as_int16(np.array([2.0, -1.0, 0.5])).tolist() == [32767, -16384, 8192]
    assert as_int16(np.zeros(0)).size == 0


def test_a_long_recording_is_never_in_memory_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(wash(4), 45), RATE)
    monkeypatch.setattr(audio_io, "BLOCK", 1 << 14)
    tracemalloc.start()
    levels = levels_in(path)
    longest = max(piece.size for piece in pieces(path, [(s, s + 4 * RATE) for s in range(RATE, 170 * RATE, 7 * RATE)]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert levels.size == -(-180 * RATE // FRAME)
    assert longest == 4 * RATE
    assert peak < 3_000_000, "three minutes are 16 MB"


def test_pieces_are_the_samples_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    samples = np.arange(30_000) % 30_011 / 32768
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    for block in (100, 999, 1 << 19):
        monkeypatch.setattr(audio_io, "BLOCK", block)
        spans = [(0, 50), (50, 4000), (10_000, 10_001), (29_000, 30_000)]
        for (start, stop), piece in zip(spans, pieces(tmp_path / "a.wav", spans), strict=True):
            assert np.array_equal(piece, samples[start:stop].astype(np.float32))


def test_one_class_from_a_folder_or_a_file(recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["segment", str(recordings), str(tmp_path / "out"), "--class", "Thing", "--seconds", "2"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in said] == ["original"] * 5 + ["segmented"]
    assert open_corpus(tmp_path / "out").classes == ["Thing"]
    assert max(float(r["duration"]) for r in rows(tmp_path / "out")) <= 2
    assert main(["segment", str(recordings / "Wash" / "short.aiff"), str(tmp_path / "single"), "--class", "Wash"]) == 0
    (row,) = rows(tmp_path / "single")
    assert (row["class"], row["group"], row["split"]) == ("Wash", "Wash/short.aiff", "train")


def test_all_unreadable_recordings_are_named_and_nothing_is_left(recordings: Path, tmp_path: Path):
    (recordings / "Hit" / "text.wav").write_text("no sound")
    soundfile.write(recordings / "Wash" / "nan.wav", np.array([0.0, np.nan]), RATE, subtype="FLOAT")
    with pytest.raises(CorpusError, match=r"(?s)text\.wav: not a readable audio.*nan\.wav: not finite"):
        segment(recordings, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]


def test_invalid_arguments_are_refused_before_anything_is_written(recordings: Path, tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("dear")
    for out, options, reason in [
        ("full", {}, "already exists"),
        ("in/out", {}, "is inside"),
        ("out", {"seconds": 0.1}, "0.5 to 60"),
        ("out", {"label": "../up"}, "not a valid class name"),
    ]:
        with pytest.raises(CorpusError, match=reason):
            segment(recordings, tmp_path / out, **options)
    with pytest.raises(CorpusError, match="does not exist"):
        segment(tmp_path / "none", tmp_path / "out")
    with pytest.raises(CorpusError, match="name its class with --class"):
        segment(recordings / "Hit" / "a_1.wav", tmp_path / "out")
    (recordings / "Empty").mkdir()
    with pytest.raises(CorpusError, match="Empty contains no audio"):
        segment(recordings, tmp_path / "out")
    (recordings / "Empty").rmdir()
    soundfile.write(recordings / "loose.wav", wash(1), RATE)
    with pytest.raises(CorpusError, match=r"loose\.wav, \.\.\.\): sort them into folders"):
        segment(recordings, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["full", "in"]
    assert (tmp_path / "full" / "mine.txt").read_text() == "dear"


def test_a_class_of_silence_is_an_error(tmp_path: Path):
    (tmp_path / "in" / "Quiet").mkdir(parents=True)
    soundfile.write(tmp_path / "in" / "Quiet" / "a.wav", np.zeros(RATE * 3), RATE)
    with pytest.raises(CorpusError, match="class Quiet contains only silence"):
        segment(tmp_path / "in", tmp_path / "out")


def test_an_empty_folder_may_be_the_target(recordings: Path, tmp_path: Path):
    (tmp_path / "out").mkdir()
    segment(recordings, tmp_path / "out")
    assert rows(tmp_path / "out")


def test_names_with_control_characters_are_refused(recordings: Path, tmp_path: Path):
    (recordings / "Hit" / "a_1.wav").rename(recordings / "Hit" / "a\x1b[2J.wav")
    with pytest.raises(CorpusError, match=r"Hit/a.x1b\[2J.wav' has control characters"):
        segment(recordings, tmp_path / "out")


def test_recordings_that_are_longer_than_allowed_are_refused_before_anything_is_cut(tmp_path: Path):
    folder = tmp_path / "in" / "Boom"
    folder.mkdir(parents=True)
    steps = np.repeat(np.array([9000, -9000], np.int16), 1 << 15)
    for name in ("a", "b"):  # 66 seconds at 2000 Hz in a few hundred bytes
        soundfile.write(folder / f"{name}.flac", np.concatenate([steps, steps]), 2000, subtype="PCM_16")
    assert (folder / "a.flac").stat().st_size < 10_000
    with pytest.raises(CorpusError, match=r"longer than 0\.02 hours .*b\.flac.* --hours"):
        segment(tmp_path / "in", tmp_path / "out", hours=0.02)
    assert not (tmp_path / "out").exists()
    assert segment(tmp_path / "in", tmp_path / "out", hours=0.05)["originals"] == 2


def test_a_file_that_says_it_is_shorter_than_it_is_ends_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    soundfile.write(tmp_path / "a.flac", np.zeros(4 * 2000, np.int16), 2000, subtype="PCM_16")
    monkeypatch.setattr("foley_trainer.data.segment.MOST_SAID", 0.0)  # as if it did not say
    with pytest.raises(TooLong, match="more than"):
        levels_in(tmp_path / "a.flac", most=3.0)


def test_a_head_that_claims_hours_which_the_file_cannot_hold_is_damage_and_not_length(tmp_path: Path):
    file = tmp_path / "in" / "Click" / "long.flac"
    file.parent.mkdir(parents=True)
    soundfile.write(file, hits(3, 0.5), RATE)
    data = bytearray(file.read_bytes())
    assert data[:4] == b"fLaC"
    # The number of samples: the last 36 bits before the MD5 in STREAMINFO (RFC 9639, 8.2).
    data[21:26] = bytes([data[21] & 0xF0 | 0x0, 0x40, 0, 0, 0])
    file.write_bytes(data)
    with soundfile.SoundFile(file) as damaged:
        assert damaged.frames / damaged.samplerate > 3 * 3600
    with pytest.raises(CorpusError, match=r"long\.flac: damaged"):
        segment(tmp_path / "in", tmp_path / "out", hours=1)
