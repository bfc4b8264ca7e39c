"""Every system of the paper walks the whole way: trained, exported, sampled cell by cell, decoded. Real grids, few channels."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from foley_trainer.data import open_corpus
from foley_trainer.export.fold_weight_norm import folded
from foley_trainer.export.parity import lively, parity_of
from foley_trainer.export.two_stage_sampler import ReferenceSampler, TwoStageSampler, drawn, session
from foley_trainer.models.pixelsnail import PriorConfig, condition_rows
from foley_trainer.training import presets
from foley_trainer.training.checkpoints import load_codec, load_prior
from foley_trainer.training.stages import Making, train
from foley_trainer.voices.build import export_voice
from foley_trainer.voices.card import EXCITATION, GRAPHS

pytestmark = pytest.mark.slow

# Latent, grid, and the rows before which finished codebooks are looked at anew.
SYSTEMS = {
    "vq-baseline": ((1, 20, 86), (20, 86), [0]),
    "rvq": ((4, 10, 43), (40, 43), [0, 10, 20, 30]),
    "rvq-freq": ((4, 5, 86), (20, 86), [0, 5, 10, 15]),
    "rvq-time": ((4, 20, 22), (80, 22), [0, 20, 40, 60]),
    "rvq-plain": ((4, 10, 43), (40, 43), [0]),
}
STEPS = ["codec.config.warm_steps=1", "codec.run.steps=3", "prior.run.steps=2", "vocoder.run.steps=1"]


def settings(system: str) -> dict:
    """A system at the size of `tiny`, with as many codebooks as it has."""
    return presets.load(system, [*STEPS, f"codec.config.codebooks={SYSTEMS[system][0][0]}"], scale="tiny")


@pytest.fixture(scope="module")
def vocoder(folder_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("vocoder")
    train("vocoder", Making(settings("rvq"), open_corpus(folder_corpus)), out)
    return out


@pytest.fixture(scope="module", params=SYSTEMS)
def voice(request: pytest.FixtureRequest, folder_corpus: Path, vocoder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    system, root = request.param, tmp_path_factory.mktemp(request.param)
    for stage in ("codec", "prior"):
        train(stage, Making(settings(system), open_corpus(folder_corpus), root / "codec"), root / stage)
    places = {name: str(root / name) for name in ("codec", "prior")}
    export_voice(argparse.Namespace(**places, vocoder=str(vocoder), corpus=[str(folder_corpus)], out=str(root / "voice"), id=system, name=system, preset=system))
    return system, root


def test_the_card_names_the_systems_grid(voice: tuple[str, Path]) -> None:
    system, root = voice
    latent, grid, rows = SYSTEMS[system]
    card = json.loads((root / "voice" / "card.json").read_text())
    assert card["preset"] == system
    assert tuple(card["latent"][k] for k in ("codebooks", "frequency", "time")) == latent
    assert (card["grid"]["rows"], card["grid"]["cols"]) == grid
    assert card["prior"]["conditionRows"] == rows


def test_its_exported_graphs_sample_what_the_trained_networks_do(voice: tuple[str, Path]) -> None:
    system, root = voice
    latent, grid, _ = SYSTEMS[system]
    codec, _ = load_codec(root / "codec")
    prior, _ = load_prior(root / "prior", codec)
    graphs = {name: (root / "voice" / f"{name}.onnx").read_bytes() for name in (*GRAPHS, EXCITATION)}
    sampler = TwoStageSampler(prior.config, graphs)
    weights = np.array([[1.0, 0.0], [0.3, 0.7]], np.float32)
    codes, logits = sampler.run(weights, drawn(4))
    assert codes.shape == (2, *grid)
    assert np.abs(logits - ReferenceSampler(folded(prior, half=True)).logits(codes, weights)).max() < 1e-4

    placed = prior.config.grid.to_latent(torch.from_numpy(codes))
    assert placed.shape == (2, *latent)
    (mel,) = session(graphs["decoder"]).run(None, {"codes": placed.numpy()})
    assert mel.shape == (2, 80, 344)
    assert np.isfinite(mel).all()
    (again,) = session(graphs["encoder"]).run(None, {"mel": mel})
    assert again.shape == (2, *latent)
    noise = np.random.default_rng(0).standard_normal((2, 344 * 256), np.float32)
    (shaped,) = session(graphs[EXCITATION]).run(None, {"mel": mel, "noise": noise})
    (audio,) = session(graphs["vocoder"]).run(None, {"mel": mel, "shaped": shaped})
    assert audio.shape == (2, 344 * 256)


@pytest.mark.parametrize("system", SYSTEMS)
def test_on_its_whole_grid_the_two_stages_equal_the_full_forward_pass(system: str) -> None:
    """As above with weights whose every part matters; three training steps leave most of them near nothing."""
    (codebooks, frequency, time), (rows, cols), conditions = SYSTEMS[system]
    own = presets.load(system)["prior"]["config"]["condition"]
    size = {"codes": 32, "classes": 3, "channels": 32, "blocks": 2, "res_blocks": 2, "heads": 2, "condition_dim": 8}
    config = PriorConfig(rows=rows, cols=cols, codebooks=codebooks, frequency=frequency, time=time, condition=own, **size)
    assert condition_rows(config) == conditions
    report = parity_of(lively(config), threads=1)
    assert report["cells"] == rows * cols
    assert report["logits_std"] > 1
    assert report["max_abs_difference"] < 1e-4
