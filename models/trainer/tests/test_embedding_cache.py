"""What was listened to once is not listened to again, unless anything about it changed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.data.corpus import Clip
from foley_trainer.evaluation.embedding_cache import embed_clips
from foley_trainer.features.patches import EmbeddedClip


class Counting:
    """Three numbers per 1000 samples, and how often it was asked."""

    name, about, dims, sha256 = "counting", "counts", 3, "0"

    def __init__(self) -> None:
        self.asked = 0

    def clip(self, audio: np.ndarray, rate: int) -> EmbeddedClip:
        self.asked += 1
        patches = np.stack([np.full(3, part.mean()) for part in np.split(audio, audio.size // 1000)])
        return EmbeddedClip(patches, patches[:, 0] > 0.05, patches[0])


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    for i in range(3):
        soundfile.write(tmp_path / f"{i}.wav", np.full(3000 - 1000 * i, 0.1 * (i + 1)), 8000)
    return [Clip(str(i), tmp_path / f"{i}.wav", "A", "eval", str(i)) for i in range(3)]


def test_cached_embeddings_are_returned_clip_by_clip(clips: list[Clip], tmp_path: Path) -> None:
    ear = Counting()
    first = embed_clips(ear, "eval", clips, 8000, 2000, tmp_path / "kept")
    again = embed_clips(ear, "eval", clips, 8000, 2000, tmp_path / "kept")
    assert ear.asked == 3
    assert [h.patches.shape for h in first] == [(2, 3)] * 3
    for a, b in zip(first, again, strict=True):
        assert np.allclose(a.patches, b.patches)
        assert np.array_equal(a.sounding, b.sounding)
        assert np.allclose(a.scores, b.scores)
    assert np.allclose(first[2].patches[:, 0], [0.3, 0.0], atol=1e-3)  # a short clip is filled up with silence
    assert [len(h.counted) for h in again] == [2, 2, 1]


def test_a_changed_file_another_embedder_or_a_broken_cache_is_embedded_again(clips: list[Clip], tmp_path: Path) -> None:
    ear, folder = Counting(), tmp_path / "kept"

    def heard(some: list[Clip], samples: int = 2000) -> int:
        before = ear.asked
        embed_clips(ear, "eval", some, 8000, samples, folder)
        return ear.asked - before

    assert heard(clips) == 3
    soundfile.write(clips[1].path, np.full(2001, 0.2), 8000)
    assert heard(clips) == 3
    assert heard(clips[:2]) == 2
    assert heard([replace(clips[0], id="other"), clips[1]]) == 2
    assert heard(clips, 1000) == 3
    ear.sha256 = "1"
    assert heard(clips, 1000) == 3
    (folder / "counting-eval.npz").write_bytes(b"PK broken")
    assert heard(clips, 1000) == 3
    assert heard(clips, 1000) == 0
