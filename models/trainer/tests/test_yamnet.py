import os
from pathlib import Path

import numpy as np
import pytest

from foley_trainer.evaluation.yamnet import TAGS, Tagger, TaggerMissing, share


@pytest.fixture
def tagger() -> Tagger:
    folder = os.environ.get("FOLEYD_YAMNET")
    if not folder:
        pytest.skip("FOLEYD_YAMNET names no folder with yamnet.tflite")
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert runs YAMNet")
    return Tagger(folder)


def test_every_tag_is_one_of_the_tagger_s(tagger: Tagger) -> None:
    assert len(tagger.names) == 521
    assert set().union(*TAGS.values()) <= set(tagger.names)


def test_the_embedding_is_what_its_scores_are_made_of(tagger: Tagger) -> None:
    """The last layer is linear in the embedding: 1024 of them and 1 explain every score, whatever is heard."""
    rng = np.random.default_rng(0)
    heard = [tagger.embed_and_classify((rng.standard_normal(200000) * level).astype(np.float32), 16000) for level in (1e-3, 1e-2, 0.1, 0.5)]
    embeddings, scores = (np.concatenate(part) for part in zip(*heard, strict=True))
    assert embeddings.shape == (len(scores), 1024)
    assert scores.shape[1] == 521
    assert tagger.embed(np.zeros(1000, np.float32), 22050).shape == (1, 1024)
    near = np.linalg.norm(embeddings[0] - embeddings[1]), np.linalg.norm(embeddings[0] - embeddings[-1])
    assert near[0] < near[1]


def test_a_clip_counts_when_a_high_tag_names_its_class(tagger: Tagger) -> None:
    rng = np.random.default_rng(1)
    silence, noise = np.zeros(64000, np.float32), (rng.standard_normal(64000) * 0.1).astype(np.float32)
    assert tagger.top(silence, 16000)[0] == "Silence"
    assert share(tagger, [silence, noise], 16000, "DogBark") == 0
    with pytest.raises(KeyError, match="no AudioSet names"):
        share(tagger, [silence], 16000, "Beep")


def test_a_missing_tagger_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TaggerMissing):
        Tagger(tmp_path)
