"""What the diagnostics say, against closed forms, brute force and other libraries."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch

from workbench.data import planted
from workbench.decomposition import Fit, FitError, core_consistency, decompose, factor_match
from workbench.network import Network, cp, tucker


def fit_of(net: Network, cores: dict[str, torch.Tensor]) -> Fit:
    return Fit(net, cores, 0.0, (0.0,), True)


def random_cp(shape: tuple[int, ...], rank: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Fit:
    net = cp(shape, rank)
    return fit_of(net, net.random(seed=seed, dtype=dtype))


# ---- factor match ----------------------------------------------------------------------------------------------------


def scored_by_hand(a: Fit, b: Fit, weights: bool) -> float:
    """The definition, in numpy, over every permutation."""
    one, two = ([core.numpy() for core in fit.cores.values()] for fit in (a, b))
    rank = one[0].shape[1]
    s, t = (np.prod([np.linalg.norm(factor, axis=0) for factor in each], axis=0) for each in (one, two))

    def likeness(i: int, j: int) -> float:
        found = 1 - abs(s[i] - t[j]) / max(s[i], t[j]) if weights else 1.0
        for left, right in zip(one, two, strict=True):
            u, v = left[:, i], right[:, j]
            found *= abs(np.vdot(u, v)) / (np.linalg.norm(u) * np.linalg.norm(v))
        return found

    return max(sum(likeness(i, j) for i, j in enumerate(order)) / rank for order in permutations(range(rank)))


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_the_factor_match_score_is_its_definition_over_every_permutation(weights, dtype):
    a, b = (random_cp((5, 6, 4), 4, seed, dtype) for seed in (0, 1))
    assert factor_match(a, b, weights=weights) == pytest.approx(scored_by_hand(a, b, weights), abs=1e-12)
    assert factor_match(b, a, weights=weights) == pytest.approx(factor_match(a, b, weights=weights), abs=1e-12)


def test_without_weights_it_agrees_with_tensorlys_congruence_for_well_matched_factors():
    from tensorly.metrics import congruence_coefficient

    a = random_cp((7, 8, 9), 3, 0)
    noise = random_cp((7, 8, 9), 3, 1)
    b = fit_of(a.network, {name: a.cores[name] + 0.05 * noise.cores[name] for name in a.cores})
    congruence, _ = congruence_coefficient(
        [a.cores[name].numpy() for name in a.cores], [b.cores[name].numpy() for name in b.cores]
    )
    # TensorLy takes the mean over components after the product over modes, signs included
    assert factor_match(a, b, weights=False) == pytest.approx(congruence, abs=1e-3)


def test_order_scale_and_signs_of_components_do_not_matter_but_their_norms_do():
    a = random_cp((5, 6, 4), 3)
    order = torch.tensor([2, 0, 1])
    scales = torch.tensor([-2.0, 0.5, 3.0], dtype=torch.float64)
    same = {"A": a.cores["A"][:, order] * scales, "B": a.cores["B"][:, order] / scales, "C": a.cores["C"][:, order]}
    assert factor_match(a, fit_of(a.network, same)) == pytest.approx(1, abs=1e-12)
    twice = fit_of(a.network, {**a.cores, "A": 2 * a.cores["A"]})
    assert factor_match(a, twice) == pytest.approx(0.5, abs=1e-12)
    assert factor_match(a, twice, weights=False) == pytest.approx(1, abs=1e-12)


def test_terms_that_are_zero_match_each_other_and_nothing_else():
    a = random_cp((5, 6, 4), 2)
    dead = fit_of(a.network, {name: core * torch.tensor([1.0, 0.0]) for name, core in a.cores.items()})
    assert factor_match(dead, dead) == pytest.approx(1, abs=1e-12)
    assert factor_match(a, dead) == pytest.approx(0.5, abs=1e-12)


def test_a_fit_may_name_its_tensors_and_merge_its_legs_as_it_likes():
    net = Network.from_einsum("rhw,ir,ro->ohwi", h=3, w=2, i=4, o=5, r=3)
    cores = net.random(seed=0, dtype=torch.float64)
    a = fit_of(net, cores)
    flipped = fit_of(net, {name: core.flip(net.tensors[name].index("r")) for name, core in cores.items()})
    assert factor_match(a, flipped) == pytest.approx(1, abs=1e-12)


def test_what_is_no_cp_or_does_not_compare_is_refused():
    x = torch.rand(4, 5, 6, dtype=torch.float64)
    with pytest.raises(FitError, match="the factor match score is defined for CP, and 'def,ad,be,cf->abc' is none"):
        factor_match(decompose(x, tucker(x.shape, (2, 2, 2))), random_cp((4, 5, 6), 2))
    with pytest.raises(FitError, match=r"rank 2 and .* rank 3; give two CP fits of one rank"):
        factor_match(random_cp((4, 5, 6), 2), random_cp((4, 5, 6), 3))


# ---- core consistency ------------------------------------------------------------------------------------------------


def consistency_by_kronecker(x: np.ndarray, factors: list[np.ndarray]) -> float:
    """Bro and Kiers's own formula: the Tucker core of the vectorised data by one large least-squares problem."""
    norms = [np.linalg.norm(factor, axis=0) for factor in factors]
    share = np.prod(norms, axis=0) ** (1 / len(factors))
    factors = [factor / norm * share for factor, norm in zip(factors, norms, strict=True)]
    whole = factors[0]
    for factor in factors[1:]:
        whole = np.kron(whole, factor)
    core = np.linalg.lstsq(whole, x.ravel(), rcond=None)[0]
    rank = factors[0].shape[1]
    ideal = np.zeros((rank,) * len(factors))
    np.fill_diagonal(ideal, 1)
    return 100 * (1 - float((np.abs(core - ideal.ravel()) ** 2).sum()) / rank)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize(("shape", "rank"), [((5, 6, 7), 3), ((4, 3, 4, 3), 3), ((6, 5), 2), ((3, 5, 6), 4)])
