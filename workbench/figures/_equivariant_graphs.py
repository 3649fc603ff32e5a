"""Orbits as index tuples marked on the group's graph, and bilabelled graphs, marked alike."""

__all__ = ["bilabelled_of", "orbit_of"]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

from workbench.figures._drawing import decimal, pair
from workbench.figures._layout import layout
from workbench.figures._pieces import Piece, above, beside, said, standing
from workbench.figures._plane import Point, direction, freest, moved, squared
from workbench.figures._turned_layout import crossings, ring, turned
from workbench.network import Network
from workbench.symmetry import Aut, BilabelledGraph, C, D, Group
from workbench.symmetry._solved_hom import Invariant

MOST_NODES = 20
"""Larger graphs are not drawn."""
MOST_COLOURS = 4
"""Colours are shapes: triangle, square, pentagon, hexagon."""
MOST_ORBITS = 500
"""Of more orbits than this no bilabelled graphs are sought: a drawing is quick."""
STEP, LEAST = 34, 12
"""Pixels between neighbours, where there is room, and at least."""
MARGIN = 20
"""Around it, for the names of the marked nodes."""
RADIUS = 3.5
Edges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Graph:
    """What is drawn: a graph, which nodes are outputs and inputs, and of which colour nodes are (none for any)."""

    nodes: int
    edges: Edges
    directed: bool
    outputs: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    colours: tuple[int | None, ...] = ()
    places: tuple[Point, ...] = ()


def orbit_of(orbit: Invariant) -> Piece:
    """The first index tuple of an orbit on the group's graph, and the smallest bilabelled graph, if one is found quickly."""
    group = orbit.group
    graph = _graph_of(group)
    if (
        graph is None
        or graph.nodes > MOST_NODES
        or max((each or 0 for each in graph.colours), default=0) >= MOST_COLOURS
    ):
        count = len(orbit.entries()[1])
        return said(repr(orbit), f"{count:,} index tuple{'s' * (count != 1)}")
    top = len(orbit.target)
    marked = _drawn(replace(graph, outputs=orbit.pivot[:top], inputs=orbit.pivot[top:]), MARGIN)
    if not isinstance(group, Aut) or not 0 < len(orbit.pivot) <= 4 or orbit.hom.dimension > MOST_ORBITS:
        return marked
    for nodes, alike in ((5, False), (5, True), (6, False), (6, True))[
        : 4 if len(orbit.pivot) <= 2 else 2
    ]:  # the quick first
        small = orbit.bilabelled(nodes, alike=alike)
        if small is not None:
            drawn = _small(small, group)
            drawn = standing(drawn, max(drawn.width, 90), drawn.height)  # so that most stand below each other
            return above(beside([drawn, marked], "→"), said(*_counted(small, orbit, alike)))
    return above(marked, said("no small graph tells it apart"))


def bilabelled_of(small: BilabelledGraph) -> Piece:
    """A bilabelled graph by itself."""
    return _small(small, None)


def _small(small: BilabelledGraph, group: Aut | None) -> Piece:
    names = list(dict.fromkeys(group.colours if group else (colour for _, colour in small.colours)))
    held = dict(small.colours)
    colours = tuple(names.index(held[node]) if node in held else None for node in range(small.nodes))
    directed = group is not None and group.graph.is_directed()
    return _drawn(_Graph(small.nodes, small.edges, directed, small.outputs, small.inputs, colours), 10)


def _counted(small: BilabelledGraph, orbit: Invariant, alike: bool) -> list[str]:
    """How many homomorphisms there are on the orbit, and on the others."""
    counts = small.homomorphisms(orbit.group).to_dense().reshape(orbit.hom.tuple_shape)
    others = {
        int(counts[each.pivot])
        for each in orbit.hom.basis()
        if isinstance(each, Invariant) and each != orbit and (not alike or _equals(each.pivot) == _equals(orbit.pivot))
    }
    ways = int(counts[orbit.pivot])
    words = f"{ways} way{'s' * (ways != 1)}"
    if not others:
        return [words, *(["the only orbit with such equal indices"] if alike else [])]
    shown = ", ".join(map(str, sorted(others)[:3])) + ", ..." * (len(others) > 3)
    return [f"{words}, elsewhere {shown}", *(["among tuples equal in the same places"] if alike else [])]


