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

from foley_trainer.models.rvq_vae import CodecConfig, ResidualQuantizer
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
    _join(rank, place)
    net, x = _net(), torch.arange(32.0).view(8, 4)
    net(x[rank * 4 : rank * 4 + 4]).square().mean().backward()
    parallel.average_gradients(net)
    torch.save(net.weight.grad, f"{place}/{rank}.pt")
    parallel.end()


def test_gradients_of_two_halves_are_those_of_the_whole(tmp_path: Path) -> None:
    mp.spawn(_half_of_the_batch, (str(tmp_path),), nprocs=2)
    net = _net()
    net(torch.arange(32.0).view(8, 4)).square().mean().backward()
    for rank in range(2):
        assert torch.allclose(torch.load(tmp_path / f"{rank}.pt", weights_only=True), net.weight.grad, rtol=1e-5)


def _learn_codes(rank: int, place: str) -> None:
    _join(rank, place)
    torch.manual_seed(100 + rank)
    quantizer = ResidualQuantizer(CodecConfig(codebooks=2, codes=8, dim=4)).train()
    quantizer.start(torch.randn(64, 4))
    for step in range(5):
        # Each sees its own clips, and in one step rank 1 has none that reach the second level.
        keep = torch.tensor([1, 1] if rank == 1 and step == 2 else [2, 1])
        quantizer(torch.randn(2, 4, 3, 3) * 3, keep)
    torch.save(quantizer.state_dict(), f"{place}/{rank}.pt")
    parallel.end()


def test_codebooks_stay_identical_across_processes(tmp_path: Path) -> None:
    mp.spawn(_learn_codes, (str(tmp_path),), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}


def test_torchrun_trains_logs_once_and_resumes_in_one_process(tmp_path: Path, folder_corpus: Path) -> None:
    args = ["codec", "--corpus", str(folder_corpus), "--preset", "tiny", "--out", str(tmp_path), "--set", "codec.run.eval_every=4", "--set", "codec.config.warm_steps=2"]
    together = subprocess.run([*TORCHRUN, *args, "--steps", "8"], env=_environment(), capture_output=True, text=True, timeout=900, check=False)
    assert together.returncode == 0, together.stderr
    events = [json.loads(line) for line in together.stdout.splitlines()]
    assert [e["event"] for e in events if e["event"] in ("start", "finished")] == ["start", "finished"]
    assert events[1]["processes"] == 2
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 8
    alone = subprocess.run([sys.executable, "-m", "foley_trainer.cli", *args, "--steps", "10"], env=_environment(), capture_output=True, text=True, timeout=900, check=False)
    assert alone.returncode == 0, alone.stderr
    assert json.loads(alone.stdout.splitlines()[-1])["step"] == 10


def test_a_stop_signal_to_one_process_stops_both_at_the_same_step(tmp_path: Path, folder_corpus: Path) -> None:
    args = ["codec", "--corpus", str(folder_corpus), "--preset", "tiny", "--out", str(tmp_path), "--steps", "100000", "--set", "codec.run.log_every=2"]
    both = subprocess.Popen([*TORCHRUN, *args], env=_environment(), stdout=subprocess.PIPE, text=True)
    assert both.stdout is not None
    try:
        for line in both.stdout:
            if '"step"' in line and json.loads(line).get("step", 0) >= 4:
                break
        os.kill(_a_worker_of(both.pid), signal.SIGTERM)
        rest = [json.loads(line) for line in both.stdout]
        assert both.wait(120) == 0
    finally:
        both.terminate()  # which stops its workers too, whatever went wrong
    assert rest[-1]["event"] == "stopped"
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == rest[-1]["step"]


def _a_worker_of(launcher: int) -> int:
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(launcher)], capture_output=True, text=True, check=True)
    return max(int(pid) for pid in children.stdout.split())
