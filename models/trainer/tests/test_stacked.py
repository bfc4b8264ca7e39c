"""The stacked prior: what a code may see, and its graphs against the full forward pass."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from foley_trainer.export.guidance import doubled, guided, negative_weights
from foley_trainer.export.parity import lively_stacked
from foley_trainer.export.stacked import export_stacked, folded_stacked
from foley_trainer.export.stacked_sampler import StackedSampler
from foley_trainer.export.two_stage_sampler import drawn
from foley_trainer.features.loudness import by_row, contour_db, normalised
from foley_trainer.features.mel import MelConfig
from foley_trainer.finetuning.weights_from_onnx import prior_from
from foley_trainer.models.stacked_pixelsnail import StackedConfig, StackedPixelSnail
from foley_trainer.runtime.files import save_atomic
from foley_trainer.training.checkpoints import TrainedError
from foley_trainer.training.weights_file import read_weights, write_weights

SMALL = StackedConfig(codes=20, rows=5, cols=4, classes=3, channels=32, blocks=2, res_blocks=2, heads=2, condition_dim=8, depth=32, depth_hidden=48, vector=8, contour=4)


def lively(config: StackedConfig = SMALL) -> StackedPixelSnail:
    return lively_stacked(config)


def example(config: StackedConfig, batch: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed + 100)
    codes = torch.randint(config.codes, (batch, config.rows, config.cols, config.codebooks))
    return codes, torch.eye(config.classes)[:batch], torch.randn(batch, config.rows, config.contour)


@torch.no_grad()
def test_a_code_changes_only_the_logits_after_it():
    model, (codes, weights, _) = lively(), example(SMALL, 1)
    before = model(codes, weights).flatten(1, 3)[0]
    for place in (0, 1, 3, 4, 17, 42, 79):
        changed = codes.clone().flatten(1)
        changed[0, place] = (changed[0, place] + 1) % SMALL.codes
        after = model(changed.view_as(codes), weights).flatten(1, 3)[0]
        same = (before == after).all(1)
        assert same[: place + 1].all()
        if place < 79:
            assert not same[place + 1 :].all()


@torch.no_grad()
def test_every_earlier_code_of_the_cell_and_of_the_cell_before_counts():
    model, (codes, weights, _) = lively(), example(SMALL, 1)
    last = SMALL.rows * SMALL.cols * SMALL.codebooks - 1
    before = model(codes, weights).flatten(1, 3)[0, last]
    for place in range(last - 2 * SMALL.codebooks + 1, last):
        changed = codes.clone().flatten(1)
        changed[0, place] = (changed[0, place] + 7) % SMALL.codes
        assert not torch.equal(model(changed.view_as(codes), weights).flatten(1, 3)[0, last], before)


@torch.no_grad()
def test_a_contour_that_is_not_known_changes_nothing():
    model, (codes, weights, contour) = lively(), example(SMALL)
    plain = model(codes, weights)
    torch.testing.assert_close(model(codes, weights, contour, torch.zeros(2)), plain)
    assert not torch.allclose(model(codes, weights, contour), plain)


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("half", [False, True])
def test_the_graphs_give_the_logits_of_the_full_forward_pass(batch: int, half: bool):
    model = lively()
    codes, weights, contour = example(SMALL, batch)
    sampler = StackedSampler(SMALL, export_stacked(model, half))
    with torch.no_grad():
        expected = folded_stacked(model, half)(codes, weights, contour).numpy()
    got = sampler.logits(codes.numpy(), weights.numpy(), contour.numpy())
    assert np.abs(got - expected).max() < 1e-4
    assert expected.std() > 0.5


def test_the_graphs_without_a_contour_take_only_the_class():
    config = StackedConfig(**{**SMALL.to_dict(), "contour": 0, "kernel": [2, 3]})
    model, (codes, weights, _) = lively(config), example(SMALL)
    sampler = StackedSampler(config, export_stacked(model))
    with torch.no_grad():
        expected = folded_stacked(model)(codes, weights).numpy()
    assert np.abs(sampler.logits(codes.numpy(), weights.numpy()) - expected).max() < 1e-4


def test_a_clip_is_the_same_alone_and_in_company():
    sampler = StackedSampler(SMALL, export_stacked(lively()))
    weights = np.eye(3, dtype=np.float32)
    together = sampler.run(weights, drawn(1))
    alone = sampler.run(weights[:1], drawn(1))
    np.testing.assert_array_equal(together[1][:1], alone[1])
    np.testing.assert_array_equal(together[0][:1], alone[0])


def test_guidance_is_the_class_against_no_class():
    model = lively()
    sampler = StackedSampler(SMALL, export_stacked(model))
    codes, weights, _ = example(SMALL)
    flat, seen = codes.numpy().reshape(2, -1), []

    def choose(logits: np.ndarray, place: int) -> np.ndarray:
        seen.append(logits)
        return flat[:, place]

    chosen, _ = sampler.run(doubled(weights.numpy(), negative_weights(3, True)), guided(choose, 1.5))
    np.testing.assert_array_equal(chosen.reshape(4, -1), np.concatenate([flat, flat]))
    with torch.no_grad():
        named, none = (model(codes, w) for w in (weights, torch.zeros_like(weights)))
    expected = (named + 1.5 * (named - none)).numpy().reshape(2, -1, SMALL.codes)
    np.testing.assert_allclose(np.stack(seen, 1), expected, atol=4e-4)


def test_the_grid_orders_codes_as_they_are_sampled():
    codes, _, _ = example(SMALL)
    latent = SMALL.grid.to_latent(codes.reshape(2, SMALL.rows, -1))
    assert torch.equal(latent, codes.permute(0, 3, 2, 1))


def test_a_priors_weights_are_recovered_from_its_graphs():
    model = lively()
    codec = SimpleNamespace(quantizer=SimpleNamespace(codebooks=torch.randn(4, 20, 12)))
    graphs = export_stacked(model, half_weights=True)
    recovered = prior_from(graphs, SMALL, codec)
    again = export_stacked(recovered, half_weights=True)
    codes, weights, contour = example(SMALL)
    with torch.no_grad():
        expected = folded_stacked(model, half=True)(codes, weights, contour)
        torch.testing.assert_close(recovered(codes, weights, contour), expected, atol=2e-3, rtol=0)
        torch.testing.assert_close(folded_stacked(recovered, half=True)(codes, weights, contour), expected, atol=2e-3, rtol=0)
    assert {name: [c.dims for c in graph.graph.initializer] for name, graph in again.items()} == {
        name: [c.dims for c in graph.graph.initializer] for name, graph in graphs.items()
    }


def test_a_configuration_survives_its_json():
    assert StackedConfig(**SMALL.to_dict()) == SMALL


@pytest.mark.parametrize("change", [{"kind": "other"}, {"kernel": [3, 4]}, {"kernel": [1, 5]}, {"channels": 48}, {"heads": 5}])
def test_a_configuration_that_cannot_be_built_is_refused(change: dict):
    with pytest.raises(ValueError, match=r"kind|kernel|channels"):
        StackedConfig(**{**SMALL.to_dict(), **change})


def test_the_contour_of_a_full_scale_sine_is_minus_3_db_and_silence_is_the_floor():
    time = torch.arange(22050) / 22050
    audio = torch.stack([torch.sin(2 * torch.pi * 441 * time), torch.zeros(22050)])
    level = contour_db(audio, MelConfig())
    assert level.shape == (2, MelConfig().frames(22050))
    assert (level[0, 4:-4] + 3.01).abs().max() < 0.05
    assert (level[1] == -90).all()
    rows = by_row(normalised(level), 11, 8)
    assert rows.shape == (2, 11, 8)
    assert torch.equal(rows[0, -1, -3:], rows[0, -1, -3:-2].expand(3))


def _stage(tmp_path: Path) -> Path:
    """A stacked stage of `SMALL` as a finished training leaves it."""
    model = lively()
    state = {"stage": "prior", "config": SMALL.to_dict(), "step": 7, "seconds": 60.0, "metrics": {"nll": 1.5}, "ema": {"prior": model.state_dict()}}
    save_atomic(state, tmp_path / "best.pt")
    return tmp_path / "best.pt"


def test_a_weights_file_gives_back_the_weights_rounded_to_float16(tmp_path: Path):
    out = tmp_path / "prior.safetensors"
    write_weights(_stage(tmp_path), out)
    state = read_weights(out)
    assert (state["stage"], state["step"], state["metrics"]) == ("prior", 7, {"nll": 1.5})
    assert StackedConfig(**state["config"]) == SMALL
    before = lively().state_dict()
    assert state["ema"]["prior"].keys() == before.keys()
    for name, value in before.items():
        assert torch.equal(state["ema"]["prior"][name], value.half().float() if value.is_floating_point() else value)


def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path):
    (tmp_path / "bad.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ")
    for name in ("bad.safetensors", "absent.safetensors"):
        with pytest.raises(TrainedError, match="not a weights file"):
            read_weights(tmp_path / name)


def test_a_prior_of_some_of_its_classes_says_the_same_of_them():
    model, (codes, _, _) = lively(), example(SMALL)
    fewer = model.of_classes([2, 0])
    assert fewer.config.classes == 2
    assert torch.equal(fewer(codes, torch.tensor([[1.0, 0], [0, 1]])), model(codes, torch.tensor([[0, 0, 1.0], [1, 0, 0]])))
    assert torch.equal(fewer(codes, torch.zeros(2, 2)), model(codes, torch.zeros(2, 3)))
    assert model.config.classes == 3
