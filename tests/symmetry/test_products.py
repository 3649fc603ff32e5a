"""Products of groups and direct sums of representations, against null spaces and the algebra of matrices."""

import networkx as nx
import pytest
import torch

from tests.symmetry import oracle
from workbench.symmetry import GL, SO, A, Aut, B, C, Lorentz, O, Product, S, Sp, SymmetryError

PRODUCTS = [
    (S(4) * O(3), 1, 1),
    (S(3) * SO(3), 2, 1),
    (O(3) * S(4), 1, 1),
    (Sp(2) * S(3), 1, 1),
    (C(4) * O(2), 1, 1),
    (A(3) * SO(2), 1, 1),
    (A(3) * SO(2), 2, 0),
    (S(2) * O(2) * S(3), 1, 1),
    (GL(2) * S(3), (1, 0), (1, 0)),
    (Aut(nx.path_graph(3)) * O(2), 1, 1),
    (S(2) @ O(2), 1, 1),
    (S(2) @ O(2), 2, 1),
    (S(2) @ O(2), 2, 2),
    (C(3) @ SO(2), 2, 1),
    (GL(2) @ S(2), (1, 0), (1, 0)),
    (S(2) @ Sp(2) @ O(1), 2, 1),
    (O(2) @ O(2), 2, 1),
]


def null_space(hom):
    """What commutes with eight random elements, which generate what they are taken from almost surely."""
    rows, columns = hom.shape
    gram = torch.zeros(rows * columns, rows * columns, dtype=torch.float64)
    for seed in range(8):
        above, below = (on_basis(hom.group, hom.group.sample(seed), space) for space in (hom.target, hom.source))
        moved = torch.kron(above, torch.eye(columns)) - torch.kron(torch.eye(rows), below.T.contiguous())
        gram += moved.T @ moved
    values = torch.linalg.eigvalsh(gram)
    return int((values < 1e-9 * values[-1]).sum())


def on_basis(group, g, space):
    sizes = group.sizes(space)
    basis = torch.eye(torch.Size(sizes).numel(), dtype=torch.float64)
    return group.act(g, basis.reshape(-1, *sizes), space).reshape(len(basis), -1).T.contiguous()


@pytest.mark.parametrize(("group", "k", "l"), PRODUCTS, ids=str)
def test_dimensions_are_those_of_the_null_space(group, k, l):
    hom = group.hom(k, l)
    assert hom.dimension == null_space(hom)
    basis = [each.matrix().to_dense().flatten() for each in hom.basis()]
    assert torch.linalg.matrix_rank(torch.stack([torch.zeros(hom.shape).flatten().double(), *basis])) == hom.dimension
    assert len(hom.diagrams) == hom.spanning_size


@pytest.mark.parametrize("name", ["S", "A", "B"])
@pytest.mark.parametrize("other", ["O", "SO", "Sp"])
def test_dimensions_are_products_of_burnside_sums_and_weyl_integrals(name, other):
    groups = {"S": S, "A": A, "B": B, "O": O, "SO": SO, "Sp": Sp}
    for n in (2, 3, 4):
        for r in (2, 4) if other == "Sp" else (2, 3):
            for m in range(4):
                found = (groups[name](n) * groups[other](r)).hom(m, 1).dimension
                assert found == oracle.burnside(name, n, m + 1) * oracle.weyl(other, r, m + 1)


@pytest.mark.parametrize(
    "group", [S(3) * O(2), A(3) * SO(2), C(3) * O(2), S(2) @ O(2), S(2) @ SO(2), GL(2) @ S(2)], ids=str
)
def test_maps_compose_and_stand_side_by_side_like_their_matrices(group):
    hom = group.hom(1, 1)
    beside = group.hom(2, 2)
    for first in hom.basis()[:4]:
        for second in hom.basis()[-4:]:
            a, b = first.matrix().to_dense(), second.matrix().to_dense()
            assert torch.allclose(hom.matrix(first @ second).to_dense(), a @ b)
            assert torch.allclose(beside.matrix(first | second).to_dense(), torch.kron(a, b))


def test_maps_of_higher_powers_compose():
    group = S(2) @ SO(2)
    above, below = group.hom(2, 1).basis(), group.hom(1, 2).basis()
    for first in above:
        for second in below:
            product = first.matrix().to_dense() @ second.matrix().to_dense()
            assert torch.allclose(group.hom(1, 1).matrix(first @ second).to_dense(), product)


