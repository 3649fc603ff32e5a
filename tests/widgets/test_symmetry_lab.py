"""The lab's Python side: two ways, one lock, no exception from a handler; what it shows is true by brute force."""

import json
import random
import threading
import time
import xml.etree.ElementTree as ET

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.data import DataError
from workbench.symmetry import GL, SO, A, Aut, B, C, Combination, D, Lorentz, MatrixGroup, O, S, Sp, SymmetryError, U
from workbench.widgets import SymmetryLab

SQUARE = Aut(nx.cycle_graph(4))
QUARTER = MatrixGroup([[[0.0, -1.0], [1.0, 0.0]]])
FAMILIES = [
    S(3),
    A(4),
    B(2),
    O(3),
    SO(2),
    SO(3),
    Sp(4),
    GL(2),
    U(2),
    Lorentz(),
    C(4),
    D(4),
    SQUARE,
    QUARTER,
    S(2) @ O(2),
]


@pytest.fixture
def lab():
    made = SymmetryLab(S(5), 2, 2, weights={0: 0.8, 7: 1.0, 14: -0.4})
    yield made
    made.close()


def page(lab: SymmetryLab, gesture: object = None, **changes: object) -> None:
    """What the front end sends: a spec and a revision, in one message, through JSON."""
    spec = {**lab.spec, "gesture": gesture, **changes}
    lab.set_state(json.loads(json.dumps({"spec": spec, "revision": lab.revision + 1})))


def wish(lab: SymmetryLab, op: str, **more: object) -> None:
    lab.set_state({"wish": {"op": op, "serial": random.random(), **more}})


