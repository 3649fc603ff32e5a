"""Search algorithms. Each is a generator: it proposes points in batches and is told what was found of each.

What it proposes depends on its seed and on what it was told, on nothing else. So a search is continued by running it again,
with what is already known as answers.
"""

__all__ = ["ALGORITHMS", "Algorithm", "Found", "Proposals"]

from collections.abc import Callable, Generator
from typing import Any, Protocol

import numpy as np

from workbench.structure._spaces import Point, Space


class Found(Protocol):
    """What an algorithm is told of a point."""

    value: float
    rse: float
    parameters: int


Proposals = Generator[list[Point], list[Found], None]


class Algorithm(Protocol):
    """How to search a space."""

    def __call__(self, space: Space, generator: np.random.Generator, **options: Any) -> Proposals:
        """Propose batches of points without end, or until nothing better is near."""


def _algorithms() -> dict[str, Callable[..., Proposals]]:
    from workbench.structure._algorithms._genetic import genetic
    from workbench.structure._algorithms._greedy import greedy
    from workbench.structure._algorithms._local import local_sampling
    from workbench.structure._algorithms._packing import core_shapes
    from workbench.structure._algorithms._random import uniform
    from workbench.structure._algorithms._samplers import sampled
    from workbench.structure._algorithms._tnale import alternating_enumeration

    return {
        "greedy": greedy,
        "optuna": sampled,
        "packing": core_shapes,
        "random": uniform,
        "tnale": alternating_enumeration,
        "tnga": genetic,
        "tnls": local_sampling,
    }


ALGORITHMS = ("greedy", "optuna", "packing", "random", "tnale", "tnga", "tnls")
