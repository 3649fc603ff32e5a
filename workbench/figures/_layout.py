"""Where the tensors of a network are drawn: the textbook's shapes where one fits, equal distances otherwise.

Positions are whole numbers made by additions, multiplications and square roots, which round alike everywhere (sines are
rounded at once): the same network is laid out the same on every machine, so the drawings can be compared byte for byte.
"""

__all__ = ["SPACING", "layout"]

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from workbench.network import Network

SPACING = 180
"""Between neighbouring tensors, in the units of the drawing (pixels at its natural size)."""
ROW = 260
"""Between parts of a network that hang together by nothing, one above the other: their legs need room."""
WIDEST = 1_400

Point = tuple[float, float]
Node = tuple[str, str]
"""("tensor", name), or ("dot", index) where a hyperbond meets."""
Graph = Mapping[Node, Sequence[Node]]


def layout(net: Network, known: Mapping[str, Point] | None = None) -> dict[str, Point]:
    """Positions of the tensors, x to the right and y downwards, starting at (0, 0).

    Trains are chains, rings are circles, a tensor (or a hyperbond) that all others hang on is the middle of a star,
    trees have levels, grids are grids. Anything else is placed so that distances in the drawing are like distances in
    the network. Parts that are not connected stand side by side.

    Parameters
    ----------
    net
        The network.
    known
        Positions of some tensors: these stay, and the others go near their neighbours.

    Examples
    --------
    >>> from workbench.network import tensor_train
    >>> net = tensor_train((4, 5, 6), 2)
    >>> layout(net)
    {'A': (0.0, 0.0), 'B': (180.0, 0.0), 'C': (360.0, 0.0)}
    >>> layout(net, {"A": (0, 0), "C": (100, 300)})
    {'A': (0.0, 0.0), 'B': (50.0, 150.0), 'C': (100.0, 300.0)}
    """
    kept = {name: (float(known[name][0]), float(known[name][1])) for name in net.tensors if known and name in known}
    return _completed(net, kept) if kept else _from_scratch(net)


def _from_scratch(net: Network) -> dict[str, Point]:
    graph = _graph(net)
    positions: dict[str, Point] = {}
    left, top, lowest = 0.0, 0.0, 0.0
    for part in _parts(graph):
        points = _shape({node: graph[node] for node in part})
        xs, ys = [x for x, _ in points.values()], [y for _, y in points.values()]
        wide, tall = max(xs) - min(xs), max(ys) - min(ys)
        if left and left + wide > WIDEST:
            left, top = 0.0, lowest + ROW
        for (kind, name), (x, y) in points.items():
            if kind == "tensor":
                positions[name] = (float(round(left + x - min(xs))), float(round(top + y - min(ys))))
        lowest = max(lowest, top + tall)
        left += wide + SPACING
    return _from_origin({name: positions[name] for name in net.tensors})


def _completed(net: Network, kept: dict[str, Point]) -> dict[str, Point]:
    graph = _graph(net)
    missing = deque(name for name in net.tensors if name not in kept)
    waited = 0
    while missing:
        name = missing.popleft()
        near = [kept[each] for each in _neighbours(graph, name) if each in kept]
        if not near and waited < len(missing):
            missing.append(name)  # a neighbour may be placed first
            waited += 1
            continue
        waited = 0
        if near:
            wish = (sum(x for x, _ in near) / len(near), sum(y for _, y in near) / len(near))
        else:
            wish = (max(x for x, _ in kept.values()) + SPACING, min(y for _, y in kept.values()))
        x, y = _free_spot(wish, list(kept.values()))
        kept[name] = (float(round(x)), float(round(y)))
    return {name: kept[name] for name in net.tensors}


# ---- the network as a graph -----------------------------------------------------------------------------------------


def _graph(net: Network) -> dict[Node, list[Node]]:
    """Tensors and dots: an index on two tensors is an edge, one on more is a dot with an edge to each."""
    graph: dict[Node, list[Node]] = {("tensor", name): [] for name in net.tensors}
    for index in net.sizes:
        on: list[Node] = [("tensor", name) for name in dict.fromkeys(name for name, _ in net.holders(index))]
        if len(on) == 2:
            _link(graph, on[0], on[1])
        elif len(on) > 2:
            dot = ("dot", index)
            graph[dot] = []
            for node in on:
                _link(graph, dot, node)
    return graph


def _link(graph: dict[Node, list[Node]], a: Node, b: Node) -> None:
    if b not in graph[a]:
        graph[a].append(b)
        graph[b].append(a)


def _neighbours(graph: Graph, name: str) -> Iterator[str]:
    """The tensors next to a tensor, directly or across a dot."""
    for kind, other in graph["tensor", name]:
        if kind == "tensor":
            yield other
        else:
            yield from (far for _, far in graph["dot", other] if far != name)


