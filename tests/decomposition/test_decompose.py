"""What `decompose` takes, refuses, and gives back when it is stopped."""

import numpy as np
import pytest
import torch

from workbench.data import DataError, planted
from workbench.decomposition import Fit, FitError, _memory, decompose
from workbench.network import Network, NetworkError, cp, tensor_ring, tensor_train, tucker


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---- what it takes --------------------------------------------------------------------------------------------------


def test_families_by_name_are_the_networks_of_that_name():
    x = noise(4, 5, 6)
    for name, ranks, net in (
        ("cp", 2, cp((4, 5, 6), 2)),
        ("tucker", (2, 3, 2), tucker((4, 5, 6), (2, 3, 2))),
        ("tensor_ring", 2, tensor_ring((4, 5, 6), 2)),
    ):
        assert decompose(x, name, ranks=ranks, max_sweeps=1).network == net


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128], ids=str)
@pytest.mark.parametrize("family", ["cp", "tucker", "tensor_train", "tensor_ring"])
def test_everything_stays_in_the_dtype_of_the_data(family, dtype):
    x = noise(4, 5, 6).to(dtype)
    fit = decompose(x, family, ranks=2, max_sweeps=3)
    assert {core.dtype for core in fit.cores.values()} == {dtype}
    assert fit.reconstruct().dtype == dtype


def test_numpy_and_lists_are_data():
    x = noise(4, 5)
    errors = [decompose(data, "cp", ranks=2).error for data in (x, x.numpy(), np.asfortranarray(x.numpy()))]
    assert errors == pytest.approx([errors[0]] * 3, rel=1e-9)
    assert decompose(x.float().tolist(), "cp", ranks=2).error == pytest.approx(errors[0], rel=1e-4)


def test_the_data_are_left_as_they_were():
    x = noise(4, 5, 6)
    before = x.clone()
    decompose(x, "tucker", ranks=2)
    decompose(x, "tensor_ring", ranks=2)
    assert torch.equal(x, before)


def test_the_same_seed_gives_the_same_fit():
    x = noise(5, 6, 7)
    first, second = (decompose(x, "tensor_ring", ranks=2, seed=3, starts=2) for _ in range(2))
    assert first.history == second.history
    assert all(torch.equal(first.cores[name], second.cores[name]) for name in first.cores)


def test_of_several_starts_the_best_is_kept():
    x = noise(6, 7, 8, seed=4)
    alone = [decompose(x, "tensor_ring", ranks=2, init="random", seed=seed, max_sweeps=60).error for seed in range(4)]
    together = decompose(x, "tensor_ring", ranks=2, init="random", seed=0, starts=4, max_sweeps=60).error
    assert together == pytest.approx(min(alone), rel=1e-4)
    assert min(alone) < 0.999 * max(alone), "the starts differ, or the test says nothing"


@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e30, 1e150])
@pytest.mark.parametrize("family", ["cp", "tensor_train"])
def test_very_small_and_very_large_data_fit_as_well(family, scale):
    x = noise(5, 6, 7)
    fit = decompose(x * scale, family, ranks=3, max_sweeps=20)
    assert fit.error == pytest.approx(decompose(x, family, ranks=3, max_sweeps=20).error, rel=1e-9)
    torch.testing.assert_close(fit.reconstruct() / scale, decompose(x, family, ranks=3, max_sweeps=20).reconstruct())


@pytest.mark.parametrize("family", ["cp", "tucker", "tensor_train", "tensor_ring"])
def test_zeros_are_fitted_by_zeros(family):
    fit = decompose(torch.zeros(3, 4, 5), family, ranks=2)
    assert (fit.error, fit.converged) == (0.0, True)
    assert torch.equal(fit.reconstruct(), torch.zeros(3, 4, 5))


def test_a_number_is_data_without_axes():
    fit = decompose(torch.tensor(3.0), Network.from_einsum("r,r->", r=2))
    assert float(fit.reconstruct()) == pytest.approx(3.0)


# ---- starts ---------------------------------------------------------------------------------------------------------


def test_a_fit_is_taken_up_where_it_was_left():
    x = planted(tensor_ring((6, 7, 8), 2), noise=0.1).x
    short = decompose(x, "tensor_ring", ranks=2, max_sweeps=3)
    on = decompose(x, short.network, init=short, max_sweeps=1)
    through = decompose(x, "tensor_ring", ranks=2, max_sweeps=4)
    assert through.error < short.error * (1 - 1e-6)
    assert on.error == pytest.approx(through.error, rel=1e-9)


