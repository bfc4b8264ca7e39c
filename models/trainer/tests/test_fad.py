"""Distances against scipy, against closed forms, and what the estimates around them promise."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import linalg

from foley_trainer.evaluation.fad import (
    Gaussian,
    Resampled,
    StatisticsError,
    counts_sounding,
    frechet,
    gaussian,
    load_embeddings,
    load_statistics,
    save_embeddings,
    save_statistics,
)


def by_sqrtm(a: Gaussian, b: Gaussian) -> float:
    return float(np.square(a.mu - b.mu).sum() + np.trace(a.sigma) + np.trace(b.sigma) - 2 * np.trace(linalg.sqrtm(a.sigma @ b.sigma)).real)


def drawn(rng: np.random.Generator, clips: int, dims: int = 128, patches: int = 5) -> list[np.ndarray]:
    mixing = rng.standard_normal((dims, dims)) / 8
    return list(rng.standard_normal((clips, patches, dims)) @ mixing + rng.standard_normal(dims) * 0.1)


@pytest.mark.parametrize(("clips", "others"), [(200, 150), (12, 150), (12, 9)], ids=["full rank", "one rank-deficient", "both rank-deficient"])
def test_it_equals_the_matrix_root_of_scipy(clips: int, others: int) -> None:
    rng = np.random.default_rng(clips + others)
    a, b = gaussian(drawn(rng, clips)), gaussian(drawn(rng, others))
    assert frechet(a, b) == pytest.approx(by_sqrtm(a, b), rel=1e-6)
    assert frechet(b, a) == pytest.approx(frechet(a, b), rel=1e-9)


@pytest.mark.parametrize("clips", [200, 3])
def test_a_set_has_distance_zero_to_itself(clips: int) -> None:
    a = gaussian(drawn(np.random.default_rng(1), clips))
    assert abs(frechet(a, a)) < 1e-6


def test_independent_dimensions_have_a_closed_form() -> None:
    rng = np.random.default_rng(2)
    variances, others, shift = rng.uniform(0.1, 4, 16), rng.uniform(0.1, 4, 16), rng.standard_normal(16)
    expected = np.square(shift).sum() + np.square(np.sqrt(variances) - np.sqrt(others)).sum()
    assert frechet(Gaussian(np.zeros(16), np.diag(variances), 2), Gaussian(shift, np.diag(others), 2)) == pytest.approx(expected, rel=1e-12)


def test_statistics_are_what_running_sums_give() -> None:
    """The challenge's tool: sum(x x^T) / (n - 1) - mu mu^T n / (n - 1), over the embeddings of all clips."""
    clips = [c[: 1 + i % 4] for i, c in enumerate(drawn(np.random.default_rng(3), 40, dims=8))]
    x = np.concatenate(clips)
    n, mu = len(x), x.sum(0) / len(x)
    got = gaussian(clips)
    assert got.count == n
    assert np.allclose(got.mu, mu, rtol=0, atol=1e-12)
    assert np.allclose(got.sigma, x.T @ x / (n - 1) - np.outer(mu, mu) * n / (n - 1), rtol=0, atol=1e-12)


def test_embeddings_without_a_covariance_are_refused() -> None:
    with pytest.raises(StatisticsError, match="two embeddings"):
        gaussian([np.zeros((1, 4))])
    with pytest.raises(StatisticsError, match="not finite"):
        gaussian([np.full((3, 4), np.nan)])
    with pytest.raises(StatisticsError, match="have 4 and 5 dimensions"):
        frechet(gaussian([np.eye(4)]), gaussian([np.eye(5)]))


@pytest.mark.parametrize("clips", [60, 6])
def test_resampling_takes_a_shorter_way_to_the_same_distance(clips: int) -> None:
    rng = np.random.default_rng(4)
    mine, reference = drawn(rng, clips), gaussian(drawn(rng, 30))
    picks = rng.integers(0, clips, clips)
    assert Resampled(mine, reference).fad(picks) == pytest.approx(frechet(gaussian([mine[i] for i in picks]), reference), rel=1e-9)


def test_extrapolation_removes_the_bias_of_few_clips() -> None:
    rng = np.random.default_rng(5)
    reference = Gaussian(np.zeros(8), np.eye(8), 10**6)
    raw, endless = [], []
    for seed in range(12):
        resampled = Resampled(list(rng.standard_normal((40, 1, 8)) + 0.5), reference)
        raw.append(resampled.fad(np.arange(40)))
        endless.append(resampled.infinity(seed).value)
    assert abs(np.mean(endless) - 2.0) < 0.3 * abs(np.mean(raw) - 2.0)
    assert Resampled(list(rng.standard_normal((7, 3, 8))), reference).infinity() is None


