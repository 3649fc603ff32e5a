"""What no network on the modes can go below: the singular values that its narrowest cuts leave out.

Split the modes in two. Whatever the network, the unfolding of what it makes has at most the rank that its bonds across the
split have together; so its squared error is at least the sum of the squared singular values of the data beyond that
(Eckart and Young). There are 2^(N-1) - 1 splits; a table of their singular values is made once, and bounds cost microseconds.
"""

__all__ = ["CutBounds"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import torch

MOST_MODES = 10
"""With more there are too many splits; then no bound is given."""
MOST_SIDE = 1024
"""The smaller side of an unfolding whose singular values are computed."""


@dataclass(frozen=True, eq=False)
class CutBounds:
    """The tails of the squared singular values of all unfoldings, relative to the squared norm.

    Attributes
    ----------
    tails : mapping
        Modes on one side (as bits) -> what ranks 0, 1, 2, ... leave out.
    """

    tails: Mapping[int, npt.NDArray[np.float64]]

    @classmethod
    def of(cls, x: torch.Tensor) -> "CutBounds":
        """Of data without gaps."""
        tails: dict[int, npt.NDArray[np.float64]] = {}
        total = float(x.abs().double().square().sum())
        if x.ndim > MOST_MODES or not 0 < total < math.inf:
            return cls(tails)
        x = x.detach().cpu().to(torch.complex128 if x.is_complex() else torch.float64)
        for size in range(1, x.ndim // 2 + 1):
            for side in combinations(range(x.ndim), size):
                if 2 * size == x.ndim and 0 not in side:
                    continue
                rows = math.prod(x.shape[mode] for mode in side)
                if min(rows, x.numel() // rows) > MOST_SIDE:
                    continue
                matrix = x.movedim(side, tuple(range(size))).reshape(rows, -1)
                squares = torch.linalg.svdvals(matrix).square().numpy() / total
                tails[sum(1 << mode for mode in side)] = np.append(np.cumsum(squares[::-1])[::-1], 0.0)
        return cls(tails)

    def lower(self, weighted: Mapping[tuple[int, int], int]) -> float:
        """The squared relative error that a network with these bonds has at least."""
        worst = 0.0
        edges = [(1 << a | 1 << b, rank) for (a, b), rank in weighted.items()]
        for side, tail in self.tails.items():
            rank = 1
            for ends, width in edges:
                if ends & side and ends & side != ends:
                    rank *= width
            if rank < len(tail):
                worst = max(worst, float(tail[rank]))
        return worst
