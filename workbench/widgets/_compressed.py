"""Data turned into the bases of their higher-order SVD once, so that what a drag asks for is fitted in a small corner."""

__all__ = ["Compressed", "Estimate"]

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from workbench.decomposition import Fit, RankLandscape, decompose
from workbench.decomposition._core_table import CoreTable, outside
from workbench.network import Network, tucker
from workbench.widgets._formats import Format

EXACT = 1536
"""Up to this many rows all singular vectors of an unfolding are computed; beyond it the leading third or so."""
KEPT = 512
LEAST = 16
"""Entries of an axis that are kept in any case."""
SPARE = 8
"""An axis keeps as many vectors as the core that holds it has columns, and so many to spare."""
DRAGGED, LATELY = 2e-4, 5
"""While a rank is dragged a fit ends when its last few sweeps gained less than this share of the error each: a fit that
starts from one of another rank may gain nothing at first."""


FEW = 4
NEAR = 0.1
"""A fit of CP with more components starts from one with fewer when they are so few more."""
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
    early
        Whether the time was up before more than a few sweeps were made.
    """

    error: float
    closed: bool
    values: torch.Tensor
    turned: tuple[bool, ...]
    start: Fit | None = None
    early: bool = False


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
        self._x = x
        self._norm = float(torch.linalg.vector_norm(x.to(_wide(x.dtype))))
        self._known: dict[tuple[int, ...], RankLandscape] = {}
        self._whole = self._table(tucker(tuple(x.shape), 1), tuple(range(x.ndim)))

    def error(self, corner: Sequence[int]) -> float:
        """What the projection on so many leading vectors of each axis loses, relative to the data."""
        return self._whole.error([min(rank, cap) for rank, cap in zip(corner, self._whole.caps, strict=True)])

    def landscape(self, form: Format) -> RankLandscape | None:
        """The closed form's error for all ranks of a format that is a star; None for any other."""
        if not form.is_star:
            return None
        legs = form.base.legs
        axes = tuple(legs.index(rank.side[0]) for rank in form.ranks)
        return self._table(form.base, axes)

    def _table(self, net: Network, axes: tuple[int, ...]) -> RankLandscape:
        """What `workbench.rank_landscape` gives, from the core there is already."""
        if axes in self._known:
            return self._known[axes]
        others = [axis for axis in range(self.core.ndim) if axis not in axes]
        squares = self.core.abs().to("cpu", torch.float64).square().permute(*axes, *others)
        squares = squares.reshape(*squares.shape[: len(axes)], -1).sum(-1)
        kept = float(squares.sum())
        table = outside(squares)
        if kept:
            table /= max(kept, self._norm**2)
            table += max(0.0, 1 - kept / max(kept, self._norm**2)) if self.core.shape != self._x.shape else 0.0
        sizes = tuple(self._x.shape[axis] for axis in axes)
        rest = math.prod(self._x.shape[axis] for axis in others)
        family = None if others else "tucker"
        self._known[axes] = RankLandscape(self._x, net, family, CoreTable(table.numpy(), sizes, rest))
        return self._known[axes]

    def spectrum(self, axes: Sequence[int]) -> list[float]:
        """Singular values of the unfolding with these axes as rows, over the norm of the data, the largest first.

        For one axis they are the norms of the core's slices. For several they are those of a corner of the core, and so a
        little below the true ones where they are small.
        """
        if not self._norm:
            return []
        core = self.core if len(axes) == 1 else self._corner(self._room_within(60_000))
        rows = math.prod(core.shape[axis] for axis in axes)
        matrix = torch.movedim(core, tuple(axes), tuple(range(len(axes)))).reshape(rows, -1)
        if len(axes) == 1:
            squares = matrix.abs().to(torch.float64).square().sum(1).sort(descending=True).values
        else:
            squares = torch.linalg.svdvals(matrix.to(_wide(matrix.dtype))).square()
        found: list[float] = (squares.sqrt() / self._norm).tolist()
        return [value for value in found if value > 1e-7 * found[0]]

    def look_up(self, form: Format, ranks: Sequence[int]) -> Estimate:
        """A star's closed form: a corner of the core, and what lies outside."""
        corner = list(self.core.shape)
        for rank, size in zip(form.ranks, ranks, strict=True):
            axis = form.base.legs.index(rank.side[0])
            corner[axis] = min(corner[axis], size)
        return Estimate(self.error(corner), True, self.core[tuple(map(slice, corner))], (True,) * len(corner))

    def estimate(
        self,
        form: Format,
        ranks: Sequence[int],
        start: Fit | None,
        wanted: Callable[[], bool],
        seconds: float,
        *,
        drag: bool = True,
    ) -> Estimate:
        """The error of a format's network of these ranks, closely and soon; without a drag, more closely and less soon.

        A star's is looked up. The others are fitted in the corner that matters: trees from their closed form, the rest from
        `start` on (CP from singular vectors, which is better, unless `start` has nearly as many components), until a sweep gains little, the time is up or nobody wants to know any more.
        """
        if form.is_star:
            return self.look_up(form, ranks)
        net = form.network(ranks)
        turned = tuple(_is_plain(net, leg) for leg in net.legs)
        room = self._room(net, turned)
        part = self._corner(room)
        for axis, each in enumerate(turned):
            if not each:
                part = torch.tensordot(part, self.bases[axis], ([axis], [1])).movedim(-1, axis)
        clock = time.perf_counter if drag else time.thread_time  # nobody waits: others may have the machine meanwhile
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
            init="svd" if start is None or form.is_tree or _is_far(form, ranks, start) else _carried(small, start),
            method="als" if drag else "auto",
            tol=1e-12,
            max_sweeps=1 if form.is_tree else 100,
            callback=enough,
        )
        missed = fit.error * float(torch.linalg.vector_norm(part.to(_wide(part.dtype))))
        error = math.hypot(self.error(room), missed / self._norm) if self._norm else 0.0
        return Estimate(error, False, fit.reconstruct(), turned, fit, len(errors) < FEW and not form.is_tree)

    def turn(self, fit: Fit) -> Fit:
        """A fit of the data as one of the turned data, for an estimate to start from."""
        cores = dict(fit.cores)
        for leg, basis in zip(fit.network.legs, self.bases, strict=True):
            if _is_plain(fit.network, leg):
                ((name, axis),) = fit.network.holders(leg)
                cores[name] = torch.tensordot(cores[name], basis.conj(), ([axis], [0])).movedim(-1, axis)
        return replace(fit, cores=cores)

    def _room(self, net: Network, turned: Sequence[bool]) -> tuple[int, ...]:
        """The corner a network is fitted in: a core cannot use more of an axis than it has columns."""
        room = []
        for leg, turns, most in zip(net.legs, turned, self.core.shape, strict=True):
            (holder, _), *_ = net.holders(leg)
            columns = math.prod(net.sizes[other] for other in net.tensors[holder] if other != leg)
            room.append(min(most, max(LEAST, columns + SPARE)) if turns else most)
        return tuple(room)

    def _room_within(self, entries: int) -> tuple[int, ...]:
        """The largest corner of the core's own proportions with so many entries."""
        shape = self.core.shape
        share = min(1.0, (entries / max(math.prod(shape), 1)) ** (1 / max(len(shape), 1)))
        room = [max(min(size, LEAST), int(share * size)) for size in shape]
        return tuple(room)

    def _corner(self, room: Sequence[int]) -> torch.Tensor:
        return self.core[tuple(map(slice, room))].contiguous()


def _is_far(form: Format, ranks: Sequence[int], start: Fit) -> bool:
    if form.key != "cp":
        return False
    before = start.network.sizes[form.ranks[0].index]
    return abs(ranks[0] - before) > max(1, NEAR * before)


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
