"""The t-product against block-circulant matrices; its SVD against theirs; the descent against autograd."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data import DataError, image, tubal
from workbench.decomposition import (
    FitError,
    _memory,
    decompose,
    t_identity,
    t_product,
    t_svd,
    t_transpose,
    tubal_descent,
    tubal_rank,
)

DTYPES = st.sampled_from([torch.float64, torch.complex128])
SIZES = st.integers(1, 4)
TUBES = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)


def noise(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def block_circulant(x: torch.Tensor) -> np.ndarray:
    """The matrix whose block at two places of the tubes is the slice at their difference: products of these are t-products."""
    slices, tubes = x.numpy(), x.shape[2:]
    places = list(itertools.product(*map(range, tubes)))

    def block(to, of):
        return slices[(..., *((a - b) % size for a, b, size in zip(to, of, tubes, strict=True)))]

    return np.block([[block(to, of) for of in places] for to in places])


# ---- the algebra -----------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(SIZES, SIZES, SIZES, TUBES, DTYPES, DTYPES, st.integers(0, 99))
def test_the_t_product_is_that_of_block_circulant_matrices(rows, inner, columns, tubes, first, second, seed):
    a, b = (
        noise(rows, inner, *tubes, dtype=first, seed=seed),
        noise(inner, columns, *tubes, dtype=second, seed=seed + 1),
    )
    product = t_product(a, b)
    np.testing.assert_allclose(block_circulant(product), block_circulant(a) @ block_circulant(b), atol=1e-12)
    assert product.dtype == torch.promote_types(first, second)


@settings(max_examples=60)
@given(SIZES, SIZES, TUBES, DTYPES)
def test_the_transpose_is_that_of_block_circulant_matrices(rows, columns, tubes, dtype):
    x = noise(rows, columns, *tubes, dtype=dtype)
    np.testing.assert_array_equal(block_circulant(t_transpose(x)), block_circulant(x).conj().T)
    assert torch.equal(t_transpose(t_transpose(x)), x)


@settings(max_examples=40)
@given(SIZES, SIZES, SIZES, SIZES, TUBES, DTYPES)
def test_tensors_multiply_like_matrices(m, n, p, q, tubes, dtype):
    a, b, c = noise(m, n, *tubes, dtype=dtype), noise(n, p, *tubes, dtype=dtype, seed=1), noise(p, q, *tubes, seed=2)
    close = {"rtol": 0, "atol": 1e-10}
    torch.testing.assert_close(t_product(t_product(a, b), c), t_product(a, t_product(b, c)), **close)
    torch.testing.assert_close(t_transpose(t_product(a, b)), t_product(t_transpose(b), t_transpose(a)), **close)
    torch.testing.assert_close(t_product(a, t_identity(n, tubes, dtype=dtype)), a, **close)
    torch.testing.assert_close(t_product(t_identity(m, tubes, dtype=dtype), a), a, **close)


def test_single_precision_stays_single():
    a, b = noise(3, 4, 5, dtype=torch.float32), noise(4, 2, 5, dtype=torch.float32, seed=1)
    assert t_product(a, b).dtype == torch.float32
    np.testing.assert_allclose(block_circulant(t_product(a, b)), block_circulant(a) @ block_circulant(b), atol=1e-5)


# ---- the SVD ---------------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.integers(1, 6), st.integers(1, 6), TUBES, DTYPES)
def test_the_whole_t_svd_is_exact_and_its_factors_are_orthonormal(rows, columns, tubes, dtype):
    x = noise(rows, columns, *tubes, dtype=dtype)
    svd = t_svd(x)
    rank = min(rows, columns)
    identity = t_identity(rank, tubes, dtype=dtype)
    close = {"rtol": 0, "atol": 1e-12}
    torch.testing.assert_close(svd.reconstruct(), x, **close)
    torch.testing.assert_close(t_product(t_product(svd.U, svd.S), t_transpose(svd.V)), x, **close)
    torch.testing.assert_close(t_product(t_transpose(svd.U), svd.U), identity, **close)
    torch.testing.assert_close(t_product(t_transpose(svd.V), svd.V), identity, **close)
    assert svd.error < 1e-13
    off = svd.S.clone()
    off.diagonal(dim1=0, dim2=1).zero_()
    assert not off.any(), "only the diagonal holds tubes"
    torch.testing.assert_close(svd.singular_tubes, torch.stack([svd.S[i, i] for i in range(rank)]))


@settings(max_examples=40)
@given(st.integers(1, 5), st.integers(1, 5), TUBES, DTYPES)
def test_the_faces_have_the_singular_values_of_the_block_circulant_matrix(rows, columns, tubes, dtype):
    x = noise(rows, columns, *tubes, dtype=dtype)
    values = t_svd(x).values
    assert values.shape == (min(rows, columns), *tubes)
    expected = np.linalg.svd(block_circulant(x), compute_uv=False)
    np.testing.assert_allclose(np.sort(values.numpy().ravel())[::-1], expected, atol=1e-12)
    faces = np.fft.fftn(x.numpy(), axes=tuple(range(2, x.ndim)))
    at = tuple(size - 1 for size in tubes)  # a frequency that real data do not store
    np.testing.assert_allclose(values[(..., *at)], np.linalg.svd(faces[(..., *at)], compute_uv=False), atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("tubes", [(4,), (5,), (3, 4)], ids=str)
def test_cutting_off_is_optimal(tubes, dtype):
    """The error is what the block-circulant matrix's singular values say, and no least squares improves on it."""
    x = noise(6, 5, *tubes, dtype=dtype)
    everything = t_svd(x)
    for rank in (1, 3):
        svd = t_svd(x, rank=rank)
        assert svd.rank == rank == tubal_rank(svd.reconstruct())
        lost = float(everything.values[rank:].square().sum()) / math.prod(tubes)
        assert svd.error == pytest.approx(math.sqrt(lost) / float(torch.linalg.vector_norm(x)), rel=1e-12)
        assert svd.error == pytest.approx(_by_least_squares(x, rank, svd.U), rel=1e-10), "a stationary point"
        for seed in range(5):
            start = noise(6, rank, *tubes, dtype=dtype, seed=seed)
            assert svd.error <= _by_least_squares(x, rank, start) + 1e-12