def _equals(index: tuple[int, ...]) -> list[bool]:
    """Which of its entries are equal."""
    return [a == b for a, b in combinations(index, 2)]


def _graph_of(group: Group) -> _Graph | None:
    if isinstance(group, C | D):
        n = group.n
        edges = tuple((at, (at + 1) % n) for at in range(n if n > 2 else n - 1))
        return _Graph(n, edges, isinstance(group, C) and n > 2, places=_scaled(ring(n)) if n > 1 else ((0.0, 0.0),))
    if not isinstance(group, Aut):
        return None
    number = {node: at for at, node in enumerate(group.graph.nodes)}
    edges = tuple((number[a], number[b]) for a, b in group.graph.edges)
    names = list(dict.fromkeys(group.colours))
    colours = tuple(names.index(each) for each in group.colours) if len(names) > 1 else ()
    places = _placed(group.n, _undirected(edges), group.permutations) if group.n <= MOST_NODES else ()
    return _Graph(group.n, edges, group.graph.is_directed(), colours=colours, places=places)


def _undirected(edges: Edges) -> Edges:
    return tuple(dict.fromkeys((min(edge), max(edge)) for edge in edges if edge[0] != edge[1]))


# ---- drawing ---------------------------------------------------------------------------------------------------------


def _drawn(graph: _Graph, margin: float) -> Piece:
    """Edges, nodes (discs for outputs, rings for inputs), and the names of the indices beside them."""
    points = graph.places or _placed(graph.nodes, _undirected(graph.edges))
    radii = [_radius(graph, node) for node in range(graph.nodes)]
    drawn = [_edge(points, radii, a, b, graph.directed) for a, b in graph.edges]
    boxes = [(x - margin, y - margin, x + margin, y + margin) for x, y in points]
    boxes += [(points[a][0] - 8, points[a][1] - 22, points[a][0] + 8, points[a][1]) for a, b in graph.edges if a == b]
    drawn += [_node(graph, node, points[node]) for node in range(graph.nodes)]
    for node in dict.fromkeys((*graph.outputs, *graph.inputs)):
        words = [str(at + 1) for at, each in enumerate(graph.outputs) if each == node]
        words += [f"{at + 1}'" for at, each in enumerate(graph.inputs) if each == node]
        half = 3.2 * len(" ".join(words))
        x, y = _free(points, graph.edges, node, radii[node], half)
        boxes.append((x - half, y - 8, x + half, y + 8))
        drawn.append(f'<text class="small" x="{decimal(x)}" y="{decimal(y + 4)}">{" ".join(words)}</text>')
    if not boxes:
        return said("1")
    left, top = min(box[0] for box in boxes) - 2, min(box[1] for box in boxes) - 2
    width, height = max(box[2] for box in boxes) + 2 - left, max(box[3] for box in boxes) + 2 - top
    inner = Piece(width, height, "".join(drawn))
    return Piece(width, height, inner.at(-left, -top))


def _radius(graph: _Graph, node: int) -> float:
    if node in graph.inputs:
        return 8 if node in graph.outputs else 7
    return 5.5 if node in graph.outputs else RADIUS


def _node(graph: _Graph, node: int, at: Point) -> str:
    colour = graph.colours[node] if graph.colours else None
    is_output = node in graph.outputs
    kind = "node output" if is_output else "node"
    radius = 5 if is_output else RADIUS
    if colour is None:
        drawn = f'<circle class="{kind}" cx="{decimal(at[0])}" cy="{decimal(at[1])}" r="{decimal(radius)}"/>'
    else:
        corners = " ".join(pair(moved(at, way, radius + 1.5)) for way in ring(colour + 3))
        drawn = f'<polygon class="{kind}" points="{corners}"/>'
    if node in graph.inputs:
        around = decimal(_radius(graph, node) - 0.5)
        drawn += f'<circle class="input" cx="{decimal(at[0])}" cy="{decimal(at[1])}" r="{around}"/>'
    return drawn


