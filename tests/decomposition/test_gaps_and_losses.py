"""Whole fits with missing entries and with losses: what `decompose` makes of `mask=`, `held_out=` and `loss=`."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from workbench.data import DataError, planted
from workbench.decomposition import Fit, FitError, decompose
from workbench.network import Network, cp, tensor_ring, tensor_train, tucker

NETWORKS = {
    "cp": cp((12, 13, 14), 3),
    "tucker": tucker((12, 13, 14), (2, 3, 2)),
    "train": tensor_train((8, 9, 7, 6), 2),
    "ring": tensor_ring((9, 10, 11), 2),
    "hyperbonds": Network.from_einsum("air,bjr,ar->abij", a=4, b=4, i=6, j=7, r=2),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32], ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_planted_network_is_found_through_gaps(name, dtype):
    data = planted(NETWORKS[name], missing=0.4, seed=2, dtype=dtype)
    spoilt = torch.where(data.mask, data.x, torch.full_like(data.x, torch.nan))
    fit = decompose(spoilt, data.network, mask=data.mask, init="random", starts=6, max_sweeps=500)
    whole = float(torch.linalg.vector_norm(data.clean - fit.reconstruct()) / torch.linalg.vector_norm(data.clean))
    assert whole < (1e-3 if dtype == torch.float32 else 1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_error_is_that_of_the_observed_entries_and_never_rises(name):
    data = planted(NETWORKS[name], noise=0.2, missing=0.3, seed=1)
    fit = decompose(data.x, data.network, mask=data.mask, max_sweeps=15)
    assert all(later <= before + 1e-12 for before, later in pairwise(fit.history))
    difference = (data.x - fit.reconstruct())[data.mask]
    assert fit.error == pytest.approx(float(difference.norm() / data.x[data.mask].norm()), rel=1e-9)


def test_a_mask_that_hides_nothing_changes_nothing():
    data = planted("cp", (8, 9, 10), 2, noise=0.1)
    everywhere = torch.ones(8, 9, 10, dtype=torch.bool)
    assert decompose(data.x, "cp", ranks=2, mask=everywhere).history == decompose(data.x, "cp", ranks=2).history


def test_held_out_entries_are_not_fitted_but_tried_on():
    data = planted("cp", (15, 16, 17), 3, noise=0.1, missing=0.3, seed=3)
    fit = decompose(data.x, "cp", ranks=3, mask=data.mask, held_out=0.1, init="random", starts=4)
    assert 0.08 < fit.held_out < 0.2
    aside = torch.zeros_like(data.mask)
    aside[::3, 1::3] = True
    aside &= data.mask
    spoilt = torch.where(aside, 100 + 0 * data.x, data.x)
    fit = decompose(data.x, "cp", ranks=3, mask=data.mask, held_out=aside, seed=1)
    same = decompose(spoilt, "cp", ranks=3, mask=data.mask, held_out=aside, seed=1)
    assert same.history == pytest.approx(fit.history, rel=1e-9), "what is set aside is not looked at"
    difference = (data.x - fit.reconstruct())[aside]
    assert fit.held_out == pytest.approx(float(difference.norm() / data.x[aside].norm()), rel=1e-9)
    over = decompose(data.x, "cp", ranks=12, mask=data.mask, held_out=aside)
    assert over.error < fit.error
    assert over.held_out > fit.held_out


def test_held_out_entries_of_complete_data():
    x = planted("cp", (15, 16, 17), 2, noise=0.1).x
    assert 0.09 < decompose(x, "cp", ranks=2, held_out=0.2).held_out < 0.12


def test_data_that_were_turned_keep_their_gaps_in_place():
    data = planted("cp", (10, 11, 12), 2, missing=0.4, seed=2)
    turned = decompose(
        data.x.permute(2, 0, 1), "cp", ranks=2, mask=data.mask.permute(2, 0, 1), init="random", starts=4, max_sweeps=500
    )
    torch.testing.assert_close(turned.reconstruct().permute(1, 2, 0), data.clean, atol=1e-4, rtol=0)


def test_gaps_and_signs_go_together():
    generator = torch.Generator().manual_seed(0)
    net = cp((12, 13, 14), 2)
    clean = net.contract(
        {name: torch.rand(net.shape_of(name), generator=generator, dtype=torch.float64) for name in net.tensors}
    )
    mask = torch.rand(clean.shape, generator=generator) < 0.6
    fit = decompose(clean, net, mask=mask, nonnegative=["A", "B", "C"], starts=3, init="random", max_sweeps=300)
    assert all(float(core.min()) >= 0 for core in fit.cores.values())
    assert float((fit.reconstruct() - clean).norm() / clean.norm()) < 1e-3


def test_counts_are_fitted_by_their_likelihood(tmp_path):
    generator = torch.Generator().manual_seed(0)
    net = cp((20, 21, 22), 2)
    mean = net.contract(
        {name: torch.rand(net.shape_of(name), generator=generator, dtype=torch.float64) for name in net.tensors}
    )
    counts = torch.poisson(2 * mean, generator=generator)
    fit = decompose(counts, net, loss="poisson", init="random", starts=3)
    squares = decompose(counts, net, nonnegative=["A", "B", "C"], init="random", starts=3)
    error = lambda one: float((one.reconstruct().clamp(min=0) - 2 * mean).norm() / mean.norm())  # noqa: E731
    assert error(fit) < error(squares)
    assert fit.objective is not None
    assert "objective=" in repr(fit)
    fit.save(tmp_path / "counts.fit")
    again = Fit.load(tmp_path / "counts.fit")
    assert (again.objective, again.history) == (fit.objective, fit.history)


def test_a_loss_of_ones_own():
    x = planted("cp", (8, 9, 10), 2, noise=0.05).x
    fit = decompose(x, "cp", ranks=2, loss=lambda value, data: (value - data).square(), max_sweeps=300)
    assert fit.error == pytest.approx(decompose(x, "cp", ranks=2).error, rel=1e-3)
    assert fit.objective == pytest.approx(fit.error**2 * float(x.square().mean()), rel=1e-6)


def gap(*at):
    mask = torch.ones(6, 7, 8, dtype=torch.bool)
    mask[at] = False
    return mask


X = planted("cp", (6, 7, 8), 2, noise=0.1).x


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": gap(slice(None), 3)}, "'i1' = 3"),
        ({"mask": gap(0, 0, 0), "orthogonal": ["A"]}, "orthogonal= needs every entry"),
        ({"mask": gap(0, 0, 0), "method": "gauss_newton"}, "does not take a mask"),
        ({"held_out": torch.zeros(6, 7, 8, dtype=torch.bool)}, "held_out"),
        ({"held_out": 0.0}, "held"),
        ({"held_out": 1.0}, "held"),
        ({"loss": "poisson"}, "poisson"),
        ({"loss": "poison"}, "poisson"),
    ],
)
def test_what_cannot_be_done_is_refused(options, message):
    with pytest.raises((FitError, DataError), match=message):
        decompose(X, "cp", ranks=2, **options)


def test_a_loss_needs_data_that_are_not_all_zero():
    with pytest.raises(FitError, match="zero everywhere"):
        decompose(torch.zeros(4, 5, 6), "cp", ranks=2, loss="logistic")


def test_ranks_by_error_need_all_entries():
    with pytest.raises(FitError, match="give ranks="):
        decompose(X, "tucker", error=0.1, mask=gap(0, 0, 0))


def test_masks_of_another_kind_are_refused():
    with pytest.raises(DataError, match="mask"):
        decompose(X, "cp", ranks=2, mask=np.ones((6, 7, 8)))