def _by_least_squares(x: torch.Tensor, rank: int, left: torch.Tensor, sweeps: int = 10) -> float:
    """The error of the best ``left * right`` that alternating least squares finds, by block-circulant matrices."""
    rows, columns, *tubes = x.shape
    count = math.prod(tubes)
    wide = block_circulant(x)[:, :columns]  # the first block column holds all slices
    tall = block_circulant(t_transpose(x))[:, :rows]
    for _ in range(sweeps):
        right = np.linalg.lstsq(block_circulant(left), wide, rcond=None)[0]
        right = torch.from_numpy(right.reshape(*tubes, rank, columns)).movedim((-2, -1), (0, 1))
        turned = np.linalg.lstsq(block_circulant(t_transpose(right)), tall, rcond=None)[0]
        turned = torch.from_numpy(turned.reshape(*tubes, rank, rows)).movedim((-2, -1), (0, 1))
        left = t_transpose(turned)
    residual = block_circulant(x) - block_circulant(left) @ block_circulant(right)
    return float(np.linalg.norm(residual) / math.sqrt(count) / torch.linalg.vector_norm(x))


@settings(max_examples=60)
@given(st.floats(0.001, 0.99), DTYPES)
def test_an_error_gets_the_smallest_rank_that_keeps_it(allowed, dtype):
    x = noise(7, 6, 4, dtype=dtype) * torch.arange(1, 7).reshape(6, 1) ** -1.5
    svd = t_svd(x, error=allowed)
    assert svd.error <= allowed * (1 + 1e-12)
    if svd.rank > 1:
        assert t_svd(x, rank=svd.rank - 1).error > allowed