def test_core_consistency_is_the_kronecker_formula(shape, rank, dtype):
    x = planted("cp", shape, rank, noise=0.3, dtype=dtype).x
    fit = decompose(x, "cp", ranks=rank, max_sweeps=20)
    expected = consistency_by_kronecker(x.numpy(), [core.numpy() for core in fit.cores.values()])
    assert core_consistency(x, fit) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_core_consistency_does_not_depend_on_the_scale_of_the_columns():
    x = planted("cp", (5, 6, 7), 3, noise=0.3).x
    fit = decompose(x, "cp", ranks=3)
    scales = torch.tensor([100.0, 0.01, -3.0], dtype=torch.float64)
    other = fit_of(fit.network, {**fit.cores, "A": fit.cores["A"] * scales, "B": fit.cores["B"] / scales})
    assert core_consistency(x, other) == pytest.approx(core_consistency(x, fit), rel=1e-9)


def test_core_consistency_is_full_at_the_planted_rank_and_falls_beyond_it():
    data = planted("cp", (12, 13, 14), 3, noise=0.05)
    found = [core_consistency(data.x, decompose(data.x, "cp", ranks=rank)) for rank in (1, 2, 3)]
    assert found[0] == pytest.approx(100, abs=1e-6)
    assert min(found) > 95
    beyond = [core_consistency(data.x, decompose(data.x, "cp", ranks=5, init="random", seed=seed)) for seed in range(5)]
    assert sorted(beyond)[2] < 50
    assert core_consistency(data.clean, fit_of(data.network, dict(data.cores))) == pytest.approx(100, abs=1e-9)


def test_core_consistency_in_single_precision_is_that_in_double():
    x = planted("cp", (8, 9, 10), 3, noise=0.1, dtype=torch.float32).x
    fit = decompose(x, "cp", ranks=4, max_sweeps=30)
    wide = fit_of(fit.network, {name: core.double() for name, core in fit.cores.items()})
    assert core_consistency(x, fit) == pytest.approx(core_consistency(x.double(), wide), rel=1e-5, abs=1e-3)


def test_core_consistency_of_merged_legs_is_that_of_the_merged_tensor():
    x = planted("cp", (3, 4, 5, 6), 3, noise=0.4).x
    net = Network.from_einsum("cr,abr,dr->abcd", a=3, b=4, c=5, d=6, r=3)
    fit = decompose(x, net, max_sweeps=10)
    a, b, c = fit.cores.values()
    moved = fit_of(cp((12, 5, 6), 3), {"A": b.reshape(12, 3), "B": a, "C": c})
    assert core_consistency(x, fit) == pytest.approx(core_consistency(x.reshape(12, 5, 6), moved), rel=1e-9)


def test_gaps_take_the_fits_own_value():
    data = planted("cp", (6, 7, 8), 2, missing=0.3)
    truth = fit_of(data.network, dict(data.cores))
    assert core_consistency(data.x, truth, mask=data.mask) == pytest.approx(100, abs=1e-9)
    assert core_consistency(data.x, truth) < 99


def test_core_consistency_refuses_what_does_not_belong_together():
    fit = random_cp((4, 5, 6), 2)
    with pytest.raises(FitError, match=r"x has shape \(4, 5\), the fit \(4, 5, 6\)"):
        core_consistency(torch.rand(4, 5), fit)
    with pytest.raises(FitError, match=r"the core of 3000\^4 entries needs about .* of memory"):
        core_consistency(torch.rand(2, 2, 2, 2), random_cp((2, 2, 2, 2), 3000))
    assert math.isfinite(core_consistency(torch.zeros(4, 5, 6), fit))
