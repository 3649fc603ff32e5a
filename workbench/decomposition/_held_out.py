"""Which entries were observed, which are held out to test a fit, and whether those left determine a network."""

import math
from collections.abc import Callable, Iterable, Sequence

import torch

from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import norm
from workbench.network import Network

BLOCK = 1 << 20
"""Entries compared at a time."""


def check_observed(
    mask: torch.Tensor, net: Network, active: Sequence[str] | None = None, ridge: float = 0.0, what: str = "observed"
) -> None:
    """Refuse a mask that leaves numbers of a network undetermined, whatever the data.

    Every value of a core's legs needs an observed entry. Fibres that are missing altogether are no harm where the core
    that holds the value sees others. Fewer observed entries than the network has degrees of freedom (parameters less those
    that change no value) are refused, too, unless a ridge chooses among the many networks that fit.

    Parameters
    ----------
    mask
        Bool, True where observed; its axes are the network's legs.
    active
        The cores to be fitted; by default all that are free.
    ridge
        The weight of the penalty on large cores.
    what
        How the entries came to be there: observed, or left by what was held out.

    Raises
    ------
    FitError
        Names the leg and the value, the core, and what to do.
    """
    active = net.free if active is None else tuple(active)
    single = [(leg,) for name in active for leg in net.tensors[name] if leg in net.legs]
    bare = _bare(mask, net, single) or _bare(mask, net, [legs for name in active if len(legs := _legs(net, name)) > 1])
    if bare is not None:
        legs, values = bare
        name = next(name for name in active if set(legs) <= set(net.tensors[name]))
        if len(legs) == 1:
            axis = net.legs.index(legs[0])
            index = ", ".join([":"] * axis + ["keep"])
            raise FitError(
                f"no entry with leg {legs[0]!r} = {values[0]} was {what}, so that row of core {name!r} is undetermined; "
                f"leave it out, x[{index}] with keep = mask.any({tuple(k for k in range(mask.ndim) if k != axis)})"
            )
        raise FitError(
            f"no entry with legs {legs} = {values} was {what}, and core {name!r} holds all of these legs, so its numbers there "
            "are undetermined; choose a network in which different tensors hold them"
        )
    count, free = int(mask.sum()), degrees_of_freedom(net, active)
    if count < min(free, mask.numel()) and not ridge:
        raise FitError(
            f"{count:,} entries were {what}, and the network has about {free:,} degrees of freedom, so many fit exactly and "
            "the gaps could hold anything; lower the ranks, or let ridge=1e-3 choose the smallest"
        )


def _legs(net: Network, name: str) -> tuple[str, ...]:
    return tuple(index for index in dict.fromkeys(net.tensors[name]) if index in net.legs)


def _bare(
    mask: torch.Tensor, net: Network, groups: Iterable[tuple[str, ...]]
) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
    """The first legs and values of theirs at which the mask is False everywhere."""
    for legs in dict.fromkeys(groups):
        seen = _seen(mask, net, legs)
        if not bool(seen.all()):
            return legs, tuple((~seen).nonzero()[0].tolist())
    return None


def _seen(mask: torch.Tensor, net: Network, legs: Sequence[str]) -> torch.Tensor:
    """Whether anything is True at each of the legs' values."""
    axes = [net.legs.index(leg) for leg in legs]
    rest = [axis for axis in range(mask.ndim) if axis not in axes]
    seen = mask.view(torch.uint8).amax(rest).bool() if rest else mask  # a maximum of bytes is faster than any
    return seen.permute([sorted(axes).index(axis) for axis in axes])


def degrees_of_freedom(net: Network, active: Sequence[str] | None = None) -> int:
    """Numbers of the cores that count, less the gauges everyone knows: matrices on bonds, scales on all other indices' values.

    Ranks no data can fill are counted as large as can be filled, sums that only one core holds once. Where gauges overlap
    (round a loop) the estimate is a little low; where several indices are on the same three tensors it may be a little high.
    """
    active = net.free if active is None else active
    holders = {index: {name for name, _ in net.holders(index)} for index in net.sizes}
    sizes = {i: 1 if i not in net.legs and len(holders[i]) == 1 else size for i, size in net.sizes.items()}
    links: dict[tuple[str, ...], str] = {}  # two tensors and their bond, all bonds of theirs made one
    for index in net.summed:
        if len(net.holders(index)) == len(holders[index]) == 2:
            bond = links.setdefault(tuple(sorted(holders[index])), index)
            if bond != index:
                sizes[bond], sizes[index] = sizes[bond] * sizes[index], 1

    def volume(indices: Iterable[str]) -> int:
        return math.prod(sizes[index] for index in indices)

    held = {name: set(net.tensors[name]) for name in net.tensors}
    while True:
        before = dict(sizes)
        for (a, b), bond in links.items():
            sizes[bond] = min(sizes[bond], volume(held[a] - held[b]), volume(held[b] - held[a]))
        if sizes == before:
            break
    parts = _joined(active, lambda a, b: bool(held[a] & held[b]))
    total = min(0, 1 - len(parts))  # one scale for the product of all
    for part in parts:
        count = sum(volume(held[name]) for name in part)
        for (a, b), bond in links.items():
            if {a, b} <= part:
                count -= sizes[bond] ** 2 * volume(
                    i for i in held[a] & held[b] if holders[i] != {a, b} or i in net.legs
                )
        for index in set().union(*(held[name] for name in part)) - set(links.values()):
            groups = _joined(holders[index] & part, lambda a, b: tuple(sorted((a, b))) in links)
            count -= sizes[index] * (len(groups) - 1)
        total += min(count, math.prod(net.sizes[leg] for leg in net.legs if holders[leg] & part))
    return max(total, 0)