def test_tube_norms_tell_every_error():
    x = noise(7, 6, 4)
    norms = t_svd(x, rank=2).tube_norms
    torch.testing.assert_close(norms, torch.linalg.vector_norm(t_svd(x).singular_tubes, dim=1))
    for rank in range(1, 6):
        lost = float(norms[rank:].square().sum().sqrt() / norms.square().sum().sqrt())
        assert t_svd(x, rank=rank).error == pytest.approx(lost)


def test_what_moves_along_the_tubes_has_one_singular_tube_for_each_speed():
    """A picture that pans is one column convolved with a moving pulse; Tucker of as many numbers misses it."""
    tower, lake = (
        image("china")[100:164:2, 200:328:2].double().mean(-1),
        image("flower")[:64:2, :128:2].double().mean(-1),
    )
    film = torch.stack([tower.roll(step, 1) for step in range(24)], dim=1)  # (row, time, column)
    assert tubal_rank(film, tol=1e-10) == 1
    both = film + torch.stack([lake.roll(-3 * step, 1) for step in range(24)], dim=1)
    svd = t_svd(both, rank=2)
    assert svd.error < 1e-13
    ranks = (16, 16, 32)
    tucker = decompose(both, "tucker", ranks=ranks)
    assert tucker.parameters > svd.parameters
    assert tucker.error > 0.02


def test_the_multirank_counts_each_face_for_itself():
    faces = torch.zeros(3, 4, 6, dtype=torch.complex128)
    for frequency, rank in ((0, 3), (1, 1), (2, 2), (3, 0)):
        face = (noise(3, rank, dtype=torch.complex128) @ noise(rank, 4, dtype=torch.complex128)) if rank else 0
        faces[..., frequency] = face.real if frequency in (0, 3) else face
        faces[..., -frequency] = faces[..., frequency].conj()
    x = torch.fft.ifft(faces).real
    svd = t_svd(x)
    assert svd.multirank.tolist() == [3, 1, 2, 0, 2, 1]
    assert tubal_rank(x) == 3
    assert t_svd(x, rank=1).multirank.tolist() == [1, 1, 1, 0, 1, 1]


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_tiny_and_huge_numbers_in_single_precision(scale):
    x = noise(5, 4, 3, dtype=torch.float32)
    found, expected = t_svd(x * scale, rank=2), t_svd(x, rank=2)
    assert found.error == pytest.approx(expected.error, rel=1e-4)
    assert found.U.dtype == torch.float32
    torch.testing.assert_close(found.tube_norms / scale, expected.tube_norms, rtol=1e-4, atol=0)
    assert tubal_rank(found.reconstruct(), tol=1e-5) == 2


def test_a_tensor_of_zeros():
    zeros = torch.zeros(3, 4, 5, dtype=torch.float64)
    assert tubal_rank(zeros) == 0
    svd = t_svd(zeros, error=0.1)
    assert (svd.rank, svd.error, svd.multirank.tolist()) == (1, 0.0, [0] * 5)
    assert not svd.reconstruct().any()


def test_the_text_says_what_was_found():
    x = t_product(noise(9, 2, 4), noise(2, 8, 4, seed=1))
    assert repr(t_svd(x, rank=2)) == "TubalSVD(9 x 8 x 4, tubal rank 2, error<1e-10, compression=2)"
    svd = t_svd(x, rank=1)
    assert svd.parameters == (9 + 8 + 1) * 4
    assert f"error={svd.error:.4g}" in repr(svd)


