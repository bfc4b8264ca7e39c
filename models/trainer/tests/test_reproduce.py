"""The paper's experiment, end to end and tiny: three systems, a real embedder of random weights, ended and gone on with."""

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from foley_trainer.cli import main
from foley_trainer.evaluation.fad import Gaussian, save_statistics
from foley_trainer.evaluation.report.table2 import PAPER, SYSTEMS, as_text, averaged, draw, published
from foley_trainer.experiments import reproduce
from foley_trainer.export.embedder import export_embedder
from foley_trainer.golden.fixtures import audible
from foley_trainer.models.embedder import Embedder, EmbedderConfig
from foley_trainer.models.hifigan import VocoderConfig
from foley_trainer.runtime.record import Record
from foley_trainer.training import presets, stages
from foley_trainer.voices.inference import VoiceRunner

pytestmark = pytest.mark.slow

SMALL = [
    "codec.config.warm_steps=1",
    "codec.run.steps=3", "prior.run.steps=2", "vocoder.run.steps=2", "vocoder.training.adversarial_from=9",
    "vocoder.config.noise=false", "vocoder.config.gate=false",
]
CHOSEN = ("vq-baseline", "rvq", "rvq-plain")


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedder")
    torch.manual_seed(0)
    network = Embedder(EmbedderConfig(classes=["Beep", "Hiss"], widths=[4, 8], dims=8))
    export_embedder(network, folder, Record({}, 0, 0.0, {}), "0" * 64)
    return folder


def command(corpus: Path, out: Path, embedder: Path, *more: str) -> list[str]:
    changes = [part for change in SMALL for part in ("--set", change)]
    where = ["--corpus", str(corpus), "--out", str(out), "--embedder", str(embedder), "--threads", "1", "--device", "cpu"]
    return ["reproduce", *where, "--scale", "tiny", "--clips", "3", "--systems", ",".join(CHOSEN), *changes, *more]


