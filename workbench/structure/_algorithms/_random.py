"""Random search: the measure of all others."""

__all__ = ["uniform"]

import numpy as np

from workbench.structure._algorithms import Proposals
from workbench.structure._spaces import Space


def uniform(space: Space, generator: np.random.Generator, *, batch: int = 16) -> Proposals:
    """Points drawn uniformly in ranks and arrangement."""
    while True:
        yield [space.random(generator) for _ in range(batch)]
