"""Gauss-Newton steps against the Jacobian that autograd finds, and on fits that alternating least squares does not finish."""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

from tests.network.strategies import networks
from workbench.data import planted
from workbench.decomposition import FitError, decompose
from workbench.decomposition._gauss_newton import _blocks, _cp_normal, _normal, gauss_newton_fits, gauss_newton_sweeps
from workbench.network import Network, cp, tensor_ring


def batched(net: Network, starts: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    each = [net.random(seed=seed, dtype=dtype) for seed in range(starts)]
    return {name: torch.stack([cores[name] for cores in each]) for name in net.free}


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(networks(max_tensors=4, fixed=False))
def test_the_normal_equations_are_those_of_the_jacobian(net):
    assume(net.free and gauss_newton_fits(net, net.free))
    cores = batched(net, 2, torch.float64)
    x = torch.randn(net.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    sizes = [cores[name][0].numel() for name in net.free]
    assume(sum(sizes) * x.numel() < 20_000)
    residual = torch.stack([x - net.contract({name: core[k] for name, core in cores.items()}) for k in range(2)])
    gram, right = _normal(net, _blocks(net, net.free, 2), cores, residual, sizes)
    for k in range(2):
        one = tuple(cores[name][k] for name in net.free)
        parts = torch.autograd.functional.jacobian(
            lambda *given: net.contract(dict(zip(net.free, given, strict=True))), one
        )
        jacobian = torch.cat([part.reshape(x.numel(), -1) for part in parts], dim=1)
        torch.testing.assert_close(gram[k], jacobian.T @ jacobian, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(right[k], jacobian.T @ residual[k].reshape(-1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
def test_no_step_raises_the_error_of_any_start(dtype):
    net = tensor_ring((5, 6, 7), 2)
    x = planted(net, noise=0.2, dtype=dtype, seed=3).x
    sweeps = gauss_newton_sweeps(x, net, batched(net, 3, dtype), net.free, 3)
    before = torch.full((3,), torch.inf, dtype=torch.float64)
    for _ in range(25):
        cores, squares = next(sweeps)
        assert bool((squares <= before).all())
        before = squares
    for k in range(3):
        value = net.contract({name: core[k] for name, core in cores.items()})
        assert float(squares[k]) == pytest.approx(float(torch.linalg.vector_norm(x - value)) ** 2, rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
@pytest.mark.parametrize("seed", range(4))
def test_collinear_components_are_found_to_the_last_digits(seed, dtype):
    """Cosines of 0.9 between all columns: alternating least squares alone is far away after as many sweeps."""
    data = planted("cp", (30, 30, 30), 6, collinearity=0.9, dtype=dtype)
    fit = decompose(data.x, "cp", ranks=6, init="random", seed=seed, max_sweeps=200, starts=3)
    assert fit.error < 1e-9
    alone = decompose(data.x, "cp", ranks=6, init="random", seed=seed, max_sweeps=len(fit.history), method="als")
    assert alone.error > 1e-4


def test_from_the_start_where_it_is_asked_for():
    net = tensor_ring((5, 6, 7), 2)
    x = planted(net, seed=3).x
    fit = decompose(x, net, init="random", method="gauss_newton", seed=1, starts=6)
    assert fit.error < 1e-9
    assert len(fit.history) < 40


def test_what_it_cannot_do_is_refused():
    x = torch.rand(40, 41, 42, dtype=torch.float64)
    with pytest.raises(FitError, match=r"gauss_newton.*parameters"):
        decompose(x, tensor_ring((40, 41, 42), 6), method="gauss_newton")
    with pytest.raises(FitError, match=r"gauss_newton.*ridge"):
        decompose(x, cp((40, 41, 42), 2), method="gauss_newton", ridge=0.1)
    with pytest.raises(FitError, match=r"there is no method 'gaus_newton'; did you mean 'gauss_newton'\?"):
        decompose(x, cp((40, 41, 42), 2), method="gaus_newton")


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
@pytest.mark.parametrize("expression", ["ar,br,cr->abc", "ra,br,rc->abc", "ar,br,cr,rd->abcd"])
def test_of_cp_the_short_way_is_the_long_one(expression, dtype):
    net = Network.from_einsum(
        expression,
        dict(zip("abcdr", (4, 5, 6, 3, 2), strict=True)) if "d" in expression else {"a": 4, "b": 5, "c": 6, "r": 2},
    )
    cores = batched(net, 3, dtype)
    residual = torch.randn((3, *net.shape), generator=torch.Generator().manual_seed(1), dtype=dtype)
    sizes = [cores[name][0].numel() for name in net.free]
    blocks = _blocks(net, net.free, 3)
    for short, long in zip(
        _cp_normal(net, blocks, cores, residual, sizes), _normal(net, blocks, cores, residual, sizes), strict=True
    ):
        torch.testing.assert_close(short, long)
