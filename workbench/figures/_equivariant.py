"""Diagrams of equivariant maps as the papers draw them: two rows of dots, blocks joined by lines."""

__all__ = ["equivariant_diagrams"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from workbench.figures._diagram import Diagram as Drawing
from workbench.figures._numbers import FigureError
from workbench.symmetry import Combination, Diagram, EquivariantMap, Hom

SHOWN = 60
"""So many diagrams are drawn at most; the caption says how many there are."""
STEP, HEIGHT, SIDE, TOP, FOOT = 26, 44, 20, 18, 18
"""Pixels between vertices, between the rows, and around them."""
ASIDE = 40
"""Pixels for a head beside the rows."""
_STYLE = """
.wb-maps{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;--ink:#747a85;--line:#747a85;--dot:#3f6fd8}
.wb-maps .line{fill:none;stroke:var(--line);stroke-width:2;stroke-linecap:round}
.wb-maps .dot{fill:var(--dot)}
.wb-maps .head{fill:none;stroke:var(--line);stroke-width:2}
.wb-maps .end{fill:var(--line)}
.wb-maps .frame{fill:none;stroke:var(--ink);stroke-opacity:.35}
.wb-maps text{fill:var(--ink);text-anchor:middle}
""".replace("\n", "")


@dataclass(frozen=True)
class _Card:
    diagram: Diagram
    words: str

    @property
    def width(self) -> float:
        rows = (len(self.diagram.target), len(self.diagram.source))
        return 2 * SIDE + STEP * max(1, *(row - 1 for row in rows)) + ASIDE * self.aside

    @property
    def aside(self) -> bool:
        """Whether the head stands beside the rows: where a block goes from one row to the other."""
        top, blocks = len(self.diagram.target), (*self.diagram.blocks, *self.diagram.head_blocks)
        return bool(self.diagram.head_blocks) and any(block[0] < top <= block[-1] for block in blocks)


def equivariant_diagrams(of: Diagram | Combination | Hom, *, columns: int = 6) -> Drawing:
    """Draw a diagram, a linear combination of some, or the diagrams of a `Hom`.

    The upper row of dots are the indices of the output, the lower row those of the input. Indices in one block are joined; a block
    of a single index is summed or repeated. The ring marked ε is a Levi-Civita tensor, whose legs go to its blocks in the order of
    their first indices; a leg that ends in a small dot is summed. Under each diagram of a `Hom` stands its number in
    `hom.diagrams`, in brackets when it is not in `hom.basis()`; under those of a combination their coefficients.

    Parameters
    ----------
    of
        What to draw. Of a `Hom` with more than 60 diagrams the first 60.
    columns
        Diagrams in a row.

    Returns
    -------
    Drawing
        A string: standalone SVG, the same to the byte on every machine.

    Raises
    ------
    FigureError
        When there is nothing to draw.

    Examples
    --------
    >>> from workbench.symmetry import S
    >>> equivariant_diagrams(S(3).hom(1, 1))
    <Diagram: Hom of S(3), V -> V: 2 diagrams, dimension 2: 1 1'; 1 | 1'>
    """
    if columns < 1:
        raise FigureError(f"diagrams stand in at least 1 column, not {columns}")
    cards, caption = _cards(of)
    if not cards:
        raise FigureError(f"{of} has no diagrams to draw")
    width, height = (
        max(card.width for card in cards),
        TOP + HEIGHT + FOOT + (16 if any(card.words for card in cards) else 0),
    )
    across = min(columns, len(cards))
    gap = 8 if len(cards) > 1 else 0
    page = (
        across * (width + gap) + gap,
        math.ceil(len(cards) / across) * (height + gap) + gap + (22 if caption else 0),
    )
    drawn = []
    for at, card in enumerate(cards):
        left, top = gap + at % across * (width + gap), gap + at // across * (height + gap)
        frame = f'<rect class="frame" width="{width}" height="{height}" rx="4"/>' if gap else ""
        drawn.append(f'<g transform="translate({left} {top})">{frame}{_card(card, width, height)}</g>')
    if caption:
        page = (max(page[0], 6.2 * len(caption) + 16), page[1])
        drawn.append(f'<text x="{page[0] / 2:g}" y="{page[1] - 7:g}">{escape(caption)}</text>')
    alt = "; ".join(repr(card.diagram) for card in cards[:8]) + ("; ..." if len(cards) > 8 else "")
    alt = f"{caption}: {alt}" if caption else alt
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wb-maps" role="img" width="{page[0]:g}" height="{page[1]:g}" '
        f'viewBox="0 0 {page[0]:g} {page[1]:g}"><title>{escape(alt)}</title><style>{_STYLE}</style>{"".join(drawn)}</svg>'
    )
    return Drawing(svg, alt)


def _cards(of: Diagram | Combination | Hom) -> tuple[list[_Card], str]:
    if isinstance(of, Diagram):
        return [_Card(of, "")], ""
    if isinstance(of, Combination):
        return [_Card(_drawable(diagram), str(value)) for diagram, value in of.terms.items()], ""
    shown = of.diagrams[:SHOWN] if of.spanning_size <= SHOWN else of.basis()[:SHOWN]
    chosen = set(of.basis()) if of.spanning_size <= SHOWN else set(shown)
    cards = [_Card(_drawable(each), str(at) if each in chosen else f"({at})") for at, each in enumerate(shown)]
    if of.spanning_size <= SHOWN:
        return cards, repr(of)
    return cards, f"{of}; the first {len(cards)} of the basis"


def _drawable(of: EquivariantMap) -> Diagram:
    if not isinstance(of, Diagram):
        raise FigureError(f"{of} is no diagram; only diagrams are drawn, other maps are shown by their matrix")
    return of


def _card(card: _Card, width: float, height: float) -> str:
    diagram = card.diagram
    top = len(diagram.target)
    rows = (top, len(diagram.source))
    room = width - ASIDE * card.aside
    starts = [(room - STEP * (count - 1)) / 2 for count in rows]
    points = [(starts[v >= top] + STEP * (v - top * (v >= top)), TOP + HEIGHT * (v >= top)) for v in range(sum(rows))]
    drawn = []
    for block in (*diagram.blocks, *diagram.head_blocks):
        drawn += [_line(points[a], points[b]) for a, b in _links(block, top)]
    if diagram.head_blocks:
        drawn += _head(diagram, points, width - ASIDE + 12 if card.aside else width / 2, card.aside)
    drawn += [f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="4.5"/>' for x, y in points]
    if not points:
        drawn.append(f'<text x="{width / 2:g}" y="{TOP + HEIGHT / 2 + 4:g}">1</text>')
    if card.words:
        drawn.append(f'<text x="{width / 2:g}" y="{height - 8:g}">{escape(card.words)}</text>')
    return "".join(drawn)


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
