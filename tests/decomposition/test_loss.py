"""Fits with a loss: gradients against finite differences, minima against scipy, and what each loss is good for."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from tests.decomposition.test_als import numbers_for
from tests.network.strategies import networks
from workbench.data import planted
from workbench.decomposition import FitError, decompose
from workbench.decomposition._loss import LOSSES, Loss, _Problem, check_loss, huber, loss_sweeps
from workbench.decomposition._quasi_newton import descend
from workbench.network import cp, tucker

DOUBLE = torch.float64
NAMES = sorted(LOSSES)


def data_for(name: str, shape: tuple[int, ...], seed: int, dtype: torch.dtype = DOUBLE) -> torch.Tensor:
    """Data in the range of a loss."""
    generator = torch.Generator().manual_seed(seed)
    if name == "logistic":
        return (torch.rand(shape, generator=generator) < 0.5).to(dtype)
    if name.startswith("poisson"):
        return torch.poisson(3 * torch.rand(shape, generator=generator), generator=generator).to(dtype)
    return torch.randn(shape, generator=generator, dtype=dtype)


def last(sweeps, most: int):
    """The last of at most so many sweeps."""
    *_, final = islice(sweeps, most)
    return final


# ---- gradients and minima -------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(networks(max_tensors=4), st.sampled_from([*NAMES, "complex", "function"]), st.booleans(), st.integers(0, 1000))
def test_the_gradient_on_any_network_is_that_of_finite_differences(net, name, gaps, seed):
    assume(net.free)
    dtype = torch.complex128 if name == "complex" else DOUBLE
    x = data_for(name, net.shape, seed, dtype)
    loss = LOSSES.get(
        name, LOSSES["robust"] if name == "complex" else Loss("cosh", lambda m, x: (m - x).cosh().log().mean())
    )
    start = numbers_for(net, dtype)
    if loss.nonnegative:
        start = {each: core.abs() for each, core in start.items()}
    mask = None
    if gaps and x.numel() > 1:
        mask = torch.arange(x.numel()).reshape(x.shape) % 3 != 1
    problem = _Problem(x, mask, net, start, net.free, loss, 0.3, frozenset())
    point = problem.first()
    value, gradient = problem(point)
    direction = torch.randn(point.shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)
    h = 1e-6
    ahead, behind = problem(point + h * direction)[0], problem(point - h * direction)[0]
    expected = (ahead - behind) / (2 * h)
    # the second difference tells how far the first can be trusted: the loss of counts is steep where the mean vanishes
    assume(abs(ahead - 2 * value + behind) < 1e-8 * (1 + abs(value)))
    assert float(gradient @ direction) == pytest.approx(expected, rel=1e-4, abs=1e-6 * (1 + abs(value)))


def scipys_losses(name: str, value: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The losses by other formulas."""
    if name == "poisson":
        return special.kl_div(x, value)
    if name == "poisson_log":
        return special.kl_div(x, np.exp(value))
    if name == "logistic":
        return -(special.xlogy(x, special.expit(value)) + special.xlog1py(1 - x, -special.expit(value)))
    if name == "robust":
        middle = np.sort(x, axis=None)[(x.size - 1) // 2]
        spread = np.sort(np.abs(x - middle), axis=None)[(x.size - 1) // 2]
        return special.huber(0.1 * spread, value - x)
    return (value - x) ** 2


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_the_textbooks(name):
    x = data_for(name, (30, 4), 1)
    value = data_for("least_squares", (30, 4), 2).abs() + 0.1
    loss = LOSSES[name]
    function = loss.function if loss.tuned is None else loss.tuned(x)
    expected = scipys_losses(name, value.numpy(), x.numpy())
    np.testing.assert_allclose(function(value, x).numpy(), expected, atol=1e-8)
    assert expected.min() > -1e-12, "so that a fall can be told relative to what is left"


@pytest.mark.parametrize("name", NAMES)
def test_one_free_core_reaches_the_minimum_scipy_finds(name):
    net = cp((6, 4, 5), 2)
    x = data_for(name, net.shape, 3)
    start = {each: core.abs() + 0.1 for each, core in net.random(seed=4, dtype=DOUBLE).items()}
    ridge = 0.05 if name == "logistic" else 0.0  # where zeros and ones can be told apart, log-odds run away
    _, _, objective = last(loss_sweeps(x, None, net, start, ["A"], LOSSES[name], ridge), 60)

    def function(entries: np.ndarray) -> float:
        core = entries.reshape(6, 2)
        value = np.einsum("ir,jr,kr->ijk", core, start["B"].numpy(), start["C"].numpy())
        return float(scipys_losses(name, value, x.numpy()).mean() + ridge * (core**2).mean())

    bounds = [(0, None)] * 12 if name == "poisson" else None
    theirs = optimize.minimize(
        function,
        start["A"].numpy().ravel(),
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000, "maxfun": 10**6},
    )
    assert objective == pytest.approx(theirs.fun, rel=1e-6, abs=1e-9)


@settings(max_examples=30)
@given(n=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_bounded_descent_solves_non_negative_quadratics(n, seed):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(n + 2, n, generator=generator, dtype=DOUBLE)
    target = torch.randn(n + 2, generator=generator, dtype=DOUBLE)
    bounded = torch.rand(n, generator=generator) < 0.6

    def function(z):
        residual = matrix @ z - target
        return float(residual @ residual), 2 * matrix.T @ residual

    start = torch.rand(n, generator=generator, dtype=DOUBLE)
    path = list(islice(descend(function, start, bounded), 400))
    values = [value for _, value in path]
    assert all(later <= before for before, later in pairwise(values))
    limits = (np.where(bounded.numpy(), 0.0, -np.inf), np.full(n, np.inf))
    expected = optimize.lsq_linear(matrix.numpy(), target.numpy(), limits, method="bvls", tol=1e-14)
    assert values[-1] == pytest.approx(2 * expected.cost, rel=1e-7, abs=1e-9)
    assert bool((path[-1][0][bounded] >= 0).all())


def test_descent_finds_the_end_of_rosenbrocks_valley():
    def function(z):
        return float(optimize.rosen(z.numpy())), torch.from_numpy(optimize.rosen_der(z.numpy()))

    start = torch.tensor([-1.2, 1.0, -1.2, 1.0], dtype=DOUBLE)
    *_, (point, value) = islice(descend(function, start, torch.zeros(4, dtype=torch.bool)), 300)
    assert value < 1e-15
    torch.testing.assert_close(point, torch.ones(4, dtype=DOUBLE))


# ---- the iterator ---------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(networks(max_tensors=4), st.sampled_from(NAMES), st.booleans())
def test_the_objective_of_any_network_never_rises_and_is_the_mean_loss(net, name, gaps):
    assume(net.free)
    x = data_for(name, net.shape, 3)
    start = numbers_for(net, DOUBLE)
    held = {each: core for each, core in start.items() if each not in net.free}
    loss = LOSSES[name]
    assume(not (loss.nonnegative and any(bool((core < 0).any()) for core in held.values())))
    mask = torch.arange(x.numel()).reshape(x.shape) % 2 == 0 if gaps else None
    sweeps = list(islice(loss_sweeps(x, mask, net, start, net.free, loss), 6))
    objectives = [objective for _, _, objective in sweeps]
    assert all(later <= before for before, later in pairwise(objectives))
    cores, error, objective = sweeps[-1]
    value, data = net.contract({**cores}) if set(cores) == set(net.tensors) else None, x
    seen = torch.ones_like(x, dtype=torch.bool) if mask is None else mask
    expected = scipys_losses(name, value[seen].numpy(), data[seen].numpy())
    assert objective == pytest.approx(expected.mean(), abs=1e-8, rel=1e-8)
    mean = {"logistic": torch.sigmoid, "poisson_log": torch.exp}.get(name, lambda value: value)(value)
    whole = torch.linalg.vector_norm(x[seen])
    if whole:
        assert error == pytest.approx(
            float(torch.linalg.vector_norm(x[seen] - mean[seen]) / whole), rel=1e-9, abs=1e-12
        )
    assert all(torch.equal(cores[each], held[each]) for each in held)
    if loss.nonnegative:
        assert all(float(core.min()) >= 0 for core in cores.values())


def test_least_squares_is_the_alternating_fit():
    data = planted("cp", (6, 7, 8), 3, noise=0.2, seed=1)
    start = data.network.random(seed=2, dtype=DOUBLE)
    fit = decompose(data.x, data.network, init=start, max_sweeps=500, tol=1e-12)
    _, error, objective = last(
        loss_sweeps(data.x, None, data.network, start, data.network.free, LOSSES["least_squares"]), 100
    )
    assert error == pytest.approx(fit.error, rel=1e-6)
    assert objective == pytest.approx(error**2 * float(data.x.square().mean()), rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.complex128], ids=str)
def test_cores_keep_the_dtype_of_the_data(dtype):
    net = tucker((5, 6, 7), 2)
    x = net.contract(net.random(seed=1, dtype=dtype))
    cores, error, _ = last(loss_sweeps(x, None, net, net.random(seed=2, dtype=dtype), net.free, LOSSES["robust"]), 60)
    assert {core.dtype for core in cores.values()} == {dtype}
    assert error < 1e-3


def test_only_observed_entries_count():
    net = cp((8, 9, 10), 2)
    x = net.contract(net.random(seed=1, dtype=DOUBLE))
    mask = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    spoilt = torch.where(mask, x, torch.nan)
    cores, error, _ = last(
        loss_sweeps(spoilt, mask, net, net.random(seed=2, dtype=DOUBLE), net.free, LOSSES["least_squares"]), 100
    )
    assert error < 1e-8
    torch.testing.assert_close(net.contract(cores), x)


def test_a_ridge_keeps_log_odds_finite():
    net = cp((6, 6), 2)
    x = (torch.ones(6, 6, dtype=DOUBLE)).triu()
    free, held = (
        last(loss_sweeps(x, None, net, net.random(seed=1, dtype=DOUBLE), net.free, LOSSES["logistic"], ridge), 40)
        for ridge in (0.0, 0.01)
    )
    size = [float(net.contract(cores).abs().max()) for cores, _, _ in (free, held)]
    assert size[1] < 20 < size[0]


def test_data_of_any_scale_are_met_by_scaling_the_start():
    net = cp((6, 7, 8), 2)
    x = 1e7 * net.contract({name: core.abs() for name, core in net.random(seed=1, dtype=DOUBLE).items()})
    for name in ("poisson", "least_squares", "robust"):
        _, error, _ = last(loss_sweeps(x, None, net, net.random(seed=3, dtype=DOUBLE), net.free, LOSSES[name]), 80)
        assert error < 1e-3, name


# ---- what each is good for ------------------------------------------------------------------------------------------


def test_planted_rates_are_found_from_counts_better_than_by_least_squares():
    net = cp((15, 16, 17), 3)
    generator = torch.Generator().manual_seed(0)
    rates = net.contract(
        {
            name: 1.3 * torch.rand(core.shape, generator=generator, dtype=DOUBLE) ** 3
            for name, core in net.random().items()
        }
    )
    counts, fresh = torch.poisson(rates, generator=generator), torch.poisson(rates, generator=generator)
    likelihood, distance = {}, {}
    for name in ("poisson", "least_squares"):
        fits = [
            last(
                loss_sweeps(
                    counts, None, net, net.random(seed=seed, dtype=DOUBLE), net.free, LOSSES[name], nonnegative=net.free
                ),
                60,
            )
            for seed in range(3)
        ]
        value = net.contract(min(fits, key=lambda fit: fit[2])[0]).clamp(min=1e-3)
        likelihood[name] = float(torch.distributions.Poisson(value).log_prob(fresh).mean())
        distance[name] = float(torch.linalg.vector_norm(value - rates) / torch.linalg.vector_norm(rates))
    best = float(torch.distributions.Poisson(rates.clamp(min=1e-3)).log_prob(fresh).mean())
    assert likelihood["least_squares"] < likelihood["poisson"] < best
    assert distance["poisson"] < 0.8 * distance["least_squares"]


def test_one_entry_in_twenty_far_off_does_not_move_a_robust_fit():
    net = cp((12, 13, 14), 3)
    clean = net.contract(net.random(seed=5, dtype=DOUBLE))
    generator = torch.Generator().manual_seed(1)
    wild = torch.rand(clean.shape, generator=generator) < 0.05
    x = clean + 0.01 * torch.randn(clean.shape, generator=generator, dtype=DOUBLE)
    x[wild] += 50 * torch.randn(int(wild.sum()), generator=generator, dtype=DOUBLE)
    off = {}
    for name in ("robust", "least_squares"):
        fits = [
            last(loss_sweeps(x, None, net, net.random(seed=seed, dtype=DOUBLE), net.free, LOSSES[name]), 60)
            for seed in range(4)
        ]
        value = net.contract(min(fits, key=lambda fit: fit[2])[0])
        off[name] = float(torch.linalg.vector_norm(value - clean) / torch.linalg.vector_norm(clean))
    assert off["robust"] < 0.02
    assert off["least_squares"] > 0.5


def test_planted_log_odds_are_found_from_zeros_and_ones():
    net = cp((25, 26, 27), 2)
    generator = torch.Generator().manual_seed(2)
    odds = net.contract(net.random(seed=6, dtype=DOUBLE))
    odds = 2 * odds / odds.std()
    x = (torch.rand(odds.shape, generator=generator, dtype=DOUBLE) < torch.sigmoid(odds)).to(DOUBLE)
    fits = [
        last(loss_sweeps(x, None, net, net.random(seed=seed, dtype=DOUBLE), net.free, LOSSES["logistic"]), 60)
        for seed in range(3)
    ]
    cores, error, objective = min(fits, key=lambda fit: fit[2])
    value = net.contract(cores)
    assert float(torch.linalg.vector_norm(value - odds) / torch.linalg.vector_norm(odds)) < 0.25
    truth = torch.nn.functional.binary_cross_entropy_with_logits(odds, x)
    assert objective < float(truth) < math.log(2), "the maximum likelihood is above that of the truth"
    assert error < 1, "the error is that of the probabilities"


# ---- a loss of one's own --------------------------------------------------------------------------------------------


def fit_with(function, x, net=None, mask=None):
    net = net or cp(tuple(x.shape), 2)
    loss = check_loss(function, x, mask, {})
    return last(loss_sweeps(x, mask, net, net.random(seed=1, dtype=x.dtype), net.free, loss), 60)


def test_a_function_may_return_one_number_or_one_for_each_entry():
    x = data_for("least_squares", (5, 6, 7), 0)
    by_entry = fit_with(lambda m, x: (m - x) ** 2, x)
    in_all = fit_with(lambda m, x: ((m - x) ** 2).mean(), x)
    assert by_entry[2] == pytest.approx(in_all[2], rel=1e-12)
    smooth = fit_with(lambda m, x: ((m - x) ** 2).mean() + 0.5 * (m[1:] - m[:-1]).square().mean(), x)
    roughness = [
        float((value[1:] - value[:-1]).square().mean())
        for value in (cp((5, 6, 7), 2).contract(fit[0]) for fit in (in_all, smooth))
    ]
    assert roughness[1] < roughness[0], "whole tensors come in, so that neighbours can be compared"


def test_with_a_mask_a_function_gets_the_observed_entries():
    x = data_for("least_squares", (5, 6), 0)
    mask = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.7
    shapes = set()

    def function(m, x):
        shapes.add((m.shape, x.shape))
        return (m - x).abs().square()

    fit_with(function, x, mask=mask)
    assert shapes == {(torch.Size([int(mask.sum())]),) * 2}


def test_huber_has_its_corner_at_delta():
    x, value = torch.zeros(3, dtype=torch.complex128), torch.tensor([0.3j, 0.5, 4 + 3j], dtype=torch.complex128)
    np.testing.assert_allclose(huber(0.5)(value, x).numpy(), special.huber(0.5, value.abs().numpy()))
    for delta in (0, -1.0, math.inf, math.nan, "1", True):
        with pytest.raises(FitError, match="delta is"):
            huber(delta)


def not_a_number(m, x):
    return (m - x + 1e6).neg().log()


PLAIN = torch.ones(3, 2, dtype=DOUBLE)
REFUSED = {
    "unknown": ("poison", PLAIN, "there is no loss 'poison'; did you mean 'poisson'"),
    "no loss": (3, PLAIN, "loss is a int"),
    "negative counts": (
        "poisson",
        torch.tensor([[1.0, 2.0], [0.0, -0.5], [1.0, -3.0]]),
        r"counts, 0 or more; x\[1, 1\] is -0.5 .*: 2\)",
    ),
    "negative counts, log": ("poisson_log", -PLAIN, r"x\[0, 0\] is -1"),
    "halves": ("logistic", torch.tensor([[1.0, 0.0], [0.5, 1.0], [1.0, 0.0]]), r"zeros and ones; x\[2?1?, 0\] is 0.5"),
    "complex": ("poisson", PLAIN.to(torch.complex64), "is for real data"),
    "NaN": (not_a_number, PLAIN, "loss 'not_a_number' is nan for the value"),
    "NaN in all": (lambda m, x: not_a_number(m, x).sum(), PLAIN, "is nan in all where the fit starts"),
    "no tensor": (lambda m, x: 1.0, PLAIN, "returned a float"),
    "wrong shape": (
        lambda m, x: (m - x).square().sum(0),
        PLAIN,
        r"returned shape \(2,\) for value and data of shape \(3, 2\)",
    ),
    "detached": (lambda m, x: (m.detach() - x).square(), PLAIN, "does not depend on its first argument"),
    "integers": (lambda m, x: (m > x).long(), PLAIN, "returned int64 numbers"),
    "complex out": (lambda m, x: (m - x) * (1 + 1j), PLAIN, "returned complex128 numbers"),
    "no gradient": (lambda m, x: (m - m).sqrt(), PLAIN, "has a gradient that is not finite"),
}


@pytest.mark.parametrize(("loss", "x", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_used_is_refused(loss, x, message):
    with pytest.raises(FitError, match=message):
        fit_with(loss, x)


def test_gaps_may_hold_anything():
    x = torch.tensor([[1.0, -7.0], [0.0, 2.0]], dtype=DOUBLE)
    mask = torch.tensor([[True, False], [True, True]])
    assert check_loss("poisson", x, mask, {}).name == "poisson"


def test_tensors_that_do_not_move_must_let_rates_be_non_negative():
    held = {"M": torch.tensor([[1.0, -1.0], [0.0, 2.0]], dtype=DOUBLE)}
    with pytest.raises(FitError, match="tensor 'M', which does not move, holds negative numbers"):
        check_loss("poisson", PLAIN, None, held)
    assert check_loss("poisson_log", PLAIN, None, held).expected is torch.exp


def test_orthogonal_cores_are_refused():
    with pytest.raises(FitError, match="tensor 'A' is to be orthogonal"):
        check_loss("robust", PLAIN, None, {}, ["A"])
