"""Equivariant maps on a page: diagrams, orbits, null vectors, and what is made of them, a card each."""

__all__ = ["equivariant_diagrams"]

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
    of different colours have different shapes. Before an arrow stands the smallest bilabelled graph found that tells the orbit from
    all others, or from those whose indices are equal in the same places; below it in how many ways its nodes can go to nodes of the
    graph: marked ones where they are marked, ends of edges to ends of edges. A null vector is its matrix. Maps of products
    stand side by side, each above the name of its group; maps between direct sums above the names of their terms.

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
