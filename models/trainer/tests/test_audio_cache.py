import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.data.audio_cache import Sounds, read_sounds
from foley_trainer.data.augment import Augmenter, Variation
from foley_trainer.data.corpus import Clip, Corpus, CorpusError, open_corpus

RATE = 22050
SAMPLES = 4 * RATE


def clips_of(root: Path, sounds: dict[str, np.ndarray]) -> list[Clip]:
    clips = []
    for name, audio in sounds.items():
        soundfile.write(root / f"{name}.wav", audio, RATE, subtype="FLOAT")
        clips.append(Clip(name, root / f"{name}.wav", "Bark", "train", name))
    return clips


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "foleyd"


def test_audio_is_the_same_in_memory_and_in_the_cache_file(folder_corpus: Path, cache: Path):
    clips = open_corpus(folder_corpus).clips
    memory, disk = Sounds(clips, RATE), Sounds(clips, RATE, budget=200_000)
    assert (memory.buffer.on_disk, disk.buffer.on_disk) == (False, True)
    for i in range(len(clips)):
        assert memory.size(i) == disk.size(i)
        assert np.array_equal(memory.get(i), disk.get(i))
        assert np.array_equal(memory.get(i)[1000:1500], disk.get(i, 1000, 500))
        assert disk.get(i, disk.size(i) - 3, 10).size == 3
    assert not list(cache.iterdir()), "the cache file has a name: a killed run would leave it behind"


def test_reading_beyond_the_budget_needs_no_memory_for_it(tmp_path: Path, cache: Path):
    clips = clips_of(tmp_path, {f"c{i}": np.full(RATE * 20, 0.1, np.float32) for i in range(6)})
    tracemalloc.start()
    sounds = Sounds(clips, RATE, budget=100_000)
    sounds.get(0, 0, SAMPLES)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 500_000
    assert peak < 8_000_000


def test_a_part_of_the_sounds_shares_the_audio(folder_corpus: Path):
    clips = open_corpus(folder_corpus).clips
    every = Sounds(clips, RATE)
    part = every.of([clips[5], clips[2]])
    assert part.buffer is every.buffer
    assert np.array_equal(part.get(0), every.get(5))
    assert np.array_equal(part.get(1), every.get(2))


def test_all_unreadable_files_are_named_at_once(tmp_path: Path):
    clips = clips_of(tmp_path, {"good": np.zeros(100), "nan": np.array([0.0, np.nan]), "empty": np.zeros(0), "late": np.zeros(10), "text": np.zeros(10)})
    (tmp_path / "text.wav").write_text("not a sound")
    (tmp_path / "late.wav").unlink()
    with pytest.raises(CorpusError) as caught:
        read_sounds(Corpus(["Bark"], clips[:2], clips[2:]), RATE)
    said = str(caught.value).splitlines()
    assert said[0] == "4 problems:"
    assert [line.split(": ")[0].rsplit("/")[-1] for line in said[1:]] == ["nan.wav", "empty.wav", "late.wav", "text.wav"]


def test_one_shots_held_out_are_not_read(tmp_path: Path):
    clips = clips_of(tmp_path, {"a": np.zeros(100), "b": np.zeros(100)})
    held_out = Clip("x", tmp_path / "gone.wav", "Bark", "eval", "x")
    assert len(read_sounds(Corpus(["Bark"], clips, [held_out]), RATE)) == 2


def test_a_full_disk_is_a_one_line_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("foley_trainer.data.audio_cache.tempfile.TemporaryFile", full)
    with pytest.raises(CorpusError, match="No space left on device"):
        Sounds(clips_of(tmp_path, {"a": np.zeros(100)}), RATE, budget=10)


def test_windows_cover_the_whole_of_a_long_recording(tmp_path: Path):
    ramp = np.linspace(0.1, 0.9, 60 * RATE, dtype=np.float32)
    augmenter = Augmenter(Sounds(clips_of(tmp_path, {"long": ramp}), RATE), None, ["Bark"], SAMPLES, 0.0, variation=Variation(level=0))
    starts = []
    for seed in range(60):
        window, _ = augmenter.draw(np.random.default_rng(seed))
        assert window.size == SAMPLES
        assert np.diff(window).min() > -1e-4, "a window has no seam"
        starts.append(window[0])
    assert min(starts) < 0.2
    assert max(starts) > 0.75


