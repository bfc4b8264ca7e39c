"""foley-train evaluate: measures a voice, or existing clips, against a corpus."""

from __future__ import annotations

import argparse

from ..models.vggish import VARIABLE, chosen


class EvaluateError(Exception):
    """The command's arguments contradict each other."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("evaluate", help="measure a voice, or existing clips, against a corpus; writes report.json and report.html")
    parser.add_argument("--corpus", required=True, help="corpus folder: with a manifest.csv, or one subfolder per class")
    parser.add_argument("--out", required=True, help="output folder for clips, report.json and report.html; existing clips are reused")
    parser.add_argument("--voice", help="voice folder: generate clips from it, and measure its codec and vocoder")
    parser.add_argument("--generated", metavar="DIR", action="append", help="folder of existing clips, one subfolder per class, instead of generating (repeatable)")
    parser.add_argument("--clips", type=int, default=100, help="clips per class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1, help="number of sets to generate, with consecutive seeds (1)")
    parser.add_argument("--quick", action="store_true", help="only the table of targets (targets.txt, also on stderr): no reconstructions, no HTML page")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--embedder", help="folder of an embedder trained with `foley-train embedder`: adds distances and class accuracy")
    parser.add_argument("--vggish", metavar="FILE", help=f"file with the VGGish weights (default: ${VARIABLE}): adds distances")
    parser.add_argument("--yamnet", metavar="DIR", help="folder with yamnet.tflite and yamnet_class_map.csv: adds tags and distances")
    parser.add_argument("--reference", metavar="NPZ", help="VGGish statistics of an evaluation set without its audio")
    parser.add_argument("--codec", help="folder of the trained codec, needed by --prior")
    parser.add_argument("--prior", help="folder of the trained prior: adds its likelihood on eval clips")
    parser.add_argument("--card", metavar="FILE", help="card.json to write the main results into")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    from .pipeline import evaluate  # slow to import, and every command imports this file

    if not args.voice and not args.generated:
        raise EvaluateError("nothing to evaluate: specify --voice, --generated or both")
    if bool(args.codec) != bool(args.prior):
        raise EvaluateError("--codec and --prior must be given together")
    if args.reference and not chosen(args.vggish):
        raise EvaluateError(f"--reference contains VGGish statistics and needs the VGGish weights: specify --vggish, or set {VARIABLE}")
    evaluate(args)
