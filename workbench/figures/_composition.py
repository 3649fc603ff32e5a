"""Two diagrams glued, and what they are together."""

__all__ = ["composition"]

from workbench.figures._diagram import Diagram as Drawing
from workbench.figures._drawing import decimal, escaped, half_width_of
from workbench.figures._equivariant_rows import ASIDE, FOOT, HEIGHT, TOP, rows_of
from workbench.figures._numbers import FigureError
from workbench.figures._pieces import STYLE, Piece, above, beside, number, said, standing
from workbench.symmetry import Diagram

TERMS = 12
"""So many terms are drawn at most."""
EDGE = 10
"""Pixels around the drawing."""


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
    terms = [_term(each, number(value)) for each, value in made.terms.items() if isinstance(each, Diagram)]
    shown = beside([_glued(upper, lower), *_signed(terms or [said("0", kind="sign")])], gap=EDGE)
    alt = f"({upper}) on ({lower}) is {made}"
    width, height = decimal(shown.width + 2 * EDGE), decimal(shown.height + 2 * EDGE)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wb-maps" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><title>{escaped(alt)}</title><style>{STYLE}</style>{shown.at(EDGE, EDGE)}</svg>'
    )
    return Drawing(svg, alt)


def _glued(upper: Diagram, lower: Diagram) -> Piece:
    """One above the other, the row between them shared."""
    pieces = [rows_of(upper), rows_of(lower)]
    heads = [ASIDE * (piece.width > _room(diagram)) for piece, diagram in zip(pieces, (upper, lower), strict=True)]
    room = max(piece.width - head for piece, head in zip(pieces, heads, strict=True))
    width = room + max(heads)
    drawn = [
        piece.at((room - piece.width + head) / 2, HEIGHT * at)
        for at, (piece, head) in enumerate(zip(pieces, heads, strict=True))
    ]
    return _framed(Piece(width, TOP + 2 * HEIGHT + FOOT, "".join(drawn)))


def _room(diagram: Diagram) -> float:
    """The width of a diagram without a head beside it."""
    return rows_of(
        Diagram(diagram.group, diagram.target, diagram.source, diagram.labels, (False,) * len(diagram.head))
    ).width


def _term(diagram: Diagram, words: str) -> Piece:
    piece = rows_of(diagram)
    width = max(piece.width, 2 * half_width_of(words, 12) + 8)
    return _framed(above(standing(piece, width, piece.height), said(words, kind="")))


def _signed(terms: list[Piece]) -> list[Piece]:
    return [said("=", kind="sign"), *terms]


def _framed(piece: Piece) -> Piece:
    frame = f'<rect class="frame" width="{decimal(piece.width)}" height="{decimal(piece.height)}" rx="4"/>'
    return Piece(piece.width, piece.height, frame + piece.body)
