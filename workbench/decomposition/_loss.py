"""Losses other than the squared residual: counts, zeros and ones, outliers, or any function of value and data.

What is minimised is the mean loss over the observed entries. The cores move all at once, by a quasi-Newton method on
the gradients that torch's autograd gives, so that any network and any differentiable loss will do.

Source: Hong, Kolda and Duersch (2020), Generalized canonical polyadic tensor decomposition, for CP; here any network.
"""

__all__ = ["huber"]

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

import torch

from workbench.decomposition._als import value_of
from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import balanced, norm, wide
from workbench.decomposition._quasi_newton import descend
from workbench.network import Network, did_you_mean
from workbench.network._plan import plan_for

Cores = dict[str, torch.Tensor]
LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # value and data -> loss of each entry, or in all

STEPS = 10  # of the quasi-Newton method, in what counts as one sweep
TINY = 1e-10  # keeps the logarithm of a vanishing mean finite

# ---- the losses there are -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loss:
    """A loss as `loss_sweeps` needs it.

    Attributes
    ----------
    name
        As the user gave it.
    function
        The network's value and the data, of one shape, to the loss of each entry, or to one number for all.
    expected
        The network's value to the data one should expect, where these are not the same.
    nonnegative
        Whether the value has to be non-negative, so that all cores are made so.
    complex
        Whether complex numbers will do.
    allowed, range
        Which data make sense, and in words.
    tuned
        The function, where it depends on the data: the observed entries to `function`.
    """

    name: str
    function: LossFunction
    expected: Callable[[torch.Tensor], torch.Tensor] | None = None
    nonnegative: bool = False
    complex: bool = False
    allowed: Callable[[torch.Tensor], torch.Tensor] | None = None
    range: str = ""
    tuned: Callable[[torch.Tensor], LossFunction] | None = None