@pytest.mark.parametrize(
    ("call", "raised", "said"),
    [
        (lambda: t_svd(torch.ones(3, 4)), FitError, r"shape \(3, 4\); the t-product needs rows, columns and"),
        (lambda: t_svd(torch.ones(3, 4, 5), rank=4), FitError, r"rank is 4; .* min\(rows, columns\) = 3"),
        (lambda: t_svd(torch.ones(3, 4, 5), rank=0), FitError, "rank is 0"),
        (lambda: t_svd(torch.ones(3, 4, 5), rank=True), FitError, "rank is True"),
        (lambda: t_svd(torch.ones(3, 4, 5), error=1.5), FitError, "error is 1.5"),
        (lambda: t_svd(torch.ones(3, 4, 5), rank=1, error=0.1), FitError, "both given"),
        (lambda: t_svd(torch.ones(3, 4, 5, dtype=torch.int32)), DataError, "int32"),
        (lambda: t_svd(torch.full((3, 4, 5), math.nan)), DataError, "NaN"),
        (lambda: t_svd(torch.ones(3, 4, 5, dtype=torch.float16)), FitError, "float16 values, too few digits"),
        (lambda: t_product(torch.ones(3, 4, 5), torch.ones(3, 4, 5)), FitError, r"a's columns must be as many as b's"),
        (lambda: t_product(torch.ones(3, 4, 5), torch.ones(4, 4, 6)), FitError, "tubes of one shape"),
        (lambda: t_transpose([[1.0]]), FitError, "x has shape"),
        (lambda: t_identity(3, 0), FitError, "3 and 0"),
        (lambda: t_identity(3, ()), FitError, "whole numbers"),
        (lambda: tubal_rank(torch.ones(3, 4, 5), tol=1.0), FitError, "tol is 1.0"),
    ],
)
def test_bad_input_is_refused_by_name(call, raised, said):
    with pytest.raises(raised, match=said):
        call()


def test_what_does_not_fit_in_memory_is_refused(monkeypatch):
    monkeypatch.setattr(_memory, "available", lambda device: 10_000)
    with pytest.raises(FitError, match=r"a t-SVD of 1,000 entries needs about 64.0 kB"):
        t_svd(noise(10, 10, 10))
    data = tubal(6, 3, 1)
    with pytest.raises(FitError, match=r"a descent from 36 measurements of 108 entries needs"):
        tubal_descent(data.measurements, data.y)


# ---- gradient descent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_small_start_finds_the_planted_tubal_rank_and_a_large_one_does_not(seed):
    """192 measurements of 768 entries; U * U^T of 32 columns could be anything."""
    data = tubal(16, 3, 2, seed=seed)
    small = tubal_descent(data.measurements, data.y, width=32, scale=1e-7, truth=data.x, seed=seed)
    assert small.rank() == 2
    assert small.test[-1] < 0.01
    assert tubal_rank(small.reconstruct(), tol=0.01) == 2
    large = tubal_descent(data.measurements, data.y, width=32, scale=1.0, truth=data.x, seed=seed, steps=3000)
    assert large.error < 0.1, "it explains the measurements"
    assert large.test[-1] > 1, "by another tensor"
    assert large.rank() > 8


def test_from_a_small_start_the_width_does_not_matter():
    data = tubal(12, 3, 1, seed=1)
    errors = [tubal_descent(data.measurements, data.y, width=width, truth=data.x).test[-1] for width in (1, 12, 60)]
    assert max(errors) < 0.01


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("tubes", [(4,), (2, 3)], ids=str)
def test_a_step_goes_down_the_gradient_that_autograd_finds(tubes, dtype):
    n, width, count, step = 4, 3, 9, 0.01
    measurements, y = noise(count, n, n, *tubes, dtype=dtype), noise(count, dtype=dtype, seed=1)
    before = tubal_descent(measurements, y, width=width, scale=1.0, step=1e-300, steps=1, seed=5).U
    after = tubal_descent(measurements, y, width=width, scale=1.0, step=step, steps=1, seed=5).U
    u = before.clone().requires_grad_()
    hat = torch.fft.fftn(u, dim=tuple(range(2, u.ndim)))
    x = torch.fft.ifftn(torch.einsum("ir...,jr...->ij...", hat, hat.conj()), dim=tuple(range(2, u.ndim)))
    x = x if dtype.is_complex else x.real
    loss = 0.5 * (measurements.flatten(1).conj() @ x.flatten() - y).abs().square().sum()
    loss.backward()
    torch.testing.assert_close((before - after) / step, u.grad, rtol=1e-8, atol=1e-8)


