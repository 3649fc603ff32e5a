"""The figure of a transition: predictions as lines, simulations as points, thresholds marked."""

import json

import numpy as np
import pytest

from workbench.decomposition import nested_transition, spiked_transition
from workbench.figures import FigureError, plot, spike_alignment


@pytest.fixture(scope="module")
def transition():
    return nested_transition((30, 40, 20), 1.0, [0.5, 1.0, 2.0, 3.0], trials=3, seed=1)


def test_lines_are_predictions_and_points_are_means_of_trials(transition):
    drawn = plot(transition)
    curves = {curve.name: curve for curve in drawn.data}
    assert set(curves) == {
        *("best rank one", "unfolding", "two steps"),
        *("best rank one, simulated", "unfolding, simulated", "two steps, simulated"),
    }
    for name, title in {"tensor": "best rank one", "unfolding": "unfolding", "two_step": "two steps"}.items():
        line, points = curves[title], curves[f"{title}, simulated"]
        expected = transition.expected(name, line.x.tolist())
        off = np.abs(line.x - transition.thresholds[name]) > 1e-3
        np.testing.assert_allclose(line.y[off], np.array(expected)[off], atol=2e-3)
        np.testing.assert_allclose(points.y, [np.mean(each) for each in transition.measured[name]], atol=1e-3)
        np.testing.assert_allclose(
            points.error_y.array, [np.std(each) for each in transition.measured[name]], atol=1e-2
        )
        np.testing.assert_allclose(points.x, transition.strengths, atol=0.05)


def test_thresholds_are_marked_where_they_lie(transition):
    drawn = spike_alignment(transition)
    assert [shape.x0 for shape in drawn.layout.shapes] == pytest.approx(list(transition.thresholds.values()), abs=1e-3)
    assert len(drawn.layout.annotations) == 3


def test_a_jump_is_drawn_upright():
    transition = spiked_transition((30, 30, 30), [1.0, 1.3])
    line = spike_alignment(transition).data[0]
    rise = np.abs(np.diff(line.y)).argmax()
    assert line.x[rise + 1] - line.x[rise] < 1e-3
    assert line.y[rise + 1] - line.y[rise] == pytest.approx(np.sqrt(0.5), abs=0.01), "a^2 is 1/2 where it sets in"


def test_the_figure_is_small_stable_and_transparent(transition):
    drawn = spike_alignment(transition)
    text = drawn.to_json()
    assert text == spike_alignment(transition).to_json()
    assert len(text) < 30_000
    assert json.loads(text)["layout"]["template"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"


def test_without_trials_there_are_only_lines():
    assert all(curve.mode == "lines" for curve in plot(spiked_transition((20, 30), [0.1, 2.0])).data)


def test_one_strength_is_no_axis():
    with pytest.raises(FigureError, match="all strengths are 1"):
        spike_alignment(spiked_transition((20, 30), [1.0, 1.0]))
