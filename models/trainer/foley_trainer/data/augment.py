"""Training clips without end: shift, gain, windows of long recordings, and one-shots recomposed with new timings.

Everything random is a function of the generator given, never of how often it was asked before: that is what makes resume exact.
"""

from __future__ import annotations

import numpy as np

from .audio_cache import Sounds
from .audio_io import fit

# Gaps between one-shots in seconds (shortest, longest) and how many sounds a clip holds (fewest, most).
_RHYTHM: dict[str, tuple[float, float, int, int]] = {
    "DogBark": (0.25, 1.2, 1, 6),
    "Footstep": (0.28, 0.8, 3, 10),
    "GunShot": (0.12, 1.6, 1, 6),
    "Keyboard": (0.07, 0.35, 6, 24),
}
_TRIES = 8  # windows of a long recording looked at before silence is taken for an answer
_SILENT = 1e-3
_BEGUN = 0.03  # of a clip's peak: 30 dB below it


class Augmenter:
    """`onset`: seconds within which every clip is heard to begin; None leaves sounds where they come to lie.

    A prior that often saw a clip begin with silence may stay there for good, and whoever hits a pad waits for nothing.
    `weights`: how often a class is drawn against the others; "*" stands for those not named. Left out: all alike.
    `speed`: the most by which a clip is played faster or slower, pitch and all (Ko et al., Interspeech 2015); 0.1 is a tenth.
    """

    def __init__(
        self, sounds: Sounds, oneshots: Sounds | None, classes: list[str], samples: int, compose_share: float, onset: float | None = None, speed: float = 0.0,
        weights: dict[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.speed = speed
        shares = np.array([(weights or {}).get(label, (weights or {}).get("*", 1.0)) for label in classes])
        if not np.all(np.isfinite(shares)) or shares.min() < 0 or shares.sum() <= 0:
            raise ValueError(f"class weights must be numbers from 0 on, not all 0: {weights}")
        self.shares = np.cumsum(shares / shares.sum())
        self.uniform = weights is None
        self.sounds, self.oneshots, self.samples, self.compose_share, self.onset = sounds, oneshots, samples, compose_share, onset
        self.classes = classes
        self.by_class = [[i for i, c in enumerate(sounds.clips) if c.label == label] for label in classes]
        self.shot_groups: dict[str, list[list[int]]] = {}
        if oneshots is not None:
            for label in classes:
                groups: dict[str, list[int]] = {}
                for i, shot in enumerate(oneshots.clips):
                    if shot.label == label and label in _RHYTHM:
                        groups.setdefault(f"{shot.group}/{shot.mode}", []).append(i)
                if groups:
                    self.shot_groups[label] = list(groups.values())

    def draw(self, rng: np.random.Generator, gain_db: float = 6.0, of: str | None = None, shift: bool = True) -> tuple[np.ndarray, int]:
        """One clip [samples] and its class index; classes are drawn uniformly, or by their weights, unless it shall be one `of` a class.

        Without `shift` a recording that fits into a clip begins with it: no seam where its end meets its beginning.
        """
        label = self._class(rng) if of is None else self.classes.index(of)
        name = self.classes[label]
        composed = name in self.shot_groups and rng.random() < self.compose_share
        audio = self._compose(name, rng) if composed else self._recorded(int(rng.choice(self.by_class[label])), rng, shift)
        if self.speed:
            audio = self._sped(audio, (1 + self.speed) ** rng.uniform(-1, 1))
        if self.onset is not None:
            audio = self._begun(audio, rng.uniform(0, self.onset))
        peak = float(np.abs(audio).max()) or 1.0
        gain = 10 ** (rng.uniform(-gain_db, gain_db * 0.1) / 20)
        return audio * min(gain, 0.99 / peak), label

    def _class(self, rng: np.random.Generator) -> int:
        if self.uniform:
            return int(rng.integers(len(self.classes)))
        return min(int(np.searchsorted(self.shares, rng.random(), side="right")), len(self.classes) - 1)

    def _recorded(self, index: int, rng: np.random.Generator, shift: bool) -> np.ndarray:
        room = self.sounds.size(index) - self.samples
        if room <= 0:
            return self._shifted(self.sounds.get(index), rng) if shift else fit(self.sounds.get(index), self.samples)
        for _ in range(_TRIES):
            window = self.sounds.get(index, int(rng.integers(room + 1)), self.samples)
            if np.abs(window).max() >= _SILENT:
                break
        return window

    def _shifted(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        room = self.samples - audio.size
        if room > self.samples // 20:  # a short sound may start anywhere it still fits
            return fit(audio, self.samples, int(rng.integers(0, room)))
        return self._turned(fit(audio, self.samples), int(rng.integers(-self.sounds.rate, self.sounds.rate)))

    def _sped(self, audio: np.ndarray, factor: float) -> np.ndarray:
        """Straight lines between samples: what they cost lies above what the mel looks at."""
        at = np.arange(self.samples) * factor
        return np.interp(at, np.arange(audio.size), audio, right=0.0).astype(np.float32)

    def _begun(self, audio: np.ndarray, seconds: float) -> np.ndarray:
        """What lies before the first sound goes to the end, all of it but `seconds`."""
        loud = np.flatnonzero(np.abs(audio) > _BEGUN * np.abs(audio).max())
        late = int(loud[0]) - int(seconds * self.sounds.rate) if loud.size else 0
        return self._turned(audio, -late) if late > 0 else audio

    def _turned(self, audio: np.ndarray, shift: int) -> np.ndarray:
        """A clip rotated by `shift` samples; the seam between its end and its beginning is faded, so that it makes no click."""
        turned, seam = np.roll(audio, shift), shift % self.samples
        fade = np.ones(self.samples, np.float32)
        width = 128
        ramp = np.abs(np.arange(-width, width)) / width
        fade[np.arange(seam - width, seam + width) % self.samples] = ramp
        return turned * fade

    def _compose(self, name: str, rng: np.random.Generator) -> np.ndarray:
        shortest, longest, fewest, most = _RHYTHM[name]
        group = self.shot_groups[name][int(rng.integers(len(self.shot_groups[name])))]
        assert self.oneshots is not None
        out = np.zeros(self.samples, np.float32)
        gap = rng.uniform(shortest, longest)
        at = rng.uniform(0, 0.6)
        for _ in range(int(rng.integers(fewest, most + 1))):
            start = int(at * self.oneshots.rate)
            if start >= self.samples - 2000:
                break
            shot = self.oneshots.get(int(rng.choice(group)))
            out += fit(shot, self.samples, start) * rng.uniform(0.6, 1.0)
            at += gap * rng.uniform(0.75, 1.3)
        peak = np.abs(out).max()
        return out * (0.9 / peak) if peak > 0.9 else out
