"""The graphs that draw a clip's loudness contour and average spectrum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from onnx import numpy_helper

from foley_trainer.data import open_corpus
from foley_trainer.data.augment import Augmenter
from foley_trainer.export.contour_graph import DRAWS, GAIN_DB, OF_CONTOUR, OF_SPECTRUM, TEMPO, TOWARDS, contour_graph, spectrum_graph
from foley_trainer.export.grain_graph import grain_graph
from foley_trainer.export.two_stage_sampler import session
from foley_trainer.features import loudness
from foley_trainer.models.stacked_pixelsnail import StackedConfig
from foley_trainer.training import presets
from foley_trainer.training.checkpoints import TrainedError
from foley_trainer.training.stages import Making
from foley_trainer.voices.build import _followed

FRAMES = 10
RISING, FALLING = np.arange(-40.0, -30.0), np.arange(-30.0, -40.0, -1)


def draw(weights: list[float], uniform: list[float]) -> tuple[np.ndarray, float]:
    """Two contours of class 0, one of class 1, none of class 2."""
    graph = contour_graph([np.stack([RISING, FALLING]), np.full((1, FRAMES), -20.0), np.zeros((0, FRAMES))], FRAMES)
    level, known = session(graph, 1).run(["level", "known"], {"class": np.float32([weights]), "uniform": np.float32([uniform])})
    return level[0], float(known[0])


# The middle of gain and tempo leaves a contour as it is.
def test_the_second_number_chooses_the_contour_of_a_class():
    for choice, expected in ((0.0, RISING), (0.49, RISING), (0.5, FALLING), (0.999, FALLING)):
        level, known = draw([1, 0, 0], [0.3, choice, 0.5, 0.5])
        np.testing.assert_allclose(level, expected, atol=1e-4)
        assert known == 1


@pytest.mark.parametrize(("choice", "first"), [(0.0, -40), (0.74, -40), (0.76, -20), (0.999, -20)])
def test_a_mix_has_the_contour_of_one_of_its_classes_as_often_as_it_weighs(choice, first):
    assert draw([0.75, 0.25, 0], [choice, 0, 0.5, 0.5])[0][0] == pytest.approx(first, abs=1e-4)


def test_a_class_of_weight_0_is_never_drawn():
    assert draw([0, 1, 0], [0, 0, 0.5, 0.5])[0][0] == pytest.approx(-20, abs=1e-4)


def test_a_class_without_contours_says_that_it_knows_none():
    level, known = draw([0, 0, 1], [0.5, 0.5, 0.5, 0.5])
    assert known == 0
    assert np.isfinite(level).all()


def test_tempo_moves_the_course_and_the_last_level_holds():
    slow, fast = draw([1, 0, 0], [0, 0, 0.5, 0])[0], draw([1, 0, 0], [0, 0, 0.5, 0.9999999])[0]
    np.testing.assert_allclose(slow, -40 + np.arange(FRAMES) * (1 - TEMPO), atol=1e-4)
    np.testing.assert_allclose(fast, np.minimum(-40 + np.arange(FRAMES) * (1 + TEMPO), -31), atol=1e-4)


def test_gain_lies_within_its_bounds_and_no_level_above_full_scale():
    np.testing.assert_allclose(draw([1, 0, 0], [0, 0, 0, 0.5])[0], RISING - GAIN_DB, atol=1e-4)
    graph = contour_graph([np.zeros((1, FRAMES))], FRAMES)
    (level,) = session(graph, 1).run(["level"], {"class": np.float32([[1]]), "uniform": np.float32([[0, 0, 0.99, 0.5]])})
    assert level.max() == 0


FLOOR = loudness.FLOOR_DB


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param([-60] * 10 + [-20, -15], [-60] * 12, id="an event that the end cuts off"),
        pytest.param([-60] * 10 + [-20, -55], [-60] * 10 + [-20, -55], id="one that is over by then"),
        pytest.param([-90] * 10 + [-60, -55], [-90] * 12, id="the noise of a room out of nothing"),
        pytest.param([-60] * 10 + [-52, -50], [-60] * 10 + [-52, -50], id="noise that rises a little"),
        pytest.param([-60, -60, -30, -60] + [-20] * 8, [-60, -60, -30, -60] + [-20] * 8, id="no silence before it"),
        pytest.param([-60] * 4 + [-20] * 40, [-60] * 4 + [-20] * 40, id="one that is heard for half a second"),
        pytest.param([-30] * 12, [-30] * 12, id="a sound that goes on"),
    ],
)
def test_an_event_that_the_end_of_a_recording_cuts_off_is_not_drawn(end: list[int], expected: list[int]):
    frames = 344
    whole = np.full(frames, -30.0 if end[0] == -30 else -60.0)
    whole[:20] = -10
    whole[frames - len(end) :] = end
    graph = contour_graph([whole[None]], frames)
    (level,) = session(graph, 1).run(["level"], {"class": np.float32([[1]]), "uniform": np.float32([[0, 0, 0.5, 0.5]])})
    np.testing.assert_allclose(level[0, -len(expected) :], expected, atol=1e-3)
    np.testing.assert_allclose(level[0, : frames - len(end)], whole[: frames - len(end)], atol=1e-3)


def test_nor_is_one_that_a_slower_tempo_moves_to_the_end():
    frames = 344
    whole = np.full(frames, float(FLOOR))
    whole[:20], whole[310:340] = -10, -20
    draw = session(contour_graph([whole[None]], frames), 1)
    slow, fast = (draw.run(["level"], {"class": np.float32([[1]]), "uniform": np.float32([[0, 0, 0.5, tempo]])})[0][0] for tempo in (0, 0.999))
    assert slow[100:].max() == FLOOR
    assert fast[100:].max() == -20


def drawn_spectrum(weights: list[float], uniform: list[float]) -> tuple[np.ndarray, float]:
    """Two spectra of class 0, none of class 1."""
    graph = spectrum_graph([np.array([[0.0, -10, -20], [0, -30, -60]]), np.zeros((0, 3))], 3)
    level, known = session(graph, 1).run(["spectrum", "known"], {"class": np.float32([weights]), "uniform": np.float32([uniform])})
    return level[0], float(known[0])


def test_a_spectrum_lies_between_those_of_two_clips_of_its_class():
    for second, share, expected in ((0.9, 0, [0, -10, -20]), (0.2, 0.99, [0, -10, -20]), (0.9, 0.5, [0, -10 - 10 * TOWARDS, -20 - 20 * TOWARDS])):
        level, known = drawn_spectrum([1, 0], [0.3, 0.1, second, share])
        np.testing.assert_allclose(level, expected, atol=1e-4)
        assert known == 1


def test_a_class_without_spectra_says_that_it_knows_none():
    assert drawn_spectrum([0, 1], [0.5, 0.5, 0.5, 0.5])[1] == 0


def test_contour_and_spectrum_of_a_seed_are_of_one_class_and_chosen_apart():
    assert {*OF_CONTOUR} & {*OF_SPECTRUM} == {OF_CONTOUR[0]} == {OF_SPECTRUM[0]}
    assert max(*OF_CONTOUR, *OF_SPECTRUM) < DRAWS


def test_contours_that_a_class_draws_can_lie_above_its_recordings(folder_corpus: Path) -> None:
    preset, corpus = presets.load("stacked"), open_corpus(folder_corpus)
    config = StackedConfig(contour=8, spectrum=80)

    def levels(raised: dict[str, float]) -> dict[str, np.ndarray]:
        graphs = _followed(config, preset, corpus, ["Beep", "Hiss"], None, raised, [])
        return {name: next(numpy_helper.to_array(i) for i in graph.graph.initializer if i.name == "levels").astype(int) for name, graph in graphs.items()}

    plain, raised = levels({}), levels({"Beep": 3})
    beeps = sum(clip.split == "train" and clip.label == "Beep" for clip in corpus.clips)
    hisses = sum(clip.split == "train" and clip.label == "Hiss" for clip in corpus.clips)
    assert len(plain["contour"]) == len(plain["spectrum"]) == beeps + hisses + 1, "every recording once, and a row for classes that hold none"
    higher = raised["contour"] - plain["contour"]
    heard = (plain["contour"] > loudness.FLOOR_DB + 20) & (plain["contour"] < -6)
    assert heard[:beeps].any()
    assert set(np.unique(higher[:beeps][heard[:beeps]])) <= {2, 3, 4}
    assert higher[:beeps][heard[:beeps]].mean() == pytest.approx(3, abs=0.2)
    assert not higher[beeps:].any()
    assert (raised["spectrum"] == plain["spectrum"]).all(), "a spectrum says nothing of how loud a clip is"


@pytest.fixture
def thuds(tmp_path: Path) -> Path:
    """Recordings of Thud: forty of 0.2 s, four of 5 s that last as tones of their own."""
    (tmp_path / "Thud").mkdir()
    for i in range(44):
        seconds = 0.2 if i < 40 else 5.0
        wave = 0.5 * np.sin(2 * np.pi * (200 + 40 * i) * np.arange(int(22050 * seconds)) / 22050)
        soundfile.write(tmp_path / "Thud" / f"{i:02}.wav", wave, 22050)
    return tmp_path


@pytest.fixture
def making(thuds: Path) -> Augmenter:
    return Making(presets.load("stacked", ["data.compose_share=0.9"]), open_corpus(thuds)).augmenter


def test_a_sustained_class_draws_only_contours_of_recordings_that_last_a_whole_clip(thuds: Path) -> None:
    preset, corpus = presets.load("stacked"), open_corpus(thuds)

    def ends(sustained: list[str]) -> np.ndarray:
        graph = _followed(StackedConfig(contour=8, spectrum=80), preset, corpus, ["Thud"], None, {}, sustained)["contour"]
        levels = next(numpy_helper.to_array(i) for i in graph.graph.initializer if i.name == "levels").astype(int)[:-1]
        return levels[:, -4:].max(1)

    every, lasting = ends([]), ends(["Thud"])
    assert (every <= loudness.FLOOR_DB + 1).sum() > 20, "most recordings are shorter than a clip"
    assert 0 < len(lasting) == (every > -40).sum()
    assert (lasting > -40).all()


def test_a_class_whose_recordings_are_all_shorter_than_a_clip_cannot_be_sustained(thuds: Path) -> None:
    for path in (thuds / "Thud").glob("4*.wav"):
        path.unlink()
    with pytest.raises(TrainedError, match="--sustained Thud: no recording of it lasts a whole clip"):
        _followed(StackedConfig(contour=8, spectrum=80), presets.load("stacked"), open_corpus(thuds), ["Thud"], None, {}, ["Thud"])


def test_a_voice_draws_the_contours_of_recordings_each_once_and_never_of_composed_clips(making: Augmenter) -> None:
    count = len(making.by_class[0])
    clips = making.recordings("Thud", np.random.default_rng(0), least=1, most=300)
    long = sum(making.sounds.size(i) > making.samples for i in making.by_class[0])
    assert len(clips) == long, "recordings that fill a quarter of a clip, where there are enough of them"
    clips = making.recordings("Thud", np.random.default_rng(0), least=count, most=300)
    assert len(clips) == count
    tones = {int(np.abs(np.fft.rfft(clip)).argmax()) for clip in clips}
    assert len(tones) == count, "each recording once"
    assert len(making.recordings("Thud", np.random.default_rng(0), least=1, most=2)) == 2


def test_where_recordings_are_few_the_long_ones_give_further_clips(making: Augmenter) -> None:
    clips = making.recordings("Thud", np.random.default_rng(0), least=64, most=300)
    assert len(clips) == 64
    assert all(clip.shape == (making.samples,) for clip in clips)


def test_the_grain_of_a_mix_is_the_mean_of_its_classes() -> None:
    grain = session(grain_graph([0, 1, 0.5]), 1)
    for weights, expected in (([1, 0, 0], 0), ([0, 1, 0], 1), ([0.5, 0.25, 0.25], 0.375)):
        assert grain.run(["grain"], {"class": np.float32([weights])})[0] == pytest.approx([expected])
    with pytest.raises(ValueError, match=r"grains must be 0 to 1, not 1\.5"):
        grain_graph([1.5])
