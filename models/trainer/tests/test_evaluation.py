"""A committed voice of random weights, evaluated from the command line as a user would, and what is read from that."""

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from foley_trainer.cli import main
from foley_trainer.data import Augmenter, Clip, Sounds, fit, open_corpus, read_audio
from foley_trainer.evaluation.command import add_parser
from foley_trainer.evaluation.distances import ALL, EmbeddedSet, Reference, measure
from foley_trainer.evaluation.embedders import OwnEmbedder
from foley_trainer.evaluation.fad import frechet, gaussian, load_embeddings, load_statistics
from foley_trainer.evaluation.reconstruction import measure_prior, perplexities
from foley_trainer.evaluation.summary import write_card
from foley_trainer.export.embedder import export_embedder
from foley_trainer.export.parity import lively
from foley_trainer.models.embedder import Embedder, EmbedderConfig
from foley_trainer.models.pixelsnail import PriorConfig
from foley_trainer.models.rvq_vae import Codec, CodecConfig
from foley_trainer.runtime.record import Record
from foley_trainer.training.prior import PriorStage

pytestmark = pytest.mark.slow

VOICE = Path(__file__).parents[2] / "fixtures" / "tiny-time"  # its classes are Beep, Hiss and Thud
RATE, SAMPLES, CLIPS = 22050, 6144, 9


