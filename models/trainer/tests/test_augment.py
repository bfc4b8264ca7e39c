from pathlib import Path

import numpy as np
import soundfile

from foley_trainer.data import Augmenter, Clip, Sounds, Variation

RATE = 22050
SAMPLES = 4 * RATE


def sounds_of(root: Path, label: str, *audio: np.ndarray) -> Sounds:
    clips = []
    for i, samples in enumerate(audio):
        soundfile.write(root / f"{i}.wav", samples, RATE, subtype="FLOAT")
        clips.append(Clip(str(i), root / f"{i}.wav", label, "train", str(i)))
    return Sounds(clips, RATE)


def test_an_equalizer_bends_the_spectrum_and_moves_no_onset(tmp_path: Path):
    click = np.zeros(SAMPLES, np.float32)
    click[20000] = 0.5
    augmenter = Augmenter(sounds_of(tmp_path, "Bark", click), None, ["Bark"], SAMPLES, 0.0)
    bent = augmenter._toned(click, np.array([0.0, 0.0, 0.0, 6.0, -6.0, -6.0]))
    assert abs(bent).argmax() == 20000
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(bent, 1 << 17)) / 0.5)
    for hertz, gain in ((180, 0), (1600, 6), (4800, -6)):
        assert abs(spectrum[round(hertz * (1 << 17) / RATE)] - gain) < 0.5


def test_the_level_varies_as_far_as_the_preset_says(tmp_path: Path):
    sounds = sounds_of(tmp_path, "Bark", np.full(SAMPLES, 0.5, np.float32))
    for level in (0.0, 1.5, 6.0):
        augmenter = Augmenter(sounds, None, ["Bark"], SAMPLES, 0.0, variation=Variation(level=level))
        drawn = [20 * np.log10(np.median(augmenter.draw(np.random.default_rng(seed))[0]) / 0.5) for seed in range(60)]
        assert min(drawn) >= -level - 1e-3
        assert max(drawn) <= 0.1 * level + 1e-3
        assert np.ptp(drawn) >= 0.8 * level


def test_a_layered_recording_is_the_sum_of_two_of_its_class(tmp_path: Path):
    t = np.arange(SAMPLES) / RATE
    sounds = sounds_of(tmp_path, "Bark", *(0.2 * np.sin(2 * np.pi * hertz * t) for hertz in (500, 1500)))
    augmenter = Augmenter(sounds, None, ["Bark"], SAMPLES, 0.0, variation=Variation(layered={"Bark": 1.0}))
    peaks = set()
    for seed in range(12):
        audio, _ = augmenter.draw(np.random.default_rng(seed))
        spectrum = np.abs(np.fft.rfft(audio))
        loud = [hertz for hertz in (500, 1500) if spectrum[hertz * SAMPLES // RATE] > 0.1 * spectrum.max()]
        peaks.add(tuple(loud))
    assert (500, 1500) in peaks


def test_composed_steps_keep_their_pace(tmp_path: Path):
    step = np.zeros(2000, np.float32)
    step[0] = 0.9
    sounds = sounds_of(tmp_path, "Footstep", step)
    augmenter = Augmenter(sounds, sounds, ["Footstep"], SAMPLES, 1.0)
    ratios = []
    for seed in range(40):
        onsets = np.flatnonzero(np.abs(augmenter.draw(np.random.default_rng(seed))[0]) > 0.1)
        gaps = np.diff(onsets)
        if gaps.size > 1:
            ratios.append(gaps.std() / gaps.mean())
    assert len(ratios) > 30
    assert 0.005 < np.median(ratios) < 0.08


def test_a_rotated_clip_has_no_hole_where_its_end_meets_its_beginning(tmp_path: Path):
    noise = np.random.default_rng(0).standard_normal(SAMPLES).astype(np.float32) * 0.1
    augmenter = Augmenter(sounds_of(tmp_path, "Rain", noise), None, ["Rain"], SAMPLES, 0.0, variation=Variation(level=0))

    def quietest(audio: np.ndarray) -> float:
        return float(np.sqrt(np.convolve(audio**2, np.full(64, 1 / 64), "valid").min() / (audio**2).mean()))

    for seed in range(20):
        turned, _ = augmenter.draw(np.random.default_rng(seed))
        assert turned.size == SAMPLES
        assert quietest(turned) > 0.6 * quietest(noise)
    ramp = np.arange(SAMPLES, dtype=np.float32)
    for shift in (0, 300, SAMPLES // 2, -300, SAMPLES):
        turned, seam = augmenter._turned(ramp, shift), shift % SAMPLES
        assert turned.size == SAMPLES
        assert turned[0] == ramp[-seam]
        after = turned[seam + 1 :]
        assert np.all(np.diff(after) == 1), "from the seam on the recording goes on to the end"


def test_a_clip_is_in_its_order_as_far_as_it_is_said_to_be(tmp_path: Path):
    """A ramp falls back where its beginning was moved to its end, and nowhere before."""
    ramp = np.linspace(0.2, 0.9, SAMPLES, dtype=np.float32)
    augmenter = Augmenter(sounds_of(tmp_path, "Bark", ramp), None, ["Bark"], SAMPLES, 0.0, variation=Variation(level=0))
    lengths = []
    for seed in range(40):
        audio, _, recorded = augmenter.draw_recorded(np.random.default_rng(seed))
        rising = np.diff(audio) >= 0  # the cache rounds to 16 bits
        assert rising[: recorded - 300].all()
        assert recorded == SAMPLES or not rising[recorded - 300 : recorded + 1].all()
        lengths.append(recorded)
    assert 3 <= lengths.count(SAMPLES) <= 20, "about a quarter end as they were recorded"
    assert min(lengths) >= 3 * RATE


def test_what_is_moved_to_the_end_for_an_early_onset_is_not_in_its_order_unless_it_is_silent(tmp_path: Path):
    noise = np.random.default_rng(0).standard_normal(SAMPLES).astype(np.float32) * 0.2
    for quiet, whole in ((0.02, False), (0.0, True)):
        sound = noise.copy()
        sound[: SAMPLES // 4] *= quiet
        augmenter = Augmenter(sounds_of(tmp_path, "Bark", sound), None, ["Bark"], SAMPLES, 0.0, 0.05, Variation(level=0))
        lengths = [augmenter.draw_recorded(np.random.default_rng(seed))[2] for seed in range(40)]
        # Where nothing was shifted, only the quiet beginning was moved.
        assert (SAMPLES in lengths) == whole
        assert min(lengths) < SAMPLES * 0.8
