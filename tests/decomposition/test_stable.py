"""Repair: the sensitivity falls, the error stays within what is allowed, against closed forms and brute force."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.decomposition.test_als import design_matrix, numbers_for
from tests.network.strategies import networks
from workbench.data import DataError, planted
from workbench.decomposition import Fit, FitError, condition, decompose, diagnose, sensitivity, stabilise
from workbench.decomposition._bounded import bounded_sweeps, shared
from workbench.decomposition._penalised import Model, _System
from workbench.decomposition._sensitivity import sensitivities
from workbench.network import Network, cp, tensor_ring, tensor_train, tucker


def fit_of(net: Network, cores: dict[str, torch.Tensor]) -> Fit:
    return Fit(net, cores, 0.0, (0.0,), True)


def total(net: Network, cores: dict[str, torch.Tensor]) -> float:
    return sum(sensitivities(net, cores).values())


def border(shape: tuple[int, int, int], blocks: int, noise: float, seed: int, dtype=torch.float64) -> torch.Tensor:
    """A sum of a a b + a b a + b a a, each of rank 3 and border rank 2, with noise."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.zeros(shape, dtype=dtype)
    for _ in range(blocks):
        pairs = [torch.linalg.qr(torch.randn(n, 2, generator=generator, dtype=dtype)).Q.unbind(1) for n in shape]
        for odd in range(3):
            chosen = [pair[int(k == odd)] for k, pair in enumerate(pairs)]
            x = x + torch.einsum("i,j,k->ijk", *chosen)
    rest = torch.randn(shape, generator=generator, dtype=dtype)
    return x + noise * x.norm() / rest.norm() * rest


def degenerate(x: torch.Tensor, size: float, seed: int = 0) -> Fit:
    """A rank-2 fit of one block whose terms are `size` times as large as it is."""
    shape, generator = tuple(x.shape), torch.Generator().manual_seed(seed)
    factors = []
    for n in shape:
        a, b = torch.linalg.qr(torch.randn(n, 2, generator=generator, dtype=torch.float64)).Q.to(x.dtype).unbind(1)
        factors.append(size ** (1 / 3) * torch.stack([a + b / size, a], dim=1))
    factors[0][:, 1] *= -1
    net = cp(shape, 2)
    return fit_of(net, dict(zip(net.tensors, factors, strict=True)))


# ---- one core in a ball ----------------------------------------------------------------------------------------------


def core_in_the_ball(e: np.ndarray, x: np.ndarray, price: np.ndarray, bound: float) -> np.ndarray:
    """min c^H Q c subject to ||x - E c|| <= bound, by bisection on the multiplier over dense solves."""
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        c = np.linalg.solve(e.conj().T @ e + math.exp(middle) * price, e.conj().T @ x)
        low, high = (middle, high) if np.linalg.norm(x - e @ c) <= bound else (low, middle)
    return np.linalg.solve(e.conj().T @ e + math.exp(low) * price, e.conj().T @ x)


def price_by_polarisation(net: Network, cores: dict[str, torch.Tensor], name: str) -> np.ndarray:
    """Q of the sensitivity as a function of one core, from its values alone."""
    size, dtype = cores[name].numel(), cores[name].dtype

    def value(c: torch.Tensor) -> float:
        return total(net, {**cores, name: c.reshape(cores[name].shape)})

    units = torch.eye(size, dtype=dtype)
    constant = value(torch.zeros(size, dtype=dtype))
    made = np.zeros((size, size), dtype=np.complex128 if dtype.is_complex else np.float64)
    for i in range(size):
        for j in range(size):
            made[i, j] = (value(units[i] + units[j]) - value(units[i] - units[j])) / 4
            if dtype.is_complex:
                made[i, j] += 1j * (value(units[i] - 1j * units[j]) - value(units[i] + 1j * units[j])) / 4
    assert constant >= 0
    return made


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize(
    ("equation", "name"),
    [
        ("ar,br,cr->abc", "B"),
        ("ar,rbs,sc->abc", "B"),
        ("rab,bs,sr->ab", "A"),
        ("air,rjs,ska->ijk", "C"),
        ("ar,br->abr", "A"),
    ],
)
def test_one_core_becomes_the_least_sensitive_in_the_ball(equation, name, dtype):
    sizes = {"r": 2, "s": 2, "a": 2 if "i" in equation else 3}
    net = Network.from_einsum(equation, **{index: sizes.get(index, 3) for index in equation if index.isalpha()})
    cores = numbers_for(net, dtype)
    x = net.contract(numbers_for(net, dtype, seed=1))
    x = x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    e = design_matrix(net, cores, name).numpy()
    least = np.linalg.norm(x.numpy().ravel() - e @ np.linalg.lstsq(e, x.numpy().ravel(), rcond=None)[0])
    bound = 0.5 * (least + float(x.norm()))
    expected = core_in_the_ball(e, x.numpy().ravel(), price_by_polarisation(net, cores, name), bound)
    found, _ = next(bounded_sweeps(x, net, cores, [name], bound))
    assert found[name].numpy().ravel() == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(networks(max_tensors=3, max_indices=5, odd_names=False), st.sampled_from([torch.float64, torch.complex128]))
