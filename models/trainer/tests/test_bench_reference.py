"""The extrapolation of the reference sampler's time is the sum it claims to be; the floor counts what it says."""

import pytest

from foley_trainer.experiments.bench_floor import floor, weights
from foley_trainer.experiments.bench_reference import integrate
from foley_trainer.export.parity import lively
from foley_trainer.export.prior import export_prior
from foley_trainer.models.pixelsnail import PriorConfig


def test_cost_that_grows_linearly_with_depth_is_integrated_exactly() -> None:
    measured = {depth: 0.1 + 0.02 * depth for depth in (1, 10, 40)}
    every_cell = sum(0.1 + 0.02 * (row + 1) for row in range(40) for _ in range(43))
    assert integrate(measured, 40, 43) == pytest.approx(every_cell)
    assert integrate({1: 1.0, 40: 1.0}, 40, 43) == pytest.approx(1720)


def test_the_floor_counts_every_weight_a_cell_reads_stored_as_halves_or_not() -> None:
    config = PriorConfig(rows=8, cols=6, codes=16, classes=3, channels=32, blocks=2, res_blocks=2, heads=2, codebooks=2, frequency=4, time=6, condition_dim=8)
    model = lively(config)
    graphs, halves = export_prior(model), export_prior(model, half_weights=True)
    assert weights(graphs["row"]) == weights(halves["row"])
    # Two gated convolutions a layer see 4 x 5 taps above (and the condition, once a row) and 2 taps to the left.
    taps = 4 * (32 * 32 + 32 * 64)
    assert weights(graphs["row"]) == 20 * taps + 4 * 8 * 64
    assert weights(graphs["pixel"]) > 2 * taps


def test_the_lower_bound_includes_both_graphs() -> None:
    config = PriorConfig(rows=8, cols=6, codes=16, classes=3, channels=32, blocks=1, res_blocks=1, heads=2, codebooks=2, frequency=4, time=6, condition_dim=8)
    graphs = export_prior(lively(config))
    found = floor(graphs["row"], graphs["pixel"], 8, 6, 1)
    assert found["seconds"] == pytest.approx(found["row_seconds"] + found["pixel_seconds"], abs=2e-4)
    assert found["giga_products_per_second"] > 0.5
