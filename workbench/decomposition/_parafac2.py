"""PARAFAC2, through TensorLy: matrices of different heights with common components."""

__all__ = ["Parafac2", "parafac2"]

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import torch

from workbench.data import as_tensor
from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import norm
from workbench.network import did_you_mean

Array = np.ndarray[Any, np.dtype[Any]]
SWEEPS = 50  # TensorLy is asked for so many at a time, so that a fit can be stopped in between
ENOUGH = 1000  # tolerances; local minima lie higher
EXACT = 1e-8  # below this TensorLy's own error, a difference of squares, has no digits left


@dataclass(frozen=True, eq=False, repr=False)
class Parafac2:
    """What `parafac2` found: slice i is about ``projections[i] @ B @ diag(A[i]) @ C.T``.

    The columns of B and C have length 1, the components' sizes are in A, the largest component comes first. Signs are
    fixed by making the largest entry of every column of A and C positive.

    Attributes
    ----------
    A : torch.Tensor
        (slices, rank): how much of each component each slice holds.
    B : torch.Tensor
        (rank, rank): what the evolving factors ``projections[i] @ B`` have in common.
    C : torch.Tensor
        (columns, rank): the components along the axis that all slices share.
    projections : tuple of torch.Tensor
        (rows_i, rank) for every slice, with orthonormal columns.
    error : float
        ``||x - xhat|| / ||x||`` over all slices together, never squared; 0 for data that are zero.
    history : tuple of float
        The errors TensorLy reported on the way, and `error` last.
    converged : bool
        Whether the sweeps stopped by themselves.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> slices = [torch.rand(rows, 6, generator=generator, dtype=torch.float64) for rows in (9, 12, 10)]
    >>> fit = parafac2(slices, 2, max_sweeps=20)
    >>> [tuple(each.shape) for each in fit.reconstruct()]
    [(9, 6), (12, 6), (10, 6)]
    """

    A: torch.Tensor
    B: torch.Tensor
    C: torch.Tensor
    projections: tuple[torch.Tensor, ...]
    error: float
    history: tuple[float, ...]
    converged: bool

    @property
    def rank(self) -> int:
        """The number of components."""
        return self.B.shape[1]

    @property
    def evolving(self) -> tuple[torch.Tensor, ...]:
        """(rows_i, rank) for every slice: the factor of the axis that differs; all have the same inner products, B^T B."""
        return tuple(each @ self.B for each in self.projections)

    @property
    def parameters(self) -> int:
        """The number of entries of A, B, C and the projections."""
        return sum(each.numel() for each in (self.A, self.B, self.C, *self.projections))

    def reconstruct(self) -> tuple[torch.Tensor, ...]:
        """The approximation of every slice, (rows_i, columns)."""
        return tuple((each * a) @ self.C.T for each, a in zip(self.evolving, self.A, strict=True))

    def __repr__(self) -> str:
        error = f"error={self.error:.4g}" if self.error >= 1e-4 else "error<1e-04"  # where it stops is chance below
        rows = [each.shape[0] for each in self.projections]
        heights = f"{min(rows)}" if min(rows) == max(rows) else f"{min(rows)}..{max(rows)}"
        end = "" if self.converged else ", not converged"
        return f"Parafac2({len(rows)} slices of {heights} x {self.C.shape[0]}, rank {self.rank}, {error}{end})"


