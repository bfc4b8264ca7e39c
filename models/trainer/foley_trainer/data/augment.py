"""Training clips without end: shift, gain, windows of long recordings, and one-shots recomposed with new timings.

Everything random is a function of the generator given, never of how often it was asked before: that is what makes resume exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import scipy.fft

from .audio_cache import Sounds
from .audio_io import fit


@dataclass(frozen=True)
class Rhythm:
    """How one-shots follow each other: seconds between two (shortest and longest of a clip), how many a clip holds, and by how much the
    gaps of a clip differ (standard deviation of their logarithm)."""

    gap: tuple[float, float]
    count: tuple[int, int]
    jitter: float


# A walker's steps differ by a few percent (Hausdorff 2007), a typist's keystrokes by about a half (Dhakal et al. 2018).
_RHYTHM = {
    "DogBark": Rhythm((0.25, 1.2), (1, 6), 0.25),
    "Footstep": Rhythm((0.28, 0.8), (3, 12), 0.04),
    "GunShot": Rhythm((0.12, 1.6), (1, 6), 0.15),
    "Keyboard": Rhythm((0.09, 0.3), (6, 24), 0.45),
}
_TRIES = 8  # windows of a long recording looked at before silence is taken for an answer
_SILENT = 1e-3
_BEGUN = 0.03  # of a clip's peak: 30 dB below it
_SEAM = 256  # samples: 12 ms
_TONE_HZ = (60.0, 180.0, 540.0, 1600.0, 4800.0, 11000.0)


@dataclass(frozen=True)
class Variation:
    """How far a training clip is changed.

    `speed`: the most by which it is played faster or slower, pitch and all (Ko et al., Interspeech 2015); 0.1 is a tenth.
    `tone`: standard deviation in dB of a random equalizer at six frequencies, a smooth curve between them.
    `layered`: share of a class' recordings that sound with another one of it, as rain does on rain.
    `level`: by how many dB at most a clip is made quieter, evenly drawn; a tenth of it louder. A voice plays as loud as what it learned from: half of
    it too quiet on average.
    """

    speed: float = 0.0
    tone: float = 0.0
    layered: dict[str, float] = field(default_factory=dict)
    level: float = 6.0

    @classmethod
    def of(cls, data: dict[str, Any]) -> Variation:
        """What a preset's `data` says of it."""
        return cls(data.get("speed", 0.0), data.get("tone", 0.0), data.get("layered", {}), data.get("level", cls.level))


