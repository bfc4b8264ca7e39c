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
from foley_trainer.features import spectrum
from foley_trainer.features.loudness import by_row, contour_db, normalised
from foley_trainer.features.mel import LogMel, MelConfig
from foley_trainer.finetuning.weights_from_onnx import prior_from
from foley_trainer.models.any_prior import of_classes
from foley_trainer.models.stacked_pixelsnail import Followed, StackedConfig, StackedPixelSnail
from foley_trainer.runtime.files import save_atomic
from foley_trainer.training.checkpoints import TrainedError
from foley_trainer.training.weights_file import read_weights, write_weights

SMALL = StackedConfig(
    codes=20, rows=5, cols=4, classes=3, channels=32, blocks=2, res_blocks=2, heads=2, condition_dim=8, depth=32, depth_hidden=48, vector=8, contour=4, spectrum=12,
)  # fmt: skip


def lively(config: StackedConfig = SMALL) -> StackedPixelSnail:
    return lively_stacked(config)


def example(config: StackedConfig, batch: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed + 100)
    return torch.randint(config.codes, (batch, config.rows, config.cols, config.codebooks)), torch.eye(config.classes)[:batch]


def told(config: StackedConfig, batch: int = 2) -> dict[str, torch.Tensor]:
    """Inputs of the condition graph: a contour in the prior's units, a spectrum in dB."""
    torch.manual_seed(7)
    return {"contour": torch.randn(batch, config.rows, config.contour), "spectrum": torch.rand(batch, config.spectrum) * -50}


def followed(parts: dict[str, torch.Tensor]) -> Followed:
    return Followed(**(parts | {"spectrum": spectrum.normalised(parts["spectrum"])}))


@torch.no_grad()
def test_a_code_changes_only_the_logits_after_it():
    model, (codes, weights) = lively(), example(SMALL, 1)
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
    model, (codes, weights) = lively(), example(SMALL, 1)
    last = SMALL.rows * SMALL.cols * SMALL.codebooks - 1
    before = model(codes, weights).flatten(1, 3)[0, last]
    for place in range(last - 2 * SMALL.codebooks + 1, last):
        changed = codes.clone().flatten(1)
        changed[0, place] = (changed[0, place] + 7) % SMALL.codes
        assert not torch.equal(model(changed.view_as(codes), weights).flatten(1, 3)[0, last], before)


@torch.no_grad()
@pytest.mark.parametrize("name", ["contour", "spectrum"])
def test_what_is_not_known_changes_nothing(name: str):
    model, (codes, weights) = lively(), example(SMALL)
    plain, part = model(codes, weights), {name: told(SMALL)[name]}
    torch.testing.assert_close(model(codes, weights, Followed(**part, **{f"{name}_known": torch.zeros(2)})), plain)
    assert not torch.allclose(model(codes, weights, Followed(**part)), plain)


@torch.no_grad()
def test_a_prior_that_learns_to_follow_spectra_later_begins_as_it_was():
    model = StackedPixelSnail(SMALL, torch.randn(SMALL.codebooks, SMALL.codes, 12)).eval()
    codes, weights = example(SMALL)
    assert torch.equal(model(codes, weights, Followed(spectrum=told(SMALL)["spectrum"])), model(codes, weights))


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("half", [False, True])
def test_the_graphs_give_the_logits_of_the_full_forward_pass(batch: int, half: bool):
    model = lively()
    (codes, weights), parts = example(SMALL, batch), told(SMALL, batch)
    sampler = StackedSampler(SMALL, export_stacked(model, half))
    with torch.no_grad():
        expected = folded_stacked(model, half)(codes, weights, followed(parts)).numpy()
    got = sampler.logits(codes.numpy(), weights.numpy(), **{name: part.numpy() for name, part in parts.items()})
    assert np.abs(got - expected).max() < 1e-4
    assert expected.std() > 0.5


@pytest.mark.parametrize("left", ["contour", "spectrum", None])
def test_the_graphs_take_only_what_the_prior_follows(left: str | None):
    config = StackedConfig(**{**SMALL.to_dict(), "contour": 0, "spectrum": 0, "kernel": [2, 3], **({left: 4} if left else {})})
    model, (codes, weights) = lively(config), example(SMALL)
    sampler = StackedSampler(config, export_stacked(model))
    names = ["class", *([left, {"contour": "known", "spectrum": "spectrum_known"}[left]] if left else [])]
    assert [given.name for given in sampler.condition.get_inputs()] == names
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
    codes, weights = example(SMALL)
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


def test_guidance_makes_no_code_likely_that_the_class_itself_hardly_knows():
    logits, seen = np.float32([[0, -1, -8], [0, -1, -14]]), []

    def choose(led: np.ndarray, place: int) -> np.ndarray:
        seen.append(led[0].tolist())
        return led.argmax(1)

    assert guided(choose, 3)(logits, 0).tolist() == [2, 2]
    assert guided(choose, 3, 0.01)(logits, 0).tolist() == [0, 0]
    assert seen == [[0, -1, 10], [0, -1, -np.inf]]


def test_the_grid_orders_codes_as_they_are_sampled():
    codes, _ = example(SMALL)
    latent = SMALL.grid.to_latent(codes.reshape(2, SMALL.rows, -1))
    assert torch.equal(latent, codes.permute(0, 3, 2, 1))


def test_a_priors_weights_are_recovered_from_its_graphs():
    model = lively()
    codec = SimpleNamespace(quantizer=SimpleNamespace(codebooks=torch.randn(4, 20, 12)))
    graphs = export_stacked(model, half_weights=True)
    recovered = prior_from(graphs, SMALL, codec)
    again = export_stacked(recovered, half_weights=True)
    (codes, weights), parts = example(SMALL), followed(told(SMALL))
    with torch.no_grad():
        expected = folded_stacked(model, half=True)(codes, weights, parts)
        torch.testing.assert_close(recovered(codes, weights, parts), expected, atol=2e-3, rtol=0)
        torch.testing.assert_close(folded_stacked(recovered, half=True)(codes, weights, parts), expected, atol=2e-3, rtol=0)
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


def test_an_average_spectrum_tells_of_the_colour_and_not_of_the_level():
    time = torch.arange(22050) / 22050
    low, high = (torch.sin(2 * torch.pi * hz * time) for hz in (300, 5000))
    both = low + high / 10
    mel = LogMel()(torch.stack([both, both / 20, low, torch.zeros(22050)]))
    level = spectrum.average_spectrum_db(mel)
    assert level.shape == (4, MelConfig().bins)
    assert level.max() == 0
    assert level.min() == -60
    bin_of_low, bin_of_high = level[2].argmax(), level[0, 40:].argmax() + 40
    assert level[0].argmax() == bin_of_low < bin_of_high
    # Slaney's wider bands are lower in proportion to their width.
    assert -36 < level[0, bin_of_high] < -24
    torch.testing.assert_close(level[1, [bin_of_low, bin_of_high]], level[0, [bin_of_low, bin_of_high]], atol=0.1, rtol=0)


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
    model, (codes, _) = lively(), example(SMALL)
    fewer = of_classes(model, [2, 0])
    assert fewer.config.classes == 2
    assert torch.equal(fewer(codes, torch.tensor([[1.0, 0], [0, 1]])), model(codes, torch.tensor([[0, 0, 1.0], [1, 0, 0]])))
    assert torch.equal(fewer(codes, torch.zeros(2, 2)), model(codes, torch.zeros(2, 3)))
    assert model.config.classes == 3