def test_each_factor_acts_on_indices_of_its_own():
    group = S(4) * O(3)
    points, space = group.parts
    x = torch.randn(4, 3, dtype=torch.float64)
    g = group.sample(1)
    p, r = group.split(g)
    assert torch.allclose(group.act(g, x, 1), p @ x @ r.T)
    assert torch.allclose((points * space).act(g, x.reshape(-1)), (p @ x @ r.T).reshape(-1))
    assert (points**2 * space, space + 1, group.V).__repr__() == "(V**2*W, W + 1, V*W)"
    assert group.hom(points * space, points).dimension == 0
    assert group.hom(points**2, points).dimension == S(4).hom(2, 1).dimension
    with pytest.raises(SymmetryError, match=r"acts on axes of size 4, 3; the last 2 of a tensor of shape \(3, 4\)"):
        group.act(g, x.T, 1)


def test_products_of_products_are_flat():
    assert (S(2) * O(2)) * S(3) == S(2) * (O(2) * S(3)) == Product(S(2), O(2), S(3))
    assert ((S(2) @ O(2)) @ S(3)).n == 7
    assert hash(S(2) * O(2)) == hash(S(2) * O(2))
    assert S(2) * O(2) != O(2) * S(2)
    assert repr((S(2) @ O(2)) * C(3)) == "(S(2) @ O(2)) * C(3)"
    with pytest.raises(SymmetryError, match="a product of groups has no single V"):
        (S(2) * O(2)) @ S(2)
    with pytest.raises(SymmetryError, match="two groups or more"):
        Product(S(2))


# ---- direct sums of representations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [S(3), O(3), C(4), Lorentz(), S(3) * O(2)], ids=str)
def test_maps_between_direct_sums_are_blocks(group):
    V = group.V
    hom = group.hom(V + 2, 2 * V + 1)
    single = {(k, l): group.hom(k, l).dimension for k in (0, 1) for l in (0, 1)}
    assert hom.dimension == 2 * single[1, 1] + 4 * single[0, 1] + single[1, 0] + 2 * single[0, 0]
    basis = torch.stack([each.matrix().to_dense().flatten() for each in hom.basis()])
    assert torch.linalg.matrix_rank(basis) == hom.dimension == len(hom.basis())
    g = group.sample(3)
    eye = torch.eye(hom.source.size, dtype=torch.float64), torch.eye(hom.target.size, dtype=torch.float64)
    below, above = (rep.act(g, one).T for rep, one in zip((hom.source, hom.target), eye, strict=True))
    for matrix in basis.reshape(-1, *hom.shape):
        assert torch.allclose(above @ matrix, matrix @ below, atol=1e-12)


def test_blocks_compose_where_their_copies_meet():
    V = O(2).V
    first, second = O(2).hom(2 * V, V + 1), O(2).hom(V**2 + V, 2 * V)
    between = O(2).hom(V**2 + V, V + 1)
    for a in first.basis():
        for b in second.basis():
            product = a.matrix().to_dense() @ b.matrix().to_dense()
            assert torch.allclose(between.matrix(a @ b).to_dense(), product)
    assert repr(second.basis()[0]) == "1 1' : V -> V[0]"
    with pytest.raises(SymmetryError, match="put the maps between their terms side by side"):
        first.basis()[0] | first.basis()[0]


def test_a_projection_is_the_mean_over_the_group():
    matrix = torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    with pytest.raises(SymmetryError, match=r"are 4 x 4; this tensor's shape is \(2, 3, 5, 4\)"):
        C(4).hom(1, 1).project(matrix)
    square = torch.randn(2, 4, 4, dtype=torch.float64, requires_grad=True)
    turns = [torch.roll(torch.eye(4, dtype=torch.float64), at, 0) for at in range(4)]
    mean = sum(g @ square @ g.T for g in turns) / 4
    assert torch.allclose(C(4).hom(1, 1).project(square), mean)
    assert torch.autograd.gradcheck(C(4).hom(1, 1).project, (square,))
    assert C(4).hom(1, 1).project(square.float()).dtype == torch.float32
    nothing = O(3).hom(2, 1)
    assert torch.equal(nothing.project(torch.randn(3, 9)), torch.zeros(3, 9))


def test_the_projection_of_a_random_matrix_is_equivariant_and_nearest():
    for hom in (
        SO(3).hom(2, 1),
        O(2).hom(3, 3),
        A(3).hom(1, 2),
        (S(3) * O(2)).hom(1, 1),
        O(2).hom(O(2).V + 1, O(2).V + 2),
    ):
        matrix = torch.randn(hom.shape, dtype=torch.float64)
        near = hom.project(matrix)
        assert torch.allclose(hom.project(near), near)
        for each in hom.basis():  # what is left is orthogonal to all maps
            assert abs(float(((matrix - near) * each.matrix().to_dense()).sum())) < 1e-9
