"""A basis of diagrams, cut into halves and applied all at once: one matrix product for every number of indices that go through."""

__all__ = ["Maps"]

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from workbench.network._contract import fixed_tensor
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Form
from workbench.symmetry._halves import Half, Run, contracted, cut

if TYPE_CHECKING:
    from workbench.symmetry._hom import Diagrams

LARGEST_HEAD = 8
"""A head is applied as a dense Levi-Civita tensor: of n ** n entries, 17 million for n = 8."""


class _Column(NamedTuple):
    """What one column of a product is made of: a lower half, where its indices go, and how many blocks are on the head."""

    lower: int
    images: tuple[int, ...]
    legs: int


class _Cell(NamedTuple):
    """Where one diagram stands in its product."""

    upper: int
    column: _Column
    weight: int
    sign: int


class _Product(NamedTuple):
    """All diagrams with the same numbers of indices: of those that arrive at the upper halves, `through` come from below."""

    arriving: int
    through: int
    columns: tuple[_Column, ...]
    uppers: tuple[int, ...]


class Maps(nn.Module):
    """How a basis of diagrams is applied. Holds no parameters: tables that move with the layer, and are not saved.

    Parameters
    ----------
    diagrams
        The basis.

    Raises
    ------
    SymmetryError
        When there are heads of a group with n > 8.
    """

    _epsilon: torch.Tensor

    def __init__(self, diagrams: "Diagrams") -> None:
        super().__init__()
        hom = diagrams.hom
        self.n, self.rank = hom.group.n, len(hom.source)
        self.form = runs(hom.group.form, self.n)
        lowers: dict[Half, int] = {}
        uppers: dict[Half, int] = {}
        cells: dict[tuple[int, int], list[_Cell]] = defaultdict(list)
        for weight, diagram in enumerate(diagrams):
            if diagram.head_blocks and self.n > LARGEST_HEAD:
                raise SymmetryError(
                    f"{diagram} of {hom.group} has a head: a tensor of {self.n}^{self.n} entries, more than can be applied "
                    f"(n up to {LARGEST_HEAD}); take fewer indices, of which no head fits, or the group without heads (S for A, O for SO)"
                )
            halves = cut(diagram)
            lower = lowers.setdefault(halves.lower, len(lowers))
            upper = uppers.setdefault(halves.upper, len(uppers))
            column = _Column(lower, halves.images, len(diagram.head_blocks))
            cells[len(halves.upper.open), len(halves.images)].append(_Cell(upper, column, weight, halves.sign))
        self.lowers, self.uppers = tuple(lowers), tuple(uppers)
        self.products = tuple(self._product(at, *numbers, found) for at, (numbers, found) in enumerate(cells.items()))
        headed = any(column.legs for product in self.products for column in product.columns)
        epsilon = fixed_tensor("levi_civita", (self.n,) * self.n, torch.get_default_dtype(), None) if headed else None
        self.register_buffer("_epsilon", epsilon, persistent=False)

    def _product(self, at: int, arriving: int, through: int, cells: list[_Cell]) -> _Product:
        uppers = list(dict.fromkeys(cell.upper for cell in cells))
        columns = list(dict.fromkeys(cell.column for cell in cells))
        row_of, column_of = (
            {each: row for row, each in enumerate(uppers)},
            {each: at for at, each in enumerate(columns)},
        )
        index = torch.zeros(len(uppers), len(columns), dtype=torch.int64)
        sign = torch.zeros(len(uppers), len(columns))
        for cell in cells:
            place = row_of[cell.upper], column_of[cell.column]
            index[place], sign[place] = cell.weight, cell.sign
        self.register_buffer(f"_index{at}", index, persistent=False)
        self.register_buffer(f"_sign{at}", None if bool((sign == 1).all()) else sign, persistent=False)
        return _Product(arriving, through, tuple(columns), tuple(uppers))

    def forward(self, weight: torch.Tensor, x: torch.Tensor) -> tuple[list[Half], list[torch.Tensor]]:
        """Weights (diagrams, c_out, c_in) on (c_in, batch, n, ..., n).

        Returns
        -------
        halves, parts
            Upper halves, and what each of them is to spread: (c_out, batch, n, ..., n).
        """
        halves: list[Half] = []
        parts: list[torch.Tensor] = []
        seen = contracted(x, self.lowers, self.rank, self.form) if self.lowers else ()
        for at, product in enumerate(self.products):
            columns = [self._column(seen[column.lower], column, product) for column in product.columns]
            stacked = torch.stack(columns) if len(columns) > 1 else columns[0].unsqueeze(0)
            matrix = weight[getattr(self, f"_index{at}")]  # (upper halves, columns, c_out, c_in)
            sign = getattr(self, f"_sign{at}")
            if sign is not None:
                matrix = matrix * sign.to(weight.dtype)[:, :, None, None]
            matrix = matrix.permute(0, 2, 1, 3).reshape(len(product.uppers) * weight.shape[1], -1)
            result = matrix @ stacked.reshape(matrix.shape[1], -1)
            shape = (len(product.uppers), weight.shape[1], x.shape[1], *(self.n,) * product.arriving)
            parts += result.reshape(shape).unbind()
            halves += [self.uppers[upper] for upper in product.uppers]
        return halves, parts

    def _column(self, seen: torch.Tensor, column: _Column, product: _Product) -> torch.Tensor:
        """(c_in, batch, arriving indices): what a lower half left, past its head, in the order of the upper half."""
        if column.legs:
            seen = self._past_head(seen, column.legs, product)
        return seen.permute(0, 1, *(2 + image for image in column.images), *range(2 + product.through, seen.ndim))

    def _past_head(self, seen: torch.Tensor, legs: int, product: _Product) -> torch.Tensor:
        """Contract the indices that end on the head below; those that go through are on it too if there are legs for them."""
        n, through = self.n, product.through
        down, up = seen.ndim - 2 - through, product.arriving - through
        epsilon = self._epsilon.to(seen.dtype)
        if legs < n:
            epsilon = epsilon.sum(-1)
        lead = seen.shape[:2]
        if legs > down + up:  # A: all that goes through is on the head
            table = epsilon.reshape(n**through, n**down, n**up)
            made = torch.einsum("xpd,pdu->xpu", seen.reshape(math.prod(lead), n**through, n**down), table)
        else:  # SO: none of it
            made = seen.reshape(-1, n**down) @ epsilon.reshape(n**down, n**up)
        return made.reshape(*lead, *(n,) * product.arriving)


def runs(form: Form | None, n: int) -> tuple[Run, ...] | None:
    """A form as parts of diagonals."""
    if form is None:
        return None
    columns, signs = form
    found: list[Run] = []
    start = 0
    for row in range(1, n + 1):
        if row < n and columns[row] - row == columns[start] - start and signs[row] == signs[start]:
            continue
        before = min(start, int(columns[start]))  # diagonals count from where they enter the matrix
        found.append((int(columns[start] - start), slice(before, before + row - start), int(signs[start])))
        start = row
    return tuple(found)
