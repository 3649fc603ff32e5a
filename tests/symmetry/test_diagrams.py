"""Diagrams as matrices, as networks and in their algebra, against what dense matrices say."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.network import Network
from workbench.symmetry import GL, SO, A, B, Lorentz, O, S, Sp, SymmetryError, U

GROUPS = [S(2), S(3), A(2), A(3), A(4), B(2), B(3), O(2), O(3), SO(2), SO(3), Sp(2), Sp(4), Lorentz()]
IDS = {"ids": str}


def dense(hom, of):
    return hom.matrix(of).to_dense()


@pytest.mark.parametrize("group", GROUPS, **IDS)
@pytest.mark.parametrize(("k", "l"), [(0, 2), (1, 1), (2, 1), (1, 2), (2, 2), (3, 1)])
def test_every_diagram_commutes_with_the_group(group, k, l):
    hom = group.hom(k, l)
    for seed in range(2):
        g = group.sample(seed)
        before, after = (kron_power(g, order) for order in (k, l))
        for diagram in hom.diagrams:
            matrix = dense(hom, diagram)
            assert torch.allclose(
                after @ matrix, matrix @ before, rtol=0, atol=1e-12 * float(before.norm() * after.norm())
            )


def kron_power(g, order):
    made = torch.ones(1, 1, dtype=g.dtype)
    for _ in range(order):
        made = torch.kron(made, g.contiguous())
    return made


@pytest.mark.parametrize("group", [GL(2), U(2), U(3)], **IDS)
@pytest.mark.parametrize(("source", "target"), [((1, 1), (1, 1)), ((2, 0), (2, 0)), ((1, 0), (2, 1)), ((2, 1), (1, 0))])
def test_diagrams_with_a_wall_commute_with_the_group(group, source, target):
    hom = group.hom(source, target)
    g = group.sample(3)
    for diagram in hom.diagrams:
        matrix = dense(hom, diagram).to(g.dtype)
        x = torch.randn(*(group.n,) * sum(source), dtype=g.dtype)
        shape = (group.n,) * sum(target)
        there = group.act(g, (matrix @ x.flatten()).reshape(shape), target)
        back = (matrix @ group.act(g, x, source).flatten()).reshape(shape)
        assert torch.allclose(there, back, atol=1e-10)


@pytest.mark.parametrize("group", [each for each in GROUPS if each != Lorentz()], **IDS)
def test_a_diagram_is_the_network_of_its_tensors(group):
    for k, l in ((2, 2), (2, 1), (3, 1)):
        hom = group.hom(k, l)
        for diagram in hom.diagrams:
            net = diagram.network()
            assert isinstance(net, Network)
            assert not net.free
            value = net.contract({}).to(torch.float64)
            assert torch.equal(value.reshape(group.n**l, group.n**k), dense(hom, diagram))


def test_the_metric_of_space_and_time_is_data_of_the_network():
    eta = torch.diag(torch.tensor([1.0, -1, -1, -1], dtype=torch.float64))
    hom = Lorentz().hom(2, 2)
    for diagram in hom.diagrams:
        net = diagram.network()
        value = net.contract({name: eta for name, kind in net.fixed.items() if kind == "data"}).to(torch.float64)
        assert torch.equal(value.reshape(16, 16), dense(hom, diagram))


def test_a_network_of_another_size_is_the_diagram_of_another_group():
    for small, large in zip(S(3).hom(2, 2).diagrams, S(5).hom(2, 2).diagrams, strict=True):
        assert small.network(5) == large.network()
    with pytest.raises(SymmetryError, match="as many legs as SO"):
        SO(3).hom(2, 1).diagrams[-1].network(4)


@pytest.mark.parametrize("group", GROUPS, **IDS)
@pytest.mark.parametrize(("k", "m", "l"), [(1, 2, 1), (2, 2, 2), (2, 1, 2), (0, 3, 1), (1, 3, 1)])
def test_composition_is_the_product_of_matrices(group, k, m, l):
    upper, lower, both = group.hom(m, l), group.hom(k, m), group.hom(k, l)
    for a in upper.diagrams:
        for b in lower.diagrams:
            assert torch.equal(dense(both, a @ b), dense(upper, a) @ dense(lower, b))


@pytest.mark.parametrize("group", GROUPS, **IDS)
def test_juxtaposition_is_the_kronecker_product(group):
    for (k, l), (p, q) in (((1, 1), (1, 1)), ((2, 1), (1, 1)), ((2, 0), (1, 2)), ((1, 2), (0, 2))):
        left, right, both = group.hom(k, l), group.hom(p, q), group.hom(k + p, l + q)
        for a in left.diagrams:
            for b in right.diagrams:
                assert torch.equal(dense(both, a | b), torch.kron(dense(left, a), dense(right, b)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_composition_is_associative(data):
    group = data.draw(st.sampled_from([S(3), A(3), O(3), SO(3), Sp(4), B(2)]))
    orders = data.draw(st.tuples(*[st.integers(0, 2)] * 4))
    homs = [group.hom(orders[at], orders[at + 1]) for at in range(3)]
    if all(hom.spanning_size for hom in homs):
        a, b, c = (data.draw(st.sampled_from(list(hom.diagrams))) for hom in homs)
        assert (c @ b) @ a == c @ (b @ a)


def test_the_temperley_lieb_relations_hold():
    """e e = n e and e1 e2 e1 = e1, with e the cup and cap."""
    one, cup = O(5).hom(1, 1).diagrams[0], O(5).hom(2, 2).diagrams[0]
    assert cup @ cup == 5 * cup
    first, second = cup | one, one | cup
    assert first @ second @ first == first


def test_two_cross_products_are_the_difference_of_two_diagrams():
    cross = SO(3).hom(2, 1).diagrams[-1]
    same, swapped = SO(3).hom(2, 2).diagrams[1:3]
    assert SO(3).hom(1, 2).diagrams[-1] @ cross == same - swapped


def test_a_symplectic_loop_is_minus_n():
    """Cup and cap carry the form in the same order: J : J = n; turned round once it is -n."""
    cup, cap = Sp(4).hom(0, 2).diagrams[0], Sp(4).hom(2, 0).diagrams[0]
    swap = Sp(4).hom(2, 2).diagrams[2]
    empty = Sp(4).hom(0, 0).diagrams[0]
    assert cap @ cup == 4 * empty
    assert cap @ swap @ cup == -4 * empty


def test_coefficients_stay_exact():
    swap = O(3).hom(2, 2).diagrams[2]
    same = swap @ swap
    half = (same + swap) * Fraction(1, 2)
    assert half @ half == half
    assert str(half) == "1/2 · (1 1' | 2 2') + 1/2 · (1 2' | 2 1')"
    assert str(half - half) == "0"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: O(3).hom(2, 2).diagrams[0] @ O(3).hom(1, 1).diagrams[0], r"takes 2 indices and 1 1' gives 1"),
        (lambda: O(3).hom(1, 1).diagrams[0] @ O(4).hom(1, 1).diagrams[0], r"a map of O\(3\), 1 1' one of O\(4\)"),
        (lambda: O(3).hom(1, 1).diagrams[0] + O(3).hom(2, 2).diagrams[0], "only alike ones add up"),
        (lambda: O(3).hom(2, 2).matrix(O(3).hom(1, 1).diagrams[0]), "none of Hom"),
        (lambda: S(9).hom(9, 9).diagrams, "682,076,806,159, more than 2,000,000"),
        (lambda: S(100).hom(4, 4).diagrams[-1].matrix(), "more than 50,000,000; apply a layer"),
        (lambda: O(3).hom(-1, 2), "whole number from 0"),
        (lambda: O(3).hom(1.5, 2), "not 1.5"),
        (lambda: Sp(3), "even number of coordinates"),
        (lambda: S(0), "at least 1, not 0"),
        (lambda: (O(3).hom(1, 1).diagrams[0] * 0).matrix(), "no matrix"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(make, message):
    with pytest.raises(SymmetryError, match=message):
        make()


def test_counting_needs_no_diagrams():
    assert S(50).hom(20, 20).dimension > 10**30
    assert O(40).hom(20, 20).spanning_size == int(np.prod(np.arange(1, 40, 2).astype(object)))
