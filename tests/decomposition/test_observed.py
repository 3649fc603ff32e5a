"""Least squares over observed entries against brute force: one core, then whole fits, on networks of any kind."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest
import tensorly as tl
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tensorly.decomposition import parafac

from tests.decomposition.test_als import PLANTED, design_matrix, numbers_for
from tests.network.strategies import networks
from workbench.data import planted
from workbench.decomposition import _observed, _observed_site
from workbench.decomposition._observed import Sums, observed_sweeps
from workbench.decomposition._observed_network import Observed
from workbench.decomposition._observed_site import site_of
from workbench.decomposition._observed_start import observed_start
from workbench.network import Network, cp, hierarchical_tucker, tensor_ring, tensor_train, tucker

WAYS = ["network", "absorbed", "entries"]
DTYPES = [torch.float64, torch.complex128]
ENDS = {
    **PLANTED,
    "two legs at the end": Network.from_einsum("ijr,rkl->ijkl", i=3, j=4, k=2, l=3, r=3),
    "a sum of its own at the end": Network.from_einsum("iru,rs,js->ij", i=5, j=6, r=3, s=2, u=2),
    "a trace at the end": Network.from_einsum("irttt,rjs,sk->ijk", i=5, j=6, k=4, r=3, s=2, t=2),
}


def gappy(net: Network, dtype: torch.dtype = torch.float64, missing: float = 0.4) -> tuple[torch.Tensor, torch.Tensor]:
    """Random data, of which something was observed."""
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(net.shape, generator=generator, dtype=dtype)
    mask = torch.rand(net.shape, generator=generator) > missing
    if not mask.any():
        mask = torch.ones_like(mask)
    return x, mask


def assert_least_squares(net: Network, name: str, sums: Sums, cores: dict[str, torch.Tensor]) -> None:
    """The core that `sums` finds fits the observed entries as well as a dense solver's, and it knows how well."""
    x, mask = sums.data.x, sums.data.mask
    found, lost = sums.update(cores, name)
    matrix = design_matrix(net, cores, name)[mask.reshape(-1)].numpy()
    seen = x[mask].numpy()
    solution = np.linalg.lstsq(matrix, seen, rcond=1e-10)[0]
    least = (np.linalg.norm(seen - matrix @ solution) / np.linalg.norm(seen)) ** 2
    value = net.contract({**cores, name: found})[mask].numpy()
    reached = (np.linalg.norm(seen - value) / np.linalg.norm(seen)) ** 2
    assert reached == pytest.approx(least, abs=1e-9)
    assert lost == pytest.approx(least, abs=1e-9), "the error the update claims"


@settings(max_examples=150)
@given(
    networks(max_tensors=4),
    st.sampled_from(DTYPES),
    st.sampled_from(WAYS),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_one_core_of_any_network_becomes_the_least_squares_solution_over_observed_entries(
    net, dtype, way, tight, chance
):
    assume(net.free)
    name = chance.choice(net.free)
    sums = Sums(Observed(*gappy(net, dtype, chance.choice([0, 0.3, 0.8]))), net, net.free, way)
    if tight:
        sums.data.room = 1  # one value of a leg, one block of entries at a time
    assert_least_squares(net, name, sums, numbers_for(net, dtype))


@pytest.mark.parametrize("dtype", DTYPES, ids=["real", "complex"])
@pytest.mark.parametrize("net", ENDS.values(), ids=ENDS.keys())
def test_with_a_core_absorbed_in_mask_and_data_the_solution_is_the_same(net, dtype):
    cores = numbers_for(net, dtype)
    for tight in (False, True):
        sums = Sums(Observed(*gappy(net, dtype)), net, net.free, "absorbed")
        if tight:
            sums.data.room = 1
        for name in net.free:
            assert_least_squares(net, name, sums, cores)


def test_cores_at_both_ends_are_absorbed_and_the_one_that_serves_the_others_moves_last():
    net = tensor_ring((4, 5, 6), 2)
    sums = Sums(Observed(*gappy(net)), net, ("C", "A", "B"), "absorbed")
    assert {name: end.name for name, end in sums.ends.items()} == {"A": "C", "B": "C", "C": "A"}
    assert sums.order == ("A", "B", "C")
    frozen = Sums(Observed(*gappy(net)), net, ("B", "C"), "absorbed")
    assert {name: end.name for name, end in frozen.ends.items()} == {"B": "A", "C": "A"}


def test_few_observed_entries_are_gathered_many_are_contracted():
    net = cp((60, 60, 60), 4)
    few, many = (planted(net, missing=missing) for missing in (0.995, 0.3))
    assert Sums(Observed(few.x, few.mask), net, net.free).by_entry == set(net.free)
    assert not Sums(Observed(many.x, many.mask), net, net.free).by_entry


@settings(max_examples=60)
@given(networks(max_tensors=4), st.sampled_from(DTYPES), st.booleans(), st.randoms(use_true_random=False))
def test_systems_too_large_to_be_formed_are_solved_by_conjugate_gradients(net, dtype, tight, chance):
    assume(net.free)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_observed_site, "DIRECT", 0)
        patch.setattr(_observed, "STEPS", 400)
        site_of.cache_clear()
        sums = Sums(Observed(*gappy(net, dtype)), net, net.free)
        if tight:
            sums.data.room = 1
        name = chance.choice(net.free)
        assert site_of(net, name).large
        assert_least_squares(net, name, sums, numbers_for(net, dtype))
    site_of.cache_clear()


