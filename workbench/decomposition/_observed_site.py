"""One core's least-squares problem over observed entries, as structure: its systems, and how their two sides are contracted."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from workbench.network import Network
from workbench.network._plan import Plan, plan_for

DIRECT = 1200
"""Systems with more unknowns than this are solved by conjugate gradients, without being formed."""


@dataclass(frozen=True)
class Site:
    """The systems of one core: one for each value of its legs, their unknowns its summed indices."""

    name: str
    held: tuple[str, ...]  # the core's axes
    others: tuple[str, ...]
    beside: tuple[str, ...]  # the others that are not absorbed in the mask and the data
    own: tuple[str, ...]  # its legs, the longest first
    rows: tuple[str, ...]  # its summed indices that others hold, too
    spread: int  # over how many entries each unknown is spread: the sizes of summed indices nobody else holds
    sizes: Mapping[str, int]
    systems: int
    width: int  # unknowns of a system
    gram: Plan  # mask, others conjugate, others -> (own, rows, rows); for systems that are formed
    right: Plan  # data, others conjugate -> (own, rows)
    inward: Plan  # core -> (own, rows)

    @property
    def large(self) -> bool:
        """Whether its systems are too large to be formed."""
        return self.width > DIRECT


@lru_cache(maxsize=1024)
def site_of(net: Network, name: str, absorbed: str | None = None) -> Site:
    """The problem of one core; `absorbed` names another that mask and data have been contracted with."""
    others = tuple(each for each in net.tensors if each != name)
    beside = tuple(each for each in others if each != absorbed)
    elsewhere = {index for each in others for index in net.tensors[each]}
    held = tuple(dict.fromkeys(net.tensors[name]))
    own = tuple(sorted((i for i in held if i in net.legs), key=lambda leg: -net.sizes[leg]))
    rows = tuple(i for i in held if i not in net.legs and i in elsewhere)
    width = math.prod(net.sizes[i] for i in rows)
    mask, data = data_labels(net, absorbed)
    layers: list[Sequence[Hashable]] = [mask, *([_bra(net, i) for i in net.tensors[each]] for each in beside)]
    layers += [net.tensors[each] for each in beside]
    both: dict[Hashable, int] = {each: size for index, size in net.sizes.items() for each in (index, (index,))}
    formed = [*own, *(_bra(net, i) for i in rows), *rows]
    return Site(
        name=name,
        held=net.tensors[name],
        others=others,
        beside=beside,
        own=own,
        rows=rows,
        spread=math.prod(net.sizes[i] for i in held if i not in own + rows),
        sizes=net.sizes,
        systems=math.prod(net.sizes[i] for i in own),
        width=width,
        gram=plan_for(layers, formed, both) if width <= DIRECT else plan_for([()], (), {}),
        right=plan_for([data, *(net.tensors[each] for each in beside)], own + rows, net.sizes),
        inward=plan_for([net.tensors[name]], own + rows, net.sizes),
    )


def _bra(net: Network, index: str) -> Hashable:
    """The index of the conjugate layer: legs meet the mask, summed indices are each layer's own."""
    return index if index in net.legs else (index,)


def data_labels(net: Network, absorbed: str | None) -> tuple[tuple[Hashable, ...], tuple[Hashable, ...]]:
    """The axes of the mask and of the data, perhaps with a core absorbed: its bonds, then the legs left."""
    if absorbed is None:
        return net.legs, net.legs
    rest = tuple(leg for leg in net.legs if leg not in net.tensors[absorbed])
    bonds = bonds_of(net, absorbed)
    return (*(_bra(net, i) for i in bonds), *bonds, *rest), (*bonds, *rest)


def bonds_of(net: Network, name: str) -> tuple[str, ...]:
    """The summed indices of a tensor that others hold, too."""
    held = dict.fromkeys(net.tensors[name])
    return tuple(i for i in held if i not in net.legs and any(at != name for at, _ in net.holders(i)))


def core_of(site: Site, found: torch.Tensor) -> torch.Tensor:
    """The smallest core with these unknowns, (systems, unknowns): sums spread evenly, off the diagonals zero."""
    distinct = list(dict.fromkeys(site.held))
    unknowns = site.own + site.rows
    core = found.reshape([site.sizes[i] for i in unknowns])
    core = core.permute([unknowns.index(i) for i in distinct if i in unknowns]) / site.spread
    core = core.reshape([site.sizes[i] if i in unknowns else 1 for i in distinct])
    core = core.expand([site.sizes[i] for i in distinct])
    if len(distinct) == len(site.held):
        return core.contiguous()
    grid = torch.meshgrid(*(torch.arange(site.sizes[i], device=core.device) for i in distinct), indexing="ij")
    whole = core.new_zeros([site.sizes[i] for i in site.held])
    whole[tuple(grid[distinct.index(i)] for i in site.held)] = core
    return whole
