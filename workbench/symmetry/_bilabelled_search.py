"""Small bilabelled graphs in canonical order: the smallest that tells an orbit from all others, and bases of equivariant maps.

The number of homomorphisms is the same on a whole orbit of index tuples, so it is only counted at one tuple of each. There a graph falls
apart into its labelled nodes, whose edges are there or not, and the connected parts that its other nodes form: the number is the
product of the numbers of the parts, each contracted once, as a network.

Sources: Mančinska and Roberson, *Quantum isomorphism is equivalent to equality of homomorphism counts from planar graphs* (2020), for
bilabelled graphs; Pearce-Crump and Knottenbelt, *Graph Automorphism Group Equivariant Neural Networks* (2023), for what they span.
"""

__all__ = ["bilabelled_basis", "bilabelled_graphs"]

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.symmetry._bilabelled import BilabelledGraph, graph_group
from workbench.symmetry._bilabelled_parts import Arcs, Part, TooManyError, counted_parts, labelled_edges
from workbench.symmetry._enumerate import set_partitions
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._hom import Hom
from workbench.symmetry._orbit_groups import Aut
from workbench.symmetry._solved_hom import SolvedHom

MOST_NODES = 6
"""Nodes of the graphs that are searched at most."""
MOST_GRAPHS = 60_000
"""So many graphs with one number of nodes are compared at most, and"""
MOST_NUMBERS = 30_000_000
"""so many numbers of homomorphisms held: beyond, graphs with so many nodes are not searched."""
MOST_DIMENSIONS = 1_000
"""The largest space of which a basis is sought."""
PRIME = 33_554_393
"""Independence is found modulo this prime, which proves it: a sum of 1,000 products of remainders stays below 2 ** 63."""
Counts = npt.NDArray[np.float64]


def bilabelled_graphs(hom: Hom, nodes: int = MOST_NODES, *, alike: bool = False) -> tuple[BilabelledGraph | None, ...]:
    """For every orbit the smallest bilabelled graph whose number of homomorphisms on it is another than on every other orbit.

    The smallest has the fewest nodes, then edges, then coloured nodes, then comes first in canonical order: the same on every machine.

    Parameters
    ----------
    hom
        The maps between two tensor powers of an `Aut`.
    nodes
        Graphs with up to so many nodes are searched, at most 6; fewer where there would be more than 60,000 with the same number.
    alike
        Tell each orbit only from those whose index tuples have equal indices in the same places, by graphs with a node for each
        different index.

    Returns
    -------
    tuple of BilabelledGraph or None
        In the order of `hom.basis()`. None where none of the graphs searched tells the orbit from all others. For some orbits no graph
        does: in a star (two different leaves) has as many homomorphisms as (a leaf, the same), or none, as (a leaf, the centre).
        These need `alike`.

    Raises
    ------
    SymmetryError
        When the group is not that of a graph, or the maps are between direct sums.

    Examples
    --------
    >>> import networkx as nx
    >>> for graph in bilabelled_graphs(Aut(nx.cycle_graph(5)).hom(1, 1)):  # the same, neighbours, two steps away
    ...     print(graph)
    BilabelledGraph(1, edges=(), outputs=(0,), inputs=(0,))
    BilabelledGraph(2, edges=((0, 1),), outputs=(0,), inputs=(1,))
    BilabelledGraph(3, edges=((0, 2), (1, 2)), outputs=(0,), inputs=(1,))
    """
    solved, group = _checked(hom, nodes)
    found = _telling(group, len(solved.tuple_shape), nodes, alike)
    return tuple(each and each.graph(group, len(solved.target)) for each in found)


