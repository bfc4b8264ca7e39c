"""Our AdamW is torch's, and no optimizer of ours needs torch's compiler."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import nn

from foley_trainer.training.muon import Muon
from foley_trainer.training.optimizers import AdamW


def _trained(make: type[torch.optim.Optimizer], **more: float) -> nn.Module:
    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    saved: dict[str, Any] = {}
    for _ in range(2):  # the second goes on from what the first saved
        optimizer = make([{"params": [net.weight]}, {"params": [net.bias], "lr": 0.5}], lr=0.1, **more)
        if saved:
            optimizer.load_state_dict(saved)
        for step in range(3):
            optimizer.zero_grad()
            net(torch.arange(8.0).view(2, 4) + step).square().mean().backward()
            optimizer.step()
        saved = optimizer.state_dict()
    return net


def test_weights_and_state_are_those_of_torchs_adamw():
    ours, theirs = (_trained(make, weight_decay=0.1) for make in (AdamW, torch.optim.AdamW))
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)


@pytest.mark.parametrize("make", [AdamW, Muon])
def test_training_and_going_on_import_no_compiler(make: type[torch.optim.Optimizer], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # whoever imports it gets an error
    weight = nn.Parameter(torch.randn(4, 3))
    optimizer = make([weight], lr=0.1)
    weight.grad = torch.randn(4, 3)
    before = weight.detach().clone()
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.zero_grad()
    assert not torch.equal(weight.detach(), before)
    with pytest.raises(ImportError):
        torch.optim.AdamW([weight], lr=0.1).step()
