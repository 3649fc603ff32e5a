"""What bilabelled graphs consist of: connected parts of unlabelled nodes, attached to labelled ones, each up to isomorphism and counted."""

__all__ = ["Part", "TooManyError", "counted_parts", "labelled_edges"]

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, permutations, product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from workbench.network import Network
from workbench.symmetry._bilabelled import coloured
from workbench.symmetry._orbit_groups import Aut

MOST_CHOICES = 200_000
"""So many ways to attach the nodes of a part are looked through at most,"""
MOST_FLOPS = 4_000_000_000
"""and so many multiplications and additions spent on counting the homomorphisms of all parts of one size and kind."""
CHUNK = 2_000_000
"""Numbers in the largest tensor when several parts are counted at once."""
Arcs = tuple[tuple[int, int], ...]
Colours = tuple[tuple[int, int], ...]
Numbers = npt.NDArray[np.float64]


class TooManyError(Exception):
    """There are more graphs with so many nodes than are searched."""


class Part(NamedTuple):
    """Edges on some nodes that follow the labelled ones, which are 0 ... blocks - 1; all colours are numbers."""

    blocks: int
    size: int
    edges: Arcs
    colours: Colours

    def moved(self, by: int) -> tuple[Arcs, Colours]:
        """With other numbers for its own nodes."""

        def number(node: int) -> int:
            return node + by if node >= self.blocks else node

        return (
            tuple((number(a), number(b)) for a, b in self.edges),
            tuple((number(node), colour) for node, colour in self.colours),
        )


def labelled_edges(group: Aut, tuples: npt.NDArray[np.int64]) -> Iterator[tuple[Arcs, Colours, Numbers]]:
    """All graphs on the labelled nodes alone that have homomorphisms, with their numbers: 0 or 1 for every tuple, (tuples, blocks)."""
    blocks = tuples.shape[1]
    adjacency = group.adjacency.numpy().astype(np.float64)
    colours = _colours(group)
    for kinds in product(range(len(colours) + 1), repeat=blocks):
        base = np.ones(len(tuples))
        for node, kind in enumerate(kinds):
            if kind:
                base = base * colours[kind - 1][tuples[:, node]]
        marked = tuple((node, kind - 1) for node, kind in enumerate(kinds) if kind)
        pairs = _pairs(range(blocks), group.graph.is_directed())
        if 2 ** len(pairs) > MOST_CHOICES:
            raise TooManyError
        for chosen in range(2 ** len(pairs)):
            edges = tuple(pair for at, pair in enumerate(pairs) if chosen >> at & 1)
            numbers = base
            for a, b in edges:
                numbers = numbers * adjacency[tuples[:, a], tuples[:, b]]
            if numbers.any():
                yield edges, marked, numbers


