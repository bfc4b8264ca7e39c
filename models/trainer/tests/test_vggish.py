"""The network under its published names and layouts, and the challenge's own way of cutting clips."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from test_patches import published

from foley_trainer.features.patches import PatchConfig
from foley_trainer.models import vggish
from foley_trainer.models.vggish import CHALLENGE, PUBLISHED, WeightsError, load_vggish

HIDDEN = 24  # instead of 4096: the same network, small enough to write to disk in three forms
CONVOLUTIONS = [("conv1", 1, 64), ("conv2", 64, 128), ("conv3/conv3_1", 128, 256), ("conv3/conv3_2", 256, 256), ("conv4/conv4_1", 256, 512), ("conv4/conv4_2", 512, 512)]
POOLED = {"conv1", "conv2", "conv3/conv3_2", "conv4/conv4_2"}
LAYERS = [("fc1/fc1_1", 12288, HIDDEN), ("fc1/fc1_2", HIDDEN, HIDDEN), ("fc2", HIDDEN, 128)]
TORCH_NAMES = ["features.0", "features.3", "features.6", "features.8", "features.11", "features.13", "embeddings.0", "embeddings.2", "embeddings.4"]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vggish, "HIDDEN", HIDDEN)


@pytest.fixture(scope="module")
def google() -> dict[str, np.ndarray]:
    """Random weights as Google's checkpoint lays them out: kernels [3, 3, in, out], matrices [in, out]."""
    rng, weights = np.random.default_rng(0), {}
    for name, inputs, outputs in CONVOLUTIONS:
        weights[f"vggish/{name}/weights"] = rng.standard_normal((3, 3, inputs, outputs)).astype(np.float32) * np.float32((2 / (9 * inputs)) ** 0.5)
    for name, inputs, outputs in LAYERS:
        weights[f"vggish/{name}/weights"] = rng.standard_normal((inputs, outputs)).astype(np.float32) * np.float32((2 / inputs) ** 0.5)
    for name, _, outputs in [*CONVOLUTIONS, *LAYERS]:
        weights[f"vggish/{name}/biases"] = rng.standard_normal(outputs).astype(np.float32) * np.float32(0.1)
    return weights


def as_torch(google: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    out = {}
    for name, (scope, _, _) in zip(TORCH_NAMES, [*CONVOLUTIONS, *LAYERS], strict=True):
        weight = google[f"vggish/{scope}/weights"]
        out[f"{name}.weight"] = torch.from_numpy(weight.transpose(3, 2, 0, 1).copy() if weight.ndim == 4 else weight.T.copy())
        out[f"{name}.bias"] = torch.from_numpy(google[f"vggish/{scope}/biases"])
    return out


def by_hand(patch: np.ndarray, google: dict[str, np.ndarray]) -> np.ndarray:
    """The published definition with channels last, as TensorFlow runs it: patch [96, 64] -> [128]."""
    x = patch[:, :, None].astype(np.float64)
    for name, _, _ in CONVOLUTIONS:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((1, 1), (1, 1), (0, 0))), (3, 3), axis=(0, 1))
        x = np.maximum(0, np.einsum("yxcij,ijco->yxo", windows, google[f"vggish/{name}/weights"], optimize=True) + google[f"vggish/{name}/biases"])
        if name in POOLED:
            x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max((1, 3))
    x = x.flatten()
    for name, _, _ in LAYERS:
        x = x @ google[f"vggish/{name}/weights"] + google[f"vggish/{name}/biases"]
        x = np.maximum(0, x) if name != "fc2" else x
    return x


