from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.data import Augmenter, CorpusError, Sounds, fit, open_corpus, read_audio


def test_folders_are_classes_and_every_format_reads(folder_corpus: Path):
    corpus = open_corpus(folder_corpus)
    assert corpus.classes == ["Beep", "Hiss"]
    assert len(corpus.clips) == 24
    for clip in corpus.clips:
        audio = read_audio(clip.path, 22050)
        seconds = 1.0 + 0.2 * int(clip.path.stem.removeprefix("take"))
        assert abs(audio.size / 22050 - seconds) < 0.01
        assert audio.dtype == np.float32


def test_resampling_keeps_the_pitch(tmp_path: Path):
    t = np.arange(96000) / 96000
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 1000 * t), 96000, subtype="PCM_24")
    audio = read_audio(tmp_path / "a.wav", 22050)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(audio.size)))
    assert abs(np.fft.rfftfreq(audio.size, 1 / 22050)[spectrum.argmax()] - 1000) < 2


def test_cuts_of_one_original_never_straddle_the_split(tmp_path: Path):
    (tmp_path / "Bark").mkdir()
    for original in range(40):
        for cut in range(3):
            soundfile.write(tmp_path / "Bark" / f"o{original}_{cut}.wav", np.ones(100) * 0.1, 22050)
    corpus = open_corpus(tmp_path)
    splits = {}
    for clip in corpus.clips:
        splits.setdefault(clip.group, set()).add(clip.split)
    assert all(len(s) == 1 for s in splits.values())
    assert {s for group in splits.values() for s in group} == {"train", "eval"}


def test_bad_corpora_say_what_is_wrong(tmp_path: Path):
    with pytest.raises(CorpusError, match="not a folder"):
        open_corpus(tmp_path / "none")
    with pytest.raises(CorpusError, match="no audio"):
        open_corpus(tmp_path)
    (tmp_path / "broken.wav").write_bytes(b"RIFF nonsense")
    with pytest.raises(CorpusError, match=r"broken\.wav"):
        read_audio(tmp_path / "broken.wav", 22050)
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan, 0.0]), 22050, subtype="FLOAT")
    with pytest.raises(CorpusError, match="not finite"):
        read_audio(tmp_path / "nan.wav", 22050)


def test_a_manifest_may_not_leave_its_folder(tmp_path: Path):
    (tmp_path / "manifest.csv").write_text("id,class,source,licence,author,split,group,file\n1,Bark,x,CC0-1.0,me,train,g,../../secret.wav\n")
    with pytest.raises(CorpusError, match="outside the corpus"):
        open_corpus(tmp_path)


def test_fit_cuts_pads_and_moves():
    x = np.arange(1, 5, dtype=np.float32)
    assert fit(x, 6).tolist() == [1, 2, 3, 4, 0, 0]
    assert fit(x, 3, 1).tolist() == [0, 1, 2]
    assert fit(x, 3, -2).tolist() == [3, 4, 0]


def test_augmentation_is_a_function_of_its_generator(folder_corpus: Path):
    corpus = open_corpus(folder_corpus)
    augmenter = Augmenter(Sounds(corpus.of("train"), 22050), None, corpus.classes, 88200, 0.5)
    draws = [augmenter.draw(np.random.default_rng(s)) for s in (7, 7, 8)]
    assert np.array_equal(draws[0][0], draws[1][0])
    assert not np.array_equal(draws[0][0], draws[2][0])
    labels = [augmenter.draw(np.random.default_rng(s))[1] for s in range(60)]
    assert 15 < sum(labels) < 45
    assert all(np.abs(a).max() <= 1 for a, _ in draws)


def test_a_clip_of_a_class_can_begin_where_its_recording_does(folder_corpus: Path):
    corpus = open_corpus(folder_corpus)
    sounds, longer = Sounds(corpus.of("train"), 22050), 4 * 88200
    augmenter = Augmenter(sounds, None, corpus.classes, longer, 0.5)
    starts = [fit(sounds.get(i), longer) for i in augmenter.by_class[1]]
    for seed in range(5):
        audio, label = augmenter.draw(np.random.default_rng(seed), corpus.classes[1], shift=False)
        assert label == 1
        # As it was, but for its gain.
        assert any(np.allclose(audio / np.abs(audio).max(), one / np.abs(one).max(), atol=1e-5) for one in starts)
    moved = [augmenter.draw(np.random.default_rng(seed), corpus.classes[1])[0] for seed in range(5)]
    assert not any(np.allclose(audio / np.abs(audio).max(), one / np.abs(one).max(), atol=1e-5) for audio in moved for one in starts)
