"""Alternating least squares for any network: loops, hyperbonds, traces, several legs a tensor, fixed tensors.

The value is linear in each core: xhat = E c, where the environment E is the contraction of all other tensors. Each core
in turn becomes the solution of its normal equations, (E^H E) c = E^H x. E itself is never formed: E^H E is a network of
two layers, E^H x one with the data in it, and both are contracted along their own cheapest path.

Most of E^H E is known to vanish. Of the core's indices,

- a leg that no other tensor holds acts as the identity: one more column on the right-hand side;
- a leg that others hold too is a batch axis: a system for each of its values;
- a summed index that others hold makes up the system's rows and columns;
- a summed index that no other tensor holds enters by its sum only, which the smallest core spreads evenly;
- of an index the core holds twice, only the diagonal enters.

Source: Kolda and Bader (2009), section 3.4, for CP; the general case is linear algebra on the network's picture.
"""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from workbench.decomposition._numbers import balanced, norm, relative_residual, safe_below, solve, wide
from workbench.network import Network
from workbench.network._contract import run
from workbench.network._plan import Plan, plan_for

Cores = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Site:
    """One core's least-squares problem, as structure: how its indices enter, and how its two sides are contracted."""

    name: str
    others: tuple[str, ...]
    batch: tuple[str, ...]  # legs held elsewhere, too
    rows: tuple[str, ...]  # summed, held elsewhere, too
    columns: tuple[str, ...]  # legs nobody else holds
    spread: int  # over how many entries each value is spread: the sizes of summed indices nobody else holds
    shape: tuple[int, int, int]  # (batch, rows, columns)
    gram: Plan
    right: Plan
    inward: Plan  # core -> unknowns

    @property
    def unknowns(self) -> tuple[str, ...]:
        return self.batch + self.rows + self.columns


@lru_cache(maxsize=1024)
def site_of(net: Network, name: str) -> Site:
    """The least-squares problem of one core."""
    others = tuple(each for each in net.tensors if each != name)
    elsewhere = {index for each in others for index in net.tensors[each]}
    held = dict.fromkeys(net.tensors[name])
    legs = set(net.legs)
    batch = tuple(i for i in held if i in legs and i in elsewhere)
    rows = tuple(i for i in held if i not in legs and i in elsewhere)
    columns = tuple(i for i in held if i in legs and i not in elsewhere)

    def bra(index: str) -> Hashable:
        return index if index in legs else (index,)  # legs meet the data; summed indices are each layer's own

    layers = [[bra(i) for i in net.tensors[each]] for each in others] + [list(net.tensors[each]) for each in others]
    sizes: dict[Hashable, int] = {each: size for index, size in net.sizes.items() for each in (index, (index,))}
    right: list[Sequence[Hashable]] = [net.legs, *(net.tensors[each] for each in others)]
    unknowns = batch + rows + columns
    return Site(
        name=name,
        others=others,
        batch=batch,
        rows=rows,
        columns=columns,
        spread=math.prod(net.sizes[i] for i in held if i not in unknowns),
        shape=(_volume(net, batch), _volume(net, rows), _volume(net, columns)),
        gram=plan_for(layers, [*batch, *map(bra, rows), *rows], sizes),
        right=plan_for(right, unknowns, net.sizes),
        inward=plan_for([net.tensors[name]], unknowns, net.sizes),
    )


def _volume(net: Network, indices: Sequence[str]) -> int:
    return math.prod(net.sizes[index] for index in indices)


