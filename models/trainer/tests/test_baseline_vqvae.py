"""The baseline's VQ-VAE, from nothing but its layers' names, kernels and strides written down a second time."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from foley_trainer.export.codec_vocoder import export_codec, with_rounded_weights
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.models.baseline_vqvae import BaselineCodec
from foley_trainer.voices.dcase_weights import ImportProblem, import_vqvae

KERNELS = {1: 4, 2: 2, 3: 6, 4: 8}


def published(channels: int = 8, hidden: int = 4, dim: int = 6, codes: int = 32, blocks: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """A random state dict as the baseline's training script saves it. Weights keep the signal's size from layer to layer."""
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}

    def layer(name: str, *shape: int, fan: int) -> None:
        state[f"{name}.weight"] = torch.randn(shape, generator=generator) * (1.6 / fan**0.5)
        state[f"{name}.bias"] = torch.randn(shape[1] if "dec.blocks.4" in name or "dec.blocks.6" in name else shape[0], generator=generator) * 0.3

    def residual(name: str) -> None:
        layer(f"{name}.conv.1", hidden, channels, 3, 3, fan=9 * channels)
        layer(f"{name}.conv.3", channels, hidden, 1, 1, fan=hidden)

    for branch, k in KERNELS.items():
        layer(f"enc_b.blocks_{branch}.0", channels // 2, 1, k, k, fan=36 * k * k)
        layer(f"enc_b.blocks_{branch}.2", channels, channels // 2, k, k, fan=channels // 2 * k * k)
        layer(f"enc_b.blocks_{branch}.4", channels, channels, 3, 3, fan=9 * channels)
        for i in range(blocks):
            residual(f"enc_b.blocks_{branch}.{5 + i}")
    layer("quantize_conv_b", dim, channels, 1, 1, fan=4 * channels)
    state["quantize_b.embed"] = torch.randn(dim, codes, generator=generator) * 2
    state["quantize_b.cluster_size"] = torch.ones(codes)
    state["quantize_b.embed_avg"] = torch.zeros(dim, codes)
    layer("dec.blocks.0", channels, dim, 3, 3, fan=9 * dim)
    for i in range(blocks):
        residual(f"dec.blocks.{1 + i}")
    layer(f"dec.blocks.{2 + blocks}", channels, channels // 2, 4, 4, fan=4 * channels)
    layer(f"dec.blocks.{4 + blocks}", channels // 2, 1, 4, 4, fan=32 * channels)
    return state


def conv(state: dict[str, Tensor], name: str, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride, padding)


def residual(state: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    """The published layer rectifies its input in place before it adds it."""
    x = x.clamp(min=0)
    return x + conv(state, f"{name}.conv.3", conv(state, f"{name}.conv.1", x, padding=1).clamp(min=0))


def latent(state: dict[str, Tensor], mel: Tensor) -> Tensor:
    total = torch.zeros(())
    for branch, k in KERNELS.items():
        at, x = f"enc_b.blocks_{branch}", mel[:, None]
        x = conv(state, f"{at}.0", x, 2, (k - 2) // 2).clamp(min=0)
        x = conv(state, f"{at}.2", x, 2, (k - 2) // 2).clamp(min=0)
        x = conv(state, f"{at}.4", x, padding=1)
        for i in (5, 6):
            x = residual(state, f"{at}.{i}", x)
        total = total + x.clamp(min=0)
    return conv(state, "quantize_conv_b", total)


def spoken(state: dict[str, Tensor], z: Tensor) -> Tensor:
    x = conv(state, "dec.blocks.0", z, padding=1)
    for i in (1, 2):
        x = residual(state, f"dec.blocks.{i}", x)
    for i in (4, 6):
        x = F.conv_transpose2d(x.clamp(min=0), state[f"dec.blocks.{i}.weight"], state[f"dec.blocks.{i}.bias"], 2, 1)
    return x[:, 0]


@pytest.fixture
def imported(tmp_path: Path) -> tuple[dict[str, Tensor], BaselineCodec]:
    state = published()
    torch.save(state, tmp_path / "vqvae_800.pt")
    return state, import_vqvae(tmp_path / "vqvae_800.pt")


@torch.no_grad()
def test_sizes_are_read_off_the_weights_and_codes_are_those_of_the_nearest_vectors(imported: tuple[dict[str, Tensor], BaselineCodec]) -> None:
    state, codec = imported
    c, mel = codec.config, torch.randn(2, 80, 344) * 2.5 - 6
    assert (c.channels, c.hidden, c.dim, c.codes, c.codebooks, c.latent_shape) == (8, 4, 6, 32, 1, (20, 86))
    z = latent(state, mel).permute(0, 2, 3, 1)
    expected = torch.cdist(z.reshape(-1, 6), state["quantize_b.embed"].T).argmin(1).view(2, 1, 20, 86)
    codes = codec.encode(mel)
    assert torch.equal(codes, expected)
    assert len(codes.unique()) > 8


@torch.no_grad()
def test_codes_become_the_log_mel_as_it_is_and_an_absent_code_is_no_vector(imported: tuple[dict[str, Tensor], BaselineCodec]) -> None:
    state, codec = imported
    codes = torch.randint(0, 32, (2, 1, 20, 86))
    z = state["quantize_b.embed"].T[codes[:, 0]].permute(0, 3, 1, 2)
    mel = codec.decode(codes)
    assert mel.shape == (2, 80, 344)
    assert mel.std() > 0.5
    torch.testing.assert_close(mel, spoken(state, z), atol=1e-5, rtol=0)
    torch.testing.assert_close(codec.decode(torch.full_like(codes, 32)), spoken(state, torch.zeros_like(z)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("half", [False, True])
@torch.no_grad()
def test_it_exports_like_a_codec_of_ours(imported: tuple[dict[str, Tensor], BaselineCodec], half: bool) -> None:
    _, codec = imported
    graphs, mel = export_codec(codec, half), torch.randn(2, 80, 344) * 2.5 - 6
    reference = with_rounded_weights(codec) if half else codec
    (codes,) = session(graphs["encoder"]).run(None, {"mel": mel.numpy()})
    assert codes.dtype == np.int64
    assert np.array_equal(codes, reference.encode(mel).numpy())
    codes[0, 0, 3, 5] = 32
    (decoded,) = session(graphs["decoder"]).run(None, {"codes": codes})
    assert np.abs(decoded - reference.decode(torch.from_numpy(codes)).numpy()).max() < 3e-5


def test_wrong_weights_are_refused_by_name(tmp_path: Path) -> None:
    state, file = published(), tmp_path / "model.pt"
    for change, message in (
        ({"quantize_b.embed": None}, "not a checkpoint of the baseline's VQ-VAE: it has no 'book'"),
        ({"enc_b.blocks_3.2.weight": None}, r"branches\.2\.2\.weight is missing"),
        ({"enc_t.blocks.0.weight": torch.zeros(1)}, r"enc_t\.blocks\.0\.weight is unexpected"),
        ({"enc_b.blocks_1.0.weight": torch.zeros(4, 1, 3, 3)}, r"branches\.0\.0\.weight has shape \[4, 1, 3, 3\], expected \[4, 1, 4, 4\]"),
        ({"dec.blocks.0.bias": torch.full((8,), torch.nan)}, r"decoder\.0\.bias is not finite"),
    ):
        torch.save({k: v for k, v in {**state, **change}.items() if v is not None}, file)
        with pytest.raises(ImportProblem, match=message):
            import_vqvae(file)
