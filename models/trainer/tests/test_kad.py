import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from foley_trainer.evaluation.fad import StatisticsError
from foley_trainer.evaluation.kad import bandwidth, kad


def test_with_one_embedding_per_clip_it_is_the_paper_s_estimate() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((60, 8)), rng.standard_normal((50, 8)) + 0.3
    width = np.median(pdist(y))
    xx, yy, xy = (np.exp(-cdist(a, b, "sqeuclidean") / (2 * width**2)) for a, b in ((x, x), (y, y), (x, y)))
    expected = 100 * ((xx.sum() - 60) / (60 * 59) + (yy.sum() - 50) / (50 * 49) - 2 * xy.mean())
    assert kad(list(x[:, None]), list(y[:, None])).value == pytest.approx(expected, rel=1e-9)


def clustered(rng: np.random.Generator, clips: int, shift: float = 0.0) -> list[np.ndarray]:
    """Clips whose patches differ little within a clip, and clips of different length."""
    return [rng.standard_normal(6) + shift + 0.2 * rng.standard_normal((3 + i % 3, 6)) for i in range(clips)]


def test_two_sets_of_one_kind_are_at_no_distance_on_average() -> None:
    rng = np.random.default_rng(1)
    found = [kad(clustered(rng, 20), clustered(rng, 12)) for _ in range(80)]
    values = np.array([f.value for f in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert values.min() < 0  # unbiased: it falls below zero now and then
    assert 0.7 < np.mean([f.error for f in found]) / values.std() < 2


def test_it_grows_with_the_difference_whatever_the_number_of_clips() -> None:
    rng = np.random.default_rng(2)
    near, far = kad(clustered(rng, 40, 0.3), clustered(rng, 40)), kad(clustered(rng, 40, 1.0), clustered(rng, 40))
    assert 0 < near.value < far.value / 3
    fewer = np.mean([kad(clustered(rng, 10, 1.0), clustered(rng, 40)).value for _ in range(20)])
    assert fewer == pytest.approx(far.value, rel=0.25)


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    x, y = clustered(rng, 9), clustered(rng, 7)
    whole = kad(x, y)
    monkeypatch.setattr("foley_trainer.evaluation.kad.BLOCK", 4)
    assert kad(x, y).value == pytest.approx(whole.value, rel=1e-12)


def test_silence_alone_has_a_bandwidth_and_one_clip_no_distance() -> None:
    assert bandwidth([np.zeros((4, 3))]) == 1.0
    with pytest.raises(StatisticsError, match="two clips"):
        kad([np.zeros((4, 3))], [np.zeros((4, 3)), np.ones((4, 3))])
