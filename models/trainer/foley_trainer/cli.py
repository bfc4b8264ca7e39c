"""foley-train: trains, exports, fine-tunes and evaluates voices. stdout carries JSON lines, stderr readable text."""

from __future__ import annotations

import argparse
import json
import sys

import torch

from .data import CorpusError, dataset, open_corpus, segment, subset
from .data import report as data_report
from .evaluation import command as evaluation_command
from .evaluation import ranking_command, reference_command
from .evaluation.command import EvaluateError
from .evaluation.embedders import EmbedderError
from .evaluation.fad import StatisticsError
from .evaluation.generated_clips import GeneratedClipsError
from .evaluation.ranking_command import RankingError
from .evaluation.reference_statistics import ReferenceStatisticsError
from .evaluation.yamnet import TaggerMissing
from .experiments import reproduce
from .experiments.reproduce import ReproduceError
from .finetuning import command as finetuning_command
from .finetuning import projections, voice_stages
from .models.vggish import WeightsError
from .runtime import device, parallel
from .runtime.device import NoDevice
from .runtime.events import emit
from .runtime.supervised import Busy
from .training import embedder as embedder_training
from .training import presets, weights_file
from .training.checkpoints import TrainedError, load_vocoder
from .training.presets import PresetError
from .training.stages import STAGES, Making, train
from .training.trainer import MismatchedCheckpoint, NotFinite
from .voices import fingerprints, import_dcase
from .voices import pipeline as voice_pipeline
from .voices.dcase_weights import ImportProblem
from .voices.fingerprints import FingerprintError
from .voices.inference import VoiceError

PROBLEMS = (
    CorpusError, PresetError, TrainedError, TaggerMissing, NotFinite, NoDevice, ImportProblem, MismatchedCheckpoint, ReproduceError, ReferenceStatisticsError,
    RankingError, FingerprintError, EmbedderError, EvaluateError, GeneratedClipsError, Busy, WeightsError, StatisticsError, VoiceError, OSError,
)  # fmt: skip


def _train(args: argparse.Namespace) -> None:
    preset, stage, begin_from, codec = presets.load(args.preset, args.set), args.command, args.begin_from, args.codec
    if stage == "decoder":
        preset, stage, begin_from, codec = presets.of_decoder(preset), "codec", begin_from or codec, None
    if getattr(args, "teacher", None):
        preset["vocoder"]["training"]["teacher"] = args.teacher
    if getattr(args, "only", None):
        if begin_from is None or begin_from.endswith(weights_file.SUFFIX):
            raise PresetError("--only trains a part of a vocoder: expected --from with the folder of a trained one")
        # All else stays, its sizes as well.
        preset["vocoder"]["config"] = load_vocoder(begin_from)[1].config | {"attacks": True}
        preset["vocoder"]["training"]["only"] = args.only
    making = Making(preset, open_corpus(*args.corpus), codec, args.bf16)
    if parallel.rank() == 0:
        emit("corpus", classes=making.corpus.classes, clips=len(making.corpus.clips), hash=making.corpus.hash())
    train(stage, making, args.out, seed=args.seed, minutes=args.minutes, steps=args.steps, begin_from=begin_from)


