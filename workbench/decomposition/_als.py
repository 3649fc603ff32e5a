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

Several starts are one more batch axis, which all cores that move share. The data are read twice a sweep, whatever the
number of cores: once with a core at one end absorbed, which serves all others, and once for that core.

Source: Kolda and Bader (2009), section 3.4, for CP; Phan, Tichavsky and Cichocki (2013) for shared partial contractions;
the general case is linear algebra on the network's picture.
"""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from workbench.decomposition._constraints import solve_nonnegative, solve_orthogonal
from workbench.decomposition._numbers import einsum, norm, relative_residual, safe_below, solve, wide
from workbench.network import Network
from workbench.network._contract import run
from workbench.network._plan import Plan, plan_for

Cores = dict[str, torch.Tensor]
Labels = tuple[str, ...]
START = " start"
"""The batch axis of several starts; no index of a network begins with a blank."""
DIRECT = 1200
"""Systems with more rows than this are solved by conjugate gradients on the network, without forming them."""


@dataclass(frozen=True)
class Site:
    """One core's least-squares problem, as structure: how its indices enter, and how its two sides are contracted."""

    name: str
    held: Labels  # the core's axes
    others: tuple[str, ...]
    beside: tuple[str, ...]  # the others that are not absorbed in the data
    batch: Labels  # the starts, legs held elsewhere, too
    rows: Labels  # summed, held elsewhere, too
    columns: Labels  # legs nobody else holds
    spread: int  # over how many entries each value is spread: the sizes of summed indices nobody else holds
    sizes: Mapping[str, int]
    shape: tuple[int, int, int]  # (batch, rows, columns)
    gram: Plan
    right: Plan
    inward: Plan  # core -> unknowns
    applied: Plan  # core -> gram times core, for large systems

    @property
    def unknowns(self) -> Labels:
        return self.batch + self.rows + self.columns


@dataclass(frozen=True)
class View:
    """The data as sweeps see them: perhaps several starts at once, perhaps with one core absorbed."""

    moving: frozenset[str] = frozenset()  # cores that have a start axis, in front
    starts: int = 1
    absorbed: str | None = None

    def labels(self, net: Network, name: str) -> Labels:
        return (START, *net.tensors[name]) if name in self.moving else net.tensors[name]

    def legs(self, net: Network) -> Labels:
        return (START, *net.legs) if self.moving else net.legs

    def data(self, net: Network) -> Labels:
        """The axes of the data."""
        if self.absorbed is None:
            return net.legs
        own = self.labels(net, self.absorbed)
        rest = [leg for leg in net.legs if leg not in own]
        bonds = [i for i in dict.fromkeys(own) if i not in net.legs]
        return (*rest, *bonds)


@lru_cache(maxsize=4096)
def site_of(net: Network, name: str, view: View = View()) -> Site:
    """The least-squares problem of one core."""
    others = tuple(each for each in net.tensors if each != name)
    beside = tuple(each for each in others if each != view.absorbed)
    labels = {each: view.labels(net, each) for each in net.tensors}
    elsewhere = {index for each in others for index in labels[each]}
    held = dict.fromkeys(labels[name])
    legs = set(view.legs(net))
    batch = tuple(i for i in held if i in legs and i in elsewhere)
    rows = tuple(i for i in held if i not in legs and i in elsewhere)
    columns = tuple(i for i in held if i in legs and i not in elsewhere)
    sizes = {START: view.starts, **net.sizes}

    def bra(index: str) -> Hashable:
        return index if index in legs else (index,)  # legs meet the data; summed indices are each layer's own

    def volume(indices: Labels) -> int:
        return math.prod(sizes[index] for index in indices)

    layers: list[Sequence[Hashable]] = [[bra(i) for i in labels[each]] for each in others]
    layers += [labels[each] for each in others]
    both: dict[Hashable, int] = {each: size for index, size in sizes.items() for each in (index, (index,))}
    unknowns = batch + rows + columns
    right: list[Sequence[Hashable]] = [view.data(net), *(labels[each] for each in beside)]
    grown = [*map(bra, batch), *map(bra, rows), *columns]
    return Site(
        name=name,
        held=tuple(labels[name]),
        others=others,
        beside=beside,
        batch=batch,
        rows=rows,
        columns=columns,
        spread=volume(tuple(i for i in held if i not in unknowns)),
        sizes=sizes,
        shape=(volume(batch), volume(rows), volume(columns)),
        gram=plan_for(layers, [*batch, *map(bra, rows), *rows], both),
        right=plan_for(right, unknowns, sizes),
        inward=plan_for([labels[name]], unknowns, sizes),
        applied=plan_for([unknowns, *layers], grown, both) if volume(rows) > DIRECT else plan_for([()], (), {}),
    )


@dataclass(frozen=True)
class Rules:
    """What cores must keep to, beside being small: names of those without negative entries, and of isometries.

    An isometry's columns, one for each value of its summed indices, are orthonormal.
    """

    nonnegative: frozenset[str] = frozenset()
    orthogonal: frozenset[str] = frozenset()