def _joined(names: Iterable[str], near: Callable[[str, str], bool]) -> list[set[str]]:
    """Names in groups that hang together."""
    groups: list[set[str]] = []
    for name in names:
        touched = [group for group in groups if any(near(name, each) for each in group)]
        groups = [group for group in groups if group not in touched] + [{name}.union(*touched)]
    return groups


# ---- held out -------------------------------------------------------------------------------------------------------


def split_held_out(
    mask: torch.Tensor, held_out: float | torch.Tensor, net: Network, seed: int, active: Sequence[str] | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The entries to fit to, and those to test on.

    Parameters
    ----------
    mask
        Bool, True where observed; its axes are the network's legs.
    held_out
        A fraction of the observed entries, drawn at random (on the CPU, so that it does not depend on the device) such that
        every value of a core's legs keeps an entry; or a mask of the same shape, True where to test.
    active
        The cores to be fitted; by default all that are free.

    Returns
    -------
    training, testing : torch.Tensor
        Bool, on the mask's device; together they are the mask.

    Raises
    ------
    FitError
        When nothing would be held out, or nothing would be left to fit to, or not enough for every core.
    """
    active = net.free if active is None else tuple(active)
    count = int(mask.sum())
    if isinstance(held_out, torch.Tensor):
        testing = mask & held_out.to(mask.device)
        if not bool(testing.any()):
            raise FitError(
                f"held_out names {int(held_out.sum()):,} entries, and none of them was observed; name observed ones"
            )
        if int(testing.sum()) == count:
            raise FitError(f"held_out names all {count:,} observed entries, so nothing is left to fit to; name fewer")
        return mask & ~testing, testing
    if isinstance(held_out, bool) or not isinstance(held_out, int | float) or not 0 < held_out < 1:
        raise FitError(
            f"held_out is {held_out!r}; it is a fraction of the observed entries, above 0 and below 1, or a mask of them"
        )
    size = round(held_out * count)
    if not 0 < size < count:
        verb = "holds nothing out" if size == 0 else "leaves nothing to fit to"
        raise FitError(
            f"held_out={held_out} of {count:,} observed entries {verb}; choose another fraction, or give a mask"
        )
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    places = mask.reshape(-1).nonzero().squeeze(1).cpu()[order]
    testing = _marked(mask, places[:size])
    groups = [legs for name in active if (legs := _legs(net, name))]
    if _bare(mask & ~testing, net, groups) is None:
        return mask & ~testing, testing
    kept = _needed(mask, net, groups, places)
    others = places[~kept]
    if len(others) < size:
        raise FitError(
            f"held_out={held_out} of {count:,} observed entries is {size:,}, but every value of a core's legs must keep one, "
            f"which leaves {len(others):,} to hold out; choose at most {math.floor(1e3 * len(others) / count) / 1e3:g}"
        )
    testing = _marked(mask, others[:size])
    return mask & ~testing, testing


def _marked(mask: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """A mask that is True at these places."""
    marked = torch.zeros(mask.numel(), dtype=torch.bool, device=mask.device)
    marked[places.to(mask.device)] = True
    return marked.reshape(mask.shape)


def _needed(mask: torch.Tensor, net: Network, groups: Sequence[tuple[str, ...]], places: torch.Tensor) -> torch.Tensor:
    """Which of the places in a random order to keep so that every value of the legs has one: those it has, or its last."""
    where = torch.unravel_index(places, mask.shape)
    kept = torch.zeros(len(places), dtype=torch.bool)
    for legs in dict.fromkeys(groups):
        value = torch.zeros_like(places)
        for leg in legs:
            value = value * net.sizes[leg] + where[net.legs.index(leg)]
        last = torch.full((math.prod(net.sizes[leg] for leg in legs),), -1)
        last.scatter_reduce_(0, value, torch.arange(len(places)), "amax")
        last[value[kept]] = -1
        kept[last[last >= 0]] = True
    return kept


def masked_error(x: torch.Tensor, value: torch.Tensor, mask: torch.Tensor) -> float:
    """||mask * (x - value)|| / ||mask * x||; zero where both are zero, infinite where only the second is."""
    flat = [each.reshape(-1) for each in (x, value, mask)]
    whole, residual = [0.0], [0.0]
    for low in range(0, mask.numel(), BLOCK):
        a, b, seen = (each[low : low + BLOCK] for each in flat)
        whole.append(norm(a[seen]))
        residual.append(norm(a[seen] - b[seen]))
    if not any(residual):
        return 0.0
    return math.hypot(*residual) / math.hypot(*whole) if any(whole) else math.inf
