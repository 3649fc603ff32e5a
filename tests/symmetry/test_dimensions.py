"""Dimensions and bases against oracles that know nothing of diagrams."""

import hashlib

import networkx as nx
import pytest
import torch

from tests.symmetry import oracle
from workbench.symmetry import GL, SO, A, Aut, B, C, D, Lorentz, MatrixGroup, O, S, Sp, U

GROUPS = {"S": S, "A": A, "B": B, "O": O, "SO": SO, "Sp": Sp}
LEAST = {"A": 2, "Sp": 2}


def _cases(most):
    for name, group in GROUPS.items():
        for n in range(LEAST.get(name, 1), 25):
            for m in range(15):
                torus = name in ("O", "SO", "Sp")
                if n**m <= most and not (name == "Sp" and n % 2) and not (n == 1 and m > 8) and not (torus and n > 7):
                    yield name, group(n), m


@pytest.mark.parametrize("name", GROUPS)
def test_dimensions_are_the_sums_of_burnside_and_the_integrals_of_weyl(name):
    cases = [(group, m) for each, group, m in _cases(20_000) if each == name]
    for group, m in cases:
        found = oracle.burnside(name, group.n, m) if name in "SAB" else oracle.weyl(name, group.n, m)
        assert group.hom(m, 0).dimension == found, (group, m)
        assert group.hom(m // 2, m - m // 2).dimension == found, (group, m)
        assert len(group.hom(m, 0).basis()) == found, (group, m)
        if group.hom(m, 0).spanning_size < 50_000:
            assert len(group.hom(m, 0).diagrams) == group.hom(m, 0).spanning_size, (group, m)


def test_the_cases_are_many():
    """Beside these there are 832 of graphs, 80 of rings, 216 of products and 96 of mixed tensors."""
    assert len(list(_cases(20_000))) >= 500


@pytest.mark.parametrize(("n", "p", "q"), [(n, p, q) for n in (1, 2, 3) for p in range(4) for q in range(4)])
def test_dimensions_of_mixed_tensors_are_the_integrals_of_weyl(n, p, q):
    found = oracle.weyl("U", n, p, q)
    for group in (U(n), GL(n)):
        assert group.hom((p, q), 0).dimension == found
        assert len(group.hom((p, q), 0).basis()) == found
        assert group.hom(p, q).dimension == oracle.weyl("U", n, p, q)


@pytest.mark.parametrize(
    ("group", "k", "l"),
    [
        *[(S(3), k, 4 - k) for k in range(5)],
        *[
            (group, 2, 2)
            for group in (S(4), A(3), A(4), B(3), O(2), O(3), SO(2), SO(3), SO(4), Sp(2), Sp(4), Lorentz())
        ],
        *[(group, 3, 1) for group in (A(4), SO(2), SO(4), Sp(4), Lorentz())],
        *[(group, 3, 2) for group in (A(3), SO(3), SO(2), B(2))],
        *[(group, 3, 3) for group in (O(2), SO(2), Sp(2), SO(3), O(3))],
        *[(group, (1, 1), (1, 1)) for group in (GL(2), U(2), GL(3))],
        (U(2), (2, 0), (2, 0)),
        (GL(2), (1, 0), (2, 1)),
    ],
    ids=str,
)
def test_dimensions_are_those_of_the_null_space(group, k, l):
    hom = group.hom(k, l)
    assert hom.dimension == oracle.null_space(group, hom.target, hom.source)


@pytest.mark.parametrize(
    ("group", "m", "spanning", "dimension"),
    [
        (O(2), 6, 15, 10),
        (O(3), 8, 105, 91),
        (SO(3), 7, 105, 36),
        (SO(2), 6, 60, 20),
        (SO(4), 4, 4, 4),
        (SO(4), 6, 30, 25),
        (Sp(2), 8, 105, 14),
        (Sp(4), 8, 105, 84),
        (A(5), 5, 63, 63),
        (A(3), 3, 9, 9),
        (A(4), 4, 22, 22),
        (S(2), 4, 15, 8),
        (S(5), 6, 203, 202),
    ],
    ids=str,
)
def test_published_figures(group, m, spanning, dimension):
    """Of the table in Pearce-Crump's papers and what follows from their formulas."""
    hom = group.hom(m, 0)
    assert (hom.dimension, len(hom.basis())) == (dimension, dimension)
    assert hom.spanning_size == len(hom.diagrams) == spanning


@pytest.mark.parametrize(
    "hom",
    [
        O(1).hom(4, 4),
        O(2).hom(4, 4),
        O(3).hom(4, 4),
        O(2).hom(5, 5),
        SO(2).hom(3, 3),
        SO(2).hom(4, 4),
        SO(3).hom(4, 3),
        SO(3).hom(4, 4),
        SO(3).hom(5, 4),
        SO(4).hom(3, 3),
        SO(5).hom(4, 3),
        Sp(2).hom(4, 4),
        Sp(4).hom(4, 4),
        Sp(2).hom(5, 5),
        S(2).hom(3, 3),
        S(3).hom(3, 3),
        A(3).hom(3, 2),
        A(4).hom(3, 2),
        A(2).hom(2, 2),
        B(2).hom(4, 4),
        GL(2).hom((2, 2), (2, 2)),
        GL(2).hom(4, 4),
        Lorentz().hom(2, 2),
        GL(1).hom(3, 3),
        SO(1).hom(2, 1),
    ],
    ids=str,
)
def test_the_basis_is_independent(hom):
    """Rank by elimination modulo a prime: integer matrices cannot have a smaller one over the rationals."""
    rows = {}
    entries = []
    for diagram in hom.basis():
        index, values = diagram.entries()
        flat = [rows.setdefault(tuple(each), len(rows)) for each in index.tolist()]
        entries.append((flat, values))
    matrix = torch.zeros(len(entries), len(rows), dtype=torch.int64)
    for at, (flat, values) in enumerate(entries):
        matrix[at, flat] = torch.from_numpy(values).to(torch.int64)
    assert _rank_modulo(matrix, 1_000_003) == hom.dimension


def _rank_modulo(matrix, prime):
    matrix, rank = matrix % prime, 0
    for column in range(matrix.shape[1]):
        pivots = torch.nonzero(matrix[rank:, column])
        if len(pivots):
            pivot = rank + int(pivots[0])
            matrix[[rank, pivot]] = matrix[[pivot, rank]]
            matrix[rank] = matrix[rank] * pow(int(matrix[rank, column]), -1, prime) % prime
            matrix[rank + 1 :] = (matrix[rank + 1 :] - matrix[rank + 1 :, column, None] * matrix[rank]) % prime
            rank += 1
            if rank == len(matrix):
                break
    return rank


def test_the_basis_is_a_subset_of_the_diagrams_in_the_same_order():
    for hom in (
        O(2).hom(3, 3),
        SO(3).hom(4, 3),
        Sp(2).hom(3, 3),
        S(2).hom(2, 3),
        B(2).hom(3, 3),
        GL(2).hom((2, 1), (2, 1)),
    ):
        diagrams = list(hom.diagrams)
        places = [diagrams.index(each) for each in hom.basis()]
        assert places == sorted(places)
        assert len(set(diagrams)) == len(diagrams)


def test_the_canonical_order_is_a_format():
    """Weights are stored in it: what was written once must be read for ever, so these digests may never change."""
    digest = hashlib.sha256()
    for hom in (
        S(3).hom(3, 2),
        A(3).hom(2, 2),
        B(2).hom(3, 3),
        O(2).hom(4, 4),
        SO(3).hom(4, 3),
        Sp(2).hom(4, 4),
        U(2).hom(3, 3),
    ):
        digest.update(repr([(each.labels, each.head) for each in hom.basis()]).encode())
    assert digest.hexdigest()[:16] == "d949c9f1283bff73"


def test_the_order_of_orbits_products_and_sums_is_a_format():
    digest = hashlib.sha256()
    V = O(2).V
    for hom in (
        C(4).hom(2, 1),
        D(5).hom(1, 1),
        Aut(nx.path_graph(4)).hom(1, 2),
        MatrixGroup(S(3).generators).hom(2, 1),
        (S(3) * O(2)).hom(2, 2),
        (S(2) @ O(2)).hom(1, 2),
        O(2).hom(V**2 + 2 * V + 1, 2 * V + V**2),
    ):
        digest.update(repr([(str(each), each.entries()[0].tolist()) for each in hom.basis()]).encode())
    assert digest.hexdigest()[:16] == "aeca7a5b65f71285"