def als_sweeps(
    x: torch.Tensor,
    net: Network,
    start: Mapping[str, torch.Tensor],
    active: Sequence[str],
    ridge: float = 0.0,
    rules: Rules = Rules(),
    starts: int = 0,
) -> Iterator[tuple[Cores, torch.Tensor, torch.Tensor]]:
    """Cores, their relative errors and the objectives, after every sweep over the cores named in `active`; never ends.

    Parameters
    ----------
    start
        Numbers for every tensor of the network, fixed ones included.
    ridge
        Weight of the penalty. What falls from sweep to sweep, and is given as the objective, is the square root of
        ``||x - xhat||^2 / ||x||^2 + ridge * sum ||core||^2 / ||x||^(2/n)`` over the n active cores.
    starts
        If not 0, the active cores have an axis of this size in front, several starts that are swept at once. Errors and
        objectives are vectors of double precision, one entry a start.
    """
    whole = norm(x)
    unit = whole ** (2 / len(active))
    shift = ridge * whole**2 / unit
    view = View(frozenset(active), starts) if starts else View()
    absorbed = _to_absorb(net, view, active)
    ends = [name for name in absorbed if name in active]
    last = ends[0] if ends else None
    order = [name for name in active if name != last] + ([last] if last else [])
    cores = dict(start)
    while True:
        if not rules.orthogonal:
            cores = _balanced(cores, active, view)
        data, seen = _absorb(x, net, cores, view, last)
        lost = torch.zeros((), dtype=torch.float64)
        for name in order:
            if name == last:
                data, seen = _absorb(x, net, cores, view, next((each for each in absorbed if each != last), None))
            cores[name], lost = update(data, net, cores, name, whole, shift, seen, rules)
        errors = _errors(x, net, cores, view, lost)
        penalty = sum(_squares(cores[name], view) for name in active) * (ridge / unit) if ridge else 0.0
        yield dict(cores), errors, (errors.square() + penalty).sqrt()


def _to_absorb(net: Network, view: View, active: Sequence[str]) -> list[str]:
    """The tensors whose legs, held by nobody else, come first or last of all, and that make the data smaller: one an end.

    The data are contracted with these without being copied.
    """
    found = {}
    for name in net.tensors:
        own = [leg for leg in net.legs if leg in net.tensors[name]]
        alone = all(len(net.holders(leg)) == 1 for leg in own)
        bonds = {i for i in net.tensors[name] if i not in net.legs}
        into = math.prod(net.sizes[i] for i in bonds) * (view.starts if name in view.moving else 1)
        if not own or not alone or len(own) == len(net.legs) or 2 * into > math.prod(net.sizes[leg] for leg in own):
            continue
        if net.legs[-len(own) :] == tuple(own):
            found["last"] = name
        elif net.legs[: len(own)] == tuple(own):
            found["first"] = name
    ends = [found[end] for end in ("last", "first") if end in found]
    return sorted(ends, key=lambda name: name not in active)


def _absorb(
    x: torch.Tensor, net: Network, cores: Mapping[str, torch.Tensor], view: View, name: str | None
) -> tuple[torch.Tensor, View]:
    if name is None:
        return x, view
    seen = View(view.moving, view.starts, name)
    return einsum([(x, net.legs), (cores[name].conj(), view.labels(net, name))], seen.data(net)), seen


def _squares(core: torch.Tensor, view: View) -> torch.Tensor:
    """||core||^2, of each start."""
    flat = core.to(wide(core.dtype)).reshape(max(1, view.starts), -1) if view.moving else core.reshape(1, -1)
    norms: torch.Tensor = torch.linalg.vector_norm(flat, dim=1, dtype=wide(core.dtype))
    return norms.square()


def _balanced(cores: Mapping[str, torch.Tensor], active: Sequence[str], view: View) -> Cores:
    """The same value with the norms of the active cores made equal, start by start."""
    logs = torch.stack([_squares(cores[name], view) for name in active]).log() / 2
    if not bool(torch.isfinite(logs).all()):
        return dict(cores)
    scales = (logs.mean(0) - logs).exp()
    made = dict(cores)
    for name, scale in zip(active, scales, strict=True):
        shape = (-1,) + (1,) * (cores[name].ndim - 1) if view.moving else ()
        made[name] = cores[name] * scale.reshape(shape).to(cores[name].real.dtype)
    return made


def _errors(
    x: torch.Tensor, net: Network, cores: Mapping[str, torch.Tensor], view: View, lost: torch.Tensor
) -> torch.Tensor:
    """Relative errors from what the last update left; where squared norms differ too little, from the value itself."""
    errors = lost.sqrt().cpu()
    for at in (errors <= safe_below(x.dtype)).nonzero().reshape(-1).tolist():
        chosen = one_of(cores, view.moving, at)
        errors[at] = relative_residual(x, value_of(net, chosen))
    return errors


