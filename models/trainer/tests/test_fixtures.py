"""The committed fixture voices hold together, and their golden file is what their graphs compute."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from foley_trainer.evaluation.fad import load_embeddings
from foley_trainer.export.any_prior import open_sampler
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.features.mel import MelConfig
from foley_trainer.golden import distances as golden_distances
from foley_trainer.golden.fixtures import VOCODER, VOICES, write_fixture
from foley_trainer.models.pixelsnail import PriorConfig
from foley_trainer.models.stacked_pixelsnail import StackedConfig
from foley_trainer.training import presets
from foley_trainer.voices.card import GRAPHS, ORDER, card_fields, write_voice

FOLDER = Path(__file__).parents[2] / "fixtures"


def voice(name: str) -> tuple[dict, dict, dict[str, bytes], PriorConfig]:
    card = json.loads((FOLDER / name / "card.json").read_text(encoding="utf-8"))
    golden = json.loads((FOLDER / name / "golden.json").read_text(encoding="utf-8"))
    return card, golden, {g: (FOLDER / name / entry["file"]).read_bytes() for g, entry in card["graphs"].items()}, VOICES[name].prior


@pytest.mark.parametrize("name", VOICES)
def test_the_card_matches_its_files_and_the_voice_is_small(name: str) -> None:
    card, _, graphs, config = voice(name)
    for graph, data in graphs.items():
        assert card["graphs"][graph] == {"file": f"{graph}.onnx", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    assert card["hash"] == hashlib.sha256("\n".join(card["graphs"][g]["sha256"] for g in ORDER if g in graphs).encode()).hexdigest()
    assert sum(f.stat().st_size for f in (FOLDER / name).iterdir()) < 600_000
    assert (card["grid"]["rows"], card["grid"]["cols"]) == (config.rows, config.cols)
    assert card["mel"]["frames"] * card["mel"]["hop"] == card["audio"]["samples"]


@pytest.mark.parametrize("name", VOICES)
def test_teacher_forced_logits_and_greedy_codes_are_golden(name: str) -> None:
    _, golden, graphs, c = voice(name)
    sampler = open_sampler(c, graphs)
    weights = np.array([golden["classWeights"]], np.float32)
    codes = np.array(golden["codes"])
    if isinstance(c, StackedConfig):
        logits = sampler.logits(codes.reshape(1, c.rows, c.cols, c.codebooks), weights).reshape(-1, c.codes)
    else:
        logits = sampler.logits(codes.reshape(1, c.rows, c.cols), weights)[0].reshape(c.codes, -1).T
    expected = np.array(golden["logits"])
    assert expected.std() > 1
    assert np.abs(logits - expected).max() < 1e-4
    assert sampler.sample(weights).flatten().tolist() == golden["greedy"]


@pytest.mark.parametrize("name", VOICES)
def test_decoded_audio_is_golden_and_a_codebook_is_heard(name: str) -> None:
    card, golden, graphs, c = voice(name)
    decoder, vocoder = session(graphs["decoder"]), session(graphs["vocoder"])
    latent = np.array(golden["latent"]).reshape(1, *[card["latent"][k] for k in ("codebooks", "frequency", "time")])
    coarse = latent.copy()
    coarse[:, 1:] = card["latent"]["codes"]
    heard = []
    for part, expected in ((latent, golden["whole"]), (coarse, golden["firstCodebook"])):
        (mel,) = decoder.run(None, {"codes": part})
        (audio,) = vocoder.run(None, {"mel": np.concatenate([mel, mel[..., -1:]], -1)})
        audio = audio[0, : card["audio"]["samples"]]
        assert abs(mel.mean() - expected["melMean"]) < 1e-4
        assert np.abs(audio[::97] - expected["audioEvery97th"]).max() < 1e-4
        heard.append(audio)
    assert heard[0].std() > 0.05
    if c.codebooks == 1:
        assert np.array_equal(*heard)
    else:
        assert np.sqrt(np.mean(np.square(heard[0] - heard[1]))) > 0.01


@pytest.mark.slow
def test_a_fixture_written_anew_has_the_same_card(tmp_path: Path) -> None:
    card, golden, _, _ = voice("tiny-time")
    again = write_fixture(tmp_path, "tiny-time")
    assert {k: v for k, v in again.items() if k not in ("graphs", "hash")} == {k: v for k, v in card.items() if k not in ("graphs", "hash")}
    assert json.loads((tmp_path / "tiny-time" / "golden.json").read_text())["codes"] == golden["codes"]


@pytest.mark.slow
def test_a_card_is_written_last_and_only_with_all_graphs(tmp_path: Path) -> None:
    write_fixture(tmp_path, "tiny-time")
    with pytest.raises(ValueError, match="encoder, decoder, vocoder"):
        write_voice(tmp_path / "x", {}, {"condition": None, "row": None, "pixel": None})
    assert not (tmp_path / "x").exists()
    with pytest.raises(AttributeError):
        write_voice(tmp_path / "tiny-time", {}, dict.fromkeys(GRAPHS))
    assert not (tmp_path / "tiny-time" / "card.json").exists(), "an old card must not stay beside half-written graphs"


def test_a_card_refuses_networks_of_different_shapes() -> None:
    tiny, mel = VOICES["tiny"], MelConfig()
    with pytest.raises(ValueError, match="2 class names"):
        card_fields("a", "a", "a", tiny.classes[:2], tiny.prior, tiny.codec, VOCODER, mel, 6144)
    with pytest.raises(ValueError, match="frames"):
        card_fields("a", "a", "a", tiny.classes, tiny.prior, tiny.codec, VOCODER, mel, 88200)
    with pytest.raises(ValueError, match="grid does not match this codec"):
        card_fields("a", "a", "a", tiny.classes, PriorConfig(classes=7), tiny.codec, VOCODER, mel, 6144)


def test_the_fixtures_have_the_strides_of_the_systems_they_stand_for() -> None:
    for name, system in (("tiny-vq", "vq-baseline"), ("tiny-freq", "rvq-freq"), ("tiny-padded", "rvq-time")):
        assert VOICES[name].codec.strides == presets.load(system)["codec"]["config"]["strides"]
    assert VOICES["tiny-vq"].codec.codebooks == 1
    assert VOICES["tiny-padded"].codec.padded_frames == 32
    assert VOICES["tiny-padded"].prior.cols < VOICES["tiny-padded"].prior.kernel


def test_the_known_distances_are_those_of_the_known_embeddings() -> None:
    known = json.loads((FOLDER / "distances" / "golden.json").read_text(encoding="utf-8"))
    again = golden_distances.golden(load_embeddings(FOLDER / "distances" / "embeddings.npz"))
    for old, new in zip([*known["pairs"], *known["subsets"]["fads"]], [*again["pairs"], *again["subsets"]["fads"]], strict=True):
        assert {key: pytest.approx(value, rel=1e-6, abs=1e-6) if isinstance(value, float) else value for key, value in old.items()} == new