def test_the_interval_holds_as_often_as_it_says() -> None:
    """The spread of FAD over fresh sets of clips: 95 % of them, minus what 60 trials can miss."""
    rng = np.random.default_rng(6)
    reference = Gaussian(np.zeros(4), np.eye(4), 10**6)
    sets = [list(rng.standard_normal((50, 2, 4)) + 0.4) for _ in range(60)]
    mean = np.mean([Resampled(s, reference).fad(np.arange(50)) for s in sets])
    bounds = [Resampled(s, reference).interval() for s in sets]
    assert np.mean([low <= mean <= high for low, high in bounds]) >= 0.85
    assert Resampled(sets[0], reference).interval() == bounds[0]


def test_statistics_files_round_trip(tmp_path: Path) -> None:
    known = {"Rain": gaussian(drawn(np.random.default_rng(7), 5, dims=6)), "Dog Bark": gaussian(drawn(np.random.default_rng(8), 9, dims=6))}
    save_statistics(tmp_path / "a.npz", known)
    again = load_statistics(tmp_path / "a.npz")
    assert list(again) == ["Rain", "Dog Bark"]
    for label, g in known.items():
        assert again[label].count == g.count
        assert np.array_equal(again[label].mu, g.mu)
        assert np.array_equal(again[label].sigma, g.sigma)


def test_embeddings_files_round_trip_and_give_the_same_statistics(tmp_path: Path) -> None:
    known = {"Rain": drawn(np.random.default_rng(7), 5, dims=6), "Dog": drawn(np.random.default_rng(8), 9, dims=6)}
    save_embeddings(tmp_path / "a.npz", known, sounding=True)
    assert counts_sounding(tmp_path / "a.npz")
    again = load_embeddings(tmp_path / "a.npz")
    assert [len(clip) for clip in again["Dog"]] == [len(clip) for clip in known["Dog"]]
    assert all(np.array_equal(a, b.astype(np.float32)) for a, b in zip(again["Rain"], known["Rain"], strict=True))
    statistics = load_statistics(tmp_path / "a.npz")
    assert frechet(statistics["Rain"], gaussian(known["Dog"])) == pytest.approx(frechet(gaussian(known["Rain"]), gaussian(known["Dog"])), rel=1e-5)
    save_statistics(tmp_path / "b.npz", statistics)
    assert not counts_sounding(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", sounding_db=np.array(30.0))
    with pytest.raises(StatisticsError, match="within 30"):
        counts_sounding(tmp_path / "c.npz")
    with pytest.raises(StatisticsError, match=r"no <Class>\.embeddings"):
        load_embeddings(tmp_path / "b.npz")


def test_bad_statistics_files_say_what_is_wrong(tmp_path: Path) -> None:
    def refused(match: str, **arrays: np.ndarray) -> None:
        np.savez(tmp_path / "bad.npz", **arrays)
        with pytest.raises(StatisticsError, match=match):
            load_statistics(tmp_path / "bad.npz")

    refused("neither <Class>.mu nor", other=np.zeros(3))
    refused("has no Rain.sigma", **{"Rain.mu": np.zeros(2)})
    refused("Rain has mean", **{"Rain.mu": np.zeros(2), "Rain.sigma": np.zeros((3, 3)), "Rain.count": np.array(9)})
    refused("not symmetric", **{"Rain.mu": np.zeros(2), "Rain.sigma": np.array([[1.0, 2.0], [0.0, 1.0]]), "Rain.count": np.array(9)})
    refused("Rain has no valid patches", **{"Rain.embeddings": np.zeros((3, 2)), "Rain.patches": np.array([1, 1])})
    refused("Rain is not finite", **{"Rain.embeddings": np.full((2, 2), np.nan), "Rain.patches": np.array([1, 1])})
    refused("allow_pickle", **{"Rain.mu": np.array([{"a": 1}], dtype=object)})
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(StatisticsError, match=r"text\.npz"):
        load_statistics(tmp_path / "text.npz")


def test_the_challenge_s_statistics_read_and_agree_with_scipy() -> None:
    path = os.environ.get("FOLEYD_FAD_REFERENCE")
    if not path:
        pytest.skip("FOLEYD_FAD_REFERENCE names no file with the challenge's statistics")
    known = load_statistics(path)
    assert {g.count for g in known.values()} == {1000}  # ten embeddings of a hundred clips
    labels = list(known)
    for a, b in itertools.pairwise(labels):
        assert frechet(known[a], known[b]) == pytest.approx(by_sqrtm(known[a], known[b]), rel=1e-9)