@settings(max_examples=30)
def test_sweeps_in_the_ball_never_raise_the_sensitivity_nor_leave_the_ball(net, dtype):
    assume(len(net.free) >= 1 and net.legs)
    cores = numbers_for(net, dtype)
    x = net.contract({name: cores[name] for name in cores if net.fixed.get(name, "data") == "data"})
    x = x + torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    value = net.contract({name: cores[name] for name in cores if net.fixed.get(name, "data") == "data"})
    bound = 1.01 * float((x - value).norm())
    assume(bound < 0.95 * float(x.norm()))
    seen = [total(net, shared(net, cores, net.free))]
    assert seen[0] <= total(net, cores) * (1 + 1e-9)
    for found, risk in islice(bounded_sweeps(x, net, cores, list(net.free), bound), 4):
        kept = {name: found[name] for name in found if net.fixed.get(name, "data") == "data"}
        assert float((x - net.contract(kept)).norm()) <= bound * (1 + 1e-7)
        seen.append(risk)
    assert all(after <= before * (1 + 1e-6) for before, after in pairwise(seen))


# ---- all factors at once ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 2, 4, 2), (4, 3)])
def test_the_gauss_newton_system_is_the_jacobians(shape, dtype):
    net = cp(shape, 3)
    cores = net.random(seed=0, dtype=dtype)
    model = Model(torch.zeros(shape, dtype=dtype), torch.tensor(shape, dtype=torch.float64))
    stack = model.stacked(list(cores.values()))
    jacobian = torch.cat([design_matrix(net, cores, name) for name in net.tensors], dim=1)
    weights = model.weights(stack)
    flat = [weights[k].expand(n, 3).reshape(-1) for k, n in enumerate(shape)]
    matrix = jacobian.mH @ jacobian + 0.7 * torch.diag(torch.cat(flat)).to(dtype)
    right = [torch.randn(n, 3, generator=torch.Generator().manual_seed(n), dtype=dtype) for n in shape]
    expected = torch.linalg.solve(
        matrix + 1e-9 * torch.diag(matrix.diagonal()), torch.cat([each.reshape(-1) for each in right])
    )
    found = _System.of(model, stack, 0.7).solve(model.stacked(right), 1e-9)
    flat_found = torch.cat([each.reshape(-1) for each in model.factors(found)])
    assert float((matrix @ (flat_found - expected)).norm()) < 0.05 * float((matrix @ expected).norm())
    assert model.sensitivity(stack) == pytest.approx(total(net, cores), rel=1e-12)
    residual = model.residual(stack)
    gradient = jacobian.mH @ residual.reshape(-1)
    assert torch.cat([each.reshape(-1) for each in model.factors(model.backward(residual, stack))]) == pytest.approx(
        gradient.numpy()
    )


