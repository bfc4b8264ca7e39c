import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.data import dcase
from foley_trainer.data.corpus import Corpus, CorpusError, open_corpus, split_by_original

HEAD = "id,class,file,split,group,licence,author,source"


def sound(path: Path, seconds: float = 0.1, rate: int = 22050) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full(int(seconds * rate), 0.1), rate)
    return path


def manifest(root: Path, *rows: str, name: str = "manifest.csv", head: str = HEAD) -> None:
    (root / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def counts(corpus: Corpus) -> dict[str, int]:
    return {label: sum(c.label == label for c in corpus.clips) for label in corpus.classes}


def test_new_classes_are_folders_and_come_after_the_seven_known_ones(tmp_path: Path):
    for label in ("Zipper", "Rain", "Door knock", "DogBark", "Apploß"):
        sound(tmp_path / label / "a.wav")
    corpus = open_corpus(tmp_path)
    assert corpus.classes == ["DogBark", "Rain", "Apploß", "Door knock", "Zipper"]
    assert corpus.layout == "folders"


def test_a_class_of_a_single_original_is_in_the_training_split(tmp_path: Path):
    for name in (f"Class{i}" for i in range(30)):
        sound(tmp_path / name / "take_1.wav")
        sound(tmp_path / name / "take_2.wav")
    assert {c.split for c in open_corpus(tmp_path).clips} == {"train"}


def test_splits_depend_only_on_the_original():
    groups = {f"g{i}" for i in range(200)}
    splits = split_by_original(groups)
    assert 5 < list(splits.values()).count("eval") < 40
    few = set(sorted(groups)[:50])
    assert all(splits[g] == s for g, s in split_by_original(few).items())


def test_hidden_files_and_macos_metadata_are_ignored(tmp_path: Path):
    sound(tmp_path / "Bark" / "a.wav")
    (tmp_path / "Bark" / "._a.wav").write_bytes(b"\0\5\x16\7")
    (tmp_path / "__MACOSX" / "Bark").mkdir(parents=True)
    (tmp_path / ".cache").mkdir()
    sound(tmp_path / "Bark" / ".stversions" / "old" / "a~20261129.wav")
    sound(tmp_path / "Bark" / "take.2" / "b.wav")
    assert counts(open_corpus(tmp_path)) == {"Bark": 2}


def test_every_empty_class_folder_is_named(tmp_path: Path):
    sound(tmp_path / "Bark" / "a.wav")
    (tmp_path / "Rain").mkdir()
    (tmp_path / "Door").mkdir()
    (tmp_path / "Door" / "readme.txt").write_text("none yet")
    with pytest.raises(CorpusError, match=r"(?s)Door contains no audio.*Rain contains no audio"):
        open_corpus(tmp_path)


@pytest.mark.parametrize("archive", ["DCASEFoleySoundSynthesisDevSet", "DCASE_2023_Challenge_Task_7_Dataset/dev", "dev", "."])
def test_both_archives_of_the_dcase_set_are_found(tmp_path: Path, archive: str):
    snake = ["dog_bark", "footstep", "gunshot", "keyboard", "moving_motor_vehicle", "rain", "sneeze_cough"]
    for folder in snake if "dev" in archive else dcase.CLASSES:
        sound(tmp_path / archive / folder / "001.wav")
        sound(tmp_path / archive / ".." / "eval" / folder / "001.wav") if archive == "dev" else None
    corpus = open_corpus(tmp_path)
    assert corpus.layout == "dcase"
    assert corpus.classes == dcase.CLASSES
    assert len(corpus.clips) == 7
    assert {c.split for c in corpus.clips} == {"train"}


def test_the_dcase_set_says_which_recording_a_clip_was_cut_from(tmp_path: Path):
    for folder in dcase.CLASSES:
        for i in range(4):
            sound(tmp_path / "dev" / folder / f"{i:03d}.wav")
    rows = [
        ("DogBark", "./dev/dog_bark/000.wav", "UrbanSound8k", "7965-3-11-0.wav"),
        ("DogBark", "./dev/dog_bark/001.wav", "UrbanSound8k", "7965-3-12-0.wav"),
        ("DogBark", "./dev/dog_bark/002.wav", "FSD50k", "7965.wav"),
        ("Sneeze", "./dev/sneeze_cough/003.wav", "BBC", "07037190.wav"),
        ("DogBark", "./dev/dog_bark/999.wav", "BBC", "not-there.wav"),
    ]
    lines = ["category,current_file_path,original_dataset,original_file_name", *map(",".join, rows)]
    (tmp_path / "DevMeta.csv").write_text("\n".join(lines) + "\n")
    clips = {(c.label, c.path.stem): c for c in open_corpus(tmp_path).clips}
    assert len({clips["DogBark", f"00{i}"].group for i in range(3)}) == 1
    assert clips["DogBark", "003"].group == "DogBark/003"
    sneeze = clips["Sneeze_Cough", "003"]
    assert (sneeze.group, sneeze.source, sneeze.original) == ("BBC/07037190", "BBC", "07037190.wav")


def test_two_of_the_seven_classes_are_a_plain_folder_corpus(tmp_path: Path):
    sound(tmp_path / "rain" / "a.wav")
    sound(tmp_path / "DogBark" / "a.wav")
    corpus = open_corpus(tmp_path)
    assert (corpus.layout, corpus.classes) == ("folders", ["DogBark", "rain"])


def test_a_manifest_names_every_bad_row(tmp_path: Path):
    rest = "CC0,me,x"
    bad = [f",Bark,b.wav,train,g,{rest}", f"c,Bark,c.wav,test,g,{rest}", f"d,Bark,/etc/d.wav,train,g,{rest}", "a,Bark,e.wav,eval"]
    manifest(tmp_path, "a,Bark,a.wav,train,g,,me,x", *bad, f"a,Bark,f.wav,eval,h,{rest}")
    with pytest.raises(CorpusError) as caught:
        open_corpus(tmp_path)
    said = str(caught.value)
    for part in (
        "line 3: missing id", "line 4: split is 'test'", "line 5: /etc/d.wav is outside the corpus", "line 6: missing group, licence, author, source", "id a occurs 2 times",
    ):
        assert part in said
    assert "line 2" not in said


def test_an_error_does_not_name_a_thousand_bad_rows(tmp_path: Path):
    manifest(tmp_path, *[f"{i},Bark,../{i}.wav,train,g,CC0,me,x" for i in range(1000)])
    with pytest.raises(CorpusError) as caught:
        open_corpus(tmp_path)
    said = str(caught.value).splitlines()
    assert said[0] == "1000 problems:"
    assert "line 2: ../0.wav is outside the corpus folder" in said[1]
    assert (len(said), said[-1].strip()) == (32, "and 970 more")


@pytest.mark.parametrize(("content", "reason"), [(b"id,class\n1,Bark\n", "has no column file, split"), (HEAD.encode(), "no rows"), (b"\xff\xfe\x00a", "manifest.csv: ")])
def test_an_unreadable_table_is_named(tmp_path: Path, content: bytes, reason: str):
    (tmp_path / "manifest.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=reason):
        open_corpus(tmp_path)


def test_a_manifest_saved_by_a_spreadsheet_reads(tmp_path: Path):
    manifest(tmp_path, "a,Bark,a.wav,train,g,CC0,me,x", head="\ufeff" + HEAD)
    assert counts(open_corpus(tmp_path)) == {"Bark": 1}


def test_the_hash_covers_the_audio_and_not_where_it_lies(tmp_path: Path):
    for root in ("one", "two"):
        sound(tmp_path / root / "a.wav")
        sound(tmp_path / root / "b.wav", 0.2)
    a, b = "a,Bark,a.wav,train,g,CC0,me,x", "b,Bark,b.wav,eval,h,CC0,me,x"
    manifest(tmp_path / "one", a, b)
    manifest(tmp_path / "two", b, a)
    first = open_corpus(tmp_path / "one").hash()
    assert open_corpus(tmp_path / "two").hash() == first
    sound(tmp_path / "two" / "b.wav", 0.21)
    assert open_corpus(tmp_path / "two").hash() != first
    manifest(tmp_path / "one", a, b.replace("eval", "train"))
    assert open_corpus(tmp_path / "one").hash() != first
    manifest(tmp_path / "one", a)
    manifest(tmp_path / "one", b, name="oneshots.csv")
    assert open_corpus(tmp_path / "one").hash() == first


def test_the_hash_names_all_missing_files(tmp_path: Path):
    manifest(tmp_path, "a,Bark,a.wav,train,g,CC0,me,x", "b,Bark,b.wav,eval,h,CC0,me,x")
    with pytest.raises(CorpusError, match=r"(?s)a\.wav: No such file.*b\.wav: No such file"):
        open_corpus(tmp_path).hash()


@pytest.mark.skipif("FOLEYD_CORPUS" not in os.environ, reason="FOLEYD_CORPUS names no open corpus")
def test_the_open_corpus_opens():
    corpus = open_corpus(os.environ["FOLEYD_CORPUS"])
    assert corpus.classes == dcase.CLASSES
    assert len(corpus.hash()) == 64
    train, held_out = ({(c.source, name) for c in corpus.of(split) for name in c.original.split(";")} for split in ("train", "eval"))
    assert not train & held_out
