"""Everything a stage makes lives on the default device: tried on `meta`, which computes nothing."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from foley_trainer.data import open_corpus
from foley_trainer.models.rvq_vae import Codec, CodecConfig
from foley_trainer.runtime import device
from foley_trainer.training import presets, stages

pytestmark = pytest.mark.slow


class OneDevice(TorchDispatchMode):
    """Fails where one operation meets tensors of two devices. On `meta` there are no numbers: whoever asks for one is
    told 1 (no, of a truth), and a mask picks everything."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        met = {str(t.device) for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor) and t.ndim > 0}
        assert len(met) <= 1 or func is torch.ops.aten._to_copy.default, f"{func} meets {met}"
        if func is torch.ops.aten._local_scalar_dense.default:
            return False if args[0].dtype is torch.bool else 1.0
        if func is torch.ops.aten.index.Tensor and args[1][0] is not None and args[1][0].dtype is torch.bool:
            return args[0].clone()
        if func is torch.ops.aten.bincount.default:
            return args[0].new_empty(args[2])
        return func(*args, **(kwargs or {}))


def test_an_unavailable_device_is_named() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(device.NoDevice, match="cuda:0"):
        device.choose("cuda")
    assert device.choose("auto").type == "cpu"


@pytest.mark.parametrize(("preset", "name"), [("tiny", "codec"), ("tiny", "prior"), ("tiny", "vocoder"), ("stacked-paper", "prior")])
def test_a_step_of_every_stage_stays_on_one_device(preset: str, name: str, folder_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, settings = open_corpus(folder_corpus), presets.load(preset, ["vocoder.training.adversarial_from=0"])
    monkeypatch.setattr(stages, "load_codec", lambda _: (Codec(CodecConfig(**settings["codec"]["config"])), None))
    # A trained codec is past its start, which `meta` can't know.
    monkeypatch.setattr(Codec, "forward", lambda self, mel, keep: _quantized(self, mel, keep))
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda _: False)
    torch.set_default_device("meta")
    try:
        with OneDevice():
            stage = stages.STAGES[name](stages.Making(settings, corpus, None if name == "codec" else "codec", bf16=False))
            for module in stage.modules.values():
                assert {value.device.type for value in module.state_dict().values()} == {"meta"}
            stage.step(stage.draw(np.random.default_rng(0), 5), 5)
            stage.evaluate()
    finally:
        torch.set_default_device("cpu")


def _quantized(codec: Codec, mel: torch.Tensor, keep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    quantized, _, loss = codec.quantizer(codec.encoder(codec._normal(mel)), keep)
    return codec._mel(codec.decoder(quantized), mel.shape[-1]), loss


@pytest.mark.parametrize("has", [False, True])
@pytest.mark.parametrize("name", ["codec", "prior", "vocoder"])
def test_a_cpu_trains_in_bfloat16_only_where_it_computes_in_it(name: str, has: bool, folder_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = presets.load("tiny", ["vocoder.training.adversarial_from=0", "prior.training.batch=1", "codec.training.batch=1"])
    monkeypatch.setattr(device, "cpu_has_bf16", lambda: has)
    monkeypatch.setattr(stages, "load_codec", lambda _: (Codec(CodecConfig(**settings["codec"]["config"])), None))
    stage = stages.STAGES[name](stages.Making(settings, open_corpus(folder_corpus), None if name == "codec" else "codec"))
    kinds: set[torch.dtype] = set()
    for network in stage.modules.values():
        for module in network.modules():
            if isinstance(module, torch.nn.Conv1d | torch.nn.Conv2d):
                module.register_forward_hook(lambda _, __, out: kinds.add(out.dtype))
    metrics = stage.step(stage.draw(np.random.default_rng(0), 0), 0)
    assert np.isfinite(list(metrics.values())).all(), metrics
    assert (torch.bfloat16 in kinds) == has
