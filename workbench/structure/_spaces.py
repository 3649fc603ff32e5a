"""Spaces of structures: which networks a search may propose.

A point is a choice of ranks, one for every bond there may be, and where the bonds are not fixed an arrangement of the modes.
Points whose networks are the same, up to the names of bonds and the bonds of rank 1, have the same key and are evaluated once.
"""

__all__ = ["GraphSpace", "Point", "RankSpace", "RingSpace", "Space", "TreeSpace", "as_space"]

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from workbench.network import Network, did_you_mean
from workbench.structure._bounds import CutBounds
from workbench.structure._errors import SearchError

Edge = tuple[int, int]


@dataclass(frozen=True)
class Point:
    """A place in a space: the rank of every bond, and the arrangement of the modes where there is one."""

    ranks: tuple[int, ...]
    order: tuple[int, ...] = ()


class Space(ABC):
    """Some structures for tensors of one shape.

    Attributes
    ----------
    shape : tuple of int
        Of the tensors.
    caps : tuple of int
        The largest rank of every bond.
    """

    name: str
    shape: tuple[int, ...]
    caps: tuple[int, ...]

    def __repr__(self) -> str:
        modes = " × ".join(map(str, self.shape))
        return f"{self.name} of {modes}, ranks up to {max(self.caps)}"

    @property
    def start(self) -> Point:
        """All ranks 1, the modes in their order."""
        return Point((1,) * len(self.caps), self.first_order)

    @property
    def first_order(self) -> tuple[int, ...]:
        """The arrangement to begin with; empty where there is none to choose."""
        return ()

    @abstractmethod
    def network(self, point: Point) -> Network:
        """The network of a point."""

    @abstractmethod
    def key(self, point: Point) -> str:
        """The same for all points with the same network."""

    @property
    def choices(self) -> tuple[int, ...]:
        """An arrangement as so many choices, each among so many."""
        return ()

    def order(self, choices: Sequence[int]) -> tuple[int, ...]:
        """The arrangement that choices lead to."""
        return ()

    def orders(self, order: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The arrangements next to one."""
        return ()

    def random_order(self, generator: np.random.Generator) -> tuple[int, ...]:
        """A random arrangement."""
        return ()

    def lower(self, point: Point, bounds: CutBounds) -> float:
        """The squared error that the network of a point has at least; 0 where nothing is known."""
        return 0.0

    def random(self, generator: np.random.Generator) -> Point:
        """A random point, uniform in ranks and arrangement."""
        ranks = tuple(int(generator.integers(1, cap + 1)) for cap in self.caps)
        return Point(ranks, self.random_order(generator))

    def parameters(self, point: Point) -> int:
        """The number of entries of all cores."""
        return self.network(point).parameters


class _OnModes(Space):
    """One tensor for every mode; a point is a weighted graph on them."""

    @abstractmethod
    def edges(self, order: tuple[int, ...]) -> Sequence[Edge]:
        """The two modes of every bond."""

    def weighted(self, point: Point) -> dict[Edge, int]:
        """The bonds of rank 2 and more; several between the same modes are one."""
        found: dict[Edge, int] = {}
        for (a, b), rank in zip(self.edges(point.order), point.ranks, strict=True):
            edge = (min(a, b), max(a, b))
            found[edge] = found.get(edge, 1) * rank
        return {edge: rank for edge, rank in sorted(found.items()) if rank > 1}

    def lower(self, point: Point, bounds: CutBounds) -> float:
        """By its narrowest cut."""
        return bounds.lower(self.weighted(point))

    def key(self, point: Point) -> str:
        """Its bonds and their ranks."""
        return " ".join(f"{a}-{b}:{rank}" for (a, b), rank in self.weighted(point).items()) or "-"

    def network(self, point: Point) -> Network:
        """Tensors G0, G1, ... with legs i0, i1, ... and bonds named after the modes they join."""
        return graph_network(self.shape, self.weighted(point))

    def parameters(self, point: Point) -> int:
        """The number of entries of all cores."""
        sizes = list(self.shape)
        for (a, b), rank in self.weighted(point).items():
            sizes[a] *= rank
            sizes[b] *= rank
        return sum(sizes)


def graph_network(shape: Sequence[int], weighted: Mapping[Edge, int]) -> Network:
    """One tensor for every mode, and a bond for every edge."""
    tensors = {f"G{mode}": [f"i{mode}"] for mode in range(len(shape))}
    sizes = {f"i{mode}": size for mode, size in enumerate(shape)}
    for (a, b), rank in weighted.items():
        bond = f"b{a}_{b}"
        sizes[bond] = rank
        tensors[f"G{a}"].append(bond)
        tensors[f"G{b}"].append(bond)
    return Network(
        {name: tuple(held) for name, held in tensors.items()}, sizes, tuple(f"i{at}" for at in range(len(shape)))
    )


class RingSpace(_OnModes):
    """Rings through all modes in any order: as many ranks as modes, and a permutation."""

    name = "rings"

    def __init__(self, shape: Sequence[int], max_rank: int = 7, order: Sequence[int] | None = None) -> None:
        self.shape = _shape(shape, 3, "a ring")
        self.caps = (_cap(max_rank),) * len(self.shape)
        self.fixed = None if order is None else tuple(order)
        if self.fixed is not None and sorted(self.fixed) != list(range(len(self.shape))):
            raise SearchError(
                f"the order of a ring names every mode 0 ... {len(self.shape) - 1} once, not {self.fixed}"
            )

    @property
    def first_order(self) -> tuple[int, ...]:
        return self.fixed or tuple(range(len(self.shape)))

    def edges(self, order: tuple[int, ...]) -> list[Edge]:
        return [(order[at], order[(at + 1) % len(order)]) for at in range(len(order))]

    @property
    def choices(self) -> tuple[int, ...]:
        """The next mode among those that are left."""
        return () if self.fixed is not None else tuple(range(len(self.shape), 1, -1))

    def order(self, choices: Sequence[int]) -> tuple[int, ...]:
        if self.fixed is not None:
            return self.fixed
        left = list(range(len(self.shape)))
        return (*(left.pop(at) for at in choices), *left)

    def orders(self, order: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """All that differ by a swap of two modes."""
        if self.fixed is not None:
            return ()
        found = []
        for a, b in combinations(range(len(order)), 2):
            swapped = list(order)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            found.append(tuple(swapped))
        return tuple(found)

    def random_order(self, generator: np.random.Generator) -> tuple[int, ...]:
        return self.fixed or tuple(generator.permutation(len(self.shape)).tolist())


class GraphSpace(_OnModes):
    """All graphs on the modes: one rank for every pair, 1 for no bond."""

    name = "graphs"

    def __init__(self, shape: Sequence[int], max_rank: int = 7) -> None:
        self.shape = _shape(shape, 2, "a graph")
        self._pairs = tuple(combinations(range(len(self.shape)), 2))
        self.caps = (_cap(max_rank),) * len(self._pairs)

    def edges(self, order: tuple[int, ...]) -> Sequence[Edge]:
        return self._pairs


class TreeSpace(_OnModes):
    """All trees on the modes: one rank fewer than modes, and a Prüfer sequence, which is a tree."""

    name = "trees"

    def __init__(self, shape: Sequence[int], max_rank: int = 7) -> None:
        self.shape = _shape(shape, 2, "a tree")
        self.caps = (_cap(max_rank),) * (len(self.shape) - 1)

    @property
    def first_order(self) -> tuple[int, ...]:
        """That of the chain."""
        return tuple(range(1, len(self.shape) - 1))

    def edges(self, order: tuple[int, ...]) -> list[Edge]:
        degree = [1 + order.count(node) for node in range(len(self.shape))]
        found = []
        for node in order:
            leaf = degree.index(1)
            found.append((leaf, node))
            degree[leaf] -= 1
            degree[node] -= 1
        last = [node for node, left in enumerate(degree) if left == 1]
        return [*found, (last[0], last[1])]

    @property
    def choices(self) -> tuple[int, ...]:
        """The entries of the sequence."""
        return (len(self.shape),) * max(0, len(self.shape) - 2)

    def order(self, choices: Sequence[int]) -> tuple[int, ...]:
        return tuple(choices)

    def orders(self, order: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """All that differ in one entry."""
        return tuple(
            (*order[:at], node, *order[at + 1 :])
            for at in range(len(order))
            for node in range(len(self.shape))
            if node != order[at]
        )

    def random_order(self, generator: np.random.Generator) -> tuple[int, ...]:
        return tuple(generator.integers(0, len(self.shape), max(0, len(self.shape) - 2)).tolist())


class RankSpace(Space):
    """The ranks of a network that is given: of all its bonds, or of those that are free."""

    name = "ranks"

    def __init__(self, network: Network, free: Sequence[str] | None = None, max_rank: int | None = None) -> None:
        self.given = network
        self.free = tuple(network.bonds if free is None else free)
        for bond in self.free:
            if bond not in network.bonds:
                raise SearchError(f"there is no bond {bond!r} in the network{did_you_mean(bond, network.bonds)}")
        if not self.free:
            raise SearchError("no bond is free: there is nothing to search; name bonds in free=, or draw some")
        self.shape = tuple(network.sizes[leg] for leg in network.legs)
        self.caps = tuple(_cap(max_rank or network.sizes[bond]) for bond in self.free)

    def network(self, point: Point) -> Network:
        return self.given.resize(dict(zip(self.free, point.ranks, strict=True)))

    def key(self, point: Point) -> str:
        return " ".join(f"{bond}:{rank}" for bond, rank in zip(self.free, point.ranks, strict=True))


SPACES = {"ring": RingSpace, "tree": TreeSpace, "graph": GraphSpace}


def as_space(space: "Space | Network | str", shape: Sequence[int], max_rank: int | None) -> Space:
    """A space from what `search` takes: its name, a network whose ranks are sought, or a space."""
    if isinstance(space, Space):
        found = space
    elif isinstance(space, Network):
        found = RankSpace(space, None, max_rank)
    elif space in SPACES:
        found = SPACES[space](shape, max_rank or 7)
    else:
        raise SearchError(
            f"there is no space {space!r}{did_you_mean(str(space), SPACES)}; or give a Network, or a Space"
        )
    if tuple(found.shape) != tuple(shape):
        raise SearchError(f"the space is of tensors of shape {found.shape}; the target's is {tuple(shape)}")
    if math.prod(found.caps) == 1:
        raise SearchError("the space holds a single structure, all ranks 1; allow larger ones by max_rank=")
    return found


def _shape(shape: Sequence[int], least: int, what: str) -> tuple[int, ...]:
    made = tuple(shape)
    if len(made) < least:
        raise SearchError(f"{what} needs at least {least} modes; the tensor has {len(made)}")
    return made


def _cap(rank: int) -> int:
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise SearchError(f"the largest rank is a whole number from 1, not {rank!r}")
    return rank
