"""The truncated error of every core shape at once: a summed-area table over the squared core.

With all singular vectors of each unfolding as bases, the data become the core of the higher-order SVD. Cut to a corner of
shape (r_0, r_1, ...) it loses the entries outside the corner, so the squared error is the sum of their squares, and
cumulative sums along every axis give that for all corners at once.

Source: De Lathauwer, De Moor and Vandewalle (2000), property 10, for one corner; Ghadiri, Fahrbach, Fu and Mirrokni (2023)
for the question, which shape under a budget.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from workbench.decomposition._numbers import wide

# ---- singular vectors and values, all of them -----------------------------------------------------------------------


def left_vectors(matrix: torch.Tensor, precision: float, *, high: bool) -> torch.Tensor:
    """All left singular vectors of an m x n matrix, (m, min(m, n)), those of the largest singular values first.

    They come from the Gram matrix, in which singular values below 1e-8 of the largest drown. Where there are such, and
    `precision`, that of the data, could tell them apart, a QR and an SVD follow; with `high`, in any case.
    """
    rows, columns = matrix.shape
    if rows > columns:
        q, r = torch.linalg.qr(matrix)
        found: torch.Tensor = q @ left_vectors(r, precision, high=high)
        return found
    if not high:
        values, vectors = torch.linalg.eigh(matrix @ matrix.mH)
        if resolved(values, precision):
            flipped: torch.Tensor = vectors.flip(1)
            return flipped
    u: torch.Tensor = torch.linalg.svd(_lower(matrix)).U
    return u


def singular_squares(matrix: torch.Tensor, precision: float, *, high: bool) -> torch.Tensor:
    """All squared singular values, the largest first; `precision` and `high` as in `left_vectors`."""
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.mH
    if not high:
        squares: torch.Tensor = torch.linalg.eigvalsh(matrix @ matrix.mH)
        if resolved(squares, precision):
            return squares.flip(0).clamp(min=0)
    values: torch.Tensor = torch.linalg.svdvals(_lower(matrix))
    return values.square()


def resolved(values: torch.Tensor, precision: float) -> bool:
    """Whether a double-precision Gram matrix with these eigenvalues, rising, tells all that the data can tell."""
    return precision > 1e-10 or bool(values[0] > 1e4 * torch.finfo(values.dtype).eps * values[-1])


def _lower(matrix: torch.Tensor) -> torch.Tensor:
    """L of a wide matrix L Q, from the QR of one batch of columns after the other: little memory, and faster than one QR.

    Source: Demmel, Grigori, Hoemmen and Langou (2012), sequential TSQR.
    """
    tops = [torch.linalg.qr(part.mH, mode="r").R for part in torch.split(matrix, 16 * len(matrix), dim=1)]
    top: torch.Tensor = torch.linalg.qr(torch.cat(tops), mode="r").R if len(tops) > 1 else tops[0]
    return top.mH


# ---- the table ------------------------------------------------------------------------------------------------------


def squared_core(x: torch.Tensor, *, high: bool) -> torch.Tensor:
    """The squared core of the higher-order SVD over all axes but the last, along which the squares are summed.

    Parameters
    ----------
    x
        (n_0, ..., n_k, rest), real or complex. Beside it, two copies in double precision are held at a time.
    high
        As in `left_vectors`.

    Returns
    -------
    torch.Tensor
        (m_0, ..., m_k), float64; m_j is the number of singular values of unfolding j.
    """
    *sizes, rest = x.shape
    precision = torch.finfo(x.dtype).eps
    core, kept = x, []
    for size in sizes:
        matrix = core.reshape(size, -1).to(wide(x.dtype))
        basis = left_vectors(matrix, precision, high=high)
        core = matrix.T @ basis.conj().contiguous()  # the projection, transposed: the next axis comes to the front
        kept.append(basis.shape[1])
        del matrix
    squares = core.abs().square_() if core.is_complex() else core.square_()
    squares = squares.reshape(rest, *kept)
    return squares.sum(0) if rest > 1 else squares[0]


def outside(squares: torch.Tensor) -> torch.Tensor:
    """For every corner of a tensor the sum of all entries outside it, in place; entry (i, j, ...) is corner (i+1, j+1, ...).

    What is outside a corner is split by the first axis along which it lies outside. So only positive numbers are added,
    and tiny sums keep all their digits.
    """
    slabs = [squares]
    for _ in range(squares.ndim - 1):
        slabs.append(slabs[-1].sum(0))
    for slab in slabs:
        _behind(slab)
    for axis, tail in enumerate(slabs[1:], start=1):
        squares.cumsum_(axis)
        squares += tail
    return squares


def _behind(x: torch.Tensor) -> None:
    """Replace every slice along the first axis by the sum of those behind it."""
    total = torch.zeros_like(x[0])
    for at in range(len(x) - 1, -1, -1):
        here = x[at].clone()
        x[at] = total
        total += here


@dataclass(frozen=True, eq=False)
class CoreTable:
    """The squared relative errors of all core shapes, and the shapes that are best under a budget.

    A network whose leaves, of n_j entries for each unit of rank, surround one core of `rest` entries for each entry of the
    shape has ``rest * prod(r) + sum(n_j * r_j)`` parameters. Given all ranks but the largest, the best last rank has a
    closed form under a budget and a binary search under an error, so a query looks at all shapes without going through them.

    Attributes
    ----------
    squares
        (m_0, ..., m_k), float64: entry (i, j, ...) belongs to the shape (i+1, j+1, ...).
    """

    squares: torch.Tensor
    sizes: tuple[int, ...]
    rest: int

    exact = True

    @property
    def caps(self) -> tuple[int, ...]:
        """The largest ranks there are."""
        return tuple(self.squares.shape)

    def square(self, ranks: Sequence[int]) -> float:
        """The squared relative error."""
        return float(self.squares[tuple(rank - 1 for rank in ranks)])

    def cost(self, ranks: Sequence[int]) -> int:
        """The number of parameters."""
        return self.rest * math.prod(ranks) + sum(size * rank for size, rank in zip(self.sizes, ranks, strict=True))

    @cached_property
    def tails(self) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
        """For each axis what ranks 1, 2, ... leave out, all other ranks being full."""
        found = []
        for axis in range(self.squares.ndim):
            at = [slice(None) if other == axis else -1 for other in range(self.squares.ndim)]
            found.append(self.squares[tuple(at)].cpu().numpy())
        return tuple(found)

    def over(self, down: int, across: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """The squared errors for the ranks of two axes, all other ranks being full."""
        at = [slice(None) if axis in (down, across) else -1 for axis in range(self.squares.ndim)]
        table: np.ndarray[tuple[int, int], np.dtype[np.float64]] = self.squares[tuple(at)].cpu().numpy()
        return table if down < across else table.T

    def within_parameters(self, budget: int, count: int = 1) -> list[tuple[int, ...]]:
        """Up to `count` shapes with at most this many parameters, those of the least errors first."""
        offset, base, slope = self._others
        top = ((budget - base) // slope).clamp(max=self.caps[self._free])
        at = (top > 0).nonzero()[:, 0]
        top, offset = top[at], offset[at]
        errors = self.squares.take(offset + (top - 1) * self._stride)
        return self._shapes(at, top, _first(count, errors, base[at] + slope[at] * top))

    def within_square(self, square: float, count: int = 1) -> list[tuple[int, ...]]:
        """Up to `count` shapes with at most this squared relative error, those of the fewest parameters first."""
        offset, base, slope = self._others
        most = self.caps[self._free]
        at = (self.squares.take(offset + (most - 1) * self._stride) <= square).nonzero()[:, 0]
        sample = at[:: max(1, len(at) // 256)]
        if len(at) > 4 * len(sample) >= 4 * count:  # no shape dearer than the best of a sample need be looked at
            cost = base[sample] + slope[sample] * self._least(offset[sample], square)
            at = at[(base + slope)[at] <= cost.sort().values[count - 1]]
        top = self._least(offset[at], square)
        errors = self.squares.take(offset[at] + (top - 1) * self._stride)
        return self._shapes(at, top, _first(count, base[at] + slope[at] * top, errors))

    def _least(self, offset: torch.Tensor, square: float) -> torch.Tensor:
        """The least last ranks with at most this error, by binary search along the free axis."""
        low, high = torch.zeros_like(offset), torch.full_like(offset, self.caps[self._free] - 1)
        for _ in range(self.caps[self._free].bit_length()):
            middle = (low + high) // 2
            enough = self.squares.take(offset + middle * self._stride) <= square
            high = torch.where(enough, middle, high)
            low = torch.where(enough, low, (middle + 1).minimum(high))
        return high + 1

    def _shapes(self, at: torch.Tensor, top: torch.Tensor, chosen: torch.Tensor) -> list[tuple[int, ...]]:
        shapes = []
        others = [cap for axis, cap in enumerate(self.caps) if axis != self._free]
        for one, last in zip(at[chosen].tolist(), top[chosen].tolist(), strict=True):
            ranks: list[int] = []
            for cap in reversed(others):
                one, index = divmod(one, cap)
                ranks.insert(0, index + 1)
            shapes.append((*ranks[: self._free], last, *ranks[self._free :]))
        return shapes

    @property
    def _free(self) -> int:
        """The axis whose rank is solved for."""
        return self.caps.index(max(self.caps))

    @property
    def _stride(self) -> int:
        return self.squares.stride(self._free)

    @cached_property
    def _others(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """For all ranks but the free one: where they are in the table, and what they cost, ``base + slope * last``."""
        device = self.squares.device
        offset = torch.zeros(1, dtype=torch.int64, device=device)
        base, product = torch.zeros_like(offset), torch.full_like(offset, self.rest)
        for axis, cap in enumerate(self.caps):
            if axis != self._free:
                rank = torch.arange(1, cap + 1, device=device)
                offset = (offset[:, None] + (rank - 1) * self.squares.stride(axis)).flatten()
                base = (base[:, None] + rank * self.sizes[axis]).flatten()
                product = (product[:, None] * rank).flatten()
        return offset, base, product + self.sizes[self._free]


def _first(count: int, key: torch.Tensor, then: torch.Tensor) -> torch.Tensor:
    """Where the least `count` keys are, in order; among equal ones `then` decides, and the position last."""
    if not len(key):
        return key.new_empty(0, dtype=torch.int64)
    last = key.topk(min(count, len(key)), largest=False).values.max()
    at = (key <= last).nonzero()[:, 0]
    at = at[then[at].argsort(stable=True)]
    return at[key[at].argsort(stable=True)][:count]
