"""The exact two-stage sampler against the reference sampler of the DCASE 2023 baseline, at the paper's size.

    python -m foley_trainer.experiments.bench_reference [--peer DIR] [--threads N] [--rounds R] > result.json

The reference runs the network over all rows so far for every cell, so a cell's cost depends on its row alone: the
forward pass is timed at several depths including the last, interpolated linearly between them, and summed over all
cells. It is our own network, or, with DIR, the baseline's `pixelsnail.py` (public, not part of this project). All have
random weights, 256 channels, 4 x 4 blocks, a 40 x 43 grid, batch 1. Every measurement is a fresh process; the
programs take turns, so that whatever else runs on the machine disturbs all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

DEPTHS = (1, 5, 10, 20, 30, 40)


TOGETHER = (4, 16)  # clips sampled as one batch, beside one alone


def _ours(threads: int, together: int) -> dict[str, Any]:
    """Seconds per clip of `together` as one batch, after a warm one."""
    from ..export.parity import CONFIGS, lively
    from ..export.prior import export_prior
    from ..export.two_stage_sampler import TwoStageSampler, drawn

    config = CONFIGS["paper"]
    model = lively(config)
    sampler = TwoStageSampler(config, export_prior(model), threads)
    weights = np.eye(config.classes, dtype=np.float32)[np.arange(together) % config.classes]
    seconds = []
    for seed in range(3):
        began = time.perf_counter()
        sampler.sample(weights, drawn(seed))
        seconds.append((time.perf_counter() - began) / together)
    return {"clip_seconds": seconds[1:]}


def integrate(depths: dict[int, float], rows: int, cols: int) -> float:
    """Seconds of a whole clip from the seconds of one forward pass over each of `depths` rows."""
    at = np.interp(np.arange(1, rows + 1), list(depths), list(depths.values()))
    return float(at.sum() * cols)


def _timed(forward: Callable[[int], Any]) -> dict[str, Any]:
    """Seconds of `forward` over the first n rows for each of DEPTHS, and of a clip."""
    seconds: dict[int, float] = {}
    for depth in DEPTHS:
        forward(depth)
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            forward(depth)
            taken.append(time.perf_counter() - began)
        seconds[depth] = statistics.median(taken)
    return {"forward_seconds": seconds, "clip_seconds": [integrate(seconds, 40, 43)]}


@torch.no_grad()
def _reference(threads: int) -> dict[str, Any]:
    """Our own network as the baseline's sampler calls its: over the first n rows, then one draw."""
    from ..models.pixelsnail import PixelSnail, PriorConfig

    torch.set_num_threads(threads)
    sizes = {"channels": 256, "blocks": 4, "res_blocks": 4, "condition": "map", "condition_dim": 1, "codebooks": 1}
    models = {depth: PixelSnail(PriorConfig(rows=depth, frequency=depth, **sizes)).eval() for depth in DEPTHS}
    weights = torch.eye(7)[:1]

    def forward(depth: int) -> None:
        logits = models[depth](torch.randint(0, 512, (1, depth, 43)), weights)
        torch.multinomial(torch.softmax(logits[:, :, -1, 20], 1), 1)

    return _timed(forward)


def _peer(threads: int, folder: str) -> dict[str, Any]:
    """Seconds of the baseline's forward pass over the first n rows, as its sampler calls it."""
    sys.path.insert(0, folder)
    torch.set_num_threads(threads)
    warnings.simplefilter("ignore")
    from pixelsnail import PixelSNAIL  # type: ignore[import-not-found]

    torch.manual_seed(0)
    model = PixelSNAIL([40, 43], 512, 256, 5, 4, 4, 256, dropout=0.1, n_cond_res_block=3, cond_res_channel=256).eval()
    # Its label network's output has a fixed shape of 20 x 86; the sampler caches it, so a cached one is given.
    cache = {"condition": torch.zeros(1, 1, 40, 43)}

    def forward(depth: int) -> None:
        out, _ = model(torch.randint(0, 512, (1, depth, 43)), cache=cache)
        torch.multinomial(torch.softmax(out[:, :, -1, 20], 1), 1)

    with torch.no_grad():
        return _timed(forward)


def _child(arguments: list[str]) -> dict[str, Any]:
    """A fresh process of this module; the last line it prints is its result."""
    command = [sys.executable, "-m", "foley_trainer.experiments.bench_reference", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(peer: str | None, threads: int, rounds: int) -> dict[str, Any]:
    common = ["--threads", str(threads)]
    roles = {"two_stage": [*common, "--role", "ours"], "reference": [*common, "--role", "reference"]}
    roles |= {f"two_stage_{n}_together": [*common, "--role", "ours", "--together", str(n)] for n in TOGETHER}
    if peer is not None:
        roles["peer"] = [*common, "--peer", peer, "--role", "peer"]
    raw: dict[str, list[dict[str, Any]]] = {name: [] for name in roles}
    load = [os.getloadavg()[0]] if hasattr(os, "getloadavg") else []
    for turn in range(rounds):
        for name in list(roles) if turn % 2 == 0 else list(roles)[::-1]:
            raw[name].append(_child(roles[name]))
    if load:
        load.append(os.getloadavg()[0])
    median = {name: statistics.median(s for run in runs for s in run["clip_seconds"]) for name, runs in raw.items()}
    return {
        "bench": "reference",
        "size": "256 channels, 4 x 4 blocks, 40 x 43 grid, random weights, float32",
        "method": f"reference: forward pass timed at depths {DEPTHS}, interpolated linearly, summed over 1720 cells; two-stage: whole clips",
        "threads": threads,
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "torch": torch.__version__, "load_before_and_after": load},
        "median_clip_seconds": {name: round(value, 3) for name, value in median.items()},
        "times_faster": {
            slow: {name: round(median[slow] / value, 1) for name, value in median.items() if name.startswith("two_stage")}
            for slow in ("reference", "peer")
            if slow in median
        },
        "raw": raw,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help="folder with the baseline's pixelsnail.py, to time it as well")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--together", type=int, default=1)
    parser.add_argument("--role", choices=["ours", "reference", "peer"], help="measure one side only, in this process")
    args = parser.parse_args()
    if args.role == "ours":
        result = _ours(args.threads, args.together)
    elif args.role == "reference":
        result = _reference(args.threads)
    elif args.role == "peer":
        result = _peer(args.threads, args.peer)
    else:
        result = compare(args.peer, args.threads, args.rounds)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
