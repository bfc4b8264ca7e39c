"""The two-stage graphs compute what the full forward pass computes, at every cell."""

import itertools

import numpy as np
import onnx
import pytest
import torch

from foley_trainer.export.fold_weight_norm import folded
from foley_trainer.export.parity import lively, parity
from foley_trainer.export.prior import export_prior
from foley_trainer.export.two_stage_sampler import ReferenceSampler, TwoStageSampler, drawn, session
from foley_trainer.models.any_prior import of_classes
from foley_trainer.models.pixelsnail import PixelSnail, PriorConfig, condition_rows

TINY = {"codes": 16, "classes": 3, "channels": 32, "blocks": 2, "res_blocks": 2, "heads": 2, "codebooks": 2, "frequency": 4, "time": 6}
CONFIGS = {
    "codebook-major": PriorConfig(**TINY, rows=8, cols=6, condition_dim=8),
    "time-major": PriorConfig(**TINY, rows=6, cols=8, row_axes=["time"], col_axes=["codebook", "frequency"], condition_dim=8),
    "own alphabets": PriorConfig(**TINY, rows=8, cols=6, condition_dim=8, alphabets=True),
    "own alphabets, time-major": PriorConfig(**TINY, rows=6, cols=8, row_axes=["time"], col_axes=["codebook", "frequency"], condition_dim=8, alphabets=True),
    "plain stack": PriorConfig(**TINY, rows=8, cols=6, condition="place", condition_dim=8),
    "label map": PriorConfig(**TINY, rows=8, cols=6, condition="map", condition_dim=1),
    "kernel 3, one block": PriorConfig(**{**TINY, "blocks": 1, "res_blocks": 1}, rows=8, cols=6, condition_dim=8, kernel=3),
    "kernel 7": PriorConfig(**TINY, rows=8, cols=6, condition_dim=8, kernel=7),
    "narrower than the kernel": PriorConfig(**{**TINY, "time": 2}, rows=8, cols=2, condition_dim=8),
}


@pytest.fixture(scope="module", params=CONFIGS)
def model(request: pytest.FixtureRequest) -> PixelSnail:
    return lively(CONFIGS[request.param])


@pytest.fixture(scope="module")
def graphs(model: PixelSnail) -> dict[str, onnx.ModelProto]:
    return export_prior(model)


def inputs(c: PriorConfig, batch: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.integers(0, c.codes, (batch, c.rows, c.cols)), rng.dirichlet(np.ones(c.classes), batch).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 4])
def test_teacher_forced_logits_equal_the_full_forward_pass_everywhere(model: PixelSnail, graphs: dict[str, onnx.ModelProto], batch: int) -> None:
    codes, weights = inputs(model.config, batch)
    expected = ReferenceSampler(model).logits(codes, weights)
    got = TwoStageSampler(model.config, graphs).logits(codes, weights)
    assert expected.std() > 1
    assert np.abs(got - expected).max() < 1e-4


def test_half_weights_equal_the_model_with_rounded_weights_and_halve_the_files(model: PixelSnail, graphs: dict[str, onnx.ModelProto]) -> None:
    codes, weights = inputs(model.config, 2)
    small, full = export_prior(model, half_weights=True), graphs
    expected = ReferenceSampler(folded(model, half=True)).logits(codes, weights)
    got = TwoStageSampler(model.config, small).logits(codes, weights)
    assert np.abs(got - expected).max() < 1e-4
    assert np.abs(got - ReferenceSampler(model).logits(codes, weights)).max() > 1e-4, "nothing was rounded"
    size = {name: len(graph["row"].SerializeToString()) for name, graph in (("small", small), ("full", full))}
    assert size["small"] < 0.7 * size["full"]


@pytest.mark.parametrize("choose", [None, 11])
def test_both_samplers_draw_the_same_codes(choose: int | None) -> None:
    model = lively(CONFIGS["codebook-major"], seed=2)
    weights = np.eye(3, dtype=np.float32)[:2]
    arguments = [] if choose is None else [drawn(choose)]
    got = TwoStageSampler(model.config, export_prior(model)).sample(weights, *arguments)
    assert np.array_equal(got, ReferenceSampler(model).sample(weights, *arguments))
    assert len(np.unique(got)) > 3
    if choose is not None:
        assert not np.array_equal(got, ReferenceSampler(model).sample(weights, drawn(choose + 1)))


