"""The graph that draws a clip's loudness contour."""

from __future__ import annotations

import numpy as np
import pytest

from foley_trainer.export.contour_graph import GAIN_DB, TEMPO, contour_graph
from foley_trainer.export.two_stage_sampler import session

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
