"""Published weights mean the same here as where they came from."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch

from foley_trainer.export.parity import lively
from foley_trainer.models.hifigan import Generator, VocoderConfig
from foley_trainer.models.pixelsnail import PixelSnail, PriorConfig
from foley_trainer.voices.dcase_weights import ImportProblem, import_baseline, import_hifigan

PEER = os.environ.get("FOLEYD_PEER_BASELINE")
SMALL = PriorConfig(
    rows=4, cols=5, codes=16, classes=3, channels=32, blocks=2, res_blocks=2, heads=8, condition="map", condition_dim=1, codebooks=1, frequency=4, time=5
)


def baseline_names(model: PixelSnail) -> dict[str, torch.Tensor]:
    """A prior's weights under the baseline's layer names, written down independently of the importer's rules."""
    def conv(prefix: str, layer: torch.nn.Module, flat: bool = False) -> dict[str, torch.Tensor]:
        v = layer.weight_v.detach()
        shape = (-1, 1) if flat else (-1, 1, 1, 1)
        out = {f"{prefix}.weight_v": v[:, :, 0, 0] if flat else v, f"{prefix}.weight_g": layer.weight_g.detach().view(shape)}
        return out if layer.bias is None else {**out, f"{prefix}.bias": layer.bias.detach()}

    out = {"background": model.coordinates, **conv("horizontal.conv.conv", model.first.horizontal), **conv("vertical.conv.conv", model.first.vertical)}
    for i, block in enumerate(model.blocks):
        for j, layer in enumerate(block.residual):
            at = f"blocks.{i}.resblocks.{j}"
            out |= conv(f"{at}.conv1.conv.conv", layer.conv1) | conv(f"{at}.conv2.conv.conv", layer.conv2) | conv(f"{at}.condition.conv", layer.condition)
        for name in ("key", "query", "out"):
            layer, at = getattr(block, name), f"blocks.{i}.{name}_resblock"
            out |= conv(f"{at}.conv1.conv", layer.conv1) | conv(f"{at}.conv2.conv", layer.conv2)
            if layer.aux is not None:
                out |= conv(f"{at}.aux_conv.conv", layer.aux)
        for name in ("query", "key", "value"):
            out |= conv(f"blocks.{i}.causal_attention.{name}", getattr(block.attention, name), flat=True)
    for i in range(4):
        out |= {f"embedNet.blocks.{i}.{k}": v.detach() for k, v in model.condition.layers[i].state_dict().items()}
    return out | conv("out.1.conv", model.head)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_checkpoint_with_the_baselines_names_gives_the_same_network(tmp_path: Path, prefix: str) -> None:
    model = lively(SMALL)
    extra = {"cond_resnet.blocks.0.conv.bias": torch.zeros(3)}
    torch.save({"model": {prefix + k: v for k, v in (baseline_names(model) | extra).items()}, "args": "kept"}, tmp_path / "model.pt")
    imported = import_baseline(tmp_path / "model.pt", rows=4, cols=5)
    assert imported.config == SMALL
    codes, weights = torch.randint(0, 16, (2, 4, 5)), torch.eye(3)[:2]
    with torch.no_grad():
        assert torch.equal(imported(codes, weights), model(codes, weights))


def test_a_file_that_is_not_a_baseline_checkpoint_is_refused(tmp_path: Path) -> None:
    state = baseline_names(lively(SMALL))
    torch.save({"something": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(ImportProblem, match="not a checkpoint"):
        import_baseline(tmp_path / "other.pt")
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(ImportProblem, match="20 cells, not 20 x 86"):
        import_baseline(tmp_path / "model.pt")
    torch.save(state | {"blocks.0.resblocks.0.extra.bias": torch.zeros(1)}, tmp_path / "odd.pt")
    with pytest.raises(ImportProblem, match="extra"):
        import_baseline(tmp_path / "odd.pt", rows=4, cols=5)
    del state["out.1.conv.bias"]
    torch.save(state, tmp_path / "short.pt")
    with pytest.raises(ImportProblem, match=r"head\.bias"):
        import_baseline(tmp_path / "short.pt", rows=4, cols=5)


@pytest.mark.skipif(PEER is None, reason="FOLEYD_PEER_BASELINE does not name a folder with the baseline's pixelsnail.py")
def test_the_baselines_own_network_gives_the_same_logits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PEER)
    sys.modules.pop("pixelsnail", None)
    from pixelsnail import PixelSNAIL

    torch.manual_seed(0)
    peer = PixelSNAIL([20, 86], 512, 32, 5, 2, 2, 32, dropout=0.1, n_cond_res_block=3, cond_res_channel=8, embed_dim=2048).eval()
    with torch.no_grad():
        for name, value in peer.named_parameters():
            if name.endswith("weight_g"):
                value.mul_(15.0 if name.startswith(("horizontal", "vertical", "out.")) else 1.5)
    torch.save({"model": peer.state_dict()}, tmp_path / "peer.pt")
    ours = import_baseline(tmp_path / "peer.pt")
    codes, labels = torch.randint(0, 512, (2, 20, 86)), torch.tensor([3, 5])
    with torch.no_grad():
        expected, _ = peer(codes, label_condition=labels)
        got = ours(codes, torch.nn.functional.one_hot(labels, 7).float())
    print(f"largest difference {(got - expected).abs().max():.2e}, logits' deviation {expected.std():.2f}")
    assert (got - expected).abs().max() < 1e-4


@pytest.mark.parametrize("resblock", [1, 2])
def test_a_published_generator_round_trips(tmp_path: Path, resblock: int) -> None:
    c = VocoderConfig(channels=16, rates=[4, 4], kernels=[8, 8], resblock=resblock, res_kernels=[3, 5], dilations=[[1, 3], [1, 3]])
    torch.manual_seed(1)
    generator = Generator(c).eval()
    published = {}
    for name, value in generator.state_dict().items():
        published[name.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v")] = value
    assert "ups.0.weight_g" in published
    assert "conv_pre.weight_v" in published
    torch.save({"generator": published}, tmp_path / "g_00000001")
    settings = {
        "resblock": str(resblock), "upsample_rates": [4, 4], "upsample_kernel_sizes": [8, 8], "upsample_initial_channel": 16,
        "resblock_kernel_sizes": [3, 5], "resblock_dilation_sizes": [[1, 3], [1, 3]], "num_mels": 80,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(settings))
    imported = import_hifigan(tmp_path / "g_00000001", tmp_path / "config.json")
    mel = torch.randn(1, 80, 6)
    with torch.no_grad():
        assert torch.equal(imported(mel), generator(mel))
    (tmp_path / "config.json").write_text(json.dumps({**settings, "upsample_initial_channel": 32}))
    with pytest.raises(ImportProblem, match="does not match the network"):
        import_hifigan(tmp_path / "g_00000001", tmp_path / "config.json")
