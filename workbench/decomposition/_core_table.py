"""The truncated error of every core shape at once: a summed-area table over the squared core.

With all singular vectors of each unfolding as bases, the data become the core of the higher-order SVD. Cut to a corner of
shape (r_0, r_1, ...) it loses the entries outside the corner, so the squared error is the sum of their squares, and
cumulative sums along every axis give that for all corners at once.

Source: De Lathauwer, De Moor and Vandewalle (2000), property 10, for one corner; Ghadiri, Fahrbach, Fu and Mirrokni (2023)
for the question, which shape under a budget.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from workbench.decomposition._numbers import wide

Ranks = tuple[int, ...]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]

BLOCK = 1 << 17
"""Entries of an unfolding that are worked on at a time: they stay in the cache, and their memory is used again."""


# ---- singular vectors and values, all of them -----------------------------------------------------------------------


def left_vectors(x: torch.Tensor, *, high: bool) -> torch.Tensor:
    """All left singular vectors of the middle axis of (a, n, b) against the others: (n, min(n, a b)), the largest first.

    They come from the Gram matrix, in double precision, in which singular values below 1e-8 of the largest drown. Where
    there are such, and the data are precise enough to tell them apart, a QR and an SVD follow; with `high`, in any case.
    """
    if x.shape[1] > x.shape[0] * x.shape[2]:
        q, r = torch.linalg.qr(_unfolded(x))
        found: torch.Tensor = q @ left_vectors(r.unsqueeze(0), high=high)
        return found
    if not high:
        values, vectors = torch.linalg.eigh(_gram(x))
        if _resolved(values, x.dtype):
            flipped: torch.Tensor = vectors.flip(1)
            return flipped
    u: torch.Tensor = torch.linalg.svd(_lower(x)).U
    return u


def singular_squares(x: torch.Tensor, *, high: bool) -> torch.Tensor:
    """All squared singular values of the middle axis of (a, n, b) against the others, the largest first, as above."""
    if x.shape[1] > x.shape[0] * x.shape[2]:
        x = _unfolded(x).mH.unsqueeze(0)
    if not high:
        squares: torch.Tensor = torch.linalg.eigvalsh(_gram(x))
        if _resolved(squares, x.dtype):
            return squares.flip(0).clamp(min=0)
    values: torch.Tensor = torch.linalg.svdvals(_lower(x))
    return values.square()


def _resolved(values: torch.Tensor, data: torch.dtype) -> bool:
    """Whether a Gram matrix in double precision, of these rising eigenvalues, tells all that the data can tell."""
    return data != wide(data) or bool(values[0] > 1e4 * torch.finfo(data).eps * values[-1])


def _unfolded(x: torch.Tensor) -> torch.Tensor:
    return x.transpose(0, 1).reshape(x.shape[1], -1).to(wide(x.dtype))


def _blocks(x: torch.Tensor) -> Iterator[tuple[tuple[slice, slice, slice], torch.Tensor]]:
    """The unfolding of the middle axis of (a, n, b), (n, some) at a time in double precision, and where each is from."""
    before, rows, after = x.shape
    some = max(BLOCK // rows, 4 * rows)
    wide_step, step = min(after, some), max(1, some // after)
    for at in range(0, before, step):
        for column in range(0, after, wide_step):
            place = slice(at, at + step), slice(None), slice(column, column + wide_step)
            yield place, _unfolded(x[place])


def _gram(x: torch.Tensor) -> torch.Tensor:
    rows = x.shape[1]
    gram = torch.zeros(rows, rows, dtype=wide(x.dtype), device=x.device)
    for _, block in _blocks(x):
        gram.addmm_(block, block.mH)
    return gram


def _lower(x: torch.Tensor) -> torch.Tensor:
    """L of the unfolding L Q of the middle axis, from one QR after the other.

    Source: Demmel, Grigori, Hoemmen and Langou (2012), sequential TSQR.
    """
    top = torch.zeros(0, x.shape[1], dtype=wide(x.dtype), device=x.device)
    for _, block in _blocks(x):
        top = torch.linalg.qr(torch.cat([top, block.mH]), mode="r").R
    return top.mH


# ---- the table ------------------------------------------------------------------------------------------------------


def squared_core(x: torch.Tensor, *, high: bool) -> torch.Tensor:
    """The squared core of the higher-order SVD over all axes but the last, along which the squares are summed.

    Parameters
    ----------
    x
        (n_0, ..., n_k, rest), real or complex. Beside it, little more than one copy in double precision is held at a time.
    high
        As in `left_vectors`.

    Returns
    -------
    torch.Tensor
        (m_0, ..., m_k), float64; m_j is the number of singular values of unfolding j.
    """
    core, shape = x, list(x.shape)
    for axis, size in enumerate(shape[:-1]):
        core = core.reshape(math.prod(shape[:axis]), size, -1)
        basis = left_vectors(core, high=high)
        shape[axis] = basis.shape[1]
        in_place = axis > 0 and shape[axis] == size
        made = core if in_place else basis.new_empty(core.shape[0], shape[axis], core.shape[2])
        for place, block in _blocks(core):
            part = made[place]
            part.copy_((basis.mH @ block).reshape(shape[axis], part.shape[0], -1).transpose(0, 1))
        core = made
    squares = core.abs().square_() if core.is_complex() else core.square_()
    squares = squares.reshape(shape)
    return squares.sum(-1) if shape[-1] > 1 else squares[..., 0]


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
    No rank above the product of all others (times `rest`) is chosen: a core could not make use of it.

    Attributes
    ----------
    squares
        (m_0, ..., m_k): entry (i, j, ...) belongs to the shape (i+1, j+1, ...). In NumPy: a query is many small steps, which
        threads would only slow down.
    """

    squares: Floats
    sizes: Ranks
    rest: int

    exact = True

    @property
    def caps(self) -> Ranks:
        """The largest ranks there are."""
        return tuple(int(size) for size in self.squares.shape)

    def square(self, ranks: Sequence[int]) -> float:
        """The squared relative error."""
        return float(self.squares[tuple(rank - 1 for rank in ranks)])

    def cost(self, ranks: Sequence[int]) -> int:
        """The number of parameters."""
        return self.rest * math.prod(ranks) + sum(size * rank for size, rank in zip(self.sizes, ranks, strict=True))

    @cached_property
    def tails(self) -> tuple[Floats, ...]:
        """For each axis what ranks 1, 2, ... leave out, all other ranks being full."""
        return tuple(self._lines(axis) for axis in range(self.squares.ndim))

    def over(self, down: int, across: int) -> Floats:
        """The squared errors for the ranks of two axes, all other ranks being full."""
        return self._lines(down, across) if down < across else self._lines(across, down).T

    def _lines(self, *axes: int) -> Floats:
        found: Floats = self.squares[tuple(slice(None) if k in axes else -1 for k in range(self.squares.ndim))]
        return found

    def within_parameters(self, budget: int, count: int = 1) -> list[Ranks]:
        """Up to `count` shapes with at most this many parameters, those of the least errors first."""
        offset, base, slope, low, high = self._others
        at = np.flatnonzero(base + slope * low <= budget)
        top = np.minimum((budget - base[at]) // slope[at], high[at])
        errors = self._flat.take(offset[at] + (top - 1) * self._stride)
        found = self._shapes(at, top, _first(count, errors, base[at] + slope[at] * top))
        return list(dict.fromkeys(self._trimmed(ranks) for ranks in found))

    def within_square(self, square: float, count: int = 1) -> list[Ranks]:
        """Up to `count` shapes with at most this squared relative error, those of the fewest parameters first."""
        offset, base, slope, low, high = self._others
        at = np.flatnonzero(self._flat.take(offset + (high - 1) * self._stride) <= square)
        sample = at[:: max(1, len(at) // 256)]
        if len(at) > 4 * len(sample) >= 4 * count:  # no shape dearer than the best of a sample need be looked at
            cost = base[sample] + slope[sample] * self._least(sample, square)
            at = at[(base + slope * low)[at] <= np.partition(cost, count - 1)[count - 1]]
        top = self._least(at, square)
        errors = self._flat.take(offset[at] + (top - 1) * self._stride)
        return self._shapes(at, top, _first(count, base[at] + slope[at] * top, errors))

    def _least(self, at: Integers, square: float) -> Integers:
        """The least last ranks with at most this error, by binary search along the free axis."""
        offset, _, _, least, most = self._others
        offset, low, high = offset[at], least[at] - 1, most[at] - 1
        for _ in range(self.caps[self._free].bit_length()):
            middle = (low + high) // 2
            enough = self._flat.take(offset + middle * self._stride) <= square
            high = np.where(enough, middle, high)
            low = np.where(enough, low, np.minimum(middle + 1, high))
        return high + 1

    def _trimmed(self, ranks: Ranks) -> Ranks:
        """Lower ranks of the same error, but for rounding: one rank may not be of use while another is small."""
        enough = self.square(ranks) * (1 + 1e-10)
        lower = [*ranks]
        for axis in range(len(ranks)):
            line = self.squares[tuple(slice(None) if k == axis else rank - 1 for k, rank in enumerate(lower))]
            tried = [*lower]
            tried[axis] = int((line[: ranks[axis]] > enough).sum()) + 1
            if max(tried) ** 2 <= self.rest * math.prod(tried):
                lower = tried
        return tuple(lower)

    def _shapes(self, at: Integers, top: Integers, chosen: Integers) -> list[Ranks]:
        others = [cap for axis, cap in enumerate(self.caps) if axis != self._free]
        ranks = [*np.unravel_index(at[chosen], others)] if others else []
        ranks.insert(self._free, top[chosen] - 1)
        return [tuple(int(rank) + 1 for rank in each) for each in zip(*ranks, strict=True)]

    @property
    def _flat(self) -> Floats:
        return self.squares.reshape(-1)

    @property
    def _free(self) -> int:
        """The axis whose rank is solved for."""
        return self.caps.index(max(self.caps))

    @property
    def _stride(self) -> int:
        return math.prod(self.caps[self._free + 1 :])

    @cached_property
    def _others(self) -> tuple[Integers, Integers, Integers, Integers, Integers]:
        """For all ranks but the free one: where they are in the table, what they cost, ``base + slope * last``, and the
        last ranks that go with them, from low to high.
        """
        offset, base, product, largest = np.zeros((4, 1), dtype=np.int64)
        product, largest = product + self.rest, largest + 1
        for axis, cap in enumerate(self.caps):
            if axis != self._free:
                rank = np.arange(1, cap + 1)
                offset = np.add.outer(offset, (rank - 1) * math.prod(self.caps[axis + 1 :])).ravel()
                base = np.add.outer(base, rank * self.sizes[axis]).ravel()
                product = np.multiply.outer(product, rank).ravel()
                largest = np.maximum.outer(largest, rank).ravel()
        low, high = -(-(largest**2) // product), np.minimum(product, self.caps[self._free])
        at = np.flatnonzero(low <= high)
        return offset[at], base[at], (product + self.sizes[self._free])[at], low[at], high[at]


def _first(count: int, key: np.ndarray[Any, Any], then: np.ndarray[Any, Any]) -> Integers:
    """Where the least `count` keys are, in order; among equal ones `then` decides, and the position last."""
    if not len(key):
        return np.empty(0, dtype=np.int64)
    count = min(count, len(key))
    at = np.flatnonzero(key <= np.partition(key, count - 1)[count - 1])
    return at[np.lexsort((then[at], key[at]))][:count]
