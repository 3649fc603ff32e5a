"""Drawings of equivariant maps say what the diagrams are."""

import xml.etree.ElementTree as ET

import pytest

from workbench.figures import FigureError, equivariant_diagrams, plot
from workbench.symmetry import SO, A, O, S


def elements(drawing, kind):
    return [each for each in ET.fromstring(drawing).iter() if each.get("class") == kind]


@pytest.mark.parametrize(
    ("hom", "lines", "heads"),
    [
        (S(5).hom(2, 2), 1 * 3 + 4 * 2 + 3 * 2 + 6 * 1, 0),
        (O(3).hom(2, 2), 6, 0),
        (SO(3).hom(2, 1), 3, 1),
        (A(3).hom(1, 1), 1 + 2 + 1, 1),
    ],
    ids=str,
)
def test_every_block_is_joined_and_every_vertex_drawn(hom, lines, heads):
    """A block of b vertices takes b - 1 lines, a head one line for each leg."""
    drawing = equivariant_diagrams(hom)
    assert len(elements(drawing, "line")) == lines
    assert len(elements(drawing, "dot")) == hom.spanning_size * hom.order
    assert len(elements(drawing, "head")) == heads
    assert len(elements(drawing, "end")) == (1 if isinstance(hom.group, A) else 0)


def test_diagrams_beyond_the_basis_stand_in_brackets():
    words = [each.text for each in ET.fromstring(plot(O(2).hom(3, 3))).iter() if each.tag.endswith("text")]
    assert sum(word.startswith("(") for word in words) == 5
    assert words[-1] == "Hom of O(2), V**3 -> V**3: 15 diagrams, dimension 10"


def test_a_combination_shows_its_coefficients():
    cross = SO(3).hom(2, 1).diagrams[-1]
    drawing = plot(SO(3).hom(1, 2).diagrams[-1] @ cross)
    assert [each.text for each in ET.fromstring(drawing).iter() if each.tag.endswith("text")] == ["1", "-1"]


def test_of_many_diagrams_the_first_are_drawn_and_how_many_there_are_is_said():
    drawing = plot(S(8).hom(4, 4))
    assert len(elements(drawing, "frame")) == 60
    assert "4,140 diagrams" in drawing.alt
    assert "first 60" in drawing.alt


def test_nothing_is_not_drawn():
    with pytest.raises(FigureError, match="no diagrams to draw"):
        plot(O(3).hom(2, 1))
    with pytest.raises(FigureError, match="at least 1 column"):
        equivariant_diagrams(O(3).hom(1, 1), columns=0)