def parafac2(
    slices: Sequence[object],
    rank: int,
    *,
    nonnegative: Iterable[str] = (),
    init: str = "svd",
    starts: int = 4,
    tol: float = 1e-7,
    max_sweeps: int = 500,
    seed: int = 0,
    callback: Callable[[int, float], object] | None = None,
) -> Parafac2:
    """Fit matrices that share their columns but not their rows: chromatograms of shifting peaks, patients seen at other times.

    Slice i becomes ``B_i diag(A[i]) C^T``, where the B_i are free but for having the same inner products between their columns,
    ``B_i = P_i B`` with orthonormal P_i. Under mild conditions the components are unique, as in CP. TensorLy fits by
    alternating least squares with line search, on the CPU and in double precision.

    Parameters
    ----------
    slices
        Real matrices (rows_i, columns), each as `workbench.data.as_tensor` takes it; a tensor (slices, rows, columns) will do.
    rank
        The number of components, at most the columns and the rows of the lowest slice.
    nonnegative
        Which of ``"A"`` and ``"C"`` must have no negative entries.
    init
        Of the first start: ``"svd"`` or ``"random"``.
    starts
        The most starts to try; the second and later ones are random, the fit with the lowest error is kept. One alone often
        ends in a local minimum; none is tried after one that came below a thousand times `tol`.
    tol
        Stop when a sweep lowers the error by less than this.
    max_sweeps
        Stop a start after as many sweeps in any case.
    seed
        Of all random numbers.
    callback
        Called after every 50 sweeps with their number and the error; if it returns True, the fit ends there.

    Returns
    -------
    Parafac2
        In the dtype and on the device of the slices. On interruption the best so far, once 50 sweeps are complete.

    Raises
    ------
    DataError
        When a slice holds integers, NaN or infinities, or is no data at all.
    FitError
        When slices do not fit together or are complex, or an argument is out of its range.

    References
    ----------
    Harshman, PARAFAC2: mathematical and technical notes (1972). Kiers, ten Berge and Bro, PARAFAC2 - part I, a direct
    fitting algorithm for the PARAFAC2 model (1999).

    Examples
    --------
    >>> weights = torch.tensor([[1.0, 0.2], [0.8, 0.6], [0.5, 1.0], [0.3, 0.5]], dtype=torch.float64)
    >>> spectra = torch.tensor([[1.0, 0.0], [0.8, 0.1], [0.3, 0.6], [0.0, 1.0], [0.1, 0.4]], dtype=torch.float64)
    >>> peaks = [torch.eye(9, dtype=torch.float64)[:, [k, k + 3]] for k in range(4)]      # they move from slice to slice
    >>> fit = parafac2([(peaks[k] * weights[k]) @ spectra.T for k in range(4)], 2)
    >>> fit
    Parafac2(4 slices of 9 x 5, rank 2, error<1e-04)
    >>> (fit.C / fit.C.amax(0)).round(decimals=2).abs().tolist()
    [[1.0, 0.0], [0.8, 0.1], [0.3, 0.6], [0.0, 1.0], [0.1, 0.4]]
    """
    data = _checked(slices, rank)
    names = tuple(nonnegative)
    _check(names, init, starts, tol, max_sweeps, seed)
    whole = math.sqrt(sum(norm(each) ** 2 for each in data))
    if not whole:
        return _zero(data, rank)
    job = _Job([each.cpu().to(torch.float64).numpy() / whole for each in data], rank, names, tol, max_sweeps)
    best: _Found | None = None
    try:
        for start in range(starts):
            if best is not None and best.error < ENOUGH * tol:
                break
            for found in job.sweeps(init if start == 0 else "random", seed + start):
                best = found if best is None or found.error <= best.error else best
                if callback is not None and callback(found.sweeps, found.error) is True:
                    return _value(best, whole, data)
    except KeyboardInterrupt:
        if best is None:
            raise
    assert best is not None  # noqa: S101  (a start has at least one sweep)
    return _value(best, whole, data)


@dataclass(frozen=True)
class _Found:
    """What TensorLy holds after some sweeps."""

    factors: tuple[Array, Array, Array]
    projections: tuple[Array, ...]
    error: float
    history: tuple[float, ...]
    sweeps: int
    converged: bool


@dataclass(frozen=True)
class _Job:
    """Slices of norm 1 all together, as TensorLy takes them."""

    slices: list[Array]
    rank: int
    nonnegative: tuple[str, ...]
    tol: float
    max_sweeps: int

    def sweeps(self, init: str, seed: int) -> Iterator[_Found]:
        """One start, handed back every so many sweeps until it has converged."""
        from tensorly.decomposition import parafac2 as tensorly_parafac2

        modes = [{"A": 0, "C": 2}[name] for name in self.nonnegative]
        current: Any = init
        history: list[float] = []
        for done in range(0, self.max_sweeps, SWEEPS):
            count = min(SWEEPS, self.max_sweeps - done)
            with _quiet_numpy():
                current, errors = tensorly_parafac2(
                    self.slices,
                    self.rank,
                    n_iter_max=count,
                    init=current,
                    tol=max(self.tol, 1e-300),  # without one it keeps no errors
                    nn_modes=modes or None,
                    random_state=seed,
                    return_errors=True,
                )
            found = _unpacked(current)
            error = self.error(*found)
            history += [float(each) for each in errors if np.isfinite(each)]
            converged = error < EXACT or (len(errors) > 1 and bool(abs(errors[-2] - errors[-1]) < self.tol))
            yield _Found(*found, error, (*history[:-1], error), done + count, converged)
            if converged:
                return

    def error(self, factors: tuple[Array, Array, Array], projections: tuple[Array, ...]) -> float:
        a, b, c = factors
        parts = zip(self.slices, projections, a, strict=True)
        return math.sqrt(sum(float(np.square(x - (p @ b * row) @ c.T).sum()) for x, p, row in parts))


def _unpacked(value: Any) -> tuple[tuple[Array, Array, Array], tuple[Array, ...]]:
    weights, (a, b, c), projections = value
    return (a, b * weights, c), tuple(projections)


