"""Equivariant maps on a page: diagrams, orbits, null vectors, and what is made of them, a card each."""

__all__ = ["composition", "equivariant_diagrams"]

import math
from dataclasses import dataclass

from workbench.figures._diagram import Diagram as Drawing
from workbench.figures._drawing import decimal, escaped, half_width_of
from workbench.figures._equivariant_cells import cells_of
from workbench.figures._equivariant_graphs import bilabelled_of, orbit_of
from workbench.figures._equivariant_rows import rows_of
from workbench.figures._numbers import FigureError
from workbench.figures._pieces import STYLE, Piece, above, beside, number, said, standing
from workbench.symmetry import BilabelledGraph, Combination, Diagram, EquivariantMap, Hom, MatrixGroup
from workbench.symmetry._product_hom import ProductMap, Rearranged
from workbench.symmetry._solved_hom import Invariant
from workbench.symmetry._sum_hom import Placed

SHOWN = 60
<<<<<<< HEAD
"""So many diagrams are drawn at most; the caption says how many there are."""
STEP, HEIGHT, SIDE, TOP, FOOT = 26, 44, 20, 18, 18
"""Pixels between vertices, between the rows, and around them."""
ASIDE = 40
"""Pixels for a head beside the rows."""
GLUED, WORDS, SIGN, TERMS = 10, 16, 30, 12
"""Pixels around a composition, for a coefficient under a diagram and for the sign of equality; and the most terms drawn."""
_STYLE = """
.wb-maps{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;--ink:#747a85;--line:#747a85;--dot:#3f6fd8}
.wb-maps .line{fill:none;stroke:var(--line);stroke-width:2;stroke-linecap:round}
.wb-maps .dot{fill:var(--dot)}
.wb-maps .head{fill:none;stroke:var(--line);stroke-width:2}
.wb-maps .end{fill:var(--line)}
.wb-maps .frame{fill:none;stroke:var(--ink);stroke-opacity:.35}
.wb-maps text{fill:var(--ink);text-anchor:middle}
""".replace("\n", "")
=======
"""So many maps are drawn at most; the caption says how many there are."""
LEGENDS = (
    ('class="node', "discs 1, 2 are outputs, rings 1', 2' inputs"),
    ("<polygon", "shapes are colours"),
    (
        "→</text>",
        "before an arrow the smallest graph found that tells the orbit apart, below in how many ways it maps there",
    ),
)
"""What is said below where a mark is drawn."""
>>>>>>> s-orbits


@dataclass(frozen=True)
class _Card:
    drawn: EquivariantMap | BilabelledGraph
    words: str


