"""Sums over observed entries one by one: the environment of each is gathered, those of one system are multiplied together."""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache

import torch

from workbench.decomposition._numbers import norm
from workbench.decomposition._observed_network import Observed, Piece
from workbench.decomposition._observed_site import Site, site_of
from workbench.network import Network
from workbench.network._contract import run
from workbench.network._plan import Plan, plan_for

ENTRY = " entry"
"""The index that stands for an entry's legs; no index of a network begins with a blank."""
LONGEST = 256
"""Entries of a block at most."""
NUMBER, OPERATION, PRODUCT = 3e-9, 1.5e-9, 3e-10
"""Seconds, roughly: for each number gathered, each operation on it, each product of two of an environment's numbers."""


def seconds(net: Network, site: Site, count: int) -> float:
    """Roughly what making the normal equations of a core from this many entries takes."""
    numbers = sum(math.prod(net.sizes[i] for i in net.tensors[name] if i not in net.legs) for name in site.others)
    return count * (NUMBER * numbers + OPERATION * _plan(net, site.name).flops + PRODUCT * site.width**2)


class Entries:
    """The observed entries in the order of one core's systems, in blocks that belong to one system each.

    The last block of a system is filled up with entries that are zero, as are their environments.
    """

    def __init__(self, data: Observed, net: Network, site: Site) -> None:
        self.data, self.net, self.site = data, net, site
        device = data.x.device
        where = data.mask.nonzero().T
        at = {leg: where[axis] for axis, leg in enumerate(net.legs)}
        system = torch.zeros(data.count, dtype=torch.long, device=device)
        for leg in site.own:
            system = system * net.sizes[leg] + at[leg]
        order = system.argsort(stable=True)
        counts = torch.bincount(system, minlength=site.systems)
        ends = counts.cumsum(0)
        self.length = max(1, min(LONGEST, -(-data.count // site.systems)))
        blocks = (counts + self.length - 1) // self.length
        self.system = torch.repeat_interleave(torch.arange(site.systems, device=device), blocks)
        nth = torch.arange(len(self.system), device=device) - (blocks.cumsum(0) - blocks)[self.system]
        begin = (ends - counts)[self.system] + nth * self.length
        place = begin.unsqueeze(1) + torch.arange(self.length, device=device)
        self.valid = place < ends[self.system].unsqueeze(1)
        chosen = order[place.clamp(max=data.count - 1)]
        self.x = torch.where(self.valid, data.x[data.mask][chosen], 0)
        self.places: dict[str, torch.Tensor] = {}  # of each core that is gathered, rows of its table
        for name in site.others:
            legs = _legs(net, name)
            if not legs:
                continue
            flat = torch.zeros_like(system)
            for leg in legs:
                flat = flat * net.sizes[leg] + at[leg]
            filled = flat[chosen]
            if not self.places:  # one row of zeros, behind the others, is enough to make an environment vanish
                filled = torch.where(self.valid, filled, math.prod(net.sizes[leg] for leg in legs))
            self.places[name] = filled.to(torch.int32)

    def systems(self, cores: Mapping[str, torch.Tensor]) -> Iterator[Piece]:
        """The normal equations, as many at a time as there is room for."""
        width, total = self.site.width, self.site.systems
        room = self.data.room // self.data.dtype.itemsize
        kept = max(1, room // (3 * width**2))  # systems at a time
        starts = torch.arange(0, total + kept, kept, device=self.system.device)
        first = torch.searchsorted(self.system, starts).tolist()
        tables = self._tables(cores)
        for low in range(0, total, kept):
            high = min(low + kept, total)
            gram = torch.zeros(high - low, width, width, dtype=self.data.dtype, device=self.data.x.device)
            right = gram.new_zeros(high - low, width, 1)
            for at, rows, x in self._rows(tables, first[low // kept], first[low // kept + 1]):
                where = self.system[at] - low
                gram.index_add_(0, where, rows.mH @ rows)
                right.index_add_(0, where, rows.mH @ x)
            yield slice(low, high), gram, right

    def residual(self, cores: Mapping[str, torch.Tensor]) -> float:
        """||mask * (x - xhat)||."""
        own = run(self.site.inward, [cores[self.site.name]]).to(self.data.dtype)
        own = own.reshape(self.site.systems, self.site.width, 1)
        rows = self._rows(self._tables(cores), 0, len(self.system))
        return math.hypot(*(norm(x - rows @ own[self.system[at]]) for at, rows, x in rows))

    def _tables(self, cores: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        """The other tensors: their legs as the rows of a table, those without legs as they are."""
        tables = []
        for name in self.site.others:
            core, held = cores[name].to(self.data.dtype), self.net.tensors[name]
            if name in self.places:
                legs = _legs(self.net, name)
                core = run(plan_for([held], [*legs, *_summed(self.net, name)], self.net.sizes), [core])
                core = core.reshape(-1, *core.shape[len(legs) :])
                if name == next(iter(self.places)):
                    core = torch.cat([core, core.new_zeros(1, *core.shape[1:])])
            tables.append(core)
        return tables

    def _rows(
        self, tables: list[torch.Tensor], low: int, high: int
    ) -> Iterator[tuple[slice, torch.Tensor, torch.Tensor]]:
        """Environments of blocks: which, (blocks, length, unknowns), and the data (blocks, length, 1)."""
        plan, width, length = _plan(self.net, self.site.name), self.site.width, self.length
        each = length * (4 * plan.peak + 4 * width) + 2 * width**2
        step = max(1, self.data.room // (self.data.dtype.itemsize * each))
        for begin in range(low, high, step):
            at = slice(begin, min(begin + step, high))
            operands = [
                table.index_select(0, self.places[name][at].reshape(-1)) if name in self.places else table
                for name, table in zip(self.site.others, tables, strict=True)
            ]
            if not self.places:
                operands.append(self.valid[at].reshape(-1).to(self.data.dtype))
            rows = run(plan, operands).reshape(-1, length, width)
            yield at, rows, self.x[at].unsqueeze(-1).to(self.data.dtype)


def _legs(net: Network, name: str) -> list[str]:
    return [index for index in dict.fromkeys(net.tensors[name]) if index in net.legs]


def _summed(net: Network, name: str) -> list[str]:
    """The indices of a tensor that are summed, without those that only it holds."""
    return [
        i for i in dict.fromkeys(net.tensors[name]) if i not in net.legs and {at for at, _ in net.holders(i)} != {name}
    ]


@lru_cache(maxsize=1024)
def _plan(net: Network, name: str) -> Plan:
    """Environments of a core at entries, (entries, unknowns); flops and peak are those of one entry."""
    site = site_of(net, name)
    operands: list[list[str]] = []
    for other in site.others:
        gathered = bool(_legs(net, other))
        operands.append([ENTRY, *_summed(net, other)] if gathered else list(net.tensors[other]))
    if not any(ENTRY in each for each in operands):
        operands.append([ENTRY])
    return plan_for(operands, [ENTRY, *site.rows], {**net.sizes, ENTRY: 1})
