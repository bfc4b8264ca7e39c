"""The int8 bench measures what it says."""

import numpy as np
import onnx
import pytest

from foley_trainer.experiments import bench_int8
from foley_trainer.experiments.bench_int8 import divergence, measure, unhalved
from foley_trainer.export.parity import lively
from foley_trainer.export.prior import export_prior
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.models.pixelsnail import PriorConfig

CONFIG = PriorConfig(rows=8, cols=6, codes=16, classes=3, channels=32, blocks=1, res_blocks=2, heads=2, codebooks=2, frequency=4, time=6, condition_dim=8)


@pytest.mark.filterwarnings("ignore")
def test_int8_differs_a_little_and_both_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_int8, "EVERY", 5)
    found = measure(CONFIG, export_prior(lively(CONFIG), half_weights=True), [1], [2, 4])
    assert 0 < found["kl_nats_mean"] < 0.2
    assert found["kl_nats_mean"] < found["kl_nats_largest"]
    assert [t["rows"] for t in found["microseconds"]] == [2, 4]
    assert all(t["float32"] > 0 and t["int8"] > 0 for t in found["microseconds"])


def test_constants_stored_as_halves_come_back_as_they_are_used() -> None:
    graphs = export_prior(lively(CONFIG), half_weights=True)
    plain = unhalved(graphs["pixel"])
    assert not [n for n in plain.graph.node if n.op_type == "Cast"]
    onnx.checker.check_model(plain)
    rng, feeds = np.random.default_rng(0), {}
    sizes = {"M": 2, "N": 2, "B": 2, "T": 16}
    for i in graphs["pixel"].graph.input:
        shape = [sizes.get(d.dim_param) or d.dim_value for d in i.type.tensor_type.shape.dim]
        whole = i.type.tensor_type.elem_type == onnx.TensorProto.INT64
        feeds[i.name] = rng.integers(0, 2, shape) if whole else rng.standard_normal(shape).astype(np.float32)
    one, other = session(graphs["pixel"]), session(plain)
    assert np.array_equal(one.run(["logits"], feeds)[0], other.run(["logits"], feeds)[0])
    assert divergence(one, other, [feeds]) == (0, 0)
