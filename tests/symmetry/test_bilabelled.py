"""Bilabelled graphs, against homomorphisms counted one by one."""

from itertools import product

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.symmetry import (
    Aut,
    BilabelledGraph,
    C,
    D,
    MatrixGroup,
    O,
    S,
    SymmetryError,
    bilabelled_basis,
    bilabelled_graphs,
)
from workbench.symmetry._bilabelled_search import _levels

TOURNAMENT = nx.DiGraph([(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (3, 2)])
COLOURED = nx.path_graph(4)
nx.set_node_attributes(COLOURED, {0: "red", 1: "blue", 2: "red", 3: "red"}, "kind")
GROUPS = [
    Aut(nx.path_graph(3)),
    Aut(nx.star_graph(3)),
    Aut(nx.house_graph()),
    Aut(nx.cycle_graph(4, create_using=nx.DiGraph)),
    Aut(TOURNAMENT),
    Aut(COLOURED, colour="kind"),
]
SMALL = [graph for graph in nx.graph_atlas_g() if 1 <= len(graph) <= 5]
SIX = [graph for graph in nx.graph_atlas_g() if len(graph) == 6]


def brute_force(small, group):
    """One map of the nodes after the other."""
    edges = nx.to_numpy_array(group.graph)
    n, (top, below) = group.n, (small.outputs, small.inputs)
    counts = np.zeros((n,) * (len(top) + len(below)))
    for image in product(range(n), repeat=small.nodes):
        if all(edges[image[a], image[b]] for a, b in small.edges) and all(
            group.colours[image[node]] == colour for node, colour in small.colours
        ):
            counts[tuple(image[node] for node in (*top, *below))] += 1
    return torch.from_numpy(counts.reshape(n ** len(top), n ** len(below)))


@st.composite
def bilabelled(draw, outputs=None, inputs=None, colours=()):
    nodes = draw(st.integers(1, 4))
    node = st.integers(0, nodes - 1)
    return BilabelledGraph(
        nodes,
        draw(st.lists(st.tuples(node, node), max_size=5)),
        draw(st.lists(node, max_size=2) if outputs is None else st.lists(node, min_size=outputs, max_size=outputs)),
        draw(st.lists(node, max_size=2) if inputs is None else st.lists(node, min_size=inputs, max_size=inputs)),
        draw(st.lists(st.tuples(node, st.sampled_from(colours)), min_size=1, max_size=2)) if colours else (),
    )


@pytest.mark.parametrize("group", GROUPS, ids=str)
@settings(max_examples=15)
@given(st.data())
def test_homomorphisms_are_those_counted_one_by_one(group, data):
    """Loops have none; nodes may be labelled twice or not at all."""
    names = tuple(dict.fromkeys(group.colours)) if len(set(group.colours)) > 1 else ()
    small = data.draw(bilabelled(colours=names))
    found = small.homomorphisms(group)
    assert torch.equal(found.to_dense(), brute_force(small, group))
    assert found.dtype == torch.float64
    assert found._nnz() == int((found.to_dense() != 0).sum())
    assert small.homomorphisms(group, torch.float32).dtype == torch.float32


@pytest.mark.parametrize("group", GROUPS, ids=str)
@settings(max_examples=15)
@given(st.data())
def test_the_network_of_copy_tensors_is_the_same_map(group, data):
    names = tuple(dict.fromkeys(group.colours)) if len(set(group.colours)) > 1 else ()
    small = data.draw(bilabelled(colours=names))
    net = small.network(group.n)
    assert all((kind == "copy") == name.startswith("N") for name, kind in net.fixed.items())
    cores = {name: group.adjacency.double() for name in net.tensors if name.startswith("A")}
    for at, (_, colour) in enumerate(small.colours, start=1):
        cores[f"C{at}"] = torch.tensor([each == colour for each in group.colours], dtype=torch.float64)
    value = net.contract(cores).to(torch.float64).reshape(group.n ** len(small.outputs), -1)
    assert torch.equal(value, brute_force(small, group))


@settings(max_examples=40)
@given(st.sampled_from(GROUPS), st.integers(0, 2), st.data())
def test_gluing_is_the_product_and_setting_side_by_side_the_kronecker_product(group, between, data):
    first, second = data.draw(bilabelled(inputs=between)), data.draw(bilabelled(outputs=between))
    a, b = (each.homomorphisms(group).to_dense() for each in (first, second))
    assert torch.equal((first @ second).homomorphisms(group).to_dense(), a @ b)
    assert torch.equal(first.T.homomorphisms(group).to_dense(), a.T)
    if len(first.outputs) + len(second.inputs) + 2 * between <= 5:
        assert torch.equal((first | second).homomorphisms(group).to_dense(), torch.kron(a, b))


@settings(max_examples=30)
@given(st.sampled_from(GROUPS), st.integers(0, 20), bilabelled(1, 2))
def test_the_matrix_commutes_with_every_automorphism(group, seed, small):
    g = group.sample(seed)
    x = small.homomorphisms(group).to_dense()
    assert torch.equal(g @ x, x @ torch.kron(g, g))


@pytest.mark.parametrize("order", range(3))
def test_small_ones_span_for_every_graph_with_at_most_five_nodes(order):
    """52 graphs, and every fourth of the 156 with six nodes; the rank of the matrices is the dimension."""
    for graph in (*SMALL, *SIX[::4]):
        hom = Aut(graph).hom(order - order // 2, order // 2)
        found = bilabelled_basis(hom)
        rows = torch.stack([each.homomorphisms(hom.group).to_dense().flatten() for each in found])
        assert len(found) == hom.dimension == int(torch.linalg.matrix_rank(rows))
        assert torch.allclose(hom.project(rows.reshape(-1, *hom.shape)), rows.reshape(-1, *hom.shape))


@pytest.mark.parametrize("group", [GROUPS[2], GROUPS[3], GROUPS[4], GROUPS[5], Aut(nx.petersen_graph())], ids=str)
@pytest.mark.parametrize(("k", "l"), [(0, 1), (1, 1), (1, 2)])
def test_the_graph_found_for_an_orbit_counts_differently_there_than_anywhere_else(group, k, l):
    hom = group.hom(k, l)
    told = bilabelled_graphs(hom, 4)
    assert any(told)
    for orbit, small in zip(hom.basis(), told, strict=True):
        assert small == orbit.bilabelled(4)
        if small is None:
            continue
        counts = small.homomorphisms(group).to_dense()
        here = orbit.matrix().to_dense() == 1
        assert len(counts[here].unique()) == 1
        assert counts[here].unique() not in counts[~here]


@pytest.mark.parametrize("group", GROUPS[:5], ids=str)
def test_no_smaller_graph_tells_an_orbit_apart(group):
    """All graphs with at most three nodes, by brute force: with as few nodes none has fewer edges."""
    hom = group.hom(1, 1)
    directed = group.graph.is_directed()
    best = {}
    for nodes in range(1, 4):
        pairs = [(a, b) for a in range(nodes) for b in range(nodes) if a < b or (directed and a != b)]
        for flags in product((0, 1), repeat=len(pairs)):
            edges = [pair for pair, flag in zip(pairs, flags, strict=True) if flag]
            for top, below in product(range(nodes), repeat=2):
                counts = brute_force(BilabelledGraph(nodes, edges, [top], [below]), group)
                for at, orbit in enumerate(hom.basis()):
                    here = orbit.matrix().to_dense() == 1
                    if counts[here][0] not in counts[~here] or here.all():
                        best[at] = min(best.get(at, (9, 9)), (nodes, len(edges)))
    found = bilabelled_graphs(hom, 3)
    assert {at: (each.nodes, len(each.edges)) for at, each in enumerate(found) if each} == best


def test_every_graph_is_looked_at_once():
    """With one labelled node: connected graphs with a root, up to isomorphism; all have homomorphisms into a complete graph."""
    rooted = [[] for _ in range(6)]
    for graph in SMALL:
        if nx.is_connected(graph):
            for root in graph:
                nx.set_node_attributes(graph, {node: node == root for node in graph}, "root")
                known = rooted[len(graph)]
                if not any(nx.is_isomorphic(graph, other, node_match=lambda a, b: a == b) for other in known):
                    known.append(graph.copy())
    levels = [len(graphs) for graphs, _ in _levels(Aut(nx.complete_graph(5)), 1, 5)]
    assert levels == [len(known) for known in rooted] == [0, 1, 1, 3, 11, 58]


def test_known_graphs_of_a_ring_and_of_petersens_graph():
    point = BilabelledGraph(1, (), (0,), (0,))
    edge = BilabelledGraph(2, [(0, 1)], [0], [1])
    walk = BilabelledGraph(3, [(0, 2), (1, 2)], [0], [1])
    assert bilabelled_graphs(Aut(nx.cycle_graph(5)).hom(1, 1)) == (point, edge, walk)
    assert set(bilabelled_graphs(Aut(nx.petersen_graph()).hom(1, 1))) == {point, edge, walk}
    ring = Aut(nx.cycle_graph(4, create_using=nx.DiGraph)).hom(1, 1)
    assert [each.edges for each in bilabelled_graphs(ring)] == [(), ((0, 1),), ((0, 2), (2, 1)), ((1, 0),)]
    assert bilabelled_graphs(Aut(nx.empty_graph(1)).hom(0, 0)) == (BilabelledGraph(0, (), (), ()),)


def test_twins_are_told_apart_by_no_one_graph():
    """(a leaf, another leaf) has as many homomorphisms as (a leaf, the same), or none."""
    hom = Aut(nx.star_graph(3)).hom(1, 1)
    assert [each is None for each in bilabelled_graphs(hom)] == [each.pivot == (1, 2) for each in hom.basis()]
    assert len(bilabelled_basis(hom)) == hom.dimension == 5
    alike = bilabelled_graphs(hom, alike=True)
    assert alike[4] == hom.basis()[4].bilabelled(alike=True) == BilabelledGraph(2, [(0, 1)], [0], [1])


@pytest.mark.parametrize(("k", "l"), [(1, 1), (1, 2)])
def test_among_tuples_equal_in_the_same_places_graphs_have_a_node_for_each_different_index(k, l):
    for group in (
        Aut(nx.empty_graph(3)),
        Aut(nx.complete_bipartite_graph(2, 3)),
        Aut(nx.hypercube_graph(3)),
        GROUPS[3],
    ):
        hom = group.hom(k, l)
        values = {}
        for orbit, small in zip(hom.basis(), bilabelled_graphs(hom, 5, alike=True), strict=True):
            equal = tuple(orbit.pivot.index(each) for each in orbit.pivot)
            values.setdefault(equal, []).append((orbit, small))
        for told in values.values():
            for orbit, small in told:
                assert small is not None
                labels = (*small.outputs, *small.inputs)
                assert [labels.index(each) for each in labels] == [orbit.pivot.index(each) for each in orbit.pivot]
                counts = small.homomorphisms(group).to_dense()
                of = [counts[other.matrix().to_dense() == 1].unique() for other, _ in told]
                assert [len(each) for each in of] == [1] * len(told)
                assert sum(bool(each == counts[orbit.matrix().to_dense() == 1][0]) for each in of) == 1


def test_colours_are_used_where_they_help():
    graph = nx.empty_graph(3)
    nx.set_node_attributes(graph, {0: "red", 1: "red", 2: None}, "kind")
    first, second = Aut(graph, colour="kind").hom(0, 1).basis()
    assert first.bilabelled() == BilabelledGraph(1, (), (0,), (), ((0, "red"),))
    assert second.bilabelled() == first.bilabelled()  # it has none there
    assert repr(first.bilabelled()) == "BilabelledGraph(1, edges=(), outputs=(0,), inputs=(), colours=((0, 'red'),))"


def test_a_graph_is_what_its_repr_says():
    small = BilabelledGraph(3, [(1, 2), (0, 1), (0, 1)], [0], [2, 2])
    assert eval(repr(small)) == small
    assert len({small, eval(repr(small))}) == 1
    assert small.edges == ((0, 1), (1, 2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: BilabelledGraph(2, [(0, 2)], [0], [1]),
            "edges name the node 2; this graph has 2, numbered from 0 to 1",
        ),
        (lambda: BilabelledGraph(2, [(0, 1, 1)], [0], [1]), "a pair of nodes, not"),
        (lambda: BilabelledGraph(2, [(0, 1)], [0], [-1]), "inputs name the node -1"),
        (lambda: BilabelledGraph(-1, [], [], []), "a whole number of nodes from 0, not -1"),
        (lambda: GROUPS[0].hom(1, 1).basis()[0].bilabelled(7), "with 0 to 6 nodes, not 7"),
        (lambda: bilabelled_graphs(S(3).hom(1, 1)), r"S\(3\) has none; Aut\(nx.empty_graph\(n\)\) is the same group"),
        (lambda: D(5).hom(1, 1).basis()[0].bilabelled(), r"Aut\(nx.cycle_graph\(n\)\) is the same"),
        (lambda: C(5).hom(1, 1).basis()[0].bilabelled(), r"create_using=nx.DiGraph\)\) is the same"),
        (lambda: MatrixGroup([torch.eye(2)]).hom(1, 1).basis()[0].bilabelled(), r"give a graph by Aut\(graph\)"),
        (lambda: BilabelledGraph(1, [], [0], [0]).homomorphisms(O(3)), r"O\(3\) has none"),
        (lambda: bilabelled_graphs(GROUPS[0].hom(GROUPS[0].V + 1, 1)), "between direct sums"),
        (lambda: bilabelled_basis(Aut(nx.star_graph(3)).hom(1, 1), 1), "at most 1 nodes span 1 of the 5.*nodes="),
        (lambda: bilabelled_basis(Aut(nx.frucht_graph()).hom(1, 2)), "more than 1,000 dimensions"),
        (lambda: BilabelledGraph(1, [], [0], [0]) @ BilabelledGraph(2, [], [0, 1], []), "1 inputs .* 2 outputs"),
        (
            lambda: BilabelledGraph(1, [], [0], [0], [(0, "red")]).homomorphisms(GROUPS[0]),
            "no node .* colour 'red'; its colours are 0.*colour=",
        ),
        (
            lambda: BilabelledGraph(9, [], range(9), []).homomorphisms(Aut(nx.petersen_graph())),
            "1,000,000,000 entries, more than 50,000,000",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(make, message):
    with pytest.raises(SymmetryError, match=message):
        make()
