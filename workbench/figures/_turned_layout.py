"""Where the nodes of a graph with a turning symmetry are drawn: on circles, one for each cycle of an automorphism."""

__all__ = ["crossings", "ring", "turned"]

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from workbench.figures._plane import Point, is_on, squared

MOST_ELEMENTS = 1_000
"""So many automorphisms are looked at,"""
MOST_DRAWN = 12
"""and of so many of each order drawings are compared."""
Edges = Sequence[tuple[int, int]]
Permutation = tuple[int, ...]


def turned(generators: Sequence[Permutation], nodes: int, edges: Edges) -> tuple[Point, ...] | None:
    """Places on circles around the origin, the largest of radius 1; of all the drawing with the fewest crossings.

    None where no automorphism has cycles of one length, 3 or more, and at most one fixed node besides.
    """
    best: tuple[tuple[int, int, float], tuple[Point, ...]] | None = None
    drawn: dict[int, int] = {}
    for element in _elements(generators, nodes):
        cycles = _cycles(element)
        lengths = {len(cycle) for cycle in cycles} - {1}
        order = max(lengths, default=1)
        if len(lengths) != 1 or order < 3 or sum(len(cycle) == 1 for cycle in cycles) > 1:
            continue
        drawn[order] = drawn.get(order, 0) + 1
        if drawn[order] > MOST_DRAWN:
            continue
        for points in _drawings(cycles, nodes, edges):
            length = sum(math.sqrt(squared(points[a], points[b])) for a, b in edges)
            score = crossings(points, edges), -order, round(length, 3)
            if best is None or score < best[0]:
                best = score, points
    return best[1] if best else None


def _elements(generators: Sequence[Permutation], nodes: int) -> Iterator[Permutation]:
    """Products of generators, breadth first."""
    found = {tuple(range(nodes))}
    queue = list(found)
    for element in queue:
        yield element
        for images in generators:
            made = tuple(images[at] for at in element)
            if made not in found and len(found) < MOST_ELEMENTS:
                found.add(made)
                queue.append(made)


def _cycles(element: Permutation) -> list[list[int]]:
    seen: set[int] = set()
    cycles = []
    for start in range(len(element)):
        if start not in seen:
            cycle = [start]
            while element[cycle[-1]] != start:
                cycle.append(element[cycle[-1]])
            seen.update(cycle)
            cycles.append(cycle)
    return cycles


def _drawings(cycles: list[list[int]], nodes: int, edges: Edges) -> Iterator[tuple[Point, ...]]:
    """Each cycle once as the outermost circle, the next always one that is joined to those there, turned so that edges are short."""
    circles = [cycle for cycle in cycles if len(cycle) > 1]
    middle = [cycle[0] for cycle in cycles if len(cycle) == 1]
    near: dict[int, set[int]] = {node: set() for node in range(nodes)}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    for outermost in circles:
        points: dict[int, Point] = dict.fromkeys(middle, (0.0, 0.0))
        left = list(circles)
        chosen = outermost
        for at in range(len(circles)):
            left.remove(chosen)
            radius = (len(circles) - at) / len(circles)
            lengths = {_length(points, made, near): made for made in reversed(list(_turns(chosen, radius)))}
            points |= lengths[min(lengths)]
            if left:
                chosen = max(left, key=lambda cycle: sum(len(near[node] & points.keys()) for node in cycle))
        yield tuple(points[node] for node in range(nodes))


def _turns(cycle: list[int], radius: float) -> Iterator[dict[int, Point]]:
    """The cycle on a circle, turned by any number of half steps; squares first stand on a side."""
    spots = ring(2 * len(cycle), radius)
    first = len(spots) - 1 if len(cycle) == 4 else 0
    for turn in range(first, first + len(spots)):
        yield {node: spots[(turn + 2 * at) % len(spots)] for at, node in enumerate(cycle)}


def _length(points: dict[int, Point], made: dict[int, Point], near: dict[int, set[int]]) -> float:
    """Of the edges from new points to those there; rounded, as equal ones shall be equal."""
    joined = ((at, points[other]) for node, at in made.items() for other in near[node] if other in points)
    return round(sum(math.sqrt(squared(a, b)) for a, b in joined), 3)


def ring(count: int, radius: float = 1.0) -> tuple[Point, ...]:
    """Points on a circle, clockwise from the top."""
    turns = [2 * math.pi * at / count for at in range(count)]
    return tuple((round(radius * math.sin(turn), 4), round(-radius * math.cos(turn), 4)) for turn in turns)


def crossings(points: Sequence[Point], edges: Edges) -> int:
    """How many pairs of edges cross; a node on an edge is as bad as eight of them."""
    near = 0.04 * max(max(abs(x), abs(y)) for x, y in points)
    through = sum(
        is_on(points[node], points[a], points[b], near)
        for a, b in edges
        for node in range(len(points))
        if node not in (a, b)
    )
    crossed = sum(
        not {a, b} & {c, d}
        and _side(points[a], points[b], points[c]) * _side(points[a], points[b], points[d]) < 0
        and _side(points[c], points[d], points[a]) * _side(points[c], points[d], points[b]) < 0
        for (a, b), (c, d) in combinations(edges, 2)
    )
    return crossed + 8 * through


def _side(a: Point, b: Point, c: Point) -> float:
    """Positive to one side of the line from a to b; rounded, so that on the line is on the line on every machine."""
    return round((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]), 6)