def events(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


class Ended(Exception):
    """The machine went off here."""


@pytest.fixture(scope="module")
def whole(folder_corpus: Path, embedder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two steps make a vocoder that is silent, and silences are all alike: once trained it gets louder weights."""
    out = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as broken:
        end_at_call(broken, reproduce.Experiment, "export", 1)
        with pytest.raises(Ended):
            main(command(folder_corpus, out, embedder))
    trained = torch.load(out / "vocoder" / "best.pt", weights_only=True)
    trained["ema"]["generator"] = audible(VocoderConfig(**trained["config"]), 12).state_dict()
    torch.save(trained, out / "vocoder" / "best.pt")
    assert main(command(folder_corpus, out, embedder)) == 0
    return out


def test_one_command_leaves_voices_clips_distances_and_the_table(whole: Path) -> None:
    table = json.loads((whole / "table.json").read_text())
    assert list(table["systems"]) == list(CHOSEN)
    for system in CHOSEN:
        rows = table["systems"][system]
        assert list(rows) == ["Beep", "Hiss", "average"]
        assert rows["average"]["fad"] == pytest.approx((rows["Beep"]["fad"] + rows["Hiss"]["fad"]) / 2)
        assert rows["Beep"]["clips"] == 3
        assert rows["Beep"]["paper"] is None
        assert rows["average"]["paper"] == {"vq-baseline": 8.64, "rvq": 8.32}.get(system)
        for label in ("Beep", "Hiss"):
            clips = sorted((whole / system / "clips" / label).iterdir())
            assert [c.name for c in clips] == ["0001.wav", "0002.wav", "0003.wav"]
            audio = [soundfile.read(clip)[0] for clip in clips]
            assert [a.shape for a in audio] == [(88200,)] * 3
            assert audio[0].std() > 0.01
            assert not np.array_equal(audio[0], audio[1])
        assert VoiceRunner(whole / system / "voice").classes == ["Beep", "Hiss"]
        assert json.loads((whole / system / "voice" / "card.json").read_text())["preset"] == system
    assert len({table["systems"][system]["Beep"]["fad"] for system in CHOSEN}) == 3
    text = (whole / "table.txt").read_text()
    assert "( 8.32)" in text
    assert (whole / "table.png").read_bytes().startswith(b"\x89PNG")


def test_systems_that_differ_in_the_prior_alone_share_a_codec(whole: Path) -> None:
    assert len(list((whole / "codecs").iterdir())) == 2
    cards = {system: json.loads((whole / system / "voice" / "card.json").read_text()) for system in CHOSEN}
    assert cards["rvq"]["graphs"]["decoder"] == cards["rvq-plain"]["graphs"]["decoder"]
    assert cards["rvq"]["graphs"]["pixel"] != cards["rvq-plain"]["graphs"]["pixel"]
    assert {c["graphs"]["vocoder"]["sha256"] for c in cards.values()} == {cards["rvq"]["graphs"]["vocoder"]["sha256"]}
    assert cards["rvq-plain"]["prior"]["conditionRows"] == [0]


def test_finished_stages_are_skipped(whole: Path, folder_corpus: Path, embedder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file() and path.parent != whole}
    assert main(command(folder_corpus, whole, embedder)) == 0
    said = events(capsys)
    assert {e["event"] for e in said} == {"part", "table"}
    assert all(e["finished"] for e in said if e["event"] == "part")
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("where", ["codec", "clip", "fad"])
def test_an_interrupted_run_resumes_to_the_same_table(
    where: str, whole: Path, folder_corpus: Path, embedder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended at one system; what comes before, and the other ones' parts, come from the whole run, as if just finished."""
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    later = {"codec": ["rvq/prior", "rvq/voice", "rvq/clips"], "clip": ["rvq/clips"], "fad": []}[where]
    for lost in ("table.json", "table.txt", "table.png", "rvq/fad.json", *later):
        shutil.rmtree(out / lost) if (out / lost).is_dir() else (out / lost).unlink()
    if where == "codec":
        rvq = presets.load("rvq", SMALL, "tiny")
        shutil.rmtree(out / "codecs" / reproduce._digest(rvq["codec"], rvq["data"]))
    with monkeypatch.context() as broken:
        if where == "codec":
            end_training(broken, where)
            assert main(command(folder_corpus, out, embedder)) == 0  # as after SIGTERM: a checkpoint, and no error
            assert not (out / "table.json").exists()
        else:
            end_at_call(broken, *{"clip": (reproduce, "save_wav"), "fad": (reproduce.ReferenceStatistics, "fad")}[where], 2)
            with pytest.raises(Ended):
                main(command(folder_corpus, out, embedder))
    assert main(command(folder_corpus, out, embedder)) == 0
    assert json.loads((out / "table.json").read_text()) == json.loads((whole / "table.json").read_text())
    for path in (whole / "rvq" / "clips").rglob("*.wav"):
        assert path.read_bytes() == (out / path.relative_to(whole)).read_bytes()


def end_training(patch: pytest.MonkeyPatch, stage: str) -> None:
    """SIGTERM after the first step of a stage."""
    make = stages.STAGES[stage]

    def made(making: stages.Making) -> object:
        built = make(making)
        step = built.step
        built.step = lambda *given: (step(*given), signal.raise_signal(signal.SIGTERM))[0]
        return built

    patch.setitem(stages.STAGES, stage, made)


def end_at_call(patch: pytest.MonkeyPatch, target: object, name: str, count: int) -> None:
    original, calls = getattr(target, name), []

    def call(*args: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == count:
            raise Ended
        return original(*args, **named)

    patch.setattr(target, name, call)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--seed", "1"], "written with a different seed"),
        (["--set", "prior.training.lr=1e-5"], "written with a different prior"),
        (["--minutes", "5"], "written with a different minutes"),
        (["--minutes", "5", "--codec-minutes", "1"], "excludes budgets per stage"),
        (["--systems", "rvq,none"], "no preset none"),
        (["--embedder", "vggish"], "VGGish's weights are not shipped"),
        (["--embedder", "nowhere"], "no embedder in"),
        (["--embedder", "vggish", "--vggish", "nowhere.pth"], "no VGGish weights at nowhere.pth"),
    ],
)
def test_another_experiment_needs_another_folder(
    more: list[str], message: str, whole: Path, folder_corpus: Path, embedder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOLEYD_VGGISH", raising=False)
    assert main(command(folder_corpus, whole, embedder, *more)) == 1
    assert message in capsys.readouterr().err


def test_more_clips_and_another_reference_measure_anew_and_keep_the_rest(
    whole: Path, folder_corpus: Path, embedder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    old = (out / "rvq" / "clips" / "Beep" / "0003.wav").stat().st_mtime_ns
    save_statistics(tmp_path / "reference.npz", {label: Gaussian(np.zeros(8), np.eye(8), 100) for label in ("Beep", "Hiss")})
    assert main(command(folder_corpus, out, embedder, "--systems", "rvq", "--clips", "4", "--reference", str(tmp_path / "reference.npz"))) == 0
    said = events(capsys)
    assert [(e["done"], e["of"]) for e in said if e["event"] == "clips"] == [(4, 4), (4, 4)]
    assert (out / "rvq" / "clips" / "Beep" / "0003.wav").stat().st_mtime_ns == old
    table = json.loads((out / "table.json").read_text())
    assert table["of"]["reference"].startswith("reference.npz ")
    for classes, message in (({"Beep": 8}, "has no class Hiss"), ({"Beep": 4, "Hiss": 4}, "of 4 dimensions, expected 8")):
        save_statistics(tmp_path / "reference.npz", {label: Gaussian(np.zeros(d), np.eye(d), 100) for label, d in classes.items()})
        assert main(command(folder_corpus, out, embedder, "--reference", str(tmp_path / "reference.npz"))) == 1
        assert message in capsys.readouterr().err


def test_minutes_are_shared_among_what_is_to_be_trained(folder_corpus: Path, embedder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two codecs, three priors, one vocoder: 0.2, 0.5 and 0.3 parts each."""
    given = []

    def train(name: str, _: object, out: Path, *, minutes: float, **__: object) -> object:
        given.append((name, round(minutes, 3)))
        out.mkdir(parents=True)
        return type("Runner", (), {"stopped": len(given) == 6, "step": 1, "seconds": 1.0})

    monkeypatch.setattr(reproduce, "train", train)
    assert main(command(folder_corpus, tmp_path, embedder, "--minutes", "22")) == 0
    assert given == [("vocoder", 3.0), ("codec", 2.0), ("prior", 5.0), ("codec", 2.0), ("prior", 5.0), ("prior", 5.0)]


def test_the_papers_averages_are_those_of_its_classes(tmp_path: Path) -> None:
    for i, system in enumerate(SYSTEMS):
        classes = {label: row[i] for label, row in PAPER.items() if label != "average"}
        assert averaged(classes)["average"] == pytest.approx(published(system, "average"), abs=0.006)
    measured = {system: averaged({label: 2 * row[i] for label, row in PAPER.items() if label != "average"}) for i, system in enumerate(SYSTEMS)}
    lines = as_text(measured, "an ear").splitlines()
    assert lines[2].split() == ["DogBark", "20.42", "(10.21)", "20.62", "(10.31)", "29.46", "(14.73)", "25.56", "(12.78)"]
    assert len({len(line) for line in lines[1:]}) == 1
    draw(tmp_path / "chart.png", measured, "an ear")
    assert (tmp_path / "chart.png").stat().st_size > 5000
