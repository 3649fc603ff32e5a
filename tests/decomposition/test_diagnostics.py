"""What the diagnostics say, against closed forms, brute force and other libraries."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.decomposition.test_als import design_matrix, numbers_for
from tests.network.strategies import networks
from workbench.data import planted
from workbench.decomposition import (
    Fit,
    FitError,
    bond_spectra,
    condition,
    core_consistency,
    decompose,
    diagnose,
    entropies,
    factor_match,
    leverage,
    residuals,
    sensitivity,
)
from workbench.network import Network, cp, hierarchical_tucker, tensor_ring, tensor_train, tucker


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


# ---- sensitivity -----------------------------------------------------------------------------------------------------


@given(networks(max_tensors=4, max_indices=5, odd_names=False), st.sampled_from([torch.float64, torch.complex128]))
@settings(max_examples=40)
def test_the_sensitivity_of_any_network_is_the_squared_norm_of_its_jacobian(net, dtype):
    assume(net.free)
    cores = numbers_for(net, dtype)
    expected = sum(float(design_matrix(net, cores, name).abs().square().sum()) for name in net.free)
    given = {name: core for name, core in cores.items() if net.fixed.get(name, "data") == "data"}
    assert sensitivity(fit_of(net, given)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_sensitivity_of_a_cp_is_the_papers_formula():
    fit = random_cp((4, 5, 6), 3)
    a, b, c = (core.square().sum(0) for core in fit.cores.values())
    assert sensitivity(fit) == pytest.approx(float((6 * a * b + 4 * b * c + 5 * a * c).sum()), rel=1e-12)


@pytest.mark.parametrize("family", ["cp", "tensor_train", "tensor_ring"])
def test_the_sensitivity_is_what_small_noise_does_on_average(family):
    net = {
        "cp": cp((4, 5, 6), 3),
        "tensor_train": tensor_train((4, 5, 6), (2, 3)),
        "tensor_ring": tensor_ring((4, 5, 6), 2),
    }[family]
    cores = net.random(seed=1, dtype=torch.float64)
    before, size = net.contract(cores), 1e-4
    generator = torch.Generator().manual_seed(0)
    squares = []
    for _ in range(400):
        noise = {name: torch.randn(core.shape, generator=generator, dtype=core.dtype) for name, core in cores.items()}
        moved = net.contract({name: core + size * noise[name] for name, core in cores.items()})
        squares.append(float(((moved - before) / size).square().sum()))
    assert np.mean(squares) == pytest.approx(
        sensitivity(fit_of(net, cores)), rel=4 * np.std(squares) / np.mean(squares) / 20
    )


# ---- condition -------------------------------------------------------------------------------------------------------


def condition_by_terracini(factors: list[np.ndarray]) -> float:
    """The definition: orthonormal bases of the tangent spaces, spanned by moving one column at a time, side by side."""
    blocks = []
    for r in range(factors[0].shape[1]):
        columns = [factor[:, r] for factor in factors]
        spanning = []
        for k, column in enumerate(columns):
            for unit in np.eye(len(column)):
                term = np.ones(1)
                for vector in [*columns[:k], unit, *columns[k + 1 :]]:
                    term = np.kron(term, vector)
                spanning.append(term)
        u, s, _ = np.linalg.svd(np.array(spanning).T, full_matrices=False)
        blocks.append(u[:, s > 1e-9 * s[0]])
    return 1 / np.linalg.svd(np.hstack(blocks), compute_uv=False).min()


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize(
    ("shape", "rank"),
    [((4, 5, 6), 3), ((7, 6, 5), 2), ((3, 3, 3), 3), ((2, 3, 2, 3), 3), ((3, 4, 5), 6), ((5, 2, 3), 2)],
)
def test_the_condition_number_is_that_of_the_whole_terracini_matrix(shape, rank, dtype):
    fit = random_cp(shape, rank, 3, dtype)
    expected = condition_by_terracini([core.numpy() for core in fit.cores.values()])
    assert condition(fit) == pytest.approx(expected, rel=1e-6)


def test_the_condition_number_bounds_how_far_terms_move():
    fit = random_cp((4, 5, 6), 3, 2)
    moved = 1e-6 * random_cp((4, 5, 6), 3, 5).cores["A"]

    def terms(first: torch.Tensor) -> torch.Tensor:
        return torch.einsum("ir,jr,kr->rijk", first, fit.cores["B"], fit.cores["C"])

    change = terms(fit.cores["A"] + moved) - terms(fit.cores["A"])
    assert float(change.norm()) <= 1.001 * condition(fit) * float(change.sum(0).norm())


def test_orthogonal_terms_are_conditioned_perfectly_and_undetermined_ones_not_at_all():
    eye = torch.eye(4, dtype=torch.float64)
    net = cp((4, 4, 4), 3)
    assert condition(fit_of(net, {"A": 5 * eye[:, :3], "B": eye[:, :3], "C": eye[:, 1:]})) == pytest.approx(
        1, abs=1e-12
    )
    assert condition(random_cp((4, 5), 2)) == math.inf  # a matrix has as many factorisations as there are bases
    assert condition(random_cp((2, 2, 2), 5)) == math.inf
    dead = fit_of(net, {"A": eye[:, :3] * torch.tensor([1.0, 1.0, 0.0]), "B": eye[:, :3], "C": eye[:, :3]})
    assert condition(dead) == math.inf


def test_the_condition_number_says_what_it_cannot_do():
    with pytest.raises(FitError, match=r"rank 40 with factors of 40, 40, 40 directions needs a matrix of .* entries"):
        condition(random_cp((40, 40, 40), 40))
    with pytest.raises(FitError, match="the condition number is defined for CP"):
        condition(fit_of(tensor_ring((3, 4, 5), 2), tensor_ring((3, 4, 5), 2).random(0)))


# ---- bonds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_bond_spectra_are_singular_values_of_the_value_cut_in_two(dtype):
    net = tensor_train((4, 3, 5, 2), (3, 4, 2))
    fit = fit_of(net, net.random(seed=0, dtype=dtype))
    value = fit.reconstruct()
    for at, bond in enumerate(("r0", "r1", "r2"), start=1):
        expected = torch.linalg.svdvals(value.reshape(math.prod(value.shape[:at]), -1))
        found = bond_spectra(fit)[bond]
        assert found == pytest.approx(expected[: len(found)].numpy(), abs=1e-10)
        assert float(expected[len(found) :].sum()) < 1e-9


def test_bonds_of_a_tree_part_it_whatever_its_shape():
    net = hierarchical_tucker((3, 4, 2, 5), 2)
    fit = fit_of(net, net.random(seed=0, dtype=torch.float64))
    value = fit.reconstruct()
    spectra = bond_spectra(fit)
    assert sorted(spectra) == sorted(net.bonds)
    sides = [torch.linalg.svdvals(value.movedim(k, 0).reshape(value.shape[k], -1))[:2] for k in range(4)]
    sides.append(torch.linalg.svdvals(value.reshape(12, 10))[:2])
    for values in spectra.values():
        assert any(torch.allclose(values, side, atol=1e-9) for side in sides)


def test_several_bonds_between_two_tensors_count_as_one():
    net = Network.from_einsum("irs,rsj->ij", i=5, j=6, r=2, s=2)
    fit = fit_of(net, net.random(seed=0, dtype=torch.float64))
    (values,) = bond_spectra(fit).values()
    assert list(bond_spectra(fit)) == ["r, s"]
    assert values == pytest.approx(torch.linalg.svdvals(fit.reconstruct())[:4].numpy(), abs=1e-10)


def test_entropies_are_those_of_the_squared_schmidt_values():
    net = tensor_train((4, 4), 4)
    spread = fit_of(net, {"A": torch.eye(4), "B": torch.diag(torch.tensor([2.0, 1.0, 1.0, 0.0]))})
    p = np.array([4, 1, 1]) / 6
    assert entropies(spread)["r0"] == pytest.approx(-(p * np.log(p)).sum(), rel=1e-6)
    assert entropies(fit_of(net, {"A": torch.zeros(4, 4), "B": torch.eye(4)}))["r0"] == 0


def test_loops_have_no_bond_spectra():
    net = tensor_ring((3, 4, 5), 2)
    with pytest.raises(FitError, match=r"bond spectra are those of trees, and .* has loops"):
        bond_spectra(fit_of(net, net.random(0)))


# ---- leverage and residuals ------------------------------------------------------------------------------------------


def test_leverage_is_tensorlys_up_to_its_scale():
    from tensorly.metrics import leverage_score_dist

    fit = random_cp((7, 5, 6), 3)
    expected = leverage_score_dist(fit.cores["A"].numpy())  # sums to 1
    assert leverage(fit, "i0") / 3 == pytest.approx(expected, abs=1e-12)


def test_leverage_does_not_depend_on_the_gauge_and_sums_to_the_rank():
    net = tensor_train((6, 7, 5), (2, 3))
    cores = net.random(seed=0, dtype=torch.float64)
    turn = torch.randn(2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turned = {
        "A": cores["A"] @ turn,
        "B": torch.einsum("ab,bjc->ajc", torch.linalg.inv(turn), cores["B"]),
        "C": cores["C"],
    }
    found = leverage(fit_of(net, cores), "i0")
    assert found == pytest.approx(leverage(fit_of(net, turned), "i0").numpy(), abs=1e-10)
    assert float(found.sum()) == pytest.approx(2)
    with pytest.raises(FitError, match="there is no leg 'r0'; the legs are i0, i1, i2"):
        leverage(fit_of(net, cores), "r0")
    open_cp = Network.from_einsum("ir,jr->ijr", i=3, j=4, r=2)
    with pytest.raises(FitError, match="leg 'r' is held by 2 tensors"):
        leverage(fit_of(open_cp, open_cp.random(0)), "r")


def test_residuals_are_slicewise_squares_that_sum_to_the_error():
    data = planted("cp", (5, 6, 7), 2, noise=0.2)
    fit = decompose(data.x, "cp", ranks=2)
    found = residuals(data.x, fit)
    left = data.x - fit.reconstruct()
    assert found.slices["i1"] == pytest.approx(left.square().sum((0, 2)).numpy(), rel=1e-12)
    assert found.energies["i2"] == pytest.approx(data.x.square().sum((0, 1)).numpy(), rel=1e-12)
    assert found.error == pytest.approx(fit.error, rel=1e-9)
    assert float(found.standardised.square().mean()) == pytest.approx(1)
    at, share = found.worst("i0")
    assert share == pytest.approx(float(left[at].square().sum() / left.square().sum()))
    assert repr(found).startswith("Residuals(i0 5 × i1 6 × i2 7, error=0.1")
    with pytest.raises(FitError, match="there is no leg 'r'"):
        found.worst("r")


def test_residuals_look_at_observed_entries_only():
    data = planted("cp", (5, 6, 7), 2, missing=0.3)
    truth = fit_of(data.network, dict(data.cores))
    found = residuals(data.x, truth, mask=data.mask)
    assert found.error < 1e-12
    assert bool((torch.isnan(found.values) == ~data.mask).all())
    assert len(found.standardised) == int(data.mask.sum())
    with pytest.raises(FitError, match=r"x has shape \(5, 6\), the fit \(5, 6, 7\)"):
        residuals(torch.rand(5, 6), truth)


# ---- the report ------------------------------------------------------------------------------------------------------


def nearly_border(t: float) -> Fit:
    """t (a + b/t)^(3) - t a^(3): its limit has rank 3, its terms grow with t and cancel."""
    a, b = torch.eye(3, dtype=torch.float64)[:, :2].unbind(1)
    one = t ** (1 / 3) * torch.stack([a + b / t, -a], dim=1)
    return fit_of(cp((3, 3, 3), 2), {"A": one, "B": one, "C": one})


def test_the_report_measures_how_terms_cancel():
    t = 50.0
    fit = nearly_border(t)
    found = diagnose(fit)
    u, v = np.array([1, 1 / t, 0]), np.array([-1.0, 0, 0])
    cosine = (u @ v / np.linalg.norm(u)) ** 3
    assert found.degenerate
    assert found.degeneracy.cosine == pytest.approx(cosine, rel=1e-9)
    norms = np.array([t * np.linalg.norm(u) ** 3, t]) / float(fit.reconstruct().norm())
    assert found.degeneracy.norms == pytest.approx(norms, rel=1e-9)
    assert found.degeneracy.cancellation == pytest.approx(np.linalg.norm(norms), rel=1e-9)
    assert "terms 0 and 1 cancel" in found.sentences[0]
    assert "repair with wb.stabilise(fit, x)" in found.sentences[0]
    assert not diagnose(nearly_border(1.0)).degenerate


@given(st.integers(0, 99), st.integers(1, 4), st.sampled_from([(4, 5, 6), (3, 2, 4, 3), (5, 4)]))
@settings(max_examples=30)
def test_no_cp_is_less_sensitive_than_its_floor_nor_than_its_terms_shared_well(seed, rank, shape):
    fit = random_cp(shape, rank, seed)
    found = diagnose(fit)
    assert found.sensitivity >= found.degeneracy.floor * (1 - 1e-9)
    assert found.shared >= 1 - 1e-9
    columns = [core / core.norm(dim=0) for core in fit.cores.values()]
    lengths = torch.tensor(shape, dtype=torch.float64)
    norms = torch.stack([core.norm(dim=0) for core in fit.cores.values()]).prod(0)
    well = [
        each * lengths[k].sqrt() * (norms / lengths.prod().sqrt()) ** (1 / len(shape)) for k, each in enumerate(columns)
    ]
    best = fit_of(fit.network, dict(zip(fit.cores, well, strict=True)))
    assert (best.reconstruct() - fit.reconstruct()).norm() < 1e-9 * fit.reconstruct().norm()
    assert sensitivity(best) == pytest.approx(found.sensitivity / found.shared, rel=1e-9)


def test_the_floor_is_reached_by_parallel_terms():
    one = torch.ones(3, 1, dtype=torch.float64)
    fit = fit_of(cp((3, 3, 3), 4), {name: one.expand(3, 4).contiguous() for name in "ABC"})
    found = diagnose(fit)
    assert found.sensitivity == pytest.approx(found.degeneracy.floor, rel=1e-12)


def test_amplification_is_what_relative_noise_does():
    single = random_cp((4, 5, 6), 1)
    assert diagnose(single).amplification == pytest.approx(math.sqrt(3))
    scaled = fit_of(single.network, {**single.cores, "A": 100 * single.cores["A"]})
    assert diagnose(scaled).amplification == pytest.approx(math.sqrt(3))
    net = tucker((4, 5, 6), (2, 3, 2))
    cores = net.random(seed=0, dtype=torch.float64)
    before = net.contract(cores)
    generator = torch.Generator().manual_seed(0)
    moved = []
    for _ in range(300):
        noise = {name: torch.randn(core.shape, generator=generator, dtype=core.dtype) for name, core in cores.items()}
        spread = {name: 1e-4 * core.square().mean().sqrt() * noise[name] for name, core in cores.items()}
        after = net.contract({name: core + spread[name] for name, core in cores.items()})
        moved.append(float((after - before).square().sum()))
    expected = math.sqrt(np.mean(moved)) / 1e-4 / float(before.norm())
    assert diagnose(fit_of(net, cores)).amplification == pytest.approx(expected, rel=0.1)


def test_the_report_of_a_sound_fit_says_so_and_prints_a_table():
    data = planted("cp", (8, 9, 10), 2, noise=0.05)
    fit = decompose(data.x, "cp", ranks=2)
    others = [decompose(data.x, "cp", ranks=2, init="random", seed=seed) for seed in (1, 2)]
    found = diagnose(fit, data.x, others)
    assert found.sentences[:2] == ("sound: no two terms cancel", "2 other fits as good found the same terms")
    lines = repr(found).splitlines()
    assert lines[0].split() == ["error", f"{fit.error:.4g}"]
    assert any(line.startswith("core consistency") and line.endswith("%") for line in lines)
    assert any(line.startswith("worst slice of i2") for line in lines)
    assert found.condition == pytest.approx(condition(fit))


def test_the_report_finds_a_spoilt_slice_idle_bonds_and_bad_scales():
    data = planted("tensor_train", (8, 9, 10), (2, 2))
    x = data.x.clone()
    fit = decompose(x, "tensor_train", ranks=(4, 2))
    x[3] += 0.5 * torch.randn(9, 10, generator=torch.Generator().manual_seed(0), dtype=x.dtype)
    found = diagnose(fit, x)
    assert found.degeneracy is None
    assert "slice 3 of i0 holds 100 % of the squared error: look at it" in found.sentences
    assert "bond r0 could be smaller by 2: its last values are below 1e-6 of the first" in found.sentences
    lopsided = fit_of(fit.network, {**fit.cores, "A": 1e-3 * fit.cores["A"], "C": 1e3 * fit.cores["C"]})
    assert any("norms are shared badly" in sentence for sentence in diagnose(lopsided).sentences)


def test_other_fits_are_compared_where_they_can_be():
    ring = tensor_ring((4, 5, 6), 2)
    fit = fit_of(ring, ring.random(0))
    with pytest.raises(FitError, match="is no CP; leave fits out"):
        diagnose(fit, fits=[fit])
    a, b = (random_cp((4, 5, 6), 2, seed) for seed in (0, 1))
    found = diagnose(a, fits=[a, b])
    assert found.matches == pytest.approx((1.0, factor_match(a, b)))
    assert any("2 other fits as good, 1 with the same terms" in sentence for sentence in found.sentences)


def test_a_fit_that_is_zero_is_told_without_dividing_by_it():
    net = cp((3, 4, 5), 2)
    found = diagnose(fit_of(net, {name: torch.zeros(net.shape_of(name)) for name in net.tensors}), torch.zeros(3, 4, 5))
    assert found.sensitivity == 0
    assert not found.degenerate
    assert "error" in repr(found)
