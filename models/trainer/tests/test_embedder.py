"""From a folder of sounds to an embedder in one ONNX file, killed and resumed on the way."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from foley_trainer.cli import main
from foley_trainer.data import fit, open_corpus, read_audio
from foley_trainer.evaluation.embedders import EmbedderError, OwnEmbedder
from foley_trainer.export.embedder import _DftPatches
from foley_trainer.features.patches import LogMelPatches
from foley_trainer.models.embedder import HEARING
from foley_trainer.training import embedder as train_embedder
from foley_trainer.training import trainer
from foley_trainer.training.checkpoints import load_embedder

pytestmark = pytest.mark.slow

STEPS = 60


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_embedder, "BATCH", 4)
        yield


def command(corpus: Path, out: Path) -> list[str]:
    return ["embedder", "--corpus", str(corpus), "--out", str(out), "--steps", str(STEPS), "--threads", "1"]


@pytest.fixture(scope="module")
def trained(folder_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("embedder")
    assert main(command(folder_corpus, out)) == 0
    return out


def test_the_graph_computes_what_the_network_computes(trained: Path) -> None:
    embedder, _ = load_embedder(trained)
    ear = OwnEmbedder(trained)
    rng = np.random.default_rng(0)
    for samples in (88200, HEARING.shortest, 50000):
        audio = (rng.standard_normal(samples) * np.linspace(0, 0.3, samples)).astype(np.float32)
        with torch.no_grad():
            expected = embedder(LogMelPatches(HEARING)(torch.from_numpy(audio)[None]))
            scores = embedder.scores(expected)
        embeddings, got = ear.embed_and_classify(audio, 22050)
        assert embeddings.shape == expected[0].shape
        assert np.abs(embeddings - expected[0].numpy()).max() < 1e-3
        assert np.abs(got - scores[0].numpy()).max() < 1e-3
    assert ear.embed(np.zeros(88200, np.float32), 22050).shape == (7, 128)
    assert ear.embed(np.zeros(1000, np.float32), 22050).shape == (1, 128)
    assert ear.embed(np.zeros(64000, np.float32), 16000).shape == (7, 128)


def test_waves_find_the_same_patches_as_the_fast_transform() -> None:
    audio = torch.from_numpy(np.random.default_rng(1).standard_normal((2, 60000)).astype(np.float32) * 0.1)
    assert (_DftPatches()(audio) - LogMelPatches(HEARING)(audio)).abs().max() < 1e-3


def test_it_learns_to_separate_a_beep_from_a_hiss(trained: Path, folder_corpus: Path) -> None:
    ear, corpus = OwnEmbedder(trained), open_corpus(folder_corpus)
    assert ear.classes == corpus.classes
    clips = corpus.of("train")
    right = [ear.classes[int(ear.embed_and_classify(fit(read_audio(c.path, 22050), 88200), 22050)[1].argmax())] == c.label for c in clips]
    assert np.mean(right) > 0.9
    card = json.loads((trained / "embedder.json").read_text())
    assert card["training"]["steps"] <= STEPS
    assert {"accuracy", "nll", "sketch"} <= set(card["training"]["metrics"])


def test_a_resumed_training_equals_an_uninterrupted_one(trained: Path, folder_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped as by SIGTERM in step 15; the weights at the end are equal to the last bit."""
    step = train_embedder.EmbedderStage.step
    running: list[trainer.Runner] = []
    begin = trainer.Runner.__init__
    monkeypatch.setattr(trainer.Runner, "__init__", lambda self, *args, **more: (begin(self, *args, **more), running.append(self))[0])
    monkeypatch.setattr(train_embedder.EmbedderStage, "step", lambda self, batch, n: (running[0]._on_signal() if n == 15 else None, step(self, batch, n))[1])
    assert main(command(folder_corpus, tmp_path)) == 0
    monkeypatch.undo()
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 16
    assert main(command(folder_corpus, tmp_path)) == 0
    whole, parts = (torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (trained, tmp_path))
    assert whole["step"] == parts["step"] == STEPS
    for name, value in whole["modules"]["embedder"].items():
        assert torch.equal(value, parts["modules"]["embedder"][name]), name


def test_a_graph_that_does_not_match_its_card_is_refused(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "embedder.json").write_text((trained / "embedder.json").read_text())
    (tmp_path / "embedder.onnx").write_bytes((trained / "embedder.onnx").read_bytes() + b"\0")
    with pytest.raises(EmbedderError, match="does not match its card"):
        OwnEmbedder(tmp_path)
    (tmp_path / "embedder.json").write_text('{"format": "something", "version": 1}')
    with pytest.raises(EmbedderError, match="something 1"):
        OwnEmbedder(tmp_path / "embedder.onnx")
    with pytest.raises(EmbedderError, match="no embedder in"):
        OwnEmbedder(tmp_path / "nowhere")
