"""`stabilise`: the same error with terms that do not cancel."""

__all__ = ["stabilise"]

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch

from workbench.data import as_tensor
from workbench.decomposition._als import DIRECT, Cores, estimate, site_of
from workbench.decomposition._bounded import bounded_sweeps, shared
from workbench.decomposition._canonical import Form, factors_in, form_of, merged
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import leading, norm, relative_residual, wide
from workbench.decomposition._penalised import Model, lowered
from workbench.decomposition._sensitivity import numbers_of, sensitivities
from workbench.network import Network, cp

UNSEEN = 1.001
"""By default the error may rise by a thousandth of itself: where terms cancel, that is where all the sensitivity goes."""
SETTLED = 1e-3


def stabilise(fit: Fit, x: object, *, error: float | None = None, max_sweeps: int = 200) -> Fit:
    """The fit of lowest sensitivity that can be found at this error: terms that cancelled do so no more.

    Where the best approximation of a rank does not exist, sweeps lower the error ever more slowly while rank-one terms grow
    without bound and cancel. This goes back to where the numbers are small: it minimises `sensitivity` subject to
    ``||x - xhat|| / ||x|| <= error`` (error preserving correction). The result is never more sensitive than `fit`.

    CP, of any order and with any legs merged into its factors, is solved by Gauss-Newton steps that price the sensitivity,
    at the price for which the error meets the bound, then by alternating least squares inside the ball. Any other network
    takes the latter alone, from a fit whose norm is shared among the cores in the best way: where it is badly degenerate,
    that repairs less.

    Parameters
    ----------
    fit
        A fit of `x`. Its cores need not keep constraints (non-negative, orthogonal, frozen) they were fitted with.
    x
        The data, as `workbench.data.as_tensor` takes them.
    error
        The relative error allowed; by default 1.001 times that of the fit. A little more buys much where terms
        cancel: of two, the sensitivity falls as the power -2/3 of the error, once that is above what no rank-R fit can reach.
    max_sweeps
        Gauss-Newton steps, and sweeps, at most.

    Returns
    -------
    Fit
        Of the same network, on the device and in the dtype of `x`, computed in double precision. Its history holds the error
        before and after; it counts as converged when the last sweep lowered the sensitivity by less than a thousandth. On
        interruption the best so far.

    Raises
    ------
    DataError
        When `x` holds integers, NaN or infinities, or is no data at all.
    FitError
        When `x` has another shape than the fit, `error` is below that of the fit or not below 1, or memory does not suffice.

    References
    ----------
    Phan et al., Stable low-rank tensor decomposition for compression of convolutional neural network (2020); the error
    preserving correction is from Phan, Tichavsky and Cichocki (2019).

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose, sensitivity
    >>> a, b = torch.eye(4, dtype=torch.float64)[:2]
    >>> x = sum(torch.einsum("i,j,k->ijk", *each) for each in ((a, a, b), (a, b, a), (b, a, a)))  # rank 3, border rank 2
    >>> fit = decompose(x, "cp", ranks=2, init="random", max_sweeps=200)
    >>> stable = stabilise(fit, x, error=0.1)
    >>> stable.error <= 0.1, sensitivity(stable) < sensitivity(fit) / 5
    (True, True)

    A convolution's kernel (out, in, height, width) is a CP of order 3 with height and width in one factor:

    >>> from workbench.network import Network
    >>> net = Network.from_einsum("or,ir,hwr->oihw", o=8, i=4, h=3, w=3, r=5)
    >>> kernel = torch.rand(8, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    >>> stable = stabilise(decompose(kernel, net, max_sweeps=30), kernel)
    >>> stable.cores["C"].shape
    torch.Size([3, 3, 5])
    """
    data = _checked(fit, x)
    if isinstance(max_sweeps, bool) or not isinstance(max_sweeps, int) or max_sweeps < 1:
        raise FitError(f"max_sweeps is {max_sweeps!r}; it is a whole number of at least 1")
    net = fit.network
    start = {name: core.to(data.device, data.dtype) for name, core in fit.cores.items()}
    before = _error(data, net, start)
    allowed = _allowed(error, before)
    best = _Found(start, before, sum(sensitivities(net, start).values()), settled=False)
    if not norm(data):
        return Fit(net, start, before, (before,), True)
    # so much less than allowed that rounding the cores to the data's dtype does no harm
    margin = min(8 * torch.finfo(data.dtype).eps, (allowed - before) / 2)
    form = form_of(net)
    job = _Job(data, net, allowed - margin, max_sweeps)
    try:
        for cores, settled in job.canonical(start, form) if form and len(form.factors) > 1 else job.any(start):
            found = {name: cores[name].to(data.dtype) for name in start}
            lost, risk = _error(data, net, found), sum(sensitivities(net, found).values())
            if lost <= allowed and risk <= best.sensitivity:
                best = _Found(found, lost, risk, settled)
    except KeyboardInterrupt:
        pass
    return Fit(net, best.cores, best.error, (before, best.error), best.settled)


