from pathlib import Path

from foley_trainer.data.corpus import Clip
from foley_trainer.evaluation.stage_cache import Parts, files


def test_a_stage_is_recomputed_only_if_its_inputs_changed(tmp_path: Path) -> None:
    done: list[int] = []

    def part(depends: list[object], answer: int) -> int:
        return Parts(tmp_path / "parts").get("a", depends, lambda: {"found": done.append(answer) or answer})["found"]

    assert [part(["x", 1], 7), part(["x", 1], 8), part(["x", 2], 9)] == [7, 7, 9]
    assert done == [7, 9]
    (tmp_path / "parts" / "a.json").write_text("{")
    assert part(["x", 2], 10) == 10
    Parts(tmp_path / "parts").forget("a")
    Parts(tmp_path / "parts").forget("never there")
    assert part(["x", 2], 11) == 11


def test_clips_are_others_when_a_file_of_theirs_changes_or_goes(tmp_path: Path) -> None:
    clips = [Clip(str(i), tmp_path / f"{i}.wav", "A", "eval", "") for i in range(2)]
    for clip in clips:
        clip.path.write_bytes(b"sound")
    digests = [files(clips), files(clips), files(clips[:1])]
    clips[1].path.write_bytes(b"another sound")
    digests.append(files(clips))
    clips[1].path.unlink()
    digests.append(files(clips))
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
