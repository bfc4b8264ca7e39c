"""The texture of a decoder, and its training against discriminators."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from foley_trainer import cli
from foley_trainer.data import open_corpus
from foley_trainer.export.codec_vocoder import export_codec, with_rounded_weights
from foley_trainer.finetuning.weights_from_onnx import codec_from
from foley_trainer.models.mel_discriminators import MelDiscriminators
from foley_trainer.models.rvq_vae import Codec, CodecConfig
from foley_trainer.training import presets
from foley_trainer.training.checkpoints import TrainedError
from foley_trainer.training.presets import PresetError
from foley_trainer.training.sharp_decoder import _changes, _levels
from foley_trainer.training.stages import Making, train, train_codec

SMALL = {"codebooks": 2, "codes": 16, "dim": 64, "channels": 16, "hidden": 4, "trunk_blocks": 1, "fine_blocks": 1, "patches": True, "warm_steps": 0}


def codec_with_texture(seed: int = 0) -> Codec:
    torch.manual_seed(seed)
    codec = Codec(CodecConfig(**SMALL, texture=8)).eval().requires_grad_(False)
    codec.quantizer.codebooks.normal_()
    codec.quantizer.started.fill_(True)
    # Equal constants are written down once, and no trained layers are all zeros.
    for layer in (*codec.decoder.texture.layers[::2], codec.decoder.layers[-1]):
        layer.weight.normal_(std=0.2)
        layer.bias.normal_(std=0.2)
    return codec


def codes_of(codec: Codec, times: int = 43, seed: int = 1) -> torch.Tensor:
    return torch.randint(0, codec.config.codes, (2, codec.config.codebooks, 10, times), generator=torch.Generator().manual_seed(seed))


def test_a_decoder_that_learns_texture_later_begins_as_it_was():
    torch.manual_seed(0)
    plain = Codec(CodecConfig(**SMALL)).eval()
    plain.quantizer.codebooks.normal_()
    textured = Codec(CodecConfig(**SMALL, texture=8)).eval()
    missing = textured.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing
    assert all(name.startswith("decoder.texture.") for name in missing)
    with torch.no_grad():
        assert torch.equal(plain.decode(codes_of(plain)), textured.decode(codes_of(plain)))


def test_the_card_of_a_codec_without_texture_stays_as_it_was():
    assert "texture" not in CodecConfig(**SMALL).to_dict()
    assert CodecConfig(**CodecConfig(**SMALL, texture=8).to_dict()).texture == 8


def test_texture_depends_on_the_codes_and_not_on_where_the_stretch_begins():
    codec = codec_with_texture()
    codes = codes_of(codec)
    with torch.no_grad():
        whole, again = codec.decode(codes), codec.decode(codes.clone())
        # Of steps 10 to 29, those in the middle see the same neighbours as in the whole.
        part = codec._mel(codec.decoder(codec.quantizer.lookup(codes[..., 10:30]), codes[..., 10:30]), 160)
        other = codec.decode(torch.where(torch.arange(43) == 20, (codes + 1) % codec.config.codes, codes))
    assert torch.equal(whole, again)
    assert torch.allclose(whole[..., 136:184], part[..., 56:104], atol=1e-5)
    changed = (whole - other).abs().amax((0, 1))
    assert changed[160:168].min() > 1e-4
    assert changed[:96].max() == 0
    assert changed[232:].max() == 0


def test_absent_codebooks_have_no_texture_of_their_own():
    codec = codec_with_texture()
    codes = codes_of(codec)
    codes[:, 1] = codec.config.codes
    with torch.no_grad():
        before = codec.decode(codes)
        codec.decoder.texture.grain[1].normal_()
        assert torch.equal(before, codec.decode(codes))
        codec.decoder.texture.grain[0].normal_()
        assert not torch.equal(before, codec.decode(codes))


def test_training_hears_the_texture_of_the_codebooks_that_are_kept_alone():
    codec = codec_with_texture()
    mel = torch.randn(2, 80, 344)
    with torch.no_grad():
        one = codec(mel, torch.tensor([1, 2]))[0]
        codec.decoder.texture.grain[1].normal_()
        two = codec(mel, torch.tensor([1, 2]))[0]
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[1], two[1])


def test_the_exported_decoder_has_the_texture_and_gives_it_back():
    codec = codec_with_texture()
    graphs = export_codec(codec, half_weights=True)
    rounded = with_rounded_weights(codec)
    session = onnxruntime.InferenceSession(graphs["decoder"].SerializeToString())
    codes = codes_of(codec)
    with torch.no_grad():
        assert np.abs(session.run(None, {"codes": codes.numpy()})[0] - rounded.decode(codes).numpy()).max() < 1e-4
    back = codec_from(graphs, codec.config).state_dict()
    assert all(torch.equal(back[name], value) for name, value in rounded.state_dict().items() if name.startswith("decoder."))


def test_levels_forgive_fluctuation_and_not_a_wrong_level():
    torch.manual_seed(0)
    mel = torch.full((4, 80, 344), -4.0)
    noisy = mel + torch.randn_like(mel) * 0.5
    noisy -= 0.5 * torch.log((2 * (noisy - mel)).exp().mean())  # of the same power
    assert _levels(noisy, mel) < 0.5 * (noisy - mel).abs().mean()
    assert torch.allclose(_levels(mel + 1, mel), torch.tensor(1.0), atol=1e-3)
    assert _changes(noisy) > 0.4
    assert _changes(mel) == 0


def test_discriminators_see_class_and_frequency():
    torch.manual_seed(0)
    discriminators = MelDiscriminators(4, 3)
    mel = torch.randn(2, 1, 80, 88)
    scores = [score for score, _ in discriminators(mel, torch.tensor([0, 1]))]
    others = [score for score, _ in discriminators(mel, torch.tensor([1, 1]))]
    for score, other in zip(scores, others, strict=True):
        assert score.shape[0] == 2
        assert not torch.equal(score[0], other[0])
        assert torch.equal(score[1], other[1])
    flat = discriminators(torch.zeros(1, 1, 80, 88), torch.tensor([0]))[0][0][0]
    assert flat[2:-2].std(0).max() > 1e-6  # silence alone looks different at each frequency


def tiny(*changes: str) -> dict:
    preset = presets.load("tiny", ["codec.run.steps=4", "codec.run.eval_every=4", "codec.config.patches=true", "codec.config.dim=64", "codec.config.warm_steps=0", *changes])
    run = {"steps": 3, "eval_every": 3, "warmup": 1}
    return {**preset, "decoder": {"config": {"texture": 4}, "training": {"adversarial": {"width": 4, "from": 1}}, "run": run}}


@pytest.mark.slow
def test_a_codec_is_trained_and_then_its_decoder_alone(folder_corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    torch.set_num_threads(1)
    making = Making(tiny(), open_corpus(folder_corpus), bf16=False)
    runner, folder = train_codec(making, tmp_path)
    assert folder == tmp_path / "decoder"
    assert not runner.stopped
    before, after = (torch.load(tmp_path / name / "best.pt", weights_only=True)["ema"]["codec"] for name in ("codec", "decoder"))
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"decoder"}
    assert after["decoder.texture.layers.4.weight"].abs().max() > 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    of_decoder = [line for line in lines if line["event"] == "eval"][-1]
    assert of_decoder["fluctuation"] > 0
    assert of_decoder["levels_l1"] > 0
    # Fine-tuned on few recordings, texture and codes stay.
    preset = tiny("codec.config.texture=4", 'codec.training.adversarial={"weight":0}')
    train("codec", Making(preset, open_corpus(folder_corpus), bf16=False), tmp_path / "tuned", begin_from=folder)
    tuned = torch.load(tmp_path / "tuned" / "best.pt", weights_only=True)["ema"]["codec"]
    moved = {name for name in after if not torch.equal(after[name], tuned[name])}
    assert moved
    assert all(name.startswith("decoder.layers.") for name in moved)


@pytest.mark.slow
def test_the_command_needs_a_trained_codec_and_a_preset_that_has_the_stage(folder_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    given = ["--corpus", str(folder_corpus), "--out", str(tmp_path / "out"), "--codec", str(tmp_path / "none")]
    assert cli.main(["decoder", *given, "--preset", "tiny"]) == 1
    assert "part `decoder`" in capsys.readouterr().err
    wrong = Making(tiny('codec.training.adversarial={"wide":4}'), open_corpus(folder_corpus), bf16=False)
    bare = Making(tiny("codec.training.adversarial={}"), open_corpus(folder_corpus), bf16=False)
    with pytest.raises(TrainedError, match="--from"):
        train("codec", bare, tmp_path / "bare")
    with pytest.raises(PresetError, match="width, from, weight, lr, sampled"):
        train("codec", wrong, tmp_path / "wrong")


@pytest.mark.slow
def test_the_decoder_learns_from_sampled_codes_too(folder_corpus: Path, tmp_path: Path):
    torch.set_num_threads(1)
    corpus = open_corpus(folder_corpus)
    made = tmp_path / "generated" / corpus.classes[0]
    made.mkdir(parents=True)
    train("codec", Making(tiny("codec.run.steps=2"), corpus, bf16=False), tmp_path / "codec")
    sharp = Making(presets.of_decoder(tiny()), corpus, bf16=False)
    weights = []
    for name, sampled in (("without", None), ("with", str(tmp_path / "generated"))):
        sharp.preset["codec"]["training"]["adversarial"]["sampled"] = sampled
        if sampled:
            with pytest.raises(PresetError, match="no sampled codes"):
                train("codec", sharp, tmp_path / name, begin_from=tmp_path / "codec")
            np.save(made / "000.npy", np.random.default_rng(0).integers(0, 32, (2, 10, 43)).astype(np.uint16))
        train("codec", sharp, tmp_path / name, begin_from=tmp_path / "codec")
        weights.append(torch.load(tmp_path / name / "best.pt", weights_only=True)["ema"])
    apart = [name for name in weights[0]["codec"] if not torch.equal(weights[0]["codec"][name], weights[1]["codec"][name])]
    assert apart
    assert all(name.startswith("decoder.") for name in apart)
    np.save(made / "001.npy", np.full((2, 10, 43), 32, np.uint16))
    with pytest.raises(PresetError, match="codes below 32"):
        train("codec", sharp, tmp_path / "wrong", begin_from=tmp_path / "codec")
