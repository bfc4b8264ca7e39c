"""Lower bound of the time per clip of a voice on this machine: `python -m foley_trainer.experiments.bench_floor [--voice DIR] [--threads 1,2]`.

The row graph's products are as large as a GPU's, so its floor is the machine's rate of float32 products; the pixel graph
reads all of its weights for every cell, so its floor is the rate at which weights of that size come out of memory (or
caches). Both rates are measured here, in onnxruntime, by one MatMul node. Without --voice: random weights of the paper's size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from ..export.graph_builder import GraphWriter
from ..export.two_stage_sampler import session


def _median_seconds(run: Callable[[], Any], times: int = 15) -> float:
    run()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def products_per_second(threads: int, rows: int = 512, size: int = 1024) -> float:
    """Multiply-adds per second of [rows, size] x [size, size] in float32."""
    g = GraphWriter("product")
    x = g.input("x", [rows, size])
    g.op("MatMul", x, g.constant(torch.randn(size, size)), to="y")
    g.output("y", [rows, size])
    running, feed = session(g.model(), threads), {"x": np.ones((rows, size), np.float32)}
    return rows * size * size / _median_seconds(lambda: running.run(None, feed))


def bytes_per_second(threads: int, weight_bytes: int) -> float:
    """Rate at which one row is multiplied with float32 weights of this many bytes, over and over, as in batched products."""
    deep = 256
    count = max(1, weight_bytes // (4 * deep * deep))
    g = GraphWriter("stream")
    x = g.input("x", [count, 1, deep])
    g.op("MatMul", x, g.constant(torch.randn(count, deep, deep)), to="y")
    g.output("y", [count, 1, deep])
    running, feed = session(g.model(), threads), {"x": np.ones((count, 1, deep), np.float32)}
    return count * deep * deep * 4 / _median_seconds(lambda: running.run(None, feed), 60)


def weights(graph: onnx.ModelProto) -> int:
    """Numbers in all constants that products multiply with (through a cast, where they are stored as float16), no biases."""
    sizes = {c.name: numpy_helper.to_array(c).size for c in graph.graph.initializer}
    sizes |= {node.output[0]: sizes[node.input[0]] for node in graph.graph.node if node.op_type == "Cast" and node.input[0] in sizes}
    products = [node for node in graph.graph.node if node.op_type in ("MatMul", "Gemm", "Conv")]
    return sum(sizes.get(name, 0) for node in products for name in node.input[:2])


def floor(row: onnx.ModelProto, pixel: onnx.ModelProto, rows: int, cols: int, threads: int) -> dict[str, Any]:
    """Seconds per clip below which the sampler cannot come with these graphs in float32."""
    pixel_bytes = 4 * weights(pixel)
    rate, stream = products_per_second(threads), bytes_per_second(threads, pixel_bytes)
    by_row, by_pixel = weights(row) * cols * rows / rate, pixel_bytes * rows * cols / stream
    return {
        "threads": threads,
        "giga_products_per_second": round(rate / 1e9, 1),
        "pixel_megabytes": round(pixel_bytes / 1e6, 2),
        "gigabytes_per_second": round(stream / 1e9, 1),
        "row_seconds": round(by_row, 4),
        "pixel_seconds": round(by_pixel, 4),
        "seconds": round(by_row + by_pixel, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voice", help="folder of a voice")
    parser.add_argument("--threads", default="1,2")
    args = parser.parse_args()
    if args.voice:
        card = json.loads((Path(args.voice) / "card.json").read_text(encoding="utf-8"))
        graphs = {name: onnx.load(Path(args.voice) / card["graphs"][name]["file"]) for name in ("row", "pixel")}
        rows, cols = card["grid"]["rows"], card["grid"]["cols"]
    else:
        from ..export.parity import CONFIGS, lively
        from ..export.prior import export_prior

        graphs, (rows, cols) = export_prior(lively(CONFIGS["paper"])), (CONFIGS["paper"].rows, CONFIGS["paper"].cols)
    results = [floor(graphs["row"], graphs["pixel"], rows, cols, int(n)) for n in args.threads.split(",")]
    print(json.dumps({"bench": "floor", "voice": Path(args.voice).name if args.voice else "the paper's size", "results": results}))


if __name__ == "__main__":
    main()
