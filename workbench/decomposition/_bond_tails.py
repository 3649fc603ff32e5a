"""Trees whose bonds do not all meet in one core: singular values bond by bond, and ranks chosen by their tails.

Cut a bond, and the data become a matrix of the legs on one side against those on the other. What a rank leaves out of its
singular values, the tail, bounds every network of these ranks from below and, summed over the bonds, the closed form from
above.

Source: Oseledets (2011), theorem 2.2; Grasedyck (2010), theorem 3.11.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import torch

from workbench.decomposition._core_table import Floats, Ranks, singular_squares
from workbench.decomposition._numbers import norm
from workbench.decomposition._trees import Tree
from workbench.network import Network


def bond_tails(x: torch.Tensor, net: Network, tree: Tree, *, high: bool) -> tuple[Floats, ...]:
    """For every bond of `net`, in its order, the squares that ranks 1, 2, ... leave out, as fractions of ``||x||^2``.

    Beside the data, a copy in double precision and a Gram matrix of the smaller side of the bond are held at a time.
    """
    whole = norm(x) ** 2
    inside: dict[str, list[int]] = {}
    tails = {}
    for node in tree.nodes[:-1]:
        own = [net.legs.index(leg) for leg in node.legs]
        inside[node.name] = own + [axis for child in node.children for axis in inside[child]]
        outside = [axis for axis in range(x.ndim) if axis not in inside[node.name]]
        rows = math.prod(x.shape[axis] for axis in inside[node.name])
        matrix = x.permute(*inside[node.name], *outside).reshape(1, rows, -1)
        squares = singular_squares(matrix, high=high) / (whole or 1.0)
        tails[node.bond[0]] = _tail(squares.cpu().numpy())
        del matrix
    return tuple(tails[bond] for bond in net.bonds)


def _tail(squares: Floats) -> Floats:
    return np.append(np.cumsum(squares[::-1])[-2::-1], 0.0)


@dataclass(frozen=True, eq=False)
class BondTails:
    """The tails of all bonds, and ranks that are good under a budget.

    A choice of ranks is good when its tails sum to little. From two starts, equal tails and the smallest (or largest)
    ranks, all ranks of two bonds are tried at once, the others being what they are, until no pair of bonds gives more. So
    what is found is the best up to a change of three ranks or more.

    Attributes
    ----------
    network
        Its structure says what ranks cost; the sizes of its bonds do not matter.
    tails
        What ranks 1, 2, ... of a bond leave out, for every bond; falling to zero.
    """

    network: Network
    tails: tuple[Floats, ...]

    exact = False

    @property
    def caps(self) -> Ranks:
        """The largest ranks there are."""
        return tuple(map(len, self.tails))

    def square(self, ranks: Sequence[int]) -> float:
        """The bound on the squared relative error of the closed form."""
        return math.fsum(float(tail[rank - 1]) for tail, rank in zip(self.tails, ranks, strict=True))

    def cost(self, ranks: Sequence[int]) -> int:
        """The number of parameters."""
        return sum(legs * math.prod(ranks[bond] for bond in bonds) for legs, bonds in self._terms)

    def over(self, down: int, across: int) -> Floats:
        """The bounds on the squared errors for the ranks of two bonds, all other ranks being full."""
        return self.tails[down][:, None] + self.tails[across]

    def within_parameters(self, budget: int, count: int = 1) -> list[Ranks]:
        """Up to `count` choices of ranks with at most this many parameters, those of the least tails first."""
        lowest = (1,) * len(self.caps)
        if self.cost(lowest) > budget:
            return []
        levels = np.unique(np.concatenate(self.tails))
        low, high = 0, len(levels) - 1  # the highest level allows the lowest ranks
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.cost(self._level(levels[middle])) <= budget else (middle + 1, high)
        level = self._level(levels[low])
        found = {self._descend(start, budget, None) for start in (level, lowest)} | ({level} if count > 1 else set())
        return sorted(found, key=lambda ranks: (self.square(ranks), self.cost(ranks), ranks))[:count]

    def within_square(self, square: float, count: int = 1) -> list[Ranks]:
        """Up to `count` choices of ranks whose tails sum to at most this, those of the fewest parameters first."""
        starts = self.caps, self._level(square / (1 + 1e-12) / len(self.tails))  # less, lest the sum be rounded up
        found = {self._descend(start, None, square) for start in starts} | ({starts[1]} if count > 1 else set())
        return sorted(found, key=lambda ranks: (self.cost(ranks), self.square(ranks), ranks))[:count]

    def _level(self, level: float) -> Ranks:
        """The lowest ranks whose tails are all at most this."""
        return tuple(int((tail > level).sum()) + 1 for tail in self.tails)

    def _descend(self, start: Ranks, budget: int | None, square: float | None) -> Ranks:
        """Change pairs of ranks for the better until no pair can be: fewer tails in a budget, or a lower cost."""
        ranks, best = list(start), self._value(start, budget)
        while True:
            before = best
            for a, b in combinations(range(len(ranks)), 2):
                found = self._pair(ranks, a, b, budget, square)
                if found is not None:
                    changed = [*ranks]
                    changed[a], changed[b] = found
                    value = self._value(changed, budget)
                    if value < best and (square is None or self.square(changed) <= square):
                        ranks, best = changed, value
            if best == before:
                return tuple(ranks)

    def _value(self, ranks: Sequence[int], budget: int | None) -> tuple[float, float]:
        square, cost = self.square(ranks), self.cost(ranks)
        return (cost, square) if budget is None else (square, cost)

    def _pair(
        self, ranks: Sequence[int], a: int, b: int, budget: int | None, square: float | None
    ) -> tuple[int, int] | None:
        """The best two ranks of bonds a and b, all others being what they are."""
        first, second = self.tails[a], self.tails[b]
        fixed, by_a, by_b, by_both = self._bilinear(ranks, a, b)
        rank = np.arange(1, len(first) + 1)
        if budget is not None:
            other = np.minimum((budget - fixed - by_a * rank) // (by_b + by_both * rank), len(second))
            allowed = other >= 1
        else:
            rest = math.fsum(
                float(tail[r - 1]) for k, (tail, r) in enumerate(zip(self.tails, ranks, strict=True)) if k not in (a, b)
            )
            other = len(second) - np.searchsorted(second[::-1], (square or 0.0) - rest - first, side="right") + 1
            allowed = other <= len(second)
        if not allowed.any():
            return None
        rank, other = rank[allowed], other[allowed]
        left = first[rank - 1] + second[other - 1]
        cost = fixed + by_a * rank + by_b * other + by_both * rank * other
        at = np.lexsort((cost, left) if budget is not None else (left, cost))[0]
        return int(rank[at]), int(other[at])

    def _bilinear(self, ranks: Sequence[int], a: int, b: int) -> tuple[int, int, int, int]:
        """The cost as fixed + by_a r_a + by_b r_b + by_both r_a r_b."""
        corners = {}
        for at in ((0, 0), (1, 0), (0, 1), (1, 1)):
            corner = [*ranks]
            corner[a], corner[b] = at
            corners[at] = self.cost(corner)
        fixed, by_a, by_b = corners[0, 0], corners[1, 0] - corners[0, 0], corners[0, 1] - corners[0, 0]
        return fixed, by_a, by_b, corners[1, 1] - fixed - by_a - by_b

    @cached_property
    def _terms(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """For each tensor the product of its legs, and which bonds it holds."""
        net, bonds = self.network, self.network.bonds
        return tuple(
            (
                math.prod(net.sizes[index] for index in held if index not in bonds),
                tuple(bonds.index(index) for index in held if index in bonds),
            )
            for held in net.tensors.values()
        )
