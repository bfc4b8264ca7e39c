"""What a voice's recordings are known again by."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from foley_trainer.data import Corpus
from foley_trainer.data.corpus import Clip
from foley_trainer.features.similarity import nearest
from foley_trainer.golden.fingerprints import golden, mel
from foley_trainer.voices.fingerprints import FILE, RATES, FingerprintError, as_prints, fingerprints, save_fingerprints, write_fingerprints
from foley_trainer.voices.inference import VoiceRunner

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_a_clip_is_known_again_wherever_it_begins_and_however_loud_it_is() -> None:
    known = fingerprints(np.stack([mel(i) for i in range(12)]).astype(np.float32))
    assert known.shape == (12, RATES, 2 * 13)
    assert (np.abs(known).max((1, 2)) == 127).all()
    changed = fingerprints(np.stack([np.roll(mel(i), 50 * i, 1) - 0.2 * i for i in range(12)]).astype(np.float32))
    found = nearest(as_prints(changed), as_prints(known))
    assert [one.index for one in found] == list(range(12))
    assert min(one.likeness for one in found) > 0.95


def test_the_limit_is_the_highest_likeness_of_two_originals(tmp_path: Path) -> None:
    originals = ["a", "a", "b", "c"]
    prints = fingerprints(np.stack([mel(0), mel(0), mel(1), mel(5)]).astype(np.float32))
    clips = [Clip(str(i), Path("x"), "Hum", "train", group, original=f"  {group}\n take") for i, group in enumerate(originals)]
    described = save_fingerprints(tmp_path, prints, clips, ["Hum", "Knock"])
    assert described["clips"] == 4
    with np.load(tmp_path / FILE) as saved:
        assert saved["prints"].dtype == np.int8
        assert bytes(saved["names"]).decode().split("\n") == [f"{group} take" for group in originals]
        likeness, _ = as_prints(prints).likeness(0, 4, as_prints(prints))
        assert saved["limits"] == pytest.approx([max(float(likeness[i, j]) for i, j in ((0, 2), (0, 3), (2, 3))), 1.0])


def test_a_voice_names_its_fingerprints_on_the_card_and_keeps_its_hash(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "tiny-stacked", tmp_path / "voice")
    voice = VoiceRunner(tmp_path / "voice")
    rng = np.random.default_rng(0)
    clips = []
    for i in range(5):
        audio = rng.standard_normal(voice.samples) * np.exp(-np.arange(voice.samples) / 3000 * (i + 1)) * 0.3
        soundfile.write(tmp_path / f"{i}.wav", audio, voice.rate)
        clips.append(Clip(str(i), tmp_path / f"{i}.wav", voice.classes[0], "train", str(i), original=f"take {i}"))
    with pytest.raises(FingerprintError, match=voice.classes[0]):
        write_fingerprints(Corpus(["Nothing"], [Clip("0", tmp_path / "0.wav", "Nothing", "train", "0")]), tmp_path / "voice")
    described = write_fingerprints(Corpus([voice.classes[0]], clips), tmp_path / "voice")
    card = json.loads((tmp_path / "voice" / "card.json").read_text())
    assert card["fingerprints"] == described
    assert card["hash"] == voice.card["hash"]
    VoiceRunner(tmp_path / "voice")


def test_what_the_server_compares_with_is_what_the_trainer_writes(tmp_path: Path) -> None:
    fresh, kept = golden(tmp_path), json.loads((FIXTURES / "fingerprints" / "golden.json").read_text())
    assert [one["nearest"] for one in fresh["asked"]] == [one["nearest"] for one in kept["asked"]]
    for own, known in zip(fresh["asked"], kept["asked"], strict=True):
        assert own["likeness"] == pytest.approx(known["likeness"], abs=1e-3)
        assert np.abs(np.subtract(own["print"], known["print"])).max() <= 1
