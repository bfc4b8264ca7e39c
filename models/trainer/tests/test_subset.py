import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.cli import main
from foley_trainer.data.corpus import COLUMNS, open_corpus
from foley_trainer.data.licences import PERMISSIVE, is_permissive

HEAD = ",".join([*COLUMNS, "mode"])
SERVER = Path(__file__).parents[3] / "server" / "voices" / "licences.ts"


def corpus(root: Path, table: str, *rows: str) -> None:
    lines = []
    for row in rows:
        clip, label, split, licence = row.split(",")
        (root / "audio").mkdir(parents=True, exist_ok=True)
        soundfile.write(root / "audio" / f"{clip}.wav", np.full(200, len(lines) / 10), 22050)
        lines.append(f"{clip},{label},audio/{clip}.wav,{split},g{clip},{licence},me,here,")
    (root / table).write_text("\n".join([HEAD, *lines]) + "\n")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    root = tmp_path / "mixed"
    corpus(root, "manifest.csv", "a,Rain,train,CC0-1.0", "b,Rain,train,GPL-2.0-only", "c,Rain,eval,CC-BY-4.0", "d,Bell,train,CC-BY-SA-4.0", "e,Dog,train,MIT", "f,Dog,eval,unknown")
    corpus(root, "oneshots.csv", "p,Dog,train,MIT", "q,Dog,train,GPL-3.0-only", "r,Bell,train,MIT")
    return root


def test_only_permissive_clips_and_shots_are_left_and_stay_what_they_were(mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out"
    assert main(["subset", "--corpus", str(mixed), "--permissive-only", "--out", str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    before, after = open_corpus(mixed), open_corpus(out)
    assert {c.id for c in after.clips} == {"a", "c", "e"}
    assert [c.id for c in after.oneshots] == ["p"]
    assert (after.classes, after.hash()) == (["Rain", "Dog"], said["hash"])
    was = {c.id: c for c in [*before.clips, *before.oneshots]}
    for clip in [*after.clips, *after.oneshots]:
        old = was[clip.id]
        assert (clip.label, clip.split, clip.group, clip.licence, clip.author, clip.source, clip.original, clip.kind) == (
            old.label, old.split, old.group, old.licence, old.author, old.source, old.original, old.kind,
        )  # fmt: skip
        assert clip.path.read_bytes() == old.path.read_bytes()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--licences", "ISC"], "no clip is left"),
        (["--licences", "CC-BY-4.0"], "class Rain keeps no training clip"),
        (["--classes", "Rain,Cat"], "no clip has the class Cat; there are Rain, Bell, Dog"),
    ],
)
def test_what_cannot_be_a_corpus_is_refused(mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str):
    assert main(["subset", "--corpus", str(mixed), *options, "--out", str(tmp_path / "out")]) != 0
    assert reason in capsys.readouterr().out


def test_a_folder_with_something_in_it_is_not_written_to(mixed: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["subset", "--corpus", str(mixed), "--out", str(mixed)]) != 0
    assert "not an empty folder" in capsys.readouterr().out


def test_an_id_that_leaves_the_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    corpus(tmp_path / "in", "manifest.csv", "a,Rain,train,MIT")
    table = tmp_path / "in" / "manifest.csv"
    table.write_text(table.read_text().replace("\na,", "\n../../../x,"))
    assert main(["subset", "--corpus", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) != 0
    assert "cannot be a file name" in capsys.readouterr().out
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize(
    ("expression", "permissive"),
    [("CC0-1.0 AND MIT", True), ("MIT AND GPL-2.0-only", False), ("GPL-2.0-only OR MIT", True), ("CC-BY-SA-4.0", False), ("CC-BY-NC-4.0", False), ("unknown", False), ("", False)],
)
def test_an_expression_is_permissive_if_all_of_its_parts_are(expression: str, permissive: bool):
    assert is_permissive(expression) == permissive


def test_the_server_takes_the_same_licences_for_permissive():
    written = re.search(r"const PERMISSIVE =\s+/(.*)/i;", SERVER.read_text())
    assert written is not None
    assert written[1] == PERMISSIVE
