"""VGGish (Hershey et al. 2017): the embedding of the DCASE 2023 Task 7 results and of the paper's FADs.

Its weights are not shipped. `--vggish FILE`, or FOLEYD_VGGISH, names a file in any of these forms, none of which runs
a pickle:

- `vggish-10086976.pth` of harritaylor/torchvggish: `features.0.weight` [64, 1, 3, 3] (.3, .6, .8, .11, .13) and
  `embeddings.0.weight` [4096, 12288] (.2, .4), with biases; other names in the file (`pproc.*`) are ignored
- the same names in a .safetensors or .npz file
- Google's checkpoint as .npz: `vggish/conv1/weights` [3, 3, 1, 64] (conv2, conv3/conv3_1, conv3/conv3_2, conv4/conv4_1,
  conv4/conv4_2), `vggish/fc1/fc1_1/weights` [12288, 4096] (fc1/fc1_2, fc2), with `biases`. With TensorFlow:
  `r = tf.train.load_checkpoint("vggish_model.ckpt"); np.savez("vggish.npz", **{n: r.get_tensor(n) for n in r.get_variable_to_shape_map()})`

The embedding is the last layer before its activation, without PCA, as the published statistics have it (their means
are below zero here and there; torchvggish's own forward ends in a ReLU).
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from pickle import UnpicklingError
from zipfile import BadZipFile

import numpy as np
import scipy  # loads scipy.signal, which takes long, when it is used
import torch
from torch import Tensor, nn

from ..features.patches import EmbeddedClip, LogMelPatches, PatchConfig, sounding

VARIABLE = "FOLEYD_VGGISH"
DIMS, HIDDEN = 128, 4096
WIDTHS = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool")
CONVOLUTIONS = {0: "conv1", 3: "conv2", 6: "conv3/conv3_1", 8: "conv3/conv3_2", 11: "conv4/conv4_1", 13: "conv4/conv4_2"}
LAYERS = {0: "fc1/fc1_1", 2: "fc1/fc1_2", 4: "fc2"}


class WeightsError(Exception):
    """The file has no VGGish weights in a supported form; the message says what is missing."""


class Vgg(nn.Module):
    """Patches [N, 96, 64] -> embeddings [N, 128]."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for width in WIDTHS:
            if isinstance(width, str):
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(nn.Linear(6 * 4 * 512, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, DIMS))

    def forward(self, patches: Tensor) -> Tensor:
        x = self.features(patches.unsqueeze(1))
        return self.embeddings(x.permute(0, 2, 3, 1).flatten(1))  # the weights count channels last, as TensorFlow does


@dataclass(frozen=True)
class Framing:
    """How a clip becomes patches. hop in frames of 10 ms; `as_is`: the challenge's way, see CHALLENGE."""

    hop: int = 96
    as_is: bool = False


PUBLISHED = Framing()
# The challenge's FAD tool reads a clip's 22050 Hz samples as if they were 16000 Hz, without resampling; divides them by
# their largest sample (not the largest absolute one, and by 0.1 steps of 16 bit at least); and embeds the first 0.96 s
# of every 16000 samples, 8000 apart: ten patches for 88200 samples. Distances to its statistics must do the same.
CHALLENGE = Framing(hop=50, as_is=True)


class Vggish:
    """Audio -> embeddings [patches, 128]."""

    dims, components = DIMS, None

    def __init__(self, network: Vgg, sha256: str, framing: Framing = CHALLENGE) -> None:
        self.network, self.sha256, self.framing = network.eval(), sha256, framing
        self.name = "vggish"
        self.about = f"VGGish, {'as the DCASE 2023 Task 7 tool runs it' if framing.as_is else 'resampled to 16 kHz'}, a patch every {framing.hop * 10} ms"
        self.patches = LogMelPatches(PatchConfig(hop=framing.hop), torch.float64)

    @torch.no_grad()
    def embed(self, audio: np.ndarray, rate: int) -> np.ndarray:
        """Mono audio in -1..1 -> [patches, 128]; less than a patch is padded with silence."""
        patches = self.patches(torch.from_numpy(self.samples(audio, rate))[None])[0]
        return self.network(patches.float()).numpy()

    def clip(self, audio: np.ndarray, rate: int) -> EmbeddedClip:
        c = self.patches.config
        return EmbeddedClip(self.embed(audio, rate), sounding(self.samples(audio, rate), c.rate, c.shortest, c.hop * c.step), None)

    def samples(self, audio: np.ndarray, rate: int) -> np.ndarray:
        """The input of the front end, float64."""
        x = audio.astype(np.float64)
        if not self.framing.as_is:
            x = scipy.signal.resample_poly(x, 16000 // gcd(rate, 16000), rate // gcd(rate, 16000))
            return np.pad(x, (0, max(0, self.patches.config.shortest - x.size)))
        second, step = 16000, self.framing.hop * self.patches.config.step
        x = np.pad(x, (0, max(0, second - x.size)))
        x = x[: second + (x.size - second) // step * step]  # whole seconds only
        return x / max(0.1 / 32768, float(x.max()))


def load_vggish(path: str | Path, framing: Framing = CHALLENGE) -> Vggish:
    """Raises WeightsError where the file is missing, of no known form, or not VGGish."""
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"no VGGish weights at {path}")
    try:
        weights = _renamed(_read(path))
    except (OSError, ValueError, KeyError, RuntimeError, BadZipFile, UnpicklingError) as error:
        raise WeightsError(f"{path} is not readable as weights: {error!r}") from error
    weights = {name: torch.as_tensor(value).float() for name, value in weights.items()}
    network = Vgg()
    for name, parameter in network.state_dict().items():
        if name not in weights or weights[name].shape != parameter.shape:
            got = list(weights[name].shape) if name in weights else "nothing"
            raise WeightsError(f"{path}: {name} should be {list(parameter.shape)}, is {got}")
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    return Vggish(network, hashlib.sha256(path.read_bytes()).hexdigest(), framing)


def chosen(path: str | None) -> str | None:
    """The weights' path: the argument, or the environment's."""
    return path or os.environ.get(VARIABLE) or None


def _read(path: Path) -> dict[str, np.ndarray | Tensor]:
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    if path.suffix == ".safetensors":
        return _safetensors(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ValueError("no state dict")
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    """8 bytes little-endian: length of the JSON head {name: {dtype, shape, data_offsets}}; then the numbers."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    kinds = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
    tensors = {name: entry for name, entry in head.items() if name != "__metadata__" and entry["dtype"] in kinds}
    return {n: np.frombuffer(body[slice(*e["data_offsets"])], kinds[e["dtype"]]).reshape(e["shape"]).copy() for n, e in tensors.items()}


def _renamed(weights: dict[str, np.ndarray | Tensor]) -> dict[str, np.ndarray | Tensor]:
    """TensorFlow's names and layouts as torch's; torch's stay."""
    if "vggish/conv1/weights" not in weights:
        return weights
    out = {}
    for kind, table in (("features", CONVOLUTIONS), ("embeddings", LAYERS)):
        for index, scope in table.items():
            weight = np.asarray(weights[f"vggish/{scope}/weights"])
            out[f"{kind}.{index}.weight"] = np.ascontiguousarray(weight.transpose(3, 2, 0, 1) if kind == "features" else weight.T)
            out[f"{kind}.{index}.bias"] = np.asarray(weights[f"vggish/{scope}/biases"])
    return out
