"""The exact two-stage sampler against the DCASE 2023 baseline's own reference sampler, at the paper's size.

    python -m foley_trainer.bench_reference --peer DIR [--threads N] [--rounds R] > result.json

DIR holds the baseline's `pixelsnail.py` (public, not part of this project). Its sampler runs the network over all
rows so far for every cell, so a cell's cost depends on its row alone: the forward pass is timed at several depths
including the last, interpolated linearly between them, and summed over all cells. Both networks have random
weights, 256 channels, 4 x 4 blocks, a 40 x 43 grid, batch 1. Every measurement is a fresh process; the two
programs take turns, so that whatever else runs on the machine disturbs both.
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
from typing import Any

import numpy as np
import torch

DEPTHS = (1, 5, 10, 20, 30, 40)


def _ours(threads: int) -> dict[str, Any]:
    """Seconds of one clip after a warm one, and how much of it each graph took."""
    from .export_prior import export_prior
    from .parity import CONFIGS, lively
    from .two_stage import TwoStageSampler, drawn

    config = CONFIGS["paper"]
    model = lively(config)
    sampler = TwoStageSampler(config, export_prior(model), threads)
    weights = np.eye(config.classes, dtype=np.float32)[:1]
    seconds = []
    for seed in range(3):
        began = time.perf_counter()
        sampler.sample(weights, drawn(seed))
        seconds.append(time.perf_counter() - began)
    return {"clip_seconds": seconds[1:]}


def integrate(depths: dict[int, float], rows: int, cols: int) -> float:
    """Seconds of a whole clip from the seconds of one forward pass over each of `depths` rows."""
    at = np.interp(np.arange(1, rows + 1), list(depths), list(depths.values()))
    return float(at.sum() * cols)


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
    seconds: dict[int, float] = {}
    with torch.no_grad():
        for depth in DEPTHS:
            codes = torch.randint(0, 512, (1, depth, 43))
            model(codes, cache=cache)
            timed = []
            for _ in range(3):
                began = time.perf_counter()
                out, _ = model(codes, cache=cache)
                torch.multinomial(torch.softmax(out[:, :, -1, 20], 1), 1)
                timed.append(time.perf_counter() - began)
            seconds[depth] = statistics.median(timed)
    return {"forward_seconds": seconds, "clip_seconds": [integrate(seconds, 40, 43)]}


def _child(arguments: list[str]) -> dict[str, Any]:
    """A fresh process of this module; the last line it prints is its result."""
    command = [sys.executable, "-m", "foley_trainer.bench_reference", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(peer: str, threads: int, rounds: int) -> dict[str, Any]:
    common = ["--threads", str(threads), "--peer", peer]
    roles = {"two_stage": [*common, "--role", "ours"], "reference": [*common, "--role", "peer"]}
    raw: dict[str, list[dict[str, Any]]] = {name: [] for name in roles}
    load = [os.getloadavg()[0]] if hasattr(os, "getloadavg") else []
    for turn in range(rounds):
        for name in list(roles) if turn % 2 == 0 else list(roles)[::-1]:
            raw[name].append(_child(roles[name]))
    if load:
        load.append(os.getloadavg()[0])
    median = {name: statistics.median(s for run in runs for s in run["clip_seconds"]) for name, runs in raw.items()}
    return {
        "size": "256 channels, 4 x 4 blocks, 40 x 43 grid, random weights, batch 1, float32",
        "method": f"reference: forward pass timed at depths {DEPTHS}, interpolated linearly, summed over 1720 cells; two-stage: whole clips",
        "threads": threads,
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "torch": torch.__version__, "load_before_and_after": load},
        "median_clip_seconds": {name: round(value, 3) for name, value in median.items()},
        "times_faster": round(median["reference"] / median["two_stage"], 1),
        "raw": raw,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="folder with the baseline's pixelsnail.py")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--role", choices=["ours", "peer"], help="measure one side only, in this process")
    args = parser.parse_args()
    if args.role == "ours":
        result = _ours(args.threads)
    elif args.role == "peer":
        result = _peer(args.threads, args.peer)
    else:
        result = compare(args.peer, args.threads, args.rounds)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