class Augmenter:
    """`onset`: seconds within which every clip is heard to begin; None leaves sounds where they come to lie.

    A prior that often saw a clip begin with silence may stay there for good, and whoever hits a pad waits for nothing.
    `weights`: how often a class is drawn against the others; "*" stands for those not named. Left out: all alike.
    """

    def __init__(
        self, sounds: Sounds, oneshots: Sounds | None, classes: list[str], samples: int, compose_share: float, onset: float | None = None,
        variation: Variation = Variation(), weights: dict[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.variation = variation
        shares = np.array([(weights or {}).get(label, (weights or {}).get("*", 1.0)) for label in classes])
        if not np.all(np.isfinite(shares)) or shares.min() < 0 or shares.sum() <= 0:
            raise ValueError(f"class weights must be 0 or more, and not all 0: {weights}")
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

    def draw(self, rng: np.random.Generator, of: str | None = None, shift: bool = True) -> tuple[np.ndarray, int]:
        """One clip [samples] and its class index; classes are drawn uniformly, or by their weights, unless it shall be one `of` a class.

        Without `shift` a recording that fits into a clip begins with it: no seam where its end meets its beginning.
        """
        return self.draw_recorded(rng, of, shift)[:2]

    def draw_recorded(self, rng: np.random.Generator, of: str | None = None, shift: bool = True) -> tuple[np.ndarray, int, int]:
        """As `draw`, and the samples at the beginning that are in their order. What follows them is the beginning of the same recording,
        moved there to fill the clip: a prior that learned it would end its own clips with the onset of another event."""
        label = self._class(rng) if of is None else self.classes.index(of)
        name = self.classes[label]
        composed = name in self.shot_groups and rng.random() < self.compose_share
        audio, recorded = (self._compose(name, rng), self.samples) if composed else self._recording(label, rng, shift)
        if self.variation.speed:
            factor = (1 + self.variation.speed) ** rng.uniform(-1, 1)
            audio, recorded = self._sped(audio, factor), recorded if recorded == self.samples else min(self.samples, int(recorded / factor))
        if self.variation.tone:
            audio = self._toned(audio, rng.normal(0, self.variation.tone, len(_TONE_HZ)))
        if self.onset is not None:
            audio, late = self._begun(audio, rng.uniform(0, self.onset))
            silent = recorded == self.samples and (late == 0 or np.abs(audio[-late:]).max() < _SILENT)
            recorded = self.samples if silent else recorded - late
        peak = float(np.abs(audio).max()) or 1.0
        gain = 10 ** (rng.uniform(-self.variation.level, self.variation.level * 0.1) / 20)
        return audio * min(gain, 0.99 / peak), label, recorded

    def recordings(self, label: str, rng: np.random.Generator, least: int, most: int) -> list[np.ndarray]:
        """Clips [samples] of a class' recordings as they are, at their own level and not composed: each recording once, `most` of them at
        most; those that fill a quarter of a clip, where they are `least` or more. Where there are fewer recordings than `least`, further
        clips of those that are longer than a clip."""
        indices = [int(i) for i in rng.permutation(self.by_class[self.classes.index(label)])]
        filling = [i for i in indices if self.sounds.size(i) * 4 >= self.samples]
        indices = (filling if len(filling) >= least else indices)[:most]
        longer = [i for i in indices if self.sounds.size(i) > self.samples]
        more = [longer[i % len(longer)] for i in range(least - len(indices))] if longer else []
        clips = [self._recorded(i, rng, shift=False)[0] for i in indices + more]
        if self.onset is not None:
            clips = [self._begun(audio, rng.uniform(0, self.onset))[0] for audio in clips]
        return [audio * min(1.0, 0.99 / (float(np.abs(audio).max()) or 1.0)) for audio in clips]

    def _class(self, rng: np.random.Generator) -> int:
        if self.uniform:
            return int(rng.integers(len(self.classes)))
        return min(int(np.searchsorted(self.shares, rng.random(), side="right")), len(self.classes) - 1)

    def _recording(self, label: int, rng: np.random.Generator, shift: bool) -> tuple[np.ndarray, int]:
        audio, recorded = self._recorded(int(rng.choice(self.by_class[label])), rng, shift)
        share = self.variation.layered.get(self.classes[label], 0.0)
        if share == 0 or rng.random() >= share:
            return audio, recorded
        other, recorded_other = self._recorded(int(rng.choice(self.by_class[label])), rng, shift)
        # As loud as the first, or up to 12 dB below.
        level = float(np.sqrt((audio**2).mean() / max((other**2).mean(), 1e-12)))
        return audio + other * level * 10 ** (rng.uniform(-12, 0) / 20), min(recorded, recorded_other)

    def _recorded(self, index: int, rng: np.random.Generator, shift: bool) -> tuple[np.ndarray, int]:
        room = self.sounds.size(index) - self.samples
        if room <= 0:
            return self._shifted(self.sounds.get(index), rng) if shift else (fit(self.sounds.get(index), self.samples), self.samples)
        for _ in range(_TRIES):
            window = self.sounds.get(index, int(rng.integers(room + 1)), self.samples)
            if np.abs(window).max() >= _SILENT:
                break
        return window, self.samples

    def _shifted(self, audio: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
        room = self.samples - audio.size
        if room > self.samples // 20:  # a short sound may start anywhere it still fits
            return fit(audio, self.samples, int(rng.integers(0, room))), self.samples
        # A quarter begin as they were recorded, and so have their own ends.
        late = max(0, int(rng.integers(-self.sounds.rate // 3, self.sounds.rate)))
        return self._turned(fit(audio, self.samples), -late), self.samples - late

    def _sped(self, audio: np.ndarray, factor: float) -> np.ndarray:
        """Straight lines between samples: what they cost lies above what the mel looks at."""
        at = np.arange(self.samples) * factor
        return np.interp(at, np.arange(audio.size), audio, right=0.0).astype(np.float32)

    def _toned(self, audio: np.ndarray, gains_db: np.ndarray) -> np.ndarray:
        """Gains at `_TONE_HZ`, straight lines between them over log frequency; no phase is turned, so onsets stay where they are."""
        size = 1 << (audio.size - 1).bit_length()  # what rings beyond the end is cut off
        gains = 10 ** (np.interp(_log_hertz(size, self.sounds.rate), np.log(_TONE_HZ), gains_db) / 20)
        turned = scipy.fft.rfft(audio.astype(np.float32, copy=False), size) * gains.astype(np.float32)
        return scipy.fft.irfft(turned, size)[: audio.size]

    def _begun(self, audio: np.ndarray, seconds: float) -> tuple[np.ndarray, int]:
        """What lies before the first sound goes to the end, all of it but `seconds`; and how many samples that are."""
        loud = np.flatnonzero(np.abs(audio) > _BEGUN * np.abs(audio).max())
        late = int(loud[0]) - int(seconds * self.sounds.rate) if loud.size else 0
        return (self._turned(audio, -late), late) if late > 0 else (audio, 0)

    def _turned(self, audio: np.ndarray, shift: int) -> np.ndarray:
        """A clip rotated by `shift` samples, its end crossfaded into its beginning. Rain that was faded to silence there instead taught a prior
        to make such holes: 6 % of its clips of rain had one, no recording does."""
        seam = shift % self.samples
        width = min(_SEAM, seam, self.samples - seam)
        begin, end = audio[: self.samples - seam], audio[self.samples - seam :]
        angle = np.linspace(0, np.pi / 2, width, dtype=np.float32)
        crossed = end[seam - width :] * np.cos(angle) + begin[:width] * np.sin(angle)
        # The crossfade makes it shorter by `width`: at its end it goes on as the recording does.
        return np.concatenate([end[: seam - width], crossed, begin[width:], end[:width]])

    def _compose(self, name: str, rng: np.random.Generator) -> np.ndarray:
        rhythm = _RHYTHM[name]
        group = self.shot_groups[name][int(rng.integers(len(self.shot_groups[name])))]
        assert self.oneshots is not None
        out = np.zeros(self.samples, np.float32)
        gap = rng.uniform(*rhythm.gap)
        at = rng.uniform(0, 0.6)
        for _ in range(int(rng.integers(rhythm.count[0], rhythm.count[1] + 1))):
            start = int(at * self.oneshots.rate)
            if start >= self.samples - 2000:
                break
            shot = self.oneshots.get(int(rng.choice(group)))
            out += fit(shot, self.samples, start) * rng.uniform(0.6, 1.0)
            at += gap * float(np.exp(rng.normal(0, rhythm.jitter)))
        peak = np.abs(out).max()
        return out * (0.9 / peak) if peak > 0.9 else out


@cache
def _log_hertz(size: int, rate: int) -> np.ndarray:
    """Natural logarithm of the frequencies of `rfft` of `size` samples [size / 2 + 1]; 1 Hz stands for 0."""
    return np.log(np.maximum(scipy.fft.rfftfreq(size, 1 / rate), 1.0))
