"""A ranking tells a voice's clips from real ones, and says by when clips of a class begin."""

import json
from pathlib import Path

import numpy as np
import pytest

from foley_trainer.data import open_corpus
from foley_trainer.evaluation.ranking_command import RankingError, auc, balanced, features, logistic, write_ranking
from foley_trainer.features.patches import EmbeddedClip


def test_features_are_of_patches_that_sound() -> None:
    clip = EmbeddedClip(np.array([[1.0, 2.0], [3.0, 6.0], [99.0, 99.0]]), np.array([True, True, False]), None)
    assert features(clip).tolist() == [2.0, 4.0, 1.0, 2.0]


def test_a_logistic_finds_what_tells_two_sets_apart_and_is_calm_where_nothing_does() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((400, 6)), np.repeat([1.0, 0.0], 200)
    x[:200, 2] += 2
    labels = ["A", "B"] * 200
    weights, bias = logistic(x, y, balanced(labels, y))
    assert np.abs(weights).argmax() == 2
    fresh = rng.standard_normal((400, 6))
    fresh[:200, 2] += 2
    logits = fresh @ weights + bias
    assert auc(logits[:200], logits[200:]) > 0.85
    noise, _ = logistic(rng.standard_normal((40, 30)), np.repeat([1.0, 0.0], 20), balanced(["A"] * 40, np.repeat([1.0, 0.0], 20)))
    assert np.isfinite(noise).all()


def test_every_class_has_the_same_weight_on_either_side() -> None:
    share = balanced(["A", "A", "A", "B", "A", "B"], np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0]))
    assert share.tolist() == pytest.approx([1 / 12] * 3 + [1 / 4] * 3)


def test_classes_the_embedder_does_not_know_are_refused(folder_corpus: Path, tmp_path: Path) -> None:
    """Nothing is written then."""
    default = Path(__file__).parents[2] / "default"
    (tmp_path / "ear").mkdir()
    for name in ("embedder.json", "embedder.onnx"):
        (tmp_path / "ear" / name).write_bytes((default / name).read_bytes())
    card = json.loads((default / "embedder.json").read_text(encoding="utf-8"))
    with pytest.raises(RankingError, match="no class"):
        write_ranking(open_corpus(folder_corpus), tmp_path / "ear", [str(tmp_path)], tmp_path / "out")
    assert json.loads((tmp_path / "ear" / "embedder.json").read_text(encoding="utf-8")) == card
