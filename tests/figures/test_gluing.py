"""The picture of two diagrams glued together: its lines, its factor, and what does not fit."""

import re
import xml.etree.ElementTree as ET

import pytest

from workbench.figures import FigureError, composition
from workbench.symmetry import SO, A, O, S, SymmetryError


def dots(svg):
    """Where the dots of each diagram are on the page: moves of groups within groups add up."""
    found = []

    def walk(element, left, top):
        moved = re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", ""))
        left, top = (left + float(moved[1]), top + float(moved[2])) if moved else (left, top)
        own = [each for each in element if each.get("class") == "dot"]
        if own:
            found.append([(left + float(each.get("cx")), top + float(each.get("cy"))) for each in own])
        for each in element:
            walk(each, left, top)

    walk(ET.fromstring(svg), 0, 0)
    return found


def test_the_middle_rows_lie_on_each_other():
    upper, lower = SO(3).hom(2, 1).diagrams[0], SO(3).hom(1, 2).diagrams[0]
    above, below, *_ = dots(composition(upper, lower))
    assert above[1:] == below[:2]


def test_the_middle_rows_lie_on_each_other_with_a_head_beside_one_of_them():
    diagrams = {str(each): each for each in A(3).hom(2, 2).diagrams}
    headed = next(each for name, each in diagrams.items() if each.head_blocks and "11'" in name)
    above, below, *_ = dots(composition(diagrams["1 1' | 2 2'"], headed))
    assert above[2:] == below[:2]


def test_the_coefficient_is_the_factor_of_the_loops():
    d = S(3).hom(2, 2).diagrams[-1]
    assert composition(d, d).alt == "(1 | 2 | 1' | 2') on (1 | 2 | 1' | 2') is 9 · (1 | 2 | 1' | 2')"
    assert ">9</text>" in composition(d, d)


def test_zero_is_drawn_as_zero():
    cross = SO(3).hom(2, 1).diagrams[0]
    cup = SO(3).hom(0, 2).diagrams[0]
    assert composition(cross, cup).alt.endswith("is 0")
    assert ">0</text>" in composition(cross, cup)


def test_what_does_not_fit_or_is_too_long_is_refused():
    with pytest.raises(SymmetryError, match="a composition needs them equal"):
        composition(O(3).hom(2, 2).diagrams[0], O(3).hom(1, 1).diagrams[0])
    down = next(each for each in SO(4).hom(0, 4).diagrams if each.head_blocks)
    up = next(each for each in SO(4).hom(4, 0).diagrams if each.head_blocks)
    with pytest.raises(FigureError, match="a sum of 24"):
        composition(down, up)
