"""Turned data: lookups against explicit truncation, estimates against the approximation put together and subtracted."""

import itertools
import math

import numpy as np
import pytest
import torch

from workbench.decomposition import decompose, rank_landscape
from workbench.network import Network, cp, tensor_train
from workbench.widgets._compressed import Compressed, Estimate
from workbench.widgets._formats import Format, formats_of, own_format

LEGS = ("i", "j", "k", "l")


def tensor(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=dtype)


def forms(x: torch.Tensor) -> dict[str, Format]:
    return formats_of(x.shape, LEGS[: x.ndim])


def estimate(found: Compressed, form: Format, ranks: tuple[int, ...], seconds: float = 5.0) -> Estimate:
    return found.estimate(form, ranks, None, lambda: True, seconds)


def put_together(found: Compressed, estimate: Estimate) -> np.ndarray:
    values = estimate.values.numpy()
    for axis, (basis, turned) in enumerate(zip(found.bases, estimate.turned, strict=True)):
        if turned:
            values = np.moveaxis(np.tensordot(values, basis[:, : values.shape[axis]].numpy(), (axis, 1)), -1, axis)
    return values


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128])
def test_the_core_turned_back_is_the_data(dtype):
    x = tensor(5, 9, 4, dtype=dtype)
    found = Compressed(x)
    whole = Estimate(0.0, True, found.core, (True,) * 3)
    assert np.allclose(put_together(found, whole), x.numpy(), atol=1e-5)


def test_every_corner_has_the_error_of_its_explicit_truncation():
    x = tensor(3, 4, 5)
    found = Compressed(x)
    bases = [np.linalg.svd(np.moveaxis(x.numpy(), axis, 0).reshape(n, -1))[0] for axis, n in enumerate(x.shape)]
    for corner in itertools.product((1, 2, 3), (1, 3, 4), (1, 2, 5)):
        value = x.numpy()
        for axis, (basis, rank) in enumerate(zip(bases, corner, strict=True)):
            kept = basis[:, :rank] @ basis[:, :rank].T
            value = np.moveaxis(np.tensordot(kept, value, (1, axis)), 0, axis)
        wanted = np.linalg.norm(x.numpy() - value) / np.linalg.norm(x.numpy())
        assert found.error(corner) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("key", ["tucker", "tensor_train", "hierarchical_tucker"])
def test_a_star_is_looked_up_and_agrees_with_the_landscape_of_the_data(key):
    x = tensor(6, 7, 5)
    form = forms(x)[key]
    land = rank_landscape(x, key)
    for ranks in itertools.product(*(range(1, min(rank.most, 5)) for rank in form.ranks)):
        found = estimate(Compressed(x), form, ranks)
        assert found.closed
        assert found.error == pytest.approx(land.error(ranks), abs=1e-12)


def test_a_star_is_told_from_other_trees():
    assert all(form.is_star for key, form in forms(tensor(3, 4, 5)).items() if key not in ("cp", "tensor_ring"))
    longer = forms(tensor(3, 4, 5, 3))
    assert [key for key, form in longer.items() if form.is_star] == ["tucker"]
    assert [key for key, form in longer.items() if form.is_tree] == ["tucker", "tensor_train", "hierarchical_tucker"]
    assert all(form.is_star for key, form in forms(tensor(8, 9)).items() if key != "tensor_ring")


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"])
@pytest.mark.parametrize("shape", [(30, 8, 7), (6, 7, 5, 8)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_an_estimates_error_is_that_of_what_it_holds(key, shape, dtype):
    x = tensor(*shape, dtype=dtype)
    found = Compressed(x)
    form = forms(x)[key]
    told = estimate(found, form, (2,) * len(form.ranks))
    missed = np.linalg.norm(x.numpy() - put_together(found, told)) / np.linalg.norm(x.numpy())
    assert told.error == pytest.approx(missed, rel=1e-6)


@pytest.mark.parametrize("key", ["cp", "tensor_ring"])
def test_an_estimate_is_near_the_fit(key):
    x = tensor(40, 8, 7)
    form = forms(x)[key]
    fit = decompose(x, form.network((3,) * len(form.ranks)))
    told = estimate(Compressed(x), form, (3,) * len(form.ranks))
    assert told.error < 1.03 * fit.error


def test_a_leg_on_two_tensors_is_not_turned():
    x = tensor(20, 6)
    net = Network.from_einsum("ir,ri,rj->ij", i=20, j=6, r=3)
    found = Compressed(x)
    form = own_format(net, x.shape)
    told = estimate(found, form, (3,))
    assert told.turned == (False, True)
    assert put_together(found, told).shape == (20, 6)
    missed = np.linalg.norm(x.numpy() - put_together(found, told)) / np.linalg.norm(x.numpy())
    assert told.error == pytest.approx(missed, rel=1e-6)


def test_the_next_estimate_starts_from_the_last_and_from_a_fit():
    x = tensor(30, 8, 7)
    found, form = Compressed(x), forms(x)["tensor_ring"]
    first = estimate(found, form, (3, 3, 3))
    second = found.estimate(form, (3, 4, 3), first.start, lambda: True, 5.0)
    assert second.error < first.error
    fit = decompose(x, form.network((3, 3, 3)))
    turned = found.turn(fit)
    again = found.estimate(form, (3, 3, 3), turned, lambda: True, 5.0)
    assert again.error <= fit.error * (1 + 1e-3)


def test_nobody_wants_to_know_any_more():
    x = tensor(30, 20, 20)
    told = Compressed(x).estimate(forms(x)["cp"], (8,), None, lambda: False, 60.0)
    assert told.early
    assert len(told.start.history) == 1


def test_spectra_are_the_unfoldings_singular_values():
    x = tensor(5, 6, 4, 3)
    found = Compressed(x)
    for axes in ([0], [2], [0, 1]):
        rest = [axis for axis in range(4) if axis not in axes]
        matrix = np.transpose(x.numpy(), [*axes, *rest]).reshape(math.prod(x.shape[axis] for axis in axes), -1)
        wanted = np.linalg.svd(matrix, compute_uv=False) / np.linalg.norm(matrix)
        assert np.allclose(found.spectrum(axes), wanted, atol=1e-12)


def test_zero_data_lose_nothing():
    x = torch.zeros(4, 5, 6)
    found = Compressed(x)
    assert found.error((1, 1, 1)) == 0
    assert found.spectrum([0]) == []
    for form in forms(x).values():
        assert estimate(found, form, (1,) * len(form.ranks)).error == 0


def test_of_long_axes_only_leading_vectors_are_kept_and_the_rest_is_counted_as_lost(monkeypatch):
    monkeypatch.setattr("workbench.widgets._compressed.EXACT", 30)
    monkeypatch.setattr("workbench.widgets._compressed.KEPT", 12)
    x = tensor(40, 3) @ tensor(3, 50) + 1e-3 * tensor(40, 50)
    found = Compressed(x)
    assert found.core.shape == (12, 12)
    exact = rank_landscape(x, "tucker")
    assert found.error((3, 3)) == pytest.approx(exact.error((3, 3)), rel=1e-3)
    assert found.error((40, 40)) > 0


def test_planted_ranks_are_found_without_error():
    net = tensor_train((9, 8, 7, 6), (2, 3, 2))
    x = net.contract(net.random(seed=0, dtype=torch.float64))
    assert estimate(Compressed(x), forms(x)["tensor_train"], (2, 3, 2)).error < 1e-7
    net = cp((9, 8, 7), 3)
    x = net.contract(net.random(seed=0, dtype=torch.float64))
    assert estimate(Compressed(x), forms(x)["cp"], (3,)).error < 1e-3
