"""The automorphism group of a graph, by individualisation and refinement.

A base is a sequence of nodes which no automorphism but the identity keeps all. For every node of the base and every other node
it might go to, one automorphism is sought that keeps the nodes before it: colours are refined on both sides until
all nodes have colours of their own. What is found generates the group (a strong generating set), so its order is exact
and its elements can be drawn uniformly.

Sources: McKay and Piperno, *Practical graph isomorphism, II* (2014); Sims (1970).
"""

__all__ = ["Stabilisers", "automorphisms"]

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.symmetry._errors import SymmetryError

Colours = npt.NDArray[np.int64]
Permutation = tuple[int, ...]
MOST_TRIES = 200_000
"""Nodes of the search tree that are visited at most."""


@dataclass(frozen=True)
class Stabilisers:
    """A group of permutations, as a chain of stabilisers.

    Attributes
    ----------
    generators : tuple of tuples of int
        A strong generating set.
    transversals : tuple of tuples of tuples of int
        For each node of the base, one permutation for every node it goes to while the nodes before it are kept. Every element is
        one product t₁ t₂ ... of one of each.
    """

    generators: tuple[Permutation, ...]
    transversals: tuple[tuple[Permutation, ...], ...]

    @property
    def order(self) -> int:
        """The number of elements."""
        return math.prod(map(len, self.transversals))


def automorphisms(edges: npt.NDArray[np.int8], colours: Colours) -> Stabilisers:
    """The permutations p with edges[p[i], p[j]] = edges[i, j] and colours[p[i]] = colours[i].

    Parameters
    ----------
    edges
        (n, n), small whole numbers.
    colours
        (n,), whole numbers from 0.

    Raises
    ------
    SymmetryError
        When the search visits more than 200,000 nodes of its tree.
    """
    return _Search(edges).stabilisers(colours)


class _Search:
    def __init__(self, edges: npt.NDArray[np.int8]) -> None:
        self.edges = edges
        self.kinds = [(edges == kind).astype(np.float64) for kind in np.unique(edges)[1:]]
        self.kinds += [kind.T for kind in self.kinds if not np.array_equal(kind, kind.T)]
        self.tries = 0

    def stabilisers(self, colours: Colours) -> Stabilisers:
        size = len(colours)
        chain = [self.refined(colours)]
        base: list[int] = []
        while (node := _target(chain[-1])) is not None:
            base.append(node)
            chain.append(self.refined(_individualised(chain[-1], node)))
        generators: list[Permutation] = []
        transversals: list[tuple[Permutation, ...]] = []
        for level in reversed(range(len(base))):
            cell = np.flatnonzero(chain[level] == chain[level][base[level]]).tolist()
            reached = _orbit(base[level], generators, size)
            failed: set[int] = set()
            for node in cell:
                if node in reached or node in failed:
                    continue
                found = self.extended(chain, level, chain[level], node)
                if found is None:
                    failed |= set(_orbit(node, generators, size))  # what a known automorphism takes it to fails too
                else:
                    generators.append(found)
                    reached = _orbit(base[level], generators, size)
            transversals.append(tuple(reached.values()))
        return Stabilisers(tuple(generators), tuple(reversed(transversals)))

    def extended(self, chain: list[Colours], level: int, right: Colours, node: int) -> Permutation | None:
        """An automorphism that takes the base's node of this level to `node`, on top of what the colours of both sides fix."""
        self.tries += 1
        if self.tries > MOST_TRIES:
            raise SymmetryError(
                "the graph is so regular that its automorphisms were not found in 200,000 steps; "
                "give nodes an attribute that tells them apart as colour=, or the generators themselves to MatrixGroup"
            )
        left, right = chain[level + 1], self.refined(_individualised(right, node))
        if not np.array_equal(np.bincount(left), np.bincount(right)):
            return None
        if left.max() + 1 == len(left):
            images = np.empty_like(left)
            images[np.argsort(left)] = np.argsort(right)
            same = np.array_equal(self.edges[np.ix_(images, images)], self.edges)
            return tuple(images.tolist()) if same else None
        target = _target(left)
        assert target is not None  # noqa: S101 - there are fewer colours than nodes
        for candidate in np.flatnonzero(right == left[target]).tolist():
            found = self.extended(chain, level + 1, right, candidate)
            if found is not None:
                return found
        return None

    def refined(self, colours: Colours) -> Colours:
        """Colours split until nodes of one colour have as many neighbours of every colour; numbered alike on isomorphic graphs."""
        count = 0
        _, colours = np.unique(colours, return_inverse=True)
        while colours.max() + 1 > count:
            count = int(colours.max()) + 1
            onehot = np.eye(count)[colours]
            seen = np.concatenate([colours[:, None], *(kind @ onehot for kind in self.kinds)], 1)
            _, colours = np.unique(seen, axis=0, return_inverse=True)
            colours = colours.reshape(-1)
        return colours


def _target(colours: Colours) -> int | None:
    """The first node of the smallest colour class that has more than one."""
    sizes = np.bincount(colours)
    several = np.flatnonzero(sizes > 1)
    if not len(several):
        return None
    return int(np.flatnonzero(colours == several[sizes[several].argmin()])[0])


def _individualised(colours: Colours, node: int) -> Colours:
    made = 2 * colours + 1
    made[node] -= 1
    return made


def _orbit(start: int, generators: list[Permutation], size: int) -> dict[int, Permutation]:
    """Every node that products of generators take `start` to, with one such product."""
    found: dict[int, Permutation] = {start: tuple(range(size))}
    queue = [start]
    for node in queue:
        for images in generators:
            if images[node] not in found:
                before = found[node]
                found[images[node]] = tuple(images[at] for at in before)
                queue.append(images[node])
    return found
