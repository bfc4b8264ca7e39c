import pytest
import torch

from foley_trainer.models.grid import Grid


def test_the_paper_grid_stacks_codebooks_coarse_to_fine():
    grid = Grid(4, 10, 43)
    codes = torch.arange(4 * 10 * 43).view(1, 4, 10, 43)
    rows = grid.from_latent(codes)
    assert rows.shape == (1, 40, 43)
    assert torch.equal(rows[0, 10:20], codes[0, 1])
    assert grid.condition_rows() == [0, 10, 20, 30]


@pytest.mark.parametrize(("rows", "cols"), [(["codebook", "frequency"], ["time"]), (["time"], ["codebook", "frequency"]), (["time"], ["frequency", "codebook"])])
def test_grids_and_latents_round_trip(rows: list[str], cols: list[str]):
    grid = Grid(2, 4, 6, rows, cols)
    codes = torch.randint(0, 16, (3, 2, 4, 6))
    assert torch.equal(grid.to_latent(grid.from_latent(codes)), codes)


def test_time_major_rows_are_time_steps():
    grid = Grid(2, 4, 6, ["time"], ["codebook", "frequency"])
    codes = torch.arange(48).view(1, 2, 4, 6)
    assert grid.from_latent(codes)[0, 3].tolist() == codes[0, :, :, 3].flatten().tolist()
    assert grid.condition_rows() == [0]


def test_every_axis_is_named_once():
    with pytest.raises(ValueError, match="once each"):
        Grid(2, 4, 6, ["time"], ["time", "codebook"])
