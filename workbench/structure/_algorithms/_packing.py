"""Core shapes: the ranks of a Tucker network or a tree from the spectra of the data alone, then the shapes around.

Source: Ghadiri, Fahrbach, Fu, Mirrokni, *Approximately optimal core shapes for tensor decompositions* (ICML 2023). Their surrogate, the
squared singular values of the unfoldings, is packed into the budget by integer programming; here the exact error of every
truncated core shape is looked up in a table.
"""

__all__ = ["core_shapes"]

import math
from collections.abc import Callable
from itertools import product

import numpy as np

from workbench.structure._algorithms import Proposals
from workbench.structure._spaces import Point, Space

Shapes = Callable[[], list[tuple[int, ...]]]


def core_shapes(space: Space, generator: np.random.Generator, *, shapes: Shapes, radius: int = 1) -> Proposals:  # noqa: ARG001 - nothing is random
    """Begin with what the spectra say is best, then try all shapes near the best so far until none is better.

    Parameters
    ----------
    shapes
        The ranks that are best by the spectra.
    radius
        How far each rank is varied, all of them together.
    """
    points = [Point(ranks) for ranks in shapes()]
    if not points:
        return
    best, now = math.inf, points[0]
    while points:
        found = yield points
        at = min(range(len(points)), key=lambda each: found[each].value)
        if not found[at].value < best:
            return
        best, now = found[at].value, points[at]
        steps = product(range(-radius, radius + 1), repeat=len(now.ranks))
        near = [tuple(rank + step for rank, step in zip(now.ranks, each, strict=True)) for each in steps]
        points = [
            Point(ranks)
            for ranks in near
            if ranks != now.ranks and all(1 <= rank <= cap for rank, cap in zip(ranks, space.caps, strict=True))
        ]