@settings(max_examples=60)
@given(networks(max_tensors=4, fixed=False), st.sampled_from([1e-3, 0.5]), st.sampled_from([*WAYS, "large"]))
def test_the_ridge_is_the_penalised_solution(net, shift, way):
    assume(net.free)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_observed_site, "DIRECT", 0 if way == "large" else 1200)
        patch.setattr(_observed, "STEPS", 400)
        site_of.cache_clear()
        cores, name = numbers_for(net, torch.float64), net.free[0]
        x, mask = gappy(net)
        sums = Sums(Observed(x, mask), net, net.free, None if way == "large" else way)
        found, _ = sums.update(cores, name, shift)
    site_of.cache_clear()
    matrix = design_matrix(net, cores, name)[mask.reshape(-1)].numpy()
    normal = matrix.T @ matrix + shift * np.eye(matrix.shape[1])
    expected = np.linalg.solve(normal, matrix.T @ x[mask].numpy())
    np.testing.assert_allclose(found.reshape(-1).numpy(), expected, atol=1e-8)


@pytest.mark.parametrize("way", WAYS)
def test_what_the_observed_entries_do_not_determine_keeps_its_numbers(way):
    net = cp((6, 5, 4), 3)
    x, mask = gappy(net)
    mask[2] = False
    mask[2, 0, 0] = True  # one equation for three unknowns
    cores = numbers_for(net, torch.float64)
    found, _ = Sums(Observed(x, mask), net, net.free, way).update(cores, "A")
    row = cores["B"][0] * cores["C"][0]
    step = found[2] - cores["A"][2]
    assert float(found[2] @ row) == pytest.approx(float(x[2, 0, 0]))
    torch.testing.assert_close(step, row * (step @ row) / (row @ row))


@settings(max_examples=60)
@given(networks(max_tensors=4), st.sampled_from(DTYPES), st.sampled_from([0.0, 0.1]))
def test_the_error_never_rises_and_is_the_true_one_on_the_observed_entries(net, dtype, ridge):
    assume(net.free)
    x, mask = gappy(net, dtype)
    sweeps = list(islice(observed_sweeps(x, mask, net, numbers_for(net, dtype), net.free, ridge), 6))
    objectives = [objective for _, _, objective in sweeps]
    assert all(later <= before + 1e-12 for before, later in pairwise(objectives))
    for cores, error, _ in sweeps:
        residual = (x - net.contract(cores))[mask]
        assert error == pytest.approx(float(residual.norm() / x[mask].norm()), abs=1e-10)


@pytest.mark.parametrize("ridge", [0.0, 0.05])
@pytest.mark.parametrize("net", ENDS.values(), ids=ENDS.keys())
def test_every_way_to_sum_makes_the_same_sweeps(net, ridge, monkeypatch):
    x, mask = gappy(net)
    start = numbers_for(net, torch.float64)
    histories = []
    for way in WAYS:
        monkeypatch.setattr(_observed, "Sums", lambda data, net, active, way=way: Sums(data, net, active, way))
        order = Sums(Observed(x, mask), net, net.free, "absorbed").order
        histories.append([each[1:] for each in islice(observed_sweeps(x, mask, net, start, order, ridge), 4)])
    np.testing.assert_allclose(histories[1], histories[0], rtol=1e-6)
    np.testing.assert_allclose(histories[2], histories[0], rtol=1e-6)