def eventually(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def table_of(sharing: dict) -> tuple[np.ndarray, np.ndarray]:
    """Kinds of all entries, and kinds x diagrams as the page unpacks them."""
    kinds = np.frombuffer(sharing["kinds"], "<u2")
    start, index = np.frombuffer(sharing["start"], "<u4"), np.frombuffer(sharing["index"], "<u2")
    value = np.frombuffer(sharing["value"], "<f4")
    table = np.zeros((len(start) - 1, int(index.max()) + 1 if len(index) else 0))
    for kind in range(len(start) - 1):
        table[kind, index[start[kind] : start[kind + 1]]] = value[start[kind] : start[kind + 1]]
    return kinds, table


# ---- what is shown is true ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", FAMILIES, ids=repr)
@pytest.mark.parametrize("powers", [(1, 1), (2, 2), (1, 2), (0, 2), (3, 1)])
def test_what_meets_in_every_entry_is_what_the_matrices_have_there(group, powers):
    if group.walled:
        powers = tuple((size - size // 2, size // 2) for size in powers)
    lab = SymmetryLab(group, *powers)
    kinds, table = table_of(lab.sharing)
    assert [lab.sharing["rows"], lab.sharing["columns"]] == lab.sharing["of"]
    for at, diagram in enumerate(lab.hom.diagrams):
        found = table[kinds, at] if at < table.shape[1] else np.zeros(len(kinds))
        assert np.array_equal(found, diagram.matrix().to_dense().real.reshape(-1).numpy())
    merged = (
        {tuple(row) for row in np.stack([d.matrix().to_dense().real.reshape(-1) for d in lab.hom.diagrams], 1)}
        if len(lab.hom.diagrams)
        else {()}
    )
    assert len(table) == len(merged), "entries in which the same meets are one kind"
    assert lab.numbers["dimension"] == (np.linalg.matrix_rank(table) if table.size else 0)
    lab.close()


@pytest.mark.parametrize("group", FAMILIES, ids=repr)
def test_both_ways_round_agree_for_every_family(group, monkeypatch):
    powers = ((1, 1), (1, 1)) if group.walled else (2, 2)
    lab = SymmetryLab(group, *powers)
    for op in ("random", "random", "identity"):
        wish(lab, op)
        assert lab.error < 1e-12
    assert not lab.issues
    monkeypatch.setattr("workbench.widgets._symmetry_check.ELEMENTS", 30)
    lab.view = "check"
    eventually(lambda: lab.checked.get("state") == "done")
    assert len(lab.checked["single"]) == len(lab.checked["double"]) == 30
    assert max(lab.checked["double"]) < 1e-12
    assert max(lab.checked["single"]) < 1e-4
    lab.close()


def test_the_square_is_that_of_the_dense_matrix(lab):
    assert lab.error < 1e-14
    corner = {name: np.frombuffer(lab.square[name], "<f4") for name in ("x", "fx", "gx", "fgx", "gfx")}
    matrix = lab.combination.matrix().to_dense().numpy()
    g = lab.element.numpy()
    assert np.allclose(corner["fx"], matrix @ corner["x"], atol=1e-5)
    assert np.allclose(corner["gx"].reshape(5, 5), g @ corner["x"].reshape(5, 5) @ g.T)
    assert np.allclose(corner["fgx"], matrix @ corner["gx"], atol=1e-5)
    assert np.allclose(corner["gfx"], corner["fgx"], atol=1e-5)
    assert lab.square["images"] == [1, 2, 3, 4, 0]
    assert lab.square["element"] == "(1 2 3 4 5)"


def test_a_broken_entry_breaks_the_symmetry_and_undo_repairs_it(lab):
    page(lab, broken=[0, 1, 0.5])
    assert lab.error > 1e-3
    corner = {name: np.frombuffer(lab.square[name], "<f4") for name in ("x", "fx")}
    matrix = lab.combination.matrix().to_dense().numpy()
    matrix[0, 1] += 0.5
    assert np.allclose(corner["fx"], matrix @ corner["x"], atol=1e-5)
    lab.view = "check"
    eventually(lambda: lab.checked.get("state") == "done")
    assert len(lab.checked["double"]) == 200
    report = eval(lab.checked["line"], {"wb": wb, "lab": lab, "torch": torch})
    assert report, "of the layer, which is not broken"
    assert np.median(lab.checked["double"]) > 1e-3
    lab.undo()
    assert lab.error < 1e-14


def test_a_dependent_diagram_is_told_as_a_combination_of_the_basis():
    lab = SymmetryLab(O(2), 3, 3)
    diagrams = lab.hom.diagrams
    inside = set(lab.hom.basis())
    for at, diagram in enumerate(diagrams):
        wish(lab, "relate", value=at)
        terms = {diagrams[place]: share for place, share in lab.related["terms"]}
        assert set(terms) <= inside
        assert torch.allclose(Combination(terms).matrix().to_dense(), diagram.matrix().to_dense(), atol=1e-6)
    lab.close()


def test_the_rank_of_what_is_on_counts_independent_ones():
    lab = SymmetryLab(O(2), 3, 3, weights=dict.fromkeys(range(15), 1.0))
    assert (lab.numbers["on"], lab.numbers["rank"], lab.numbers["dimension"], lab.numbers["spanning"]) == (
        15,
        10,
        10,
        15,
    )
    lab.weights = {0: 1.0, 1: 1.0}
    assert lab.numbers["rank"] == 2
    lab.close()


@pytest.mark.parametrize(("group", "k", "l"), [(S(3), 2, 2), (O(2), 3, 3), (SO(3), 2, 1), (Sp(2), 2, 2), (S(8), 4, 4)])
def test_the_layer_has_the_weights_that_are_shown(group, k, l):
    hom = group.hom(k, l)
    few = dict(
        zip(
            random.Random(0).sample(range(hom.spanning_size), min(4, hom.spanning_size)),
            (0.5, -1.0, 2.0, 0.25),
            strict=False,
        )
    )
    lab = SymmetryLab(hom, weights=few)
    layer = lab.layer(2, 3).double()
    assert layer.weight.shape == (hom.dimension, 3, 2)
    if hom.group.n**hom.order < 10_000:
        wanted = lab.combination.matrix().to_dense()
        assert torch.allclose(lab.layer().double().to_dense(), wanted, atol=1e-6)
    lab.close()


def test_the_code_runs_and_has_the_weights_that_are_shown(lab):
    page(lab, channels=[2, 3])
    lab.view = "code"
    names: dict = {}
    exec(lab.code, names)
    assert torch.equal(names["layer"].weight[:, 0, 0], lab.layer().weight[:, 0, 0])
    assert names["y"].shape == (8, 3, 5, 5)
    other = SymmetryLab(U(2), (1, 1), (1, 1), view="code")
    exec(other.code, names)
    assert names["y"].shape == (8, 1, 2, 2)
    other.close()


@pytest.mark.parametrize("group", [S(3), A(3), O(3), SO(3), Sp(2), GL(2)], ids=repr)
def test_diagrams_compose_as_their_matrices_do(group):
    powers = ((1, 1), (1, 1)) if group.walled else (2, 2)
    lab = SymmetryLab(group, *powers, view="compose")
    for lower, upper in ((0, 0), (1, 0), (lab.hom.spanning_size - 1, lab.hom.spanning_size - 1)):
        lab.set_state({"composing": {"lower": lower, "upper": upper, "out": [int(each) for each in lab.hom.source]}})
        assert not lab.issues
        shown = lab.composed
        assert (shown["lowerAt"], shown["upperAt"], shown["difference"]) == (lower, upper, 0)
        a, b = lab.hom.diagrams[upper].matrix().to_dense().real, lab.hom.diagrams[lower].matrix().to_dense().real
        product = np.frombuffer(shown["product"], "<f4").reshape(shown["rows"][0], shown["rows"][2])
        assert np.array_equal(product, (a @ b).numpy())
    lab.close()


def test_a_composition_may_lead_elsewhere(lab):
    lab.view = "compose"
    lab.set_state({"composing": {"lower": 14, "upper": 1, "out": [0]}})
    assert lab.composed["out"] == [0]
    assert (lab.composed["count"], lab.composed["rows"]) == (5, [5, 25, 25])


# ---- groups of every kind ----------------------------------------------------------------------------------------------


def test_orbits_are_offered_and_chosen_as_diagrams_are(lab):
    page(lab, group={"family": "C", "n": 6}, source=[0], target=[0], weights=None)
    assert (lab.about["noun"], lab.about["dimension"], lab.diagrams["count"]) == ("orbit", 6, 6)
    assert lab.diagrams["names"][1] == "orbit of 1 | 2"
    page(lab, weights=[[1, 1.0]])
    assert lab.error == 0
    assert torch.equal(lab.combination.matrix().to_dense(), torch.eye(6).roll(-1, 0).double())
    assert lab.square["from"] == "values"
    wish(lab, "relate", value=1)
    eventually(lambda: lab.related["picture"])
    assert ET.fromstring(lab.related["picture"]).tag.endswith("svg")
    lab.view = "compose"
    lab.set_state({"composing": {"lower": 1, "upper": 2, "out": [0]}})
    assert [(term["name"], term["factor"]) for term in lab.composed["terms"]] == [("orbit of 1 | 4", "1")]
    assert lab.composed["difference"] == 0


def test_a_graph_of_ones_own_is_drawn_with_its_edges():
    lab = SymmetryLab(Aut(nx.path_graph(4)), 1, 1)
    assert lab.error < 1e-12
    assert lab.square["edges"] == [[0, 1], [1, 2], [2, 3]]
    layout = np.array(lab.square["layout"])
    assert np.linalg.norm(layout, axis=1).max() == pytest.approx(1, abs=0.01)
    assert np.allclose(layout, -layout[::-1], atol=0.1), "the path is drawn as symmetric as it is"
    assert lab.square["images"] == []
    assert lab.spec["group"]["family"] == "own"
    page(lab, source=[0, 0], weights=None)
    assert lab.hom.source == (False, False)
    _ = lab.error
    assert lab.square["kind"] == "graph"
    lab.close()


def test_a_point_cloud_is_drawn_as_points():
    cloud = S(5) * O(3)
    lab = SymmetryLab(cloud, 1, 1)
    assert lab.error < 1e-12
    assert (lab.square["from"], lab.square["to"], lab.square["sizes"]) == ("points", "points", [[5, 3], [5, 3]])
    assert lab.spec["source"] is None
    assert lab.about["kinds"][-1]["between"] == ["V*W", "V*W"]
    assert repr(lab).startswith("SymmetryLab(S(5) * O(3), V*W, V*W, weights=")
    page(lab, weights=[[0, 2.0]])
    assert lab.weights == {0: 2.0}
    page(lab, group={"family": "S", "n": 3}, source=[0], target=[0], weights=None)
    page(lab, group={"family": "own", "n": 15}, source=None, target=None, weights=None)
    assert lab.hom.group == cloud
    lab.undo()
    lab.undo()
    assert lab.hom.group == cloud
    assert lab.error < 1e-12
    lab.view = "check"
    eventually(lambda: lab.checked.get("state") == "done")
    lab.close()


def test_maps_between_direct_sums_are_shown():
    V = S(3).V
    lab = SymmetryLab(S(3).hom(V**2 + V, 2 * V + 1))
    kinds, table = table_of(lab.sharing)
    wanted = np.stack([each.matrix().to_dense().reshape(-1) for each in lab.hom.diagrams], 1)
    assert np.array_equal(table[kinds], wanted)
    assert lab.error < 1e-12
    assert lab.layer().double().to_dense().shape == (7, 12)
    for view in ("compose", "check", "code"):
        lab.view = view
    assert not lab.issues
    assert lab.spec["group"]["family"] == "own"
    assert lab.about["kinds"][-1]["between"] == ["V**2 + V", "2*V + 1"]
    page(lab, weights=[[3, 1.0]])
    assert lab.weights == {3: 1.0}
    lab.close()


def test_what_would_be_solved_for_long_is_refused_first():
    with pytest.raises(SymmetryError, match="2,560,000 index tuples, more than the lab waits for"):
        SymmetryLab(C(40), 2, 2)


# ---- what cannot be drawn whole ----------------------------------------------------------------------------------------


def test_of_a_large_matrix_a_part_is_drawn_and_the_rest_is_the_same():
    lab = SymmetryLab(S(8), 4, 4)
    assert lab.sharing["of"] == [4096, 4096]
    assert "indices 1, 2, 3, 4 of 8" in lab.sharing["part"]
    assert np.frombuffer(lab.sharing["down"], "<u4")[[0, 1, 4, 64]].tolist() == [0, 1, 8, 512]
    kinds, table = table_of(lab.sharing)
    whole = S(4).hom(4, 4)
    for at in (0, 17, 2000, 4139):
        labels = lab.hom.diagrams[at].labels
        same = next(each for each in whole.diagrams if each.labels == labels)
        assert np.array_equal(table[kinds, at], same.matrix().to_dense().reshape(-1).numpy())
    assert lab.error < 1e-12
    lab.close()


def test_pairs_of_a_symplectic_space_stay_together():
    lab = SymmetryLab(Sp(8), 4, 0)
    assert "indices 1, 2, 5, 6 of 8" in lab.sharing["part"]
    lab.close()


@pytest.mark.parametrize(
    ("group", "k", "l", "said"),
    [
        (S(5), 5, 4, "21,147 diagrams.* the lab shows up to 5,000 diagrams; take fewer factors"),
        (O(3), 7, 7, "shows up to 5,000"),
        (S(300), 2, 1, "90,000 numbers; the lab draws up to 50,000: make n smaller"),
    ],
)
def test_what_is_too_much_is_refused_before_it_is_made(group, k, l, said):
    with pytest.raises(SymmetryError, match=said):
        SymmetryLab(group, k, l)


# ---- both ways ---------------------------------------------------------------------------------------------------------


def test_the_page_is_shown_what_python_holds(lab):
    assert lab.spec == {
        "group": {"family": "S", "n": 5},
        "source": [0, 0],
        "target": [0, 0],
        "weights": [[0, 0.8], [7, 1.0], [14, -0.4]],
        "broken": None,
        "channels": [1, 1],
        "gesture": None,
    }
    assert len(lab.diagrams["labels"]) == 15 * 4
    assert lab.diagrams["basis"] == b"\1" * 15


def test_what_is_set_on_the_page_reaches_python(lab):
    revision = lab.revision
    page(lab, weights=[[7, 2.0], [3, -1]])
    assert lab.weights == {3: -1.0, 7: 2.0}
    assert lab.revision == revision + 1, "Python does not answer with a revision of its own"
    assert lab.numbers["revision"] == lab.revision
    page(lab, group={"family": "O", "n": 3}, weights=None)
    assert lab.hom.group == O(3)
    assert lab.spec["weights"] == [[at, weight] for at, weight in lab.weights.items()]
    assert lab.revision > revision + 2
    assert lab.diagrams["count"] == 3


def test_what_is_set_in_python_reaches_the_page(lab):
    lab.weights = {lab.hom.diagrams[3]: 0.5}
    assert lab.spec["weights"] == [[3, 0.5]]
    lab.hom = SO(3).hom(1, 2)
    assert lab.spec["group"] == {"family": "SO", "n": 3}
    assert lab.about["dimension"] == 1
    lab.element = torch.eye(3, dtype=torch.float64)
    assert lab.error == 0
    assert lab.square["element"] == "the identity"


def test_weights_stay_with_their_pictures_when_n_changes(lab):
    page(lab, group={"family": "S", "n": 2}, weights=None)
    assert lab.hom.spanning_size == 15
    assert lab.weights == {0: 0.8, 7: 1.0, 14: -0.4}
    page(lab, group={"family": "A", "n": 5}, weights=None)
    assert lab.weights == {0: 0.8, 7: 1.0, 14: -0.4}
    page(lab, target=[0], weights=None)
    assert lab.weights != {0: 0.8, 7: 1.0, 14: -0.4}


def test_undo_walks_through_changes_of_both_sides_and_a_drag_is_one_step(lab):
    for value in range(5):
        page(lab, gesture="me weight 7 #1", weights=[[7, value]])
    assert lab.trail == {"undo": 1, "redo": 0}
    lab.hom = O(3).hom(1, 1)
    wish(lab, "undo")
    assert (lab.hom.group, lab.weights) == (S(5), {7: 4.0})
    wish(lab, "undo")
    assert lab.weights == {0: 0.8, 7: 1.0, 14: -0.4}
    lab.undo()
    lab.redo()
    lab.redo()
    lab.redo()
    assert lab.hom.group == O(3)


def test_what_the_page_asks_that_cannot_be_is_refused_in_words_and_nothing_is_lost(lab):
    page(lab, source=[0] * 5, target=[0] * 4, weights=None)
    assert "the lab shows up to 5,000 diagrams" in lab.issues[0]["message"]
    assert (lab.hom.group, lab.hom.spanning_size) == (S(5), 15)
    assert lab.spec["weights"] == [[0, 0.8], [7, 1.0], [14, -0.4]]
    page(lab, group={"family": "Sp", "n": 3}, weights=None)
    assert "even number" in lab.issues[0]["message"]
    page(lab, weights=[[7, 1.0]])
    assert lab.issues == []


def test_the_element_is_turned_stepped_and_drawn_by_chance():
    lab = SymmetryLab(O(2), 1, 1)
    lab.set_state({"turning": {"axis": 0, "amount": 0.5}})
    cosine, sine = np.cos(0.5), np.sin(0.5)
    assert torch.allclose(lab.element, torch.tensor([[cosine, -sine], [sine, cosine]]), atol=1e-12)
    before = lab.element
    wish(lab, "step", value=0)
    assert torch.allclose(lab.element, O(2).generators[0] @ before)
    wish(lab, "step", value=-1)
    assert torch.allclose(lab.element, before, atol=1e-12)
    wish(lab, "random")
    assert torch.allclose(lab.element @ lab.element.T, torch.eye(2, dtype=torch.float64), atol=1e-12)
    assert lab.error < 1e-12
    wish(lab, "identity")
    assert torch.equal(lab.element, torch.eye(2, dtype=torch.float64))
    lab.close()


def test_two_vertices_dragged_onto_each_other_are_swapped(lab):
    wish(lab, "identity")
    wish(lab, "swap", value=[0, 3])
    assert lab.error < 1e-14
    assert lab.square["element"] == "(1 4)"
    wish(lab, "swap", value=[0, 0])
    assert "two different coordinates" in lab.issues[0]["message"]
    lab.hom = A(4).hom(2, 2)
    wish(lab, "swap", value=[0, 1])
    assert "odd permutation, which A(4) does not have" in lab.issues[0]["message"]


@pytest.mark.parametrize(
    ("group", "element", "said"),
    [
        (S(4), [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], "(1 2 3 4)"),
        (S(4), [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], "(1 2)(3 4)"),
        (B(2), [[0, -1], [1, 0]], "1 → 2, 2 → −1"),
        (SO(2), [[0, -1], [1, 0]], "a turn of 90°"),
        (SO(2), [[0.8, -0.6], [0.6, 0.8]], "a turn of 37°"),
        (O(2), [[0.8, 0.6], [0.6, -0.8]], "a reflection in the line at 18°"),
        (SO(3), [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]], "a turn of 37° about (0.0, 0.0, 1.0)"),
        (GL(2), [[2, 1], [0, 1]], "a 2 × 2 matrix"),
    ],
)
def test_elements_have_names(group, element, said):
    lab = SymmetryLab(group, (1, 0) if group.walled else 1, (1, 0) if group.walled else 1)
    lab.element = torch.tensor(element, dtype=torch.float64)
    assert lab.error < 1e-12
    assert lab.square["element"] == said
    lab.close()


def test_inputs_fit_the_group(lab):
    _ = lab.error
    assert lab.square["inputs"] == ["graph", "image", "random"]
    adjacency = np.frombuffer(lab.square["x"], "<f4").reshape(5, 5)
    assert np.array_equal(adjacency, adjacency.T)
    assert set(adjacency.flat) == {0, 1}
    wish(lab, "input", value="image")
    assert lab.error < 1e-14
    assert (lab.square["kind"], lab.square["from"]) == ("image", "heat")
    before = lab.square["x"]
    wish(lab, "another")
    _ = lab.error
    assert lab.square["x"] != before
    wish(lab, "input", value="field")
    assert "there is no input 'field'" in lab.issues[0]["message"]
    lab.hom = SO(2).hom(1, 1)
    _ = lab.error
    assert lab.square["inputs"] == ["points", "field", "random"]
    wish(lab, "input", value="field")
    _ = lab.error
    lab.hom = O(3).hom(2, 2)
    _ = lab.error
    assert (lab.square["kind"], lab.square["from"], lab.square["to"]) == ("stretch", "shape", "shape")
    lab.hom = SO(3).hom(1, 2)
    _ = lab.error
    assert (lab.square["kind"], lab.square["from"], lab.square["to"]) == ("random", "vector", "shape")
    lab.hom = SO(2).hom(1, 1)
    _ = lab.error
    places, moved = (np.frombuffer(lab.square[name], "<f4").reshape(-1, 2) for name in ("places", "moved"))
    assert np.allclose(moved, places @ lab.element.numpy().T, atol=1e-6)


def test_an_input_of_ones_own_is_used():
    adjacency = torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=torch.float64)
    lab = SymmetryLab(S(3), 2, 2, x=adjacency)
    assert lab.error < 1e-14
    assert lab.square["kind"] == "yours"
    assert np.array_equal(np.frombuffer(lab.square["x"], "<f4").reshape(3, 3), adjacency.numpy())
    lab.hom = S(4).hom(2, 2)
    _ = lab.error
    assert lab.square["kind"] == "graph"
    lab.x = torch.arange(32.0).reshape(2, 4, 4)
    assert lab.error < 1e-14
    assert (lab.square["kind"], lab.square["batch"]) == ("yours", 2)
    assert lab.x.shape == (2, 4, 4)
    lab.close()
    with pytest.raises(SymmetryError, match=r"x has shape \(4, 3\); .* takes \(3, 3\)"):
        SymmetryLab(S(3), 2, 2, x=torch.rand(4, 3))
    with pytest.raises(DataError):
        SymmetryLab(S(3), 2, 2, x="graph")


# ---- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "said"),
    [
        (("S(5)", 2, 2), {}, SymmetryError, "group is a str; give a group such as S"),
        ((S(5),), {}, SymmetryError, r"say between which powers of V: SymmetryLab\(S\(5\), 2, 2\)"),
        ((S(5).hom(1, 1), 2, 2), {}, SymmetryError, "leave source and target out"),
        ((S(5), 2, -1), {}, SymmetryError, "not -1"),
        (
            (S(5), 2, 2),
            {"weights": {15: 1.0}},
            SymmetryError,
            "there is no diagram 15; positions of .* go from 0 to 14",
        ),
        ((S(5), 2, 2), {"weights": {0: "a"}}, SymmetryError, "the weight of diagram 0 is 'a'"),
        ((S(5), 2, 2), {"weights": {0: float("nan")}}, SymmetryError, "is nan"),
        ((S(5), 2, 2), {"weights": [1.0]}, SymmetryError, "weights are a list; give a dict"),
        ((S(5), 2, 2), {"view": "chek"}, SymmetryError, "did you mean 'check'"),
        ((S(5), 2, 2), {"weight": {}}, TypeError, "did you mean 'weights'"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, keywords, error, said):
    with pytest.raises(error, match=said):
        SymmetryLab(*arguments, **keywords)


def test_what_python_sets_that_cannot_be_is_refused_and_changes_nothing(lab):
    for change, said in (
        (lambda: setattr(lab, "weights", {99: 1}), "no diagram"),
        (lambda: setattr(lab, "hom", S(5)), "hom is a S"),
        (lambda: setattr(lab, "hom", S(5).hom(5, 5)), "up to 5,000"),
        (lambda: setattr(lab, "element", torch.eye(3)), r"shape \(5, 5\), not \(3, 3\)"),
    ):
        with pytest.raises(SymmetryError, match=said):
            change()
    assert lab.weights == {0: 0.8, 7: 1.0, 14: -0.4}


@pytest.mark.parametrize(
    "sent",
    [
        {"spec": {"group": {"family": "no such", "n": 5}}},
        {"spec": {"group": {"family": ["S"], "n": 5}}},
        {"spec": {"group": {"family": "own", "n": 5}}},
        {"spec": {"group": {"family": "S", "n": 2.5}}},
        {"spec": {"group": {"family": "S", "n": 10**9}}},
        {"spec": {"source": "abc"}},
        {"spec": {"source": [0] * 40}},
        {"spec": {"weights": [[99, 1]]}},
        {"spec": {"weights": [[0, 1e300]]}},
        {"spec": {"weights": {"0": 1}}},
        {"spec": {"broken": [0, 25, 1]}},
        {"spec": {"channels": [0, 1]}},
        {"wish": {"op": "fly"}},
        {"wish": {"op": "step", "value": 7}},
        {"wish": {"op": "swap", "value": [0, 9]}},
        {"wish": {"op": "relate", "value": 15}},
        {"wish": {"serial": 1}},
        {"turning": {"axis": 0, "amount": 1}},
        {"composing": {"lower": 0, "upper": 0, "out": [3]}},
    ],
)
def test_what_the_page_may_not_send_becomes_an_issue(lab, sent):
    if "spec" in sent:
        sent = {"spec": {**lab.spec, **sent["spec"]}, "revision": lab.revision + 1}
    lab.set_state(sent)
    assert lab.issues
    assert lab.issues[0]["message"]
    assert (lab.hom.group, lab.weights) == (S(5), {0: 0.8, 7: 1.0, 14: -0.4})


@pytest.mark.parametrize(
    "sent", [{"numbers": {}}, {"code": "import os"}, {"view": "nowhere"}, {"spec": 3}, {"diagrams": {}}]
)
def test_traits_that_are_pythons_or_of_another_type_are_not_taken(lab, sent):
    _ = lab.error
    before = {name: getattr(lab, name) for name in sent}
    lab.set_state(sent)
    assert {name: getattr(lab, name) for name in sent} == before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = ("group", "source", "target", "weights", "broken", "channels", "gesture")
SHARED: dict[str, SymmetryLab] = {}


@settings(max_examples=80, deadline=None)
@given(
    spec=st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, json_values)),
    turned=st.fixed_dictionaries({}, optional=dict.fromkeys(("axis", "amount"), json_values)),
    paired=st.fixed_dictionaries({}, optional=dict.fromkeys(("lower", "upper", "out"), json_values)),
    wished=st.fixed_dictionaries(
        {}, optional={"op": st.sampled_from(["step", "relate", "input"]) | json_values, "value": json_values}
    ),
)
def test_no_json_from_a_stranger_raises(spec, turned, paired, wished):
    made = SHARED.setdefault("lab", SymmetryLab(O(2), 1, 1))
    whole = {**made.spec, **spec}
    made.set_state({"spec": whole, "revision": made.revision + 1})
    for name, value in (("turning", turned), ("composing", paired), ("wish", wished)):
        made.set_state({name: value})
    assert made.spec["weights"] == [[at, weight] for at, weight in made.weights.items()] or made.issues == []


