"""Constrained cores against scipy's NNLS, brute force over orthogonal matrices, and whole alternating fits."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from workbench.data import planted
from workbench.decomposition import FitError
from workbench.decomposition._als import site_of
from workbench.decomposition._constraints import (
    check_constraints,
    check_orthogonal,
    nonnegative_start,
    orthonormal_start,
    solve_nonnegative,
    solve_orthogonal,
)
from workbench.network import Network, cp, tucker
from workbench.network._contract import run

DOUBLE = torch.float64


def problem(batch: int, n: int, k: int, seed: int, *, condition: float = 1.0, rank: int | None = None):
    """Matrices, their Gram matrices and right-hand sides."""
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(batch, n + 4, rank or n, generator=generator, dtype=DOUBLE)
    matrix = matrix @ torch.randn(batch, rank or n, n, generator=generator, dtype=DOUBLE) if rank else matrix
    matrix = matrix + condition * torch.randn(batch, n + 4, 1, generator=generator, dtype=DOUBLE)  # collinear columns
    data = torch.randn(batch, n + 4, k, generator=generator, dtype=DOUBLE) + 0.5
    start = torch.randn(batch, n, k, generator=generator, dtype=DOUBLE)
    return matrix, data, matrix.mT @ matrix, matrix.mT @ data, start


def objective(gram, right, z):
    return (z * (gram @ z - 2 * right)).sum(-2)


def scipys(matrix, data):
    """scipy's active-set solution of every column."""
    found = [
        [nnls(a, column, maxiter=1000)[0] for column in b.T] for a, b in zip(matrix.numpy(), data.numpy(), strict=True)
    ]
    return torch.from_numpy(np.array(found)).mT


@settings(max_examples=60)
@given(
    batch=st.integers(1, 3),
    n=st.integers(1, 9),
    k=st.integers(1, 6),
    condition=st.sampled_from([0.0, 1.0, 30.0, 1e3]),
    seed=st.integers(0, 10**6),
)
def test_non_negative_least_squares_is_scipys(batch, n, k, condition, seed):
    matrix, data, gram, right, start = problem(batch, n, k, seed, condition=condition)
    found = solve_nonnegative(gram, right, start)
    expected = scipys(matrix, data)
    assert float(found.min()) >= 0
    scale = data.square().sum(-2)
    assert torch.all((objective(gram, right, found) - objective(gram, right, expected)).abs() <= 1e-9 * scale)
    if condition <= 1:
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("n", "k"), [(40, 300), (120, 2)])
def test_larger_systems_are_solved_exactly_too(n, k):
    matrix, data, gram, right, start = problem(1, n, k, seed=3, condition=3.0)
    found = solve_nonnegative(gram, right, start)
    torch.testing.assert_close(found, scipys(matrix, data), rtol=1e-6, atol=1e-7)


@settings(max_examples=60)
@given(
    n=st.integers(1, 8),
    rank=st.one_of(st.none(), st.integers(1, 4)),
    condition=st.sampled_from([0.0, 1e4]),
    sweeps=st.integers(1, 6),
    seed=st.integers(0, 10**6),
)
def test_however_few_sweeps_no_column_gets_worse(n, rank, condition, sweeps, seed):
    _, _, gram, right, start = problem(2, n, 5, seed, condition=condition, rank=rank)
    found = solve_nonnegative(gram, right, start, sweeps=sweeps)
    assert float(found.min()) >= 0
    before = objective(gram, right, start.clamp(min=0))
    assert torch.all(objective(gram, right, found) <= before + 1e-12 * before.abs())