def _least_squares(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    residual = value - x
    return (residual * residual.conj()).real


def _poisson(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Half the deviance: m - x log m, so shifted that a perfect fit has loss 0."""
    return value - x - x * ((value + TINY) / (x + TINY)).log()


def _poisson_log(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Half the deviance at the mean e^value."""
    return value.exp() - x - x * (value - (x + TINY).log())


def _logistic(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Minus the log-likelihood of x, which is 1 with probability 1 / (1 + e^-value)."""
    return torch.nn.functional.softplus(value) - x * value


def huber(delta: float) -> LossFunction:
    """The loss that takes outliers calmly: r^2 / 2 for residuals up to `delta`, ``delta (|r| - delta / 2)`` beyond.

    Parameters
    ----------
    delta
        In the units of the data: a little above the size of the noise is best, 1.345 standard deviations the customary
        choice.

    Returns
    -------
    Callable
        For ``decompose(..., loss=huber(0.1))``: takes value and data, real or complex, gives the loss of each entry.

    Raises
    ------
    FitError
        When `delta` is not a positive number.

    References
    ----------
    Huber, Robust Estimation of a Location Parameter (1964).

    Examples
    --------
    >>> huber(1.0)(torch.tensor([0.0, 0.5, 3.0]), torch.zeros(3))
    tensor([0.0000, 0.1250, 2.5000])
    """
    if isinstance(delta, bool) or not isinstance(delta, int | float) or not 0 < delta < math.inf:
        raise FitError(f"delta is {delta!r}; it is the residual from which on the loss grows linearly, above 0")

    def loss(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        residual = (value - x).abs()
        inner = residual.clamp(max=delta)
        return inner * (residual - inner / 2)

    return loss


def _robust(x: torch.Tensor) -> LossFunction:
    """Huber's loss, linear from a tenth of the data's spread on, which outliers do not widen."""
    middle = x.mean() if x.is_complex() else x.median()
    spread = float((x - middle).abs().median()) or float((x - middle).abs().mean()) or float(x.abs().max())
    return huber(0.1 * spread or 1.0)


LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        loss.name: loss
        for loss in (
            Loss("least_squares", _least_squares, complex=True),
            Loss("logistic", _logistic, torch.sigmoid, allowed=lambda x: (x == 0) | (x == 1), range="zeros and ones"),
            Loss("poisson", _poisson, nonnegative=True, allowed=lambda x: x >= 0, range="counts, 0 or more"),
            Loss("poisson_log", _poisson_log, torch.exp, allowed=lambda x: x >= 0, range="counts, 0 or more"),
            Loss("robust", huber(1.0), complex=True, tuned=_robust),
        )
    }
)


def check_loss(
    loss: str | LossFunction,
    x: torch.Tensor,
    mask: torch.Tensor | None,
    held: Mapping[str, torch.Tensor],
    orthogonal: Iterable[str] = (),
) -> Loss:
    """The loss asked for, once it is sure that it can be used on these data.

    Parameters
    ----------
    loss
        The name of one of `LOSSES`, or a function of value and data.
    mask
        Bool, True where `x` was observed; None for everywhere.
    held
        Numbers of the tensors that do not move: frozen, and fixed ones.
    orthogonal
        Names of cores asked to be orthogonal.

    Raises
    ------
    FitError
        For an unknown name; data that are complex or out of the loss' range; cores that have to stay orthogonal; numbers
        that make a value negative which must not be.
    """
    if callable(loss):
        found = Loss(getattr(loss, "__name__", type(loss).__name__), loss, complex=True)
    elif isinstance(loss, str) and loss in LOSSES:
        found = LOSSES[loss]
    elif isinstance(loss, str):
        raise FitError(f"there is no loss {loss!r}{did_you_mean(loss, LOSSES)} (a function loss(xhat, x) will do, too)")
    else:
        raise FitError(
            f"loss is a {type(loss).__name__}; give a function loss(xhat, x) or one of {', '.join(map(repr, LOSSES))}"
        )
    if orthogonal := tuple(orthogonal):
        raise FitError(
            f"tensor {orthogonal[0]!r} is to be orthogonal, which alternating least squares can do, a fit with loss= cannot; "
            "drop one of the two"
        )
    if x.is_complex() and not found.complex:
        raise FitError(f"loss {found.name!r} is for real data, {found.range}; x holds complex numbers")
    if found.allowed is not None:
        wrong = ~found.allowed(x) if mask is None else ~found.allowed(x) & mask
        if wrong.any():
            entry = tuple(int(at) for at in wrong.nonzero()[0])
            raise FitError(
                f"loss {found.name!r} takes {found.range}; x{list(entry)} is {x[entry].item():g}"
                f" (entries out of range: {int(wrong.sum()):,})"
            )
    if found.nonnegative:
        for name, core in held.items():
            if bool((core < 0).any()):
                raise FitError(
                    f"loss {found.name!r} needs a value that is nowhere negative, but tensor {name!r}, which does not move, "
                    "holds negative numbers; free it, or take loss='poisson_log', whose value may have any sign"
                )
    return found


# ---- the fit --------------------------------------------------------------------------------------------------------


def loss_sweeps(
    x: torch.Tensor,
    mask: torch.Tensor | None,
    net: Network,
    start: Mapping[str, torch.Tensor],
    active: Sequence[str],
    loss: Loss,
    ridge: float = 0.0,
    nonnegative: Iterable[str] = (),
) -> Iterator[tuple[Cores, float, float]]:
    """Cores, their relative error and the objective, after every sweep of ten quasi-Newton steps; ends where none helps.

    All is computed in double precision; the cores given are of the dtype of `x`.

    Parameters
    ----------
    mask
        Bool, True where `x` was observed; None for everywhere. The loss function gets whole tensors without a mask, and
        vectors of the observed entries with one.
    start
        Numbers for every tensor of the network, fixed ones included. Non-negative cores start from absolute values. Where
        the value is in the units of the data, the cores are first scaled to fit best.
    active
        The cores that move.
    ridge
        Weight of the penalty. What never rises from sweep to sweep, and is given as the objective, is the mean loss plus
        ``ridge`` times the mean squares of the active cores' entries, summed over the cores.
    nonnegative
        Cores to keep non-negative, by projection; all active ones where the loss needs that.

    Yields
    ------
    cores, error, objective
        The error is ``||x - e|| / ||x||`` over the observed entries, e being the data to be expected: the value itself
        save for ``"logistic"`` (the probability of a 1) and ``"poisson_log"`` (the exponential).

    Raises
    ------
    FitError
        When the loss function returns something else than real numbers that depend on its first argument, one an entry
        or one in all; or NaN or infinity at the start.
    """
    problem = _Problem(x, mask, net, start, active, loss, ridge, frozenset(active if loss.nonnegative else nonnegative))
    flat = problem.first()
    problem.check(flat)
    path = descend(problem, flat, problem.bounded)
    objective = next(path)[1]
    ended = False
    while not ended:
        steps = list(islice(path, STEPS))
        ended = len(steps) < STEPS
        flat, objective = steps[-1] if steps else (flat, objective)
        yield {name: core.to(x.dtype) for name, core in problem.cores(flat).items()}, problem.error(flat), objective


class _Problem:
    """The objective as a function of one vector that holds all active cores."""

    def __init__(
        self,
        x: torch.Tensor,
        mask: torch.Tensor | None,
        net: Network,
        start: Mapping[str, torch.Tensor],
        active: Sequence[str],
        loss: Loss,
        ridge: float,
        nonnegative: frozenset[str],
    ) -> None:
        self.dtype = wide(x.dtype)
        self.net, self.active, self.loss, self.ridge, self.mask = net, tuple(active), loss, ridge, mask
        self.data = (x if mask is None else x[mask]).to(self.dtype)
        self.function = loss.function if loss.tuned is None else loss.tuned(self.data)
        self.start = {name: core.to(self.dtype) for name, core in start.items()}
        self.start |= {name: self.start[name].abs() for name in nonnegative}
        self.bounded = torch.cat(
            [
                torch.full((self.start[name].numel() * (1 + x.is_complex()),), name in nonnegative, device=x.device)
                for name in active
            ]
        )

    def first(self) -> torch.Tensor:
        """The start as a vector: norms shared out among the cores, the value scaled to the data."""
        cores = balanced(self.start, self.active)
        if self.loss.expected is None:
            value = self.observed(cores)
            square, inner = float(norm(value) ** 2), float((value.conj() * self.data).sum().real)
            scale = abs(inner) / square if square else 0.0
            if scale:
                cores |= {name: cores[name] * scale ** (1 / len(self.active)) for name in self.active}
        flat = self.flat(cores)
        as_given = self.flat(self.start)
        return flat if self(flat)[0] <= self(as_given)[0] else as_given

    def flat(self, cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """All active cores as one vector of real numbers."""
        entries = torch.cat([cores[name].reshape(-1) for name in self.active])
        return torch.view_as_real(entries).reshape(-1) if entries.is_complex() else entries

    def cores(self, flat: torch.Tensor) -> Cores:
        """The cores in a vector, and those that do not move."""
        entries = torch.view_as_complex(flat.reshape(-1, 2)) if self.dtype.is_complex else flat
        parts = torch.split(entries, [self.start[name].numel() for name in self.active])
        return self.start | {
            name: part.reshape(self.start[name].shape) for name, part in zip(self.active, parts, strict=True)
        }

    def observed(self, cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
        value = value_of(self.net, cores)
        return value if self.mask is None else value[self.mask]

    def lost(self, value: torch.Tensor) -> torch.Tensor:
        """The mean loss."""
        lost = self.function(value, self.data)
        if not isinstance(lost, torch.Tensor):
            raise FitError(f"loss {self.loss.name!r} returned a {type(lost).__name__}; it has to return a tensor")
        if lost.shape not in (torch.Size(), self.data.shape):
            raise FitError(
                f"loss {self.loss.name!r} returned shape {tuple(lost.shape)} for value and data of shape "
                f"{tuple(self.data.shape)}; it has to return the loss of each entry, or one number for all"
            )
        if not lost.dtype.is_floating_point:
            kind = str(lost.dtype).removeprefix("torch.")
            raise FitError(f"loss {self.loss.name!r} returned {kind} numbers; it has to return real floats")
        if value.requires_grad and not lost.requires_grad:
            raise FitError(
                f"loss {self.loss.name!r} does not depend on its first argument, or not by torch's operations; "
                "it has to return something torch can differentiate (no .item(), .detach() or NumPy inside)"
            )
        return lost.mean()

    def __call__(self, flat: torch.Tensor) -> tuple[float, torch.Tensor]:
        leaf = flat.detach().requires_grad_()
        with torch.enable_grad():
            cores = self.cores(leaf)
            total = self.lost(self.observed(cores)).to(torch.float64)
            if self.ridge:
                total = total + self.ridge * sum(cores[name].abs().square().mean() for name in self.active)
            (gradient,) = torch.autograd.grad(total, leaf)
        return float(total.detach()), gradient if bool(gradient.isfinite().all()) else torch.full_like(flat, math.nan)

    def check(self, flat: torch.Tensor) -> None:
        """Refuse a loss that is no number where the fit starts, or has no gradient there."""
        total, gradient = self(flat)
        if math.isfinite(total) and bool(gradient.isfinite().all()):
            return
        value = self.observed(self.cores(flat))
        lost = self.function(value, self.data)
        where = "in all" if not lost.ndim else ""
        if lost.ndim and not bool(lost.isfinite().all()):
            at = tuple(int(i) for i in (~lost.isfinite()).nonzero()[0])
            where = f"for the value {value[at].item():g} and the datum {self.data[at].item():g}"
            total = float(lost[at])
        if math.isfinite(total):
            raise FitError(
                f"loss {self.loss.name!r} has a gradient that is not finite where the fit starts; make it smooth there, "
                "or start elsewhere, init='random' or init={name: tensor}"
            )
        raise FitError(
            f"loss {self.loss.name!r} is {total} {where} where the fit starts; it has to be finite: "
            "check its range, or start elsewhere, init='random' or init={name: tensor}"
        )

    def error(self, flat: torch.Tensor) -> float:
        """||x - e|| / ||x|| over the observed entries, e being the data to be expected."""
        value = self.observed(self.cores(flat))
        expected = value if self.loss.expected is None else self.loss.expected(value)
        residual, whole = norm(self.data - expected), norm(self.data)
        return residual / whole if whole else (math.inf if residual else 0.0)


def estimate(net: Network, x: torch.Tensor) -> int:
    """Bytes that a fit with a loss needs beside the data: values and intermediate tensors, kept for the gradients."""
    dense = plan_for(net.tensors.values(), net.legs, net.sizes).peak
    return wide(x.dtype).itemsize * (6 * x.numel() + 3 * dense + 60 * net.parameters)
