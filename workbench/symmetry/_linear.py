"""`EquivariantLinear`: a trainable layer of all equivariant maps, which never forms their matrix."""

__all__ = ["EquivariantLinear"]

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from workbench.network._contract import fixed_tensor
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._halves import Cut, Half, Run, contracted, cut, spread

if TYPE_CHECKING:
    from workbench.symmetry._diagram import Diagram
    from workbench.symmetry._hom import Diagrams, Hom

Column = tuple[Half, tuple[int, ...], int | None]
"""What one column of a product is made of: a lower half, how its open indices are permuted, and the legs of its head."""


@dataclass(frozen=True)
class _Product:
    """One matrix product: all diagrams that carry the same number of indices from below to above."""

    carried: int
    columns: tuple[
        tuple[int, tuple[int, ...], int], ...
    ]  # lower half, images of those that go through, legs of the head or 0
    rows: tuple[int, ...]  # upper halves
    index: torch.Tensor  # (rows, columns): which weight
    sign: torch.Tensor | None  # (rows, columns): 0 where there is none; None where all are 1
    through: int


class _Plan:
    """How a basis of diagrams is applied."""

    def __init__(self, diagrams: "Diagrams") -> None:
        hom = diagrams.hom
        self.n, self.k, self.l = hom.group.n, len(hom.source), len(hom.target)
        self.form = _runs(hom.group.form, self.n)
        lowers: dict[Half, int] = {}
        uppers: dict[Half, int] = {}
        cells: dict[tuple[int, int], list[tuple[int, Any, int, int]]] = defaultdict(list)
        for weight, diagram in enumerate(diagrams):
            made: Cut = cut(diagram)
            low = lowers.setdefault(made.lower, len(lowers))
            up = uppers.setdefault(made.upper, len(uppers))
            legs = len(diagram.head_blocks) if made.head else 0
            column = (low, made.images, legs)
            cells[len(made.upper.open), len(made.images)].append((up, column, weight, made.sign))
        self.lowers, self.uppers = tuple(lowers), tuple(uppers)
        self.products = tuple(self._product(carried, through, found) for (carried, through), found in cells.items())

    @staticmethod
    def _product(carried: int, through: int, found: list[tuple[int, Any, int, int]]) -> _Product:
        rows = list(dict.fromkeys(up for up, *_ in found))
        columns = list(dict.fromkeys(column for _, column, *_ in found))
        index = torch.zeros(len(rows), len(columns), dtype=torch.int64)
        sign = torch.zeros(len(rows), len(columns))
        row_of, column_of = ({each: at for at, each in enumerate(known)} for known in (rows, columns))
        for up, column, weight, each in found:
            index[row_of[up], column_of[column]], sign[row_of[up], column_of[column]] = weight, each
        return _Product(carried, tuple(columns), tuple(rows), index, None if bool((sign == 1).all()) else sign, through)


def _runs(form: Any, n: int) -> tuple[Run, ...] | None:
    """A form as diagonals: offset, part, sign."""
    if form is None:
        return None
    columns, signs = form
    found: list[Run] = []
    start = 0
    for row in range(1, n + 1):
        same = row < n and columns[row] - row == columns[start] - start and signs[row] == signs[start]
        if not same:
            offset = int(columns[start] - start)
            before = min(start, int(columns[start]))  # diagonals count from where they enter the matrix
            found.append((offset, slice(before, before + row - start), int(signs[start])))
            start = row
    return tuple(found)


