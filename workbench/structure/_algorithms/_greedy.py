"""Greedy growth: begin with rank 1 everywhere, and widen the bond that helps most.

Source: Hashemizadeh, Liu, Miller, Rabusseau, *Adaptive learning of tensor network structures* (arXiv 2008.05437).
"""

__all__ = ["greedy"]

import math

import numpy as np

from workbench.structure._algorithms import Found, Proposals
from workbench.structure._spaces import Point, Space


def greedy(
    space: Space,
    generator: np.random.Generator,  # noqa: ARG001 - nothing is random
    *,
    enough: float = 1e-9,
    per_parameter: bool = True,
) -> Proposals:
    """Try one more on every bond, keep the best, and go on until the squared error is `enough`; then try one fewer on every bond.

    Parameters
    ----------
    enough
        The squared relative error at which growth ends.
    per_parameter
        Whether the best is the one with the largest drop of the logarithm of the error for each parameter it adds; else the
        largest drop.
    """
    point = space.start
    now = (yield [point])[0]
    while now.rse > enough:
        wider = [_changed(point, bond, 1) for bond, cap in enumerate(space.caps) if point.ranks[bond] < cap]
        if not wider:
            break
        found = yield wider

        def gain(at: int, found: list[Found] = found, now: Found = now) -> float:
            if not math.isfinite(found[at].rse):
                return -math.inf
            drop = math.log(max(now.rse, 1e-300)) - math.log(max(found[at].rse, 1e-300))
            return drop / max(1, found[at].parameters - now.parameters) if per_parameter else drop

        at = max(range(len(wider)), key=gain)
        if gain(at) == -math.inf:
            break
        point, now = wider[at], found[at]
    while True:  # what was widened early may have become idle
        narrower = [_changed(point, bond, -1) for bond, rank in enumerate(point.ranks) if rank > 1]
        if not narrower:
            return
        found = yield narrower
        at = min(range(len(narrower)), key=lambda each: found[each].value)
        if not found[at].value < now.value:
            return
        point, now = narrower[at], found[at]


greedy.needs_errors = True  # type: ignore[attr-defined]  # it compares errors, not only values


def _changed(point: Point, bond: int, by: int) -> Point:
    return Point((*point.ranks[:bond], point.ranks[bond] + by, *point.ranks[bond + 1 :]), point.order)
