"""`BilabelledGraph`: a small graph whose homomorphisms into a large one are an equivariant map of the large one's automorphisms."""

__all__ = ["BilabelledGraph"]

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workbench.network import Network
from workbench.symmetry._equivariant_map import MOST_ENTRIES, sparse
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group
from workbench.symmetry._orbit_groups import Aut


@dataclass(frozen=True, repr=False)
class BilabelledGraph:
    """A graph H with some of its nodes named as outputs and as inputs.

    For a graph G its matrix has an entry for every choice of nodes of G for the outputs (the row) and for the inputs (the column):
    the number of maps from H to G that take edges to edges and the labelled nodes to the chosen ones. It commutes with the
    automorphisms of G, and the matrices of all H span the maps that do (Mančinska and Roberson, 2020; Pearce-Crump and Knottenbelt, 2023).

    Parameters
    ----------
    nodes
        How many nodes there are; they are numbered from 0.
    edges
        Pairs of nodes; in a directed graph each leads from its first to its second.
    outputs, inputs
        The node of each index; one may stand several times, and in both.
    colours
        Pairs (node, colour): such a node goes to nodes of that colour only.

    Raises
    ------
    SymmetryError
        When a node is none of 0 ... nodes - 1, or an edge is no pair.

    Examples
    --------
    >>> import networkx as nx
    >>> from workbench.symmetry import Aut
    >>> edge = BilabelledGraph(2, [(0, 1)], outputs=[0], inputs=[1])
    >>> path = edge @ edge
    >>> path
    BilabelledGraph(3, edges=((0, 2), (2, 1)), outputs=(0,), inputs=(1,))
    >>> path.homomorphisms(Aut(nx.path_graph(3))).to_dense().int().tolist()  # walks of two steps
    [[1, 0, 1], [0, 2, 0], [1, 0, 1]]
    """

    nodes: int
    edges: tuple[tuple[int, int], ...]
    outputs: tuple[int, ...]
    inputs: tuple[int, ...]
    colours: tuple[tuple[int, Hashable], ...] = ()

    def __post_init__(self) -> None:
        set_field = object.__setattr__  # the dataclass is frozen; this is its constructor
        if isinstance(self.nodes, bool) or not isinstance(self.nodes, int) or self.nodes < 0:
            raise SymmetryError(f"a bilabelled graph has a whole number of nodes from 0, not {self.nodes!r}")
        pairs: list[tuple[int, int]] = []
        for edge in self.edges:
            if not isinstance(edge, Iterable) or len(ends := tuple(edge)) != 2:
                raise SymmetryError(f"an edge is a pair of nodes, not {edge!r}")
            pairs.append((ends[0], ends[1]))
        set_field(self, "edges", tuple(sorted({(self._node(a, "edges"), self._node(b, "edges")) for a, b in pairs})))
        for name in ("outputs", "inputs"):
            set_field(self, name, tuple(self._node(node, name) for node in getattr(self, name)))
        set_field(self, "colours", tuple((self._node(node, "colours"), colour) for node, colour in self.colours))

    def _node(self, node: object, where: str) -> int:
        if isinstance(node, bool) or not isinstance(node, int | np.integer) or not 0 <= node < self.nodes:
            raise SymmetryError(
                f"{where} name the node {node!r}; this graph has {self.nodes}, numbered from 0 to {self.nodes - 1}"
            )
        return int(node)

    def __repr__(self) -> str:
        colours = f", colours={self.colours}" if self.colours else ""
        return (
            f"BilabelledGraph({self.nodes}, edges={self.edges}, outputs={self.outputs}, inputs={self.inputs}{colours})"
        )

    # ---- as a matrix -------------------------------------------------------------------------------------------------

    def network(self, n: int) -> Network:
        """The graph as a tensor network: a copy tensor for every node, and for every edge the adjacency matrix of G.

        Its legs are the indices of the matrix: outputs ``o1, o2, ...``, then inputs ``i1, i2, ...``. The matrices ``A1, A2, ...`` of the
        edges are of kind ``"data"``, given when the network is contracted, and so are the vectors ``C1, C2, ...`` of the colours:
        1 at the nodes of that colour, else 0.

        Parameters
        ----------
        n
            The number of nodes of G.

        Examples
        --------
        >>> triangles = BilabelledGraph(3, [(0, 1), (0, 2), (1, 2)], outputs=[0], inputs=[])
        >>> net = triangles.network(4)
        >>> dict(net.fixed)
        {'N1': 'copy', 'N2': 'copy', 'N3': 'copy', 'A1': 'data', 'A2': 'data', 'A3': 'data'}
        >>> complete = 1 - torch.eye(4)
        >>> net.contract({"A1": complete, "A2": complete, "A3": complete})  # each node is on three, in two directions
        tensor([6., 6., 6., 6.])
        """
        held: list[list[str]] = [[] for _ in range(self.nodes)]
        legs = [f"o{at + 1}" for at in range(len(self.outputs))] + [f"i{at + 1}" for at in range(len(self.inputs))]
        for leg, node in zip(legs, (*self.outputs, *self.inputs), strict=True):
            held[node].append(leg)
        ends: dict[str, tuple[str, ...]] = {}
        for at, edge in enumerate(self.edges, start=1):
            ends[f"A{at}"] = f"a{at}", f"b{at}"
            for node, bond in zip(edge, ends[f"A{at}"], strict=True):
                held[node].append(bond)
        for at, (node, _) in enumerate(self.colours, start=1):
            ends[f"C{at}"] = (f"c{at}",)
            held[node].append(f"c{at}")
        # a node by itself is summed: a factor of n
        copies = {f"N{at + 1}": tuple(bonds) or (f"s{at + 1}",) for at, bonds in enumerate(held)}
        tensors = {**copies, **ends}
        sizes = dict.fromkeys((bond for bonds in tensors.values() for bond in bonds), n)
        return Network(tensors, sizes, tuple(legs), {**dict.fromkeys(copies, "copy"), **dict.fromkeys(ends, "data")})

    def homomorphisms(self, group: Group, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """How many homomorphisms into the group's graph there are: a sparse matrix, (n ** l, n ** k), in COO format.

        Contracted as a network with one index for every node, so that no copy tensor is formed. In float64 numbers up to
        2 ** 53 are exact.

        Raises
        ------
        SymmetryError
            When the group is not that of a graph, a colour is none of its colours, or a tensor of the contraction
            would have more than 50,000,000 entries.

        Examples
        --------
        >>> import networkx as nx
        >>> edge = BilabelledGraph(2, [(0, 1)], outputs=[0, 1], inputs=[])
        >>> edge.homomorphisms(Aut(nx.path_graph(3))).to_dense().int().flatten().tolist()
        [0, 1, 0, 1, 0, 1, 0, 1, 0]
        """
        group = graph_group(group)
        labels = (*self.outputs, *self.inputs)
        shown = tuple(dict.fromkeys(labels))
        net, cores = self._contracted(group, shown, dtype)
        peak = net.cost().peak
        if peak > MOST_ENTRIES:
            raise SymmetryError(
                f"counting the homomorphisms of {self} into a graph of {group.n} nodes takes a tensor of {peak:,} entries, "
                f"more than {MOST_ENTRIES:,}; take a graph H with fewer edges or fewer labelled nodes"
            )
        counts = net.contract(cores)
        at = counts.nonzero()
        index = at[:, [shown.index(node) for node in labels]].numpy()
        sizes = (group.n,) * len(self.outputs), (group.n,) * len(self.inputs)
        return sparse(index, counts[tuple(at.T)] if shown else counts.reshape(-1)[: len(at)], *sizes)

    def _contracted(
        self, group: Aut, shown: tuple[int, ...], dtype: torch.dtype
    ) -> tuple[Network, dict[str, torch.Tensor]]:
        tensors: dict[str, tuple[str, ...]] = {f"N{node}": (str(node),) for node in range(self.nodes)}
        cores = {name: torch.ones(group.n, dtype=dtype) for name in tensors}
        adjacency = group.adjacency.to(dtype)
        for at, (a, b) in enumerate(self.edges):
            tensors[f"A{at}"], cores[f"A{at}"] = (str(a), str(b)), adjacency
        for at, (node, colour) in enumerate(self.colours):
            tensors[f"C{at}"], cores[f"C{at}"] = (str(node),), coloured(group, colour).to(dtype)
        sizes = {str(node): group.n for node in range(self.nodes)}
        return Network(tensors, sizes, tuple(map(str, shown)), dict.fromkeys(tensors, "data")), cores

    # ---- the algebra -------------------------------------------------------------------------------------------------

    def __matmul__(self, other: "BilabelledGraph") -> "BilabelledGraph":
        """The inputs of this graph glued to the outputs of the other; the matrix is the product of the matrices."""
        if len(self.inputs) != len(other.outputs):
            raise SymmetryError(
                f"a bilabelled graph with {len(self.inputs)} inputs is not glued to one with {len(other.outputs)} outputs; "
                "a composition needs them equal"
            )
        parent = list(range(self.nodes + other.nodes))

        def root(node: int) -> int:
            while parent[node] != node:
                node = parent[node]
            return node

        for a, b in zip(self.inputs, other.outputs, strict=True):
            one, two = sorted((root(a), root(self.nodes + b)))
            parent[two] = one
        below = [node + self.nodes for node in other.inputs]
        return self._joined(other, [root(node) for node in range(len(parent))], self.outputs, below)

    def __or__(self, other: "BilabelledGraph") -> "BilabelledGraph":
        """Both side by side; the matrix is the Kronecker product of the matrices."""
        outputs, inputs = (
            (*mine, *(node + self.nodes for node in more))
            for mine, more in ((self.outputs, other.outputs), (self.inputs, other.inputs))
        )
        return self._joined(other, range(self.nodes + other.nodes), outputs, inputs)

    @property
    def T(self) -> "BilabelledGraph":  # noqa: N802 - what everybody calls it
        """Outputs and inputs exchanged; the matrix is the transpose."""
        return BilabelledGraph(self.nodes, self.edges, self.inputs, self.outputs, self.colours)

    def _joined(
        self, other: "BilabelledGraph", merged: Sequence[int], outputs: Iterable[int], inputs: Iterable[int]
    ) -> "BilabelledGraph":
        """Both graphs with some nodes made one, numbered anew: outputs, inputs, then the rest."""
        above = [merged[node] for node in outputs]
        below = [merged[node] for node in inputs]
        number = {node: at for at, node in enumerate(dict.fromkeys((*above, *below, *merged)))}

        def new(node: int) -> int:
            return number[merged[node]]

        pairs = [*self.edges, *((a + self.nodes, b + self.nodes) for a, b in other.edges)]
        colours = [*self.colours, *((node + self.nodes, colour) for node, colour in other.colours)]
        return BilabelledGraph(
            len(number),
            tuple((new(a), new(b)) for a, b in pairs),
            tuple(number[node] for node in above),
            tuple(number[node] for node in below),
            tuple(dict.fromkeys((new(node), colour) for node, colour in colours)),
        )


def graph_group(group: Group) -> Aut:
    """The group, if it is that of a graph."""
    if isinstance(group, Aut):
        return group
    made: dict[str, Any] = {
        "C": "nx.cycle_graph(n, create_using=nx.DiGraph)",
        "D": "nx.cycle_graph(n)",
        "S": "nx.empty_graph(n)",
    }
    remedy = made.get(type(group).__name__)
    raise SymmetryError(
        f"homomorphisms are counted into a graph, and {group} has none; "
        + (f"Aut({remedy}) is the same group with one" if remedy else "give a graph by Aut(graph)")
    )


def coloured(group: Aut, colour: Hashable) -> torch.Tensor:
    """1 at the nodes of a colour, else 0."""
    if colour not in group.colours:
        known = ", ".join(map(repr, list(dict.fromkeys(group.colours))[:6]))
        raise SymmetryError(
            f"no node of {group} has the colour {colour!r}; its colours are {known}"
            + ("" if len(set(group.colours)) > 1 else " (give Aut the name of a node attribute as colour=)")
        )
    return torch.tensor([each == colour for each in group.colours], dtype=torch.float64)
