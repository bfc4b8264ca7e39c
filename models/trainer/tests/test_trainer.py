"""The loop's promises: exact resume, a kill loses nothing, NaN stops, JSON lines on stdout."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from foley_trainer.runtime import parallel
from foley_trainer.training.batches import drawn
from foley_trainer.training.trainer import MismatchedCheckpoint, NotFinite, Runner, RunOptions


class Line:
    """Fits y = 3x + noise; the noise and the dropout both come from the step's generators."""

    def __init__(self, width: int = 4, poison: int | None = None) -> None:
        torch.manual_seed(5)
        self.net = nn.Sequential(nn.Linear(1, width), nn.Dropout(0.2), nn.Linear(width, 1))
        self.modules: dict[str, nn.Module] = {"net": self.net}
        self.optimizers: dict[str, torch.optim.Optimizer] = {"net": torch.optim.AdamW(self.net.parameters(), lr=1e-2)}
        self.width, self.poison, self.losses = width, poison, {}

    def config(self) -> dict[str, Any]:
        return {"width": self.width}

    def draw(self, rng: np.random.Generator, step: int) -> np.ndarray:
        return rng.standard_normal((8, 1)).astype(np.float32)

    def step(self, batch: np.ndarray, step: int) -> dict[str, float]:
        x = torch.from_numpy(batch)
        loss = (self.net(x) - 3 * x).square().mean()
        self.optimizers["net"].zero_grad()
        loss.backward()
        self.optimizers["net"].step()
        self.losses[step] = loss.item()
        return {"loss": float("nan") if step == self.poison else loss.item()}

    def evaluate(self) -> dict[str, float]:
        x = torch.linspace(-1, 1, 11)[:, None]
        return {"score": (self.net(x) - 3 * x).square().mean().item()}


def options(out: Path, steps: int = 30) -> RunOptions:
    return RunOptions(out, "line", steps=steps, checkpoint_every=10, eval_every=10, log_every=10, warmup=2)


def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(tmp_path: Path):
    whole = Line()
    Runner(whole, options(tmp_path / "whole")).run()
    first = Line()
    runner = Runner(first, options(tmp_path / "parts"))
    original = first.step
    first.step = lambda batch, step: (runner._on_signal() if step == 12 else None, original(batch, step))[1]  # as SIGTERM would, in step 12
    runner.run()
    second = Line()
    Runner(second, options(tmp_path / "parts")).run()
    assert max(first.losses) == 12
    assert min(second.losses) == 13
    assert {**first.losses, **second.losses} == whole.losses
    for a, b in zip(whole.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(a, b)


def test_batches_that_threads_draw_ahead_come_in_their_order(monkeypatch: pytest.MonkeyPatch):
    class Slow(Line):
        def draw(self, rng: np.random.Generator, step: int) -> np.ndarray:
            time.sleep(0.02 if step % 3 == 0 else 0)  # later ones are there first
            drawn_by.add(threading.get_ident())
            return super().draw(rng, step)

    drawn_by: set[int] = set()
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    torch.set_default_device("meta")  # stands for a GPU: batches are numpy's
    try:
        batches = drawn(Slow().draw, 0, 5)
        taken = [next(batches) for _ in range(20)]
        batches.close()
    finally:
        torch.set_default_device("cpu")
    alone = Line()
    assert all(np.array_equal(batch, alone.draw(np.random.default_rng([0, step]), step)) for step, batch in enumerate(taken, start=5))
    assert len(drawn_by) > 1


def test_nan_stops_the_run_and_keeps_the_last_checkpoint(tmp_path: Path):
    with pytest.raises(NotFinite, match="step 15"):
        Runner(Line(poison=15), options(tmp_path)).run()
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 10


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path: Path):
    Runner(Line(), options(tmp_path, 10)).run()
    with pytest.raises(MismatchedCheckpoint):
        Runner(Line(width=5), options(tmp_path, 20)).run()


def test_stdout_is_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    Runner(Line(), options(tmp_path)).run()
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert next(e["event"] for e in events) == "start"
    assert events[-1]["event"] == "finished"
    assert [e["step"] for e in events if e["event"] == "step"] == [10, 20, 30]


def test_best_is_the_lowest_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    Runner(Line(), options(tmp_path)).run()
    scores = [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines() if '"eval"' in line]
    assert torch.load(tmp_path / "best.pt", weights_only=True)["metrics"]["score"] == min(scores)


def test_the_last_weights_are_kept_where_no_score_says_which_are_better(tmp_path: Path):
    line, scores = Line(), iter([1.0, 2.0, 3.0])
    line.keeps_last = True
    line.evaluate = lambda: {"score": next(scores)}
    runner = Runner(line, options(tmp_path))
    runner.run()
    assert torch.load(tmp_path / "best.pt", weights_only=True)["step"] == 30
    assert (runner.best, runner.since_best) == (1.0, 2)


def test_scores_of_another_metric_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    Runner(Line(), options(tmp_path, 20)).run()
    harder = Line()
    harder.judged_on = "something harder"
    easy = harder.evaluate
    harder.evaluate = lambda: {"score": easy()["score"] + 100}
    Runner(harder, options(tmp_path, 30)).run()
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert (best["step"], best["metrics"]["score"] > 100) == (30, True)


def test_a_training_is_initialised_from_another_where_tensors_match(tmp_path: Path):
    Runner(Line(), options(tmp_path / "first", 20)).run()
    trained = torch.load(tmp_path / "first" / "best.pt", weights_only=True)["ema"]["net"]
    line = Line()
    line.net.append(nn.Linear(1, 1))
    runner = Runner(line, options(tmp_path / "second", 20))
    assert runner.begin_from(tmp_path / "first" / "best.pt") == (4, ["net.3.weight", "net.3.bias"])
    for name, value in trained.items():
        assert torch.equal(line.net.state_dict()[name], value)
        assert torch.equal(runner.ema.state["net"][name], value)
    assert runner.step == 0


def test_initialising_from_another_stage_or_without_a_match_is_refused(tmp_path: Path):
    Runner(Line(), options(tmp_path / "first", 10)).run()
    other = RunOptions(tmp_path / "second", "curve", steps=10)
    with pytest.raises(MismatchedCheckpoint, match="stage line, expected curve"):
        Runner(Line(), other).begin_from(tmp_path / "first" / "best.pt")
    stranger = Line()
    stranger.modules = {"another": stranger.net}
    with pytest.raises(MismatchedCheckpoint, match="no tensor in"):
        Runner(stranger, options(tmp_path / "third")).begin_from(tmp_path / "first" / "best.pt")


def test_a_signal_that_arrives_while_processes_agree_counts_in_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stage = Line()
    runner = Runner(stage, options(tmp_path))
    agreed = []

    def add_up(tensor: torch.Tensor) -> torch.Tensor:
        agreed.append(tensor.tolist())
        if len(agreed) == 5:
            runner._on_signal()  # the other process had not been asked, and this one had already said so
        return tensor

    monkeypatch.setattr(parallel, "world", lambda: 2)
    monkeypatch.setattr(parallel, "add_up", add_up)
    for name in ("together", "alike", "as_first"):
        monkeypatch.setattr(parallel, name, lambda *_: None)
    runner.run()
    assert runner.stopped
    assert runner.step == 6
