"""A basis of diagrams, cut into halves and applied all at once: one matrix product for every number of indices that go through."""

__all__ = ["Maps"]

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import product as combinations
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from workbench.network._contract import fixed_tensor
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Duals, Form
from workbench.symmetry._halves import Half, Plan, Run, cut

if TYPE_CHECKING:
    from workbench.symmetry._diagram_hom import DiagramHom

LARGEST_HEAD = 8
"""A head is applied as a dense Levi-Civita tensor: of n ** n entries, 17 million for n = 8."""


class _Column(NamedTuple):
    """What one column of a product is made of: a lower half, where its indices go, and how many blocks are on the head."""

    lower: int
    images: tuple[int, ...]
    legs: int


class _Product(NamedTuple):
    """All diagrams with the same numbers of indices: of those that arrive at the upper halves, `through` come from below."""

    arriving: int
    through: int
    columns: tuple[_Column, ...]
    uppers: tuple[int, ...]
    numbers: torch.Tensor
    """(upper halves, columns): the number of the diagram."""
    sign: torch.Tensor
    """(upper halves, columns): its sign; 0 where there is none."""
    permutes: bool
    """Whether all indices go through, so that these diagrams are permutations."""


class Maps(nn.Module):
    """How a basis of diagrams is applied, for one group or for several that act on different indices.

    Holds no parameters: tables that move with the layer, and are not saved.

    Parameters
    ----------
    homs
        The maps of each group.
    target, source
        All indices; of a product of groups, `(factor, dual)` each.

    Raises
    ------
    SymmetryError
        When there are heads of a group with n > 8.
    """

    def __init__(self, homs: "Sequence[DiagramHom]", target: Duals, source: Duals) -> None:
        super().__init__()
        factors = [_Factor(hom) for hom in homs]
        self.factors = nn.ModuleList(factors)
        self.below, self.above = _by_factor(source, len(homs)), _by_factor(target, len(homs))
        self.sizes = [[homs[factor].group.n for factor in order] for order in (_factors(source), _factors(target))]
        tables = [[(each.numbers, each.sign) for each in factor.products] for factor in factors]
        sizes = [hom.dimension for hom in homs]
        for chosen in combinations(*(range(len(table)) for table in tables)):
            index, sign = torch.zeros(1, 1, dtype=torch.int64), torch.ones(1, 1)
            for size, table, at in zip(sizes, tables, chosen, strict=True):
                # rows and columns of the last factor change slowest, numbers those of the first
                more, signs = table[at]
                index = torch.cat([torch.cat([index * size + each for each in row], 1) for row in more.tolist()], 0)
                sign = torch.kron(signs, sign)
            name = "_".join(map(str, chosen))
            self.register_buffer(f"_index{name}", index, persistent=False)
            self.register_buffer(f"_sign{name}", None if bool((sign == 1).all()) else sign, persistent=False)

    def forward(self, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Weights (diagrams, c_out, c_in) on (batch, c_in, n, ..., n)."""
        if not len(weight):
            return x.new_zeros(x.shape[0], weight.shape[1], *self.sizes[1])
        if len(self.factors) == 1:
            return self._alone(weight, x)
        x = x.permute(0, 1, *(2 + at for at in self.below))
        y = self._applied(weight, x.reshape(*x.shape[:2], 1, *x.shape[2:]), 0, ())
        y = y.reshape(y.shape[0], weight.shape[1], *(self.sizes[1][at] for at in self.above))
        return y.permute(0, 1, *(2 + self.above.index(at) for at in range(len(self.above))))

    def _alone(self, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """One group: what is left of `_applied` then, and permutations after the matrix product."""
        factor: _Factor = self.factors[0]  # type: ignore[assignment]
        parts = []
        for at, (product, seen) in enumerate(zip(factor.products, factor.down(x, permuted_later=True), strict=True)):
            seen = seen.reshape(len(x), seen.shape[1], -1)
            y = self._mixed(weight, seen, str(at), apart=product.permutes)
            y = y.reshape(len(x), -1, weight.shape[1], *(factor.n,) * product.arriving)
            parts.append(factor.permuted(y, at).unsqueeze(1) if product.permutes else y)
        return factor.up(parts)

    def _applied(self, weight: torch.Tensor, x: torch.Tensor, level: int, chosen: tuple[int, ...]) -> torch.Tensor:
        """(batch, columns, lead, axes of the factors from `level` on) -> (batch, rows, lead, axes of the target)."""
        if level == len(self.factors):
            return self._mixed(weight, x.flatten(2), "_".join(map(str, chosen)))
        factor: _Factor = self.factors[level]  # type: ignore[assignment]
        batch, columns, lead = x.shape[:3]
        own, rest = factor.rank, x.shape[3 + factor.rank :]
        x = x.reshape(batch, columns, lead, *(factor.n,) * own, math.prod(rest)).movedim(-1, 3)
        parts = []
        for at, seen in enumerate(factor.down(x.flatten(2, 3))):
            # (batch, columns, lead * rest, arriving): what arrives goes before the rest
            arriving = factor.products[at].arriving
            seen = seen.reshape(batch, seen.shape[1], lead, math.prod(rest), factor.n**arriving)
            seen = seen.transpose(3, 4).reshape(batch, seen.shape[1], lead * factor.n**arriving, *rest)
            y = self._applied(weight, seen, level + 1, (*chosen, at))
            uppers = len(factor.products[at].uppers)
            y = y.reshape(batch, uppers, y.shape[1] // uppers, lead, factor.n**arriving, -1).transpose(4, 5)
            parts.append(y.reshape(*y.shape[:3], -1, *(factor.n,) * arriving))
        y = factor.up(parts)
        y = y.reshape(batch, y.shape[1], lead, -1, factor.n**factor.height).transpose(3, 4)
        return y.flatten(3)

    def _mixed(self, weight: torch.Tensor, x: torch.Tensor, name: str, *, apart: bool = False) -> torch.Tensor:
        """One matrix product; with `apart` one for every column of what is the same input, not yet summed."""
        index, sign = self.get_buffer(f"_index{name}"), getattr(self, f"_sign{name}")
        matrix = weight[index]  # (upper halves, columns, c_out, c_in)
        if sign is not None:
            matrix = matrix * sign.to(weight.dtype)[:, :, None, None]
        if apart:
            return matrix.flatten(0, 2) @ x
        return matrix.transpose(1, 2).reshape(index.shape[0] * weight.shape[1], -1) @ x


class _Factor(nn.Module):
    """The halves of one group's diagrams."""

    _epsilon: torch.Tensor

    def __init__(self, hom: "DiagramHom") -> None:
        super().__init__()
        self.n, self.rank, self.height = hom.group.n, len(hom.source), len(hom.target)
        lowers: dict[Half, int] = {}
        uppers: dict[Half, int] = {}
        cells: dict[tuple[int, int], list[tuple[int, _Column, int, int]]] = defaultdict(list)
        for number, diagram in enumerate(hom.basis()):
            if diagram.head_blocks and self.n > LARGEST_HEAD:
                raise SymmetryError(
                    f"{diagram} of {hom.group} has a head: a tensor of {self.n}^{self.n} entries, more than can be applied "
                    f"(n up to {LARGEST_HEAD}); take fewer indices, of which no head fits, or the group without heads (S for A, O for SO)"
                )
            halves = cut(diagram)
            lower = lowers.setdefault(halves.lower, len(lowers))
            upper = uppers.setdefault(halves.upper, len(uppers))
            column = _Column(lower, halves.images, len(diagram.head_blocks))
            cells[len(halves.upper.open), len(halves.images)].append((upper, column, number, halves.sign))
        form = runs(hom.group.form, self.n)
        self.lower = Plan(tuple(lowers), self.rank, form)
        self.products = tuple(_product(self.rank, self.height, *numbers, found) for numbers, found in cells.items())
        self.uppers = [upper for product in self.products for upper in product.uppers]
        halves_above = tuple(uppers)
        self.upper = Plan([halves_above[upper] for upper in self.uppers], self.height, form)
        headed = any(column.legs for product in self.products for column in product.columns)
        epsilon = fixed_tensor("levi_civita", (self.n,) * self.n, torch.get_default_dtype(), None) if headed else None
        self.register_buffer("_epsilon", epsilon, persistent=False)

    def permuted(self, y: torch.Tensor, at: int) -> torch.Tensor:
        """(batch, columns, rows, n, ..., n), summed over columns, the indices of each permuted as it says."""
        total: torch.Tensor | None = None
        for each, column in zip(y.unbind(1), self.products[at].columns, strict=True):
            part = each.permute(0, 1, *(2 + image for image in column.images))
            total = part if total is None else total + part
        assert total is not None  # noqa: S101 - there is at least one
        return total

    def down(self, x: torch.Tensor, *, permuted_later: bool = False) -> list[torch.Tensor]:
        """(batch, channels, *lead, n, ..., n) -> for every product (batch, columns * channels, *lead, arriving indices).

        Where a product does nothing but permute the indices, this can be left for after the matrix product.
        """
        seen = self.lower.contracted(x) if self.products else []
        made = []
        for product in self.products:
            if permuted_later and product.permutes:
                made.append(x)
                continue
            columns = [self._column(seen[column.lower], column, product) for column in product.columns]
            made.append(torch.cat(columns, 1) if len(columns) > 1 else columns[0])
        return made

    def up(self, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        """For every product (batch, upper halves, rows, *lead, arriving indices) -> (batch, rows, *lead, n, ..., n)."""
        first, arriving = parts[0], self.products[0].arriving
        shape = (first.shape[0], *first.shape[2 : first.ndim - arriving], *(self.n,) * self.height)
        return self.upper.spread([each for part in parts for each in part.unbind(1)], shape)

    def _column(self, seen: torch.Tensor, column: _Column, product: _Product) -> torch.Tensor:
        """(batch, channels, *lead, arriving indices): what a lower half left, past its head, in the order of the upper half."""
        if column.legs:
            seen = self._past_head(seen, column, product)
        if column.images == tuple(range(product.through)):
            return seen
        front = seen.ndim - product.arriving
        images = (front + image for image in column.images)
        return seen.permute(*range(front), *images, *range(front + product.through, seen.ndim))

    def _past_head(self, seen: torch.Tensor, column: _Column, product: _Product) -> torch.Tensor:
        """Contract the indices that end on the head below; those that go through are on it too if there are legs for them."""
        n, through = self.n, product.through
        down, up = len(self.lower.halves[column.lower].open) - through, product.arriving - through
        epsilon = self._epsilon.to(seen.dtype)
        if column.legs < n:
            epsilon = epsilon.sum(-1)
        lead = seen.shape[: seen.ndim - through - down]
        if column.legs > down + up:  # A: all that goes through is on the head
            table = epsilon.reshape(n**through, n**down, n**up)
            made = torch.einsum("xpd,pdu->xpu", seen.reshape(math.prod(lead), n**through, n**down), table)
        else:  # SO: none of it
            made = seen.reshape(-1, n**down) @ epsilon.reshape(n**down, n**up)
        return made.reshape(*lead, *(n,) * product.arriving)


def _product(
    rank: int, height: int, arriving: int, through: int, cells: list[tuple[int, _Column, int, int]]
) -> _Product:
    uppers = list(dict.fromkeys(cell[0] for cell in cells))
    columns = list(dict.fromkeys(cell[1] for cell in cells))
    rows = {upper: at for at, upper in enumerate(uppers)}
    across = {column: at for at, column in enumerate(columns)}
    index = torch.zeros(len(uppers), len(columns), dtype=torch.int64)
    sign = torch.zeros(len(uppers), len(columns))
    for upper, column, number, parity in cells:
        place = rows[upper], across[column]
        index[place], sign[place] = number, parity
    permutes = through == rank == height and not any(column.legs for column in columns)
    return _Product(arriving, through, tuple(columns), tuple(uppers), index, sign, permutes)


def _factors(indices: Duals) -> list[int]:
    """Which factor acts on each index."""
    return [index[0] if isinstance(index, tuple) else 0 for index in indices]


def _by_factor(indices: Duals, count: int) -> list[int]:
    """The places of the first factor's indices, then of the second's, and so on."""
    factors = _factors(indices)
    return [at for factor in range(count) for at, each in enumerate(factors) if each == factor]


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
