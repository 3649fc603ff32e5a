"""C(n), D(n) and the automorphisms of graphs, against brute force."""

import math
from collections import Counter
from itertools import permutations, product

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.symmetry import Aut, C, D, MatrixGroup, S, SymmetryError

GRAPHS = [graph for graph in nx.graph_atlas_g() if 1 <= len(graph) <= 6]


def brute_force(graph):
    """All permutations that keep the adjacency matrix."""
    edges = nx.to_numpy_array(graph)
    every = np.array(list(permutations(range(len(graph)))))
    return every[[np.array_equal(edges[np.ix_(p, p)], edges) for p in every]]


def null_space(elements, m):
    """The rank of the mean of all elements on tensors: the projector onto what they leave alone."""
    n = elements.shape[1]
    digits = np.stack(np.unravel_index(np.arange(n**m), (n,) * m)) if m else np.zeros((0, 1), int)
    mean = np.zeros((n**m, n**m))
    for p in elements:
        images = np.ravel_multi_index(tuple(p[digits]), (n,) * m) if m else np.zeros(1, int)
        mean[images, np.arange(n**m)] += 1 / len(elements)
    return round(np.trace(mean)), int(np.linalg.matrix_rank(mean))


@pytest.mark.parametrize("size", range(1, 7))
def test_every_graph_with_at_most_six_nodes(size):
    """208 graphs, l + k up to 3 (for six nodes the rank of 216 x 216 matrices of every fifth graph, the trace of all)."""
    for number, graph in enumerate(each for each in GRAPHS if len(each) == size):
        elements = brute_force(graph)
        group = Aut(graph)
        assert group.order == len(elements)
        for m in range(4):
            trace, rank = null_space(elements, m) if m < 3 or size < 6 or number % 5 == 0 else (_mean(elements, m),) * 2
            assert group.hom(m, 0).dimension == group.hom(m // 2, m - m // 2).dimension == trace == rank, (graph, m)


def _mean(elements, m):
    fixed = (elements == np.arange(elements.shape[1])).sum(1)
    return round(float((fixed**m).mean()))


@pytest.mark.parametrize(
    ("graph", "order"),
    [
        (nx.petersen_graph(), 120),
        (nx.hypercube_graph(4), 384),
        (nx.frucht_graph(), 1),
        (nx.dodecahedral_graph(), 120),
        (nx.heawood_graph(), 336),
        (nx.tutte_graph(), 3),
        (nx.paley_graph(13).to_undirected(), 78),
        (nx.complete_graph(20), math.factorial(20)),
        (nx.grid_2d_graph(6, 6), 8),
        (nx.cycle_graph(9, create_using=nx.DiGraph), 9),
        (nx.empty_graph(1), 1),
    ],
    ids=str,
)
def test_known_orders(graph, order):
    assert Aut(graph).order == order


def test_all_graphs_of_seven_nodes_have_the_order_that_their_labellings_say():
    """A graph has n! / |Aut| labellings, and all graphs together 2^(n choose 2)."""
    total = sum(math.factorial(7) // Aut(graph).order for graph in nx.graph_atlas_g() if len(graph) == 7)
    assert total == 2**21


def test_random_elements_are_automorphisms_and_uniform():
    graph = nx.cycle_graph(4)
    group, edges = Aut(graph), torch.from_numpy(nx.to_numpy_array(graph))
    generator = torch.Generator().manual_seed(0)
    seen = Counter()
    for _ in range(800):
        g = group.sample(generator)
        assert torch.equal(g @ edges @ g.T, edges)
        seen[tuple(g.argmax(0).tolist())] += 1
    assert len(seen) == 8
    assert all(60 < count < 140 for count in seen.values())  # 100 expected, four standard deviations


def test_without_edges_orbits_are_set_partitions():
    for n, m in product(range(1, 5), range(5)):
        group = Aut(nx.empty_graph(n))
        assert group.hom(m, 0).dimension == S(n).hom(m, 0).dimension


@pytest.mark.parametrize("n", range(1, 9))
def test_rings_by_burnside(n):
    for m in range(5):
        turns = [n**m] + [0**m] * (n - 1)
        assert C(n).hom(m, 0).dimension == sum(turns) // n
        if n > 2:
            fixed = [1] * n if n % 2 else [2] * (n // 2) + [0] * (n // 2)
            assert D(n).hom(m, 0).dimension == (sum(turns) + sum(each**m for each in fixed)) // (2 * n)
        ring = nx.cycle_graph(n) if n > 2 else nx.path_graph(n)
        assert D(n).hom(m, 0).dimension == Aut(ring).hom(m, 0).dimension


def test_the_reduced_null_space_of_permutations_is_their_orbits():
    for group in (C(4), D(5), Aut(nx.path_graph(3)), Aut(nx.star_graph(3))):
        found = MatrixGroup(group.generators).hom(1, 1)
        orbits = group.hom(1, 1)
        assert found.dimension == orbits.dimension
        for one, other in zip(found.basis(), orbits.basis(), strict=True):
            assert torch.allclose(one.matrix().to_dense(), other.matrix().to_dense())


@given(st.integers(2, 6), st.integers(0, 5), st.integers(0, 5))
def test_orbits_compose_like_their_matrices(n, a, b):
    for hom in (D(n).hom(1, 1), Aut(nx.star_graph(n)).hom(1, 1)):
        first, second = (hom.basis()[at % hom.dimension] for at in (a, b))
        found = first @ second
        product = first.matrix().to_dense() @ second.matrix().to_dense()
        assert torch.equal(hom.matrix(found).to_dense(), product)
        assert all(isinstance(value, int) for value in found.terms.values())
        beside = (first | second).matrix().to_dense()
        assert torch.equal(beside, torch.kron(first.matrix().to_dense(), second.matrix().to_dense()))


def test_an_orbit_tells_its_first_index_tuple():
    hom = Aut(nx.path_graph(3)).hom(1, 1)
    assert [each.pivot for each in hom.basis()] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert repr(hom.basis()[3]) == "orbit of 2 | 1"
    assert repr(Aut(nx.path_graph(3)).hom(0, 0).basis()[0]) == "orbit of |"


def test_colours_and_directions_are_kept():
    graph = nx.cycle_graph(4)
    assert Aut(graph).order == 8
    nx.set_node_attributes(graph, {0: "a", 1: "b", 2: "a", 3: "b"}, "kind")
    assert Aut(graph, colour="kind").order == 4
    assert Aut(graph, colour="kind") != Aut(graph)
    assert Aut(nx.path_graph(3, create_using=nx.DiGraph)).order == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Aut(nx.Graph([(0, 0), (0, 1)])), r"1 nodes have loops \(0\).*given as colour="),
        (lambda: Aut(nx.MultiGraph([(0, 1), (0, 1)])), r"make it one by nx\.Graph"),
        (lambda: Aut(nx.Graph()), "at least one node"),
        (lambda: Aut([[0, 1], [1, 0]]), "networkx Graph or DiGraph, not list"),
        (lambda: Aut(nx.path_graph(3), colour="kind"), r"3 nodes have no attribute 'kind' \(0, 1, 2\)"),
        (lambda: C(0), "at least 1, not 0"),
        (lambda: C(100).hom(2, 2), r"100\^4 = 100,000,000 index tuples are too many"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(make, message):
    with pytest.raises(SymmetryError, match=message):
        make()


def test_a_graph_too_regular_is_given_up_with_the_remedy(monkeypatch):
    monkeypatch.setattr("workbench.symmetry._automorphisms.MOST_TRIES", 3)
    with pytest.raises(SymmetryError, match=r"so regular.*MatrixGroup"):
        _ = Aut(nx.petersen_graph()).order