def bilabelled_basis(hom: Hom, nodes: int = MOST_NODES) -> tuple[BilabelledGraph, ...]:
    """Bilabelled graphs whose matrices are a basis of all maps: in canonical order each that is independent of those before it.

    Parameters
    ----------
    hom
        The maps between two tensor powers of an `Aut`.
    nodes
        Graphs with up to so many nodes are searched, at most 6.

    Raises
    ------
    SymmetryError
        When these do not span; the message says how far they reach. When the space has more than 1,000 dimensions.

    Examples
    --------
    >>> import networkx as nx
    >>> for graph in bilabelled_basis(Aut(nx.cycle_graph(5)).hom(1, 1)):  # 1, J, A; and A ** 2 is a combination of them
    ...     print(graph)
    BilabelledGraph(1, edges=(), outputs=(0,), inputs=(0,))
    BilabelledGraph(2, edges=(), outputs=(0,), inputs=(1,))
    BilabelledGraph(2, edges=((0, 1),), outputs=(0,), inputs=(1,))
    """
    solved, group = _checked(hom, nodes)
    if hom.dimension > MOST_DIMENSIONS:
        raise SymmetryError(
            f"{hom} has more than {MOST_DIMENSIONS:,} dimensions, too many to seek a basis of bilabelled graphs; take the orbits, hom.basis()"
        )
    found, searched = _independent(group, len(solved.tuple_shape), nodes)
    if len(found) < hom.dimension:
        raise SymmetryError(
            f"bilabelled graphs with at most {searched} nodes span {len(found)} of the {hom.dimension} dimensions of {hom}; "
            + ("allow more by nodes=, " if searched == nodes < MOST_NODES else "")
            + "or take the orbits, hom.basis(), which always span"
        )
    return tuple(each.graph(group, len(solved.target)) for each in found)


def _checked(hom: Hom, nodes: int) -> tuple[SolvedHom, Aut]:
    group = graph_group(hom.group)
    if not isinstance(hom, SolvedHom):
        raise SymmetryError(
            f"bilabelled graphs are maps between tensor powers, and {hom} is between direct sums; take those between two of their terms"
        )
    if isinstance(nodes, bool) or not isinstance(nodes, int) or not 0 <= nodes <= MOST_NODES:
        raise SymmetryError(f"bilabelled graphs are searched with 0 to {MOST_NODES} nodes, not {nodes!r}")
    return hom, group


class Small(NamedTuple):
    """A bilabelled graph whose labelled nodes come first, in the order of the indices."""

    labels: tuple[int, ...]
    nodes: int
    edges: Arcs
    colours: tuple[tuple[int, int], ...]

    @property
    def place(self) -> tuple[object, ...]:
        """Sorts graphs with as many nodes."""
        return len(self.edges), len(self.colours), self.labels, self.edges, self.colours

    def graph(self, group: Aut, top: int) -> BilabelledGraph:
        """With so many outputs."""
        names = _names(group)
        colours = tuple((node, names[colour]) for node, colour in self.colours)
        return BilabelledGraph(self.nodes, self.edges, self.labels[:top], self.labels[top:], colours)


@lru_cache(maxsize=64)
def _telling(group: Aut, order: int, nodes: int, alike: bool) -> tuple[Small | None, ...]:
    """For every orbit the smallest that tells it from all others."""
    pivots = _pivots(group, order)
    every = [(None, list(range(len(pivots))))]
    among = list(_patterns(pivots).items()) if alike else every
    found: list[Small | None] = [None] * len(pivots)
    for graphs, counts in _levels(group, order, nodes):
        for pattern, orbits in among:
            rows = [at for at, graph in enumerate(graphs) if pattern in (None, graph.labels)]
            if not rows:
                continue
            alone = _alone(counts[np.ix_(rows, orbits)])
            for at, orbit in enumerate(orbits):
                if found[orbit] is None and alone[:, at].any():
                    found[orbit] = graphs[rows[int(alone[:, at].argmax())]]
        if all(found):
            break
    return tuple(found)


def _alone(counts: Counts) -> npt.NDArray[np.bool_]:
    """Where in each row stands a number that stands nowhere else in it."""
    places = np.argsort(counts, 1, kind="stable")
    values = np.take_along_axis(counts, places, 1)
    same = np.pad(values[:, 1:] == values[:, :-1], ((0, 0), (1, 1)))
    alone = np.empty_like(counts, bool)
    np.put_along_axis(alone, places, ~(same[:, 1:] | same[:, :-1]), 1)
    return alone


def _patterns(tuples: npt.NDArray[np.int64]) -> dict[tuple[int, ...], list[int]]:
    """Tuples with equal entries in the same places, together."""
    found: dict[tuple[int, ...], list[int]] = {}
    for at, entries in enumerate(tuples.tolist()):
        numbers = {entry: number for number, entry in enumerate(dict.fromkeys(entries))}
        found.setdefault(tuple(numbers[entry] for entry in entries), []).append(at)
    return found


