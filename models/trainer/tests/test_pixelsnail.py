"""The prior sees only what was sampled before, and its parts do what their names say."""

import pytest
import torch
import torch.nn.functional as F

from foley_trainer.models.attention import strictly_causal
from foley_trainer.models.causal_conv import Dropout, FirstLayer, NormedConv
from foley_trainer.models.pixelsnail import PixelSnail, PriorConfig

TINY = {"codes": 16, "classes": 3, "channels": 32, "blocks": 2, "res_blocks": 2, "heads": 2, "codebooks": 2, "frequency": 3, "time": 5}
GRIDS = {
    "codebook-major": {"rows": 6, "cols": 5, "row_axes": ["codebook", "frequency"], "col_axes": ["time"], "condition": "context", "condition_dim": 8},
    "time-major": {"rows": 5, "cols": 6, "row_axes": ["time"], "col_axes": ["codebook", "frequency"], "condition": "context", "condition_dim": 8},
    "alphabets": {"rows": 6, "cols": 5, "condition": "place", "condition_dim": 8, "alphabets": True},
    "map": {"rows": 6, "cols": 5, "condition": "map", "condition_dim": 1},
    "place": {"rows": 6, "cols": 5, "condition": "place", "condition_dim": 8},
    "kernel-3": {"rows": 6, "cols": 5, "condition": "context", "condition_dim": 8, "kernel": 3},
}


def build(name: str) -> PixelSnail:
    torch.manual_seed(5)
    return PixelSnail(PriorConfig(**TINY, **GRIDS[name]), torch.randn(2, 16, 4)).eval()


@pytest.mark.parametrize("name", GRIDS)
@torch.no_grad()
def test_changing_a_cell_changes_only_outputs_after_it(name: str) -> None:
    model = build(name)
    c = model.config
    codes = torch.randint(0, 16, (1, c.rows, c.cols))
    weights = F.one_hot(torch.tensor([1]), 3).float()
    before = model(codes, weights).flatten(2)
    for cell in range(c.rows * c.cols):
        changed = codes.clone()
        changed.view(-1)[cell] = (changed.view(-1)[cell] + 1) % 16
        difference = (model(changed, weights).flatten(2) - before).abs().amax((0, 1))
        assert difference[: cell + 1].max() == 0, f"cell {cell} reaches itself or a cell before it"
        if cell + 1 < c.rows * c.cols:
            assert difference[cell + 1 :].max() > 1e-6, f"cell {cell} reaches nothing"


@torch.no_grad()
def test_a_finished_codebook_reaches_everywhere_and_an_unfinished_one_does_not() -> None:
    model = build("codebook-major")
    codes = torch.randint(0, 16, (1, 6, 5))
    changed = codes.clone()
    changed[0, 2, 4] = (changed[0, 2, 4] + 1) % 16  # the last cell of codebook 1
    weights = torch.tensor([[0.0, 1.0, 0.0]])
    moved = (model.condition(weights, changed) - model.condition(weights, codes)).abs().amax((0, 1))
    assert moved[:3].max() == 0
    assert moved[3:].min() > 0
    changed = codes.clone()
    changed[0, 3] = 3
    assert torch.equal(model.condition(weights, changed), model.condition(weights, codes))


@torch.no_grad()
def test_the_plain_stack_is_conditioned_on_class_level_and_frequency_only() -> None:
    model, weights = build("place"), torch.eye(3)[:1]
    told = model.condition(weights, torch.randint(0, 16, (1, 6, 5)))
    assert torch.equal(told, model.condition(weights, torch.randint(0, 16, (1, 6, 5))))
    place = model.condition
    assert torch.allclose(told[0, :, 4, 2], place.of_class.weight[:, 0] + place.of_level[1] + place.of_frequency[1])
    # What both conditions have is named alike, so that one can start from the other.
    assert set(model.state_dict()) < set(build("codebook-major").state_dict())


def test_attention_is_softmax_over_the_cells_before() -> None:
    torch.manual_seed(1)
    query, key, value = (torch.randn(2, 2, 7, 4) for _ in range(3))
    out = strictly_causal(query, key, value)
    assert out[:, :, 0].abs().max() == 0
    for t in range(1, 7):
        weights = torch.softmax(query[:, :, t : t + 1] @ key[:, :, :t].transpose(2, 3) / 2.0, -1)
        torch.testing.assert_close(out[:, :, t : t + 1], weights @ value[:, :, :t], atol=1e-5, rtol=1e-5)
    assert strictly_causal(query[:, :, :1], key[:, :, :1], value[:, :, :1]).abs().max() == 0


@pytest.mark.parametrize("kernel", [3, 5])
def test_look_ups_equal_the_shifted_convolutions_of_one_hot_codes(kernel: int) -> None:
    torch.manual_seed(2)
    layer, reach = FirstLayer(16, 8, kernel), kernel // 2
    codes = torch.randint(0, 16, (2, 4, 6))
    hot = F.one_hot(codes, 16).permute(0, 3, 1, 2).float()
    across = F.conv2d(F.pad(hot, (reach, reach, reach - 1, 0)), layer.horizontal.weight(), layer.horizontal.bias)
    down = F.conv2d(F.pad(hot, (reach - 1, 0, reach, 0)), layer.vertical.weight(), layer.vertical.bias)
    expected = F.pad(across, (0, 0, 1, 0))[:, :, :-1] + F.pad(down, (1, 0))[..., :-1]
    torch.testing.assert_close(layer(codes), expected, atol=1e-5, rtol=1e-5)


def test_dead_taps_are_out_of_the_weight_and_of_its_norm() -> None:
    conv = NormedConv(3, 4, 5, causal=True)
    before = conv.weight().detach().clone()
    assert before[:, :, -1, 2:].abs().max() == 0
    assert before[:, :, -1, :2].abs().min() > 0
    with torch.no_grad():
        conv.weight_v[:, :, -1, 2:] = 9.0
    assert torch.equal(conv.weight(), before)


@torch.no_grad()
def test_a_crop_keeps_its_coordinates_and_hides_the_rest() -> None:
    model = build("codebook-major")
    codes, weights = torch.randint(0, 16, (1, 6, 5)), torch.tensor([[1.0, 0.0, 0.0]])
    whole, crop = model(codes, weights), model(codes, weights, (0, 5))
    torch.testing.assert_close(whole, crop)
    part = model(codes, weights, (1, 4))
    assert part.shape == (1, 16, 6, 3)
    with pytest.raises(ValueError, match="time"):
        build("time-major")(codes.transpose(1, 2), weights, (0, 2))


def test_a_config_whose_axes_do_not_make_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="not 5 x 5"):
        PriorConfig(**TINY, rows=5, cols=5)


def test_a_few_steps_learn_a_constant_grid() -> None:
    torch.manual_seed(3)
    model = build("codebook-major").train()
    codes = torch.full((2, 6, 5), 7)
    weights = F.one_hot(torch.tensor([0, 2]), 3).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        loss = F.cross_entropy(model(codes, weights), codes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_dropout_drops_its_share_keeps_the_mean_and_is_off_in_eval() -> None:
    torch.manual_seed(4)
    layer = Dropout(0.1)
    x = torch.ones(4, 16, 20, 30).to(memory_format=torch.channels_last)
    out = layer(x)
    assert 0.09 < (out == 0).float().mean() < 0.115
    assert abs(out.mean() - 1) < 0.01
    assert not torch.equal(out, layer(x))
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(layer.eval()(x), x)