# ---- the whole -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_of_a_matrix_it_finds_the_soft_thresholded_svd(dtype):
    """||A||^2 n2 + ||B||^2 n1 is 2 sqrt(n1 n2) times the nuclear norm at best, and that is least, in a ball about x, where every
    singular value is lowered by the same amount (or to 0)."""
    x = torch.randn(6, 8, generator=torch.Generator().manual_seed(0), dtype=dtype)
    net = Network.from_einsum("ir,jr->ij", i=6, j=8, r=6)
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    exact = fit_of(net, {"A": u * s, "B": vh.mT.contiguous()})
    bound = 0.4 * float(x.norm())
    low, high = 0.0, float(s[0])
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if float((s - (s - middle).clamp(min=0)).norm()) <= bound else (low, middle)
    expected = 2 * math.sqrt(48) * float((s - low).clamp(min=0).sum())
    found = stabilise(exact, x, error=0.4)
    assert sensitivity(found) == pytest.approx(expected, rel=5e-3)
    assert sensitivity(found) >= expected * (1 - 1e-6)
    assert found.error == pytest.approx(0.4, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32])
def test_terms_that_grew_without_bound_come_back(dtype):
    wide = torch.complex128 if dtype.is_complex else torch.float64
    x = border((5, 6, 7), 1, 0.3, 0, wide)
    fit = decompose(x, degenerate(x, 300.0).network, init=degenerate(x, 300.0), max_sweeps=3)
    fit = fit_of(fit.network, {name: core.to(dtype) for name, core in fit.cores.items()})
    x = x.to(dtype)
    before = float((fit.reconstruct() - x).norm() / x.norm())
    found = stabilise(fit, x)
    assert diagnose(fit).degenerate
    assert not diagnose(found).degenerate
    assert sensitivity(found) < sensitivity(fit) / 100
    assert condition(found) < condition(fit) / 100
    assert found.error <= 1.001 * before
    assert found.error == pytest.approx(float((found.reconstruct() - x).norm() / x.norm()), rel=1e-5)
    assert {core.dtype for core in found.cores.values()} == {dtype}
    assert found.history == pytest.approx((before, found.error), rel=1e-5)


def test_where_two_terms_cancel_sensitivity_falls_as_a_power_of_the_error():
    """Terms of norm t, best set as a central difference, leave an error of the order of t^-2 and have sensitivity t^(4/3)."""
    x = border((4, 4, 4), 1, 0.0, 0)
    fit = degenerate(x, 1e4)
    errors = np.array([0.002, 0.004, 0.008])
    found = [sensitivity(stabilise(fit, x, error=float(error))) for error in errors]
    slope = np.polyfit(np.log(errors), np.log(found), 1)[0]
    assert slope == pytest.approx(-2 / 3, abs=0.03)


@given(st.integers(0, 20), st.sampled_from([(4, 5, 6), (3, 2, 4, 3), (2, 12, 3), (5, 4)]), st.integers(1, 4))
@settings(max_examples=12)
def test_it_never_makes_anything_worse(seed, shape, rank):
    x = planted("cp", shape, 2, noise=0.3, seed=seed).x
    fit = decompose(x, "cp", ranks=rank, init="random", max_sweeps=8, seed=seed)
    found = stabilise(fit, x, max_sweeps=20)
    assert found.error <= 1.001 * fit.error * (1 + 1e-9)
    assert sensitivity(found) <= sensitivity(fit)
    assert found.network is fit.network


@pytest.mark.parametrize(
    "net",
    [
        tensor_ring((4, 5, 6), 2),
        tensor_train((4, 5, 6), (2, 3)),
        tucker((4, 5, 6), (2, 2, 3)),
        Network.from_einsum("ias,jat,kst->ijk", i=4, j=5, k=6, a=2, s=2, t=2),
    ],
)
def test_other_networks_are_shared_well_and_swept_in_the_ball(net):
    x = planted(net, noise=0.2).x
    fit = decompose(x, net, max_sweeps=30)
    lopsided = {
        name: core * (100.0 if at == 0 else 0.01 if at == 1 else 1.0)
        for at, (name, core) in enumerate(fit.cores.items())
    }
    bad = fit_of(net, lopsided)
    found = stabilise(bad, x)
    parts = sensitivities(net, lopsided)
    by_sharing = len(parts) * math.prod(parts.values()) ** (1 / len(parts))
    assert sensitivity(found) <= by_sharing * (1 + 1e-6) < sensitivity(bad)
    assert found.error <= 1.001 * fit.error * (1 + 1e-9)


