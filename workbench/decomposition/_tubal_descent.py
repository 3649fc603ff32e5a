"""Gradient descent on an over-parametrised t-product: started small, it finds low tubal rank by itself."""

__all__ = ["TubalDescent", "tubal_descent"]

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from workbench.data import as_tensor
from workbench.decomposition._errors import FitError
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import relative_residual
from workbench.decomposition._tubal import HALVES, all_faces, from_faces, norms_of, to_faces

RECORDS = 200  # a trajectory of more points is no better to look at


@dataclass(frozen=True, eq=False, repr=False)
class TubalDescent:
    """What `tubal_descent` found, and the way there.

    Attributes
    ----------
    U : torch.Tensor
        (n, width, *tubes); the tensor found is ``U * U^H``.
    steps : tuple of int
        The steps at which the trajectory was recorded; 0 is the start.
    tubes : torch.Tensor
        (records, n), float64: the norms of the singular tubes of ``U * U^H``, largest first.
    train : tuple of float
        ``||A(U * U^H) - y|| / ||y||`` at each record.
    test : tuple of float or None
        ``||U * U^H - truth|| / ||truth||`` at each record, if the truth was given.
    step : float
        The step size used.
    converged : bool
        Whether the training error fell below the tolerance.
    """

    U: torch.Tensor
    steps: tuple[int, ...]
    tubes: torch.Tensor
    train: tuple[float, ...]
    test: tuple[float, ...] | None
    step: float
    converged: bool

    @property
    def error(self) -> float:
        """The training error ``||A(U * U^H) - y|| / ||y||`` at the end, never squared."""
        return self.train[-1]

    def rank(self, tol: float = 0.01) -> int:
        """How many singular tubes have a norm above this fraction of the largest one's."""
        norms = self.tubes[-1]
        return int((norms > tol * norms[0]).sum())

    def reconstruct(self) -> torch.Tensor:
        """``U * U^H``, (n, n, *tubes)."""
        hat = to_faces(self.U)
        return from_faces(hat @ hat.mH, self.U.shape[2:], self.U.dtype)

    def __repr__(self) -> str:
        n, width, *tubes = self.U.shape
        sizes = " x ".join(map(str, (n, n, *tubes)))
        errors = f"train{_said(self.train[-1])}" + (f", test{_said(self.test[-1])}" if self.test else "")
        end = "" if self.converged else f", not converged after {self.steps[-1]:,} steps"
        return f"TubalDescent({sizes}, width {width}, tubal rank {self.rank()} within 1 %, {errors}{end})"


def tubal_descent(
    measurements: object,
    y: object,
    *,
    width: int | None = None,
    scale: float = 1e-6,
    step: float | None = None,
    steps: int = 2000,
    tol: float = 1e-6,
    truth: object = None,
    seed: int = 0,
    callback: Callable[[int, float], object] | None = None,
) -> TubalDescent:
    """Find a tensor ``U * U^H`` from linear measurements by gradient descent on all entries of U, ranks not limited.

    Minimises ``1/2 ||A(U * U^H) - y||^2``. With many columns in U and few measurements there are many minima; from a small
    random start the singular tubes grow one after the other, those that explain most first, and the descent ends at low tubal
    rank. From a large start it ends wherever it came from.

    Parameters
    ----------
    measurements
        (m, n, n, *tubes), real or complex: y_i is the sum of conj(measurements[i]) times x over all entries.
    y
        (m,).
    width
        The number of columns of U; n by default. More do no harm.
    scale
        Size of the start: the entries of U are Gaussian with standard deviation ``scale / sqrt(width)``.
    step
        The step size; by default a quarter of what the largest curvature at the start or near the answer allows.
    steps
        Stop after as many steps in any case.
    tol
        Stop when ``||A(U * U^H) - y|| / ||y||`` is below this.
    truth
        (n, n, *tubes): the tensor behind the measurements, to record the test error; it does not enter the descent.
    seed
        Of the random start.
    callback
        Called at every record with the number of steps and the training error; if it returns True, the descent ends there.

    Returns
    -------
    TubalDescent
        In the dtype of the measurements and on their device; on interruption, what was reached.

    Raises
    ------
    DataError
        When data hold integers, NaN or infinities, or are no data at all.
    FitError
        When shapes do not fit, an argument is out of its range, or the step is so large that the descent runs away.

    References
    ----------
    Karnik, Veselovska, Iwen and Krahmer, Implicit regularization for tubal tensor factorizations via gradient descent (2025).

    Examples
    --------
    >>> from workbench.data import tubal
    >>> data = tubal(12, 3, rank=1)                      # 72 measurements of 432 entries
    >>> small = tubal_descent(data.measurements, data.y, width=24, truth=data.x)
    >>> large = tubal_descent(data.measurements, data.y, width=24, scale=1.0, truth=data.x)
    >>> small.rank(), small.test[-1] < 0.01
    (1, True)
    >>> large.rank(), large.error < 1e-5, large.test[-1] > 1
    (12, True, True)
    """
    job = _Job.of(measurements, y, truth)
    _check(width, scale, step, steps, tol, seed)
    n, _, *tubes = job.shape
    width = n if width is None else width
    faces = math.prod(tubes)
    needed = 4 * job.y.dtype.itemsize * (job.operator.numel() + 2 * faces * n * (n + width))
    require_memory(needed, job.y.device, f"a descent from {len(job.y):,} measurements of {n * n * faces:,} entries")
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(n, width, *tubes, generator=generator, dtype=job.y.dtype).to(job.y.device)
    hat = to_faces(start * (scale / math.sqrt(width)))
    if step is None:
        slopes = [float(torch.linalg.matrix_norm(job.slope(each), 2).max()) for each in (-job.y, job.residual(hat))]
        step = 0.25 / max(slopes) if max(slopes) else 1.0
    return job.descend(hat, step, steps, tol, callback)


