"""Planted tensors of low tubal rank: checked by block-circulant matrices, in numpy."""

import numpy as np
import pytest
import torch

from workbench.data import DataError, tubal


def block_circulant(x):
    """The matrix whose block (i, j) is slice i - j: products of these are t-products."""
    k = x.shape[2]
    return np.block([[x[:, :, (i - j) % k] for j in range(k)] for i in range(k)])


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32], ids=str)
@pytest.mark.parametrize("k", [1, 4, 5])
def test_the_tensor_is_a_projector_of_the_rank_asked_for(k, dtype):
    data = tubal(7, k, 2, dtype=dtype)
    x, factor = (block_circulant(each.numpy()) for each in (data.x, data.factor))
    np.testing.assert_allclose(factor @ factor.conj().T, x, atol=1e-6 if dtype == torch.float32 else 1e-12)
    np.testing.assert_allclose(np.linalg.svd(x, compute_uv=False), [1] * (2 * k) + [0] * (5 * k), atol=1e-5)
    assert data.x.dtype == data.measurements.dtype == data.y.dtype == dtype


def test_measurements_are_what_they_say():
    data = tubal(6, 3, 1, count=5000, dtype=torch.complex128, seed=3)
    for row, value in zip(data.measurements[:5].numpy(), data.y.numpy(), strict=False):
        assert (row.conj() * data.x.numpy()).sum() == pytest.approx(value)
    assert float(data.measurements.abs().square().mean()) == pytest.approx(1 / 5000, rel=0.02)
    assert repr(data) == "PlantedTubal(6 x 6 x 3, tubal rank 1, 5000 measurements, noise=0, seed=3)"


def test_noise_has_exactly_the_size_asked_for_and_moves_nothing_else():
    clean, noisy = tubal(6, 3, 2, seed=4), tubal(6, 3, 2, seed=4, noise=0.2)
    assert torch.equal(clean.measurements, noisy.measurements)
    assert torch.equal(clean.x, noisy.x)
    assert float((noisy.y - clean.y).norm() / clean.y.norm()) == pytest.approx(0.2)
    assert not torch.equal(clean.x, tubal(6, 3, 2, seed=5).x)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n": 3, "k": 4, "rank": 4}, "tubal rank of at most 3"),
        ({"n": 0, "k": 4, "rank": 1}, "n is 0"),
        ({"n": 3, "k": 4, "rank": 1, "count": 0}, "count is 0"),
        ({"n": 3, "k": 4, "rank": 1, "noise": -1}, "noise is -1"),
        ({"n": 3, "k": 4, "rank": 1, "dtype": torch.float16}, "too few digits"),
        ({"n": 5000, "k": 100, "rank": 5}, "of memory"),
    ],
)
def test_what_cannot_be_planted_is_refused(arguments, said):
    with pytest.raises(DataError, match=said):
        tubal(**arguments)
