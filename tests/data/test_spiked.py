"""Spiked data are the spike and noise of the size the theory counts on."""

import math

import numpy as np
import pytest
import torch

from workbench.data import DataError, nested_spiked, spiked


def test_a_spiked_tensor_is_a_rank_one_tensor_and_noise_of_one_over_n():
    quiet, loud = spiked((30, 40, 50), 0.0, seed=3), spiked((30, 40, 50), 7.0, seed=3)
    u, v, w = (vector.numpy() for vector in loud.vectors)
    np.testing.assert_allclose(
        (loud.x - quiet.x).numpy(), 7 * np.multiply.outer(np.multiply.outer(u, v), w), atol=1e-14
    )
    assert [float(torch.linalg.vector_norm(vector)) for vector in loud.vectors] == pytest.approx([1, 1, 1])
    assert float(quiet.x.var()) == pytest.approx(1 / 120, rel=0.02)
    assert abs(float(quiet.x.mean())) < 4 / math.sqrt(120 * quiet.x.numel())


def test_nested_data_are_views_of_a_noisy_matrix_with_two_clusters():
    data, silent = nested_spiked((40, 50, 30), 3.0, 2.0, seed=1), nested_spiked((40, 50, 30), 0.0, 2.0, seed=1)
    bare = nested_spiked((40, 50, 30), 3.0, 0.0, seed=1).matrix
    u, v, z = (vector.numpy() for vector in data.vectors)
    np.testing.assert_allclose((data.matrix - bare).numpy(), 2 * np.outer(u, v), atol=1e-14)
    np.testing.assert_allclose((data.x - silent.x).numpy(), 3 * np.multiply.outer(data.matrix.numpy(), z), atol=1e-13)
    assert float(bare.var()) == pytest.approx(1 / 90, rel=0.1)
    assert float(silent.x.var()) == pytest.approx(1 / 120, rel=0.02)
    np.testing.assert_allclose(np.abs(v), 1 / math.sqrt(50))
    assert [float(np.linalg.norm(vector)) for vector in (u, z)] == pytest.approx([1, 1])
    assert torch.equal(data.labels, torch.from_numpy(v > 0).long())


def test_the_noise_of_the_matrix_is_not_that_of_the_tensor():
    data = nested_spiked((30, 30, 30), 0.0, 0.0)
    matrix = data.matrix.reshape(-1)
    for view in data.x.permute(2, 0, 1).reshape(30, -1):
        assert abs(float(torch.corrcoef(torch.stack([matrix, view]))[0, 1])) < 0.17


def test_the_same_seed_gives_the_same_numbers_and_other_seeds_others():
    one, same, other = (nested_spiked((5, 6, 7), 1.0, 1.0, seed=seed, dtype=torch.float32) for seed in (1, 1, 2))
    assert torch.equal(one.x, same.x)
    assert not torch.equal(one.x, other.x)
    assert one.x.dtype == one.matrix.dtype == one.vectors[0].dtype == torch.float32
    assert repr(one) == "NestedSpiked(5 x 6 x 7, tensor_strength=1, matrix_strength=1, seed=1)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: spiked((5,), 1.0), "shape is"),
        (lambda: spiked((5, 0), 1.0), "shape is"),
        (lambda: spiked((5, 5), -1.0), "strength is -1.0"),
        (lambda: spiked((5, 5), math.nan), "strength is nan"),
        (lambda: spiked((5, 5), 1.0, seed=-1), "seed is -1"),
        (lambda: spiked((5, 5), 1.0, dtype=torch.complex64), "the noise is real"),
        (lambda: spiked((10**5, 10**5, 10**5), 1.0), "of memory"),
        (lambda: nested_spiked((5, 5), 1.0, 1.0), "three sizes: features, samples, views"),
        (lambda: nested_spiked((5, 5, 5), math.inf, 1.0), "tensor_strength is inf"),
        (lambda: nested_spiked((5, 5, 5), 1.0, -2), "matrix_strength is -2"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message):
    with pytest.raises(DataError, match=message):
        make()