def test_the_condition_runs_again_before_each_codebook_where_codebooks_come_first() -> None:
    assert condition_rows(CONFIGS["codebook-major"]) == [0, 4]
    assert condition_rows(CONFIGS["time-major"]) == [0]
    assert condition_rows(CONFIGS["label map"]) == [0]
    assert condition_rows(CONFIGS["plain stack"]) == [0]


def test_the_condition_graph_equals_the_model_part_by_part_and_sees_only_what_is_finished(model: PixelSnail, graphs: dict[str, onnx.ModelProto]) -> None:
    c = model.config
    codes, weights = inputs(c, 3)
    with torch.no_grad():
        expected = model.condition(torch.from_numpy(weights), torch.from_numpy(codes)).permute(0, 2, 3, 1).numpy()
    running, parts = session(graphs["condition"]), condition_rows(c)
    for part, (begin, end) in enumerate(itertools.pairwise([*parts, c.rows])):
        feeds = {"class": weights, "part": np.array([part])}
        (got,) = running.run(None, {**feeds, "codes": codes})
        assert np.abs(got - expected[:, begin:end]).max() < 1e-5
        if len(parts) == 1:
            continue
        absent = codes.copy()
        absent[:, begin:] = c.codes
        (same,) = running.run(None, {**feeds, "codes": absent})
        assert np.array_equal(same, got), "it saw what comes later"
        if begin > 0:
            absent[0, 0, 0] = (absent[0, 0, 0] + 1) % c.codes
            (moved,) = running.run(None, {**feeds, "codes": absent})
            assert np.abs(moved - got)[0].max() > 1e-3
            assert np.abs(moved - got)[1:].max() == 0


def test_a_mix_of_classes_is_the_mix_of_their_label_maps() -> None:
    model = lively(CONFIGS["label map"])
    eye = torch.eye(3)
    maps = model.condition(eye, torch.zeros(3, 8, 6, dtype=torch.int64))
    mixed = model.condition(torch.tensor([[0.2, 0.3, 0.5]]), torch.zeros(1, 8, 6, dtype=torch.int64))
    torch.testing.assert_close(mixed, (maps * torch.tensor([0.2, 0.3, 0.5]).view(3, 1, 1, 1)).sum(0, keepdim=True))


@pytest.mark.parametrize("half", [False, True])
def test_parity_reports_the_rounding_of_both_programs(half: bool) -> None:
    report = parity(CONFIGS["codebook-major"], batch=2, half_weights=half)
    assert report["cells"] == 96
    assert report["argmax_agreement"] == 1
    assert 0 < report["two_stage_from_float64"] < 1e-4
    assert 0 < report["torch_from_float64"] < 1e-4
    assert report["max_abs_difference"] <= report["two_stage_from_float64"] + report["torch_from_float64"]


@pytest.mark.parametrize("threads", [1, 2])
def test_no_bit_of_a_clip_depends_on_the_others_of_its_batch_or_on_the_threads(model: PixelSnail, graphs: dict[str, onnx.ModelProto], threads: int) -> None:
    codes, weights = inputs(model.config, 5)
    alone = TwoStageSampler(model.config, graphs)
    together = TwoStageSampler(model.config, graphs, threads).logits(codes, weights)
    if len(condition_rows(model.config)) > 1:
        together = together[:, :, : condition_rows(model.config)[1]]  # the condition graph promises no such thing: the server runs it for one clip
    for i in range(5):
        expected = alone.logits(codes[i : i + 1], weights[i : i + 1])
        assert np.array_equal(together[i], expected[0][:, : together.shape[2]])


def test_a_prior_of_some_of_its_classes_says_the_same_of_them(model: PixelSnail) -> None:
    fewer, c = of_classes(model, [2, 0, 2, 1]), model.config
    codes = torch.randint(0, c.codes, (1, c.rows, c.cols))
    for own, was in ((0, 2), (1, 0), (2, 2), (3, 1)):
        torch.testing.assert_close(fewer(codes, torch.eye(4)[own : own + 1]), model(codes, torch.eye(3)[was : was + 1]), rtol=0, atol=0)
    assert (fewer.config.classes, c.classes) == (4, 3)