def test_every_form_of_the_weights_gives_the_published_network(tmp_path: Path, google: dict[str, np.ndarray]) -> None:
    state = as_torch(google)
    torch.save({**state, "pproc.pca_means": torch.zeros(128, 1)}, tmp_path / "vggish.pth")
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)  # as the file of 2019 is written
    np.savez(tmp_path / "google.npz", **google)
    np.savez(tmp_path / "torch.npz", **{name: value.numpy() for name, value in state.items()})
    save_safetensors(tmp_path / "vggish.safetensors", {name: value.numpy() for name, value in state.items()})
    patch = np.random.default_rng(1).normal(-1, 2, (96, 64)).astype(np.float32)
    expected = by_hand(patch, google)
    assert expected.std() > 0.1
    for name in ("vggish.pth", "old.pth", "google.npz", "torch.npz", "vggish.safetensors"):
        with torch.no_grad():
            got = load_vggish(tmp_path / name).network(torch.from_numpy(patch)[None])[0].numpy()
        assert np.abs(got - expected).max() < 1e-3 * np.abs(expected).max(), name


def save_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    head, body = {"__metadata__": {"format": "pt"}}, b""
    for name, value in tensors.items():
        data = value.astype("<f4").tobytes()
        head[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


class Evil:
    def __reduce__(self) -> tuple:
        return os.mkdir, ("owned",)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"features.0.weight": Evil()}, tmp_path / "evil.pth")
    np.savez(tmp_path / "evil.npz", **{"features.0.weight": np.array([Evil()], dtype=object)})
    for name in ("evil.pth", "evil.npz"):
        with pytest.raises(WeightsError, match="not readable as weights"):
            load_vggish(tmp_path / name)
    assert not (tmp_path / "owned").exists()


def test_missing_weights_are_named(tmp_path: Path, google: dict[str, np.ndarray]) -> None:
    with pytest.raises(WeightsError, match="no VGGish weights at"):
        load_vggish(tmp_path / "none.pth")
    state = as_torch(google)
    state["embeddings.4.weight"] = state["embeddings.4.weight"][:, :10]
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"embeddings\.4\.weight should be \[128, 24\], is \[128, 10\]"):
        load_vggish(tmp_path / "a.pth")
    np.savez(tmp_path / "a.npz", **{name: value for name, value in google.items() if name != "vggish/fc2/biases"})
    with pytest.raises(WeightsError, match="fc2/biases"):
        load_vggish(tmp_path / "a.npz")


def test_the_challenge_framing_gives_ten_patches_per_clip() -> None:
    """Every 8000 samples the first 96 frames of 16000, at 22050 Hz as if it were 16000, divided by the largest sample."""
    ear = vggish.Vggish(vggish.Vgg(), "", CHALLENGE)
    rng = np.random.default_rng(2)
    samples = np.round(rng.standard_normal(88200) * 3000 - 2000).astype(np.int16)
    assert abs(int(samples.min())) > samples.max()
    patches = ear.patches(torch.from_numpy(ear.samples(samples.astype(np.float32) / 32768, 22050))[None])[0].numpy()
    loud = samples.astype(np.float64) / max(0.1, samples.max())
    expected = np.stack([published(loud[start : start + 16000], PatchConfig())[0] for start in range(0, 88200 - 16000 + 1, 8000)])
    assert patches.shape == expected.shape == (10, 96, 64)
    assert np.abs(patches - expected).max() < 1e-5  # float32 samples
    assert ear.embed(np.zeros(88200, np.float32), 22050).shape == (10, 128)
    assert ear.embed(np.zeros(6144, np.float32), 22050).shape == (1, 128)


def test_published_framing_resamples_and_hops_by_whole_patches() -> None:
    ear = vggish.Vggish(vggish.Vgg(), "", PUBLISHED)
    assert ear.embed(np.zeros(88200, np.float32), 22050).shape == (4, 128)
    tone = np.sin(2 * np.pi * 1000 * np.arange(88200) / 22050).astype(np.float32)
    patches = ear.patches(torch.from_numpy(ear.samples(tone, 22050))[None])[0].numpy()
    exact = published(np.sin(2 * np.pi * 1000 * np.arange(64000) / 16000), PatchConfig())
    loudest = exact[1, 50].argmax()
    assert patches[1, 50].argmax() == loudest
    assert abs(patches[1, 50, loudest] - exact[1, 50, loudest]) < 0.01
