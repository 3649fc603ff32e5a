"""Groups of permutations whose equivariant maps are orbits of index tuples: C(n), D(n), the automorphisms of a graph."""

__all__ = ["Aut", "C", "D"]

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from workbench.symmetry._automorphisms import Stabilisers, automorphisms
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Duals, Group, permutation_matrix, whole
from workbench.symmetry._solved_hom import Solution, SolvedHom, orbits

if TYPE_CHECKING:
    import networkx as nx


class OrbitGroup(Group):
    """A group of permutations of n coordinates, given by generators."""

    _coordinates = "permuted"

    @property
    @abstractmethod
    def permutations(self) -> tuple[tuple[int, ...], ...]:
        """Generators, each the images of 0 ... n - 1."""

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """The matrices of `permutations`."""
        return tuple(permutation_matrix(images) for images in self.permutations)

    def _between(self, source: Duals, target: Duals) -> SolvedHom:
        return SolvedHom(self, source, target, _orbits(self, len(source) + len(target)), "orbit")


@lru_cache(maxsize=32)
def _orbits(group: OrbitGroup, order: int) -> Solution:
    return orbits(group.permutations, group.n, order)


class C(OrbitGroup):
    """The cyclic group: n coordinates in a ring, turned. Its equivariant maps V -> V are the circular convolutions.

    Examples
    --------
    >>> C(5).hom(1, 1)
    Hom of C(5), V -> V: 5 orbits, dimension 5
    >>> C(4).hom(1, 1).basis()[1].matrix().to_dense().int().tolist()
    [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    """

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "C(n)")

    @property
    def permutations(self) -> tuple[tuple[int, ...], ...]:
        """One step around the ring."""
        return ((*range(1, self.n), 0),) if self.n > 1 else ()

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        steps = int(torch.randint(self.n, (), generator=generator))
        return permutation_matrix([(at + steps) % self.n for at in range(self.n)])


class D(OrbitGroup):
    """The dihedral group: the turns and reflections of n vertices in a ring, 2n elements for n from 3.

    Examples
    --------
    >>> D(5).hom(1, 1)
    Hom of D(5), V -> V: 3 orbits, dimension 3
    """

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "D(n)")

    @property
    def permutations(self) -> tuple[tuple[int, ...], ...]:
        """One step around the ring, and the reflection that keeps the first vertex."""
        turned = C(self.n).permutations
        return (*turned, tuple(-at % self.n for at in range(self.n))) if self.n > 2 else turned

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        steps, mirrored = (int(torch.randint(most, (), generator=generator)) for most in (self.n, 2))
        sign = -1 if mirrored else 1
        return permutation_matrix([(sign * at + steps) % self.n for at in range(self.n)])


class Aut(OrbitGroup):
    """The automorphisms of a graph: the permutations of its nodes that keep its edges. Coordinate i is the i-th node of `graph.nodes`.

    Parameters
    ----------
    graph
        A networkx Graph or DiGraph without loops. Weights are not looked at.
    colour
        The name of a node attribute that has to be kept too.

    Attributes
    ----------
    graph : networkx.Graph
        A frozen copy.
    order : int
        The number of automorphisms, exactly.

    Raises
    ------
    SymmetryError
        When there are no nodes, loops or multiple edges, when nodes lack the attribute, or when the search for automorphisms
        of a very regular graph takes too long.

    Examples
    --------
    >>> import networkx as nx
    >>> square = Aut(nx.cycle_graph(4))
    >>> square, square.order
    (Aut(4 nodes, 4 edges), 8)
    >>> square.hom(1, 1)
    Hom of Aut(4 nodes, 4 edges), V -> V: 3 orbits, dimension 3
    """

    def __init__(self, graph: "nx.Graph[Any]", colour: str | None = None) -> None:
        import networkx as nx

        if not isinstance(graph, nx.Graph):
            raise SymmetryError(f"Aut takes a networkx Graph or DiGraph, not {type(graph).__name__}")
        if graph.is_multigraph():
            raise SymmetryError(
                "Aut takes a graph with at most one edge between two nodes; make it one by nx.Graph(graph) or nx.DiGraph(graph)"
            )
        loops = list(nx.nodes_with_selfloops(graph))
        if loops:
            raise SymmetryError(
                f"{len(loops)} nodes have loops ({_few(loops)}), which Aut does not take; remove them by "
                "graph.remove_edges_from(list(nx.selfloop_edges(graph))) and mark these nodes by an attribute given as colour="
            )
        if not len(graph):
            raise SymmetryError("Aut takes a graph with at least one node; this one is empty")
        self.graph = nx.freeze(graph.copy())
        self.n = len(graph)
        self.colours = self._colours(colour)
        self._edges = nx.to_numpy_array(graph, weight=None, dtype=np.int8)
        self._bytes = self._edges.tobytes()

    def _colours(self, colour: str | None) -> tuple[Hashable, ...]:
        if colour is None:
            return (0,) * self.n
        lacking = [node for node, held in self.graph.nodes(data=True) if colour not in held]
        if lacking:
            raise SymmetryError(
                f"{len(lacking)} nodes have no attribute {colour!r} ({_few(lacking)}); give it to all nodes"
            )
        return tuple(held[colour] for _, held in self.graph.nodes(data=True))

    def __repr__(self) -> str:
        edges = self.graph.number_of_edges()
        return f"Aut({self.n} node{'s' * (self.n != 1)}, {edges} edge{'s' * (edges != 1)})"

    def _key(self) -> tuple[Any, ...]:
        return type(self), self.n, self._bytes, self.colours

    @property
    def adjacency(self) -> torch.Tensor:
        """(n, n), int8: 1 where an edge leads from the node of the row to that of the column."""
        return torch.from_numpy(self._edges.copy())

    @cached_property
    def _stabilisers(self) -> Stabilisers:
        numbers = {value: at for at, value in enumerate(dict.fromkeys(self.colours))}
        return automorphisms(self._edges, np.array([numbers[value] for value in self.colours]))

    @property
    def order(self) -> int:
        """The number of automorphisms."""
        return self._stabilisers.order

    @property
    def permutations(self) -> tuple[tuple[int, ...], ...]:
        """A strong generating set."""
        return self._stabilisers.generators

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        images = list(range(self.n))
        for transversal in self._stabilisers.transversals:
            chosen = transversal[int(torch.randint(len(transversal), (), generator=generator))]
            images = [images[at] for at in chosen]
        return permutation_matrix(images)


def _few(nodes: Sequence[Any]) -> str:
    return ", ".join(map(repr, nodes[:3])) + (", ..." if len(nodes) > 3 else "")