@pytest.mark.parametrize("sizes", [{"r0": 4}, {"r0": 2}, {"r0": 4, "r1": 1}])
def test_a_rank_that_was_dragged_starts_from_the_last_fit(sizes):
    x = planted(tensor_ring((8, 8, 8), 3), noise=0.1).x
    fit = decompose(x, "tensor_ring", ranks=3, max_sweeps=40)
    dragged = fit.network.resize(sizes)
    warm = decompose(x, dragged, init=fit, max_sweeps=3)
    cold = decompose(x, dragged, max_sweeps=3)
    assert warm.error < cold.error
    if min(sizes.values()) > 3:
        assert warm.error <= fit.error


def test_a_warm_start_survives_edits_of_the_picture():
    x = planted(tensor_ring((6, 7, 8), 2), noise=0.1).x
    fit = decompose(x, "tensor_ring", ranks=2, max_sweeps=30)
    bonded = fit.network.connect("A", "B", size=2, index="t")
    assert decompose(x, bonded, init=fit, max_sweeps=2).error <= fit.error + 1e-3
    for edited in (fit.network.disconnect("r1"), fit.network.split("A", ["i0"], 2), fit.network.rename(A="Z")):
        assert decompose(x, edited, init=fit, max_sweeps=2).error < 1


def test_given_cores_are_the_start():
    data = planted(tensor_ring((6, 7, 8), 2))
    assert decompose(data.x, data.network, init=data.cores, max_sweeps=1).error < 1e-12
    train = planted(tensor_train((6, 7, 8, 5), 2))
    assert decompose(train.x, train.network, init=train.cores, max_sweeps=1).error < 1e-12


def test_frozen_cores_do_not_move():
    data = planted(cp((6, 7, 8), 2), noise=0.1)
    known = {"B": data.cores["B"]}
    fit = decompose(data.x, data.network, init=known, freeze=["B"])
    assert torch.equal(fit.cores["B"], known["B"])
    assert fit.error < 0.11


def test_one_name_may_stand_without_brackets():
    data = planted("cp", (5, 6, 7), 2, seed=1)
    net = data.network.rename(A="left", B="middle")
    known = {"left": data.cores["A"]}
    fit = decompose(data.x, net, init=known, freeze="left")
    assert torch.equal(fit.cores["left"], known["left"])
    assert bool((decompose(data.x, net, nonnegative="middle", max_sweeps=3).cores["middle"] >= 0).all())


def test_fixed_tensors_take_part():
    """With the copy tensor in its middle a star is CP."""
    net = Network(
        {"A": ("i", "a"), "B": ("j", "b"), "C": ("k", "c"), "D": ("a", "b", "c")},
        {"i": 6, "j": 7, "k": 8, "a": 2, "b": 2, "c": 2},
        ("i", "j", "k"),
        {"D": "copy"},
    )
    x = planted(cp((6, 7, 8), 2), noise=0.1).x
    fit = decompose(x, net, init="random", max_sweeps=300)
    assert fit.error == pytest.approx(decompose(x, "cp", ranks=2, max_sweeps=300).error, rel=1e-6)
    assert set(fit.cores) == {"A", "B", "C"}


def test_data_inside_a_network_make_it_a_regression():
    features, weights = noise(30, 4, seed=1), noise(4, 2, seed=2)
    net = Network({"X": ("n", "f"), "W": ("f", "o")}, {"n": 30, "f": 4, "o": 2}, ("n", "o"), {"X": "data"})
    fit = decompose(features @ weights, net, init={"X": features})
    torch.testing.assert_close(fit.cores["W"], weights)


# ---- stopping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["tensor_ring", "tensor_train"])
def test_the_callback_sees_every_sweep_and_can_stop(family):
    x = noise(5, 6, 7, 4)
    seen = []
    fit = decompose(x, family, ranks=2, callback=lambda sweep, error: seen.append((sweep, error)) or sweep == 3)
    assert [sweep for sweep, _ in seen] == [1, 2, 3]
    assert [error for _, error in seen] == pytest.approx(list(fit.history))
    assert not fit.converged
    assert repr(fit).endswith("not converged after 3 sweeps)")


@pytest.mark.parametrize("family", ["tensor_ring", "tensor_train"])
def test_an_interruption_gives_the_best_so_far(family):
    x = noise(5, 6, 7, 4)

    def stop(sweep: int, error: float) -> None:
        if sweep == 2:
            raise KeyboardInterrupt

    fit = decompose(x, family, ranks=2, callback=stop)
    assert len(fit.history) == 2
    assert not fit.converged
    assert fit.error == pytest.approx(decompose(x, family, ranks=2, max_sweeps=2).error)


