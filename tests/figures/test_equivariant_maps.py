"""Drawings of orbits, null vectors, and of maps made of others."""

import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations

import networkx as nx
import pytest
import torch

from workbench.figures import FigureError, equivariant_diagrams, plot
from workbench.symmetry import Aut, BilabelledGraph, C, D, EquivariantMap, MatrixGroup, O, S

TURN = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
COLOURED = nx.path_graph(4)
nx.set_node_attributes(COLOURED, {0: "a", 1: "b", 2: "b", 3: "c"}, "kind")


def found(drawing, *kinds):
    """Elements of all these classes."""
    return [each for each in ET.fromstring(drawing).iter() if set(kinds) <= set((each.get("class") or "").split())]


def words(drawing):
    return [each.text for each in ET.fromstring(drawing).iter() if each.tag.endswith("text")]


def points(drawing):
    """Of a graph drawn alone."""
    return [(float(each.get("cx")), float(each.get("cy"))) for each in found(drawing, "node")]


def test_an_orbit_is_its_first_index_tuple_on_the_groups_graph():
    ring = C(6).hom(1, 2)
    drawing = plot(ring.basis()[8])
    assert ring.basis()[8].pivot == (0, 1, 2)
    assert len(found(drawing, "node")) == len(found(drawing, "edge")) == len(found(drawing, "arrow")) == 6
    assert len(found(drawing, "node", "output")) == 2
    assert len(found(drawing, "input")) == 1
    assert words(drawing)[:3] == ["1", "2", "1'"]
    assert drawing.alt == "orbit of 1 2 | 3"
    same = plot(D(6).hom(1, 1).basis()[0])
    assert words(same)[0] == "1 1'"
    assert not found(same, "arrow")


@pytest.mark.parametrize(
    ("graph", "crossed"),
    [
        (nx.cycle_graph(7), 0),
        (nx.path_graph(5), 0),
        (nx.balanced_tree(2, 3), 0),
        (nx.grid_2d_graph(3, 4), 0),
        (nx.hypercube_graph(3), 0),
        (nx.dodecahedral_graph(), 0),
        (nx.house_graph(), 0),
        (nx.petersen_graph(), 5),
        (nx.complete_graph(5), 5),
    ],
    ids=str,
)
def test_graphs_are_drawn_with_few_crossings_and_nodes_apart(graph, crossed):
    """A prism or a dodecahedron as one knows it; Petersen's graph as a pentagon around a star."""
    drawing = plot(BilabelledGraph(0, (), (), ()))
    assert words(drawing) == ["1"]
    drawing = equivariant_diagrams(Aut(graph).hom(0, 0).basis()[0])
    places = dict(zip(graph.nodes, points(drawing), strict=True))
    assert min(math.dist(a, b) for a, b in combinations(places.values(), 2)) > 11
    lines = [(places[a], places[b]) for a, b in graph.edges]
    assert sum(meet(one, other) for one, other in combinations(lines, 2)) == crossed
    x, y = ([place[axis] for place in places.values()] for axis in (0, 1))
    assert max(x) - min(x) <= 150
    assert max(y) - min(y) <= 150


def meet(one, other):
    """Whether two lines cross: by the parameters of the point where they do."""
    (a, b), (c, d) = one, other
    if {a, b} & {c, d}:
        return False
    u, v = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1])
    area = u[0] * v[1] - u[1] * v[0]
    if abs(area) < 1e-6:
        return False
    s = ((c[0] - a[0]) * v[1] - (c[1] - a[1]) * v[0]) / area
    t = ((c[0] - a[0]) * u[1] - (c[1] - a[1]) * u[0]) / area
    return 1e-3 < s < 1 - 1e-3 and 1e-3 < t < 1 - 1e-3


def test_a_turning_symmetry_is_seen():
    """Rotated by 72 degrees the picture of Petersen's graph is the same."""
    places = points(plot(Aut(nx.petersen_graph()).hom(0, 0).basis()[0]))
    x, y = (sum(place[axis] for place in places) / 10 for axis in (0, 1))
    c, s = math.cos(2 * math.pi / 5), math.sin(2 * math.pi / 5)
    for u, v in places:
        turned = (x + c * (u - x) - s * (v - y), y + s * (u - x) + c * (v - y))
        assert min(math.dist(turned, place) for place in places) < 0.3


def test_the_smallest_bilabelled_graph_stands_before_the_arrow_with_its_counts():
    hom = Aut(nx.petersen_graph()).hom(1, 1)
    drawing = plot(hom.basis()[2])
    assert len(found(drawing, "node")) == 10 + 3
    assert len(found(drawing, "edge")) == 15 + 2
    assert "→" in words(drawing)
    assert "1 way, elsewhere 0, 3" in words(drawing)
    whole = plot(hom)
    assert words(whole).count("→") == 3
    assert any("before an arrow" in each for each in words(whole))
    assert whole.alt.startswith("Hom of Aut(10 nodes, 15 edges), V -> V: 3 orbits, dimension 3: orbit of 1 | 1; ")


def test_where_no_graph_tells_an_orbit_from_all_others_it_is_told_from_those_alike():
    drawing = plot(Aut(nx.star_graph(3)).hom(1, 1))
    assert words(drawing).count("→") == 5
    assert words(drawing).count("among tuples equal in the same places") == 1
    free = plot(Aut(nx.empty_graph(4)).hom(1, 2))
    assert "the only orbit with such equal indices" in words(free)


def test_where_no_graph_is_found_that_is_said():
    drawing = plot(Aut(nx.frucht_graph()).hom(1, 1).basis()[1])
    assert words(drawing)[-1].startswith("discs")
    assert "no small graph tells it apart" in words(drawing)
    assert "→" not in words(drawing)


