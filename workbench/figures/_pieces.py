"""What drawings of equivariant maps are put together from: pieces of SVG of a known size, side by side or one above the other."""

__all__ = ["STYLE", "Piece", "above", "beside", "number", "said", "standing"]

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from workbench.figures._drawing import decimal, escaped, half_width_of

LINE = 16
"""Pixels for a line of text."""
SMALL = 11
"""Pixels of letters."""
STYLE = """
.wb-maps{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;--ink:#747a85;--line:#747a85;--dot:#3f6fd8;--out:#d55e00;--in:#0072b2}
.wb-maps .line{fill:none;stroke:var(--line);stroke-width:2;stroke-linecap:round}
.wb-maps .edge{fill:none;stroke:var(--line);stroke-width:1.5}
.wb-maps .arrow,.wb-maps .node,.wb-maps .end{fill:var(--line)}
.wb-maps .dot{fill:var(--dot)}
.wb-maps .output{fill:var(--out)}
.wb-maps .input{fill:none;stroke:var(--in);stroke-width:2.5}
.wb-maps .above{fill:var(--out)}
.wb-maps .below{fill:var(--in)}
.wb-maps .phase{fill:var(--dot)}
.wb-maps .mark{stroke:#fff;stroke-width:1.5}
.wb-maps .faint{stroke:var(--ink)}
.wb-maps .head{fill:none;stroke:var(--line);stroke-width:2}
.wb-maps .frame,.wb-maps .grid{fill:none;stroke:var(--ink);stroke-opacity:.35}
.wb-maps text{fill:var(--ink);text-anchor:middle}
.wb-maps .small{font-size:11px}
.wb-maps .cell{font-size:11px;fill:#fff}
.wb-maps .sign{font-size:16px}
""".replace("\n", "")


@dataclass(frozen=True)
class Piece:
    """Some SVG in a box that starts at (0, 0)."""

    width: float
    height: float
    body: str

    def at(self, x: float, y: float) -> str:
        """The SVG with the box's corner there."""
        place = f' transform="translate({decimal(x)} {decimal(y)})"' if (decimal(x), decimal(y)) != ("0", "0") else ""
        return f"<g{place}>{self.body}</g>" if place else self.body


def said(*lines: str, kind: str = "small") -> Piece:
    """Lines of text."""
    width = max(2 * half_width_of(line, SMALL) for line in lines) + 8
    body = "".join(
        f'<text class="{kind}" x="{decimal(width / 2)}" y="{decimal(LINE * (at + 0.75))}">{escaped(line)}</text>'
        for at, line in enumerate(lines)
    )
    return Piece(width, LINE * len(lines), body)


def beside(pieces: Sequence[Piece], between: str = "", gap: float = 4) -> Piece:
    """From left to right, their middles level, with a sign between."""
    height = max(piece.height for piece in pieces)
    drawn, x = [], 0.0
    for at, piece in enumerate(pieces):
        if at:
            x += gap
            if between:
                drawn.append(
                    f'<text class="sign" x="{decimal(x + 8)}" y="{decimal(height / 2 + 5)}">{escaped(between)}</text>'
                )
                x += 16 + gap
        drawn.append(piece.at(x, (height - piece.height) / 2))
        x += piece.width
    return Piece(x, height, "".join(drawn))


def above(*pieces: Piece, gap: float = 0) -> Piece:
    """From top to bottom, centred."""
    width = max(piece.width for piece in pieces)
    drawn, y = [], 0.0
    for piece in pieces:
        drawn.append(piece.at((width - piece.width) / 2, y))
        y += piece.height + gap
    return Piece(width, y - gap, "".join(drawn))


def standing(piece: Piece, width: float, height: float) -> Piece:
    """In the middle of a larger box."""
    return Piece(width, height, piece.at((width - piece.width) / 2, (height - piece.height) / 2))


def number(value: int | Fraction | float | complex) -> str:
    """A coefficient in few digits; a fraction stays one."""
    return str(value) if isinstance(value, int | Fraction) else f"{value:.4g}"
