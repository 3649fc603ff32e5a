"""CP with a price on sensitivity: what fits data x with ``||x - xhat||^2 + price * sensitivity`` as low as possible.

Where terms cancel, alternating least squares needs thousands of sweeps to bring them down, whether the sensitivity is
priced or bounded: it moves one factor at a time along a valley in all of them. Here all move at once, by Gauss-Newton
steps with Levenberg and Marquardt's damping. The sensitivity enters by its exact curvature within each factor, a
diagonal, so (J^H J + price * W + damping) d = -gradient is solved by conjugate gradients, preconditioned by its
diagonal blocks; J^H J is applied through R x R matrices and never looks at the data.

Factors are stacked as (N, rows, R), filled up with rows of zeros, which stay zero: a product with all of them is one
batched product.

Source: Tomasi and Bro (2006), Sorber, Van Barel and De Lathauwer (2013), for the structure of J^H J; Phan et al. (2020) for the
sensitivity and its minimum at a bounded error.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from workbench.decomposition._numbers import einsum, norm

POWER = 3.0
"""How the squared error falls with the sensitivity where two terms cancel: with terms of norm t, the best error is of the
order of t^-2 (a central difference), the sensitivity of t^(4/3)."""
FLOOR = 1e-14
PRICES = 20
DAMPING = 1e-4
NEAR = 0.1
"""So near the bound, in terms of what the sensitivity costs, a sweep of bounded least squares does the rest."""


@dataclass(frozen=True)
class Model:
    """Data in double precision, of norm 1, and how long each axis is (before it was compressed)."""

    x: torch.Tensor
    lengths: torch.Tensor  # (N,)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(self.x.shape)

    def stacked(self, factors: Sequence[torch.Tensor]) -> torch.Tensor:
        whole = factors[0].new_zeros((len(factors), max(self.sizes), factors[0].shape[1]))
        for k, factor in enumerate(factors):
            whole[k, : len(factor)] = factor
        return whole

    def factors(self, stack: torch.Tensor) -> list[torch.Tensor]:
        return [each[:size] for each, size in zip(stack, self.sizes, strict=True)]

    def residual(self, stack: torch.Tensor) -> torch.Tensor:
        order = len(stack)
        operands = [(each, (k, order)) for k, each in enumerate(self.factors(stack))]
        return einsum(operands, range(order)) - self.x

    def backward(self, residual: torch.Tensor, stack: torch.Tensor) -> torch.Tensor:
        """The residual times the conjugate of all factors but one, for each: half the gradient of its squared norm."""
        order, factors = len(stack), self.factors(stack)
        made = []
        for k in range(order):
            others = [(each.conj(), (m, order)) for m, each in enumerate(factors) if m != k]
            made.append(einsum([(residual, range(order)), *others], (k, order)))
        return self.stacked(made)

    def sensitivity(self, stack: torch.Tensor) -> float:
        return float((self.lengths.unsqueeze(1) * _others(_squares(stack))).sum())

    def weights(self, stack: torch.Tensor) -> torch.Tensor:
        """(N, R): the sensitivity as a function of one factor is a constant plus the sum of weight * ||column||^2."""
        squares = _squares(stack)
        made = torch.zeros_like(squares)
        for k in range(len(stack)):
            rest = [m for m in range(len(stack)) if m != k]
            made[k] = (self.lengths[rest].unsqueeze(1) * _others(squares[rest])).sum(0)
        return made

    def balanced(self, stack: torch.Tensor) -> torch.Tensor:
        """The same rank-one terms with the norms of their columns shared so that the sensitivity is lowest.

        By the inequality of means that is where all parts of a term's sensitivity are equal: ``|column_k|^2 / lengths_k``.
        """
        squares = _squares(stack)
        logs = squares.clamp(min=1e-300).log()
        ideal = self.lengths.log().unsqueeze(1) + (logs.sum(0) - self.lengths.log().sum()) / len(stack)
        scales = torch.where((squares > 0).all(0), ((ideal - logs) / 2).exp(), 1.0)
        return stack * scales.unsqueeze(1)


def _squares(stack: torch.Tensor) -> torch.Tensor:
    return stack.abs().square().sum(1)


def _others(values: torch.Tensor) -> torch.Tensor:
    """Products over the first axis of all entries but one, without division."""
    made = torch.ones_like(values)
    for k in range(len(values)):
        for other in range(len(values)):
            if other != k:
                made[k] = made[k] * values[other]
    return made


def lowered(model: Model, start: torch.Tensor, bound: float, most: int) -> Iterator[torch.Tensor]:
    """Factors of low sensitivity whose error is at most `bound`, each better than the last; may find none.

    The price at which the error meets the bound is sought, from wherever the last price led.

    Parameters
    ----------
    bound
        The error allowed, ``||x - xhat||`` for data of norm 1.
    most
        Gauss-Newton steps in all.
    """
    stack = model.balanced(start)
    lowest, moved = model.sensitivity(stack), False
    price = bound**2 / lowest
    cheap, dear = 0.0, math.inf  # the last prices at which the error was within and beyond the bound
    damping = DAMPING
    for _ in range(PRICES):
        stack, steps, damping = _settled(model, stack, price, damping, most)
        most -= steps
        sensitivity = model.sensitivity(stack)
        slack = bound**2 - norm(model.residual(stack)) ** 2
        cost = price * sensitivity
        moved = moved or slack < 0 or sensitivity < 0.99 * lowest
        if slack >= 0 and sensitivity < lowest:
            lowest = sensitivity
            yield stack
        if (moved and 0 <= slack <= NEAR * cost) or most <= 0 or cost < FLOOR * bound**2:
            return
        if not moved:  # so cheap that there was nothing to gain
            wish = 30 * price
        else:
            # as if squared error = constant + factor * sensitivity^-POWER, whose slope is -price here
            wish = price * min(max(1 + POWER * (slack / cost - NEAR / 2), 0.0) ** (1 + 1 / POWER), 30.0)
            wish = max(wish, price / 30)
        if slack >= 0:
            cheap = price
            dear = dear if wish < dear else math.inf  # a better valley was found: what was too dear no longer is
        else:
            dear = price
            cheap = cheap if wish > cheap else 0.0
        if cheap and dear < math.inf:
            wish = min(max(wish, cheap * (dear / cheap) ** 0.1), cheap * (dear / cheap) ** 0.9)
        price = wish


def _settled(
    model: Model, stack: torch.Tensor, price: float, damping: float, most: int
) -> tuple[torch.Tensor, int, float]:
    """Step until three steps in turn gain next to nothing, measured by what the sensitivity costs."""
    residual = model.residual(stack)
    cost = price * model.sensitivity(stack)
    whole = norm(residual) ** 2 + cost
    growth, idle = 2.0, 0
    for step in range(most):
        system = _System.of(model, stack, price)
        gradient = model.backward(residual, stack) + price * system.weights.unsqueeze(1) * stack
        gain = 0.0
        for _ in range(12):
            move = system.solve(-gradient, damping)
            tried = stack + move
            residual = model.residual(tried)
            cost = price * model.sensitivity(tried)
            gain = whole - norm(residual) ** 2 - cost
            if gain > 0:
                predicted = damping * system.length(move) - float((gradient.conj() * move).real.sum())
                damping = max(damping * max(1 / 3, 1 - (2 * gain / predicted - 1) ** 3), 1e-12)
                growth = 2.0
                break
            damping, growth = damping * growth, growth * 2
        else:  # as good as rounding allows
            return stack, step + 1, DAMPING
        whole -= gain
        before = price * model.sensitivity(tried)
        stack = model.balanced(tried)
        whole -= before - price * model.sensitivity(stack)
        idle = idle + 1 if gain <= 3e-3 * cost else 0
        if idle == 3:
            return stack, step + 1, damping
    return stack, most, damping


@dataclass(frozen=True)
class _System:
    """J^H J + price * W of one point."""

    stack: torch.Tensor
    own: torch.Tensor  # (N, R, R): products of the Gram matrices of all factors but one
    mixed: torch.Tensor  # (N, N, R, R): of all but two
    weights: torch.Tensor  # (N, R)
    price: float

    @classmethod
    def of(cls, model: Model, stack: torch.Tensor, price: float) -> "_System":
        order, _, rank = stack.shape
        grams = stack.mT @ stack.conj()
        mixed = grams.new_zeros((order, order, rank, rank))
        for k in range(order):
            rest = [m for m in range(order) if m != k]
            mixed[k, rest] = _others(grams[rest])
        return cls(stack, _others(grams), mixed, model.weights(stack), price)

    @property
    def diagonal(self) -> torch.Tensor:
        """(N, R), never zero."""
        found = self.own.diagonal(dim1=-2, dim2=-1).real + self.price * self.weights
        return found.clamp(min=1e-12 * float(found.max()))

    def length(self, move: torch.Tensor) -> float:
        return float((self.diagonal.unsqueeze(1) * move.abs().square()).sum())

    def solve(self, right: torch.Tensor, damping: float) -> torch.Tensor:
        """Conjugate gradients, preconditioned by the blocks of single factors; as far as a step needs."""
        added = self.price * self.weights + damping * self.diagonal
        blocks = torch.linalg.cholesky((self.own + torch.diag_embed(added).to(self.own.dtype)).mT)
        found = torch.zeros_like(right)
        rest = right
        turned = torch.cholesky_solve(rest.mT, blocks).mT
        along = turned
        size = first = float((rest.conj() * turned).real.sum())
        for _ in range(200):
            product = self._apply(along, added)
            pace = size / float((along.conj() * product).real.sum())
            found = found + pace * along
            rest = rest - pace * product
            turned = torch.cholesky_solve(rest.mT, blocks).mT
            new = float((rest.conj() * turned).real.sum())
            if not new > 1e-5 * first:
                break
            along = turned + new / size * along
            size = new
        return found

    def _apply(self, move: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
        crossed = (self.mixed * (move.mT @ self.stack.conj())).sum(1)
        return move @ self.own + self.stack @ crossed + added.unsqueeze(1) * move
