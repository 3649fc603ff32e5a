"""Limited-memory BFGS for a function of a vector some of whose entries must not be negative."""

import math
import operator
from collections.abc import Callable, Iterator

import torch

Function = Callable[[torch.Tensor], tuple[float, torch.Tensor]]  # a point -> its value and gradient
Pair = tuple[torch.Tensor, torch.Tensor]  # a step, and what it changed of the gradient

MEMORY = 20
TRIALS = 30  # of a step length; each halves the interval


def descend(function: Function, start: torch.Tensor, bounded: torch.Tensor) -> Iterator[tuple[torch.Tensor, float]]:
    """Points and their values, which never rise; the first is the start. Ends where no step leads further down.

    Entries at zero that the gradient pushes below it are held there; on the others the inverse Hessian is what the last
    steps make of it, and the path of a step is bent at zero. Its length is found by bisection: long enough that the
    slope has fallen, short enough that the value has (the weak Wolfe conditions), which holds on kinks, too.

    Source: Liu and Nocedal (1989) for the two loops; Chen, Wang and Zhou (2014) for running them over inner products; Bertsekas (1982) for which entries to hold; Lewis and Overton
    (2013), algorithm 2.6, for the bisection.

    Parameters
    ----------
    function
        Takes a vector; points whose value or gradient is not finite are stayed away from. Those of the start must be.
    start
        A vector of real numbers, feasible.
    bounded
        Bool: the entries that must not be negative.
    """
    point = start
    value, gradient = function(point)
    pairs: list[Pair] = []
    yield point, value
    while True:
        free = ~(bounded & (point <= 0) & (gradient > 0))
        steepest = torch.where(free, -gradient, 0)
        length = float(torch.linalg.vector_norm(steepest))
        if not length:
            return
        direction = _newton(pairs, steepest, free)
        slope = float(direction @ gradient)
        if not slope < -1e-10 * length * float(torch.linalg.vector_norm(direction)):
            pairs = []  # the memory misleads: start it anew
        if not pairs:
            size = float(torch.linalg.vector_norm(point))
            direction = steepest * ((0.01 * size if size else 1.0) / length)
        found = _step(function, point, value, gradient, direction, bounded)
        if found is None:
            if not pairs:
                return
            pairs = []
            continue
        ahead, value, changed = found
        step, turn = ahead - point, changed - gradient
        if float(step @ turn) > 1e-12 * float(torch.linalg.vector_norm(step) * torch.linalg.vector_norm(turn)):
            pairs = [*pairs[-(MEMORY - 1) :], (step, turn)]
        point, gradient = ahead, changed
        yield point, value


def _newton(pairs: list[Pair], steepest: torch.Tensor, free: torch.Tensor) -> torch.Tensor:
    """The inverse Hessian that the pairs make, restricted to the free entries, times a vector.

    The result is a combination of the vectors at hand, so the two loops run over numbers, from their inner products.
    """
    if not pairs:
        return steepest
    steps, turns = (torch.stack(each) for each in zip(*pairs, strict=True))
    vectors = torch.cat([steps, turns, steepest.unsqueeze(0)]) * free
    inner = (vectors @ vectors.T).tolist()
    count = len(pairs)
    kept = [
        k for k in range(count) if inner[k][count + k] > 1e-12 * math.sqrt(inner[k][k] * inner[count + k][count + k])
    ]
    made = [0.0] * (2 * count) + [1.0]  # the direction, in terms of the vectors
    weights = {}
    for k in reversed(kept):
        weights[k] = sum(map(operator.mul, made, inner[k])) / inner[k][count + k]
        made[count + k] -= weights[k]
    if kept:
        scale = inner[kept[-1]][count + kept[-1]] / inner[count + kept[-1]][count + kept[-1]]
        made = [scale * each for each in made]
    for k in kept:
        made[k] += weights[k] - sum(map(operator.mul, made, inner[count + k])) / inner[k][count + k]
    direction: torch.Tensor = torch.tensor(made, dtype=vectors.dtype, device=vectors.device) @ vectors
    return direction


def _step(
    function: Function,
    point: torch.Tensor,
    value: float,
    gradient: torch.Tensor,
    direction: torch.Tensor,
    bounded: torch.Tensor,
) -> tuple[torch.Tensor, float, torch.Tensor] | None:
    """A point along the bent path that is lower, its value and gradient; None when there is none."""
    first = float(direction @ gradient)
    low, high, length = 0.0, math.inf, 1.0
    best: tuple[torch.Tensor, float, torch.Tensor] | None = None
    for _ in range(TRIALS):
        straight = point + length * direction
        ahead = torch.where(bounded, straight.clamp(min=0), straight)
        there, turned = function(ahead)
        promised = float(gradient @ (ahead - point))
        if there < value and there <= value + 1e-4 * promised and bool(turned.isfinite().all()):
            if best is None or there < best[1]:
                best = ahead, there, turned
            if float(torch.where(ahead == straight, direction, 0) @ turned) >= 0.9 * first:
                return ahead, there, turned
            low = length
        else:
            high = length
        length = (low + high) / 2 if high < math.inf else 2 * low
        if not low < length < high:
            break
    return best
