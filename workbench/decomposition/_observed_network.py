"""Sums over observed entries as networks: the mask is a tensor between two layers of cores, the data between one.

Both are read in parts along a leg, so that what is made beside them stays small. A core at one end, whose legs nobody else
holds, may be absorbed in them first, once for all other cores: a sweep then reads the data twice, whatever the number of cores.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from workbench.decomposition._numbers import norm, wide
from workbench.decomposition._observed_site import Site, bonds_of
from workbench.network import Network
from workbench.network._contract import run
from workbench.network._plan import plan_for

Piece = tuple[slice, torch.Tensor, torch.Tensor]  # which systems, their matrices, their right-hand sides
ROOM = 1 << 26
"""Bytes that may be used beside the data in any case; beyond, what is made at a time is kept below the data's size."""
OPERATION, READ = 1e-10, 4e-9
"""Seconds, roughly: for each operation of a contraction, for each number it reads."""


class Observed:
    """Data with gaps.

    Attributes
    ----------
    x, mask
        As given. Parts of them come as double-precision numbers: the mask real, the data zero in the gaps.
    count
        How many entries were observed.
    norm
        ||mask * x||.
    """

    def __init__(self, x: torch.Tensor, mask: torch.Tensor) -> None:
        self.x, self.mask = x, mask
        self.dtype = wide(x.dtype)
        self.room = max(ROOM, x.numel() * x.element_size())
        self.count = int(mask.sum())
        self._kept: tuple[torch.Tensor, torch.Tensor] | None = None
        if 2 * x.numel() * self.dtype.itemsize <= ROOM:
            self._kept = self.part(None, 0, 1)
        self.norm = math.hypot(*(norm(self.part(axis, low, high)[1]) for axis, low, high in self.slabs(1.0)))

    def part(self, axis: int | None, low: int, high: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The mask and the data at some places along an axis."""
        if self._kept is not None:
            mask, x = (each if axis is None else each.narrow(axis, low, high - low) for each in self._kept)
            return mask, x
        mask, x = (each if axis is None else each.narrow(axis, low, high - low) for each in (self.mask, self.x))
        return mask.to(torch.float64), torch.where(mask, x, 0).to(self.dtype)

    def slabs(self, made: float, axis: int | None = None) -> Iterator[tuple[int | None, int, int]]:
        """Parts along an axis (the longest, if none is named) that there is room for.

        Parameters
        ----------
        made
            How many numbers are made for each entry that is read.
        """
        if not self.x.ndim:
            yield None, 0, 1
            return
        axis = max(range(self.x.ndim), key=lambda k: self.x.shape[k]) if axis is None else axis
        size = self.x.shape[axis]
        yield from (
            (axis, low, high) for low, high in _parts(size, self.x.numel(), made, self.room // self.dtype.itemsize)
        )


def _parts(size: int, numbers: int, made: float, room: int) -> Iterator[tuple[int, int]]:
    step = max(1, int(size * room / (numbers * made)))
    for low in range(0, size, step):
        yield low, min(low + step, size)


# ---- a core absorbed -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """A core whose legs, held by nobody else, come first or last of all."""

    name: str
    first: bool
    legs: tuple[str, ...]
    rest: tuple[int, ...]  # sizes of the other legs
    bonds: tuple[str, ...]
    length: int  # of its legs together
    width: int  # of its bonds together

    @property
    def made(self) -> int:
        """Numbers in the mask and the data once it is absorbed."""
        return math.prod(self.rest) * (self.width**2 + self.width)

    def seconds(self, data: Observed) -> float:
        """Roughly what absorbing it takes."""
        columns = self.width * (self.width + 1) // 2 + self.width
        return data.x.numel() * (2 * columns * OPERATION + READ) + self.made * READ

    def fits(self, data: Observed) -> bool:
        """Whether there is room for the mask and the data with it absorbed."""
        return 2 * self.made * data.dtype.itemsize <= data.room


def ends_of(net: Network, active: Sequence[str]) -> list[End]:
    """The cores that can be absorbed: one at each end at most, those that do not move first."""
    found = {}
    for name, held in net.tensors.items():
        legs = tuple(leg for leg in net.legs if leg in held)
        if not 0 < len(legs) < len(net.legs) or any(at != name for leg in legs for at, _ in net.holders(leg)):
            continue
        first = net.legs[: len(legs)] == legs
        if first or net.legs[-len(legs) :] == legs:
            rest = tuple(net.sizes[leg] for leg in net.legs if leg not in legs)
            bonds = bonds_of(net, name)
            sizes = (math.prod(net.sizes[i] for i in each) for each in (legs, bonds))
            found[first] = End(name, first, legs, rest, bonds, *sizes)
    return sorted(found.values(), key=lambda end: (end.name in active, end.first))


@dataclass(frozen=True)
class Absorbed:
    """Mask and data contracted with a core: (its bonds in the conjugate layer, its bonds, legs left) and (its bonds, legs left)."""

    core: torch.Tensor
    mask: torch.Tensor
    x: torch.Tensor


def absorb(data: Observed, net: Network, end: End, core: torch.Tensor) -> Absorbed:
    """One product with the mask, one with the data. The two layers' product is Hermitian, so half of it is enough."""
    plan = plan_for([net.tensors[end.name]], end.bonds + end.legs, net.sizes)
    layer = run(plan, [core.to(data.dtype)]).reshape(end.width, end.length)
    up, down = torch.triu_indices(end.width, end.width, device=core.device)
    pairs = layer[up].conj() * layer[down]
    columns = torch.cat([pairs.real, pairs.imag]) if pairs.is_complex() else pairs
    rest = math.prod(end.rest)
    half, x = columns.new_zeros(len(columns), rest), layer.new_zeros(end.width, rest)
    for axis, low, high in data.slabs(2.0, 0):
        mask_part, x_part = data.part(axis, low, high)
        if end.first:  # these places are summed over
            at = _share(end.length, low, high, data)
            half += columns[:, at] @ mask_part.reshape(-1, rest)
            x += layer[:, at].conj() @ x_part.reshape(-1, rest)
        else:
            at = _share(rest, low, high, data)
            half[:, at] = columns @ mask_part.reshape(-1, end.length).mT
            x[:, at] = layer.conj() @ x_part.reshape(-1, end.length).mT
    place = torch.empty(end.width, end.width, dtype=torch.long, device=core.device)
    place[up, down] = place[down, up] = torch.arange(len(up), device=core.device)
    mask = half[place]
    if pairs.is_complex():
        above = torch.ones(end.width, end.width, device=core.device).triu().mul(2).sub(1).unsqueeze(-1)
        mask = torch.complex(mask, above * half[place + len(up)])
    bonds = [net.sizes[i] for i in end.bonds]
    return Absorbed(core, mask.reshape(*bonds, *bonds, *end.rest), x.reshape(*bonds, *end.rest))


def _share(length: int, low: int, high: int, data: Observed) -> slice:
    """The part of something `length` long, along with other axes, that belongs to some places on the first axis."""
    each = length // data.x.shape[0]
    return slice(low * each, high * each)


# ---- normal equations ------------------------------------------------------------------------------------------------


def seconds(site: Site, read: int) -> float:
    """Roughly what making a core's normal equations takes; `read` numbers are read."""
    return (site.gram.flops + site.right.flops) * OPERATION + read * READ


def systems(
    data: Observed, absorbed: Absorbed | None, net: Network, site: Site, cores: Mapping[str, torch.Tensor]
) -> Iterator[Piece]:
    """The normal equations of a core, as many at a time as there is room for."""
    beside = [cores[name].to(data.dtype) for name in site.beside]
    gone = set(net.tensors) - {*site.beside, site.name}
    legs = tuple(leg for leg in net.legs if not any(leg in net.tensors[name] for name in gone))
    leg = site.own[0] if site.own else max(legs, key=lambda leg: net.sizes[leg], default=None)
    axis = None if leg is None else legs.index(leg)
    peak = 3 * max(site.gram.peak, site.right.peak, site.systems * site.width**2)
    gram = right = None
    for low, high in _parts(net.sizes[leg] if leg else 1, 1, peak, data.room // data.dtype.itemsize):
        if absorbed is None:
            mask, x = data.part(axis, low, high)
        else:
            mask, x = (
                each if axis is None else each.narrow(axis - len(legs), low, high - low)
                for each in (absorbed.mask, absorbed.x)
            )
        ket = cut(net, site.beside, beside, leg, low, high)
        bra = [each.conj() for each in ket]
        square = run(site.gram, [mask.to(data.dtype), *bra, *ket]).reshape(-1, site.width, site.width)
        side = run(site.right, [x, *bra]).reshape(-1, site.width, 1)
        if leg is not None and leg in site.own:
            each = site.systems // net.sizes[leg]
            yield slice(low * each, high * each), square, side
        else:
            gram, right = (square, side) if gram is None or right is None else (gram + square, right + side)
    if gram is not None and right is not None:
        yield slice(None), gram, right


def cut(
    net: Network, names: Sequence[str], cores: Sequence[torch.Tensor], leg: str | None, low: int, high: int
) -> list[torch.Tensor]:
    """The cores at some values of a leg."""
    parts = list(cores)
    for k, name in enumerate(names):
        for axis, index in enumerate(net.tensors[name]):
            if index == leg:
                parts[k] = parts[k].narrow(axis, low, high - low)
    return parts


# ---- values ----------------------------------------------------------------------------------------------------------


def residual(data: Observed, net: Network, cores: Mapping[str, torch.Tensor]) -> float:
    """||mask * (x - xhat)||."""
    plan = plan_for(net.tensors.values(), net.legs, net.sizes)
    whole = [cores[name].to(data.dtype) for name in net.tensors]
    parts = []
    for axis, low, high in data.slabs(2 + 2 * plan.peak / data.x.numel()):
        mask, x = data.part(axis, low, high)
        leg = None if axis is None else net.legs[axis]
        parts.append(norm(x - mask * run(plan, cut(net, tuple(net.tensors), whole, leg, low, high))))
    return math.hypot(*parts)


def by_gradients(
    data: Observed,
    net: Network,
    site: Site,
    cores: Mapping[str, torch.Tensor],
    start: torch.Tensor,
    shift: float,
    steps: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Conjugate gradients on the systems of one core, which are not formed: unknowns, what the matrices make of them, right-hand sides.

    No step raises the objective.
    """
    others = [cores[name].to(data.dtype) for name in site.others]
    own = (*site.own, *site.rows)
    forward = plan_for([own, *(net.tensors[name] for name in site.others)], net.legs, net.sizes)
    peak = 2 + 2 * max(forward.peak, site.right.peak) / data.x.numel()

    def applied(core: torch.Tensor | None) -> torch.Tensor:
        """E^H mask E c, or E^H x for no core."""
        total = start.new_zeros([net.sizes[i] for i in own])
        for axis, low, high in data.slabs(peak):
            leg = None if axis is None else net.legs[axis]
            ket = cut(net, site.others, others, leg, low, high)
            mask, part = data.part(axis, low, high)
            if core is not None:
                shaped = core.reshape(total.shape)
                here = shaped.narrow(own.index(leg), low, high - low) if leg in site.own else shaped
                part = mask * run(forward, [here, *ket])
            made = run(site.right, [part, *(each.conj() for each in ket)])
            if leg in site.own:
                total.narrow(own.index(leg), low, high - low).copy_(made)
            else:
                total += made
        return total.reshape(start.shape)

    right, image = applied(None), applied(start)
    found, residual = start, right - image - shift * start
    direction, squared = residual, norm(residual) ** 2
    enough = 1e-20 * max(squared, norm(right) ** 2)
    for _ in range(steps):
        if squared <= enough:
            break
        mapped = applied(direction)
        step = squared / float((direction.conj() * (mapped + shift * direction)).sum().real)
        found, image = found + step * direction, image + step * mapped
        residual = residual - step * (mapped + shift * direction)
        before, squared = squared, norm(residual) ** 2
        direction = residual + (squared / before) * direction
    return found, image, right
