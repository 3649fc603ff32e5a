"""Spaces: points, their networks, and which of them are the same."""

import math
from itertools import product

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.network import tucker
from workbench.structure import GraphSpace, Point, RankSpace, RingSpace, SearchError, TreeSpace
from workbench.structure._bounds import CutBounds
from workbench.structure._spaces import as_space


def random_point(space, seed):
    return space.random(np.random.default_rng(seed))


SPACES = [RingSpace((2, 3, 4, 5), 4), GraphSpace((2, 3, 4), 3), TreeSpace((2, 3, 4, 5, 6), 4), TreeSpace((3, 4), 5)]


@given(st.integers(0, 10_000), st.sampled_from(SPACES))
@settings(max_examples=60)
def test_a_network_has_the_shape_and_the_parameters_of_its_point(seed, space):
    point = random_point(space, seed)
    net = space.network(point)
    assert tuple(net.sizes[leg] for leg in net.legs) == space.shape
    assert net.parameters == space.parameters(point)
    assert all(net.sizes[bond] > 1 for bond in net.bonds)


@given(st.integers(0, 10_000), st.integers(0, 3), st.booleans())
def test_a_ring_turned_or_read_backwards_is_the_same(seed, turn, backwards):
    space = RingSpace((2, 3, 4, 5), 4)
    point = random_point(space, seed)
    order, ranks = np.roll(point.order, -turn), np.roll(point.ranks, -turn)
    if backwards:
        order, ranks = order[::-1], np.roll(ranks[::-1], -1)
    same = Point(tuple(ranks.tolist()), tuple(order.tolist()))
    assert space.key(same) == space.key(point)
    assert space.network(same) == space.network(point)


@given(st.lists(st.integers(0, 5), min_size=4, max_size=4))
def test_a_pruefer_sequence_is_the_tree_that_networkx_reads_in_it(order):
    space = TreeSpace((2,) * 6, 3)
    found = nx.Graph(space.edges(tuple(order)))
    assert nx.is_tree(found)
    assert nx.utils.graphs_equal(found, nx.from_prufer_sequence(order)) or set(map(frozenset, found.edges)) == set(
        map(frozenset, nx.from_prufer_sequence(order).edges)
    )


def test_the_first_tree_is_the_chain():
    space = TreeSpace((2,) * 5, 3)
    assert space.edges(space.first_order) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_all_graphs_of_four_modes_have_different_keys():
    space = GraphSpace((2, 2, 2, 2), 2)
    keys = {space.key(Point(ranks)) for ranks in product((1, 2), repeat=6)}
    assert len(keys) == 64


def test_next_to_a_ring_are_all_swaps_and_next_to_a_tree_all_changes_of_an_entry():
    ring, tree = RingSpace((2,) * 5, 3), TreeSpace((2,) * 5, 3)
    assert len(set(ring.orders(ring.first_order))) == 10
    assert len(set(tree.orders(tree.first_order))) == 3 * 4
    assert RingSpace((2, 2, 2), 3, order=(1, 0, 2)).orders((1, 0, 2)) == ()


def test_the_ranks_of_a_given_network():
    net = tucker((4, 5, 6), (3, 3, 3))
    space = RankSpace(net, free=net.bonds[:2], max_rank=4)
    made = space.network(Point((2, 4)))
    assert [made.sizes[bond] for bond in net.bonds] == [2, 4, 3]
    assert space.key(Point((2, 4))) != space.key(Point((4, 2)))
    assert as_space(net, (4, 5, 6), None).caps == (3, 3, 3)


@given(st.integers(0, 10_000), st.sampled_from(SPACES[:3]))
@settings(max_examples=30)
def test_no_network_goes_below_its_narrowest_cut(seed, space):
    """A tensor of a network with one rank fewer somewhere: whatever the cores, the error is at least the bound."""
    generator = np.random.default_rng(seed)
    point = space.random(generator)
    x = torch.from_numpy(generator.normal(size=space.shape))
    bound = space.lower(point, CutBounds.of(x))
    net = space.network(point)
    cores = {name: torch.from_numpy(generator.normal(size=net.shape_of(name))) for name in net.tensors}
    made = net.contract(cores)
    scale = float((made * x).sum() / made.square().sum())
    assert float((x - scale * made).square().sum() / x.square().sum()) >= bound - 1e-12


def test_the_bound_of_a_matrix_is_what_its_singular_values_leave_out():
    x = torch.diag(torch.tensor([3.0, 2.0, 1.0]))
    bounds, space = CutBounds.of(x), TreeSpace((3, 3), 3)
    assert [space.lower(Point((rank,)), bounds) for rank in (1, 2, 3)] == pytest.approx([5 / 14, 1 / 14, 0])
    assert CutBounds.of(torch.zeros(3, 3)).lower({}) == 0


def test_exact_structures_have_a_bound_of_zero():
    space = RingSpace((3, 3, 3, 3), 3)
    point = Point((2, 3, 2, 2), (0, 2, 1, 3))
    net = space.network(point)
    generator = torch.Generator().manual_seed(0)
    x = net.contract({name: torch.randn(net.shape_of(name), generator=generator).double() for name in net.tensors})
    assert space.lower(point, CutBounds.of(x)) < 1e-14
    assert space.lower(Point((2, 3, 2, 1), (0, 2, 1, 3)), CutBounds.of(x)) > 1e-4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RingSpace((2, 3), 3), "a ring needs at least 3 modes; the tensor has 2"),
        (lambda: RingSpace((2, 3, 4), 0), "a whole number from 1, not 0"),
        (lambda: RingSpace((2, 3, 4), 3, order=(0, 1, 1)), "names every mode"),
        (lambda: RankSpace(tucker((4, 5), (2, 2)), free=["nothing"]), "no bond 'nothing'"),
        (lambda: RankSpace(tucker((4, 5), (2, 2)), free=[]), "no bond is free"),
        (lambda: as_space("rings", (2, 3, 4), None), "did you mean 'ring'"),
        (lambda: as_space("ring", (2, 3, 4), 1), "a single structure, all ranks 1"),
        (lambda: as_space(RingSpace((2, 3, 4)), (2, 3, 5), None), "the target's is"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(make, message):
    with pytest.raises(SearchError, match=message):
        make()


def test_a_space_says_what_it_is():
    assert repr(RingSpace((2, 3, 4), 5)) == "rings of 2 × 3 × 4, ranks up to 5"
    assert math.prod(RingSpace((2, 3, 4), 5).caps) == 125