def _parts(graph: Graph) -> list[list[Node]]:
    """The connected parts, each in the graph's order, ordered by their first node."""
    order = {node: at for at, node in enumerate(graph)}
    seen: set[Node] = set()
    parts = []
    for start in graph:
        if start not in seen:
            part = list(_distances(graph, start))
            seen.update(part)
            parts.append(sorted(part, key=order.__getitem__))
    return parts


def _distances(graph: Graph, start: Node) -> dict[Node, int]:
    """Steps from `start`, breadth first."""
    steps = {start: 0}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for other in graph[node]:
            if other not in steps:
                steps[other] = steps[node] + 1
                queue.append(other)
    return steps


# ---- shapes ---------------------------------------------------------------------------------------------------------


def _shape(graph: Graph) -> dict[Node, Point]:
    """The first shape that fits, the dots counted as nodes or else (they find a place of their own) left out."""
    for candidate in (
        graph,
        {node: [n for n in graph[node] if n[0] == "tensor"] for node in graph if node[0] == "tensor"},
    ):
        if len(_distances(candidate, next(iter(candidate)))) < len(candidate):
            continue
        for fits in (_chain, _circle, _star, _grid, _levels, _everyone, _arcs):
            if (points := fits(candidate)) is not None:
                return points
    return _equal_distances(graph)


def _chain(graph: Graph) -> dict[Node, Point] | None:
    ends = [node for node, around in graph.items() if len(around) < 2]
    if any(len(around) > 2 for around in graph.values()) or not ends:
        return None
    return {node: (SPACING * at, 0.0) for node, at in _distances(graph, ends[0]).items()}


def _circle(graph: Graph) -> dict[Node, Point] | None:
    if any(len(around) != 2 for around in graph.values()):
        return None
    first = next(iter(graph))
    walk = [
        first,
        graph[first][0],
    ]  # bonds are in the network's order, so this goes from A to B, not from A to the last
    while len(walk) < len(graph):
        walk.append(next(node for node in graph[walk[-1]] if node != walk[-2]))
    if len(walk) == 4:
        return dict(zip(walk, [(0.0, 0.0), (SPACING, 0.0), (SPACING, SPACING), (0.0, SPACING)], strict=True))
    return dict(zip(walk, _around(len(walk)), strict=True))


def _star(graph: Graph) -> dict[Node, Point] | None:
    middle = max(graph, key=lambda node: len(graph[node]))
    rest = [node for node in graph if node != middle]
    if any(list(graph[node]) != [middle] for node in rest):
        return None
    if len(rest) == 3:  # as in the textbooks: left, right and down
        around = [(-1.2 * SPACING, 0.0), (1.2 * SPACING, 0.0), (0.0, SPACING)]
    else:
        around = _around(len(rest), least=0.9 * SPACING)
    return {middle: (0.0, 0.0), **dict(zip(rest, around, strict=True))}


def _around(count: int, least: float = 0.0) -> list[Point]:
    """Points on a circle, clockwise, neighbours about `SPACING` apart: three stand on a base, four on the diagonals."""
    radius = max(least, SPACING / (2 * math.sin(math.pi / count)), 0.6 * SPACING)
    start = -math.pi / 2 if count % 2 else -math.pi / 2 - math.pi / count
    turns = [start + 2 * math.pi * k / count for k in range(count)]
    return [(round(radius * math.cos(turn), 3), round(radius * math.sin(turn), 3)) for turn in turns]


