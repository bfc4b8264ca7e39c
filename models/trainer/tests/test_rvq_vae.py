from pathlib import Path

import pytest
import torch

from foley_trainer.data.corpus import open_corpus
from foley_trainer.models.rvq_vae import Codec, CodecConfig, Patches
from foley_trainer.training import presets
from foley_trainer.training.checkpoints import TrainedError
from foley_trainer.training.stages import Making, train

SMALL = {"codes": 32, "dim": 8, "channels": 16, "hidden": 8, "codebooks": 3}


def started(config: CodecConfig) -> Codec:
    torch.manual_seed(0)
    codec = Codec(config)
    codec.quantizer.start(torch.randn(4000, config.dim))
    return codec


@pytest.mark.parametrize(
    ("strides", "shape"),
    [([[2, 2], [2, 2]], (20, 86)), ([[2, 2], [4, 4]], (10, 43)), ([[4, 2], [4, 2]], (5, 86)), ([[2, 4], [2, 4]], (20, 22))],
)
def test_every_system_of_the_paper_has_its_grid(strides: list[list[int]], shape: tuple[int, int]):
    codec = started(CodecConfig(strides=strides, **SMALL)).eval()
    mel = torch.randn(2, 80, 344)
    codes = codec.encode(mel)
    assert codes.shape == (2, 3, *shape)
    assert codec.decode(codes).shape == mel.shape


@pytest.mark.parametrize("strides", [[[1, 1], [1, 1]], [[5, 3], [1, 1]], [[1, 2], [4, 3]], [[4, 4], [2, 1]]])
@torch.no_grad()
def test_odd_strides_and_strides_of_one_keep_every_shape_exact(strides: list[list[int]]):
    codec = started(CodecConfig(strides=strides, mel_frames=26, **SMALL)).eval()
    c, mel = codec.config, torch.randn(1, 80, 26)
    assert codec.decoder(codec.encoder(codec._normal(mel))).shape == (1, 1, 80, c.padded_frames)
    codes = codec.encode(mel)
    assert codes.shape == (1, 3, *c.latent_shape)
    assert codec.decode(codes).shape == mel.shape


def test_strides_that_do_not_divide_the_bins_are_refused():
    with pytest.raises(ValueError, match="do not divide 80"):
        CodecConfig(strides=[[3, 2], [2, 2]])


SYSTEMS = [[[2, 2], [2, 2]], [[2, 2], [4, 4]], [[4, 2], [4, 2]], [[2, 4], [2, 4]]]


@pytest.mark.parametrize("strides", SYSTEMS)
@torch.no_grad()
def test_patches_keep_every_value_and_every_distance(strides: list[list[int]]):
    codec = Codec(CodecConfig(strides=strides, patches=True, channels=16, hidden=8)).eval()
    c, mel = codec.config, torch.randn(2, 80, 344)
    x = codec._normal(mel)
    cells = codec.encoder(x)
    assert cells.shape == (2, 64, *c.latent_shape)
    assert torch.equal(Patches(c).back(cells), x)
    assert torch.allclose((cells[0] - cells[1]).square().sum(), (x[0] - x[1]).square().sum(), rtol=1e-4)
    rows, cols = c.stride
    assert torch.equal(cells[0, : rows * cols, 1, 2].view(rows, cols), x[0, 0, rows : 2 * rows, 2 * cols : 3 * cols])


@torch.no_grad()
def test_before_it_learns_a_codec_with_patches_quantizes_the_mel_itself():
    torch.manual_seed(0)
    codec = Codec(CodecConfig(patches=True, channels=16, hidden=8)).eval()
    mel = torch.randn(4, 80, 344) * 3 - 6
    x = codec._normal(mel)
    codec.quantizer.start(codec.encoder(x).permute(0, 2, 3, 1).reshape(-1, 64))
    codes = codec.encode(mel)
    left = (codec.encoder(x) - codec.quantizer.lookup(codes)).square().mean()
    assert 0.01 < left < 0.5
    assert torch.allclose(((codec.decode(codes) - mel) / codec.config.mel_std).square().mean(), left, rtol=1e-4)


def test_patches_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="8 x 8 do not fit 32 dimensions"):
        CodecConfig(patches=True, dim=32)


