"""The extrapolation of the reference sampler's time is the sum it claims to be."""

import pytest

from foley_trainer.bench_reference import integrate


def test_cost_that_grows_linearly_with_depth_is_integrated_exactly() -> None:
    measured = {depth: 0.1 + 0.02 * depth for depth in (1, 10, 40)}
    every_cell = sum(0.1 + 0.02 * (row + 1) for row in range(40) for _ in range(43))
    assert integrate(measured, 40, 43) == pytest.approx(every_cell)
    assert integrate({1: 1.0, 40: 1.0}, 40, 43) == pytest.approx(1720)