def test_directions_the_data_have_not_are_left_out_exactly():
    x = border((5, 6, 7), 1, 0.0, 0)  # of multilinear rank 2
    wide = torch.zeros(9, 6, 7, dtype=x.dtype)
    wide[2:7] = x
    fit = degenerate(x, 100.0)
    grown = torch.zeros(9, 2, dtype=x.dtype)
    grown[2:7] = fit.cores["A"]
    grown[0] = 1e-4  # helps nothing
    net = cp((9, 6, 7), 2)
    found = stabilise(fit_of(net, {**fit.cores, "A": grown}), wide, error=0.05)
    assert float(found.cores["A"][[0, 1, 7, 8]].abs().max()) < 1e-12
    assert found.error <= 0.05


def test_a_kernels_height_and_width_may_be_one_factor():
    x = border((9, 6, 8), 1, 0.2, 0)
    fit = degenerate(x, 100.0)
    a, b, c = fit.cores.values()
    net = Network.from_einsum("ro,hwr,ri->oihw", o=6, i=8, h=3, w=3, r=2)
    kernel = x.reshape(3, 3, 6, 8).permute(2, 3, 0, 1)
    folded = fit_of(net, {"A": b.mT.contiguous(), "B": a.reshape(3, 3, 2), "C": c.mT.contiguous()})
    assert sensitivity(folded) == pytest.approx(sensitivity(fit), rel=1e-12)
    one, other = stabilise(fit, x, error=0.5), stabilise(folded, kernel, error=0.5)
    assert sensitivity(one) == pytest.approx(sensitivity(other), rel=1e-6)
    assert other.error <= 0.5


def test_fixed_tensors_stay_and_zero_data_are_left_alone():
    net = Network(
        {"A": ("i", "r"), "B": ("r", "s"), "C": ("s", "j")}, {"i": 4, "r": 3, "s": 3, "j": 5}, ("i", "j"), {"B": "data"}
    )
    cores = {"A": torch.rand(4, 3).double(), "B": torch.rand(3, 3).double(), "C": torch.rand(3, 5).double()}
    x = net.contract(cores) + 0.1
    found = stabilise(fit_of(net, cores), x)
    assert torch.equal(found.cores["B"], cores["B"])
    assert sensitivity(found) < sensitivity(fit_of(net, cores))
    zero = stabilise(fit_of(net, {name: 0 * core for name, core in cores.items()}), torch.zeros(4, 5).double())
    assert zero.error == 0


def test_interrupting_gives_the_best_so_far(monkeypatch):
    x = border((5, 6, 7), 1, 0.3, 0)
    fit = degenerate(x, 100.0)

    def stopped(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.decomposition._stable.bounded_sweeps", stopped)
    found = stabilise(fit, x, error=0.9)
    assert sensitivity(found) < sensitivity(fit)
    assert not found.converged


def test_what_cannot_be_stabilised_is_refused():
    x = border((4, 5, 6), 1, 0.1, 0)
    fit = degenerate(x, 10.0)
    own = float((fit.reconstruct() - x).norm() / x.norm())
    for act, words in [
        (lambda: stabilise(fit, x[0]), r"x has shape \(5, 6\), the fit \(4, 5, 6\)"),
        (lambda: stabilise(fit, x, error=own / 2), "but the fit's own is"),
        (lambda: stabilise(fit, x, error=1.5), "error is 1.5; it is the relative error allowed, above 0 and below 1"),
        (lambda: stabilise(fit, x, max_sweeps=0), "max_sweeps is 0"),
        (lambda: stabilise(fit, x.to(torch.complex64)), "x holds complex64 values, the fit is of another kind"),
    ]:
        with pytest.raises(FitError, match=words):
            act()
    with pytest.raises(DataError, match="int64"):
        stabilise(fit, torch.zeros(4, 5, 6, dtype=torch.int64))