def equivariant_diagrams(
    of: EquivariantMap | BilabelledGraph | Combination | Hom, *, columns: int | None = None
) -> Drawing:
    """Draw an equivariant map, a linear combination of some, or those that span a `Hom`.

    Of a diagram the upper row of dots are the indices of the output, the lower row those of the input. Indices in one block are joined; a
    block of a single index is summed or repeated. The ring marked ε is a Levi-Civita tensor, whose legs go to its blocks in the
    order of their first indices; a leg that ends in a small dot is summed.

    An orbit is its first index tuple on the graph of the group: the outputs 1, 2, ... are discs, the inputs 1', 2', ... rings, and nodes
    of different colours have different shapes. To the left of an arrow stands the smallest bilabelled graph found that tells
    the orbit from all others, below it in how many ways its nodes can go to nodes of the graph: marked ones where they are marked,
    ends of edges to ends of edges. A null vector is its matrix. Maps of products stand side by side, each above the name of
    its group; maps between direct sums above the names of the terms they lead from and to.

    Under each map of a `Hom` stands its number in `hom.diagrams`, in brackets when it is not in `hom.basis()`; under those of a
    combination their coefficients.

    Parameters
    ----------
    of
        What to draw. Of more than 60 maps the first 60.
    columns
        Maps in a row; by default 6, fewer where they are wide.

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
    >>> from workbench.symmetry import C, S
    >>> equivariant_diagrams(S(3).hom(1, 1))
    <Diagram: Hom of S(3), V -> V: 2 diagrams, dimension 2: 1 1'; 1 | 1'>
    >>> equivariant_diagrams(C(3).hom(1, 1).basis()[1])
    <Diagram: orbit of 1 | 2>
    """
    if columns is not None and columns < 1:
        raise FigureError(f"maps stand in at least 1 column, not {columns}")
    cards, caption = _cards(of)
    if not cards:
        raise FigureError(f"{of} has no {of.noun if isinstance(of, Hom) else 'map'}s to draw")
    pieces = [_piece(card.drawn) for card in cards]
    foot = 18 if any(card.words for card in cards) else 0
    several = len(cards) > 1
    room = max([0.0, *(2 * half_width_of(card.words, 12) + 8 for card in cards)])
    width = math.ceil(max(room, *(piece.width + 12 * several for piece in pieces)))
    height = math.ceil(max(piece.height for piece in pieces)) + foot + 4 * several
    gap = 8 if several else 0
    across = min(columns or max(1, min(6, 760 // width)), len(cards))
    lines = [caption] if caption else []
    lines += [words for mark, words in LEGENDS if any(mark in piece.body for piece in pieces)]
    wide = max(float(across * (width + gap) + gap), *(6.2 * len(line) + 16 for line in lines), 0.0)
    high = math.ceil(len(cards) / across) * (height + gap) + gap + 18 * len(lines) + 4 * bool(lines)
    drawn = []
    for at, (card, piece) in enumerate(zip(cards, pieces, strict=True)):
        left, top = gap + at % across * (width + gap), gap + at // across * (height + gap)
        frame = f'<rect class="frame" width="{width}" height="{height}" rx="4"/>' if gap else ""
        words = f'<text x="{decimal(width / 2)}" y="{height - 7}">{escaped(card.words)}</text>' if card.words else ""
        drawn.append(Piece(0, 0, frame + standing(piece, width, height - foot).body + words).at(left, top))
    for at, line in enumerate(reversed(lines)):
        drawn.append(f'<text x="{decimal(wide / 2)}" y="{high - 7 - 18 * at}">{escaped(line)}</text>')
    alt = "; ".join(repr(card.drawn) for card in cards[:8]) + ("; ..." if len(cards) > 8 else "")
    alt = f"{caption}: {alt}" if caption else alt
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wb-maps" role="img" width="{wide:g}" height="{high}" '
        f'viewBox="0 0 {wide:g} {high}"><title>{escaped(alt)}</title><style>{STYLE}</style>{"".join(drawn)}</svg>'
    )
    return Drawing(svg, alt)


<<<<<<< HEAD
def composition(upper: Diagram, lower: Diagram) -> Drawing:
    """Draw `upper @ lower`: both diagrams, the inputs of the upper one on the outputs of the lower one, and what they are together.

    Under each diagram of the result stands its coefficient. Parts of the middle row that reach neither the top nor the bottom
    are factors of n.

    Returns
    -------
    Drawing
        A string: standalone SVG, the same to the byte on every machine.

    Raises
    ------
    SymmetryError
        When the two do not fit on each other.
    FigureError
        When the result has more than 12 diagrams.

    Examples
    --------
    >>> from workbench.symmetry import O
    >>> cup = O(3).hom(2, 2).diagrams[0]
    >>> composition(cup, cup)
    <Diagram: (1 2 | 1' 2') on (1 2 | 1' 2') is 3 · (1 2 | 1' 2')>
    """
    made = upper @ lower
    if len(made.terms) > TERMS:
        raise FigureError(f"({upper}) on ({lower}) is a sum of {len(made.terms)} diagrams; at most {TERMS} are drawn")
    pair = [_Card(upper, ""), _Card(lower, "")]
    room = max(each.width - ASIDE * each.aside for each in pair)
    stack = room + ASIDE * any(each.aside for each in pair)
    tall, low = TOP + 2 * HEIGHT + FOOT, TOP + HEIGHT + FOOT + WORDS
    height = max(tall, low) + 2 * GLUED
    drawn = [
        f'<g transform="translate({GLUED:g} {GLUED + HEIGHT * at:g})">{_card(each, room + ASIDE * each.aside, low)}</g>'
        for at, each in enumerate(pair)
    ]
    drawn.append(f'<rect class="frame" x="{GLUED}" y="{GLUED}" width="{stack:g}" height="{tall}" rx="4"/>')
    left = GLUED + stack
    middle = GLUED + tall / 2
    drawn.append(f'<text x="{left + SIGN / 2:g}" y="{middle + 4:g}">=</text>')
    left += SIGN
    terms = [_Card(_drawable(diagram), _coefficient(value)) for diagram, value in made.terms.items()]
    width = max((each.width for each in terms), default=0.0)
    for each in terms:
        frame = f'<rect class="frame" width="{width:g}" height="{low}" rx="4"/>'
        drawn.append(f'<g transform="translate({left:g} {middle - low / 2:g})">{frame}{_card(each, width, low)}</g>')
        left += width + GLUED
    if not terms:
        drawn.append(f'<text x="{left + 4:g}" y="{middle + 4:g}">0</text>')
        left += 2 * GLUED
    alt = f"({upper}) on ({lower}) is {made}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wb-maps" role="img" width="{left:g}" height="{height:g}" '
        f'viewBox="0 0 {left:g} {height:g}"><title>{escape(alt)}</title><style>{_STYLE}</style>{"".join(drawn)}</svg>'
    )
    return Drawing(svg, alt)


def _cards(of: Diagram | Combination | Hom) -> tuple[list[_Card], str]:
    if isinstance(of, Diagram):
        return [_Card(of, "")], ""
    if isinstance(of, Combination):
        return [_Card(_drawable(diagram), _coefficient(value)) for diagram, value in of.terms.items()], ""
    shown = of.diagrams[:SHOWN] if of.spanning_size <= SHOWN else of.basis()[:SHOWN]
    chosen = set(of.basis()) if of.spanning_size <= SHOWN else set(shown)
    cards = [_Card(_drawable(each), str(at) if each in chosen else f"({at})") for at, each in enumerate(shown)]
    if of.spanning_size <= SHOWN:
        return cards, repr(of)
    return cards, f"{of}; the first {len(cards)} of the basis"


def _coefficient(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


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
=======
def _cards(of: EquivariantMap | BilabelledGraph | Combination | Hom) -> tuple[list[_Card], str]:
    if isinstance(of, EquivariantMap | BilabelledGraph):
        return [_Card(of, "")], ""
    if isinstance(of, Combination):
        terms = list(of.terms.items())
        caption = f"the first {SHOWN} of {len(terms):,} terms" if len(terms) > SHOWN else ""
        return [_Card(each, number(value)) for each, value in terms[:SHOWN]], caption
    if of.spanning_size > SHOWN:
        shown = of.basis()[:SHOWN]
        return [_Card(each, str(at)) for at, each in enumerate(shown)], f"{of}; the first {len(shown)} of the basis"
    chosen = set(of.basis())
    return [_Card(each, str(at) if each in chosen else f"({at})") for at, each in enumerate(of.diagrams)], repr(of)


def _piece(of: EquivariantMap | BilabelledGraph) -> Piece:
    if isinstance(of, Diagram):
        return rows_of(of)
    if isinstance(of, BilabelledGraph):
        return bilabelled_of(of)
    if isinstance(of, Invariant):
        return cells_of(of) if isinstance(of.group, MatrixGroup) else orbit_of(of)
    if isinstance(of, ProductMap):
        parts = [part for part in of.parts if part.target or part.source] or of.parts[:1]
        return beside([above(_piece(part), said(repr(part.group))) for part in parts], "⊗")
    if isinstance(of, Rearranged):
        return _piece(of.inner)
    if isinstance(of, Placed):
        return above(_piece(of.inner), said(" -> ".join(of.ends)))
    raise FigureError(
        f"no drawing is known of {of}, a map of {of.group}; draw its matrix: plot({of}.matrix().to_dense())"
    )
>>>>>>> s-orbits