def test_what_stands_in_the_gaps_does_not_matter():
    net = tensor_ring((6, 7, 8), 2)
    x, mask = gappy(net)
    other = torch.where(mask, x, 1e6)
    start = numbers_for(net, torch.float64)
    for (a, error, _), (b, same, _) in islice(
        zip(
            observed_sweeps(x, mask, net, start, net.free),
            observed_sweeps(other, mask, net, start, net.free),
            strict=False,
        ),
        3,
    ):
        assert error == same
        assert all(torch.equal(a[name], b[name]) for name in net.free)


def test_without_gaps_sweeps_are_those_of_tensorly():
    net = cp((6, 7, 8), 3)
    x, _ = gappy(net)
    start = numbers_for(net, torch.float64)
    factors = [start[name].numpy() for name in "ABC"]
    sweeps = observed_sweeps(x, torch.ones_like(x, dtype=torch.bool), net, start, net.free)
    for count, (_, error, _) in enumerate(islice(sweeps, 5), 1):
        theirs = parafac(x.numpy(), 3, n_iter_max=count, init=(np.ones(3), [each.copy() for each in factors]), tol=0)
        assert error == pytest.approx(np.linalg.norm(x.numpy() - tl.cp_to_tensor(theirs)) / np.linalg.norm(x.numpy()))


def test_imputing_and_fitting_again_changes_nothing_at_a_minimum():
    """A minimum over the observed entries is a fixed point of the EM algorithm, which fills the gaps with the fit's values."""
    net = cp((8, 9, 10), 2)
    data = planted(net, noise=0.3, missing=0.3, seed=4)
    start = observed_start(data.x, data.mask, net, 0)
    *_, (cores, _, _) = islice(observed_sweeps(data.x, data.mask, net, start, net.free), 400)
    filled = torch.where(data.mask, data.x, net.contract(cores))
    again, _, _ = next(observed_sweeps(filled, torch.ones_like(data.mask), net, cores, net.free))
    torch.testing.assert_close(net.contract(again), net.contract(cores), rtol=0, atol=1e-6)


