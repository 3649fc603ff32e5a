"""How diagrams compose and how they stand side by side.

To compose two diagrams, the lower row of the upper one is glued to the upper row of the lower one. What is left of the
middle are components: those that reach no outer vertex are a factor of n each; two heads become a sum over permutations by
ε(i) ε(j) = det δ(i, j); a head with two legs in one component vanishes. For Sp, every two forms met along a path give a sign.

Source: Pearce-Crump, arXiv 2304.14144 (the categories); Grood, *The rook partition algebra*, and Brauer (1937).
"""

__all__ = ["composed", "juxtaposed"]

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

from workbench.symmetry import _families as families
from workbench.symmetry._combination import Terms
from workbench.symmetry._diagram import Diagram, parity
from workbench.symmetry._groups import Duals


def composed(upper: Diagram, lower: Diagram) -> Terms:
    """First `lower`, then `upper`."""
    top, middle = len(upper.target), len(upper.source)
    glued = _Glued(top + middle + len(lower.source))
    heads = [glued.take(upper, 0), glued.take(lower, top)]
    outer = {
        vertex: vertex if vertex < top else vertex - middle
        for vertex in glued.vertices
        if not top <= vertex < top + middle
    }
    sign = _sign_of_paths(upper, lower) if upper.group.family is families.SYMPLECTIC else 1
    target, source = upper.target, lower.source
    return _straightened(upper, target, source, *glued.components(outer, heads, upper.group.n), sign)


def juxtaposed(left: Diagram, right: Diagram) -> Terms:
    """`left` beside `right`."""
    size = len(left.labels)
    glued = _Glued(size + len(right.labels))
    heads = [glued.take(left, 0), glued.take(right, size)]
    a, b, c, d = len(left.target), len(right.target), len(left.source), len(right.source)
    places = [*range(a), *range(a + b, a + b + c), *range(a, a + b), *range(a + b + c, a + b + c + d)]
    target, source = left.target + right.target, left.source + right.source
    return _straightened(left, target, source, *glued.components(dict(enumerate(places)), heads, left.group.n), 1)


class _Glued:
    """Vertices of two diagrams, joined into components."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    @property
    def vertices(self) -> range:
        return range(len(self.parent))

    def find(self, vertex: int) -> int:
        while self.parent[vertex] != vertex:
            vertex = self.parent[vertex]
        return vertex

    def join(self, vertices: Sequence[int]) -> None:
        for vertex in vertices[1:]:
            self.parent[self.find(vertex)] = self.find(vertices[0])

    def take(self, diagram: Diagram, shift: int) -> list[int]:
        """Join the diagram's blocks; a vertex of every block on its head is given back."""
        for block in (*diagram.blocks, *diagram.head_blocks):
            self.join([vertex + shift for vertex in block])
        return [block[0] + shift for block in diagram.head_blocks]

    def components(
        self, outer: Mapping[int, int], heads: Iterable[list[int]], n: int
    ) -> tuple[list[list[int]], list[list[int]]]:
        """The outer vertices of every component, and for every head the components on its legs."""
        number = {root: at for at, root in enumerate(dict.fromkeys(map(self.find, self.vertices)))}
        components: list[list[int]] = [[] for _ in number]
        for vertex, place in outer.items():
            components[number[self.find(vertex)]].append(place)
        legs = []
        for ends in heads:
            if ends:
                on = [number[self.find(vertex)] for vertex in ends]
                while len(on) < n:  # the summed leg ends in a component of its own
                    on.append(len(components))
                    components.append([])
                legs.append(on)
        return components, legs


