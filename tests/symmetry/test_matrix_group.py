"""Groups given by matrices: against the families, and what is refused."""

import pytest
import torch

from workbench.symmetry import GL, SO, A, B, Lorentz, MatrixGroup, O, S, Sp, SymmetryError, U

CASES = [
    *[
        (group, k, m - k)
        for group in (S(3), A(3), B(2), O(2), O(3), SO(3), S(4))
        for m in range(5)
        for k in (0, m // 2)
    ],
    *[(SO(2), k, k) for k in range(4)],
    (O(3), 3, 3),
    (SO(3), 4, 3),
    (A(4), 2, 2),
    (B(3), 3, 3),
]
WALLED = [
    *[(GL(2), (p, 0), (p, 0)) for p in range(4)],
    (GL(3), (1, 1), (1, 1)),
    *[(U(2), (p, 0), (p, 0)) for p in range(4)],
    (U(2), (1, 1), (2, 0)),
]


@pytest.mark.parametrize(("group", "k", "l"), [*CASES, *WALLED], ids=str)
def test_the_null_space_is_spanned_by_the_diagrams(group, k, l):
    hom = group.hom(k, l)
    found = (
        MatrixGroup(group.generators, group.lie_algebra).hom(k, l) if group.generators or group.lie_algebra else None
    )
    assert found is not None
    assert found.dimension == hom.dimension
    for each in hom.basis()[:5]:
        matrix = each.matrix().to_dense()
        assert torch.allclose(found.project(matrix), matrix.to(found.group.dtype), atol=1e-9)


@pytest.mark.parametrize("group", [Sp(2), Sp(4), Lorentz()], ids=str)
def test_where_v_star_is_v_in_other_clothes(group):
    """The group is not orthogonal, so the solver tells V from V*; the form leads from one to the other."""
    found = MatrixGroup(group.generators, group.lie_algebra)
    assert found.walled
    for k, l in ((1, 1), (2, 0), (2, 2)) if group.n > 2 else ((1, 1), (2, 2), (3, 3)):
        assert found.hom((k, 0), (l, 0)).dimension == group.hom(k, l).dimension


def test_a_basis_does_not_depend_on_the_generators():
    first = MatrixGroup(S(4).generators).hom(2, 1)
    second = MatrixGroup([S(4).sample(seed) for seed in range(5)]).hom(2, 1)
    for a, b in zip(first.basis(), second.basis(), strict=True):
        assert torch.equal(a.matrix().to_dense(), b.matrix().to_dense())


def test_maps_compose_and_stand_side_by_side():
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    group = MatrixGroup([], [turn])
    one, j = group.hom(1, 1).basis()
    assert j @ j == -1 * one
    assert torch.allclose((one | j).matrix().to_dense(), torch.kron(torch.eye(2), j.matrix().to_dense()).double())


def test_a_group_that_is_not_orthogonal_acts_on_v_and_its_dual():
    shear = MatrixGroup([[[1.0, 1.0], [0.0, 1.0]]])
    assert repr(shear.hom((1, 0), (1, 0))) == "Hom of MatrixGroup(2; 1 generator), V -> V: 2 solutions, dimension 2"
    g = shear.sample(1)
    for each in shear.hom((1, 0), (0, 1)).basis():  # V -> V*
        moved = torch.linalg.inv(g).T @ each.matrix().to_dense() @ torch.linalg.inv(g)
        assert torch.allclose(moved, each.matrix().to_dense())


def test_a_rotation_in_single_precision_is_a_rotation():
    angle = torch.tensor(0.7)
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    group = MatrixGroup([turn])
    assert not group.walled
    assert torch.allclose(group.generators[0].mT @ group.generators[0], torch.eye(2).double(), atol=1e-15)
    assert group.hom(1, 1).dimension == 2


def test_what_moves_nothing_leaves_all_maps():
    assert MatrixGroup([torch.eye(2)]).hom(1, 1).dimension == 4


def test_layers_are_exact_in_double_precision_also_after_single():
    torch.manual_seed(0)
    layer = MatrixGroup([O(3).sample(1), O(3).sample(2)]).hom(2, 2).layer(2, 2)
    group = layer.hom.group
    layer = layer.float().double()
    x, g = torch.randn(2, 2, 3, 3, dtype=torch.float64), group.sample(4)
    assert torch.allclose(layer(group.act(g, x, 2)), group.act(g, layer(x), 2), atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MatrixGroup(), "at least one generator"),
        (lambda: MatrixGroup([torch.ones(2, 3)]), r"generators\[0\] is not a square matrix: its shape is \(2, 3\)"),
        (lambda: MatrixGroup([torch.eye(2), torch.eye(3)]), r"these have \[2, 3\] rows"),
        (lambda: MatrixGroup([torch.eye(2), torch.ones(2, 2)]), r"generators\[1\] is singular"),
        (lambda: MatrixGroup([], [[[float("nan")]]]), r"lie_algebra\[0\] has entries that are not finite"),
        (
            lambda: MatrixGroup([torch.eye(2), [[1.0, 0.1], [0.0, 1.0]]], orthogonal=True),
            r"generators\[1\] is not orthogonal: it misses that by 0\.1",
        ),
        (
            lambda: MatrixGroup([], [torch.eye(2)], orthogonal=True),
            r"exponential of lie_algebra\[0\] is not orthogonal",
        ),
        (lambda: MatrixGroup(O(3).generators).hom(4, 4), r"= 6,561 entries is too large to seek \(up to 4,096\)"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(make, message):
    with pytest.raises(SymmetryError, match=message):
        make()
