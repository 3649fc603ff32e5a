"""Constraints inside whole fits, against TensorLy and against what they say."""

import numpy as np
import pytest
import tensorly as tl
import torch
from tensorly.decomposition import non_negative_parafac_hals

from workbench.data import planted
from workbench.decomposition import FitError, decompose
from workbench.network import cp, tensor_ring, tucker


def positive(shape, rank, noise=0.05, seed=0):
    generator = torch.Generator().manual_seed(seed)
    net = cp(shape, rank)
    cores = {name: torch.rand(net.shape_of(name), generator=generator, dtype=torch.float64) for name in net.tensors}
    x = net.contract(cores)
    return x + noise * float(x.std()) * torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("shape", [(12, 13, 14), (40, 41, 42)])
def test_nonnegative_cp_is_at_least_as_good_as_tensorlys(shape):
    x = positive(shape, 4)
    fit = decompose(x, "cp", ranks=4, nonnegative=["A", "B", "C"], starts=3, max_sweeps=300)
    assert all(float(core.min()) >= 0 for core in fit.cores.values())
    theirs = non_negative_parafac_hals(x.numpy(), 4, n_iter_max=300, random_state=0)
    error = np.linalg.norm(x.numpy() - tl.cp_to_tensor(theirs)) / np.linalg.norm(x.numpy())
    assert fit.error <= error + 1e-4
    assert all(later <= before + 1e-12 for before, later in zip(fit.history, fit.history[1:], strict=False))


def test_some_cores_may_be_nonnegative_and_others_not():
    x = planted("tucker", (20, 21, 22), 3, noise=0.1).x
    fit = decompose(x, tucker(x.shape, 3), nonnegative=["A", "C"])
    assert float(min(fit.cores["A"].min(), fit.cores["C"].min())) >= 0
    assert float(fit.cores["B"].min()) < 0
    assert fit.error >= decompose(x, tucker(x.shape, 3)).error


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
@pytest.mark.parametrize("shape", [(9, 8, 7), (40, 41, 42)])
def test_orthogonal_factors_have_orthonormal_columns_and_fit_planted_ones(shape, dtype):
    net = cp(shape, 3)
    cores = net.random(seed=0, dtype=dtype)
    cores["B"] = torch.linalg.qr(cores["B"]).Q
    x = net.contract(cores)
    fit = decompose(x, net, orthogonal=["B"], init="random", starts=5, max_sweeps=500)
    torch.testing.assert_close(fit.cores["B"].mH @ fit.cores["B"], torch.eye(3, dtype=dtype), rtol=0, atol=1e-8)
    assert fit.error < 1e-6


def test_an_orthogonal_core_keeps_its_norm_whatever_the_scale_of_the_data():
    x = 1e20 * planted("tucker", (6, 7, 8), 2, noise=0.1).x
    fit = decompose(x, tucker(x.shape, 2), orthogonal=["A", "B", "C"])
    free = decompose(x, tucker(x.shape, 2))
    for name in "ABC":
        torch.testing.assert_close(fit.cores[name].T @ fit.cores[name], torch.eye(2, dtype=x.dtype), rtol=0, atol=1e-9)
    assert fit.error == pytest.approx(free.error, rel=1e-3)


def test_a_ring_may_be_constrained_too():
    x = planted(tensor_ring((8, 9, 10), 2), noise=0.1, seed=2).x
    fit = decompose(x, tensor_ring((8, 9, 10), 2), orthogonal=["B"], starts=4, init="random")
    unfolded = fit.cores["B"].permute(1, 0, 2).reshape(9, 4)
    torch.testing.assert_close(unfolded.T @ unfolded, torch.eye(4, dtype=x.dtype), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonnegative": ["Q"]}, "nonnegative names tensor 'Q'"),
        ({"nonnegative": ["A"], "orthogonal": ["A"]}, "both non-negative and orthogonal"),
        ({"nonnegative": ["A"], "freeze": ["A"], "init": {"A": torch.rand(4, 6)}}, "frozen and nonnegative"),
        ({"orthogonal": ["A"]}, "cannot have 6 orthonormal columns of length 4"),
    ],
)
def test_constraints_that_cannot_be_kept_are_refused(options, message):
    with pytest.raises(FitError, match=message):
        decompose(torch.rand(4, 8, 9), "cp", ranks=6, **options)


def test_complex_numbers_have_no_sign():
    with pytest.raises(FitError, match="complex"):
        decompose(torch.rand(4, 5, 6, dtype=torch.complex128), "cp", ranks=2, nonnegative=["A"])