def test_handlers_on_a_second_thread_and_changes_on_the_first_agree_in_the_end(lab):
    faults: list[BaseException] = []

    def front_end() -> None:
        draw = random.Random(0)
        try:
            for _ in range(80):
                page(
                    lab,
                    weights=[[draw.randint(0, 14), 1.0]] if draw.random() < 0.8 else None,
                    group={"family": "S", "n": draw.randint(2, 6)},
                )
                wish(lab, draw.choice(["random", "undo", "another", "check"]))
        except BaseException as error:  # noqa: BLE001 -- it is looked at below
            faults.append(error)

    thread = threading.Thread(target=front_end)
    thread.start()
    for _ in range(40):
        lab.weights = {3: 1.0}
        _ = lab.combination, repr(lab), lab.hom
    thread.join()
    assert not faults
    assert lab.error < 1e-12
    eventually(lambda: lab.numbers["error"] is not None)
    assert lab.spec["group"]["n"] == lab.hom.group.n
    assert [at for at, _ in lab.spec["weights"]] == list(lab.weights)


# ---- what it says of itself --------------------------------------------------------------------------------------------


def test_repr_says_what_it_holds(lab):
    assert repr(lab) == "SymmetryLab(S(5), 2, 2, weights={0: 0.8, 7: 1.0, 14: -0.4})"
    walled = SymmetryLab(GL(2), (1, 1), (2, 0), weights={})
    assert repr(walled) == "SymmetryLab(GL(2), (1, 1), (2, 0), weights={})"
    assert walled.error == 0
    many = SymmetryLab(S(4), 4, 4, weights=dict.fromkeys(range(20), 1.0))
    assert repr(many) == "SymmetryLab(S(4), 4, 4, weights={... 20 diagrams})"
    walled.close()
    many.close()


