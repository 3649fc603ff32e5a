"""Masks: which ones determine a network, and which entries are set aside to test on."""

import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.network.strategies import networks
from workbench.decomposition import FitError
from workbench.decomposition._held_out import check_observed, degrees_of_freedom, masked_error, split_held_out
from workbench.network import Network, block_term, cp, peps, tensor_ring, tensor_train, tucker

TRAIN = tensor_train((4, 9, 5), 2)


def random_mask(shape: tuple[int, ...], fraction: float, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < fraction


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_a_value_of_a_leg_without_an_entry_is_refused_with_the_line_that_leaves_it_out():
    mask = torch.ones(4, 9, 5, dtype=torch.bool)
    mask[:, 7] = False
    message = (
        "no entry with leg 'i1' = 7 was observed, so that row of core 'B' is undetermined; "
        "leave it out, x[:, keep] with keep = mask.any((0, 2))"
    )
    with pytest.raises(FitError, match=re.escape(message)):
        check_observed(mask, TRAIN)
    keep = mask.any((0, 2))
    assert mask[:, keep].shape == (4, 8, 5)
    check_observed(mask[:, keep], TRAIN.resize(i1=8))


def test_a_fibre_without_an_entry_is_no_harm_where_other_entries_determine_it():
    mask = torch.ones(4, 9, 5, dtype=torch.bool)
    mask[1, 2, :] = mask[:, 3, 4] = False
    check_observed(mask, TRAIN)


def test_a_core_with_two_legs_needs_an_entry_for_every_pair():
    net = Network.from_einsum("ijr,rkl->ijkl", i=3, j=4, k=3, l=5, r=2)
    mask = torch.ones(net.shape, dtype=torch.bool)
    mask[1, 2] = False
    message = "no entry with legs ('i', 'j') = (1, 2) was left by held_out, and core 'A' holds all of these legs"
    with pytest.raises(FitError, match=re.escape(message)):
        check_observed(mask, net, what="left by held_out")
    check_observed(mask, net, active=["B"])


def test_fewer_entries_than_degrees_of_freedom_are_refused_unless_a_ridge_chooses():
    net = cp((10, 10, 10), 5)
    mask = torch.zeros(10, 10, 10, dtype=torch.bool)
    at = torch.arange(10)
    for shift in range(13):
        mask[at, (at + shift) % 10, (at + shift // 10) % 10] = True
    message = "130 entries were observed, and the network has about 140 degrees of freedom"
    with pytest.raises(FitError, match=message):
        check_observed(mask, net)
    check_observed(mask, net, ridge=1e-3)
    mask[at, at, (at + 5) % 10] = True
    check_observed(mask, net)


def test_a_full_mask_is_never_refused():
    check_observed(torch.ones(3, 3, 3, dtype=torch.bool), cp((3, 3, 3), 50))


@pytest.mark.parametrize(
    "net",
    [
        cp((5, 6, 7), 3),
        tucker((5, 6, 7), (2, 3, 2)),
        tensor_train((5, 6, 7, 3), (2, 4, 3)),
        tensor_train((2, 10, 10), (8, 3)),
        block_term((5, 6, 7), (2, 2, 2), 2),
        Network.from_einsum("air,ajr,ak->aijk", a=3, i=4, j=5, k=2, r=2),
        Network.from_einsum("irs,rsj,,kl->ijkl", i=9, j=9, k=2, l=2, r=2, s=2),
        Network.from_einsum("aarrs,bs,cs->abc", a=4, b=5, c=6, r=2, s=2),
    ],
)
def test_degrees_of_freedom_are_the_dimension_of_all_values_a_network_takes(net):
    assert degrees_of_freedom(net) == dimension(net)


@pytest.mark.parametrize("net", [tensor_ring((5, 6, 7), 2), peps(2, 2, 4, 2)])
def test_round_a_loop_one_gauge_does_nothing(net):
    assert degrees_of_freedom(net) == dimension(net) - 1


@settings(max_examples=60)
@given(networks(max_tensors=4))
def test_where_every_entry_was_observed_no_network_is_refused(net):
    check_observed(torch.ones(net.shape, dtype=torch.bool), net)
    assert 0 <= degrees_of_freedom(net) <= net.parameters


def dimension(net: Network) -> int:
    """The rank of the derivative of the value by all numbers, at random ones."""
    cores = net.random(seed=3, dtype=torch.float64)
    flat = torch.cat([cores[name].reshape(-1) for name in net.free])
    sizes = [cores[name].numel() for name in net.free]

    def value(numbers: torch.Tensor) -> torch.Tensor:
        parts = numbers.split(sizes)
        made = {name: part.reshape(cores[name].shape) for name, part in zip(net.free, parts, strict=True)}
        return net.contract(made).reshape(-1)

    return int(torch.linalg.matrix_rank(torch.autograd.functional.jacobian(value, flat), rtol=1e-9))


# ---- held out -------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.integers(0, 100), st.floats(0.02, 0.5), st.floats(0.3, 1.0))
def test_a_fraction_of_the_observed_entries_is_held_out_and_every_row_keeps_one(seed, fraction, observed):
    mask = random_mask(TRAIN.shape, observed, seed)
    assume(all(bool(mask.any(axes).all()) for axes in ((1, 2), (0, 2), (0, 1))))
    training, testing = split_held_out(mask, fraction, TRAIN, seed)
    assert torch.equal(training | testing, mask)
    assert not (training & testing).any()
    assert int(testing.sum()) == round(fraction * int(mask.sum()))
    check_observed(training, TRAIN, ridge=1.0)
    again = split_held_out(mask, fraction, TRAIN, seed)
    assert torch.equal(again[1], testing)


def test_other_seeds_hold_out_other_entries_and_all_are_as_likely():
    mask = random_mask((6, 7, 8), 0.5)
    net = cp((6, 7, 8), 1)
    held = torch.stack([split_held_out(mask, 0.25, net, seed)[1] for seed in range(400)]).double().mean(0)
    assert float(held[mask].min()) > 0.25 - 5 * (0.25 * 0.75 / 400) ** 0.5
    assert float(held[mask].max()) < 0.25 + 5 * (0.25 * 0.75 / 400) ** 0.5
    assert float(held[~mask].max()) == 0


def test_rows_with_a_single_entry_keep_it():
    mask = torch.zeros(20, 20, dtype=torch.bool)
    mask[torch.arange(20), torch.arange(20)] = True
    mask[0] = True
    net = Network.from_einsum("ir,rj->ij", i=20, j=20, r=1)
    for seed in range(5):
        training, testing = split_held_out(mask, 0.4, net, seed)
        assert bool(training.any(0).all())
        assert bool(training.any(1).all())
        assert int(testing.sum()) == round(0.4 * 39)
    with pytest.raises(FitError, match=r"leaves 1[89] to hold out; choose at most 0.4"):
        split_held_out(mask, 0.9, net, 0)


def test_named_entries_are_held_out_where_they_were_observed():
    mask = random_mask(TRAIN.shape, 0.7)
    named = random_mask(TRAIN.shape, 0.2, seed=1)
    training, testing = split_held_out(mask, named, TRAIN, 0)
    assert torch.equal(testing, mask & named)
    assert torch.equal(training, mask & ~named)


@pytest.mark.parametrize("held_out", [0, 1, -0.1, 1.5, True, float("nan"), "a tenth", None])
def test_what_is_no_fraction_is_refused(held_out):
    with pytest.raises(FitError, match="it is a fraction of the observed entries, above 0 and below 1, or a mask"):
        split_held_out(torch.ones(3, 3, dtype=torch.bool), held_out, cp((3, 3), 1), 0)


def test_holding_out_nothing_or_everything_is_refused():
    mask = torch.ones(3, 3, dtype=torch.bool)
    net = cp((3, 3), 1)
    with pytest.raises(FitError, match=r"held_out=0.01 of 9 observed entries holds nothing out"):
        split_held_out(mask, 0.01, net, 0)
    with pytest.raises(FitError, match=r"held_out=0.99 of 9 observed entries leaves nothing to fit to"):
        split_held_out(mask, 0.99, net, 0)
    with pytest.raises(FitError, match="held_out names all 9 observed entries"):
        split_held_out(mask, mask, net, 0)
    gap = mask.clone()
    gap[0, 0] = False
    with pytest.raises(FitError, match="held_out names 1 entries, and none of them was observed"):
        split_held_out(gap, ~gap, net, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex128])
def test_the_masked_error_is_the_relative_error_on_these_entries(dtype):
    generator = torch.Generator().manual_seed(0)
    x, value = (torch.randn(30, 40, generator=generator, dtype=dtype) for _ in range(2))
    mask = random_mask((30, 40), 0.3)
    a, b = x[mask].numpy(), value[mask].numpy()
    assert masked_error(x, value, mask) == pytest.approx(np.linalg.norm(a - b) / np.linalg.norm(a))
    assert masked_error(x, x, mask) == 0
    assert masked_error(torch.zeros_like(x), value, mask) == float("inf")
