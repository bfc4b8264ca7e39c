"""Muon: orthogonal updates, and what they are good for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from foley_trainer.training.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(8, 20), (20, 8), (12, 6, 3, 5)])
def test_an_update_has_singular_values_near_1_whatever_those_of_the_gradient(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape).flatten(1)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    stretched = (u * torch.logspace(0, -2, u.shape[1])) @ v
    made = orthogonal(stretched.view(shape))
    assert made.shape == shape
    values = torch.linalg.svdvals(made.flatten(1))
    assert values.min() > 0.3
    assert values.max() < 1.3
    assert torch.linalg.cond(stretched) > 99


def test_a_step_has_the_size_of_the_learning_rate_whatever_the_gradient():
    for scale in (1e-6, 1, 1e4):
        torch.manual_seed(0)
        weight = nn.Parameter(torch.zeros(16, 48))
        weight.grad = torch.randn(16, 48) * scale
        Muon([weight], lr=0.1).step()
        assert float(weight.detach().square().mean().sqrt()) == pytest.approx(0.1 * 0.2, rel=0.2)


def test_it_learns_every_direction_where_plain_descent_learns_the_steepest():
    torch.manual_seed(0)
    wanted, steep = torch.randn(12, 12), torch.diag(torch.logspace(0, -2, 12))

    def after(make) -> float:
        weight = nn.Parameter(torch.zeros(12, 12))
        optimizer = make(weight)
        for step in range(200):
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * (1 - step / 200)
            optimizer.zero_grad()
            ((weight - wanted) @ steep).square().sum().backward()
            optimizer.step()
        return float((weight - wanted).detach().abs().mean())

    def muon(weight):
        made = Muon([weight], lr=0.3)
        made.param_groups[0]["initial_lr"] = 0.3
        return made

    def plain(weight):
        made = torch.optim.SGD([weight], lr=0.4)
        made.param_groups[0]["initial_lr"] = 0.4
        return made

    assert after(muon) < 0.1 * after(plain)


def test_parameters_without_a_gradient_stay_as_they_are():
    weight = nn.Parameter(torch.ones(3, 3))
    Muon([weight], lr=1, weight_decay=0.5).step()
    assert torch.equal(weight.detach(), torch.ones(3, 3))
