import contextlib
import errno
import os
import sys
from math import gcd
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from foley_trainer.data import audio_io
from foley_trainer.data.corpus import CorpusError


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 11025])
@pytest.mark.parametrize("frames", [1, 7000, 40000])
def test_blocks_give_exactly_what_the_whole_file_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int, frames: int):
    x = np.random.default_rng(rate).standard_normal((frames, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", x, rate, subtype="FLOAT")
    divisor = gcd(rate, 22050)
    mono = x.mean(axis=1)
    whole = mono if rate == 22050 else resample_poly(mono, 22050 // divisor, rate // divisor)
    monkeypatch.setattr(audio_io, "BLOCK", 3001)
    assert np.array_equal(audio_io.read_audio(tmp_path / "a.wav", 22050), whole.astype(np.float32))


def test_a_long_file_is_never_in_memory_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    soundfile.write(tmp_path / "a.wav", np.full(500_000, 0.1), 48000)
    monkeypatch.setattr(audio_io, "BLOCK", 4096)
    sizes = [block.size for block in audio_io.stream(tmp_path / "a.wav", 22050)]
    assert max(sizes) < 4096
    assert sum(sizes) == -(-500_000 * 147 // 320)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_unreadable_audio_is_named_with_the_reason(tmp_path: Path, suffix: str):
    text, nothing, silent = (tmp_path / f"{name}.{suffix}" for name in ("text", "nothing", "empty"))
    text.write_text("this is not a sound, however it is called\n" * 300)
    nothing.write_bytes(b"")
    soundfile.write(silent, np.zeros(0), 22050)
    for path in (text, nothing):
        with pytest.raises(CorpusError, match=rf"{path.name}: not a readable audio file"):
            audio_io.read_audio(path, 22050)
    with pytest.raises(CorpusError, match=rf"{silent.name}: (empty|not a readable)"):
        audio_io.read_audio(silent, 22050)
    with pytest.raises(CorpusError, match=r"gone\.wav: no such file"):
        audio_io.read_audio(tmp_path / "gone.wav", 22050)


def test_damage_found_while_reading_is_named(tmp_path: Path):
    path = tmp_path / "cut.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 60000), 22050)
    path.write_bytes(path.read_bytes()[:30000])
    with pytest.raises(CorpusError, match=r"cut\.flac: damaged \(flac decoder lost sync\.\)"):
        audio_io.read_audio(path, 22050)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_refused_in_any_channel(tmp_path: Path, bad: float):
    x = np.zeros((1000, 2), np.float32)
    x[900, 1] = bad
    soundfile.write(tmp_path / "a.wav", x, 22050, subtype="FLOAT")
    with pytest.raises(CorpusError, match=r"a\.wav: not finite"):
        audio_io.read_audio(tmp_path / "a.wav", 22050)


@pytest.mark.parametrize("rate", [100, 1_000_000])
def test_an_implausible_sample_rate_is_refused(tmp_path: Path, rate: int):
    soundfile.write(tmp_path / "a.wav", np.zeros(1000), rate)
    with pytest.raises(CorpusError, match=rf"sample rate {rate} Hz"):
        audio_io.read_audio(tmp_path / "a.wav", 22050)


@pytest.mark.skipif(sys.platform == "win32", reason="sets a limit of descriptors")
def test_a_file_is_not_called_unreadable_where_there_are_no_descriptors(tmp_path: Path):
    import resource

    soundfile.write(tmp_path / "take.wav", np.zeros(100, np.float32), 8000)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[0]), before[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(OSError, match="Too many open files") as failed, audio_io.opened(tmp_path / "take.wav"):
            pass
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert failed.value.errno == errno.EMFILE
    with audio_io.opened(tmp_path / "take.wav") as file:
        assert file.frames == 100
