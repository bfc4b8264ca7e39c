"""The baseline's three checkpoints become one voice, and it computes what the baseline computes."""

import argparse
import hashlib
import json
import os
import pickle
import sys
import types
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from test_baseline_vqvae import published
from test_dcase_weights import baseline_names
from torch import Tensor

from foley_trainer.cli import main
from foley_trainer.data import DCASE_CLASSES
from foley_trainer.export.parity import lively
from foley_trainer.export.two_stage_sampler import TwoStageSampler, session
from foley_trainer.features.mel import LogMel
from foley_trainer.models.hifigan import Generator, VocoderConfig
from foley_trainer.models.pixelsnail import PriorConfig
from foley_trainer.voices.dcase_weights import import_baseline, import_hifigan, import_vqvae

pytestmark = pytest.mark.slow

PEER = os.environ.get("FOLEYD_PEER_BASELINE")
needs_peer = pytest.mark.skipif(PEER is None, reason="FOLEYD_PEER_BASELINE does not name a folder with the baseline's code")
SMALL = {"codes": 32, "channels": 32, "blocks": 1, "res_blocks": 1, "heads": 8, "condition": "map", "condition_dim": 1, "codebooks": 1}
PRIOR = PriorConfig(rows=20, cols=86, frequency=20, time=86, **SMALL)
HIFIGAN = {
    "resblock": "1", "upsample_rates": [8, 8, 2, 2], "upsample_kernel_sizes": [16, 16, 4, 4], "upsample_initial_channel": 32,
    "resblock_kernel_sizes": [3, 7, 11], "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]], "num_mels": 80,
    "n_fft": 1024, "hop_size": 256, "win_size": 1024, "sampling_rate": 22050, "fmin": 0, "fmax": 8000,
}  # fmt: skip


@cache
def _published() -> dict[str, object]:
    """The three files and the JSON as the baseline's programs leave them."""
    generator = Generator(VocoderConfig(channels=32))
    kinds = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    names = {k: next((k.replace(ours, theirs) for ours, theirs in kinds.items() if ours in k), k) for k in generator.state_dict()}
    return {
        "vqvae": published(),
        # Its training script saves its command line too, as an argparse.Namespace.
        "pixelsnail": {"model": baseline_names(lively(PRIOR)), "args": argparse.Namespace(lr=3e-4, hier="bottom", sched=None)},
        "hifigan": {"generator": {names[k]: v for k, v in generator.state_dict().items()}},
        "hifigan-config": HIFIGAN,
    }


def written(folder: Path, **changes: object) -> list[str]:
    """The command line that imports the baseline's files, which are written with these changes."""
    files = {**_published(), **changes}
    arguments = ["import", "--id", "baseline", "--name", "The baseline", "--out", str(folder / "voice"), "--threads", "1"]
    for name, content in files.items():
        path = folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif name == "hifigan-config":
            path.write_text(json.dumps(content))
        else:
            torch.save(content, path)
        arguments += [f"--{name}", str(path)]
    return arguments


def test_a_complete_voice_is_written_with_the_challenges_classes_in_their_order(tmp_path: Path) -> None:
    assert main(written(tmp_path)) == 0
    card = json.loads((tmp_path / "voice" / "card.json").read_text())
    assert [c["name"] for c in card["classes"]] == ["DogBark", "Footstep", "GunShot", "Keyboard", "MovingMotorVehicle", "Rain", "Sneeze_Cough"]
    assert card["grid"] == {"rows": 20, "cols": 86, "rowAxes": ["codebook", "frequency"], "colAxes": ["time"]}
    assert card["latent"] == {"codebooks": 1, "codes": 32, "frequency": 20, "time": 86}
    assert card["audio"] == {"rate": 22050, "samples": 88200}
    assert card["mel"] == {"nFft": 1024, "window": 1024, "hop": 256, "bins": 80, "fMin": 0.0, "fMax": 8000.0, "frames": 344, "floor": 1e-05}
    assert card["imported"]["vqvae"] == {"file": "vqvae", "sha256": hashlib.sha256((tmp_path / "vqvae").read_bytes()).hexdigest()}
    assert str(tmp_path) not in json.dumps(card)
    for graph in card["graphs"].values():
        assert hashlib.sha256((tmp_path / "voice" / graph["file"]).read_bytes()).hexdigest() == graph["sha256"]
    whole = sum(g["bytes"] for g in card["graphs"].values())
    assert main([*written(tmp_path), "--half"]) == 0
    assert sum(g["bytes"] for g in json.loads((tmp_path / "voice" / "card.json").read_text())["graphs"].values()) < 0.75 * whole