def als_sweeps(
    x: torch.Tensor, net: Network, start: Mapping[str, torch.Tensor], active: Sequence[str], ridge: float = 0.0
) -> Iterator[tuple[Cores, float, float]]:
    """Cores, their relative error and the objective, after every sweep over the cores named in `active`; never ends.

    Parameters
    ----------
    start
        Numbers for every tensor of the network, fixed ones included.
    ridge
        Weight of the penalty. What falls from sweep to sweep, and is given as the objective, is the square root of
        ``||x - xhat||^2 / ||x||^2 + ridge * sum ||core||^2 / ||x||^(2/n)`` over the n active cores.
    """
    whole = norm(x)
    unit = whole ** (2 / len(active))
    cores = dict(start)
    while True:
        cores = balanced(cores, active)
        lost = 0.0
        for name in active:
            cores[name], lost = update(x, net, cores, name, whole, ridge * whole**2 / unit)
        error = math.sqrt(lost) if lost > safe_below(x.dtype) ** 2 else relative_residual(x, value_of(net, cores))
        penalty = ridge * sum(norm(cores[name]) ** 2 for name in active) / unit if ridge else 0.0
        yield dict(cores), error, math.sqrt(error**2 + penalty)


def update(
    x: torch.Tensor, net: Network, cores: Mapping[str, torch.Tensor], name: str, whole: float, shift: float = 0.0
) -> tuple[torch.Tensor, float]:
    """The best core, all others being what they are, and the squared relative error that is then left.

    Parameters
    ----------
    whole
        ||x||.
    shift
        Added to the diagonal of the normal equations: the weight of ``||core||^2`` against ``||x - xhat||^2``.
    """
    site = site_of(net, name)
    dtype = wide(x.dtype)  # the small side, in double precision: E^H E has the condition of E squared
    others = [cores[each].to(dtype) for each in site.others]
    batch, rows, _ = site.shape
    gram = run(site.gram, [each.conj() for each in others] + others).to(x.device, dtype).reshape(batch, rows, rows)
    right = run(site.right, [x, *(cores[each].conj() for each in site.others)]).to(dtype).reshape(site.shape)
    before = run(site.inward, [cores[name]]).to(dtype).reshape(site.shape)
    shifted = gram + shift / site.spread * torch.eye(rows, dtype=dtype, device=x.device) if shift else gram
    found = solve(shifted, right, before, torch.finfo(x.dtype).eps)
    captured = (found.conj() * (2 * right - gram @ found)).sum().real
    return _core_of(net, site, found.to(x.dtype)), max(0.0, 1 - float(captured) / whole**2)


def _core_of(net: Network, site: Site, found: torch.Tensor) -> torch.Tensor:
    """The smallest core with these unknowns: sums spread evenly, off the diagonals zero."""
    indices = net.tensors[site.name]
    distinct = list(dict.fromkeys(indices))
    sizes = [net.sizes[i] for i in distinct]
    core = found.reshape([net.sizes[i] for i in site.unknowns])
    core = core.permute([site.unknowns.index(i) for i in distinct if i in site.unknowns]) / site.spread
    core = core.reshape([net.sizes[i] if i in site.unknowns else 1 for i in distinct]).expand(sizes)
    if len(distinct) == len(indices):
        return core.contiguous()
    grid = torch.meshgrid(*(torch.arange(size, device=core.device) for size in sizes), indexing="ij")
    whole = core.new_zeros([net.sizes[i] for i in indices])
    whole[tuple(grid[distinct.index(i)] for i in indices)] = core
    return whole


def value_of(net: Network, cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The dense value."""
    return run(plan_for(net.tensors.values(), net.legs, net.sizes), [cores[name] for name in net.tensors])


def estimate(net: Network, active: Sequence[str], dtype: torch.dtype) -> int:
    """Bytes that sweeps over `active` need beside the data: the largest problem, a dense value, the cores."""
    sites = [site_of(net, name) for name in active]
    right = max(2 * site.right.peak for site in sites)
    gram = max(2 * site.gram.peak + 3 * site.shape[0] * site.shape[1] ** 2 for site in sites)
    dense = plan_for(net.tensors.values(), net.legs, net.sizes).peak
    entries = sum(math.prod(net.shape_of(name)) for name in net.tensors)
    return dtype.itemsize * (max(right, 2 * dense) + 3 * entries) + wide(dtype).itemsize * (gram + 2 * entries)