def counted_parts(group: Aut, tuples: npt.NDArray[np.int64], size: int) -> list[tuple[Part, Numbers]]:
    """All connected parts of so many nodes that hang on a labelled node, and their numbers of homomorphisms for every tuple."""
    blocks, directed, colours = tuples.shape[1], group.graph.is_directed(), _colours(group)
    choices = _choices(blocks, directed, len(colours))
    attached = torch.from_numpy(_attached(group, tuples, colours))
    adjacency = group.adjacency.to(torch.float64)
    found = []
    for shape, moves in _shapes(size, directed):
        kinds = _kinds(choices, moves, (4 if directed else 2) ** blocks)
        net = _network(shape, size, (len(kinds), len(tuples), group.n))
        price = net.cost()
        if price.flops > MOST_FLOPS:
            raise TooManyError
        step = max(1, min(len(kinds), CHUNK * len(kinds) // price.peak))
        for start in range(0, len(kinds), step):
            some = torch.from_numpy(kinds[start : start + step])
            if len(some) < len(kinds):
                net = _network(shape, size, (len(some), len(tuples), group.n))
            cores = {f"N{at}": attached[some[:, at]] for at in range(size)}
            numbers = net.contract(cores | {f"A{at}": adjacency for at in range(len(shape))}).numpy()
            for each, own in zip(some.tolist(), numbers, strict=True):
                if own.any():
                    found.append((_part(shape, each, blocks, directed), own))
    return found


def _part(shape: Arcs, kinds: list[int], blocks: int, directed: bool) -> Part:
    base = 4 if directed else 2
    edges = [(blocks + a, blocks + b) for a, b in shape]
    colours = []
    for at, kind in enumerate(kinds):
        colour, rest = divmod(kind, base**blocks)
        if colour:
            colours.append((blocks + at, colour - 1))
        for node in range(blocks):
            rest, own = divmod(rest, base)
            if own & 1:
                edges.append((node, blocks + at))
            if own & 2:
                edges.append((blocks + at, node))
    return Part(blocks, len(kinds), tuple(sorted(edges)), tuple(colours))


def _network(shape: Arcs, size: int, sizes: tuple[int, int, int]) -> Network:
    """A part as a network: one vector of what is attached for each node, one matrix for each edge, for many choices and tuples."""
    nodes = {f"N{at}": ("choice", "tuple", str(at)) for at in range(size)}
    edges = {f"A{at}": (str(a), str(b)) for at, (a, b) in enumerate(shape)}
    named = {"choice": sizes[0], "tuple": sizes[1], **dict.fromkeys(map(str, range(size)), sizes[2])}
    return Network({**nodes, **edges}, named, ("choice", "tuple"))


def _colours(group: Aut) -> list[Numbers]:
    """Where each colour is; none where all nodes have the same."""
    names = dict.fromkeys(group.colours)
    return [coloured(group, name).numpy() for name in names] if len(names) > 1 else []


def _choices(blocks: int, directed: bool, colours: int) -> int:
    """In how many ways a node can be joined to the labelled ones and coloured."""
    return int((4 if directed else 2) ** blocks) * (colours + 1)


def _attached(group: Aut, tuples: npt.NDArray[np.int64], colours: list[Numbers]) -> Numbers:
    """For every such way, tuple and node of the group's graph whether the node fits: (choices, tuples, n)."""
    adjacency = group.adjacency.numpy().astype(np.float64)
    directed = group.graph.is_directed()
    if _choices(tuples.shape[1], directed, len(colours)) * len(tuples) * group.n > 10 * CHUNK:
        raise TooManyError
    made = np.ones((1, len(tuples), group.n))
    for node in tuples.T:
        out, into = adjacency[node], adjacency[:, node].T
        ways = np.stack([np.ones_like(out), out, *([into, out * into] if directed else [])])
        made = (ways[:, None] * made[None]).reshape(-1, *made.shape[1:])
    marks = np.stack([np.ones(group.n), *colours])
    whole: Numbers = (marks[:, None, None] * made[None]).reshape(-1, *made.shape[1:])
    return whole


def _kinds(choices: int, moves: npt.NDArray[np.int64], joined: int) -> npt.NDArray[np.int64]:
    """The ways to join all nodes of a shape, one of each class under its automorphisms; at least one node is joined to something."""
    size = moves.shape[1]
    if choices**size > MOST_CHOICES:
        raise TooManyError
    every = np.stack(np.unravel_index(np.arange(choices**size), (choices,) * size), 1)
    codes = every @ choices ** np.arange(size - 1, -1, -1)
    least = codes.copy()
    for images in moves:
        np.minimum(least, every[:, images] @ choices ** np.arange(size - 1, -1, -1), out=least)
    made: npt.NDArray[np.int64] = every[(least == codes) & (every % joined).any(1)]
    return made


@lru_cache
def _shapes(size: int, directed: bool) -> tuple[tuple[Arcs, npt.NDArray[np.int64]], ...]:
    """All (weakly) connected graphs with so many nodes up to isomorphism, each with its automorphisms, in order of their edges."""
    pairs = _pairs(range(size), directed)
    if 2 ** len(pairs) > MOST_CHOICES:
        raise TooManyError
    moves = np.array(list(permutations(range(size))), np.int64)
    place = {pair: at for at, pair in enumerate(pairs)}
    codes = np.arange(2 ** len(pairs))
    bits = codes[:, None] >> np.arange(len(pairs)) & 1
    images = np.empty((len(codes), len(moves)), np.int64)
    for at, move in enumerate(moves.tolist()):
        moved = [(move[a], move[b]) for a, b in pairs]
        images[:, at] = (
            bits @ [1 << place[pair if directed else (min(pair), max(pair))] for pair in moved] if pairs else 0
        )
    found = []
    for code in np.flatnonzero(images.min(1) == codes).tolist():
        arcs = tuple(pair for at, pair in enumerate(pairs) if code >> at & 1)
        if _is_connected(arcs, size):
            found.append((arcs, moves[images[code] == code]))
    return tuple(sorted(found, key=lambda each: (len(each[0]), each[0])))


def _is_connected(arcs: Arcs, size: int) -> bool:
    reached = {0}
    for _ in range(size):
        reached |= {end for arc in arcs if reached & set(arc) for end in arc}
    return len(reached) == size


def _pairs(nodes: Any, directed: bool) -> Arcs:
    return tuple(permutations(nodes, 2) if directed else combinations(nodes, 2))