@dataclass(frozen=True)
class _Job:
    """A descent to be made: the measurements as a matrix, what they gave, and the truth, if known."""

    operator: torch.Tensor
    y: torch.Tensor
    shape: tuple[int, ...]
    truth: torch.Tensor | None

    @classmethod
    def of(cls, measurements: object, y: object, truth: object) -> "_Job":
        given, found = as_tensor(measurements, what="measurements"), as_tensor(y, what="y")
        if given.ndim < 4 or given.shape[1] != given.shape[2]:
            raise FitError(f"measurements has shape {tuple(given.shape)}; it is (m, n, n, *tubes)")
        if given.dtype in HALVES:
            name = str(given.dtype).removeprefix("torch.")
            raise FitError(f"measurements holds {name} values, too few digits to descend; convert with .float()")
        if found.shape != given.shape[:1]:
            raise FitError(
                f"y has shape {tuple(found.shape)}, and there are {given.shape[0]} measurements; one number each"
            )
        if not given.is_complex() and found.is_complex():
            raise FitError("y is complex, the measurements are real; make both of one kind")
        if truth is not None:
            truth = as_tensor(truth, what="truth")
            if truth.shape != given.shape[1:]:
                raise FitError(
                    f"truth has shape {tuple(truth.shape)}, the measurements are of {tuple(given.shape[1:])}"
                )
            truth = truth.to(given)
        if not found.any():
            raise FitError("y is zero everywhere, and so is what it measures; there is nothing to find")
        return cls(given.flatten(1), found.to(given), tuple(given.shape[1:]), truth)

    def value(self, hat: torch.Tensor) -> torch.Tensor:
        return from_faces(hat @ hat.mH, self.shape[2:], self.y.dtype)

    def residual(self, hat: torch.Tensor) -> torch.Tensor:
        """A(U * U^H) - y."""
        return self.operator.conj() @ self.value(hat).flatten() - self.y

    def slope(self, residual: torch.Tensor) -> torch.Tensor:
        """The faces of G + G^H, G the measurements weighted by the residual; the gradient is (G + G^H) * U."""
        faces = to_faces((residual @ self.operator).reshape(self.shape))
        return faces + faces.mH

    def descend(
        self, hat: torch.Tensor, step: float, steps: int, tol: float, callback: Callable[[int, float], object] | None
    ) -> TubalDescent:
        marks = {round(steps * k / RECORDS) for k in range(RECORDS + 1)}
        at: list[int] = []
        tubes: list[torch.Tensor] = []
        train: list[float] = []
        test: list[float] = []
        whole = float(torch.linalg.vector_norm(self.y))
        converged, residual, kept = False, self.residual(hat), hat
        try:
            for now in range(steps + 1):
                if now:
                    hat = hat - step * (self.slope(residual) @ hat)
                    residual = self.residual(hat)
                error = float(torch.linalg.vector_norm(residual)) / whole
                if not math.isfinite(error):
                    raise FitError(
                        f"the descent ran away at step {now} with step={step:.3g}; choose a smaller step, "
                        "or none and let the curvature at the start choose it"
                    )
                converged = error < tol
                if now in marks or converged:
                    kept = hat
                    at.append(now)
                    train.append(error)
                    squares = torch.linalg.eigvalsh(hat @ hat.mH).flip(1).clamp(min=0)
                    tubes.append(norms_of(all_faces(squares, self.shape[2:], self.y.dtype)).cpu())
                    if self.truth is not None:
                        test.append(relative_residual(self.truth, self.value(hat)))
                    stopped = callback is not None and callback(now, error) is True
                    if converged or stopped:
                        break
        except KeyboardInterrupt:
            if not at:
                raise
        u = from_faces(kept, self.shape[2:], self.y.dtype)
        return TubalDescent(u, tuple(at), torch.stack(tubes), tuple(train), tuple(test) or None, step, converged)


def _said(error: float) -> str:
    return f"={error:.3g}" if error >= 1e-5 else "<1e-05"


def _check(width: int | None, scale: float, step: float | None, steps: int, tol: float, seed: int) -> None:
    counts = (("width", width, 1), ("steps", steps, 1), ("seed", seed, 0))
    for name, value, least in counts:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise FitError(f"{name} is {value!r}; it is a whole number of at least {least}")
    for name, number in (("scale", scale), ("step", step)):
        if number is not None and not 0 < number < math.inf:
            raise FitError(f"{name} is {number!r}; it is a number above 0")
    if not 0 <= tol < math.inf:
        raise FitError(f"tol is {tol!r}; it is a number of at least 0")
