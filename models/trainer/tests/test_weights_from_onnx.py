"""What is taken back from a voice's graphs is what they were written from: written again, they are the same."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from foley_trainer.export.any_prior import export_any_prior
from foley_trainer.export.codec_vocoder import export_codec, export_vocoder
from foley_trainer.finetuning.weights_from_onnx import _constants, codec_from, load_voice, prior_from, vocoder_from
from foley_trainer.golden.fixtures import VOCODER, VOICES
from foley_trainer.voices.inference import VoiceError

pytestmark = pytest.mark.slow

MODELS = Path(__file__).parents[2]


ADDED = ("row", "pixel", "condition")


def equal(ours: dict[str, onnx.ModelProto], theirs: dict[str, onnx.ModelProto]) -> None:
    """All constants bit for bit, but for the last one of what was multiplied or added up on the way: attention's query, biases."""
    for name, graph in ours.items():
        for (key, a), b in zip(_constants(graph).items(), _constants(theirs[name]).values(), strict=True):
            # A kernel of an older voice has no height.
            np.testing.assert_allclose(a.reshape(b.shape), b, rtol=1e-6 if name in ADDED else 0, atol=5e-7 if name in ADDED else 0, err_msg=f"{name} {key}")


def graphs_of(folder: Path) -> dict[str, onnx.ModelProto]:
    return {path.stem: onnx.load(path) for path in folder.glob("*.onnx")}


@pytest.mark.parametrize("name", VOICES)
def test_every_kind_of_grid_round_trips(name: str):
    fixture, graphs = VOICES[name], graphs_of(MODELS / "fixtures" / name)
    codec = codec_from(graphs, fixture.codec)
    prior, vocoder = prior_from(graphs, fixture.prior, codec), vocoder_from(graphs, VOCODER)
    equal(export_any_prior(prior, half_weights=True) | export_codec(codec, half_weights=True) | export_vocoder(vocoder, half_weights=True), graphs)


def test_the_shipped_voice_round_trips():
    voice, graphs = load_voice(MODELS / "default"), graphs_of(MODELS / "default")
    ours = export_any_prior(voice.prior, half_weights=True) | export_codec(voice.codec, half_weights=True) | export_vocoder(voice.vocoder, half_weights=True)
    equal(ours, graphs)
    for name in ("condition", "encoder", "decoder", "excitation", "vocoder"):
        assert ours[name].SerializeToString(deterministic=True) == (MODELS / "default" / f"{name}.onnx").read_bytes(), name
    assert bool(voice.codec.quantizer.started)


def test_a_card_without_the_network_configurations_is_refused(tmp_path: Path):
    with pytest.raises(VoiceError, match="does not describe its networks"):
        load_voice(MODELS / "fixtures" / "tiny")
    (tmp_path / "card.json").write_text(json.dumps({"training": {}}))
    with pytest.raises(VoiceError, match="does not describe its networks"):
        load_voice(tmp_path)
    with pytest.raises(VoiceError):
        load_voice(tmp_path / "none")


def test_graphs_of_another_version_are_refused():
    fixture, graphs = VOICES["tiny"], graphs_of(MODELS / "fixtures" / "tiny")
    del graphs["decoder"].graph.initializer[0]
    with pytest.raises(VoiceError, match="another version"):
        codec_from(graphs, fixture.codec)
