"""The training loop every stage shares: exact resume, atomic checkpoints, EMA weights, JSON-lines progress.

Every random number of step n is drawn from generators seeded with (seed, n), so a run that was killed and
resumed computes the same losses as one that never stopped. stdout carries only JSON lines,
stderr readable text. SIGTERM and SIGINT write a checkpoint and stop. Under torchrun every process runs this
loop; only rank 0 logs, evaluates and writes.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from ..runtime import parallel
from ..runtime.device import load
from ..runtime.events import clean, emit
from ..runtime.files import save_atomic
from ..runtime.step_line import show_step
from .batches import drawn
from .ema import Ema
from .initialise import MismatchedCheckpoint, initialise
from .schedule import rate_at


class NotFinite(Exception):
    """A loss became NaN or infinite; the last checkpoint is untouched."""


@dataclass
class RunOptions:
    out: Path
    stage: str
    seed: int = 0
    steps: int = 1000
    minutes: float | None = None
    checkpoint_every: int = 200
    eval_every: int = 200
    log_every: int = 10
    ema_decay: float = 0.999
    warmup: int = 200
    hold: float = 0.0  # share of the budget at the full learning rate, before the cosine begins
    decay_to: float = 0.05  # learning rate at the last step as a share of the first
    patience: int | None = None  # early stopping: evaluations in a row without a better score


class Stage(Protocol):
    """One thing to train. `modules` are saved, averaged and resumed by name. `judged_on`, where there is one: what its score is measured on, if
    that can change between runs. `keeps_last`: no score says which weights are better, so best.pt holds those of the last evaluation."""

    modules: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]

    def draw(self, rng: np.random.Generator, step: int) -> Any:
        """The batch of step `step`, still on the CPU. May be called ahead of time, from another thread."""

    def step(self, batch: Any, step: int) -> dict[str, float]: ...

    def evaluate(self) -> dict[str, float]: ...

    def config(self) -> dict[str, Any]: ...


class Runner:
    def __init__(self, stage: Stage, options: RunOptions, on_eval: Callable[[int, dict[str, float]], None] | None = None) -> None:
        self.stage, self.options, self.on_eval = stage, options, on_eval
        self.ema = Ema(stage.modules, options.ema_decay)
        self.step, self.seconds, self.best, self.since_best = 0, 0.0, float("inf"), 0
        self.base_lr = {name: o.param_groups[0]["lr"] for name, o in stage.optimizers.items()}
        # What this process was asked to do, and what all processes have agreed on: a signal that arrives during the exchange
        # must count in the next one instead of being overwritten by its answer.
        self._asked = self._stop = False

    @property
    def checkpoint(self) -> Path:
        return self.options.out / "checkpoint.pt"

    def _state(self) -> dict[str, Any]:
        return {
            "stage": self.options.stage,
            "config": self.stage.config(),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "since_best": self.since_best,
            "judged_on": self._judged_on,
            "modules": {k: m.state_dict() for k, m in self.stage.modules.items()},
            "optimizers": {k: o.state_dict() for k, o in self.stage.optimizers.items()},
            "ema": self.ema.state,
        }

    def resume(self) -> bool:
        if not self.checkpoint.is_file():
            return False
        state = load(self.checkpoint)
        if state["stage"] != self.options.stage or state["config"] != self.stage.config():
            raise MismatchedCheckpoint(f"{self.checkpoint} belongs to another stage or configuration: use its settings, or another --out")
        if set(state["optimizers"]) != set(self.stage.optimizers):
            raise MismatchedCheckpoint(f"{self.checkpoint} was trained with other optimizers: start a new training from it with --from, in another --out")
        for name, module in self.stage.modules.items():
            module.load_state_dict(state["modules"][name])
        for name, optimizer in self.stage.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.ema.state = state["ema"]
        self.step, self.seconds = state["step"], state["seconds"]
        if state.get("judged_on", "") == self._judged_on:  # otherwise the best score was measured on something else
            self.best, self.since_best = state["best"], state.get("since_best", 0)
        return True

    def begin_from(self, path: Path) -> tuple[int, list[str]]:
        """Begins a new training from another's averaged weights: what `initialise` returns and raises."""
        found = initialise(self.stage.modules, path, self.options.stage)
        self.ema = Ema(self.stage.modules, self.options.ema_decay)
        return found

    @property
    def _judged_on(self) -> str:
        """What a stage's score is measured on, if that can change between runs."""
        return getattr(self.stage, "judged_on", "")

    def save(self) -> None:
        if parallel.rank() == 0:
            save_atomic(self._state(), self.checkpoint)

    @property
    def stopped(self) -> bool:
        """Whether a signal stopped it before its budget was spent."""
        return self._stop

    @property
    def _over(self) -> bool:
        patience = self.options.patience
        return self._stop or self.progress() >= 1.0 or (patience is not None and self.since_best >= patience)

    def progress(self) -> float:
        """Share of the budget spent, 0..1, in steps, or in minutes if a time budget is set."""
        if self.options.minutes is not None:
            return min(1.0, self.seconds / (self.options.minutes * 60))
        return min(1.0, self.step / max(1, self.options.steps))

    def _set_lr(self) -> None:
        options, progress = self.options, self.progress()
        for name, optimizer in self.stage.optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = rate_at(self.base_lr[name], self.step, progress, options.warmup, options.hold, options.decay_to)

    def _evaluate(self) -> None:
        """Rank 0 evaluates the averaged weights and broadcasts the best score."""
        if parallel.rank() == 0:
            self._evaluate_here()
        agreed = torch.tensor([self.best, float(self.since_best)], dtype=torch.float64)
        parallel.as_first(agreed)
        self.best, self.since_best = float(agreed[0]), int(agreed[1])

    def _evaluate_here(self) -> None:
        with self.ema.applied(), torch.no_grad():
            for module in self.stage.modules.values():
                module.eval()
            metrics = clean(self.stage.evaluate())
        for module in self.stage.modules.values():
            module.train()
        emit("eval", stage=self.options.stage, step=self.step, minutes=round(self.seconds / 60, 2), **metrics)
        score = metrics.get("score", float("inf"))
        self.since_best += 1
        better = score < self.best
        if better:
            self.best, self.since_best = score, 0
        if better or getattr(self.stage, "keeps_last", False):
            best = {"stage": self.options.stage, "config": self.stage.config(), "step": self.step, "seconds": self.seconds, "ema": self.ema.state, "metrics": metrics}
            save_atomic(best, self.options.out / "best.pt")
        if self.on_eval:
            self.on_eval(self.step, metrics)

    def run(self) -> None:
        options = self.options
        options.out.mkdir(parents=True, exist_ok=True)
        resumed = self.resume()
        parallel.alike(self.stage.modules.values())
        self._emit("start", step=self.step, resumed=resumed, steps=options.steps, minutes=options.minutes, device=str(torch.get_default_device()), processes=parallel.world())
        for module in self.stage.modules.values():
            module.train()
        previous = {s: signal.signal(s, self._on_signal) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._loop()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        self.save()
        parallel.together()  # rank 0 saves alone; a rank that exits now would tear down the process group
        self._emit("stopped" if self._stop else "finished", step=self.step, best=self.best if np.isfinite(self.best) else None)

    def _emit(self, event: str, **data: Any) -> None:
        if parallel.rank() == 0:
            emit(event, stage=self.options.stage, **data)

    def _on_signal(self, *_: object) -> None:
        self._asked = True
        if parallel.world() == 1:
            self._stop = True

    def _agree(self, spent: float, metrics: dict[str, float]) -> bool:
        """Adds the seconds of a step; returns whether all its metrics are finite. All processes agree on stop, finiteness and
        time: otherwise one would exit and the others would wait for it forever."""
        finite = all(np.isfinite(v) for v in metrics.values())
        if parallel.world() > 1:
            mine = torch.tensor([float(self._asked), float(not finite), spent if parallel.rank() == 0 else 0.0], dtype=torch.float64)
            stop, bad, spent = parallel.add_up(mine).tolist()
            self._stop, finite = stop > 0, bad == 0
        self.seconds += spent
        return finite

    def _loop(self) -> None:
        options, window = self.options, []
        batches, began = drawn(self.stage.draw, options.seed, self.step), time.monotonic()
        while not self._over:
            self._set_lr()
            batch = next(batches)
            torch.manual_seed((options.seed << 32) + self.step * parallel.world() + parallel.rank())
            metrics = self.stage.step(batch, self.step)
            now = time.monotonic()
            took, began = now - began, now
            if not self._agree(took, metrics):
                raise NotFinite(f"step {self.step}: loss is not finite ({metrics}); the last checkpoint is intact")
            self.step += 1
            self.ema.update(self.step)
            window.append((took, metrics))
            if self.step % options.log_every == 0:
                self._log(window)
                window = []
            if self.step % options.eval_every == 0:
                self._evaluate()
                began = time.monotonic()
            if self.step % options.checkpoint_every == 0:
                self.save()
        batches.close()
        if not self._stop and self.step % options.eval_every:
            self._evaluate()

    def _log(self, window: list[tuple[float, dict[str, float]]]) -> None:
        seconds = sum(t for t, _ in window) / len(window)
        mean = {k: float(np.mean([m[k] for _, m in window])) for k in window[-1][1] if all(k in m for _, m in window)}
        share = self.progress()
        minutes = round(self.seconds * (1 - share) / share / 60, 1) if share > 0 else None
        self._emit("step", step=self.step, seconds_per_step=round(seconds, 4), eta_minutes=minutes, **clean(mean))
        show_step(self.options.stage, self.step, share, minutes, mean)