def test_each_level_codes_what_the_former_left():
    """y = 0, r = z; q = Q(r); y += q; r -= q: written out against the layer."""
    codec = started(CodecConfig(**SMALL)).eval()
    z = torch.randn(2, 8, 10, 43)
    quantized, codes, _ = codec.quantizer(z)
    residual = z.permute(0, 2, 3, 1).reshape(-1, 8)
    for level in range(3):
        book = codec.quantizer.codebooks[level]
        index = torch.cdist(residual, book).argmin(1)
        assert (index.view(2, 10, 43) == codes[:, level]).float().mean() > 0.999
        residual = residual - book[codes[:, level].flatten()]
    left = (z - quantized).permute(0, 2, 3, 1).reshape(-1, 8)
    assert torch.allclose(left, residual, atol=1e-5)


def test_an_absent_level_adds_nothing():
    codec = started(CodecConfig(**SMALL)).eval()
    codes = torch.randint(0, 32, (1, 3, 10, 43))
    codes[:, 2] = 32
    expected = codec.quantizer.codebooks[0][codes[:, 0]] + codec.quantizer.codebooks[1][codes[:, 1]]
    assert torch.allclose(codec.quantizer.lookup(codes), expected.permute(0, 3, 1, 2), atol=1e-6)


def test_more_levels_never_code_worse_after_kmeans():
    codec = started(CodecConfig(**SMALL)).eval()
    z = torch.randn(4, 8, 10, 43)
    flat = z.permute(0, 2, 3, 1)
    codes = codec.quantizer(z)[1]
    errors = []
    for depth in (1, 2, 3):
        partial = codes.clone()
        partial[:, depth:] = 32
        errors.append((codec.quantizer.lookup(partial).permute(0, 2, 3, 1) - flat).square().mean().item())
    assert errors[0] > errors[1] > errors[2]


def test_dead_codes_come_back():
    codec = started(CodecConfig(**SMALL)).train()
    codec.quantizer.codebooks[0, 5] = 1e4
    codec.quantizer.counts[0, 5] = 0.0
    codec.quantizer.sums[0, 5] = 0.0
    codec.quantizer(torch.randn(4, 8, 10, 43))
    assert codec.quantizer.codebooks[0, 5].abs().max() < 100


def test_the_gradient_passes_straight_through():
    codec = started(CodecConfig(**SMALL)).train()
    z = torch.randn(1, 8, 10, 43, requires_grad=True)
    quantized, _, _ = codec.quantizer(z)
    quantized.sum().backward()
    assert torch.allclose(z.grad, torch.ones_like(z))


def test_dropped_levels_leave_the_sum():
    codec = started(CodecConfig(**SMALL)).eval()
    z = torch.randn(2, 8, 10, 43)
    quantized, codes, _ = codec.quantizer(z, torch.tensor([1, 3]))
    one = codec.quantizer.codebooks[0][codes[0, 0]].permute(2, 0, 1)
    assert torch.allclose(quantized[0], one, atol=1e-5)
    assert torch.allclose(quantized[1], codec.quantizer.lookup(codes)[1], atol=1e-5)


def trained(corpus: Path, out: Path, *changes: str, begin_from: Path | None = None) -> dict[str, torch.Tensor]:
    preset = presets.load("tiny", ["codec.run.steps=30", "codec.run.eval_every=30", *changes])
    train("codec", Making(preset, open_corpus(corpus), bf16=False), out, begin_from=begin_from)
    return torch.load(out / "best.pt", weights_only=True)["ema"]["codec"]


@pytest.fixture(scope="module")
def first(folder_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, torch.Tensor]]:
    """A training from nothing: its folder and its weights."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("first")
    return out, trained(folder_corpus, out)


@pytest.mark.slow
def test_the_decoder_can_be_trained_further_without_changing_codes(first: tuple[Path, dict[str, torch.Tensor]], folder_corpus: Path, tmp_path: Path):
    begun, before = first
    after = trained(folder_corpus, tmp_path / "second", "codec.training.decoder_only=true", "codec.run.steps=4", begin_from=begun)
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"decoder"}
    with pytest.raises(TrainedError, match="--from"):
        trained(folder_corpus, tmp_path / "third", "codec.training.decoder_only=true")


@pytest.mark.slow
def test_a_codec_initialised_from_another_keeps_its_codebooks(first: tuple[Path, dict[str, torch.Tensor]], folder_corpus: Path, tmp_path: Path):
    begun, before = first
    after = trained(folder_corpus, tmp_path / "second", "codec.run.steps=22", begin_from=begun)
    near = torch.cdist(before["quantizer.codebooks"], after["quantizer.codebooks"]).diagonal(dim1=1, dim2=2)
    apart = torch.cdist(before["quantizer.codebooks"], before["quantizer.codebooks"].flip(1)).diagonal(dim1=1, dim2=2)
    assert near.median() < 0.5 * apart.median()
