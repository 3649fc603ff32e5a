"""Data turned into the bases of their higher-order SVD once, so that what a drag asks for is fitted in a small corner."""

__all__ = ["Compressed", "Estimate", "Landscape"]

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workbench.decomposition import Fit, decompose
from workbench.network import Network
from workbench.widgets._formats import Format

EXACT = 1536
"""Up to this many rows all singular vectors of an unfolding are computed; beyond it the leading third or so."""
KEPT = 512
LEAST = 16
"""Entries of an axis that are kept in any case."""
ROOM, TREE_ROOM = 2, 6
"""How many times the columns of a core its axis keeps: fits in that corner end about a hundredth above those of the whole
data. A tree's closed form costs so little that it is given more."""
DRAGGED, LATELY = 2e-4, 5
"""While a rank is dragged a fit ends when its last few sweeps gained less than this share of the error each: a fit that
starts from one of another rank may gain nothing at first."""


FIRST = 3
"""How many times longer the first fit of a format may take: nobody drags yet."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A fit of a corner of the turned data; its error is that of the whole.

    Attributes
    ----------
    error
        ``||x - xhat|| / ||x||`` of the approximation found, never squared.
    closed
        Whether it is what a closed form gives, to the last digit.
    values
        The approximation in turned coordinates, one axis for each of the data's.
    turned
        For each axis, whether `values` are coefficients of the leading basis vectors; else they are the data's own entries.
    start
        What the next estimate of the same format can start from.
    """

    error: float
    closed: bool
    values: torch.Tensor
    turned: tuple[bool, ...]
    start: Fit | None = None