class Trap:
    """What an attacker would save instead of weights."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch trapped",)


@pytest.mark.parametrize("part", ["vqvae", "pixelsnail", "hifigan"])
@pytest.mark.parametrize("how", ["torch", "pickle", "beside the weights"])
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(
    part: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    bad: object = {"torch": Trap(), "pickle": pickle.dumps(Trap(), 2), "beside the weights": {**published(), "model": published(), "args": Trap()}}[how]
    assert main(written(tmp_path, **{part: bad})) == 1
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["kind"] == "ImportProblem"
    assert "would run posix.system" in said.err or "would run nt.system" in said.err
    assert not (tmp_path / "trapped").exists()
    assert not (tmp_path / "voice").exists()


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("vqvae", b"RIFF....WAVE", "is not a "),
        ("vqvae", b"", "is not a "),
        ("vqvae", [torch.zeros(1)], "contains a list, expected a dict"),
        ("vqvae", published(codes=16), "do not belong to the same voice"),
        ("pixelsnail", {"model": published()}, "not a checkpoint of the baseline's PixelSNAIL"),
        ("hifigan", published(), "does not match the network"),
        ("hifigan-config", b"{", "is not JSON"),
        ("hifigan-config", [1], "is not a HiFi-GAN configuration"),
        ("hifigan-config", {}, "it has no 'upsample_initial_channel'"),
        ("hifigan-config", {**HIFIGAN, "upsample_rates": "8"}, "does not describe a valid generator"),
        ("hifigan-config", {**HIFIGAN, "sampling_rate": 24000}, "sampling_rate is 24000, expected 22050"),
        ("hifigan-config", {**HIFIGAN, "fmax": None}, "fmax is None, expected 8000"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_a_one_line_error_and_writes_no_voice(part: str, content: object, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(written(tmp_path, **{part: content})) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "voice").exists()


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = written(tmp_path)
    (tmp_path / "hifigan").unlink()
    assert main(arguments) == 1
    assert f"{tmp_path / 'hifigan'}: No such file" in capsys.readouterr().err


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """The baseline's own modules."""
    monkeypatch.syspath_prepend(PEER)
    for name in ("vqvae", "pixelsnail", "HiFiGanWrapper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import HiFiGanWrapper
    import pixelsnail
    import vqvae

    return types.SimpleNamespace(vqvae=vqvae, pixelsnail=pixelsnail, hifigan=HiFiGanWrapper)


@torch.no_grad()
def peer_parts(peer: types.SimpleNamespace, mel: Tensor) -> tuple[torch.nn.Module, torch.nn.Module, torch.nn.Module]:
    """Random networks of the baseline whose outputs are of the size of real ones, so that differences are too."""
    torch.manual_seed(0)
    codec = peer.vqvae.VQVAE().eval()
    z = codec.quantize_conv_b(codec.enc_b(mel[:, None])).permute(0, 2, 3, 1).reshape(-1, 64)
    codec.quantize_b.embed.copy_(z[torch.randperm(len(z))[:512]].T)
    spoken = codec.decode_code(torch.randint(0, 512, (1, 20, 86)))
    last = codec.dec.blocks[-1]
    last.weight.mul_(2.5 / spoken.std())
    last.bias.fill_(-6.0)
    prior = peer.pixelsnail.PixelSNAIL([20, 86], 512, 32, 5, 2, 2, 32, dropout=0.1, n_cond_res_block=3, cond_res_channel=8).eval()
    for name, value in prior.named_parameters():
        if name.endswith("weight_g"):
            value.mul_(15.0 if name.startswith(("horizontal", "vertical", "out.")) else 1.5)
    vocoder = peer.hifigan.Generator(peer.hifigan.AttrDict(HIFIGAN)).eval()
    for name, value in vocoder.named_parameters():
        if name.endswith("weight_g"):
            value.mul_(20.0 if "resblocks" not in name else 8.0)
    before_tanh: list[Tensor] = []
    hook = vocoder.conv_post.register_forward_hook(lambda _module, _inputs, output: before_tanh.append(output))
    vocoder(codec.decode_code(codec.encode(mel[:, None])[2])[:, 0])
    hook.remove()
    vocoder.conv_post.weight_g.mul_(0.4 / before_tanh[0].std())
    return codec, prior, vocoder


def written_by_peer(folder: Path, codec: torch.nn.Module, prior: torch.nn.Module, vocoder: torch.nn.Module) -> list[str]:
    namespace = argparse.Namespace(batch=8, amp="O0", ckpt=None)
    parts = {"vqvae": codec.state_dict(), "pixelsnail": {"model": prior.state_dict(), "args": namespace}, "hifigan": {"generator": vocoder.state_dict()}}
    return written(folder, **parts)


@needs_peer
@torch.no_grad()
def test_the_imported_networks_are_the_baselines_own(tmp_path: Path, peer: types.SimpleNamespace) -> None:
    mel = torch.randn(2, 80, 344) * 2.5 - 6
    codec, prior, vocoder = peer_parts(peer, mel)
    written_by_peer(tmp_path, codec, prior, vocoder)
    codes, labels = codec.encode(mel[:, None])[2], torch.tensor([[3], [6]])
    expected = codec.decode_code(codes)[:, 0]
    pairs = {
        "mel": (expected, import_vqvae(tmp_path / "vqvae").decode(codes[:, None])),
        "logits": (prior(codes, label_condition=labels)[0], import_baseline(tmp_path / "pixelsnail")(codes, torch.eye(7)[labels[:, 0]])),
        "audio": (vocoder(expected)[:, 0], import_hifigan(tmp_path / "hifigan", tmp_path / "hifigan-config")(expected)),
    }
    off = {name: (a - b).abs().max().item() for name, (a, b) in pairs.items()}
    print({name: f"{value:.1e}" for name, value in off.items()})
    assert len(codes.unique()) > 100
    assert min(a.std() for a, _ in pairs.values()) > 0.1
    assert torch.equal(import_vqvae(tmp_path / "vqvae").encode(mel)[:, 0], codes)
    assert off["mel"] < 1e-5
    assert off["logits"] < 1e-4
    assert off["audio"] < 1e-6


@needs_peer
@torch.no_grad()
def test_the_voices_graphs_compute_what_the_baseline_does(tmp_path: Path, peer: types.SimpleNamespace) -> None:
    mel = torch.randn(2, 80, 344) * 2.5 - 6
    codec, prior, vocoder = peer_parts(peer, mel)
    assert main(written_by_peer(tmp_path, codec, prior, vocoder)) == 0
    files = {path.stem: path.read_bytes() for path in (tmp_path / "voice").glob("*.onnx")}
    codes, labels = codec.encode(mel[:, None])[2], torch.tensor([[3], [6]])
    expected = codec.decode_code(codes)[:, 0]
    audio = vocoder(expected)[:, 0].numpy()

    (got,) = session(files["encoder"]).run(None, {"mel": mel.numpy()})
    (spoken,) = session(files["decoder"]).run(None, {"codes": got})
    config = PriorConfig(rows=20, cols=86, channels=32, res_blocks=2, condition="map", condition_dim=1, codebooks=1, frequency=20, time=86)
    logits = TwoStageSampler(config, files).logits(codes.numpy(), np.eye(len(DCASE_CLASSES), dtype=np.float32)[labels[:, 0]])
    (heard,) = session(files["vocoder"]).run(None, {"mel": expected.numpy()})
    (served,) = session(files["vocoder"]).run(None, {"mel": torch.cat([expected, expected[..., -1:]], -1).numpy()})
    reach = 14 * 256  # samples before the end that hear the frame which a server adds
    off = {
        "mel": np.abs(spoken - expected.numpy()).max(),
        "logits": np.abs(logits - prior(codes, label_condition=labels)[0].numpy()).max(),
        "audio": np.abs(heard - audio).max(),
        "audio of a server": np.abs(served[:, : 344 * 256 - reach] - audio[:, :-reach]).max(),
    }
    print({name: f"{value:.1e}" for name, value in off.items()})
    assert np.array_equal(got[:, 0], codes.numpy())
    assert max(off.values()) < 1e-4, "more than float32 rounds"


@needs_peer
def test_the_baselines_mel_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("librosa", reason="the baseline's audio2mel.py takes its mel filters from librosa, which is not installed")
    monkeypatch.syspath_prepend(PEER)
    monkeypatch.setitem(sys.modules, "datasets", types.ModuleType("datasets"))  # reads its corpus; wants lmdb
    monkeypatch.delitem(sys.modules, "audio2mel", raising=False)
    import audio2mel

    rng = np.random.default_rng(0)
    wave = np.round(rng.standard_normal(88200) * np.repeat(10 ** rng.uniform(0, 4, 25), 3528)).clip(-32768, 32767).astype(np.int16)
    theirs = audio2mel.mel_spectrogram_hifi(wave / audio2mel.MAX_WAV_VALUE, 1024, 80, 22050, 256, 0, 8000)
    ours = LogMel()(torch.from_numpy(wave.astype(np.float32) / 32768)[None]).numpy()
    print(f"largest difference {np.abs(ours - theirs).max():.2e} nats")
    assert theirs.shape == ours.shape == (1, 80, 344)
    assert np.abs(ours - theirs).max() < 1e-5
