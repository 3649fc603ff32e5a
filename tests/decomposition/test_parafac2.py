"""PARAFAC2 against planted components and TensorLy's own reconstruction."""

import math
import subprocess
import sys

import numpy as np
import pytest
import tensorly as tl
import torch
from tensorly.parafac2_tensor import Parafac2Tensor, parafac2_to_slices

from workbench.data import DataError
from workbench.decomposition import FitError, parafac2

HEIGHTS = (8, 9, 7, 10, 8, 6)


def planted(rank: int = 3, columns: int = 6, seed: int = 0, noise: float = 0.0, heights=HEIGHTS):
    """Slices P_i B diag(A_i) C^T, and A, the evolving factors and C."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.uniform(0.3, 2, (len(heights), rank)), rng.normal(size=(rank, rank)), rng.normal(size=(columns, rank))
    b = np.eye(rank) + 0.3 * b
    evolving = [np.linalg.qr(rng.normal(size=(rows, rank)))[0] @ b for rows in heights]
    clean = [(each * row) @ c.T for each, row in zip(evolving, a, strict=True)]
    spoilt = [x + noise * np.linalg.norm(x) / math.sqrt(x.size) * rng.normal(size=x.shape) for x in clean]
    return [torch.from_numpy(x) for x in spoilt], a, evolving, c


def congruence(found: torch.Tensor, truth: np.ndarray) -> float:
    """The least cosine between a planted column and the found one that fits it best."""
    x, y = (each / np.linalg.norm(each, axis=0) for each in (found.double().numpy(), truth))
    return float(np.abs(x.T @ y).max(axis=0).min())


def relative(found, slices) -> float:
    missed = sum(float((x.double() - y.double()).square().sum()) for x, y in zip(found, slices, strict=True))
    return math.sqrt(missed / sum(float(x.double().square().sum()) for x in slices))


@pytest.mark.parametrize("seed", [0, 6])
def test_planted_components_are_found_again(seed):
    slices, a, evolving, c = planted(seed=seed)
    fit = parafac2(slices, 3)
    assert fit.error < 1e-4
    assert congruence(fit.C, c) > 0.9999
    assert congruence(fit.A, a) > 0.9999
    assert min(map(congruence, fit.evolving, evolving)) > 0.9999
    assert fit.parameters == 6 * 3 + 9 + 6 * 3 + sum(HEIGHTS) * 3


def test_the_error_is_that_of_the_slices_and_the_reconstruction_tensorlys():
    slices, *_ = planted(noise=0.2)
    fit = parafac2(slices, 2, starts=1, max_sweeps=200)
    assert fit.error == pytest.approx(relative(fit.reconstruct(), slices), rel=1e-10)
    assert fit.history[-1] == fit.error
    theirs = parafac2_to_slices(Parafac2Tensor((None, [fit.A.numpy(), fit.B.numpy(), fit.C.numpy()], [p.numpy() for p in fit.projections])))  # fmt: skip
    for ours, other in zip(fit.reconstruct(), theirs, strict=True):
        np.testing.assert_allclose(ours, other, atol=1e-12)
    plain, errors = tl.decomposition.parafac2(
        [x.numpy() for x in slices], 2, init="svd", random_state=0, return_errors=True
    )
    assert fit.error <= float(errors[-1]) + 1e-4
    assert plain.rank == 2


def test_the_evolving_factors_have_the_same_inner_products_and_the_form_is_fixed():
    fit = parafac2(planted(noise=0.1)[0], 3, starts=1)
    for projection, each in zip(fit.projections, fit.evolving, strict=True):
        torch.testing.assert_close(projection.T @ projection, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-10)
        torch.testing.assert_close(each.T @ each, fit.B.T @ fit.B)
    ones = torch.ones(3, dtype=torch.float64)
    torch.testing.assert_close(fit.B.norm(dim=0), ones)
    torch.testing.assert_close(fit.C.norm(dim=0), ones)
    assert fit.A.norm(dim=0).tolist() == sorted(fit.A.norm(dim=0).tolist(), reverse=True)
    for factor in (fit.A, fit.C):
        assert bool((factor.gather(0, factor.abs().argmax(0, keepdim=True)) > 0).all())


def test_more_starts_are_never_worse_and_the_same_seed_gives_the_same_fit():
    slices, *_ = planted(seed=7)  # from the SVD alone it ends in a local minimum
    one, four, again = (parafac2(slices, 3, starts=starts) for starts in (1, 4, 4))
    assert one.error > 0.01
    assert four.error < 1e-4
    assert torch.equal(four.C, again.C)
    ends = []
    parafac2(slices, 3, max_sweeps=1, tol=1.0, callback=lambda sweeps, error: ends.append(error))
    assert len(ends) == 1, "one start that is good enough ends the search"


def test_factors_can_be_kept_from_negative_entries():
    rng = np.random.default_rng(0)
    slices, *_ = planted(noise=0.3, seed=5)
    free, both, one = (
        parafac2(slices, 3, starts=1, nonnegative=names, max_sweeps=50) for names in ((), ("A", "C"), "A")
    )
    assert bool((both.A >= 0).all())
    assert bool((both.C >= 0).all())
    assert bool((one.A >= 0).all())
    assert not bool((one.C >= 0).all())
    assert free.error <= one.error + 1e-4
    assert one.error < both.error
    spectra = np.array([[1, 0], [0.8, 0.1], [0.5, 0.2], [0.2, 0.6], [0, 0.9], [0, 0.4]])
    peaks = [np.linalg.qr(rng.normal(size=(rows, 2)))[0] for rows in HEIGHTS]
    mixed = [(p * rng.uniform(0.2, 1, 2)) @ spectra.T for p in peaks]
    assert congruence(parafac2(mixed, 2, nonnegative=("A", "C"), starts=1, max_sweeps=200).C, spectra) > 0.999


def test_dtype_is_that_of_the_slices_and_scale_does_not_matter():
    slices, *_ = planted(noise=0.1)
    double = parafac2(slices, 2, starts=1, max_sweeps=50)
    single = parafac2([x.float() for x in slices], 2, starts=1, max_sweeps=50)
    assert {each.dtype for each in (single.A, single.B, single.C, *single.projections)} == {torch.float32}
    assert single.error == pytest.approx(double.error, rel=1e-3)
    huge = parafac2([x * 1e100 for x in slices], 2, starts=1, max_sweeps=50)
    assert huge.error == pytest.approx(double.error, rel=1e-6)
    assert bool(torch.isfinite(huge.A).all())
    mixed = parafac2([slices[0].float(), *slices[1:]], 2, starts=1, max_sweeps=50)
    assert mixed.A.dtype == torch.float64


def test_a_stack_of_equal_slices_and_a_full_rank_will_do():
    x = torch.randn(5, 9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    fit = parafac2(x, 4, starts=1, max_sweeps=30)
    assert torch.stack(fit.reconstruct()).shape == x.shape
    assert repr(fit).startswith("Parafac2(5 slices of 9 x 4, rank 4, error=0.")
    assert repr(parafac2(planted()[0], 1, starts=1)).startswith("Parafac2(6 slices of 6..10 x 6, rank 1")


def test_slices_of_zeros():
    fit = parafac2(torch.zeros(3, 5, 4), 2)
    assert (fit.error, fit.converged) == (0.0, True)
    assert not any(each.any() for each in fit.reconstruct())


def test_the_users_backend_of_tensorly_is_left_as_it_was():
    """In a process of its own: TensorLy remembers its backend for the whole session."""
    code = (
        "import tensorly as tl, torch; tl.set_backend('pytorch'); from workbench.decomposition import parafac2; "
        "fit = parafac2(torch.rand(4, 6, 5), 2, max_sweeps=3, starts=1); print(tl.get_backend(), fit.A.dtype)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "pytorch torch.float32"


def test_a_fit_that_has_not_converged_says_so_and_ends_when_told():
    slices, *_ = planted(noise=0.1)
    assert repr(parafac2(slices, 3, starts=1, max_sweeps=3)).endswith("not converged)")
    seen = []

    def stop(sweeps, error):
        seen.append((sweeps, error))
        return len(seen) == 2

    fit = parafac2(slices, 3, tol=0.0, callback=stop)
    assert [sweeps for sweeps, _ in seen] == [50, 100]
    assert fit.error == min(error for _, error in seen)
    assert not fit.converged


def test_an_interrupted_fit_returns_the_best_so_far():
    def interrupt(sweeps, error):
        raise KeyboardInterrupt

    fit = parafac2(planted(noise=0.1)[0], 3, tol=0.0, callback=interrupt)
    assert not fit.converged
    assert fit.error < 0.5


X = [torch.ones(5, 4), torch.ones(6, 4)]


@pytest.mark.parametrize(
    ("call", "raised", "said"),
    [
        (lambda: parafac2([], 1), FitError, "slices is empty"),
        (lambda: parafac2(3, 1), FitError, "slices is a int"),
        (lambda: parafac2(torch.ones(5, 4), 1), FitError, r"slices\[0\] has shape \(4,\)"),
        (lambda: parafac2([*X, torch.ones(5, 3)], 1), FitError, r"slices\[2\] has 3 columns, slices\[0\] has 4"),
        (lambda: parafac2([*X, torch.ones(2, 4)], 3), FitError, r"rank is 3, and slices\[2\] has 2 rows; .* at most 2"),
        (lambda: parafac2(X, 5), FitError, "there are 4 columns; PARAFAC2 can have at most 4"),
        (lambda: parafac2(X, 0), FitError, "rank is 0"),
        (lambda: parafac2([torch.ones(5, 4, dtype=torch.complex64)], 1), FitError, r"slices\[0\] is complex"),
        (lambda: parafac2([*X, torch.ones(5, 4, dtype=torch.int64)], 1), DataError, r"slices\[2\] holds int64"),
        (lambda: parafac2([torch.full((5, 4), math.nan)], 1), DataError, r"slices\[0\] has 20 NaN"),
        (lambda: parafac2(X, 1, nonnegative=("B",)), FitError, "B cannot be kept"),
        (lambda: parafac2(X, 1, nonnegative=("D",)), FitError, "nonnegative names 'D'"),
        (lambda: parafac2(X, 1, init="hosvd"), FitError, "init is 'hosvd'"),
        (lambda: parafac2(X, 1, starts=0), FitError, "starts is 0"),
        (lambda: parafac2(X, 1, max_sweeps=0), FitError, "max_sweeps is 0"),
        (lambda: parafac2(X, 1, tol=-1.0), FitError, "tol is -1.0"),
    ],
)
def test_bad_input_is_refused_by_name(call, raised, said):
    with pytest.raises(raised, match=said):
        call()
