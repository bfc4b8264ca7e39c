"""The committed voices from Python: clips of their own, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from foley_trainer.export.codec_vocoder import export_vocoder
from foley_trainer.export.grain_graph import grain_graph
from foley_trainer.models.hifigan import Generator, VocoderConfig
from foley_trainer.voices.card import GRAPHS, write_voice
from foley_trainer.voices.inference import Recipe, VoiceError, VoiceRunner, drawn_apart

FOLDER = Path(__file__).parents[2] / "fixtures"
VOICES = ("tiny", "tiny-time")


@pytest.mark.parametrize("name", VOICES)
def test_a_clip_depends_on_its_number_and_not_on_its_batch(name: str) -> None:
    voice = VoiceRunner(FOLDER / name)
    label = voice.classes[1]
    together, alone = voice.generate(label, [0, 1, 2], Recipe(5)), voice.generate(label, [2], Recipe(5))
    assert together.shape == (3, voice.samples)
    assert np.abs(together[2] - alone[0]).max() < 1e-5
    assert np.abs(together[1] - together[2]).max() > 0.1
    assert np.abs(voice.generate(label, [2], Recipe(6)) - alone).max() > 0.1


@pytest.mark.parametrize("name", VOICES)
def test_decoded_codes_are_golden(name: str) -> None:
    voice = VoiceRunner(FOLDER / name)
    golden = json.loads((FOLDER / name / "golden.json").read_text())
    latent = np.array(golden["latent"]).reshape(1, voice.levels, voice.card["latent"]["frequency"], voice.card["latent"]["time"])
    for depth, expected in ((None, golden["whole"]), (1, golden["firstCodebook"])):
        mel = voice.decode(latent, depth)
        assert abs(mel.mean() - expected["melMean"]) < 1e-4
        assert np.abs(voice.speak(mel, [(0,)])[0, ::97] - expected["audioEvery97th"]).max() < 1e-4
    assert voice.encode(voice.mel(voice.speak(mel, [(0,)]))).shape == latent.shape


def test_noise_belongs_to_a_clip_and_not_to_its_place(tmp_path: Path) -> None:
    """A vocoder that is excited by noise: two clips never have the same, one clip always has."""
    card = json.loads((FOLDER / "tiny" / "card.json").read_text())
    graphs = {name: onnx.load(FOLDER / "tiny" / f"{name}.onnx") for name in GRAPHS}
    torch.manual_seed(0)
    graphs |= export_vocoder(Generator(VocoderConfig(channels=16, res_kernels=[3], dilations=[[1]], noise=True)))
    graphs["grain"] = grain_graph([0.0] * (len(card["classes"]) - 1) + [1.0])
    write_voice(tmp_path, {key: value for key, value in card.items() if key not in ("graphs", "hash")}, graphs)
    voice = VoiceRunner(tmp_path)
    label = voice.classes[0]
    together, alone = voice.generate(label, [0, 1], Recipe()), voice.generate(label, [1], Recipe())
    assert np.abs(together[1] - alone[0]).max() < 1e-5
    mel = np.full((2, voice.mel_config.bins, voice.card["mel"]["frames"]), -4, np.float32)
    first, second = voice.speak(mel, [(0, 0, 0), (0, 0, 1)])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    # And to its class: how grainy it is.
    last, seeds = len(voice.classes) - 1, [(0, 0, 0), (0, 0, 1)]
    assert (voice.grain(0), voice.grain(last)) == (0, 1)
    assert np.array_equal(voice.speak(mel, seeds, [0, last])[0], first)
    grainy = voice.speak(mel, seeds, [0, last])[1]
    assert 0.7 < np.corrcoef(grainy, second)[0, 1] < 0.99


def test_codes_are_drawn_by_temperature_and_top_p() -> None:
    logits = np.log(np.tile([[0.5, 0.3, 0.15, 0.05]], (1, 1))).astype(np.float32)

    def shares(recipe: Recipe) -> np.ndarray:
        seeds = [(1, n) for n in range(4000)]
        drawn = drawn_apart(seeds, 1, recipe)(np.repeat(logits, len(seeds), 0), 0)
        return np.bincount(drawn, minlength=4) / len(seeds)

    assert np.abs(shares(Recipe()) - [0.5, 0.3, 0.15, 0.05]).max() < 0.025
    assert np.abs(shares(Recipe(top_p=0.75)) - [0.625, 0.375, 0, 0]).max() < 0.025
    squared = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    assert np.abs(shares(Recipe(temperature=0.5)) - squared / squared.sum()).max() < 0.025
    assert shares(Recipe(temperature=0)).tolist() == [1, 0, 0, 0]
    assert shares(Recipe(top_p=0.01)).tolist() == [1, 0, 0, 0]


def test_an_invalid_voice_folder_says_why(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="no voice in"):
        VoiceRunner(tmp_path)
    shutil.copytree(FOLDER / "tiny", tmp_path / "voice")
    card = json.loads((tmp_path / "voice" / "card.json").read_text())

    def refused(match: str, **changes: object) -> None:
        (tmp_path / "voice" / "card.json").write_text(json.dumps({**card, **changes}))
        with pytest.raises(VoiceError, match=match):
            VoiceRunner(tmp_path / "voice")

    refused("something 2, expected", format="something")
    refused("does not match its graphs", hash="0" * 64)
    refused("conditionRows is", prior={**card["prior"], "conditionRows": [0, 3]})
    (tmp_path / "voice" / "row.onnx").write_bytes(b"nonsense")
    refused("graph row does not match")