def test_the_trajectory_records_singular_tubes_and_errors():
    data = tubal(8, 4, 2, seed=1)
    ways = [tubal_descent(data.measurements, data.y, truth=data.x, steps=steps) for steps in (60, 300)]
    for found in ways:
        x = found.reconstruct()
        torch.testing.assert_close(found.tubes[-1], t_svd(x).tube_norms, rtol=0, atol=1e-9)
        assert found.test[-1] == pytest.approx(float((x - data.x).norm() / data.x.norm()))
        measured = data.measurements.flatten(1) @ x.flatten()
        assert found.train[-1] == pytest.approx(float((measured - data.y).norm() / data.y.norm()))
        assert found.steps[0] == 0
        assert found.steps[-1] <= 300
        assert len(found.steps) == len(found.train) == len(found.test) == len(found.tubes) <= 201
    assert found.train[0] == pytest.approx(1, abs=1e-6)


def test_a_complex_tensor_is_found_from_complex_measurements():
    data = tubal(10, 3, 1, dtype=torch.complex128, count=90)
    found = tubal_descent(data.measurements, data.y, width=20, truth=data.x)
    assert (found.rank(), found.U.dtype) == (1, torch.complex128)
    assert found.test[-1] < 0.01


def test_a_descent_ends_when_told_and_says_so():
    data = tubal(6, 3, 1)
    seen = []

    def stop(step, error):
        seen.append((step, error))
        return step >= 20

    found = tubal_descent(data.measurements, data.y, steps=400, callback=stop)
    assert (found.steps[-1], seen[-1]) == (20, (20, found.error))
    assert "not converged after 20 steps" in repr(found)
    assert found.test is None


def test_an_interrupted_descent_returns_what_it_reached():
    data = tubal(6, 3, 1)

    def interrupt(step, error):
        if step >= 20:
            raise KeyboardInterrupt

    found = tubal_descent(data.measurements, data.y, steps=400, callback=interrupt)
    assert found.steps[-1] == 20
    assert len(found.tubes) == len(found.train)


def test_an_enough_measured_tensor_is_found_exactly():
    data = tubal(6, 3, 1, count=200)
    found = tubal_descent(data.measurements, data.y, steps=5000)
    assert found.converged
    assert repr(found) == "TubalDescent(6 x 6 x 3, width 6, tubal rank 1 within 1 %, train<1e-05)"


@pytest.mark.parametrize(
    ("change", "raised", "said"),
    [
        ({"measurements": torch.ones(5, 3, 4, 2)}, FitError, r"\(m, n, n, \*tubes\)"),
        ({"measurements": torch.ones(5, 3, 3)}, FitError, r"shape \(5, 3, 3\)"),
        ({"y": torch.ones(4)}, FitError, "5 measurements"),
        ({"y": torch.ones(5, dtype=torch.complex64)}, FitError, "y is complex"),
        ({"y": torch.zeros(5)}, FitError, "nothing to find"),
        ({"truth": torch.ones(3, 3, 4)}, FitError, r"truth has shape \(3, 3, 4\)"),
        ({"measurements": torch.ones(5, 3, 3, 2, dtype=torch.bfloat16)}, FitError, "bfloat16"),
        ({"measurements": torch.full((5, 3, 3, 2), math.inf)}, DataError, "measurements"),
        ({"width": 0}, FitError, "width is 0"),
        ({"scale": 0.0}, FitError, "scale is 0.0"),
        ({"step": -1.0}, FitError, "step is -1.0"),
        ({"steps": 2.5}, FitError, "steps is 2.5"),
        ({"tol": -1.0}, FitError, "tol is -1.0"),
        ({"step": 1e9, "scale": 1.0}, FitError, "ran away at step"),
    ],
)
def test_a_descent_that_cannot_be_made_is_refused(change, raised, said):
    arguments = {"measurements": torch.ones(5, 3, 3, 2), "y": torch.ones(5), **change}
    with pytest.raises(raised, match=said):
        tubal_descent(**arguments)