def _grid(graph: Graph) -> dict[Node, Point] | None:
    """Distances from two corners of one side give row and column; then every bond must join neighbours."""
    corners = [node for node, around in graph.items() if len(around) == 2]
    if len(corners) != 4 or any(kind == "dot" for kind, _ in graph) or max(map(len, graph.values())) > 4:
        return None
    from_first = _distances(graph, corners[0])
    for corner in sorted(corners[1:], key=from_first.__getitem__, reverse=True)[1:]:  # not the corner across
        wide = from_first[corner]
        from_second = _distances(graph, corner)
        cells = {}
        for node, far in from_first.items():
            twice_row = far + from_second[node] - wide
            if twice_row % 2:
                break
            cells[node] = (far - twice_row // 2, twice_row // 2)
        height = len(graph) // (wide + 1)
        wanted = {(x, y) for x in range(wide + 1) for y in range(height)}
        if len(cells) == len(graph) and set(cells.values()) == wanted and _all_neighbours(graph, cells):
            first, second = _reading_order(list(graph), cells)
            return {node: (SPACING * float(cell[first]), SPACING * float(cell[second])) for node, cell in cells.items()}
    return None


def _all_neighbours(graph: Graph, cells: Mapping[Node, tuple[int, int]]) -> bool:
    steps = (
        abs(cells[node][0] - cells[other][0]) + abs(cells[node][1] - cells[other][1])
        for node, around in graph.items()
        for other in around
    )
    return all(step == 1 for step in steps)


def _reading_order(nodes: Sequence[Node], cells: Mapping[Node, tuple[int, int]]) -> tuple[int, int]:
    """Which coordinate runs across: the one in which the first tensors of the network follow each other."""
    return (0, 1) if cells[nodes[0]][1] == cells[nodes[1]][1] else (1, 0)


def _levels(graph: Graph) -> dict[Node, Point] | None:
    """A tree, its middle (one node, or two joined by an edge) at the top, every parent centred over its children."""
    if sum(map(len, graph.values())) != 2 * (len(graph) - 1):
        return None
    reach = {node: max(_distances(graph, node).values()) for node in graph}
    roots = [node for node in graph if reach[node] == min(reach.values())]
    depth = dict.fromkeys(roots, 0)
    order = list(roots)
    for node in order:  # grows while we walk: breadth first
        for other in graph[node]:
            if other not in depth:
                depth[other] = depth[node] + 1
                order.append(other)
    points: dict[Node, Point] = {}
    leaves = 0
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, children_done = stack.pop()
        children = [other for other in graph[node] if depth[other] > depth[node]]
        y = 0.9 * SPACING * depth[node]
        if not children:
            points[node] = (float(SPACING * leaves), y)
            leaves += 1
        elif children_done:
            points[node] = ((points[children[0]][0] + points[children[-1]][0]) / 2, y)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(children))
    return points


def _everyone(graph: Graph) -> dict[Node, Point] | None:
    """A bond between every two: a circle."""
    if any(len(around) < len(graph) - 1 for around in graph.values()):
        return None
    return dict(zip(graph, _around(len(graph)), strict=True))


def _arcs(graph: Graph) -> dict[Node, Point] | None:
    """A chain in the network's order with a few longer bonds, which are drawn as arcs."""
    nodes = list(graph)
    if any(b not in graph[a] for a, b in pairwise(nodes)):
        return None
    extra = sum(map(len, graph.values())) // 2 - (len(nodes) - 1)
    return {node: (SPACING * at, 0.0) for at, node in enumerate(nodes)} if extra <= len(nodes) // 2 else None


def _equal_distances(graph: Graph) -> dict[Node, Point]:
    """Stress majorisation (Gansner, Koren and North, 2004): distances drawn approach distances in the graph.

    Weights are 1 / distance², the start is a circle in breadth-first order. Written without NumPy, whose sums differ
    in the last bit between processors; large networks get fewer rounds, to stay under a second.
    """
    nodes = list(_distances(graph, next(iter(graph))))
    steps = [_distances(graph, node) for node in nodes]
    want = [[SPACING * 0.8 * steps[i][other] for other in nodes] for i in range(len(nodes))]
    points = _around(len(nodes))
    for _ in range(max(4, min(100, 400_000 // len(nodes) ** 2))):
        moved = []
        for i, (x, y) in enumerate(points):
            total = to_x = to_y = 0.0
            for j, (other_x, other_y) in enumerate(points):
                if i == j:
                    continue
                weight = 1.0 / (want[i][j] * want[i][j])
                dx, dy = x - other_x, y - other_y
                stretch = want[i][j] / max(math.sqrt(dx * dx + dy * dy), 1.0)
                total += weight
                to_x += weight * (other_x + stretch * dx)
                to_y += weight * (other_y + stretch * dy)
            moved.append((to_x / total, to_y / total))
        points = moved
    taken: list[Point] = []
    for x, y in points:
        taken.append(_free_spot((float(round(x)), float(round(y))), taken))
    return dict(zip(nodes, taken, strict=True))


def _free_spot(wish: Point, taken: Sequence[Point]) -> Point:
    """The first place at or around `wish` that is 80 away from all that are taken."""
    compass = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, -1), (-1, 1))
    ring = 0
    while True:
        for dx, dy in compass if ring else compass[:1]:
            spot = (wish[0] + ring * 80.0 * dx, wish[1] + ring * 80.0 * dy)
            if all((spot[0] - x) ** 2 + (spot[1] - y) ** 2 >= 80.0**2 for x, y in taken):
                return spot
        ring += 1


def _from_origin(positions: dict[str, Point]) -> dict[str, Point]:
    if not positions:
        return {}
    left, top = min(x for x, _ in positions.values()), min(y for _, y in positions.values())
    return {name: (x - left, y - top) for name, (x, y) in positions.items()}
