"""Several processes train one model: averaged gradients are those of the whole batch, and all stay alike."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp
from torch import nn

from foley_trainer.cli import main
from foley_trainer.models.quantizer import ResidualQuantizer
from foley_trainer.models.rvq_vae import CodecConfig
from foley_trainer.runtime import parallel

pytestmark = pytest.mark.slow

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "foley_trainer.cli"]


def _join(rank: int, place: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{place}/store", rank=rank, world_size=2)


def _net() -> nn.Module:
    torch.manual_seed(3)
    return nn.Linear(4, 2)


def _half_of_the_batch(rank: int, place: str) -> None:
    net, x = _net(), torch.arange(32.0).view(8, 4)
    net(x[rank * 4 : rank * 4 + 4]).square().mean().backward()
    parallel.average_gradients(net)
    torch.save(net.weight.grad, f"{place}/gradient-{rank}.pt")


def _learn_codes(rank: int, place: str) -> None:
    torch.manual_seed(100 + rank)
    quantizer = ResidualQuantizer(CodecConfig(codebooks=2, codes=8, dim=4)).train()
    quantizer.start(torch.randn(64, 4))
    for step in range(5):
        # Each sees its own clips, and in one step rank 1 has none that reach the second level.
        keep = torch.tensor([1, 1] if rank == 1 and step == 2 else [2, 1])
        quantizer(torch.randn(2, 4, 3, 3) * 3, keep)
    torch.save(quantizer.state_dict(), f"{place}/codes-{rank}.pt")


def _work(rank: int, place: str) -> None:
    _join(rank, place)
    _half_of_the_batch(rank, place)
    _learn_codes(rank, place)
    parallel.end()


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes left: starting them takes longer than all they do."""
    place = tmp_path_factory.mktemp("ranks")
    mp.spawn(_work, (str(place),), nprocs=2)
    return place


def test_gradients_of_two_halves_are_those_of_the_whole(worked: Path) -> None:
    net = _net()
    net(torch.arange(32.0).view(8, 4)).square().mean().backward()
    for rank in range(2):
        assert torch.allclose(torch.load(worked / f"gradient-{rank}.pt", weights_only=True), net.weight.grad, rtol=1e-5)


def test_codebooks_stay_identical_across_processes(worked: Path) -> None:
    first, second = (torch.load(worked / f"codes-{rank}.pt", weights_only=True) for rank in range(2))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}


def test_a_stop_signal_to_one_process_stops_both_at_the_same_step_and_one_process_goes_on(
    tmp_path: Path, folder_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["codec", "--corpus", str(folder_corpus), "--preset", "tiny", "--out", str(tmp_path)]
    args += [part for change in ("codec.run.log_every=2", "codec.run.eval_every=4", "codec.config.warm_steps=2") for part in ("--set", change)]
    both = subprocess.Popen([*TORCHRUN, *args, "--steps", "100000"], env=_environment(), stdout=subprocess.PIPE, text=True)
    assert both.stdout is not None
    events = []
    try:
        for line in both.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "step" and events[-1]["step"] >= 4:
                break
        os.kill(_a_worker_of(both.pid), signal.SIGTERM)
        events += [json.loads(line) for line in both.stdout]
        assert both.wait(120) == 0
    finally:
        both.terminate()  # which stops its workers too, whatever went wrong
    # Only one of them speaks.
    assert [e["event"] for e in events if e["event"] not in ("corpus", "step", "eval")] == ["start", "stopped"]
    assert next(e for e in events if e["event"] == "start")["processes"] == 2
    stopped = events[-1]["step"]
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == stopped
    capsys.readouterr()
    assert main([*args, "--steps", str(stopped + 2), "--threads", "1"]) == 0
    alone = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    start = next(e for e in alone if e["event"] == "start")
    assert (start["resumed"], start["step"], start["processes"]) == (True, stopped, 1)
    assert (alone[-1]["event"], alone[-1]["step"]) == ("finished", stopped + 2)


def _a_worker_of(launcher: int) -> int:
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(launcher)], capture_output=True, text=True, check=True)
    return max(int(pid) for pid in children.stdout.split())