def test_a_window_of_silence_is_drawn_again(tmp_path: Path):
    audio = np.zeros(60 * RATE, np.float32)
    audio[20 * RATE : 40 * RATE] = 0.5
    augmenter = Augmenter(Sounds(clips_of(tmp_path, {"long": audio}), RATE), None, ["Bark"], SAMPLES, 0.0)
    silent = sum(np.abs(augmenter.draw(np.random.default_rng(seed))[0]).max() == 0 for seed in range(40))
    assert silent <= 3, "over half of the windows of this recording are silent"


CROSSFADE = 256  # samples in which the end of a rotated clip goes over into its beginning


def test_a_four_second_clip_is_drawn_unchanged(tmp_path: Path):
    """Runs in progress resume exactly only as long as this very order of random numbers stays."""
    audio = np.random.default_rng(0).uniform(-0.5, 0.5, SAMPLES).astype(np.float32)
    short = audio[: 2 * RATE]
    sounds = Sounds(clips_of(tmp_path, {"full": audio, "short": short}), RATE)
    augmenter = Augmenter(sounds, None, ["Bark"], SAMPLES, 0.5)
    for seed in range(12):
        drawn, _ = augmenter.draw(np.random.default_rng(seed))
        rng = np.random.default_rng(seed)
        rng.integers(1)
        which = int(rng.choice([0, 1]))
        if which == 0:
            late = max(0, int(rng.integers(-RATE // 3, RATE)))
            whole, seam = sounds.get(0), SAMPLES - late
            expected = np.roll(whole, -late)
            if late:
                # From the crossfade on it is earlier by that, and goes on beyond where it began.
                expected[seam : SAMPLES - CROSSFADE] = expected[seam + CROSSFADE :]
                expected[SAMPLES - CROSSFADE :] = whole[late : late + CROSSFADE]
        else:
            start = int(rng.integers(0, SAMPLES - short.size))
            expected = np.concatenate([np.zeros(start), sounds.get(1), np.zeros(SAMPLES - short.size - start)])
        peak = np.abs(expected).max()
        expected = expected * min(10 ** (rng.uniform(-6.0, 0.6) / 20), 0.99 / peak)
        far = np.ones(SAMPLES, bool)
        if which == 0:
            far[np.arange(seam - CROSSFADE, seam + 1) % SAMPLES] = False
        assert np.allclose(drawn[far], expected[far], atol=1e-4)


def test_every_clip_begins_when_it_is_asked_to(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    late = np.zeros(SAMPLES // 3, np.float32)
    late[SAMPLES // 4 :] = rng.standard_normal(late.size - SAMPLES // 4) * 0.1
    whole = np.concatenate([np.full(SAMPLES // 2, 1e-4), rng.standard_normal(SAMPLES - SAMPLES // 2) * 0.1]).astype(np.float32)
    sounds = Sounds(clips_of(tmp_path, {"late": late, "whole": whole}), RATE)
    begins = {}
    for onset in (None, 0.1):
        augmenter = Augmenter(sounds, None, ["Bark"], SAMPLES, 0.0, onset)
        clips = [augmenter.draw(np.random.default_rng(n))[0] for n in range(40)]
        assert all(clip.shape == (SAMPLES,) for clip in clips)
        begins[onset] = [np.flatnonzero(np.abs(clip) > 0.05 * np.abs(clip).max())[0] / RATE for clip in clips]
    assert max(begins[0.1]) < 0.11
    assert len({round(b, 2) for b in begins[0.1]}) > 5
    assert max(begins[None]) > 0.3


def test_speed_augmentation_changes_duration_and_pitch(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(SAMPLES) / RATE).astype(np.float32) * 0.5
    augmenter = Augmenter(Sounds(clips_of(tmp_path, {"tone": tone}), RATE), None, ["Bark"], SAMPLES, 0.0, variation=Variation(speed=0.1))
    pitches = []
    for seed in range(20):
        audio, _ = augmenter.draw(np.random.default_rng(seed))
        assert audio.shape == (SAMPLES,)
        part = audio[RATE : 3 * RATE]
        pitches.append(int(np.abs(np.fft.rfft(part * np.hanning(part.size))).argmax()) / 2)
    assert 1000 / 1.11 < min(pitches) < 950
    assert 1050 < max(pitches) < 1000 * 1.11