def _export(args: argparse.Namespace) -> None:
    from .voices.build import export_voice

    emit("exported", **export_voice(args))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="foley-train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    stages = {
        "codec": "train the RVQ-VAE",
        "decoder": "train a codec's decoder alone against discriminators, so that its mels fluctuate as recordings do; codes stay valid",
        "prior": "train the PixelSNAIL prior on the code grids of a codec",
        "vocoder": "train the HiFi-GAN vocoder",
    }
    for name, about in stages.items():
        sub = commands.add_parser(name, help=about)
        sub.add_argument("--corpus", required=True, action="append", help="corpus folder: with a manifest.csv, or one subfolder per class (repeat it to train on several as one)")
        sub.add_argument("--out", required=True, help="output folder for checkpoint.pt and best.pt; an existing checkpoint is resumed")
        sub.add_argument("--preset", default="stacked-sharp" if name == "decoder" else "rvq", help=f"one of {', '.join(presets.names())}, or the path of a JSON file")
        sub.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one preset setting, e.g. prior.training.lr=3e-4 (repeatable)")
        sub.add_argument("--codec", required=name in ("decoder", "prior"), help="folder of the trained codec (vocoder: also train on its reconstructions)")
        if name == "vocoder":
            sub.add_argument("--teacher", help="folder of a trained vocoder: the new one, which may be smaller, learns to give the same audio")
            sub.add_argument("--only", choices=["attacks"], help="train only how its noise rises and falls between mel frames, a matter of minutes; the rest stays as in --from")
        sub.add_argument("--from", dest="begin_from", help="finished run of this stage, or a .safetensors file: initialise from its weights where names and shapes match")
        sub.add_argument("--minutes", type=float, help="training time budget; replaces the number of steps")
        sub.add_argument("--steps", type=int, help="number of training steps (default: the preset's)")
        sub.add_argument("--seed", type=int, default=0, help="random seed (0)")
        sub.add_argument("--fp32", dest="bf16", action="store_false", help="train in float32 also where the device computes in bfloat16")
        sub.set_defaults(run=_train, trains=True)
    data_report.add_parser(commands)
    segment.add_parser(commands)
    dataset.add_parser(commands)
    subset.add_parser(commands)
    voice_pipeline.add_parser(commands)
    finetuning_command.add_parser(commands)
    import_dcase.add_parser(commands)
    weights_file.add_parser(commands)
    voice_stages.add_parser(commands)
    projections.add_parser(commands)
    reproduce.add_parser(commands)
    embedder_training.add_parser(commands)
    evaluation_command.add_parser(commands)
    reference_command.add_parser(commands)
    ranking_command.add_parser(commands)
    fingerprints.add_parser(commands)
    export = commands.add_parser("export", help="export trained stages as a voice folder: ONNX graphs and card.json")
    export.add_argument("--corpus", required=True, action="append", help="corpus that the stages were trained on (repeatable, as in their training)")
    for name in STAGES:
        export.add_argument(f"--{name}", required=True, help=f"folder of the trained {name}")
    export.add_argument("--out", required=True, help="folder of the voice")
    export.add_argument("--classes", type=lambda text: text.split(","), metavar="A,B", help="only these classes of the prior, of a stacked prior; default: all")
    export.add_argument("--contours", type=lambda text: text.split(","), metavar="A,B", help="classes of which a stacked voice draws a loudness contour; default: all")
    export.add_argument("--guidance", type=json.loads, metavar="JSON", help='of the card, e.g. {"default": 1, "classes": {"Rain": 1}, "followed": ["DogBark"], "plausible": 0.01}')
    raised = 'dB by which drawn contours lie above the recordings, e.g. {"DogBark": 2}: for a prior that plays quieter than it is told'
    export.add_argument("--raised", type=json.loads, metavar="JSON", help=raised)
    sustained = "classes that draw contours only of recordings that last a whole clip, as rain and fire do; some of --contours"
    export.add_argument("--sustained", type=lambda text: text.split(","), metavar="A,B", help=sustained)
    export.add_argument("--grain", type=json.loads, metavar="JSON", help='how grainy the noise of a class is, 0 to 1, e.g. {"Rain": 1}')
    export.add_argument("--id", required=True, help="voice id: letters, digits, - and _")
    export.add_argument("--name", required=True, help="display name of the voice")
    export.add_argument("--preset", default="rvq")
    export.set_defaults(run=_export)
    for sub in commands.choices.values():
        sub.add_argument("--threads", type=int, help="number of CPU threads")
        trains = sub.get_default("trains")
        sub.add_argument("--device", default="auto" if trains else "cpu", help=f"cpu, cuda or cuda:N ({'auto: a GPU if available' if trains else 'cpu'})")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        device.choose(args.device, parallel.begin())
        args.run(args)
    except PROBLEMS as error:
        emit("error", kind=type(error).__name__, message=str(error))
        print(f"foley-train: {error}", file=sys.stderr)
        return 1
    finally:
        parallel.end()
    return 0


def start() -> None:
    parallel.leave(main())


if __name__ == "__main__":
    start()