class EquivariantLinear(nn.Module):
    """All linear maps between two tensor powers that commute with a group, as a layer.

    The layer has one weight matrix (c_out, c_in) for every diagram of the basis. It cuts diagrams into halves (see
    `workbench.symmetry._halves`): contracts the input, multiplies once for every number of indices that go through, and
    spreads the result; no weight of n^(l+k) entries is formed.

    Parameters
    ----------
    hom
        The maps.
    c_in, c_out
        Channels.
    bias
        Whether to add an equivariant tensor, one of `hom(0, l)`.

    Attributes
    ----------
    weight : nn.Parameter
        (dimension, c_out, c_in); the order is that of `hom.basis()`.
    bias : nn.Parameter or None
        (dimension of hom(0, l), c_out).

    Examples
    --------
    >>> from workbench.symmetry import S
    >>> layer = S(5).hom(2, 2).layer(4, 8)
    >>> layer(torch.randn(16, 4, 5, 5)).shape
    torch.Size([16, 8, 5, 5])
    >>> layer.weight.shape, layer.bias.shape
    (torch.Size([15, 8, 4]), torch.Size([2, 8]))
    """

    weight: nn.Parameter
    bias: nn.Parameter | None

    def __init__(self, hom: "Hom", c_in: int = 1, c_out: int = 1, *, bias: bool = True) -> None:
        super().__init__()
        for name, channels in (("c_in", c_in), ("c_out", c_out)):
            if isinstance(channels, bool) or not isinstance(channels, int) or channels < 1:
                raise SymmetryError(f"{name} is a whole number of channels from 1, not {channels!r}")
        self.hom, self.c_in, self.c_out = hom, c_in, c_out
        dtype = torch.get_default_dtype()
        dtype = torch.promote_types(dtype, torch.complex64) if hom.group.dtype.is_complex else dtype
        self._plan = _Plan(hom.basis())
        self.weight = nn.Parameter(torch.empty(hom.dimension, c_out, c_in, dtype=dtype))
        offsets = hom.group.hom((), hom.target)
        self._bias_plan = _Plan(offsets.basis()) if bias and offsets.dimension else None
        self.bias = nn.Parameter(torch.empty(offsets.dimension, c_out, dtype=dtype)) if self._bias_plan else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights for which outputs of independent inputs of variance 1 have a mean variance of 1; bias 0.

        E ||D x||² = ||D||² for such x, so every diagram gets the same share whatever the number of its entries.
        """
        sizes = torch.tensor([_entries(diagram) for diagram in self.hom.basis()], dtype=torch.float64)
        outputs = float(self.hom.group.n) ** len(self.hom.target)
        share = (outputs / (self.hom.dimension * self.c_in * sizes)).sqrt()
        with torch.no_grad():
            self.weight.normal_().mul_(share.to(self.weight.device, torch.float32)[:, None, None])
            if self.bias is not None:
                self.bias.zero_()

    def extra_repr(self) -> str:
        """What is shown between the brackets of the layer's repr."""
        return f"{self.hom}, {self.c_in} -> {self.c_out} channels"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the map: (*batch, c_in, n, ..., n) -> (*batch, c_out, n, ..., n)."""
        n, k, target = self.hom.group.n, len(self.hom.source), len(self.hom.target)
        wanted = (self.c_in, *(n,) * k)
        if tuple(x.shape[x.ndim - 1 - k :]) != wanted or x.ndim < 1 + k:
            raise SymmetryError(
                f"a map from {k} indices of {self.hom.group} takes (*batch, {', '.join(map(str, wanted))}); the input is {tuple(x.shape)}"
            )
        batch = x.shape[: x.ndim - 1 - k]
        x = x.reshape(-1, *wanted).transpose(0, 1)
        halves, parts = _parts(self._plan, self.weight, x)
        if self.bias is not None and self._bias_plan is not None:
            one = torch.ones(1, 1, dtype=self.bias.dtype, device=self.bias.device)
            more, constant = _parts(self._bias_plan, self.bias.unsqueeze(-1), one)
            halves += more
            parts += [part.expand(self.c_out, x.shape[1], *part.shape[2:]) for part in constant]
        shape = (self.c_out, x.shape[1], *(n,) * target)
        y = spread(parts, halves, shape, target, self._plan.form) if parts else x.new_zeros(shape)
        return y.transpose(0, 1).reshape(*batch, self.c_out, *(n,) * target)

    def to_dense(self) -> torch.Tensor:
        """The matrix of the linear part, (c_out * n ** l, c_in * n ** k): exact, and large."""
        n, k, target = self.hom.group.n, len(self.hom.source), len(self.hom.target)
        size = self.c_in * n**k
        basis = torch.eye(size, dtype=self.weight.dtype, device=self.weight.device).reshape(size, self.c_in, *(n,) * k)
        halves, parts = _parts(self._plan, self.weight, basis.transpose(0, 1))
        shape = (self.c_out, size, *(n,) * target)
        y = spread(parts, halves, shape, target, self._plan.form) if parts else basis.new_zeros(shape)
        return y.transpose(0, 1).reshape(size, self.c_out * n**target).T


def _parts(plan: _Plan, weight: torch.Tensor, x: torch.Tensor) -> tuple[list[Half], list[torch.Tensor]]:
    """Weights (diagrams, c_out, c_in) on (c_in, batch, n, ..., n): upper halves and what each is to spread, (c_out, batch, ...)."""
    n, batch, c_out = plan.n, x.shape[1], weight.shape[1]
    halves: list[Half] = []
    parts: list[torch.Tensor] = []
    seen = contracted(x, plan.lowers, plan.k, plan.form) if plan.lowers else ()
    for product in plan.products:
        columns = [_column(seen[low], images, legs, product, n) for low, images, legs in product.columns]
        stacked = torch.stack(columns) if len(columns) > 1 else columns[0].unsqueeze(0)
        chosen = weight[product.index.to(weight.device)]
        if product.sign is not None:
            chosen = chosen * product.sign.to(weight.device, weight.dtype)[:, :, None, None]
        matrix = chosen.permute(0, 2, 1, 3).reshape(len(product.rows) * c_out, -1)
        result = matrix @ stacked.reshape(matrix.shape[1], -1)
        parts += result.reshape(len(product.rows), c_out, batch, *(n,) * product.carried).unbind()
        halves += [plan.uppers[row] for row in product.rows]
    return halves, parts


def _column(seen: torch.Tensor, images: tuple[int, ...], legs: int, product: _Product, n: int) -> torch.Tensor:
    """(c_in, batch, carried indices): what a lower half left, past its head, in the order of the upper half."""
    through, front = product.through, 2
    if legs:
        seen = _past_head(seen, through, legs, product.carried - through, n)
    order = [*range(front), *(front + image for image in images), *range(front + through, seen.ndim)]
    return seen.permute(order)


def _past_head(seen: torch.Tensor, through: int, legs: int, up: int, n: int) -> torch.Tensor:
    """Contract the open indices that end on the head; those that go through are on it too when there are legs for them."""
    down = seen.ndim - 2 - through
    epsilon = fixed_tensor("levi_civita", (n,) * n, seen.dtype, seen.device)
    on_it = legs - down - up  # those that go through: all of them for A, none for SO
    if legs < n:
        epsilon = epsilon.sum(-1)
    lead = seen.shape[:2]
    if on_it:
        table = epsilon.reshape(n**on_it, n**down, n**up)
        made = torch.einsum("xpd,pdu->xpu", seen.reshape(math.prod(lead), n**on_it, n**down), table)
    else:
        made = seen.reshape(-1, n**down) @ epsilon.reshape(n**down, n**up)
    return made.reshape(*lead, *(n,) * (through + up))


def _entries(diagram: "Diagram") -> int:
    """How many entries of a diagram's matrix are not zero."""
    n, heads = diagram.group.n, len(diagram.head_blocks)
    return int(n ** len(diagram.blocks)) * (math.perm(n, heads) if heads else 1)
