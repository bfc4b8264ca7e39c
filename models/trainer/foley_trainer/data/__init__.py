"""Corpora (`corpus.py`), audio files (`audio_io.py`), the audio of a corpus (`audio_cache.py`) and training clips (`augment.py`)."""

from .audio_cache import Sounds, read_sounds
from .audio_io import fit, read_audio
from .augment import Augmenter, Variation
from .corpus import AUDIO_SUFFIXES, Clip, Corpus, CorpusError, open_corpus
from .dcase import CLASSES as DCASE_CLASSES

__all__ = ["AUDIO_SUFFIXES", "DCASE_CLASSES", "Augmenter", "Clip", "Corpus", "CorpusError", "Sounds", "Variation", "fit", "open_corpus", "read_audio", "read_sounds"]
