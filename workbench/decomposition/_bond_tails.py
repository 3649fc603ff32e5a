"""Trees whose bonds do not all meet in one core: singular values bond by bond, and ranks chosen by their tails.

Cut a bond, and the data become a matrix of the legs on one side against those on the other. What a rank leaves out of its
singular values, the tail, bounds every network of these ranks from below and, summed over the bonds, the closed form from
above.

Source: Oseledets (2011), theorem 2.2; Grasedyck (2010), theorem 3.11.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain, combinations
from typing import Any

import numpy as np
import torch

from workbench.decomposition._core_table import Floats, Integers, Ranks, singular_squares
from workbench.decomposition._numbers import norm
from workbench.decomposition._trees import Tree
from workbench.network import Network

WIDE = 256


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

    A choice of ranks is good when its tails sum to little. From a few starts (equal tails, equal ranks, the smallest or the
    largest ranks) all ranks of two bonds, or of three that hang together, are tried at once, the others being what they are,
    until that gives no more.

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
        levels = np.unique(np.concatenate(self.tails))[::-1]
        level = self._most(len(levels), lambda at: self._level(levels[at]), budget)
        even = self._most(max(self.caps), lambda at: tuple(min(at + 1, cap) for cap in self.caps), budget)
        found = {self._descend(start, budget, None) for start in (level, even, lowest)}
        found |= {level, even} if count > 1 else set()
        return sorted(found, key=lambda ranks: (self.square(ranks), self.cost(ranks), ranks))[:count]

    def _most(self, count: int, ranks: Callable[[int], Ranks], budget: int) -> Ranks:
        """The last of `count` rising choices of ranks that keeps the budget, the first of which does."""
        low, high = 0, count - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.cost(self._carried(ranks(middle))) <= budget else (low, middle - 1)
        return self._carried(ranks(low))

    def within_square(self, square: float, count: int = 1) -> list[Ranks]:
        """Up to `count` choices of ranks whose tails sum to at most this, those of the fewest parameters first."""
        level = self._level(square / (1 + 1e-12) / len(self.tails))  # less, lest the sum be rounded up
        starts = [self.caps, level] if self._carried(level) == level else [self.caps]
        found = {self._descend(start, None, square) for start in starts} | (set(starts[1:]) if count > 1 else set())
        return sorted(found, key=lambda ranks: (self.cost(ranks), self.square(ranks), ranks))[:count]

    def _level(self, level: float) -> Ranks:
        """The lowest ranks whose tails are all at most this."""
        return tuple(int((tail > level).sum()) + 1 for tail in self.tails)

    def _carried(self, ranks: Ranks) -> Ranks:
        """Ranks lowered to what the tensors can carry: no bond of one is larger than its other axes together."""
        lower = [*ranks]
        while True:
            before = [*lower]
            for legs, bonds in self._terms:
                for bond in bonds:
                    lower[bond] = min(lower[bond], legs * math.prod(lower[other] for other in bonds if other != bond))
            if lower == before:
                return tuple(lower)

    def _descend(self, start: Ranks, budget: int | None, square: float | None) -> Ranks:
        """Change two ranks for the better, or where that does not help three, until neither does."""
        ranks, best = start, self._value(start, budget)
        while True:
            before = best
            for bonds in chain(combinations(range(len(ranks)), 2), self._neighbours):
                if len(bonds) > 2 and best < before:
                    break  # two at a time cost less
                found = self._solved(ranks, bonds, budget, square)
                if found is None or (square is not None and self.square(found) > square):
                    continue
                if (value := self._value(found, budget)) < best:
                    ranks, best = found, value
            if best == before:
                return ranks

    def _value(self, ranks: Ranks, budget: int | None) -> tuple[float, float]:
        square, cost = self.square(ranks), self.cost(ranks)
        return (cost, square) if budget is None else (square, cost)

    @cached_property
    def _neighbours(self) -> tuple[tuple[int, ...], ...]:
        """Three bonds that hang together."""
        held = [set(bonds) for _, bonds in self._terms]
        meet = {pair for pair in combinations(range(len(self.tails)), 2) if any(set(pair) <= bonds for bonds in held)}
        return tuple(
            three
            for three in combinations(range(len(self.tails)), 3)
            if sum(pair in meet for pair in combinations(three, 2)) >= 2
        )

    def _solved(self, ranks: Ranks, bonds: Sequence[int], budget: int | None, square: float | None) -> Ranks | None:
        """The best ranks of some bonds, all others being what they are: all are tried for all but the last to be solved for."""
        *tried, last = sorted(bonds, key=lambda bond: len(self.tails[bond]))
        grid = np.meshgrid(*(self._candidates(bond, ranks[bond], len(tried)) for bond in tried), indexing="ij")
        rank: list[Any] = [*ranks]
        for bond, values in zip(tried, grid, strict=True):
            rank[bond] = values.ravel()
        size = grid[0].size
        fixed, slope = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        least, most = np.ones(size, dtype=np.int64), np.full(size, len(self.tails[last]), dtype=np.int64)
        for legs, held in self._terms:
            others = [rank[bond] for bond in held if bond != last]
            product = math.prod(others, start=legs)
            largest = reduce(np.maximum, others, 1)
            if last in held:  # no rank larger than the other axes of its tensor together
                slope += product
                least, most = np.maximum(least, -(-(largest**2) // product)), np.minimum(most, product)
            else:
                fixed += product
                most = np.where(largest**2 <= product, most, 0)
        left = sum(self.tails[bond][rank[bond] - 1] for bond in range(len(ranks)) if bond != last)
        if budget is not None:
            rank[last] = np.minimum((budget - fixed) // slope, most)
        else:
            above = np.searchsorted(self.tails[last][::-1], (square or 0.0) - left, side="right")
            rank[last] = np.maximum(len(self.tails[last]) - above + 1, least)
        allowed = np.flatnonzero((rank[last] >= least) & (rank[last] <= most))
        if not len(allowed):
            return None
        found = rank[last][allowed]
        squares, costs = (
            (left + np.zeros(size))[allowed] + self.tails[last][found - 1],
            fixed[allowed] + slope[allowed] * found,
        )
        best = allowed[np.lexsort((costs, squares) if budget is not None else (squares, costs))[0]]
        return tuple(int(each if np.ndim(each) == 0 else each[best]) for each in rank)

    def _candidates(self, bond: int, now: int, together: int) -> Integers:
        """Ranks to try: all; of a wide bond that is tried together with another those near its own, and ever fewer beyond."""
        cap = len(self.tails[bond])
        if together == 1 or cap <= WIDE:
            return np.arange(1, cap + 1)
        near = np.arange(max(1, now - WIDE // 4), min(cap, now + WIDE // 4) + 1)
        return np.unique(np.concatenate([near, np.geomspace(1, cap, WIDE // 2).astype(np.int64)]))

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
