"""Finds memorised training clips in a set of generated clips; `features/similarity.py` defines the comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..data.corpus import Clip
from ..features.mel import log_mel
from ..features.similarity import Prints, nearest, own_likeness, threshold
from ..runtime.progress import Progress
from ..voices.inference import VoiceRunner
from .generated_clips import codes_of

BATCH = 16
SHOWN = 5  # nearest pairs of a class in the report
MOST_TRIED = 20  # eval clips of a class that measure the detection rate

Load = Callable[[Clip], np.ndarray]


def find_memorised(voice: VoiceRunner | None, sets: dict[str, list[Clip]], labels: list[str], load: Load) -> dict[str, Any]:
    """share: of generated clips more similar to a training clip, of any class, than the training clips of that class are to any
    other training clip of a different original.

    Per class: the limit and the pair that sets it, the likenesses of all generated clips and of unseen eval clips to
    their nearest training clips of the class, the nearest pairs, the clips beyond a limit, and `known_again`: the
    share of eval clips the test detects after augmentation (if the codes of the generated clips are known) or after codec
    and vocoder (otherwise); None if neither is possible. `heard`: what was compared, "codes", "recoded" or "audio".
    """
    generated, training, unseen = sets["generated"], sets["training"], sets["eval"]
    codes = codes_of(generated) if voice else None
    heard = "audio" if voice is None else "recoded" if codes is None else "codes"
    progress = Progress("memorised", len(training) + len(unseen) + (len(generated) if codes is None else 0))

    def prints(clips: list[Clip]) -> Prints:
        return Prints(_mels(voice, clips, load, progress))

    known, seen = prints(training), prints(unseen) if unseen else None
    made = Prints(np.concatenate([voice.decode(codes[i : i + BATCH]) for i in range(0, len(codes), BATCH)])) if voice and codes is not None else prints(generated)
    groups = [clip.group for clip in training]
    classes: dict[str, Any] = {}
    beyond: set[str] = set()
    for label in labels:
        of = [i for i, c in enumerate(training) if c.label == label]
        theirs = known.part(of)
        limit = threshold(known, groups, of)
        found = list(zip(generated, nearest(made, theirs), strict=True))
        beyond |= {clip.id for clip, near in found if limit and near.likeness > limit.likeness}
        mine = [(clip, near) for clip, near in found if clip.label == label]
        ordered = sorted(mine, key=lambda pair: -pair[1].likeness)[:SHOWN]
        classes[label] = {
            "limit": limit.likeness if limit else None,
            "limit_pair": [training[i].id for i in limit.pair] if limit else None,
            "likeness": [near.likeness for _, near in mine],
            "nearest": [{"clip": c.id, "training": training[of[n.index]].id, "likeness": n.likeness, "turn": n.turn} for c, n in ordered],
        }
        held_out = [i for i, c in enumerate(unseen) if c.label == label]
        if seen is not None and held_out:
            tried = held_out[:MOST_TRIED]
            classes[label]["unseen"] = [n.likeness for n in nearest(seen.part(held_out), theirs)]
            again = _altered(voice, heard, [unseen[i] for i in tried], sets.get("copies", []), load)
            classes[label]["known_again"] = float(np.mean(own_likeness(seen.part(tried), Prints(again)) > limit.likeness)) if again is not None and limit else None
    for label, of_class in classes.items():
        of_class["memorised"] = [c.id for c in generated if c.label == label and c.id in beyond]
    return {"heard": heard, "share": len(beyond) / len(generated), "count": len(beyond), "clips": len(generated), "classes": classes}


def _mels(voice: VoiceRunner | None, clips: list[Clip], load: Load, progress: Progress) -> np.ndarray:
    """[clips, bins, frames]: reconstructed by the codec if there is a voice."""
    mels = []
    for part in (clips[i : i + BATCH] for i in range(0, len(clips), BATCH)):
        mels.append(_mel(voice, np.stack([load(c) for c in part])))
        progress.add(len(part))
    return np.concatenate(mels)


def _mel(voice: VoiceRunner | None, audio: np.ndarray) -> np.ndarray:
    return voice.decode(voice.encode(voice.mel(audio))) if voice else np.stack([log_mel(a) for a in audio])


def _altered(voice: VoiceRunner | None, heard: str, clips: list[Clip], copies: list[Clip], load: Load) -> np.ndarray | None:
    """Mels of altered clips that the test should detect, [clips, bins, frames]."""
    if voice is None:
        return None
    if heard == "codes":
        rng = np.random.default_rng(0)
        audio = [load(clip) for clip in clips]
        return _mel(voice, np.stack([np.roll(a, rng.integers(a.size)) * 10 ** (rng.uniform(-6, 0) / 20) for a in audio]))
    by_id = {clip.id: clip for clip in copies}
    return _mel(voice, np.stack([load(by_id[clip.id]) for clip in clips]))
