"""TnALE: one variable at a time, all its values near the present one.

Source: Li, Zeng, Li, Caiafa, Zhao, *Alternating local enumeration (TnALE): solving tensor network structure search with fewer
evaluations* (ICML 2023), algorithm 1; radii and the interpolating first phase as in the authors' code.
"""

__all__ = ["alternating_enumeration"]

import math
from collections.abc import Callable, Generator

import numpy as np

from workbench.structure._algorithms import Found, Proposals
from workbench.structure._spaces import Point, Space

Step = Generator[list[Point], list[Found], tuple[Point, float]]
Weigh = Callable[[int, float], float]


def alternating_enumeration(
    space: Space,
    generator: np.random.Generator,
    *,
    weigh: Weigh,
    first_radius: int = 2,
    radius: int = 1,
    first_rounds: int = 2,
    restarts: bool = True,
) -> Proposals:
    """Enumerate the ranks near the present one, bond after bond and back, then the arrangements next to it.

    In the first phase only three ranks of a bond are evaluated, and the squared errors between are interpolated.

    Parameters
    ----------
    space, generator
        Where, and what random starts are drawn from.
    weigh
        Parameters and squared error -> value.
    first_radius, radius
        How far ranks are tried from the present one, in the first phase and after.
    first_rounds
        Rounds of the first phase; 0 for none.
    restarts
        Whether to begin again elsewhere once nothing near is better.
    """
    while True:
        point = space.random(generator)
        best = math.inf
        for _ in range(first_rounds):
            point, best = yield from _round(space, point, math.inf, first_radius, weigh)
        while True:
            moved, value = yield from _round(space, point, best, radius, None)
            if not value < best:
                break
            point, best = moved, value
        if not restarts:
            return


def _round(space: Space, point: Point, best: float, radius: int, weigh: Weigh | None) -> Step:
    """All bonds forth, the arrangement, all bonds back."""
    bonds = range(len(space.caps))
    for bond in bonds:
        point, best = yield from _bond(space, point, best, bond, radius, weigh)
    orders = space.orders(point.order)
    if orders:
        points = [point, *(Point(point.ranks, order) for order in orders)]
        found = yield points
        at = min(range(len(points)), key=lambda each: found[each].value)
        point, best = points[at], min(best, found[at].value)
    for bond in reversed(bonds):
        point, best = yield from _bond(space, point, best, bond, radius, weigh)
    return point, best


def _bond(space: Space, point: Point, best: float, bond: int, radius: int, weigh: Weigh | None) -> Step:
    now = point.ranks[bond]
    near = list(range(max(1, now - radius), min(space.caps[bond], now + radius) + 1))
    if len(near) < 2:
        return point, best
    points = [Point((*point.ranks[:bond], rank, *point.ranks[bond + 1 :]), point.order) for rank in near]
    if weigh is None:
        found = yield points
        at = min(range(len(points)), key=lambda each: (found[each].value, each != now - near[0]))
        return points[at], min(best, found[at].value)
    tried = sorted({0, len(near) // 2, len(near) - 1})
    found = yield [points[at] for at in tried]
    errors = np.interp(range(len(near)), tried, [_finite(each) for each in found])
    values = [weigh(space.parameters(each), float(error)) for each, error in zip(points, errors, strict=True)]
    at = int(np.argmin(values))
    return points[at], best


def _finite(found: Found) -> float:
    return found.rse if math.isfinite(found.rse) else 1.0
