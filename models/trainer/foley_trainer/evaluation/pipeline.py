"""One evaluation from clips to report. The arguments decide which metrics are computed; the report lists them.

Below `out`: generated, copies, embeddings, statistics and parts are caches for later runs; examples, sheet.png,
report.json and report.html are the result.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..data import fit, open_corpus, read_audio
from ..data.corpus import Clip
from ..features.mel import CLIP_SAMPLES, RATE
from ..features.patches import EmbeddedClip
from ..models.vggish import chosen, load_vggish
from ..runtime.events import emit
from ..runtime.files import save_text
from ..runtime.progress import Progress
from ..training.checkpoints import TrainedError, load_codec, load_prior
from ..voices.inference import Recipe, VoiceRunner
from .distances import EmbeddedSet, Projection, Reference, measure
from .embedders import Embedder, OwnEmbedder
from .embedding_cache import embed_clips
from .fad import counts_sounding, gaussian, load_statistics, save_statistics
from .generated_clips import GeneratedClipsError, codes_of, given_clips, make_clips
from .memorisation import find_memorised
from .recognition import by_own_embedder, by_tagger
from .reconstruction import copies_of, measure_codec, measure_prior, perplexities
from .report.examples import write_examples
from .report.page import page
from .sound_statistics import SoundStatistics, statistics_of
from .stage_cache import Parts, files
from .summary import corpus_of, facts_of, headline, rounded, voice_of, write_card, write_targets
from .targets import Real, as_text, measure_targets, over_sets, tagged
from .yamnet import Tagger

FORMAT, VERSION = "foleyd-evaluation", 1


class Evaluation:
    """`sets` of clips by name: generated, training, eval, and copies (eval clips through codec and vocoder)."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.out = args, Path(args.out)
        self.corpus = open_corpus(args.corpus)
        # Existing clips need no voice, and the quick table does not use it otherwise.
        self.voice = VoiceRunner(args.voice, args.threads or 1) if args.voice and not (args.quick and args.generated) else None
        self.rate, self.samples = (self.voice.rate, self.voice.samples) if self.voice else (RATE, CLIP_SAMPLES)
        self.labels = [label for label in (self.voice.classes if self.voice else self.corpus.classes) if label in self.corpus.classes]
        if not self.labels or any(Path(label).name != label for label in self.labels):
            raise GeneratedClipsError(f"voice and corpus have no common class with a valid folder name; the corpus has {self.corpus.classes}")
        self.own = OwnEmbedder(args.embedder, args.threads or 1) if args.embedder else None
        self.tagger = Tagger(args.yamnet) if args.yamnet else None
        weights = chosen(args.vggish)
        self.vggish = load_vggish(weights) if weights else None
        self.out.mkdir(parents=True, exist_ok=True)
        self.recipe = Recipe(args.seed, args.temperature, args.top_p)
        self.sets = {"training": self._of("train"), "eval": self._of("eval")}
        self.batches: list[list[Clip]] = []  # generated clips by seed, or by folder
        self._embedded: dict[tuple[str, str], list[EmbeddedClip]] = {}

    def _of(self, split: str) -> list[Clip]:
        return [c for c in self.corpus.of(split) if c.label in self.labels]

    def run(self) -> dict[str, Any]:
        report: dict[str, Any] = {"format": FORMAT, "version": VERSION, "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        report |= {"voice": voice_of(self.voice), "corpus": corpus_of(self.corpus, self.labels)}
        self._make()
        if self.args.quick:
            if not self.sets["eval"]:
                raise GeneratedClipsError("the corpus has no eval clips to compare with: expected rows with split eval in its manifest")
            return report | {"targets": self.targets()}
        made = Counter(c.label for c in self.sets["generated"])
        report["generated"] = {"clips": dict(made), "recipe": None if self.args.generated else asdict(self.recipe)}
        parts, of = Parts(self.out / "parts"), [report["corpus"], report["voice"]]
        if self.voice and self.sets["eval"]:
            copies = copies_of(self.sets["eval"], self.out / "copies")
            if not all(copy.path.is_file() for copy in copies):
                parts.forget("codec")
            report["codec"] = parts.get("codec", of, lambda: measure_codec(self.voice, self.sets["eval"], copies))
            self.sets["copies"] = copies
            codes = codes_of(self.sets["generated"])
            if codes is not None:
                report["codec"]["generated"] = perplexities(codes, self.voice.codes)
        if self.args.prior and self.sets["eval"]:
            report["prior"] = self._prior(parts, of)
        of += [files(clips) for clips in self.sets.values()]
        report["distances"] = {}
        for embedder in (self.own, self.vggish, self.tagger):
            if embedder:
                depends = [*of, embedder.sha256, embedder.about, self.args.reference, self.args.seed]
                report["distances"][embedder.name] = parts.get(f"distances-{embedder.name}", depends, partial(self._distances, embedder))
        if self.own:
            report["named"] = parts.get("named", [*of, self.own.sha256], lambda: by_own_embedder(self.own, self.sets, self.labels, self._scores(self.own)))
        if self.tagger:
            report["tagged"] = parts.get("tagged", [*of, self.tagger.sha256], lambda: by_tagger(self.tagger, self.sets, self.labels, self._scores(self.tagger)))
        report["memorised"] = parts.get("memorised", of, lambda: find_memorised(self.voice, self.sets, self.labels, self._load))
        if self.sets["eval"]:
            report["targets"] = self.targets(report["memorised"])
        return report

    def targets(self, memorised: dict[str, Any] | None = None) -> dict[str, Any]:
        """The table of targets; `memorised`: the result of the memorisation test, if already computed."""
        parts = Parts(self.out / "parts")
        embedders = [embedder for embedder in (self.own, self.tagger) if embedder]
        counted = {embedder.name: self.counted(embedder) for embedder in embedders}
        sounds = {name: self._sounds(parts, name, clips) for name, clips in self.sets.items() if name != "copies"}
        known = Real(self.labels, counted, sounds, self.sets)

        def row(name: str, start: int, clips: list[Clip], errors: bool = True) -> dict[str, Any]:
            places = slice(start, start + len(clips))
            paths = {clip.path for clip in clips}
            own = {embedder: EmbeddedSet(*_some(one[name], paths)) for embedder, one in counted.items()}
            embedded = self.embedded(self.tagger, name)[places] if self.tagger else []
            named = tagged(self.tagger, clips, [e.scores for e in embedded]) if self.tagger else [None] * len(clips)
            return measure_targets(known, clips, own, sounds[name][places], named, errors)

        starts = np.cumsum([0, *(len(batch) for batch in self.batches)])
        generated = over_sets([row("generated", int(at), batch) for at, batch in zip(starts, self.batches, strict=False)])
        real, unseen = (over_sets([row(name, 0, self.sets[name], errors=False)]) for name in ("training", "eval"))
        for whose, of in ((real["mean"], unseen["mean"]), *((real["classes"][label], unseen["classes"][label]) for label in self.labels)):
            whose |= {key: of[key] for key in ("share", "share_se", "diversity") if key in of}
        found = memorised or parts.get("memorised-targets", [files(clips) for clips in self.sets.values()], lambda: find_memorised(self.voice, self.sets, self.labels, self._load))
        for label, of_class in found["classes"].items():
            generated["classes"][label]["memorised"] = 1000 * len(of_class["memorised"]) / max(1, len(of_class["likeness"]))
        generated["mean"]["memorised"] = 1000 * found["share"]
        return {"generated": generated, "real": real, "voice": facts_of(self.args.voice)}

    def _sounds(self, parts: Parts, name: str, clips: list[Clip]) -> list[SoundStatistics]:
        def look() -> dict[str, Any]:
            progress, found = Progress(f"sounds {name}", len(clips)), []
            for clip in clips:
                found.append(asdict(statistics_of(self._load(clip), self.rate)))
                progress.add()
            return {"clips": found}

        return [SoundStatistics(**one) for one in parts.get(f"sounds-{name}", [files(clips), self.rate, self.samples], look)["clips"]]

    def _make(self) -> None:
        if self.args.generated:
            self.batches = [given_clips(folder, self.labels, i) for i, folder in enumerate(self.args.generated)]
        elif self.voice:
            for i in range(self.args.seeds):
                recipe = replace(self.recipe, seed=self.recipe.seed + i)
                self.batches.append(make_clips(self.voice, self.out / (f"generated-{i}" if i else "generated"), self.labels, self.args.clips, recipe, i))
        self.sets["generated"] = [clip for batch in self.batches for clip in batch]

    def _load(self, clip: Clip) -> np.ndarray:
        return fit(read_audio(clip.path, self.rate), self.samples)

    def _prior(self, parts: Parts, of: list[Any]) -> dict[str, Any]:
        codec, coded = load_codec(self.args.codec)
        prior, learned = load_prior(self.args.prior, codec)
        classes = self.corpus.classes
        if prior.config.classes != len(classes):
            raise TrainedError(f"the prior was trained on {prior.config.classes} classes, the corpus has {len(classes)}")
        depends = [*of, coded.to_dict(), learned.to_dict()]
        return parts.get("prior", depends, lambda: measure_prior(prior, codec, self.sets["eval"], classes, self.rate, self.samples))

    def _distances(self, embedder: Embedder) -> dict[str, Any]:
        """Distances to eval and training clips, and for VGGish to the given statistics; writes ours to `statistics`."""
        counted = self.counted(embedder)
        others = [name for name in ("generated", "copies", "training", "eval") if name in counted]
        abouts = {"eval": "eval clips of the corpus", "training": "training clips of the corpus: a low distance may mean memorisation"}
        references = [Reference(name, about, counted[name], None, tuple(s for s in others if s != name)) for name, about in abouts.items() if name in counted]
        (self.out / "statistics").mkdir(exist_ok=True)
        for reference in references:
            if reference.real is not None:
                parts = {label: reference.real.of(label).embeddings for label in self.labels}
                save_statistics(self.out / "statistics" / f"{embedder.name}-{reference.name}.npz", {label: gaussian(e) for label, e in parts.items() if len(e) > 1}, sounding=True)
        found = measure(counted, references, self.labels, self.args.seed)
        if embedder is self.vggish and self.args.reference:
            given = Reference("given", Path(self.args.reference).name, None, load_statistics(self.args.reference), tuple(others))
            if not counts_sounding(self.args.reference):
                counted = {name: EmbeddedSet.of_all(clips, self.embedded(embedder, name)) for name, clips in self.sets.items() if clips}
            found |= measure(counted, [given], self.labels, self.args.seed)
        about = f"{embedder.about}, sounding patches" + (f", {embedder.components} leading principal components of the eval clips" if embedder.components else "")
        return {"about": about, "sha256": embedder.sha256, "dims": embedder.components or embedder.dims, "references": found}

    def counted(self, embedder: Embedder) -> dict[str, EmbeddedSet]:
        """The embeddings of each set that count in distances."""
        counted = {name: EmbeddedSet.of_sounding(clips, self.embedded(embedder, name)) for name, clips in self.sets.items() if clips}
        onto = Projection.of(counted["eval"].embeddings, embedder.components) if embedder.components and "eval" in counted else None
        return {name: one.projected(onto) for name, one in counted.items()}

    def embedded(self, embedder: Embedder, name: str) -> list[EmbeddedClip]:
        """The embeddings of the clips of a set."""
        batches = self.batches if name == "generated" else [self.sets[name]]
        found = self._embedded.get((embedder.name, name))
        if found is None:
            parts = [embed_clips(embedder, f"{name}-{i}" if i else name, clips, self.rate, self.samples, self.out / "embeddings") for i, clips in enumerate(batches)]
            found = self._embedded[embedder.name, name] = [clip for part in parts for clip in part]
        return found

    def _scores(self, embedder: Embedder) -> dict[Path, np.ndarray]:
        return {clip.path: own.scores for name, clips in self.sets.items() if clips for clip, own in zip(clips, self.embedded(embedder, name), strict=True)}


def evaluate(args: argparse.Namespace) -> None:
    evaluation = Evaluation(args)
    report = evaluation.run()
    if "targets" in report:
        table = as_text(report["targets"])
        save_text(table + "\n", evaluation.out / "targets.txt")
        print(table, file=sys.stderr)
    if args.quick:
        targets = rounded(report["targets"])
        save_text(json.dumps(targets, indent=1) + "\n", evaluation.out / "targets.json")
        if args.card:
            write_targets(Path(args.card), targets["generated"], report["created"])
        emit("evaluated", targets=str(evaluation.out / "targets.json"), mean=targets["generated"]["mean"], all=targets["generated"]["all"])
        return
    report["examples"], sheet = write_examples(evaluation.sets, evaluation.labels, report["memorised"], evaluation.out / "examples", evaluation.rate, evaluation.samples)
    report = rounded(report)
    save_text(json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n", evaluation.out / "report.json")
    save_text(page(report, sheet), evaluation.out / "report.html")
    if args.card:
        write_card(Path(args.card), report)
    emit("evaluated", report=str(evaluation.out / "report.json"), page=str(evaluation.out / "report.html"), **headline(report))


def _some(counted: EmbeddedSet, paths: set[Path]) -> tuple[list[Clip], list[np.ndarray]]:
    kept = [(clip, patches) for clip, patches in zip(counted.clips, counted.embeddings, strict=True) if clip.path in paths]
    return [clip for clip, _ in kept], [patches for _, patches in kept]