@dataclass(frozen=True)
class _Found:
    cores: Cores
    error: float
    sensitivity: float
    settled: bool


@dataclass(frozen=True)
class _Job:
    """Cores of low sensitivity for these data, in double precision."""

    data: torch.Tensor
    net: Network
    aim: float  # the relative error
    most: int

    def any(self, start: Cores) -> Iterator[tuple[Cores, bool]]:
        numbers = numbers_of(self.net, start)
        yield shared(self.net, numbers, self.net.free), False
        x = self.data.to(wide(self.data.dtype))
        yield self.polished(x, self.net, numbers, self.aim * norm(x), None)

    def canonical(self, start: Cores, form: Form) -> Iterator[tuple[Cores, bool]]:
        """CP, in the directions that the data have."""
        x = merged(self.data, self.net, form).to(wide(self.data.dtype))
        whole = norm(x)
        x, bases = _trimmed(x / whole)
        lengths = torch.tensor([len(basis) for basis in bases], dtype=torch.float64, device=x.device)
        model = Model(x, lengths)
        small = cp(model.sizes, self.net.sizes[form.rank])
        times = dict(zip(small.tensors, (len(basis) for basis in bases), strict=True))
        scale = whole ** (1 / len(bases))
        factors = factors_in(start, self.net, form)
        stack = model.balanced(model.stacked([b.mH @ f / scale for b, f in zip(bases, factors, strict=True)]))

        def grown(parts: list[torch.Tensor]) -> Cores:
            return _cores([basis @ part * scale for basis, part in zip(bases, parts, strict=True)], self.net, form)

        yield grown(model.factors(stack)), False
        for found in lowered(model, stack, self.aim, self.most):
            stack = found
            yield grown(model.factors(stack)), False
        cores = dict(zip(small.tensors, model.factors(stack), strict=True))
        cores, settled = self.polished(x, small, cores, self.aim, times)
        yield grown(model.factors(model.balanced(model.stacked(list(cores.values()))))), settled

    def polished(
        self, x: torch.Tensor, net: Network, cores: Cores, bound: float, times: dict[str, int] | None
    ) -> tuple[Cores, bool]:
        """Sweeps inside the ball until one gains next to nothing."""
        active = [name for name in net.free if site_of(net, name).shape[1] <= DIRECT]
        before = math.inf
        for found, risk in islice(bounded_sweeps(x, net, cores, active, bound, times), self.most):
            cores = found
            if before - risk <= SETTLED * before < math.inf:
                return cores, True
            before = risk
        return cores, False


def _trimmed(x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The data in orthonormal bases (length, width) of the directions they have along each axis: nothing is lost."""
    eps = torch.finfo(x.dtype).eps
    bases = []
    for axis in range(x.ndim):
        unfolded = x.movedim(axis, 0).reshape(x.shape[axis], -1)
        basis, _ = leading(unfolded, lambda squares: max(1, int((squares > (64 * eps) ** 2 * squares[0]).sum())))
        if basis.shape[1] == basis.shape[0]:
            basis = torch.eye(len(basis), dtype=x.dtype, device=x.device)
        else:
            x = torch.tensordot(x, basis.conj(), dims=([axis], [0])).movedim(-1, axis)
        bases.append(basis)
    return x.contiguous(), bases


def _cores(factors: list[torch.Tensor], net: Network, form: Form) -> Cores:
    """Factors (entries of the legs, R) as cores in the network's axes."""
    made = {}
    for factor, (name, legs) in zip(factors, form.factors, strict=True):
        held = (*legs, form.rank)
        core = factor.reshape([net.sizes[index] for index in held])
        made[name] = core.permute([held.index(index) for index in net.tensors[name]]).contiguous()
    return made


def _error(x: torch.Tensor, net: Network, cores: Cores) -> float:
    return relative_residual(x, net.contract(cores))


def _checked(fit: Fit, x: object) -> torch.Tensor:
    data = as_tensor(x)
    if tuple(data.shape) != fit.network.shape:
        raise FitError(f"x has shape {tuple(data.shape)}, the fit {fit.network.shape}; give the data it was made of")
    complex_fit = any(core.is_complex() for core in fit.cores.values())
    if data.dtype in (torch.float16, torch.bfloat16) or complex_fit != data.is_complex():
        kind = str(data.dtype).removeprefix("torch.")
        raise FitError(f"x holds {kind} values, the fit is of another kind; give the data it was made of")
    dtype = wide(data.dtype)
    needed = estimate(fit.network, fit.network.free, dtype) + 4 * dtype.itemsize * data.numel()
    require_memory(needed, data.device, f"stabilising {fit.parameters:,} parameters")
    return data


def _allowed(error: float | None, before: float) -> float:
    if error is None:
        return UNSEEN * before
    if not 0 < error < 1:
        raise FitError(f"error is {error!r}; it is the relative error allowed, above 0 and below 1")
    if error < before * (1 - 1e-6):
        raise FitError(
            f"error is {error:g}, but the fit's own is {before:.4g}; allow as much, or improve the fit first"
        )
    return max(error, before)
