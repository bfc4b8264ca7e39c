"""Speed-up and error of the pixel graph in int8: `python -m foley_trainer.experiments.bench_int8 [--voice DIR] [--threads 1,2]`.

Static scales, so that a clip could not depend on its batch: uint8 activations calibrated on clips that the voice itself makes,
int8 weights with a scale per column, products by constants only. Times are of one run for M rows, in turns with float32; the
KL divergence (nats a cell) is over cells of clips that were not calibrated on. Without --voice: random weights of the paper's size.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from ..export.parity import CONFIGS, lively
from ..export.prior import export_prior
from ..export.two_stage_sampler import TwoStageSampler, drawn, session
from ..models.pixelsnail import PriorConfig
from ..voices.inference import VoiceRunner

Feeds = dict[str, np.ndarray]
EVERY = 53  # a cell of so many is kept, in another column each time


class _Recorder:
    """A pixel session that keeps some of what it is fed."""

    def __init__(self, inner: onnxruntime.InferenceSession) -> None:
        self.inner, self.kept, self._runs = inner, [], 0

    def run(self, names: list[str], feeds: Feeds) -> list[np.ndarray]:
        self._runs += 1
        if self._runs % EVERY == 0:
            self.kept.append({name: value.copy() for name, value in feeds.items()})
        return self.inner.run(names, feeds)


class _Kept(CalibrationDataReader):
    def __init__(self, feeds: list[Feeds]) -> None:
        self._left: Iterator[Feeds] = iter(feeds)

    def get_next(self) -> Feeds | None:
        return next(self._left, None)


def unhalved(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose constants are float32 where they were stored as float16 and cast."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    stored = {c.name: c for c in copy.graph.initializer}
    casts = [n for n in copy.graph.node if n.op_type == "Cast" and n.input[0] in stored and n.attribute[0].i == TensorProto.FLOAT]
    for cast in casts:
        constant = stored[cast.input[0]]
        constant.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(constant).astype(np.float32), cast.output[0]))
        copy.graph.node.remove(cast)
    return copy


def quantized(model: onnx.ModelProto, feeds: list[Feeds]) -> onnx.ModelProto:
    """The graph with its products by constants in int8."""
    constants = {c.name for c in model.graph.initializer}
    for i, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{i}"
    products = [n.name for n in model.graph.node if n.op_type in ("MatMul", "Gemm") and n.input[1] in constants]
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(model, before)
        quantize_static(
            before, after, _Kept(feeds), quant_format=QuantFormat.QOperator, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"],
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_quantize=products,
        )  # fmt: skip
        return onnx.load(after)


def _rows(feeds: Feeds, rows: int) -> Feeds:
    """The first clip's inputs as those of so many clips."""
    alone = {name: np.arange(rows) for name in ("attend", "attended")}
    return {name: alone[name] if name in alone else np.repeat(value[:1], rows, 0) for name, value in feeds.items()}


def _microseconds(running: onnxruntime.InferenceSession, feeds: Feeds, runs: int = 60) -> float:
    began = time.perf_counter()
    for _ in range(runs):
        running.run(None, feeds)
    return (time.perf_counter() - began) / runs * 1e6


def divergence(one: onnxruntime.InferenceSession, other: onnxruntime.InferenceSession, feeds: list[Feeds]) -> tuple[float, float]:
    """Mean and largest KL of a cell's codes, in nats."""
    every = []
    for part in feeds:
        first, second = (torch.log_softmax(torch.from_numpy(s.run(["logits"], part)[0]).double(), 1) for s in (one, other))
        every.append((first.exp() * (first - second)).sum(1))
    cells = torch.cat(every)
    return float(cells.mean()), float(cells.max())


def measure(config: PriorConfig, graphs: dict[str, Any], threads: list[int], sizes: list[int]) -> dict[str, Any]:
    pixel = unhalved(onnx.load_from_string(graphs["pixel"]) if isinstance(graphs["pixel"], bytes) else graphs["pixel"])
    sampler = TwoStageSampler(config, graphs, max(threads))
    recorder = sampler.pixel = _Recorder(sampler.pixel)
    sampler.run(np.eye(config.classes, dtype=np.float32)[:2], drawn(1))
    calibrated = len(recorder.kept)
    sampler.run(np.eye(config.classes, dtype=np.float32)[-2:], drawn(2))
    small = quantized(pixel, recorder.kept[:calibrated])
    others, middle = recorder.kept[calibrated:], recorder.kept[calibrated // 2]
    times = []
    for count in threads:
        both = {"float32": session(pixel, count), "int8": session(small, count)}
        for rows in sizes:
            feeds, raw = _rows(middle, rows), {name: [] for name in both}
            for _ in range(6):
                for name, running in both.items():
                    raw[name].append(round(_microseconds(running, feeds), 1))
            # The first round warms up.
            times.append({"threads": count, "rows": rows, **{name: float(np.median(all_[1:])) for name, all_ in raw.items()}, "raw": raw})
    mean, worst = divergence(session(pixel), session(small), others)
    return {"kl_nats_mean": mean, "kl_nats_largest": worst, "cells": sum(len(f["cell"]) for f in others), "microseconds": times}


def main() -> None:
    parser = argparse.ArgumentParser(description="The pixel graph in int8 against float32")
    parser.add_argument("--voice")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rows", default="2,4,16")
    args = parser.parse_args()
    torch.set_num_threads(1)
    threads, rows = ([int(n) for n in text.split(",")] for text in (args.threads, args.rows))
    if args.voice is None:
        config = CONFIGS["paper"]
        found = measure(config, export_prior(lively(config)), threads, rows)
    else:
        runner = VoiceRunner(args.voice)
        graphs = {name: (Path(args.voice) / f"{name}.onnx").read_bytes() for name in ("condition", "row", "pixel")}
        found = measure(runner.config, graphs, threads, rows)
    print(json.dumps({"bench": "int8", "voice": Path(args.voice).resolve().name if args.voice else "random weights of the paper's size", **found}))


if __name__ == "__main__":
    main()