def test_a_group_of_ones_own_is_offered_beside_the_families():
    class Klein(B):
        """Signs on two coordinates: a group whose maps we do not know; those of B commute with it all the same."""

        def __repr__(self) -> str:
            return "Klein()"

    lab = SymmetryLab(Klein(2), 2, 2)
    assert lab.spec["group"] == {"family": "own", "n": 2}
    assert lab.about["kinds"][-1] == {
        "key": "own",
        "title": "Klein()",
        "words": "yours",
        "least": 2,
        "step": 1,
        "fixed": True,
        "between": None,
    }
    page(lab, group={"family": "S", "n": 2}, weights=None)
    page(lab, group={"family": "own", "n": 2}, weights=None)
    assert isinstance(lab.hom.group, Klein)
    assert lab.error < 1e-12
    lab.close()


def test_in_a_notebook_a_still_picture_comes_before_the_widget(lab, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *objects, metadata=None, raw=False: shown.extend(objects))
    lab._ipython_display_()
    still, live = shown
    assert still["text/html"].startswith('<div class="wb-static-twin"><img')
    assert "application/vnd.jupyter.widget-view+json" in live
    assert ET.fromstring(lab._still()).tag.endswith("svg")
    lab.weights = {}
    assert ET.fromstring(lab._still()).tag.endswith("svg")
    lab.hom = O(3).hom(1, 2)
    assert "dimension 0" in lab._still().alt


def test_the_root_knows_it():
    assert wb.SymmetryLab is SymmetryLab
