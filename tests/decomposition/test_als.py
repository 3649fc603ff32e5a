"""Alternating least squares against brute force: one core, then whole fits, on networks of any kind."""

import math
from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.network.strategies import networks
from workbench.data import planted
from workbench.decomposition import _als, decompose
from workbench.decomposition._als import als_sweeps, site_of, update
from workbench.network import Network, cp, peps, tensor_ring
from workbench.network._contract import operands_of


def numbers_for(net: Network, dtype: torch.dtype, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random numbers for every tensor, made ones included."""
    generator = torch.Generator().manual_seed(seed)
    given = net.random(seed, dtype)
    for name, kind in net.fixed.items():
        if kind == "data":
            given[name] = torch.randn(net.shape_of(name), generator=generator, dtype=dtype)
    if not given:
        return {}
    return dict(zip(net.tensors, operands_of(net, given), strict=True))


def design_matrix(net: Network, cores: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    """The matrix that takes the entries of one core to the entries of the value, column by column."""
    columns = []
    for at in range(cores[name].numel()):
        unit = torch.zeros(cores[name].numel(), dtype=cores[name].dtype)
        unit[at] = 1
        columns.append(net.contract({**cores, name: unit.reshape(cores[name].shape)}).reshape(-1))
    return torch.stack(columns, dim=1)


@settings(max_examples=400)
@given(networks(max_tensors=4), st.sampled_from([torch.float64, torch.complex128]), st.randoms(use_true_random=False))
def test_one_core_of_any_network_becomes_the_least_squares_solution(net, dtype, chance):
    cores = numbers_for(net, dtype)
    assume(net.free)
    name = chance.choice(net.free)
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(7), dtype=dtype)
    found, lost = update(x, net, cores, name, float(torch.linalg.vector_norm(x)))
    matrix = design_matrix(net, cores, name).numpy()
    solution = np.linalg.lstsq(matrix, x.reshape(-1).numpy(), rcond=1e-10)[0]
    least = np.linalg.norm(x.reshape(-1).numpy() - matrix @ solution) ** 2 / float(torch.linalg.vector_norm(x)) ** 2
    reached = torch.linalg.vector_norm(x - net.contract({**cores, name: found})) ** 2 / torch.linalg.vector_norm(x) ** 2
    assert float(reached) == pytest.approx(least, abs=1e-9)
    assert lost == pytest.approx(least, abs=1e-9), "the error the update claims"


@settings(max_examples=60)
@given(networks(max_tensors=4, fixed=False), st.sampled_from([0.0, 0.5]))
def test_a_system_too_large_to_form_is_solved_as_a_network(net, shift):
    """Conjugate gradients never raise the error, and end where the equations do when there are enough steps."""
    assume(net.free)
    cores = numbers_for(net, torch.float64)
    name = net.free[0]
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    whole = float(torch.linalg.vector_norm(x))
    direct = site_of.__wrapped__
    with mock.patch.object(_als, "DIRECT", 0), mock.patch.object(_als, "site_of", direct):
        found, lost = update(x, net, cores, name, whole, shift)
    reached = torch.linalg.vector_norm(x - net.contract({**cores, name: found})) ** 2 / whole**2
    assert float(lost) == pytest.approx(float(reached), abs=1e-9)
    if shift:  # well conditioned
        expected, _ = update(x, net, cores, name, whole, shift)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@settings(max_examples=60)
@given(networks(max_tensors=4, fixed=False), st.sampled_from([1e-3, 0.5]))
def test_the_ridge_is_the_penalised_solution(net, shift):
    assume(net.free)
    cores = numbers_for(net, torch.float64)
    name = net.free[0]
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    found, _ = update(x, net, cores, name, float(torch.linalg.vector_norm(x)), shift)
    matrix = design_matrix(net, cores, name).numpy()
    normal = matrix.T @ matrix + shift * np.eye(matrix.shape[1])
    expected = np.linalg.solve(normal, matrix.T @ x.reshape(-1).numpy())
    np.testing.assert_allclose(found.reshape(-1).numpy(), expected, atol=1e-8)


@settings(max_examples=60)
@given(networks(max_tensors=4), st.sampled_from([torch.float64, torch.complex128]))
def test_the_error_of_any_network_never_rises_and_is_the_true_one(net, dtype):
    assume(net.free)
    data = {name: core for name, core in numbers_for(net, dtype).items() if net.fixed.get(name) == "data"}
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(3), dtype=dtype)
    fit = decompose(x, net, init=data, max_sweeps=8)
    assert all(later <= before + 1e-13 for before, later in pairwise(fit.history))
    residual = torch.linalg.vector_norm(x - fit.reconstruct()) / torch.linalg.vector_norm(x)
    assert fit.error == pytest.approx(float(residual), abs=1e-12)
    assert set(fit.cores) == {*net.free, *data}


PLANTED = {
    "cp": cp((6, 7, 8), 3),
    "ring": tensor_ring((6, 7, 8), (2, 3, 2)),
    "grid of four": peps(2, 2, physical=4, bond=2),
    "two bonds and a hyperbond": Network.from_einsum("arst,bst,crs,dr->abcd", a=6, b=5, c=5, d=4, r=2, s=2, t=2),
    "legs on hyperbonds": Network.from_einsum("air,bjr,ar->abij", a=3, b=4, i=5, j=6, r=2),
    "a trace and a diagonal": Network.from_einsum("aarrs,bs,cs->abc", a=4, b=5, c=6, r=2, s=2),
    "disconnected, with a scalar": Network.from_einsum("ar,br,,cd->abcd", a=5, b=6, c=3, d=4, r=2),
    "block terms": Network.from_einsum("art,bst,cut,rsut->abc", a=7, b=7, c=7, r=2, s=2, u=2, t=2),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
@pytest.mark.parametrize("net", PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_network_is_found_again(net, dtype):
    x = net.contract(net.random(seed=5, dtype=dtype))
    enough = lambda sweep, error: error < 1e-9  # noqa: E731 - shorter than a function
    fits = (decompose(x, net, init="random", seed=seed, max_sweeps=600, callback=enough) for seed in range(8))
    fit = next(fit for fit in fits if fit.error < 1e-8)
    torch.testing.assert_close(fit.reconstruct(), x, rtol=0, atol=1e-7 * float(x.abs().max()))


def test_single_precision_reaches_single_precision():
    net = tensor_ring((6, 7, 8), 2)
    x = net.contract(net.random(seed=5))
    fit = decompose(x, net, starts=4, max_sweeps=300)
    assert fit.cores["A"].dtype == torch.float32
    assert fit.error < 2e-6


@pytest.mark.parametrize("net", [cp((6, 7, 8), 3), tensor_ring((6, 7, 8), 2)], ids=["cp", "ring"])
def test_at_convergence_the_gradient_vanishes(net):
    x = planted(net, noise=0.2, seed=1).x
    fit = decompose(x, net, init="random", max_sweeps=3000, tol=1e-13)
    assert fit.converged
    cores = {name: core.clone().requires_grad_() for name, core in fit.cores.items()}
    loss = (x - net.contract(cores)).square().sum() / x.square().sum()
    gradients = torch.autograd.grad(loss, list(cores.values()))
    for core, gradient in zip(cores.values(), gradients, strict=True):
        assert float(gradient.abs().max() * core.detach().abs().max()) < 1e-5


def test_the_same_data_with_axes_in_another_order_fit_alike():
    net = tensor_ring((5, 6, 7), 2)
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    start = net.random(seed=1, dtype=torch.float64)
    fit = decompose(x, net, init=start, max_sweeps=20)
    legs = ("i2", "i0", "i1")
    turned = decompose(x.permute(2, 0, 1), net.transpose(*legs), init=start, max_sweeps=20)
    np.testing.assert_allclose(fit.history, turned.history, rtol=1e-9)


def test_with_a_ridge_the_cores_stay_small_and_the_scale_of_the_data_does_not_matter():
    net = cp((6, 6, 6), 4)
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    free, held = (decompose(x, net, ridge=ridge, max_sweeps=300) for ridge in (0.0, 0.02))
    size = [sum(float(core.square().sum()) for core in fit.cores.values()) for fit in (free, held)]
    assert size[1] < size[0]
    assert held.error > free.error
    larger = decompose(1e12 * x, net, ridge=0.02, max_sweeps=300)
    assert larger.error == pytest.approx(held.error, rel=1e-6)


def test_norms_are_shared_among_the_cores():
    net = cp((6, 6, 6), 2)
    x = 1e6 * torch.randn(net.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    norms = [float(torch.linalg.vector_norm(core)) for core in decompose(x, net).cores.values()]
    assert norms == pytest.approx([norms[0]] * 3)


def test_batch_legs_solve_small_systems():
    site = site_of(Network.from_einsum("air,bjr,ar->abij", a=3, b=4, i=5, j=6, r=2), "A")
    assert (site.batch, site.rows, site.columns) == (("a",), ("r",), ("i",))
    assert site.shape == (3, 2, 5)


def test_sweeps_go_on_from_where_they_are():
    net = cp((5, 5, 5), 2)
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sweeps = als_sweeps(x, net, net.random(dtype=torch.float64), net.free)
    errors = [next(sweeps)[1] for _ in range(5)]
    assert errors == sorted(errors, reverse=True)
    assert math.isfinite(errors[-1])
