"""`foley-train stages`: a voice's networks as finished stages, to train on from them or to export them with another one."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..runtime.events import emit
from ..runtime.files import save_atomic
from .weights_from_onnx import Trainable, load_voice

STAGES = ("codec", "prior", "vocoder")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("stages", help="write a voice's codec, prior and vocoder as folders of finished stages, to train on from them (--from, --codec) or to export")
    parser.add_argument("--voice", required=True, help="voice folder")
    parser.add_argument("--out", required=True, help="output folder: codec/best.pt, prior/best.pt and vocoder/best.pt")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    voice, out = load_voice(args.voice), Path(args.out)
    for stage in STAGES:
        write_stage(voice, stage, out / stage / "best.pt")
    emit("stages", out=str(out), voice=voice.card["id"], stages=list(STAGES))


def write_stage(voice: Trainable, stage: str, file: Path) -> None:
    """`best.pt` of one stage: the voice's weights, and its card's record of their training."""
    record = voice.card["training"][stage]
    modules = {"codec": {"codec": voice.codec}, "prior": {"prior": voice.prior}, "vocoder": {"generator": voice.vocoder}}[stage]
    state = {"stage": stage, "config": record["config"], "step": record["steps"], "seconds": record["minutes"] * 60, "metrics": record["metrics"]}
    save_atomic({**state, "ema": {name: module.state_dict() for name, module in modules.items()}}, file)