def test_directions_colours_and_loops_are_drawn():
    ring = plot(Aut(nx.cycle_graph(5, create_using=nx.DiGraph)).hom(0, 1).basis()[0])
    assert len(found(ring, "arrow")) == 5
    drawing = plot(Aut(COLOURED, colour="kind").hom(0, 1))
    shapes = [
        each.get("points").count(" ") // 2 + 1 for each in ET.fromstring(drawing).iter() if each.tag.endswith("polygon")
    ]
    assert set(shapes) == {3, 4, 5}
    assert any("shapes are colours" in each for each in words(drawing))
    small = BilabelledGraph(3, [(0, 0), (0, 1), (1, 2)], [0, 1], [1])
    drawing = plot(small)
    assert words(drawing)[:2] == ["1", "2 1'"]
    assert len(found(drawing, "edge")) == 3
    assert sum(each.tag.endswith("circle") for each in found(drawing, "edge")) == 1
    assert drawing.alt == repr(small)


def test_of_a_large_graph_the_index_tuple_is_told():
    drawing = plot(Aut(nx.grid_2d_graph(6, 6)).hom(0, 1))
    assert words(drawing)[:3] == ["orbit of 1 |", "4 index tuples", "0"]
    assert not found(drawing, "node")


def test_a_null_vector_is_its_matrix():
    drawing = plot(MatrixGroup([TURN]).hom(1, 1))
    assert (len(found(drawing, "above")), len(found(drawing, "below"))) == (3, 1)
    assert [each.text for each in found(drawing, "cell")] == ["1", "1", "1", "−1"]
    corners = [(each.get("x"), each.get("y")) for each in found(drawing, "above")]
    assert corners == [("2", "2"), ("28", "28"), ("28", "2")]
    assert words(drawing)[-1] == "Hom of MatrixGroup(2; 1 generator), V -> V: 2 solutions, dimension 2"


def test_weak_entries_are_pale_and_complex_ones_are_hands_of_clocks():
    weak = torch.tensor([[1.0, 4.0], [0.0, 1.0]], dtype=torch.float64)
    other = MatrixGroup([torch.linalg.inv(weak) @ torch.diag(torch.tensor([1.0, 2.0], dtype=torch.float64)) @ weak])
    drawing = plot(other.hom(1, 1))
    assert {float(each.get("fill-opacity")) for each in found(drawing, "above") + found(drawing, "below")} == {0.4, 1.0}
    assert [each.find("{*}title").text for each in found(drawing, "below")] == ["-0.25"]
    assert len(found(drawing, "faint")) == 1
    skewed = MatrixGroup([torch.tensor([[1j, 1], [0, 1]])]).hom((1, 0), (1, 0))
    assert len(found(plot(skewed), "phase")) == 1
    hand = next(each for each in found(plot(skewed), "mark") if each.tag.endswith("path"))
    assert hand.get("d").startswith("M")


def test_large_matrices_are_told():
    drawing = plot(MatrixGroup(C(5).generators).hom(2, 2).basis()[1])
    assert words(drawing) == ["solution of 1 1 | 1 2", "25 × 25 matrix,", "5 entries not 0"]


def test_maps_of_products_stand_side_by_side_above_their_groups():
    both = S(5) * O(3)
    drawing = plot(both.hom(both.V, both.V))
    assert words(drawing)[:4] == ["⊗", "S(5)", "O(3)", "0"] or words(drawing)[:4] == ["S(5)", "⊗", "O(3)", "0"]
    assert len(found(drawing, "dot")) == 8
    assert len(found(drawing, "line")) == 3
    assert words(drawing)[-1] == "Hom of S(5) * O(3), V*W -> V*W: 2 diagrams, dimension 2"


def test_maps_between_direct_sums_say_from_where_to_where():
    V = S(3).V
    said = words(plot(S(3).hom(V**2 + 2 * V, V)))
    assert said[:4] == ["V**2 -> V", "0", "V**2 -> V", "1"]
    assert "V[1] -> V" in said
    parts = words(plot((S(2) @ O(3)).hom(1, 1)))
    assert parts[:3] == ["S(2)", "V -> V", "0"]
    assert parts[6:9] == ["O(3)", "W -> W", "2"]


def test_a_combination_of_orbits_shows_its_coefficients():
    basis = Aut(nx.path_graph(3)).hom(1, 1).basis()
    drawing = plot(basis[1] @ basis[3] * 0.333333 - basis[0])
    assert {"-0.6667", "0.3333"} <= set(words(drawing))
    many = S(8).hom(3, 3)
    total = sum(many.basis()[1:100], many.basis()[0])
    assert words(plot(total))[-1] == "the first 60 of 100 terms"
    assert len(found(plot(total), "frame")) == 60


def test_a_map_of_another_kind_is_refused():
    class Other(EquivariantMap):
        group = S(3)
        entries = squared_norm = place = composed = juxtaposed = None

        def __repr__(self):
            return "other"

    with pytest.raises(FigureError, match=r"no drawing is known of other, a map of S\(3\); draw its matrix"):
        plot(Other())


def test_pictures_are_the_same_to_the_byte_in_another_process():
    code = (
        "import networkx as nx; from workbench.figures import plot; from workbench.symmetry import Aut, D; "
        "print(plot(Aut(nx.frucht_graph()).hom(0, 1)) + plot(D(5).hom(1, 1)), end='')"
    )
    again = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    )
    assert again.stdout.decode() == plot(Aut(nx.frucht_graph()).hom(0, 1)) + plot(D(5).hom(1, 1))
