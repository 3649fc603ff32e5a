"""Figures of searches show what was found, and say when there is nothing."""

import math

import pytest

from workbench.figures import FigureError, plot, search_progress
from workbench.structure import GraphSpace, search


def study(function=lambda net: 1 / net.parameters, **options):
    return search(function, GraphSpace((2, 2, 2), 3), "random", objective="error", budget=12, **options)


def test_every_structure_is_a_point_and_the_front_is_that_of_the_study():
    found = study()
    drawn = plot(found)
    every, front, best, history = drawn.data
    assert list(every.x) == [trial.parameters for trial in found.trials]
    assert list(front.x) == [trial.parameters for trial in found.pareto()]
    assert list(best.x) == [found.best.trial.parameters]
    assert list(history.x) == list(range(1, 13))
    assert history.y[-1] == pytest.approx(found.best.trial.value, rel=1e-3)
    assert found.trials[0].key in every.text[0]


def test_several_studies_share_one_panel():
    drawn = search_progress(study(), study(seed=1))
    assert len(drawn.data) == 2
    assert drawn.data[0].line.dash != drawn.data[1].line.dash


def test_where_nothing_succeeded_there_is_nothing_to_draw():
    with pytest.raises(FigureError, match="no evaluation that succeeded"):
        search_progress(study(lambda _: math.nan))
    with pytest.raises(FigureError, match="at least one study"):
        search_progress()
