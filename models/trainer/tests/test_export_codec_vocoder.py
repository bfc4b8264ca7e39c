"""Codec and vocoder compute the same in onnxruntime as in torch."""

import numpy as np
import onnx
import pytest
import torch

from foley_trainer.export.codec_vocoder import export_codec, export_vocoder, folded_vocoder, speaking_graph, with_rounded_weights
from foley_trainer.export.conv_2d import in_two_dimensions
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.golden.fixtures import audible
from foley_trainer.models.hifigan import VocoderConfig, reach
from foley_trainer.models.rvq_vae import Codec, CodecConfig

pytestmark = pytest.mark.slow

GRIDS = {"rvq": [[2, 2], [4, 4]], "vq-baseline": [[2, 2], [2, 2]], "rvq-freq": [[4, 2], [4, 2]], "rvq-time": [[2, 4], [2, 4]]}


def codec(strides: list[list[int]]) -> Codec:
    torch.manual_seed(3)
    made = Codec(CodecConfig(strides=strides, codebooks=4, codes=32, dim=8, channels=16, hidden=8)).eval()
    with torch.no_grad():
        made.quantizer.start(made.encoder(torch.randn(6, 1, 80, 344) * 2).permute(0, 2, 3, 1).reshape(-1, 8))
    return made


@pytest.fixture(scope="module", params=GRIDS)
def exported(request: pytest.FixtureRequest) -> tuple[Codec, dict[str, onnx.ModelProto]]:
    model = codec(GRIDS[request.param])
    return model, export_codec(model)


def test_the_encoder_gives_equal_codes(exported: tuple[Codec, dict[str, onnx.ModelProto]]) -> None:
    model, graphs = exported
    mel = torch.randn(3, 80, 344) * 3 - 6
    (got,) = session(graphs["encoder"]).run(None, {"mel": mel.numpy()})
    assert got.dtype == np.int64
    assert len(np.unique(got)) > 8
    with torch.no_grad():
        assert np.array_equal(got, model.encode(mel).numpy())


@torch.no_grad()
def test_the_decoder_takes_one_to_four_codebooks(exported: tuple[Codec, dict[str, onnx.ModelProto]]) -> None:
    model, graphs = exported
    running = session(graphs["decoder"])
    codes = torch.randint(0, 32, (3, 4, *model.config.latent_shape))
    former = None
    for levels in (1, 2, 3, 4):
        partial = codes.clone()
        partial[:, levels:] = 32
        (got,) = running.run(None, {"codes": partial.numpy()})
        assert got.shape == (3, 80, 344)
        assert np.abs(got - model.decode(partial).numpy()).max() < 1e-4
        assert former is None or np.abs(got - former).max() > 1e-3, f"codebook {levels} adds nothing"
        former = got


@torch.no_grad()
def test_the_decoder_takes_fewer_places_in_time_and_the_end_changes_only_what_is_near_it() -> None:
    model = codec(GRIDS["rvq"])
    running = session(export_codec(model)["decoder"])
    codes = torch.randint(0, 32, (1, 4, *model.config.latent_shape))
    (whole,) = running.run(None, {"codes": codes.numpy()})
    times, each = 12, model.config.stride[1]
    (part,) = running.run(None, {"codes": codes[..., :times].numpy()})
    assert part.shape == (1, 80, times * each)
    change = np.abs(part - whole[..., : times * each]).max((0, 1))
    reach = times * each - int(np.argmax(change > 1e-5))
    assert 0 < reach < times * each, "the beginning is that of the whole, the end is not"


@torch.no_grad()
def test_half_weights_change_the_codec_only_by_rounding() -> None:
    model = codec(GRIDS["rvq"])
    full, small = export_codec(model), export_codec(model, half_weights=True)
    mel = torch.randn(3, 80, 344) * 3 - 6
    (encoded,) = session(small["encoder"]).run(None, {"mel": mel.numpy()})
    assert np.array_equal(encoded, with_rounded_weights(model).encode(mel).numpy())
    assert np.mean(encoded == model.encode(mel).numpy()) > 0.9
    assert len(small["encoder"].SerializeToString()) < 0.75 * len(full["encoder"].SerializeToString())
    assert len(small["decoder"].SerializeToString()) < 0.75 * len(full["decoder"].SerializeToString())
    codes = torch.randint(0, 32, (2, 4, 10, 43))
    (got,) = session(small["decoder"]).run(None, {"codes": codes.numpy()})
    assert np.abs(got - with_rounded_weights(model).decode(codes).numpy()).max() < 1e-4
    assert np.abs(got - model.decode(codes).numpy()).max() > 1e-4, "nothing was rounded"


