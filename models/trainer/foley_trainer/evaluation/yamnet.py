"""Cross-check with an independent tagger: does YAMNet recognise the class of a clip?

A clip counts when, in its mean score over 0.975 s windows, one of the five highest tags names its class. YAMNet
(AudioSet, 521 tags) is not part of the project: `--yamnet` is a folder with `yamnet.tflite` and its class map. Its
penultimate layer (1024 dimensions per window) serves as an embedding, too.
"""

from __future__ import annotations

import csv
import hashlib
import warnings
from pathlib import Path

import numpy as np
import scipy  # loads scipy.signal, which takes long, when it is used

from ..features.patches import EmbeddedClip, sounding

RATE = 16000
WINDOW, HOP = 15600, 7800
TOP = 5

# AudioSet display names of a class, fixed before any clip was generated.
TAGS: dict[str, set[str]] = {
    "DogBark": {"Dog", "Bark", "Yip", "Howl", "Bow-wow", "Whimper (dog)"},
    "Footstep": {"Walk, footsteps", "Run", "Shuffle"},
    "GunShot": {"Gunshot, gunfire", "Machine gun", "Fusillade", "Artillery fire", "Cap gun"},
    "Keyboard": {"Typing", "Computer keyboard", "Typewriter"},
    "MovingMotorVehicle": {
        "Vehicle", "Motor vehicle (road)", "Car", "Car passing by", "Race car, auto racing", "Truck", "Bus", "Motorcycle", "Traffic noise, roadway noise",
        "Engine", "Light engine (high frequency)", "Medium engine (mid frequency)", "Heavy engine (low frequency)", "Idling", "Accelerating, revving, vroom",
    },
    "Rain": {"Rain", "Raindrop", "Rain on surface"},
    "Sneeze_Cough": {"Cough", "Sneeze", "Throat clearing"},
    "BirdCall": {
        "Bird", "Bird vocalization, bird call, bird song", "Chirp, tweet", "Squawk", "Crow", "Caw", "Owl", "Hoot", "Pigeon, dove", "Coo",
        "Bird flight, flapping wings", "Fowl",
    },
    "ClockTick": {"Clock", "Tick", "Tick-tock", "Mechanisms", "Ratchet, pawl"},
    "FireCrackle": {"Fire", "Crackle"},
    "GunHandling": {
        "Gunshot, gunfire", "Cap gun", "Clicking", "Mechanisms", "Ratchet, pawl", "Camera", "Single-lens reflex camera", "Tools", "Door", "Sliding door",
        "Drawer open or close", "Cupboard open or close", "Scissors", "Typewriter", "Cash register", "Keys jangling", "Zipper (clothing)",
    },
    "MetalImpact": {
        "Clang", "Ding", "Chink, clink", "Bell", "Cutlery, silverware", "Dishes, pots, and pans", "Clatter", "Bouncing", "Hammer", "Cowbell", "Gong",
        "Tubular bells", "Church bell", "Chime", "Coin (dropping)", "Glass",
    },
    "WaterFlow": {
        "Water", "Stream", "Waterfall", "Water tap, faucet", "Sink (filling or washing)", "Bathtub (filling or washing)", "Pour", "Fill (with liquid)",
        "Gurgling", "Liquid", "Trickle, dribble", "Ocean", "Waves, surf",
    },
    "Whoosh": {"Whoosh, swoosh, swish", "Arrow", "Whip", "Wind", "Wind noise (microphone)", "Air brake"},
    "WoodImpact": {
        "Wood", "Wood block", "Knock", "Tap", "Thump, thud", "Thunk", "Chop", "Crack", "Splinter", "Hammer", "Door", "Slam", "Smash, crash", "Breaking", "Bang",
    },
}  # fmt: skip


class TaggerMissing(Exception):
    """The tagger's files or its runtime are missing; the message says which."""


class Tagger:
    """YAMNet; implements `Embedder` of `evaluation/embedders.py`."""

    name, dims, components = "yamnet", 1024, 48
    about = "YAMNet, its pooled last layer per 0.975 s window every 0.4875 s"

    def __init__(self, folder: str | Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise TaggerMissing("YAMNet needs the package ai-edge-litert: pip install ai-edge-litert") from error
        folder = Path(folder)
        for file in ("yamnet.tflite", "yamnet_class_map.csv"):
            if not (folder / file).is_file():
                raise TaggerMissing(f"--yamnet {folder}: no {file} in it")
        self.sha256 = hashlib.sha256((folder / "yamnet.tflite").read_bytes()).hexdigest()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the embedding is not an output, so all tensors are kept; litert warns that this is for debugging
            self._interpreter = Interpreter(str(folder / "yamnet.tflite"), num_threads=1, experimental_preserve_all_tensors=True)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = next(d["index"] for d in self._interpreter.get_output_details() if d["shape"][-1] == 521)
        self._pooled = next(d["index"] for d in self._interpreter.get_tensor_details() if list(d["shape"]) == [1, self.dims])
        with open(folder / "yamnet_class_map.csv", newline="", encoding="utf-8") as file:
            self.names = [row["display_name"] for row in csv.DictReader(file)]

    def embed_and_classify(self, audio: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
        """Mono audio -> embeddings [windows, 1024], scores [windows, 521]; a short clip is padded to one window."""
        x, windows = _samples(audio, rate), []
        for start in range(0, x.size - WINDOW + 1, HOP):
            self._interpreter.set_tensor(self._input, x[None, start : start + WINDOW])
            self._interpreter.invoke()
            windows.append([self._interpreter.get_tensor(index)[0].copy() for index in (self._pooled, self._output)])
        embeddings, scores = (np.stack(part) for part in zip(*windows, strict=True))
        return embeddings, scores

    def embed(self, audio: np.ndarray, rate: int) -> np.ndarray:
        return self.embed_and_classify(audio, rate)[0]

    def clip(self, audio: np.ndarray, rate: int) -> EmbeddedClip:
        """`scores`: means over the windows."""
        embeddings, scores = self.embed_and_classify(audio, rate)
        return EmbeddedClip(embeddings, sounding(_samples(audio, rate), RATE, WINDOW, HOP), scores.mean(0))

    def top(self, audio: np.ndarray, rate: int) -> list[str]:
        """The five tags of the highest mean score."""
        return self.tags(self.clip(audio, rate).scores)

    def tags(self, scores: np.ndarray) -> list[str]:
        """The five tags of the highest scores."""
        return [self.names[i] for i in np.argsort(-scores)[:TOP]]

    def names_class(self, scores: np.ndarray, label: str) -> bool:
        """Whether one of these tags names the class."""
        return bool(TAGS[label] & set(self.tags(scores)))


def _samples(audio: np.ndarray, rate: int) -> np.ndarray:
    divisor = int(np.gcd(rate, RATE))
    x = scipy.signal.resample_poly(audio, RATE // divisor, rate // divisor).astype(np.float32)
    return np.pad(x, (0, max(0, WINDOW - x.size)))


def share(tagger: Tagger, clips: list[np.ndarray], rate: int, label: str) -> float:
    """Share of `clips` whose five highest tags name the class."""
    if label not in TAGS:
        raise KeyError(f"no AudioSet names for class {label}")
    return float(np.mean([tagger.names_class(tagger.clip(clip, rate).scores, label) for clip in clips]))