FOUND = {
    **{name: (net, 0.3) for name, net in PLANTED.items()},
    "cp": (cp((12, 13, 14), 3), 0.7),
    "tucker": (tucker((12, 13, 14), (3, 2, 3)), 0.7),
    "train": (tensor_train((8, 9, 8, 9), 3), 0.7),
    "ring": (tensor_ring((10, 11, 12), 3), 0.5),
    "hierarchical": (hierarchical_tucker((6, 6, 6, 6), 2), 0.7),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_planted_network_is_found_again_gaps_and_all(name):
    net, missing = FOUND[name]
    dtype = (
        torch.complex128 if name in ("cp", "tucker", "legs on hyperbonds", "a trace and a diagonal") else torch.float64
    )
    data = planted(net, missing=missing, seed=5, dtype=dtype)
    scale = float(data.clean.abs().max())
    worst = math.inf
    for seed in range(8):
        start = observed_start(data.x, data.mask, net, seed, turned=seed > 0)
        sweeps = islice(observed_sweeps(data.x, data.mask, net, start, net.free), 400)
        cores = next((cores for cores, error, _ in sweeps if error < 1e-9), start)
        worst = float((net.contract(cores) - data.clean).abs().max()) / scale
        if worst < 1e-6:
            break
    assert worst < 1e-6


def test_single_precision_reaches_single_precision():
    net = tucker((12, 13, 14), 3)
    data = planted(net, missing=0.6, seed=5, dtype=torch.float32)
    sweeps = observed_sweeps(data.x, data.mask, net, observed_start(data.x, data.mask, net, 0), net.free)
    *_, (cores, error, _) = islice(sweeps, 60)
    assert cores["G"].dtype == torch.float32
    assert error < 5e-7
    assert float((net.contract(cores) - data.clean).norm() / data.clean.norm()) < 1e-5


# ---- the start ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [cp((40, 40, 40), 3), tensor_train((20, 20, 20), 3)])
def test_the_start_spans_what_was_planted_though_most_entries_are_missing(net):
    data = planted(net, missing=0.7, noise=0.01, seed=2)
    start = observed_start(data.x, data.mask, net, 0)
    q, _ = torch.linalg.qr(start["A"])
    missed = data.cores["A"] - q @ (q.T @ data.cores["A"])
    assert float(missed.norm() / data.cores["A"].norm()) < 0.25
    _, error, _ = next(observed_sweeps(data.x, data.mask, net, start, net.free))
    random = numbers_for(net, torch.float64, seed=1)
    _, at_random, _ = next(observed_sweeps(data.x, data.mask, net, random, net.free))
    assert error < at_random


def test_rows_that_happen_to_be_large_do_not_draw_the_start_to_them():
    """With 9 entries in 10 missing, a row's product with itself is ten times what it should be against others'."""
    generator = torch.Generator().manual_seed(0)
    left = torch.ones(30, 1, dtype=torch.float64)
    right = torch.randn(2000, 1, generator=generator, dtype=torch.float64)
    x = left @ right.T
    x[0] += 1.5 * torch.randn(2000, generator=generator, dtype=torch.float64)  # a noisy row
    mask = torch.rand(x.shape, generator=generator) < 0.1
    start = observed_start(x, mask, Network.from_einsum("ir,jr->ij", i=30, j=2000, r=1), 0)["A"]
    plain = torch.linalg.svd(torch.where(mask, x, 0), full_matrices=False).U[:, :1]
    cosines = [float((each.T @ left).abs() / left.norm() / each.norm()) for each in (start, plain)]
    assert cosines[0] > 0.95 > cosines[1]


def test_a_turned_start_spans_the_same_and_is_another():
    net = cp((10, 11, 12), 3)
    data = planted(net, missing=0.2, seed=1)
    one, two = (observed_start(data.x, data.mask, net, seed, turned=True) for seed in (3, 4))
    assert not torch.allclose(one["A"], two["A"])
    torch.testing.assert_close(one["A"] @ one["A"].T, two["A"] @ two["A"].T)
    once_more = observed_start(data.x, data.mask, net, 3, turned=True)
    assert torch.equal(one["A"], once_more["A"]), "the seed decides"


FACTORS = {
    "cp": cp((30, 26, 28), 4),
    "bonds first": Network.from_einsum("ra,rb,cr->bca", a=30, b=26, c=28, r=3),
    "two sums": Network.from_einsum("ar,br,cs,ds->acbd", a=12, b=13, c=14, d=15, r=2, s=3),
    "more terms than rows": Network.from_einsum("ar,br,cr->abc", a=3, b=40, c=50, r=4),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("name", FACTORS)
def test_where_much_was_observed_factors_start_near_what_was_planted(name, dtype):
    data = planted(FACTORS[name], missing=0.5, noise=0.01, seed=3, dtype=dtype)
    start = observed_start(data.x, data.mask, data.network, 0)
    assert {each: core.shape for each, core in start.items()} == {each: core.shape for each, core in data.cores.items()}
    assert all(core.dtype == dtype for core in start.values())
    away = float(torch.linalg.vector_norm(data.network.contract(start) - data.clean))
    assert away < 0.5 * float(torch.linalg.vector_norm(data.clean))


def test_where_too_little_was_observed_factors_start_from_singular_vectors():
    """In the small, the gaps would be fitted: the start would be further away than zero."""
    data = planted("cp", (40, 40, 40), 3, missing=0.97, seed=0)
    for core in observed_start(data.x, data.mask, data.network, 0).values():
        torch.testing.assert_close(core.T @ core, torch.eye(3, dtype=core.dtype))


def test_tensors_that_do_not_move_keep_their_numbers_in_the_start():
    ring = tensor_ring((6, 7, 8), 3)
    frozen = torch.randn(ring.shape_of("B"), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    data = planted(ring, missing=0.2, seed=1)
    start = observed_start(data.x, data.mask, ring, 0, given={"B": frozen})
    assert torch.equal(start["B"], frozen)
    assert {name: core.shape for name, core in start.items()} == {name: ring.shape_of(name) for name in ring.tensors}


@settings(max_examples=60)
@given(networks(max_tensors=4), st.sampled_from([torch.float32, torch.complex128]), st.booleans())
def test_every_network_has_a_start(net, dtype, turned):
    assume(net.free)
    x, mask = gappy(net, dtype)
    numbers = numbers_for(net, dtype)
    data = {name: numbers[name] for name, kind in net.fixed.items() if kind == "data"}
    start = observed_start(x, mask, net, 0, given=data, turned=turned)
    assert {name: tuple(core.shape) for name, core in start.items()} == {
        name: net.shape_of(name) for name in net.tensors
    }
    assert all(core.dtype == dtype and bool(torch.isfinite(core).all()) for core in start.values())
    next(observed_sweeps(x, mask, net, start, net.free))