class Compressed:
    """A tensor in the bases of its unfoldings' singular vectors.

    ``x = core x_1 U_1 ... x_n U_n`` with orthonormal U_k, the leading vectors first. A corner of the core is the data
    projected on leading vectors, and what a network of that corner misses is, squared, what it misses of the corner plus
    what lies outside: errors need no look at the data.

    Parameters
    ----------
    x
        A finite tensor of one axis or more, float32, float64, complex64 or complex128.
    """

    def __init__(self, x: torch.Tensor) -> None:
        bases = []
        core = x
        for axis, size in enumerate(x.shape):
            basis = _basis(x.movedim(axis, 0).reshape(size, -1))
            core = torch.tensordot(core, basis.conj(), ([0], [0]))  # the axes come round: the next is the first again
            bases.append(basis)
        self.bases: tuple[torch.Tensor, ...] = tuple(bases)
        self.core = core
        squares = core.abs().to("cpu", torch.float64).square()
        kept = float(squares.sum())
        whole = kept
        if core.shape != x.shape:  # what the vectors left out hold
            whole = max(kept, float(torch.linalg.vector_norm(x.to(_wide(x.dtype))) ** 2))
        self.total = whole
        self.landscape = Landscape(squares, tuple(x.shape), whole)

    def spectrum(self, axes: Sequence[int]) -> list[float]:
        """Singular values of the unfolding with these axes as rows, over the norm of the data, the largest first.

        For several axes they are those of a corner of the core, and so a little below the true ones where they are small.
        """
        if not self.total:
            return []
        core = self.core if len(axes) == 1 else self._corner(self._room_within(60_000))
        rows = math.prod(core.shape[axis] for axis in axes)
        matrix = torch.movedim(core, tuple(axes), tuple(range(len(axes)))).reshape(rows, -1)
        gram = matrix @ matrix.mH if matrix.shape[0] <= matrix.shape[1] else matrix.mH @ matrix
        squares = torch.linalg.eigvalsh(gram.to(_wide(gram.dtype))).flip(0).clamp(min=0)
        found: list[float] = (squares / self.total).sqrt().tolist()
        return [value for value in found if value > 1e-7 * found[0]]

    def estimate(
        self,
        form: Format,
        ranks: Sequence[int],
        start: Fit | None,
        wanted: Callable[[], bool],
        seconds: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> Estimate:
        """The error of a format's network of these ranks, closely and soon.

        Tucker's is looked up. The others are fitted in the corner that matters: trees from their closed form, CP from singular
        vectors (which beats going on from fewer components), the rest from `start` on, until a sweep gains little, the time is up or nobody wants to know any more.
        """
        if form.key == "tucker":
            corner = tuple(min(rank, size) for rank, size in zip(ranks, self.core.shape, strict=True))
            turned = (True,) * len(corner)
            return Estimate(self.landscape.error(corner), True, self.core[tuple(map(slice, corner))], turned)
        net = form.network(ranks)
        turned = tuple(_is_plain(net, leg) for leg in net.legs)
        room = self._room(net, turned, TREE_ROOM if form.is_tree else ROOM)
        part = self._corner(room)
        for axis, each in enumerate(turned):
            if not each:
                part = torch.tensordot(part, self.bases[axis], ([axis], [1])).movedim(-1, axis)
        ends = clock() + (seconds if start is not None else FIRST * seconds)
        errors: list[float] = []

        def enough(_sweep: int, error: float) -> bool:
            errors.append(error)
            lately = errors[-LATELY - 1 :]
            slow = len(lately) > LATELY and lately[0] - error <= LATELY * DRAGGED * error
            return slow or clock() > ends or not wanted()

        small = net.resize(dict(zip(net.legs, part.shape, strict=True)))
        fit = decompose(
            part,
            small,
            init="svd" if start is None or form.is_tree or form.key == "cp" else _carried(small, start),
            tol=DRAGGED if form.is_tree else 1e-12,
            callback=enough,
        )
        inside = float(torch.linalg.vector_norm(part.to(_wide(part.dtype)))) * fit.error
        lost = self.landscape.outside(room) + (inside**2 / self.total if self.total else 0.0)
        return Estimate(math.sqrt(lost), False, fit.reconstruct(), turned, fit)

    def _room(self, net: Network, turned: Sequence[bool], times: int) -> tuple[int, ...]:
        """The corner a network is fitted in: a core cannot use more of an axis than it has columns."""
        room = []
        for leg, turns, most in zip(net.legs, turned, self.core.shape, strict=True):
            (holder, _), *_ = net.holders(leg)
            columns = math.prod(net.sizes[other] for other in net.tensors[holder] if other != leg)
            room.append(min(most, max(LEAST, times * columns)) if turns else most)
        return tuple(room)

    def _room_within(self, entries: int) -> tuple[int, ...]:
        """The largest corner of the core's own proportions with so many entries."""
        shape = self.core.shape
        share = min(1.0, (entries / max(math.prod(shape), 1)) ** (1 / max(len(shape), 1)))
        room = [max(min(size, LEAST), int(share * size)) for size in shape]
        return tuple(room)

    def _corner(self, room: Sequence[int]) -> torch.Tensor:
        return self.core[tuple(map(slice, room))].contiguous()


class Landscape:
    """The error of every corner of the core: truncated higher-order SVDs of all shapes at once.

    Parameters
    ----------
    squares
        The squared core, float64 on the CPU.
    shape
        The data's shape, for counting parameters.
    total
        The squared norm of the data.
    """

    def __init__(self, squares: torch.Tensor, shape: tuple[int, ...], total: float) -> None:
        table = squares
        for axis in range(squares.ndim):
            table = table.cumsum(axis)
        self._inside = table
        self._shape, self._total = shape, total

    def outside(self, corner: Sequence[int]) -> float:
        """The share of the squared norm outside a corner."""
        if not self._total:
            return 0.0
        inside = float(self._inside[tuple(min(r, n) - 1 for r, n in zip(corner, self._inside.shape, strict=True))])
        return max(0.0, 1.0 - inside / self._total)

    def error(self, corner: Sequence[int]) -> float:
        """The relative error of the truncation to a corner."""
        return math.sqrt(self.outside(corner))

    def pareto(self) -> list[tuple[int, float, tuple[int, ...]]]:
        """(parameters, error, shape) of every corner that no corner with fewer parameters equals, fewest first."""
        lost, parameters = self._flat()
        order = np.lexsort((lost, parameters))
        least = np.minimum.accumulate(lost[order])
        first = np.ones(len(order), dtype=bool)
        first[1:] = least[1:] < least[:-1] * (1 - 1e-9)
        return [self._point(at, lost, parameters) for at in order[first]]

    def best(self, *, parameters: int | None = None, error: float | None = None) -> tuple[int, ...] | None:
        """The corner with the least error within so many parameters, or the fewest parameters within an error; None if there is none."""
        lost, count = self._flat()
        if parameters is not None:
            there = np.where(count <= parameters, lost, np.inf)
            at = int(there.argmin())
            return self._point(at, lost, count)[2] if np.isfinite(there[at]) else None
        allowed = np.where(lost <= (error or 0.0) ** 2 + 1e-15, count, np.iinfo(np.int64).max)
        at = int(allowed.argmin())
        return self._point(at, lost, count)[2] if lost[at] <= (error or 0.0) ** 2 + 1e-15 else None

    def _flat(self) -> tuple[np.ndarray, np.ndarray]:
        inside = self._inside.numpy()
        lost = np.clip(1 - inside / self._total, 0, None) if self._total else np.zeros_like(inside)
        grids = np.ogrid[tuple(slice(1, n + 1) for n in inside.shape)]
        entries = math.prod(grids[1:], start=grids[0]).astype(np.int64)
        factors = sum(r * n for r, n in zip(grids, self._shape, strict=True))
        return lost.ravel(), np.broadcast_to(entries + factors, inside.shape).ravel()

    def _point(self, at: int, lost: np.ndarray, parameters: np.ndarray) -> tuple[int, float, tuple[int, ...]]:
        corner = np.unravel_index(at, tuple(self._inside.shape))
        return int(parameters[at]), math.sqrt(lost[at]), tuple(int(k) + 1 for k in corner)


def _carried(net: Network, start: Fit) -> dict[str, torch.Tensor]:
    """The cores of a fit of other ranks: cut where ranks shrank; where they grew, random numbers as large as the others,
    for small ones a sweep in single precision cannot tell from nothing.
    """
    cores = {}
    generator = torch.Generator().manual_seed(0)
    for name, old in start.cores.items():
        core = old.new_zeros(net.shape_of(name))
        same = tuple(slice(min(a, b)) for a, b in zip(core.shape, old.shape, strict=True))
        core[same] = old[same]
        size = float(torch.linalg.vector_norm(old)) / math.sqrt(old.numel())
        for axis, index in enumerate(net.tensors[name]):
            more = core.shape[axis] - old.shape[axis]
            if more > 0 and index not in net.legs:
                fresh = core.narrow(axis, old.shape[axis], more)
                fresh.copy_(size * torch.randn(fresh.shape, generator=generator, dtype=torch.float64).to(fresh.dtype))
        cores[name] = core
    return cores


def _basis(matrix: torch.Tensor) -> torch.Tensor:
    """Orthonormal columns that span the columns of a matrix, in the order of the singular values."""
    rows, columns = matrix.shape
    if min(rows, columns) > EXACT:
        basis: torch.Tensor = torch.svd_lowrank(matrix, q=KEPT, niter=2)[0]
        return basis
    if rows > columns:
        q, r = torch.linalg.qr(matrix)
        within: torch.Tensor = torch.linalg.svd(r, full_matrices=False)[0]
        return torch.matmul(q, within)
    vectors: torch.Tensor = torch.linalg.eigh(matrix @ matrix.mH)[1]
    return vectors.flip(1)


def _is_plain(net: Network, leg: str) -> bool:
    """Whether a leg is one axis of one free tensor: then turning it turns that tensor alone."""
    holders = net.holders(leg)
    return len(holders) == 1 and holders[0][0] not in net.fixed


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.complex128 if dtype.is_complex else torch.float64