def _edge(points: Sequence[Point], radii: Sequence[float], a: int, b: int, directed: bool) -> str:
    if a == b:
        x, y = points[a]
        return f'<circle class="edge" cx="{decimal(x)}" cy="{decimal(y - radii[a] - 6)}" r="6"/>'
    way = direction(points[a], points[b])
    start, end = moved(points[a], way, radii[a]), moved(points[b], way, -radii[b])
    line = f'<path class="edge" d="M{pair(start)}L{pair(end)}"/>'
    if not directed:
        return line
    back, side = moved(end, way, -7), (-way[1], way[0])
    return (
        f'{line}<path class="arrow" d="M{pair(end)}L{pair(moved(back, side, 3.5))}L{pair(moved(back, side, -3.5))}Z"/>'
    )


def _free(points: Sequence[Point], edges: Edges, node: int, radius: float, half: float) -> Point:
    """A place for a name beside a node: away from the middle of the graph, its edges and other nodes."""
    at = points[node]
    middle = (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
    wish = direction(middle, at) if middle != at else (0.0, -1.0)
    used = [direction(at, points[a if b == node else b]) for a, b in edges if node in (a, b) and a != b]
    used += [(0.0, -1.0)] * ((node, node) in edges)
    places = [moved(at, way, radius + 4 + abs(way[0]) * half + abs(way[1]) * 5) for way in (wish, *freest(used, wish))]
    if any(wish[0] * x + wish[1] * y > 0.75 for x, y in used):
        places = places[1:]
    others = [point for other, point in enumerate(points) if other != node]
    free = (place for place in places if all(abs(place[0] - x) > half + 4 or abs(place[1] - y) > 9 for x, y in others))
    return next(free, places[0])


# ---- places ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _placed(nodes: int, edges: Edges, generators: tuple[tuple[int, ...], ...] = ()) -> tuple[Point, ...]:
    """As networks are laid out; where that has crossings, as an automorphism turns the graph; in a ring where that has fewer."""
    if nodes < 2:
        return ((0.0, 0.0),) * nodes
    bonds: dict[str, list[str]] = {str(node): [] for node in range(nodes)}
    for number, edge in enumerate(edges):
        for node in edge:
            bonds[str(node)].append(f"e{number}")
    net = Network({name: tuple(held) for name, held in bonds.items()}, {f"e{at}": 1 for at in range(len(edges))}, ())
    points = _scaled(tuple(layout(net).values()))
    crossed = crossings(points, edges)
    if len(edges) >= nodes and not _is_even(points, edges):
        found = turned(generators, nodes, edges)
        if found is not None and crossings(found, edges) <= crossed + nodes:
            return _scaled(found)
        points = _scaled(_upright(points, edges))
    if _nearest(points) < LEAST or crossed > crossings(ring(nodes), edges):
        return _scaled(ring(nodes))
    return points


def _scaled(points: Sequence[Point]) -> tuple[Point, ...]:
    """The nearest two a step apart, or as far as there is room for."""
    xs, ys = zip(*points, strict=True)
    longest = max(max(xs) - min(xs), max(ys) - min(ys))
    scale = min(STEP / _nearest(points), min(150, 80 + 4 * len(points)) / longest)
    return tuple((round(scale * (x - min(xs)), 3), round(scale * (y - min(ys)), 3)) for x, y in points)


def _nearest(points: Sequence[Point]) -> float:
    return math.sqrt(min(squared(a, b) for a, b in combinations(points, 2)))


def _is_even(points: Sequence[Point], edges: Edges) -> bool:
    """Whether all edges are of one length and none cross: nothing to improve."""
    lengths = [squared(points[a], points[b]) for a, b in edges]
    return max(lengths) < 1.1 * min(lengths) and not crossings(points, edges)


def _upright(points: tuple[Point, ...], edges: Edges) -> tuple[Point, ...]:
    """Turned so that as many edges as can be are level or plumb, to 3 degrees, the heavier half below."""
    ways = [direction(points[a], points[b]) for a, b in edges]

    def straight(turn: Point) -> int:
        tilts = (round(abs(x * turn[1] - y * turn[0]), 3) for x, y in ways)
        return sum(tilt < 0.053 or tilt > 0.998 for tilt in tilts)

    x, y = max([(1.0, 0.0), *ways], key=straight)
    made = [(round(u * x + v * y, 3), round(v * x - u * y, 3)) for u, v in points]
    heights = [v for _, v in made]
    sign = 1 if 2 * sum(heights) >= len(heights) * (min(heights) + max(heights)) else -1
    return tuple((u, sign * v) for u, v in made)
