"""Null vectors as pictures of their matrices: one cell for every entry."""

__all__ = ["cells_of"]

import math

import torch

from workbench.figures._drawing import decimal, tooltip
from workbench.figures._pieces import Piece, number, said
from workbench.symmetry import EquivariantMap

MOST = 16
"""So many rows and columns are drawn at most."""
NUMBERED = 20
"""Pixels of a cell that holds its number, where that is short and"""
STRONG = 0.6
"""where the entry is more than that of the largest."""


def cells_of(of: EquivariantMap) -> Piece:
    """Positive entries in one colour, negative ones in another and with a bar, strong where they are large.

    Complex entries are the hands of clocks: to the right is 1, up is i. Larger matrices are described in words.
    """
    rows, columns = (math.prod(of.group.sizes(space)) for space in (of.target, of.source))
    if max(rows, columns) > MOST:
        count = len(of.entries()[1])
        return said(
            repr(of), f"{rows:,} × {columns:,} matrix,", f"{count:,} {'entry' if count == 1 else 'entries'} not 0"
        )
    matrix = of.matrix().to_dense()
    size = float(max(9, min(26, 104 // max(rows, columns))))
    largest = float(matrix.abs().max())
    drawn = [
        _cell(complex(matrix[row, column]), largest, (2 + size * column, 2 + size * row), size)
        for row, column in torch.nonzero(matrix).tolist()
    ]
    lines = [f"M{decimal(2 + size * at)} 2v{decimal(size * rows)}" for at in range(columns + 1)]
    lines += [f"M2 {decimal(2 + size * at)}h{decimal(size * columns)}" for at in range(rows + 1)]
    return Piece(size * columns + 4, size * rows + 4, f'{"".join(drawn)}<path class="grid" d="{"".join(lines)}"/>')


def _cell(value: complex, largest: float, corner: tuple[float, float], size: float) -> str:
    x, y = corner[0] + size / 2, corner[1] + size / 2
    real = abs(value.imag) < 1e-9 * largest
    kind = "phase" if not real else "above" if value.real > 0 else "below"
    words = number(value.real if real else value)
    strength = abs(value) / largest
    square = (
        f'<rect class="{kind}" x="{decimal(corner[0])}" y="{decimal(corner[1])}" width="{decimal(size)}" height="{decimal(size)}" '
        f'fill-opacity="{decimal(0.2 + 0.8 * strength)}">{tooltip(words)}</rect>'
    )
    mark = "mark" if strength > STRONG else "faint mark"  # white on a strong colour
    if not real:
        reach = 0.42 * size / abs(value)
        return f'{square}<path class="{mark}" d="M{decimal(x)} {decimal(y)}l{decimal(reach * value.real)} {decimal(-reach * value.imag)}"/>'
    if size >= NUMBERED and len(words) <= 4 and strength > STRONG:
        return f'{square}<text class="cell" x="{decimal(x)}" y="{decimal(y + 4)}">{words.replace("-", "−")}</text>'
    bar = f'<path class="{mark}" d="M{decimal(x - size / 5)} {decimal(y)}h{decimal(size / 2.5)}"/>'
    return square + bar * (value.real < 0)