def test_an_interruption_inside_a_sweep_gives_the_sweep_before(monkeypatch):
    from workbench.decomposition import _als

    calls = []

    def update(*args):
        calls.append(args)
        if len(calls) == 8:  # the second core of the third sweep
            raise KeyboardInterrupt
        return original(*args)

    original = _als.update
    x = noise(5, 6, 7)
    expected = decompose(x, "tensor_ring", ranks=2, max_sweeps=2)
    monkeypatch.setattr(_als, "update", update)
    fit = decompose(x, "tensor_ring", ranks=2)
    assert fit.history == expected.history
    assert not fit.converged


def test_an_interruption_ends_all_starts():
    x = noise(6, 7, 8, seed=4)
    seen = []

    def stop(sweep: int, error: float) -> bool:
        seen.append(error)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return len(seen) == 9

    fit = decompose(x, "tensor_ring", ranks=2, starts=5, max_sweeps=20, callback=stop)
    assert len(seen) == 5
    assert fit.error == pytest.approx(min(seen))
    assert not fit.converged
    decompose(x, "tensor_ring", ranks=2, starts=5, max_sweeps=20, callback=stop)
    assert len(seen) == 9


def test_an_interruption_before_the_first_sweep_is_passed_on(monkeypatch):
    from workbench.decomposition import _als

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_als, "update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        decompose(noise(5, 6, 7), "tensor_ring", ranks=2)


# ---- refusals -------------------------------------------------------------------------------------------------------

X = noise(4, 5, 6)
NET = tucker((4, 5, 6), 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"network": tucker((4, 7, 6), 2)}, r"leg 'i1' has size 7, axis 1 of x has size 5; resize the leg"),
        ({"network": cp((4, 5), 2)}, r"2 legs \('i0', 'i1'\), x has 3 axes of sizes \(4, 5, 6\)"),
        ({"network": "tuker", "ranks": 2}, r"no family 'tuker'; did you mean 'tucker'\?"),
        ({"network": "peps", "ranks": 2}, r"no family 'peps'"),
        ({"network": "cp"}, r"needs ranks= or error=, and neither is given"),
        ({"network": "tucker", "ranks": 2, "error": 0.1}, r"needs ranks= or error=, and both are given"),
        ({"network": "cp", "error": 0.1}, r"error= chooses ranks for tucker, tensor_train, hierarchical_tucker"),
        ({"network": NET, "ranks": 3}, r"ranks= is for families given by name"),
        ({"network": NET, "error": 0.3}, r"error= is for families given by name"),
        ({"network": 3}, r"network is a int; give a Network or the name"),
        ({"network": "tucker", "error": 1.5}, r"error is 1.5; it is the relative error allowed"),
        ({"network": "tucker", "error": float("nan")}, r"error is nan"),
        ({"network": NET, "starts": 0}, r"starts is 0; it is a whole number of at least 1"),
        ({"network": NET, "max_sweeps": 0}, r"max_sweeps is 0"),
        ({"network": NET, "max_sweeps": True}, r"max_sweeps is True"),
        ({"network": NET, "tol": -1.0}, r"tol is -1.0"),
        ({"network": NET, "ridge": float("inf")}, r"ridge is inf"),
        ({"network": NET, "seed": -1}, r"seed is -1"),
        ({"network": NET, "init": "sdv"}, r"init is 'sdv'; did you mean 'svd'\?"),
        ({"network": NET, "init": 7}, r"init is a int; give 'svd', 'random', a Fit or a dict"),
        (
            {"network": NET, "init": {"A": torch.zeros(2, 2)}},
            r"init\['A'\] has shape \(2, 2\), the network wants \(4, 2\)",
        ),
        ({"network": NET, "init": {"Q": torch.zeros(2, 2)}}, r"no tensor .Q."),
        (
            {"network": NET, "init": {"A": torch.zeros(4, 2, dtype=torch.complex64)}},
            r"init\['A'\] is complex, x is real",
        ),
        ({"network": NET, "init": {"A": np.zeros((4, 2), dtype=np.int8)}}, r"init\['A'\] holds int8 values"),
        ({"network": NET, "freeze": ["Q"]}, r"freeze names tensor 'Q', which is not there"),
        ({"network": NET, "freeze": ["A"]}, r"tensor 'A' is frozen, but has no numbers"),
        ({"network": NET, "freeze": NET.free}, r"nothing is left to fit"),
        (
            {"network": Network.from_einsum("ijk->ijk", i=4, j=5, k=6).add("D", ["i"], "data")},
            r"tensor 'D' is fixed data, but has no numbers",
        ),
        (
            {"network": Network({"D": ("i", "j", "k")}, {"i": 4, "j": 5, "k": 6}, ("i", "j", "k"), {"D": "ones"})},
            "no free tensor",
        ),
    ],
)
def test_a_refusal_says_what_and_why(arguments, message):
    with pytest.raises((FitError, NetworkError, DataError), match=message):
        decompose(X, **arguments)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(4, 5, 6, dtype=torch.uint8), r"convert with x = x.float\(\) / 255"),
        (np.zeros((4, 5, 6), dtype=np.int64), r"astype\(np.float32\)"),
        (torch.full((4, 5, 6), float("nan")), "NaN"),
        (torch.full((4, 5, 6), float("inf")), "infinite"),
        ("china.jpg", "read the file first"),
    ],
)
def test_data_that_cannot_be_fitted_are_refused(x, message):
    with pytest.raises(DataError, match=message):
        decompose(x, NET)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused_with_the_line_that_converts_it(dtype):
    with pytest.raises(FitError, match=r"too few digits for least squares; convert with x = x.float\(\)"):
        decompose(X.to(dtype), NET)


