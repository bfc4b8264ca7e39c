"""foley-train evaluate: everything that can be said in numbers about a voice, or about clips made elsewhere."""

from __future__ import annotations

import argparse

from ..models.vggish import VARIABLE, chosen


class EvaluateError(Exception):
    """The command's arguments contradict each other."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("evaluate", help="measures a voice, or clips made elsewhere, beside a corpus; writes report.json and report.html")
    parser.add_argument("--corpus", required=True, help="folder with manifest.csv, or one folder per class")
    parser.add_argument("--out", required=True, help="where clips, report.json and report.html go; clips that are there are not made again")
    parser.add_argument("--voice", help="voice folder: makes clips, and measures codec and vocoder")
    parser.add_argument("--generated", metavar="DIR", action="append", help="folder per class with clips already made, instead of making some; again for another set")
    parser.add_argument("--clips", type=int, default=100, help="clips per class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1, help="sets of so many clips, with seeds that count up")
    parser.add_argument("--quick", action="store_true", help="only the table that voices are chosen by (targets.txt, also on stderr): no copies, no page")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--embedder", help="folder of an embedder of ours: distances and class accuracy")
    parser.add_argument("--vggish", metavar="FILE", help=f"VGGish's weights, or {VARIABLE}: distances")
    parser.add_argument("--yamnet", metavar="DIR", help="folder with yamnet.tflite and its class map: tags and distances")
    parser.add_argument("--reference", metavar="NPZ", help="VGGish statistics of an evaluation set that is not at hand")
    parser.add_argument("--codec", help="the trained codec, and")
    parser.add_argument("--prior", help="the trained prior: its likelihood on eval clips")
    parser.add_argument("--card", metavar="FILE", help="card.json to write the most important numbers into")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    from .pipeline import evaluate  # slow to import, and every command reads this file

    if not args.voice and not args.generated:
        raise EvaluateError("nothing to evaluate: give --voice, --generated or both")
    if bool(args.codec) != bool(args.prior):
        raise EvaluateError("--codec and --prior go together")
    if args.reference and not chosen(args.vggish):
        raise EvaluateError(f"--reference holds VGGish statistics: give --vggish, or set {VARIABLE}")
    evaluate(args)
