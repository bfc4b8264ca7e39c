"""The table voices are chosen by: what its figures mean, on sets whose figures are known."""

from pathlib import Path

import numpy as np
import pytest

from foley_trainer.data.corpus import Clip
from foley_trainer.evaluation.distances import EmbeddedSet, Projection
from foley_trainer.evaluation.fad import frechet, gaussian
from foley_trainer.evaluation.kad import kad, patch_kad
from foley_trainer.evaluation.sound_statistics import SoundStatistics
from foley_trainer.evaluation.targets import Real, as_text, measure_targets, over_sets, spread_of
from foley_trainer.features.patches import EmbeddedClip

LABELS = ["A", "B"]


def heard(rng: np.random.Generator, shift: float, spread: float = 1.0, count: int = 12) -> tuple[list[Clip], EmbeddedSet]:
    clips = [Clip(f"{label}{i}", Path(f"{label}{i}"), label, "x", str(i)) for label in LABELS for i in range(count)]
    return clips, EmbeddedSet(clips, [spread * rng.standard_normal((1, 3)) + shift + 0.01 * rng.standard_normal((4, 3)) for _ in clips])


def sounds(clips: list[Clip], late: int = 0) -> list[SoundStatistics]:
    return [SoundStatistics(False, 0.9 if i < late else 0.1, 2, 0.5, -10.0) for i in range(len(clips))]


def test_figures_are_those_of_the_distances_and_means_are_over_classes() -> None:
    rng = np.random.default_rng(0)
    sets = {name: heard(rng, shift, spread) for name, shift, spread in (("training", 0.0, 1.0), ("eval", 0.0, 1.0), ("generated", 2.0, 0.5))}
    clips = {name: own[0] for name, own in sets.items()}
    real = Real(LABELS, {"yamnet": {name: own[1] for name, own in sets.items()}}, {"training": sounds(clips["training"])}, clips)
    mine = sets["generated"][1]
    named = [i % 4 != 0 for i in range(len(mine.clips))]
    found = over_sets([measure_targets(real, mine.clips, {"yamnet": mine}, sounds(mine.clips, late=1), named)] * 3)
    of = sets["eval"][1].of("A").embeddings
    row = found["classes"]["A"]
    assert row["fad48"] == pytest.approx(frechet(gaussian(mine.of("A").embeddings), gaussian(of)))
    assert row["kad"] == pytest.approx(patch_kad(mine.of("A").embeddings, of))
    assert row["share"] == pytest.approx(0.75)
    assert row["share_se"] == pytest.approx(np.sqrt(0.75 * 0.25 / 12 / 3))
    assert row["diversity"] == pytest.approx(spread_of(mine.of("A").embeddings) / spread_of(sets["training"][1].of("A").embeddings))
    assert row["diversity"] < 0.8
    assert (row["clips"], row["late"], found["classes"]["B"]["late"], found["mean"]["late"]) == (36, 3, 0, 3)
    assert found["mean"]["fad48"] == pytest.approx(np.mean([found["classes"][label]["fad48"] for label in LABELS]))
    assert set(found["all"]) == {"fad48", "kad"}
    table = as_text({"generated": found, "real": over_sets([measure_targets(real, clips["eval"], {"yamnet": sets["eval"][1]}, sounds(clips["eval"]), [True] * 24)])})
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["class", "A", "B", "mean", "all", "target"]
    assert "0.75+-0.14 (1.00)" in table


def test_sets_that_are_too_small_have_no_distance_and_no_diversity() -> None:
    rng = np.random.default_rng(1)
    (clips, few), (_, known) = heard(rng, 0.0, count=1), heard(rng, 0.0)
    real = Real(LABELS, {"yamnet": {"training": known, "eval": known}}, {"training": sounds(known.clips)}, {"training": known.clips})
    row = measure_targets(real, clips, {"yamnet": few}, sounds(clips), [None, None])["classes"]["A"]
    assert row["diversity"] is None
    assert not {"kad", "fad48", "share"} & set(row)
    as_text({"generated": over_sets([{"classes": {"A": row, "B": row}, "all": {}}]), "real": over_sets([{"classes": {}, "all": {}}])})


def test_distances_by_patches_grow_with_few_clips_and_those_between_clips_do_not() -> None:
    rng = np.random.default_rng(2)
    found = [(patch_kad(a, b), 10 * kad(a, b).value) for a, b in ((heard(rng, 0.0, count=4)[1].embeddings, heard(rng, 0.0, count=4)[1].embeddings) for _ in range(60))]
    by_patch, by_clip = np.mean(found, 0)
    assert by_patch > 30
    assert abs(by_clip) < by_patch / 2


def test_silent_clips_are_dropped() -> None:
    clips = heard(np.random.default_rng(3), 0.0, count=1)[0]
    embedded = [EmbeddedClip(np.ones((3, 2)), np.array(mask), None) for mask in ([True, False, True], [False] * 3)]
    found = EmbeddedSet.of_sounding(clips, embedded)
    assert [c.id for c in found.clips] == ["A0"]
    assert [len(e) for e in found.embeddings] == [2]
    assert [len(e) for e in EmbeddedSet.of_all(clips, embedded).embeddings] == [3, 3]


def test_a_projection_preserves_the_distances_of_its_own_data() -> None:
    rng = np.random.default_rng(4)
    x = rng.standard_normal((50, 2)) @ rng.standard_normal((2, 10)) + 5
    onto = Projection.of([x], 2)
    assert np.linalg.norm(onto(x)[0] - onto(x)[1]) == pytest.approx(np.linalg.norm(x[0] - x[1]))
    assert np.abs(onto(x).mean(0)).max() < 1e-9
