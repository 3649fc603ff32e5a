"""The picture of weight sharing, against orbits and signs found by hand."""

import itertools

import numpy as np
import pytest

from workbench.figures import FigureError, weight_sharing
from workbench.symmetry import SO, A, O, S


def shown(figure):
    return np.array([[np.nan if each is None else each for each in row] for row in figure.data[0].z], dtype=float)


def test_equal_colours_are_the_orbits_of_the_permutations():
    drawn = shown(weight_sharing(S(3).hom(1, 2)))
    orbit = {}
    for index in itertools.product(range(3), repeat=3):
        images = [tuple(g[i] for i in index) for g in itertools.permutations(range(3))]
        orbit[index] = min(images)
    colours = {}
    for (i, j, k), name in orbit.items():
        colours.setdefault(name, set()).add(drawn[3 * i + j, k])
    assert all(len(each) == 1 for each in colours.values())
    assert len(set().union(*colours.values())) == len(colours) == 5


def test_an_entry_that_is_minus_another_is_paler_and_zeros_are_empty():
    drawn = shown(weight_sharing(SO(3).hom(2, 1)))
    for i, j, k in itertools.product(range(3), repeat=3):
        sign = round(float(np.linalg.det(np.eye(3)[[i, j, k]])))
        found = drawn[i, 3 * j + k]
        assert np.isnan(found) if sign == 0 else found in (0.0, 1.0)
        if sign:
            assert (found == drawn[0, 5]) == (sign == 1)


def test_values_and_weights_are_told_apart():
    title = weight_sharing(O(3).hom(2, 2)).layout.title.text
    assert title == "81 entries, 4 different values, 3 to choose"


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(FigureError, match="more than 9,000"):
        weight_sharing(S(10).hom(2, 2))
    with pytest.raises(FigureError, match="no map but zero"):
        weight_sharing(O(3).hom(1, 2))


def test_the_figure_is_small_and_plain():
    figure = weight_sharing(A(4).hom(2, 2))
    assert len(figure.to_json()) < 12_000
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
