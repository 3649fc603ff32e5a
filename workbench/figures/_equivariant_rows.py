"""Diagrams as two rows of dots, as the papers draw them: blocks are joined by lines, a head is a ring marked ε."""

__all__ = ["rows_of"]

from collections.abc import Sequence
from itertools import pairwise

from workbench.figures._pieces import Piece
from workbench.symmetry import Diagram

STEP, HEIGHT, SIDE, TOP, FOOT = 26, 44, 20, 18, 18
"""Pixels between vertices, between the rows, and around them."""
ASIDE = 40
"""Pixels for a head beside the rows."""


def rows_of(diagram: Diagram) -> Piece:
    """The indices of the output above, those of the input below."""
    top = len(diagram.target)
    rows = (top, len(diagram.source))
    room = 2 * SIDE + STEP * max(1, *(row - 1 for row in rows))
    aside = _is_aside(diagram)
    width, height = room + ASIDE * aside, TOP + HEIGHT + FOOT
    starts = [(room - STEP * (count - 1)) / 2 for count in rows]
    points = [(starts[v >= top] + STEP * (v - top * (v >= top)), TOP + HEIGHT * (v >= top)) for v in range(sum(rows))]
    drawn = []
    for block in (*diagram.blocks, *diagram.head_blocks):
        drawn += [_line(points[a], points[b]) for a, b in _links(block, top)]
    if diagram.head_blocks:
        drawn += _head(diagram, points, width - ASIDE + 12 if aside else width / 2, aside)
    drawn += [f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="4.5"/>' for x, y in points]
    if not points:
        drawn.append(f'<text x="{width / 2:g}" y="{TOP + HEIGHT / 2 + 4:g}">1</text>')
    return Piece(width, height, "".join(drawn))


def _is_aside(diagram: Diagram) -> bool:
    """Whether the head stands beside the rows: where a block goes from one row to the other."""
    top, blocks = len(diagram.target), (*diagram.blocks, *diagram.head_blocks)
    return bool(diagram.head_blocks) and any(block[0] < top <= block[-1] for block in blocks)


def _links(block: Sequence[int], top: int) -> list[tuple[int, int]]:
    """Lines that join a block: along each row, and once across, where it is shortest."""
    upper, lower = [v for v in block if v < top], [v for v in block if v >= top]
    links = [*pairwise(upper), *pairwise(lower)]
    if upper and lower:
        links.append(
            min(((a, b) for a in upper for b in lower), key=lambda pair: (abs(pair[0] - (pair[1] - top)), pair))
        )
    return links


def _line(a: tuple[float, float], b: tuple[float, float]) -> str:
    (x, y), (u, v) = a, b
    if y == v:
        bend = (1 if y == TOP else -1) * min(8 + 5 * abs(u - x) / STEP, 0.62 * HEIGHT)
        path = f"M{x:g} {y:g}C{x:g} {y + bend:g} {u:g} {v + bend:g} {u:g} {v:g}"
    else:
        middle = (y + v) / 2
        path = f"M{x:g} {y:g}C{x:g} {middle:g} {u:g} {middle:g} {u:g} {v:g}"
    return f'<path class="line" d="{path}"/>'


def _head(diagram: Diagram, points: Sequence[tuple[float, float]], x: float, aside: bool) -> list[str]:
    y, radius = TOP + HEIGHT / 2, 8
    drawn = []
    for block in diagram.head_blocks:
        if aside:
            u, v = max(points[vertex] for vertex in block)
            drawn.append(
                f'<path class="line" d="M{x - radius:g} {y:g}C{x - 16:g} {y:g} {(u + x) / 2:g} {v:g} {u:g} {v:g}"/>'
            )
        else:
            u, v = points[block[0]]
            drawn.append(_line((x, y + (radius if v > y else -radius)), (u, v)))
    if len(diagram.head_blocks) < diagram.group.n:
        end = x + radius + 9
        drawn.append(
            f'<path class="line" d="M{x + radius:g} {y:g}h9"/><circle class="end" cx="{end:g}" cy="{y:g}" r="2.5"/>'
        )
    ring = f'<circle class="head" cx="{x:g}" cy="{y:g}" r="{radius}"/><text x="{x:g}" y="{y + 4:g}">ε</text>'
    return [*drawn, ring]