def _straightened(
    like: Diagram, target: Duals, source: Duals, components: list[list[int]], heads: list[list[int]], sign: int
) -> Terms:
    """Components and heads as a combination of diagrams."""
    n = like.group.n
    if len(heads) == 2:
        return _sum(
            (
                _straightened(like, target, source, _merged(components, zip(heads[0], images, strict=True)), [], sign),
                swaps,
            )
            for images, swaps in _signed(heads[1])
        )
    if not heads:
        loops = sum(not each for each in components)
        return {_diagram(like, target, source, [each for each in components if each], []): sign * n**loops}
    legs = heads[0]
    ending = [leg for leg in legs if not components[leg]]
    if len(set(legs)) < n or len(ending) > 1:
        return {}  # antisymmetric in two legs that are the same, or both summed
    loose = [at for at in range(len(components)) if at not in legs and components[at]]
    if loose and like.group.family is families.ALTERNATING:  # an index equals that of one of the n legs
        parts = []
        for leg in legs:
            grown = [list(each) for each in components]
            grown[leg], grown[loose[0]] = grown[leg] + grown[loose[0]], []
            without = [each for at, each in enumerate(grown) if at != loose[0]]
            moved = [at - (at > loose[0]) for at in legs]
            parts.append((_straightened(like, target, source, without, [moved], sign), 1))
        return _sum(parts)
    loops = sum(not each for at, each in enumerate(components) if at not in legs)
    order = sorted(range(n), key=lambda leg: min(components[legs[leg]], default=len(target) + len(source)))
    ordered = [components[legs[leg]] for leg in order if components[legs[leg]]]
    made = _diagram(like, target, source, [components[at] for at in loose], ordered)
    return {made: sign * parity(tuple(order)) * n**loops}


def _signed(legs: Sequence[int]) -> Iterable[tuple[list[int], int]]:
    for order in permutations(range(len(legs))):
        yield [legs[at] for at in order], parity(order)


def _merged(components: list[list[int]], pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    glued = _Glued(len(components))
    for pair in pairs:
        glued.join(pair)
    found: dict[int, list[int]] = {}
    for at, component in enumerate(components):
        found.setdefault(glued.find(at), []).extend(component)
    return list(found.values())


def _sum(parts: Iterable[tuple[Terms, int]]) -> Terms:
    total: Terms = {}
    for terms, factor in parts:
        for diagram, value in terms.items():
            total[diagram] = total.get(diagram, 0) + factor * value
    return {diagram: value for diagram, value in total.items() if value}


def _diagram(like: Diagram, target: Duals, source: Duals, blocks: list[list[int]], head: list[list[int]]) -> Diagram:
    size = len(target) + len(source)
    block_of, on_head = [0] * size, [False] * size
    for number, block in enumerate((*blocks, *head)):
        for vertex in block:
            block_of[vertex], on_head[vertex] = number, number >= len(blocks)
    names = {old: new for new, old in enumerate(dict.fromkeys(block_of))}
    return Diagram(like.group, target, source, tuple(names[old] for old in block_of), tuple(on_head))


def _sign_of_paths(upper: Diagram, lower: Diagram) -> int:
    """The sign that symplectic forms met along paths and loops leave: J J = -1, and J read backwards is -J."""
    top, middle = len(upper.target), len(upper.source)
    size = top + middle + len(lower.source)
    steps: list[list[tuple[int, int, int]]] = [[] for _ in range(size)]  # vertex -> (other, whether a form, its sign)
    for diagram, shift in ((upper, 0), (lower, top)):
        rows = len(diagram.target)
        for a, b in diagram.blocks:
            form = int((a < rows) == (b < rows))
            steps[a + shift].append((b + shift, form, 1))
            steps[b + shift].append((a + shift, form, -1 if form else 1))
    total, seen = 1, [False] * size

    def walk(start: int) -> None:
        nonlocal total
        vertex, came, forms = start, (-1, -1), 0
        while True:
            seen[vertex] = True
            onward = [at for at in range(len(steps[vertex])) if (vertex, at) != came]
            if not onward:
                break
            other, form, sign = steps[vertex][onward[0]]
            back = next(at for at, step in enumerate(steps[other]) if step == (vertex, form, -sign if form else 1))
            forms, total, vertex, came = forms + form, total * sign, other, (other, back)
            if vertex == start:
                break
        total *= (-1) ** (forms // 2)

    for vertex in (*range(top), *range(top + middle, size)):
        if not seen[vertex]:
            walk(vertex)
    for vertex in range(top, top + middle):
        if not seen[vertex]:
            walk(vertex)
    return total