@contextmanager
def _quiet_numpy() -> Iterator[None]:
    """TensorLy with NumPy, whatever backend the user works with, and without the warnings we answer for.

    Near an exact fit its error is the root of a difference that rounding makes negative; a rank as large as the number
    of columns is warned of, though the SVD gives as many vectors.
    """
    import tensorly

    before = tensorly.get_backend()
    if before != "numpy":
        tensorly.set_backend("numpy", local_threadsafe=True)
    try:
        with np.errstate(invalid="ignore"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="PARAFAC2 SVD initialization rank")
            yield
    finally:
        if before != "numpy":
            tensorly.set_backend(before, local_threadsafe=True)


def _value(found: _Found, whole: float, data: Sequence[torch.Tensor]) -> Parafac2:
    """Sizes into A, signs fixed, the largest component first; back to the data's dtype and device."""
    a, b, c = (each.copy() for each in found.factors)
    for factor in (b, c):
        sizes = np.linalg.norm(factor, axis=0)
        factor /= np.where(sizes > 0, sizes, 1.0)
        a *= sizes
    for factor in (a, c):
        largest = np.take_along_axis(factor, np.abs(factor).argmax(axis=0)[None], axis=0)
        signs = np.where(largest < 0, -1.0, 1.0)
        factor *= signs
        b *= signs
    order = np.argsort(-np.linalg.norm(a, axis=0), kind="stable")
    a, b, c = a[:, order] * whole, b[:, order], c[:, order]
    made = [torch.from_numpy(np.ascontiguousarray(each)).to(data[0]) for each in (a, b, c, *found.projections)]
    return Parafac2(made[0], made[1], made[2], tuple(made[3:]), found.error, found.history, found.converged)


def _zero(data: Sequence[torch.Tensor], rank: int) -> Parafac2:
    """The fit of data that are zero."""
    x = data[0]
    projections = tuple(torch.eye(len(each), rank, dtype=x.dtype, device=x.device) for each in data)
    b = torch.eye(rank, dtype=x.dtype, device=x.device)
    c = torch.eye(x.shape[1], rank, dtype=x.dtype, device=x.device)
    return Parafac2(x.new_zeros(len(data), rank), b, c, projections, 0.0, (0.0,), True)


# ---- checks ----------------------------------------------------------------------------------------------------------


def _checked(slices: Sequence[object], rank: int) -> list[torch.Tensor]:
    if isinstance(slices, str | bytes) or not hasattr(slices, "__len__"):
        raise FitError(f"slices is a {type(slices).__name__}; give a list of matrices (rows_i, columns)")
    if not len(slices):
        raise FitError("slices is empty; give a list of matrices (rows_i, columns)")
    data = [as_tensor(each, what=f"slices[{k}]") for k, each in enumerate(slices)]
    columns = data[0].shape[-1] if data[0].ndim else 0
    for k, each in enumerate(data):
        if each.ndim != 2:
            raise FitError(f"slices[{k}] has shape {tuple(each.shape)}; a slice is a matrix (rows, columns)")
        if each.shape[1] != columns:
            raise FitError(f"slices[{k}] has {each.shape[1]} columns, slices[0] has {columns}; only rows may differ")
        if each.is_complex():
            raise FitError(
                f"slices[{k}] is complex, and TensorLy fits PARAFAC2 to real data; fit real and imaginary parts"
            )
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise FitError(f"rank is {rank!r}; it is a whole number of at least 1")
    lowest = min(range(len(data)), key=lambda k: len(data[k]))
    most = min(len(data[lowest]), columns)
    if rank > most:
        which = (
            f"slices[{lowest}] has {len(data[lowest])} rows"
            if len(data[lowest]) <= columns
            else f"there are {columns} columns"
        )
        raise FitError(f"rank is {rank}, and {which}; PARAFAC2 can have at most {most} components here")
    dtype = reduce(torch.promote_types, (each.dtype for each in data))
    return [each.to(data[0].device, dtype) for each in data]


def _check(nonnegative: tuple[str, ...], init: str, starts: int, tol: float, max_sweeps: int, seed: int) -> None:
    for name in nonnegative:
        if name == "B":
            raise FitError(
                "B cannot be kept from having negative entries: the evolving factors are projections[i] @ B, and the "
                "projections have signs of their own; nonnegative= takes 'A' and 'C'"
            )
        if name not in ("A", "C"):
            raise FitError(f"nonnegative names {name!r}; the factors that can be are 'A' and 'C'")
    if init not in ("svd", "random"):
        raise FitError(f"init is {init!r}{did_you_mean(init, ('svd', 'random'))}; it is 'svd' or 'random'")
    for what, value, least in (("starts", starts, 1), ("max_sweeps", max_sweeps, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise FitError(f"{what} is {value!r}; it is a whole number of at least {least}")
    if not 0 <= tol < math.inf:
        raise FitError(f"tol is {tol!r}; it is a number of at least 0")