@pytest.mark.parametrize(
    ("family", "ranks", "message"),
    [
        ("tucker", (9, 2, 2), "rank 9 of bond 'r0' is more than core 'G' of shape .* at most 4 makes sense"),
        ("tensor_train", (5, 2), "rank 5 of bond 'r0' .* core 'A' .* at most 4"),
        ("tensor_ring", (40, 2, 2), "rank 40 of bond .* at most"),
        ("cp", 31, "rank 31 is more than a tensor of shape .4, 5, 7. can need: .* at most 20 makes sense"),
    ],
)
def test_ranks_beyond_what_a_family_can_carry_are_refused_with_the_largest(family, ranks, message):
    with pytest.raises(FitError, match=message):
        decompose(noise(4, 5, 7), family, ranks=ranks)


def test_a_rank_of_zero_is_refused():
    with pytest.raises(NetworkError, match="size 0"):
        decompose(X, "cp", ranks=0)


@pytest.mark.parametrize("network", [tucker((4, 5, 6), 10**7), cp((4, 5, 6), 10**9), tensor_ring((4, 5, 6), 10**5)])
def test_a_fit_that_cannot_fit_in_memory_is_refused_before_anything_is_allocated(network):
    with pytest.raises(FitError, match=r"fitting [\d,]+ parameters to 120 entries needs about .* [GTPE]B of memory"):
        decompose(X, network)


def test_the_estimate_is_compared_with_what_is_there(monkeypatch):
    monkeypatch.setattr(_memory, "available", lambda device: 10_000)
    with pytest.raises(
        FitError, match=r"needs about \d+\.\d kB of memory, 10.0 kB are available on cpu; lower the ranks"
    ):
        decompose(noise(10, 10, 10), "cp", ranks=2)
    with pytest.raises(FitError, match=r"kB are available"):
        decompose(noise(10, 10, 10), "tucker", ranks=2)
    with pytest.raises(FitError, match=r"choosing ranks for 1,000 entries"):
        decompose(noise(10, 10, 10), "tucker", error=0.1)
    monkeypatch.setattr(_memory, "available", lambda device: None)
    assert isinstance(decompose(noise(10, 10, 10), "cp", ranks=2), Fit)


def test_memory_is_read_from_this_machine():
    there = _memory.available(torch.device("cpu"))
    assert there is None or 10**6 < there < 10**15
    assert _memory.available(torch.device("meta")) is None


@pytest.mark.parametrize("net", [tensor_train((6, 7, 8, 5), 2), tucker((6, 7, 8), 2), tensor_ring((6, 7, 8), 2)])
def test_small_errors_have_their_digits_in_the_history(net):
    """The difference of squared norms knows nothing below 1e-8; the noise here is 1e-10."""
    for seed in range(8):
        data = planted(net, noise=1e-10, seed=seed)
        fit = decompose(data.x, net, init=data.cores, max_sweeps=3, tol=0)
        assert all(2e-11 < error < 1.01e-10 for error in fit.history)


def test_symmetric_data_are_no_saddle():
    """The border-rank example: its singular vectors are a start that no sweep would leave."""
    s, d = torch.tensor([1.0, 2, 1], dtype=torch.float64), torch.tensor([-1.0, 0, 1], dtype=torch.float64)
    x = sum(torch.einsum("i,j,k->ijk", *each) for each in ((d, s, s), (s, d, s), (s, s, d)))
    assert decompose(x, "cp", ranks=2).error < 0.01