@lru_cache(maxsize=64)
def _independent(group: Aut, order: int, nodes: int) -> tuple[tuple[Small, ...], int]:
    """Each that is independent of those before it, until they span; and how many nodes were searched."""
    count = len(_pivots(group, order))
    reduced = np.zeros((0, count), np.int64)  # modulo a prime, 1 at every pivot and 0 above and below it
    pivots: list[int] = []
    found: list[Small] = []
    searched = 0
    for graphs, counts in _levels(group, order, nodes):
        for graph, row in zip(graphs, counts.astype(np.int64) % PRIME, strict=True):
            if len(found) == count:
                return tuple(found), graph.nodes
            left = (row - row[pivots] @ reduced) % PRIME
            if not left.any():
                continue
            pivot = int(np.flatnonzero(left)[0])
            left = left * pow(int(left[pivot]), -1, PRIME) % PRIME
            reduced = np.concatenate([(reduced - reduced[:, pivot, None] * left) % PRIME, left[None]])
            pivots.append(pivot)
            found.append(graph)
        searched = graphs[0].nodes if graphs else searched
    return tuple(found), searched


# ---- all graphs with as many nodes -----------------------------------------------------------------------------------


def _levels(group: Aut, order: int, nodes: int) -> Iterator[tuple[list[Small], Counts]]:
    """For every number of nodes all graphs in canonical order, and their numbers of homomorphisms, (graphs, orbits).

    Graphs of which a part has no label are left out: it would be no more than a factor. So are those without homomorphisms.
    """
    pivots = _pivots(group, order)
    for count in range(nodes + 1):
        graphs: list[Small] = []
        counts: list[Counts] = []
        try:
            for labels in set_partitions(order, min(order, count)).tolist() if count or not order else []:
                for graph, numbers in _with_labels(group, pivots, tuple(labels), count):
                    graphs.append(graph)
                    counts.append(numbers)
                    if len(graphs) > MOST_GRAPHS or len(graphs) * len(pivots) > MOST_NUMBERS:
                        raise TooManyError  # noqa: TRY301 - parts raise it, too
        except TooManyError:
            return
        places = sorted(range(len(graphs)), key=lambda at: graphs[at].place)
        yield (
            [graphs[at] for at in places],
            np.stack([counts[at] for at in places]) if graphs else np.zeros((0, len(pivots))),
        )


def _with_labels(
    group: Aut, pivots: npt.NDArray[np.int64], labels: tuple[int, ...], nodes: int
) -> Iterator[tuple[Small, Counts]]:
    """The graphs whose indices are on labelled nodes in one way."""
    blocks = max(labels, default=-1) + 1
    first = [labels.index(block) for block in range(blocks)]
    kept = np.flatnonzero((pivots == pivots[:, [first[label] for label in labels]]).all(1))
    tuples = pivots[kept][:, first]
    parts = (
        [part for size in range(1, nodes - blocks + 1) for part in counted_parts(group, tuples, size)] if blocks else []
    )
    for arcs, colours, base in labelled_edges(group, tuples):
        for chosen, numbers in _together(parts, nodes - blocks, base):
            edges, marked, at = arcs, colours, 0
            for part in chosen:
                more = part.moved(at)
                edges, marked, at = edges + more[0], marked + more[1], at + part.size
            spread = np.zeros(len(pivots))
            spread[kept] = numbers
            yield Small(labels, nodes, tuple(sorted(edges)), marked), spread


def _together(
    parts: Sequence[tuple[Part, Counts]], free: int, numbers: Counts, start: int = 0
) -> Iterator[tuple[tuple[Part, ...], Counts]]:
    """All ways to take parts with so many nodes in all, and the products of their numbers where not all are 0."""
    if not free:
        yield (), numbers
    for at in range(start, len(parts)):
        part, own = parts[at]
        if part.size > free:
            break  # the larger parts come last
        total = numbers * own
        if total.any():
            for chosen, more in _together(parts, free - part.size, total, at):
                yield (part, *chosen), more


def _pivots(group: Aut, order: int) -> npt.NDArray[np.int64]:
    """The first index tuple of every orbit."""
    found = group._between((), (False,) * order).solution.pivots
    return np.stack(np.unravel_index(found, (group.n,) * order), 1) if order else np.zeros((len(found), 0), np.int64)


def _names(group: Aut) -> list[Hashable]:
    return list(dict.fromkeys(group.colours))
