"""TNLS: sample around the best so far.

Source: Li, Zeng, Tao, Zhao, *Permutation search of tensor network structures via local sampling* (ICML 2022), algorithm 1.
"""

__all__ = ["local_sampling"]

import math

import numpy as np

from workbench.structure._algorithms import Proposals
from workbench.structure._spaces import Point, Space


def local_sampling(
    space: Space,
    generator: np.random.Generator,
    *,
    samples: int = 60,
    spread: float = 1.0,
    decay: float = 0.95,
    swaps: int = 1,
) -> Proposals:
    """Rounds of random neighbours of the best point: ranks by rounded normal steps, the arrangement by a few random changes.

    Parameters
    ----------
    samples
        Neighbours in a round; 60 in the authors' code.
    spread, decay
        The standard deviation of the steps, and its factor from round to round; it does not fall below 0.3.
    swaps
        Changes of the arrangement in half of the neighbours.
    """
    centre, best = space.random(generator), math.inf
    while True:
        points = [centre] if math.isinf(best) else []
        points += [_neighbour(space, centre, generator, spread, swaps) for _ in range(samples - len(points))]
        found = yield points
        at = min(range(len(points)), key=lambda each: found[each].value)
        if found[at].value < best:
            centre, best = points[at], found[at].value
        spread = max(0.3, spread * decay)


def _neighbour(space: Space, centre: Point, generator: np.random.Generator, spread: float, swaps: int) -> Point:
    steps = np.rint(generator.normal(0, spread, len(centre.ranks))).astype(int)
    ranks = tuple(
        int(min(cap, max(1, rank + step))) for rank, step, cap in zip(centre.ranks, steps, space.caps, strict=True)
    )
    order = centre.order
    if order and generator.random() < 0.5:
        for _ in range(swaps):
            near = space.orders(order)
            order = near[int(generator.integers(len(near)))] if near else order
    return Point(ranks, order)