def one_of(cores: Mapping[str, torch.Tensor], moving: frozenset[str], start: int) -> Cores:
    """The cores of one start."""
    return {name: core[start] if name in moving else core for name, core in cores.items()}


def update(
    x: torch.Tensor,
    net: Network,
    cores: Mapping[str, torch.Tensor],
    name: str,
    whole: float,
    shift: float = 0.0,
    view: View = View(),
    rules: Rules = Rules(),
) -> tuple[torch.Tensor, torch.Tensor]:
    """The best core, all others being what they are, and the squared relative error that is then left, of each start.

    Parameters
    ----------
    whole
        ||x||.
    shift
        Added to the diagonal of the normal equations: the weight of ``||core||^2`` against ``||x - xhat||^2``.
    """
    site = site_of(net, name, view)
    dtype = wide(x.dtype)  # the small side, in double precision: E^H E has the condition of E squared
    rows = site.shape[1]
    right = run(site.right, [x, *(cores[each].conj() for each in site.beside)]).to(dtype).reshape(site.shape)
    before = run(site.inward, [cores[name]]).to(dtype).reshape(site.shape)
    others = [cores[each].to(dtype) for each in site.others]
    layers = [each.conj() for each in others] + others
    if rows > DIRECT and name not in rules.nonnegative | rules.orthogonal:
        found, image = _by_gradients(site, layers, right, before, shift / site.spread)
    else:
        gram = run(site.gram, layers).to(x.device, dtype).reshape(site.shape[0], rows, rows)
        shifted = gram
        if shift:
            shifted = gram + shift / site.spread * torch.eye(rows, dtype=dtype, device=x.device)
        if name in rules.nonnegative:
            found = solve_nonnegative(shifted, right, before)
        elif name in rules.orthogonal:
            found = solve_orthogonal(right)
        else:
            found = solve(shifted, right, before, torch.finfo(x.dtype).eps)
        image = gram @ found
    captured = (found.conj() * (2 * right - image)).real.reshape(view.starts if view.moving else 1, -1).sum(1)
    return _core_of(site, found.to(x.dtype)), (1 - captured / whole**2).clamp(min=0)


def _by_gradients(
    site: Site, layers: Sequence[torch.Tensor], right: torch.Tensor, start: torch.Tensor, shift: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fifty steps of conjugate gradients at most on E^H E c = E^H x, applied as a network; and E^H E c."""
    shape = [site.sizes[i] for i in site.unknowns]

    def gram(core: torch.Tensor) -> torch.Tensor:
        return run(site.applied, [core.reshape(shape), *layers]).reshape(site.shape) + shift * core

    found, image = start, gram(start)
    residual = right - image
    direction, squared = residual, float(residual.abs().square().sum())
    enough = 1e-20 * max(squared, float(right.abs().square().sum()))
    for _ in range(50):
        if squared <= enough:
            break
        mapped = gram(direction)
        step = squared / float((direction.conj() * mapped).sum().real)
        found, image, residual = found + step * direction, image + step * mapped, residual - step * mapped
        before, squared = squared, float(residual.abs().square().sum())
        direction = residual + (squared / before) * direction
    return found, image - shift * found


def _core_of(site: Site, found: torch.Tensor) -> torch.Tensor:
    """The smallest core with these unknowns: sums spread evenly, off the diagonals zero."""
    distinct = list(dict.fromkeys(site.held))
    sizes = [site.sizes[i] for i in distinct]
    core = found.reshape([site.sizes[i] for i in site.unknowns])
    core = core.permute([site.unknowns.index(i) for i in distinct if i in site.unknowns]) / site.spread
    core = core.reshape([site.sizes[i] if i in site.unknowns else 1 for i in distinct]).expand(sizes)
    if len(distinct) == len(site.held):
        return core.contiguous()
    grid = torch.meshgrid(*(torch.arange(size, device=core.device) for size in sizes), indexing="ij")
    whole = core.new_zeros([site.sizes[i] for i in site.held])
    whole[tuple(grid[distinct.index(i)] for i in site.held)] = core
    return whole


def value_of(net: Network, cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The dense value."""
    return run(plan_for(net.tensors.values(), net.legs, net.sizes), [cores[name] for name in net.tensors])


def estimate(net: Network, active: Sequence[str], dtype: torch.dtype) -> int:
    """Bytes that sweeps over `active` need beside the data: the largest problem, a dense value, the cores."""
    sites = [site_of(net, name) for name in active]
    right = max(2 * site.right.peak for site in sites)
    gram = max(
        2 * site.gram.peak + 3 * site.shape[0] * site.shape[1] ** 2
        if site.shape[1] <= DIRECT
        else 2 * site.applied.peak
        for site in sites
    )
    dense = plan_for(net.tensors.values(), net.legs, net.sizes).peak
    entries = sum(math.prod(net.shape_of(name)) for name in net.tensors)
    return dtype.itemsize * (max(right, 2 * dense) + 3 * entries) + wide(dtype).itemsize * (gram + 2 * entries)