def clip(label: str, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(SAMPLES) / RATE
    if label == "Beep":
        return 0.5 * np.sin(2 * np.pi * rng.uniform(300, 3000) * t) * np.exp(-t * rng.uniform(0, 20))
    return rng.uniform(0.02, 0.3) * rng.standard_normal(SAMPLES).clip(-3, 3)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("split")
    rng, rows = np.random.default_rng(0), ["id,class,file,split,group,licence,author,source,kind"]
    for label in ("Beep", "Hiss"):
        (root / label).mkdir()
        for i in range(16):
            soundfile.write(root / label / f"{i}.wav", clip(label, rng), RATE)
            rows.append(f"{label}{i},{label},{label}/{i}.wav,{'eval' if i < 4 else 'train'},g{i // 2},CC0-1.0,me,here,{'composed' if i % 2 else 'recording'}")
    (root / "manifest.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, but for its statistics, so that its embeddings are not all the same."""
    folder = tmp_path_factory.mktemp("ear")
    torch.manual_seed(0)
    network = Embedder(EmbedderConfig(["Beep", "Hiss"])).eval()
    with torch.no_grad():
        network.standard.running_var.copy_(network.project(torch.randn(200, network.project.in_features)).var(0) * 0.01)
    export_embedder(network, folder, Record({}, 0, 0.0, {}), "00")
    return folder


def evaluate(*arguments: str | Path) -> int:
    return main(["evaluate", *(str(a) for a in arguments), "--threads", "1"])


@pytest.fixture(scope="module")
def evaluated(corpus: Path, embedder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("evaluated")
    assert evaluate("--voice", VOICE, "--corpus", corpus, "--out", out, "--clips", CLIPS, "--embedder", embedder) == 0
    return out


def read(out: Path) -> dict[str, Any]:
    return json.loads((out / "report.json").read_text(encoding="utf-8"))


def test_the_report_contains_every_metric(evaluated: Path) -> None:
    report = read(evaluated)
    assert report["voice"]["id"] == "tiny-time"
    assert report["generated"] == {"clips": {"Beep": CLIPS, "Hiss": CLIPS}, "recipe": {"seed": 0, "temperature": 1.0, "top_p": 1.0, "guidance": None}}
    assert report["corpus"]["classes"]["Beep"] == {"train": {"clips": 12, "originals": 6, "composed": 6}, "eval": {"clips": 4, "originals": 2, "composed": 2}}
    assert set(report["codec"]["classes"]) == {"Beep", "Hiss"}
    assert {"l1_1", "l1_2", "vocoder", "vocoder_full", "both", "perplexity_1", "perplexity_2"} <= set(report["codec"])
    assert 1 <= report["codec"]["generated"]["perplexity_1"] <= 16
    references = report["distances"]["own"]["references"]
    assert set(references) == {"eval", "training"}
    assert {"fad", "fad_low", "fad_high", "fad_infinity", "kad", "kad_error", "clips", "embeddings"} <= set(references["eval"]["classes"]["Beep"]["generated"])
    assert references["eval"]["classes"]["Beep"]["reference"] == {"embeddings": 4, "small": True, "clips": 4, "originals": 2}
    assert set(references["training"]["average"]) == {"generated", "copies", "eval"}
    assert sum(report["named"]["heard"]["Hiss"].values()) == CLIPS
    assert report["named"]["shares"]["Beep"]["real_recorded_clips"] == report["named"]["shares"]["Beep"]["real_composed_clips"] == 2
    assert report["memorised"]["heard"] == "codes"
    assert len(report["memorised"]["classes"]["Beep"]["likeness"]) == CLIPS
    assert 0 <= report["memorised"]["classes"]["Hiss"]["known_again"] <= 1


def test_golden_distances_match_the_embeddings_file(evaluated: Path) -> None:
    """What another program computes from the statistics that were written is what the report says."""
    known = load_statistics(evaluated / "statistics" / "own-eval.npz")
    with np.load(evaluated / "embeddings" / "own-generated.npz", allow_pickle=False) as file:
        clips = np.split(file["embeddings"], np.cumsum(file["sizes"])[:-1])
    for label, mine in (("Beep", clips[:CLIPS]), ("Hiss", clips[CLIPS:])):
        expected = read(evaluated)["distances"]["own"]["references"]["eval"]["classes"][label]["generated"]["fad"]
        assert frechet(gaussian(mine), known[label]) == pytest.approx(expected, rel=1e-5)


def test_the_page_plays_what_lies_beside_it(evaluated: Path) -> None:
    text = (evaluated / "report.html").read_text(encoding="utf-8")
    sources = [part.split('"')[0] for part in text.split('<audio controls preload="none" src="')[1:]]
    assert len(sources) >= 2 * (3 + 3 + 3)
    for source in sources:
        audio, rate = soundfile.read(evaluated / source)
        assert (audio.size, rate) == (SAMPLES, RATE)
    assert "CC0-1.0" in text


def test_existing_clips_are_reused(evaluated: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "again"
    shutil.copytree(evaluated, out)
    lost = out / "generated" / "Hiss" / "004.wav"
    before = {path: path.read_bytes() for path in sorted((out / "generated").rglob("*.wav"))}
    written = {path: path.stat().st_mtime_ns for path in before if path != lost}
    lost.unlink()
    assert evaluate("--voice", VOICE, "--corpus", corpus, "--out", out, "--clips", CLIPS) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert next(e["done"] for e in events if e.get("part") == "generate") == 2 * CLIPS - 1
    assert "codec" not in {e.get("part") for e in events}, "what did not change is not measured again"
    assert "memorised" in {e.get("part") for e in events}
    assert events[-1]["event"] == "evaluated"
    assert {path: path.stat().st_mtime_ns for path in written} == written
    ours, theirs = soundfile.read(lost)[0], np.frombuffer(before[lost][44:], np.int16) / 32768
    assert np.abs(ours - theirs).max() < 1e-3
    assert "distances" in read(out)
    assert read(out)["distances"] == {}
    assert evaluate("--voice", VOICE, "--corpus", corpus, "--out", out, "--seed", 1) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["kind"] == "GeneratedClipsError"


def test_existing_clips_are_measured_without_a_voice(evaluated: Path, corpus: Path, embedder: Path, tmp_path: Path) -> None:
    out = tmp_path / "given"
    assert evaluate("--generated", evaluated / "generated", "--corpus", corpus, "--out", out, "--embedder", embedder) == 0
    report = read(out)
    assert report["voice"] is None
    assert report["generated"] == {"clips": {"Beep": CLIPS, "Hiss": CLIPS}, "recipe": None}
    assert "codec" not in report
    assert report["memorised"]["heard"] == "audio"
    assert set(report["distances"]["own"]["references"]["eval"]["average"]) == {"generated", "training"}


def test_the_quick_table_takes_several_sets_and_makes_nothing_else(evaluated: Path, corpus: Path, embedder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, made = tmp_path / "quick", evaluated / "generated"
    place = ("--quick", "--corpus", corpus, "--out", out, "--embedder", embedder, "--voice", VOICE)
    assert evaluate("--generated", made, "--generated", made, *place) == 0
    said = capsys.readouterr()
    found = json.loads((out / "targets.json").read_text())["generated"]
    assert (found["sets"], found["mean"]["clips"]) == (2, 4 * CLIPS)
    whole = read(evaluated)["targets"]["generated"]
    assert found["classes"]["Beep"]["fad_own"] == pytest.approx(whole["classes"]["Beep"]["fad_own"], rel=1e-3)
    assert (out / "targets.txt").read_text() in said.err
    assert "MB of graphs" in said.err
    assert not (out / "copies").exists()
    assert not (out / "report.html").exists()


def test_a_training_clip_among_generated_ones_counts_as_memorised(corpus: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for label in ("Beep", "Hiss"):
        (tmp_path / "made" / label).mkdir(parents=True)
        for i in range(3):
            soundfile.write(tmp_path / "made" / label / f"{i}.wav", clip(label, rng), RATE)
    stolen, _ = soundfile.read(corpus / "Hiss" / "9.wav")
    soundfile.write(tmp_path / "made" / "Hiss" / "1.wav", np.roll(stolen, 2560) * 0.7, RATE)
    assert evaluate("--generated", tmp_path / "made", "--corpus", corpus, "--out", tmp_path / "out") == 0
    learned = read(tmp_path / "out")["memorised"]["classes"]["Hiss"]
    assert learned["memorised"] == ["Hiss/1"]
    assert learned["nearest"][0]["training"] == "Hiss9"


def test_a_card_receives_the_main_results(evaluated: Path, tmp_path: Path) -> None:
    report = read(evaluated)
    shares = {"Beep": {"generated": 0.5, "generated_clips": 9, "real_recorded": 1.0, "real_recorded_clips": 2}}
    report["tagged"] = {"tagger": "YAMNet", "counts": "five tags", "shares": shares, "average": {"generated": 0.5}}
    (tmp_path / "card.json").write_text(json.dumps({"id": "a", "scores": {"codec": {"l1_4": 0.2}}}))
    write_card(tmp_path / "card.json", report)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["id"] == "a"
    assert card["scores"]["codec"] == {"l1_4": 0.2}
    assert card["scores"]["tagger"] == {"tagger": "YAMNet", "counts": "five tags", "shares": shares}
    assert card["scores"]["evaluation"]["distances"]["own"]["fad"] == report["distances"]["own"]["references"]["eval"]["average"]["generated"]["fad"]
    assert card["scores"]["evaluation"]["memorised"] == report["memorised"]["share"]


def test_contradicting_arguments_are_a_one_line_error(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOLEYD_VGGISH", raising=False)
    place = ("--corpus", corpus, "--out", tmp_path)
    for arguments, kind in (
        ((), "EvaluateError"),
        (("--voice", VOICE, "--prior", tmp_path), "EvaluateError"),
        (("--voice", VOICE, "--reference", tmp_path / "a.npz"), "EvaluateError"),
        (("--voice", tmp_path), "VoiceError"),
        (("--generated", tmp_path), "GeneratedClipsError"),
        (("--voice", VOICE, "--embedder", tmp_path), "EmbedderError"),
        (("--voice", VOICE, "--vggish", tmp_path / "none.pth"), "WeightsError"),
    ):
        assert evaluate(*arguments, *place) == 1
        said = capsys.readouterr()
        assert json.loads(said.out.splitlines()[-1])["kind"] == kind
        assert len(said.err.splitlines()) == 1


def test_a_reference_holds_the_embeddings_of_the_eval_clips(evaluated: Path, corpus: Path, embedder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ear"
    shutil.copytree(embedder, folder)
    assert main(["reference", "--corpus", str(corpus), "--embedder", str(folder), "--samples", str(SAMPLES)]) == 0
    described = json.loads((folder / "embedder.json").read_text(encoding="utf-8"))["reference"]
    assert described["clips"] == {"Beep": 4, "Hiss": 4}
    assert described["sha256"] == hashlib.sha256((folder / "reference.npz").read_bytes()).hexdigest()
    assert described["bytes"] == (folder / "reference.npz").stat().st_size
    heard = load_embeddings(folder / "reference.npz")
    ear = OwnEmbedder(folder)
    assert ear.dims == 128, "a card with a reference is still an embedder's card"
    first = ear.embed(fit(read_audio(corpus / "Beep" / "0.wav", RATE), SAMPLES), RATE)
    assert any(np.allclose(first, clip, atol=1e-4) for clip in heard["Beep"])
    missing = tmp_path / "few"
    shutil.copytree(corpus, missing)
    rows = (missing / "manifest.csv").read_text().replace(",eval,", ",train,", 3)
    (missing / "manifest.csv").write_text(rows)
    assert main(["reference", "--corpus", str(missing), "--embedder", str(folder)]) == 1


def test_averages_are_over_classes_and_all_is_not_one_of_them() -> None:
    rng = np.random.default_rng(2)

    def heard(shift: float) -> EmbeddedSet:
        clips = [Clip(f"{label}{i}", Path("x"), label, "eval", str(i)) for label in ("A", "B") for i in range(10)]
        return EmbeddedSet(clips, [rng.standard_normal((3, 4)) + shift for _ in clips])

    sets = {"generated": heard(0.5), "eval": heard(0.0)}
    found = measure(sets, [Reference("eval", "", sets["eval"], None, ("generated",))], ["A", "B"], 0)["eval"]
    assert set(found["classes"]) == {"A", "B", ALL}
    assert found["average"]["generated"]["fad"] == pytest.approx(np.mean([found["classes"][label]["generated"]["fad"] for label in "AB"]))
    assert found["classes"][ALL]["generated"]["clips"] == 20
    assert "kad" not in found["classes"][ALL]["generated"]


def test_a_codebook_used_evenly_has_its_size_as_perplexity() -> None:
    codes = np.stack([np.arange(64).reshape(4, 16) % 16, np.full((4, 16), 3)])[None]
    found = perplexities(codes, 16)
    assert found["perplexity_1"] == pytest.approx(16)
    assert found["perplexity_2"] == pytest.approx(1)


def test_the_prior_s_likelihood_is_what_training_reports(corpus: Path) -> None:
    """The same numbers as the stage's own evaluation, from the same clips."""
    opened = open_corpus(corpus)
    small = {"strides": [[10, 2], [2, 2]], "dim": 8, "channels": 8, "hidden": 4, "trunk_blocks": 1, "fine_blocks": 1, "mel_frames": 24}
    codec = Codec(CodecConfig(codebooks=2, codes=16, **small)).eval()
    codec.quantizer.start(torch.nn.functional.normalize(torch.randn(600, 8), dim=1) * 8**0.5)
    shape = {"rows": 8, "cols": 6, "codebooks": 2, "frequency": 4, "time": 6, "codes": 16, "classes": 2}
    config = PriorConfig(channels=32, blocks=2, res_blocks=2, heads=2, condition_dim=8, **shape)
    train, held_out = (Sounds(opened.of(split), RATE) for split in ("train", "eval"))
    stage = PriorStage(config, config.grid, codec, Augmenter(train, None, opened.classes, SAMPLES, 0.0), held_out, batch=2, lr=1e-3, bf16=False, samples=SAMPLES)
    stage.prior.load_state_dict(lively(config, 1, codebooks=codec.quantizer.codebooks).state_dict())
    stage.prior.eval()
    with torch.no_grad():
        expected = stage.evaluate()
    got = measure_prior(stage.prior, codec, opened.of("eval"), opened.classes, RATE, SAMPLES)
    for key in ("nll", "nll_1", "nll_2", "nll_wrong_label"):
        assert got[key] == pytest.approx(expected[key], rel=1e-4), key
    assert np.mean(list(got["classes"].values())) == pytest.approx(got["nll"], rel=1e-5)


def test_a_namespace_of_the_command_has_every_setting() -> None:
    """`evaluation/pipeline.py` reads these from the arguments; a forgotten one would show late."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args(["evaluate", "--corpus", "a", "--out", "b"])
    assert (args.clips, args.seed, args.temperature, args.top_p) == (100, 0, 1.0, 1.0)
