"""The data side in one import: corpora (`corpus.py`), sound files (`audio.py`), their audio (`sounds.py`), training clips (`augment.py`)."""

from .audio import fit, read_audio
from .augment import Augmenter
from .corpus import AUDIO_SUFFIXES, Clip, Corpus, CorpusError, open_corpus
from .dcase import CLASSES as DCASE_CLASSES
from .sounds import Sounds, read_sounds

__all__ = ["AUDIO_SUFFIXES", "DCASE_CLASSES", "Augmenter", "Clip", "Corpus", "CorpusError", "Sounds", "fit", "open_corpus", "read_audio", "read_sounds"]