@pytest.mark.parametrize("resblock", [1, 2])
@pytest.mark.parametrize("half", [False, True])
@torch.no_grad()
def test_the_vocoder_is_folded_dynamic_and_leaves_the_generator_whole(resblock: int, half: bool) -> None:
    generator = audible(VocoderConfig(channels=32, resblock=resblock, res_kernels=[3, 5], dilations=[[1, 3], [1, 3]]), 4)
    running = session(export_vocoder(generator, half)["vocoder"])
    reference = folded_vocoder(generator, half)
    for batch, frames in ((1, 5), (2, 33)):
        mel = torch.randn(batch, 80, frames)
        (got,) = running.run(None, {"mel": mel.numpy()})
        expected = reference(mel).numpy()
        assert got.shape == (batch, frames * 256)
        assert expected.std() > 0.03
        assert np.abs(got - expected).max() < 1e-4
        if not half:
            assert np.abs(got - generator(mel).numpy()).max() < 1e-4


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("resblock", [1, 2])
@torch.no_grad()
def test_a_vocoder_segment_needs_only_its_receptive_field_as_context(resblock: int, noise: bool) -> None:
    c = VocoderConfig(channels=32, resblock=resblock, noise=noise, gate=noise)
    graphs = export_vocoder(audible(c, 5))
    running, frames, hop = session(graphs["vocoder"]), 96, 256
    mel = np.random.default_rng(1).normal(-6, 2, (1, 80, frames)).astype(np.float32)
    shaped = {}
    if noise:
        white = np.random.default_rng(2).standard_normal((1, frames * hop), np.float32)
        (shaped["shaped"],) = session(graphs["excitation"]).run(None, {"mel": mel, "noise": white})

    def spoken(begin: int, end: int, context: int) -> np.ndarray:
        low, high = max(0, begin - context), min(frames, end + context)
        part = {"mel": mel[..., low:high]} | {name: value[:, low * hop : high * hop] for name, value in shaped.items()}
        (audio,) = running.run(None, part)
        return audio[:, (begin - low) * hop : (end - low) * hop]

    (whole,) = running.run(None, {"mel": mel, **shaped})
    errors = []
    for begin, end in ((0, 10), (40, 52), (90, 96)):
        part = whole[:, begin * hop : end * hop]
        assert part.std() > 0.01
        # What remains is rounding, which these loud random weights make large.
        errors.append(float(np.abs(spoken(begin, end, reach(c)) - part).max()))
    assert max(errors) < 1e-4
    inner = whole[:, 40 * hop : 52 * hop]
    assert np.abs(spoken(40, 52, reach(c) // 4) - inner).max() > 5 * max(errors), "the reach is far too long"


def test_convolutions_along_time_become_images_of_height_1_with_the_same_numbers() -> None:
    torch.manual_seed(0)
    plain = folded_vocoder(audible(VocoderConfig(channels=16), 0))
    straight, tall = speaking_graph(plain), in_two_dimensions(speaking_graph(plain))
    kinds = [node.op_type for node in tall.graph.node]
    # Once at the beginning and once at the end, besides what the module itself adds and removes.
    assert kinds.count("Unsqueeze") <= [node.op_type for node in straight.graph.node].count("Unsqueeze") + 3
    kernels = [c for c in tall.graph.initializer if len(c.dims) == 4]
    assert len(kernels) > 60
    assert all(c.dims[2] == 1 for c in kernels)
    mel, shaped = torch.randn(1, 80, 24).numpy() - 5, (torch.randn(1, 24 * 256) * 0.1).numpy()
    feeds = {"mel": mel, "shaped": shaped} if len(straight.graph.input) > 1 else {"mel": mel}
    (a,), (b,) = (session(graph).run(None, feeds) for graph in (straight, tall))
    assert np.abs(a).max() > 1e-3
    assert np.abs(a - b).max() < 1e-4
