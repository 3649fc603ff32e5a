"""Chebyshev-Tucker: a smooth function of a few variables as a small core and a few polynomials along each axis.

The function is sampled on a tensor grid of Chebyshev nodes, the samples become coefficients of Chebyshev polynomials, and the
coefficients are fitted by Tucker. No grid is left in the result: it is evaluated anywhere, and on huge grids slice by slice.
"""

__all__ = ["ChebyshevTucker", "chebyshev_tucker"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workbench.data._memory import available, in_bytes
from workbench.decomposition._decompose import decompose
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._grid import FunctionGrid, contracted
from workbench.decomposition._numbers import einsum, norm

FIRST = 8  # degree of the first samples
PROBES = 1000  # points off the nodes at which the error is measured
Function = Callable[..., object]
Domain = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False, repr=False)
class ChebyshevTucker:
    """What `chebyshev_tucker` found: ``f(x, y, ...) = sum G[a, b, ...] A[:, a] . T(x)  B[:, b] . T(y) ...``.

    Attributes
    ----------
    domain : tuple of (low, high)
        The box it is defined on.
    fit : Fit
        The Tucker fit of the coefficients; the rows of its factors belong to the polynomials 1, sqrt(2) T_1, sqrt(2) T_2,
        ..., which are orthonormal under the Chebyshev weight, scaled to mean 1. So the norm of the coefficients is the root
        mean square of the function under that weight, and ``fit.error`` the error that Tucker adds.
    decay : tuple of torch.Tensor
        For every axis the size of the coefficients of each degree, as a fraction of all, in float64, before they were cut.
    error : float
        ``||f - fhat|| / ||f||`` at 1000 points off the nodes, drawn from the Chebyshev weight: it is measured, not estimated
        from the coefficients.
    samples : int
        How many points the function was evaluated at to find the coefficients, all attempts together.

    Examples
    --------
    >>> cheb = chebyshev_tucker(lambda x, y: 1 / (x + y + 3), [(-1, 1), (-1, 1)], error=1e-6)
    >>> cheb.error < 1e-6, cheb.ranks
    (True, (5, 5))
    >>> points = torch.tensor([[0.3, -0.2], [1.0, 1.0]], dtype=torch.float64)
    >>> cheb(points).round(decimals=5).tolist()
    [0.32258, 0.2]
    >>> cheb.grid(100_000, 100_000)[70_000, :5].round(decimals=5).tolist()
    [0.41666, 0.41666, 0.41666, 0.41665, 0.41665]
    """

    domain: Domain
    fit: Fit
    decay: tuple[torch.Tensor, ...]
    error: float
    samples: int

    @property
    def degrees(self) -> tuple[int, ...]:
        """The degree of the polynomials along every axis."""
        return tuple(size - 1 for size in self.fit.network.shape)

    @property
    def ranks(self) -> tuple[int, ...]:
        """The Tucker ranks: how many different polynomials are needed along every axis."""
        return tuple(self._core.shape)

    @property
    def parameters(self) -> int:
        """The number of entries of core and factors."""
        return self.fit.parameters

    def __call__(self, points: object) -> torch.Tensor:
        """The function at points (*batch, d) inside the domain; gives (*batch).

        Raises
        ------
        FitError
            When the points have another number of coordinates, or one lies outside the domain.
        """
        device, dtype = self._core.device, self._core.real.dtype
        at = torch.as_tensor(points, dtype=dtype, device=device)
        if at.ndim == 0 or at.shape[-1] != len(self.domain):
            raise FitError(f"points has shape {tuple(at.shape)}; it is (*batch, {len(self.domain)})")
        flat = at.reshape(-1, len(self.domain))
        _check_inside(flat, self.domain)
        values = self._core.new_empty(len(flat))
        chunk = max(1, 2**22 // max(self._core.numel(), *self.fit.network.shape))
        for start in range(0, len(flat), chunk):
            columns = flat[start : start + chunk].T
            rows = [self._along(axis, column) for axis, column in enumerate(columns)]
            values[start : start + chunk] = contracted(self._core, rows)
        return values.reshape(at.shape[:-1])

    def grid(self, *axes: int | object) -> FunctionGrid:
        """The function on a tensor grid, as a Tucker network: no more is formed than is asked for.

        Parameters
        ----------
        axes
            For every axis the number of evenly spaced points, ends included, or the coordinates themselves, (n,).

        Returns
        -------
        FunctionGrid
            Index it like a tensor: ``cheb.grid(10**5, 10**5, 10**5)[500, :, 7]`` is (100000,).

        Raises
        ------
        FitError
            When the axes are not one for each variable, or leave the domain.
        """
        if len(axes) != len(self.domain):
            raise FitError(f"{len(axes)} axes for a function of {len(self.domain)} variables; give one for each")
        device, dtype = self._core.device, self._core.real.dtype
        coordinates = []
        for axis, (low, high) in zip(axes, self.domain, strict=True):
            if isinstance(axis, int) and not isinstance(axis, bool):
                if axis < 1:
                    raise FitError(f"an axis has {axis} points; it needs at least 1")
                at = torch.linspace(low, high, axis, dtype=dtype, device=device)
            else:
                at = torch.as_tensor(axis, dtype=dtype, device=device)
                if at.ndim != 1 or not at.numel():
                    raise FitError(f"an axis has shape {tuple(at.shape)}; give a number of points, or coordinates (n,)")
                _check_inside(at.unsqueeze(1), ((low, high),))
            coordinates.append(at)
        factors = [self._along(axis, at) for axis, at in enumerate(coordinates)]
        return FunctionGrid(self._core, tuple(factors), tuple(coordinates))

    @property
    def _core(self) -> torch.Tensor:
        return self.fit.cores["G"]

    def _along(self, axis: int, x: torch.Tensor) -> torch.Tensor:
        """(points, rank): the polynomials of one axis at coordinates (points,)."""
        low, high = self.domain[axis]
        leg = self.fit.network.legs[axis]
        factor = next(self.fit.cores[n] for n, indices in self.fit.network.tensors.items() if leg in indices)
        return polynomials((2 * x - (low + high)) / (high - low), factor.shape[0] - 1).to(factor.dtype) @ factor

    def __repr__(self) -> str:
        box = " x ".join(f"[{low:g}, {high:g}]" for low, high in self.domain)
        noise = 1e-10 if torch.finfo(self._core.dtype).eps < 1e-10 else 1e-5
        error = f"error={self.error:.2g}" if self.error >= noise else f"error<{noise:g}"
        return f"ChebyshevTucker({box}, degrees {self.degrees}, ranks {self.ranks}, {error})"


def chebyshev_tucker(
    function: Function,
    domain: Sequence[tuple[float, float]],
    *,
    error: float | None = None,
    degree: int | Sequence[int] | None = None,
    ranks: int | Sequence[int] | None = None,
    max_degree: int = 256,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> ChebyshevTucker:
    """A smooth function on a box as a Chebyshev-Tucker tensor: sampled a little, evaluated anywhere.

    Parameters
    ----------
    function
        Takes one tensor for each variable and returns the values; the tensors broadcast against each other, as (n, 1, 1),
        (1, m, 1) and (1, 1, k) on a grid and as (p,), (p,), (p,) at points. ``lambda x, y, z: 1 / (x**2 + y**2 + z**2).sqrt()``.
    domain
        (low, high) for each variable.
    error
        The relative error ``||f - fhat|| / ||f||`` that is allowed. Degrees are doubled, each for its axis, until the
        coefficients have decayed below it and the error measured off the nodes is below it; Tucker ranks are the smallest
        that keep it. What lies between all nodes and all 1000 points, as a narrow spike may, is not seen.
    degree
        In place of adapting: the degree of the polynomials, one for all axes or one for each.
    ranks
        The Tucker ranks, in place of those that `error` needs; without either the ranks are those of the coefficients.
    max_degree
        Degrees above this are not tried: a function that needs them is not smooth on the domain.
    dtype
        float32 or float64: of the coordinates; values may be complex.
    device
        Where the function is evaluated.

    Returns
    -------
    ChebyshevTucker

    Raises
    ------
    FitError
        When the function is not finite at a node, its coefficients do not decay to `error`, the samples do not fit in
        memory, or an argument is out of its range.

    References
    ----------
    Benner, Khoromskij, Khoromskaia and Sun, A mesh-free hybrid Chebyshev-Tucker tensor format with applications to
    multi-particle modelling (2025). Interpolation and its coefficients: Trefethen, Approximation Theory and Approximation
    Practice (2013), chapters 3 and 4.

    Examples
    --------
    >>> cheb = chebyshev_tucker(lambda x, y, z: (x + 2 * y - z).cos(), [(-1, 1), (0, 2), (-1, 1)], error=1e-8)
    >>> cheb.ranks                                       # the cosine of a sum: two functions along every axis
    (2, 2, 2)
    >>> chebyshev_tucker(lambda x: x.abs(), [(-1, 1)], error=1e-6)
    Traceback (most recent call last):
    ...
    workbench.decomposition._errors.FitError: the coefficients along axis 0 do not decay to 4e-07: ...
    """
    box, job = _checked(function, domain, error, degree, max_degree, dtype, device)
    if degree is not None:
        degrees = [degree] * len(box) if isinstance(degree, int) else list(degree)
        coefficients = job.coefficients(degrees)
        return job.finished(coefficients, decay_of(coefficients), error, ranks, coefficients.numel())
    return job.adapted(float(error or 0), ranks, max_degree)


@dataclass(frozen=True)
class _Job:
    """A function to be approximated on a box."""

    function: Function
    domain: Domain
    dtype: torch.dtype
    device: torch.device

    def adapted(self, error: float, ranks: int | Sequence[int] | None, max_degree: int) -> ChebyshevTucker:
        """Degrees doubled until coefficients and the error off the nodes are small enough."""
        budget = error / math.sqrt(2)  # squares add up: one half for the degrees, one for Tucker
        enough = 0.5 * budget / math.sqrt(len(self.domain))
        degrees = [min(FIRST, max_degree)] * len(self.domain)
        tails: list[list[float]] = [[] for _ in degrees]
        samples = 0
        while True:
            coefficients = self.coefficients(degrees)
            samples += coefficients.numel()
            decay = decay_of(coefficients)
            for axis, sizes in enumerate(decay):
                tails[axis].append(_tail(sizes))
            open_axes = [axis for axis, tail in enumerate(tails) if tail[-1] > enough]
            if not open_axes:
                found = self.finished(_cut(coefficients, decay, budget), decay, budget, ranks, samples)
                if found.error > error and found.fit.error > 0.5 * found.error and ranks is None:
                    # the probes weigh what was cut off more than the norm does
                    found = self.finished(_cut(coefficients, decay, budget / 4), decay, budget / 4, ranks, samples)
                if found.error <= error or ranks is not None:
                    return found
                if 2 * max(degrees) > max_degree:
                    raise FitError(_missed(degrees, found.error, error))
                open_axes = list(range(len(degrees)))
            for axis in open_axes:
                if 2 * degrees[axis] > max_degree:
                    raise FitError(_no_decay(axis, degrees[axis], tails[axis], enough))
                degrees[axis] *= 2

    def finished(
        self,
        coefficients: torch.Tensor,
        decay: tuple[torch.Tensor, ...],
        error: float | None,
        ranks: int | Sequence[int] | None,
        samples: int,
    ) -> ChebyshevTucker:
        """Coefficients fitted by Tucker, the error measured."""
        if not coefficients.any():
            fit = decompose(coefficients, "tucker", ranks=1)
        elif ranks is not None:
            fit = decompose(coefficients, "tucker", ranks=ranks)
        else:
            rounding = 4 * torch.finfo(self.dtype).eps
            fit = decompose(coefficients, "tucker", error=max(error or 0.0, rounding))
        found = ChebyshevTucker(self.domain, fit, decay, 0.0, samples)
        probes = self.probes()
        truth = self.values(list(probes.T))
        missed, whole = norm(truth - found(probes)), norm(truth)
        return ChebyshevTucker(self.domain, fit, decay, missed / whole if missed else 0.0, samples)

    def coefficients(self, degrees: Sequence[int]) -> torch.Tensor:
        """Orthonormal Chebyshev coefficients of the interpolant through the Chebyshev points of the second kind."""
        self.require_memory(degrees)
        order = len(degrees)
        nodes = []
        for axis, ((low, high), n) in enumerate(zip(self.domain, degrees, strict=True)):
            x = (low + high) / 2 + (high - low) / 2 * chebyshev_points(n)
            x = x.clamp(low, high).to(self.device, self.dtype)
            nodes.append(x.reshape([-1 if k == axis else 1 for k in range(order)]))
        values = self.values(nodes)
        matrices = [transform(n, values.dtype).to(self.device) for n in degrees]
        labels = [(matrix, (f"c{axis}", axis)) for axis, matrix in enumerate(matrices)]
        return einsum([(values, range(order)), *labels], [f"c{axis}" for axis in range(order)])

    def values(self, nodes: Sequence[torch.Tensor]) -> torch.Tensor:
        """The function's values where the coordinates broadcast to, finite and of the right shape."""
        shape = np.broadcast_shapes(*(tuple(each.shape) for each in nodes))
        given = self.function(*nodes)
        try:
            values = torch.as_tensor(given, device=self.device)
        except (TypeError, ValueError, RuntimeError) as error:
            raise FitError(
                f"the function returned a {type(given).__name__}, not a tensor of values: {error}"
            ) from error
        if not values.is_floating_point() and not values.is_complex():
            values = values.to(self.dtype)
        try:
            values = values.to(torch.promote_types(values.dtype, self.dtype)).detach().broadcast_to(shape)
        except RuntimeError as error:
            raise FitError(
                f"the function returned shape {tuple(values.shape)} for coordinates that broadcast to {shape}; "
                "it takes one tensor for each variable and returns one value for each point"
            ) from error
        finite = torch.isfinite(values.abs())
        if not bool(finite.all()):
            where = tuple(int(k) for k in (~finite).nonzero()[0])
            point = ", ".join(f"{float(each.broadcast_to(shape)[where]):.6g}" for each in nodes)
            raise FitError(
                f"the function is {values[where].item()} at ({point}); it must be finite on the whole domain, "
                "so move the domain away from the singularity"
            )
        return values

    def probes(self) -> torch.Tensor:
        """Points off the nodes, drawn from the Chebyshev weight, always the same."""
        angles = torch.rand(PROBES, len(self.domain), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        low, high = torch.tensor(self.domain, dtype=torch.float64).T
        points: torch.Tensor = (low + high) / 2 + (high - low) / 2 * torch.cos(math.pi * angles)
        return points.clamp(low, high).to(self.device, self.dtype)

    def require_memory(self, degrees: Sequence[int]) -> None:
        count = math.prod(n + 1 for n in degrees)
        needed, there = 6 * 16 * count, available(self.device)
        if there is not None and needed > there:
            raise FitError(
                f"sampling at degrees {tuple(degrees)} needs {count:,} values and about {in_bytes(needed)} of memory, "
                f"{in_bytes(there)} are available; allow a larger error, make the domain smaller, or give a lower degree"
            )


# ---- polynomials -----------------------------------------------------------------------------------------------------


def chebyshev_points(degree: int) -> torch.Tensor:
    """cos(pi j / n) for j = 0..n, symmetric and with an exact 0 in the middle; the middle for degree 0."""
    if degree == 0:
        return torch.zeros(1, dtype=torch.float64)
    nodes: torch.Tensor = torch.sin(
        (degree - 2 * torch.arange(degree + 1, dtype=torch.float64)) * (math.pi / (2 * degree))
    )
    return nodes


def polynomials(x: torch.Tensor, degree: int) -> torch.Tensor:
    """(points, degree + 1): the orthonormal Chebyshev polynomials at points of [-1, 1], by their recurrence."""
    columns = [torch.ones_like(x), math.sqrt(2) * x]
    for _ in range(degree - 1):
        columns.append(2 * x * columns[-1] - (columns[-2] if len(columns) > 2 else math.sqrt(2) * columns[-2]))
    return torch.stack(columns[: degree + 1], dim=-1)


def transform(degree: int, dtype: torch.dtype) -> torch.Tensor:
    """The matrix that takes values at the Chebyshev points cos(pi j / n) to orthonormal coefficients (a DCT of type I)."""
    if degree == 0:
        return torch.ones(1, 1, dtype=dtype)
    k = torch.arange(degree + 1)
    turns = torch.outer(k, k) % (2 * degree)  # whole turns taken off, so that no digits are lost
    matrix = torch.cos(turns.to(torch.float64) * (math.pi / degree)) * (2 / degree)
    matrix[:, [0, -1]] /= 2
    matrix[[0, -1]] /= 2
    matrix[1:] /= math.sqrt(2)  # T_k = (sqrt(2) T_k) / sqrt(2)
    return matrix.to(dtype)


def decay_of(coefficients: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """For every axis the norm of the coefficients of each degree over that of all."""
    squares = coefficients.abs().to(torch.float64).square()
    whole = float(squares.sum()) or 1.0
    axes = range(coefficients.ndim)
    return tuple(
        (squares.movedim(axis, 0).reshape(squares.shape[axis], -1).sum(1) / whole).sqrt().cpu() for axis in axes
    )


def _tail(sizes: torch.Tensor) -> float:
    """The size of the last degrees: an even function has every other coefficient zero, so more than one is looked at."""
    return float(torch.linalg.vector_norm(sizes[-max(2, len(sizes) // 8) :]))


def _cut(coefficients: torch.Tensor, decay: Sequence[torch.Tensor], budget: float) -> torch.Tensor:
    """The coefficients without the degrees that `budget` has no need of."""
    share = budget**2 / len(decay)
    for axis, sizes in enumerate(decay):
        left_out = sizes.square().flip(0).cumsum(0).flip(0)  # left_out[k]: what keeping degrees below k leaves out
        coefficients = coefficients.narrow(axis, 0, max(1, int((left_out > 0.25 * share).sum())))
    return coefficients


def _no_decay(axis: int, degree: int, tails: Sequence[float], enough: float) -> str:
    steps = f"from {tails[-2]:.2g} at degree {degree // 2} to {tails[-1]:.2g} at degree {degree}" if tails[1:] else ""
    return (
        f"the coefficients along axis {axis} do not decay to {enough:.1g}: their tail fell {steps or f'to {tails[-1]:.2g}'}. "
        "A smooth function's falls ever faster; this one has a pole, a jump or a kink in the domain or close to it, or "
        "wiggles faster than the polynomials can follow. Move the domain away from it, cut the domain into parts, "
        "allow a larger error or raise max_degree"
    )


def _missed(degrees: Sequence[int], found: float, error: float) -> str:
    return (
        f"at degrees {tuple(degrees)} the coefficients have decayed, but off the nodes the error is {found:.2g} and not below "
        f"{error:.2g}: the function has something between the nodes, or noise of that size. Make the domain smaller, raise "
        "max_degree or allow a larger error"
    )


# ---- checks ----------------------------------------------------------------------------------------------------------


def _checked(
    function: Function,
    domain: Sequence[tuple[float, float]],
    error: float | None,
    degree: int | Sequence[int] | None,
    max_degree: int,
    dtype: torch.dtype,
    device: torch.device | str,
) -> tuple[Domain, _Job]:
    if not callable(function):
        raise FitError(f"function is a {type(function).__name__}; it takes one tensor for each variable")
    try:
        box = tuple((float(low), float(high)) for low, high in domain)
    except (TypeError, ValueError) as bad:
        raise FitError(f"domain is {domain!r}; it is a (low, high) for each variable, [(-1, 1), (0, 2)]") from bad
    if not box:
        raise FitError("domain is empty; it is a (low, high) for each variable")
    for axis, (low, high) in enumerate(box):
        if not -math.inf < low < high < math.inf:
            raise FitError(
                f"axis {axis} of the domain runs from {low:g} to {high:g}; low and high are finite, low first"
            )
    if dtype not in (torch.float32, torch.float64):
        raise FitError(f"dtype is {dtype}; coordinates are torch.float32 or torch.float64")
    least = 20 * torch.finfo(dtype).eps
    if error is not None and not least <= error < 1:
        raise FitError(
            f"error is {error!r}; it is the relative error allowed, at least {least:.1g} in this dtype and below 1"
        )
    if degree is None and error is None:
        raise FitError("neither error= nor degree= is given; say how exact it should be, or the degree to sample at")
    degrees = [max_degree] if degree is None else [degree] if isinstance(degree, int) else list(degree)
    if any(isinstance(each, bool) or not isinstance(each, int) or each < 0 for each in degrees):
        raise FitError(
            f"degree is {degree if degree is not None else max_degree!r}; degrees are whole numbers of at least 0"
        )
    if degree is not None and not isinstance(degree, int) and len(degrees) != len(box):
        raise FitError(f"{len(degrees)} degrees for {len(box)} variables; give one for each, or one for all")
    return box, _Job(function, box, dtype, torch.device(device))


def _check_inside(points: torch.Tensor, domain: Domain) -> None:
    """Refuse what is outside: polynomials grow without bound there."""
    low, high = torch.tensor(domain, dtype=points.dtype, device=points.device).T
    slack = 4 * torch.finfo(points.dtype).eps * torch.maximum(low.abs(), high.abs())  # the ends, rounded
    outside = ~((points >= low - slack) & (points <= high + slack)).all(dim=1)  # NaN is outside, too
    if bool(outside.any()):
        at = int(outside.nonzero()[0])
        point = ", ".join(f"{float(x):.6g}" for x in points[at])
        box = " x ".join(f"[{a:g}, {b:g}]" for a, b in domain)
        raise FitError(f"point {at} is ({point}), outside the domain {box}; the polynomials say nothing there")