@settings(max_examples=40)
@given(n=st.integers(2, 8), seed=st.integers(0, 10**6))
def test_singular_systems_reach_the_minimum(n, seed):
    matrix, data, gram, right, start = problem(1, n, 4, seed, condition=0.0, rank=max(1, n // 2))
    found = solve_nonnegative(gram, right, start, sweeps=200)
    least = (matrix @ scipys(matrix, data) - data).square().sum(-2)
    reached = (matrix @ found - data).square().sum(-2)
    assert torch.all(reached <= least + 1e-8 * data.square().sum(-2))


def test_sizes_of_components_do_not_matter():
    matrix, data, _, _, start = problem(1, 6, 20, seed=2)
    scales = torch.logspace(-6, 6, 6, dtype=DOUBLE)
    scaled = matrix * scales
    found = solve_nonnegative(scaled.mT @ scaled, scaled.mT @ data, start.abs() / scales[:, None])
    torch.testing.assert_close(found * scales[:, None], scipys(matrix, data), rtol=1e-6, atol=1e-8)


def test_a_component_that_is_zero_elsewhere_keeps_its_numbers():
    matrix, _, _, _, start = problem(1, 4, 3, seed=1)
    matrix[..., 2] = 0
    data = matrix @ torch.ones(1, 4, 3, dtype=DOUBLE)
    found = solve_nonnegative(matrix.mT @ matrix, matrix.mT @ data, start)
    torch.testing.assert_close(found[:, 2], start[:, 2].clamp(min=0), rtol=0, atol=0)
    torch.testing.assert_close(found[:, [0, 1, 3]], torch.ones(1, 3, 3, dtype=DOUBLE))


def test_all_zero_systems_keep_the_start():
    zero = torch.zeros(2, 3, 3, dtype=DOUBLE)
    start = torch.tensor([-1.0, 0.0, 2.0], dtype=DOUBLE).reshape(1, 3, 1).expand(2, 3, 4)
    assert torch.equal(solve_nonnegative(zero, torch.zeros(2, 3, 4, dtype=DOUBLE), start), start.clamp(min=0))


def test_an_interior_solution_is_the_unconstrained_one():
    _, _, gram, _, start = problem(2, 5, 7, seed=8)
    truth = torch.rand(2, 5, 7, generator=torch.Generator().manual_seed(0), dtype=DOUBLE) + 0.1
    torch.testing.assert_close(solve_nonnegative(gram, gram @ truth, start), truth, rtol=1e-8, atol=1e-8)


def non_negative_cp(
    x: torch.Tensor, net: Network, seed: int, sweeps: int
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Alternating non-negative least squares as the engine does it."""
    cores = {name: nonnegative_start(core) for name, core in net.random(seed=seed, dtype=DOUBLE).items()}
    errors = []
    for _ in range(sweeps):
        for name in net.tensors:
            site = site_of(net, name)
            others = [cores[each] for each in site.others]
            gram = run(site.gram, others + others).reshape(site.shape[0], site.shape[1], -1)
            right = run(site.right, [x, *others]).reshape(site.shape)
            before = run(site.inward, [cores[name]]).reshape(site.shape)
            cores[name] = solve_nonnegative(gram, right, before)[0].mT.contiguous()  # CP: axes (leg, rank)
        errors.append(float(torch.linalg.vector_norm(x - net.contract(cores)) / torch.linalg.vector_norm(x)))
    return errors, cores


def test_a_fit_with_non_negative_cores_never_rises_and_finds_planted_ones():
    net = cp((9, 8, 7), 3)
    truth = {name: core.clamp(min=0) for name, core in net.random(seed=3, dtype=DOUBLE).items()}
    x = net.contract(truth)
    errors, cores = non_negative_cp(x, net, seed=1, sweeps=150)
    assert all(later <= before + 1e-12 for before, later in pairwise(errors))
    assert errors[-1] < 1e-6
    assert min(float(core.min()) for core in cores.values()) >= 0


# ---- orthonormal columns --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [DOUBLE, torch.complex128], ids=["real", "complex"])
def test_no_orthogonal_matrix_fits_better_than_the_procrustes_solution(dtype):
    generator = torch.Generator().manual_seed(0)
    rows, columns, rest = 3, 5, 11
    x = torch.randn(columns, rest, generator=generator, dtype=dtype)
    m = torch.randn(rows, rest, generator=generator, dtype=dtype)
    right = (x @ m.mH).mT.unsqueeze(0)  # E^H x, rows x columns, as the engine forms it
    found = solve_orthogonal(right)
    assert found.shape == right.shape
    u = found[0].mT
    torch.testing.assert_close(u.mH @ u, torch.eye(rows, dtype=dtype))
    least = float(torch.linalg.vector_norm(x - u @ m))
    tried = torch.linalg.qr(torch.randn(4000, columns, rows, generator=generator, dtype=dtype)).Q
    near = torch.linalg.qr(u + 1e-3 * torch.randn(4000, columns, rows, generator=generator, dtype=dtype))
    signs = torch.sgn(near.R.diagonal(dim1=-2, dim2=-1)).unsqueeze(-2)
    tried = torch.cat([tried, near.Q * signs])
    assert least <= float(torch.linalg.vector_norm(x - tried @ m, dim=(-2, -1)).min())


def test_the_update_of_a_drawn_core_is_scipys_procrustes_solution():
    from scipy.linalg import orthogonal_procrustes

    net = Network.from_einsum("rias,rsk->iak", i=4, a=3, k=12, r=2, s=3)
    cores = net.random(seed=0, dtype=DOUBLE)
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(4), dtype=DOUBLE)
    site = site_of(net, "A")
    found = solve_orthogonal(run(site.right, [x, cores["B"]]).reshape(site.shape))[0].mT  # (i a) x (r s)
    m = cores["B"].reshape(6, 12)
    # scipy turns the rows of one matrix into those of another; with columns = rows both ways its solution is unique
    padded = np.vstack([m.numpy(), np.zeros((6, 12))])
    turn, _ = orthogonal_procrustes(padded.T, x.reshape(12, 12).T.numpy())
    ours, theirs = (np.linalg.norm(x.reshape(12, 12).numpy() - u @ m.numpy()) for u in (found.numpy(), turn.T[:, :6]))
    assert ours == pytest.approx(theirs, rel=1e-10)


def test_alternating_procrustes_updates_lower_the_error_to_that_of_tucker():
    import tensorly as tl
    from tensorly.decomposition import tucker as tensorly_tucker

    net = tucker((6, 7, 8), (2, 3, 2))
    x = planted(net, noise=0.3, seed=1).x
    given = net.random(seed=2, dtype=DOUBLE)
    cores = {name: core if name == "G" else orthonormal_start(net, name, core) for name, core in given.items()}
    errors = []
    for _ in range(40):
        for name in net.tensors:
            site = site_of(net, name)
            others = [cores[each] for each in site.others]
            right = run(site.right, [x, *others]).reshape(site.shape)
            if name == "G":
                cores[name] = right.reshape(2, 3, 2)  # the factors are orthonormal: the core is the projection
            else:
                cores[name] = solve_orthogonal(right)[0].mT.contiguous()
        errors.append(float(torch.linalg.vector_norm(x - net.contract(cores))))
    assert all(later <= before + 1e-12 for before, later in pairwise(errors))
    theirs = tl.tucker_to_tensor(tensorly_tucker(x.numpy(), (2, 3, 2), n_iter_max=200, tol=1e-12))
    assert errors[-1] == pytest.approx(float(np.linalg.norm(x.numpy() - theirs)), rel=1e-6)


def test_a_vanishing_right_hand_side_still_gives_orthonormal_columns():
    found = solve_orthogonal(torch.zeros(1, 3, 5, dtype=DOUBLE))[0]
    torch.testing.assert_close(found @ found.mT, torch.eye(3, dtype=DOUBLE))


@pytest.mark.parametrize("dtype", [DOUBLE, torch.complex64])
def test_an_orthonormal_start_is_orthonormal_and_keeps_one_that_is(dtype):
    net = Network.from_einsum("riasq,rsqk->iak", i=4, a=3, k=2, r=2, s=3, q=2)
    core = orthonormal_start(net, "A", net.random(seed=0, dtype=dtype)["A"])
    unfolded = core.permute(1, 2, 0, 3, 4).reshape(12, 12)
    torch.testing.assert_close(unfolded.mH @ unfolded, torch.eye(12, dtype=dtype), atol=1e-5, rtol=0)
    torch.testing.assert_close(orthonormal_start(net, "A", core), core)


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_sound_constraints_come_back_as_sets():
    net = tucker((6, 7, 8), (2, 3, 2))
    assert check_constraints(net, "G", ["A", "B"], (), DOUBLE) == ({"G"}, {"A", "B"})
    assert check_constraints(net, (), ("A",), ("G",), torch.complex64) == (set(), {"A"})


BATCH = Network.from_einsum("air,bjr,ar->abij", a=3, b=4, i=5, j=6, r=2)
REFUSED = {
    "unknown": (
        cp((4, 5), 2),
        ["AA"],
        (),
        (),
        DOUBLE,
        "nonnegative names tensor 'AA', which is not there; did you mean 'A'",
    ),
    "no names": (cp((4, 5), 2), True, (), (), DOUBLE, "nonnegative is True; it takes names of tensors"),
    "complex": (cp((4, 5), 2), ["A"], (), (), torch.complex64, "the data are complex"),
    "both": (cp((4, 5), 2), ["B"], ["B"], (), DOUBLE, "tensor 'B' is asked to be both"),
    "frozen": (cp((4, 5), 2), ["B"], (), ["B"], DOUBLE, "tensor 'B' is frozen and nonnegative"),
    "frozen and orthogonal": (cp((4, 5), 2), (), ["B"], ["B"], DOUBLE, "tensor 'B' is frozen and orthogonal"),
    "wide": (cp((10, 20), 12), (), ["A"], (), DOUBLE, "'A' cannot have 12 orthonormal columns of length 10"),
    "no leg": (tucker((4, 5), (2, 2)), (), ["G"], (), DOUBLE, "'G' cannot be orthogonal: it has no leg of its own"),
    "batch": (BATCH, (), ["A"], (), DOUBLE, "'A' cannot be orthogonal: index 'a' is on other tensors, too"),
    "diagonal": (Network.from_einsum("aar,rk->ak", a=4, k=3, r=2), (), ["A"], (), DOUBLE, "index 'a' is on it twice"),
    "lone sum": (
        Network.from_einsum("asr,rk->ak", a=4, s=3, k=3, r=2),
        (),
        ["A"],
        (),
        DOUBLE,
        "index 's' is on no other",
    ),
    "fixed": (
        Network({"A": ("a", "r"), "J": ("r", "b")}, {"a": 4, "b": 3, "r": 2}, ("a", "b"), {"J": "ones"}),
        (),
        ["J"],
        (),
        DOUBLE,
        "tensor 'J' is fixed .ones. and not fitted",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused_by_name(case):
    net, nonnegative, orthogonal, freeze, dtype, message = case
    with pytest.raises(FitError, match=message):
        check_constraints(net, nonnegative, orthogonal, freeze, dtype)


def test_as_many_columns_as_rows_are_allowed():
    check_orthogonal(cp((10, 12), 10), "A")
    assert math.prod(orthonormal_start(cp((10, 12), 10), "A", torch.ones(10, 10)).shape) == 100
