"""What can be chosen in the explorer: the formats over one tensor, their ranks, and each state as a line of Python."""

__all__ = [
    "OWN",
    "Format",
    "Rank",
    "State",
    "carried",
    "checked",
    "formats_of",
    "matched",
    "own_format",
    "refuse_uncarried",
    "to_begin_with",
    "useful",
]

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import SupportsIndex

from workbench.decomposition import FitError
from workbench.network import FAMILIES, Network, NetworkError

OWN = "own"
"""The key of a network given in Python."""
TITLES = {
    "cp": "CP",
    "tucker": "Tucker",
    "tensor_train": "Tensor train",
    "tensor_ring": "Tensor ring",
    "hierarchical_tucker": "Hierarchical Tucker",
}
FIRST = 50_000
"""The most parameters to begin with, so that the first fit of large data is quick."""
BEYOND = 1 << 16
"""No rank is larger."""
LARGEST = 1024
"""The end of a slider whose rank no unfolding bounds."""


@dataclass(frozen=True)
class State:
    """What is explored: a format, its ranks, and for the user's own format the network it is."""

    format: str
    ranks: tuple[int, ...]
    own: Network | None = None


@dataclass(frozen=True)
class Rank:
    """One rank of a format.

    Attributes
    ----------
    index
        Its name in the network.
    title
        What it joins, in the data's own words.
    most
        The largest value that can matter, or for a rank that no unfolding bounds a sensible end.
    side
        For a bond that cuts the network in two, the legs on its smaller side; else none.
    """

    index: str
    title: str
    most: int
    side: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Format:
    """A family of networks over the data, or a network of the user's, with ranks to choose."""

    key: str
    title: str
    base: Network
    ranks: tuple[Rank, ...]

    def network(self, ranks: Sequence[int]) -> Network:
        """The network of these ranks."""
        return self.base.resize({rank.index: size for rank, size in zip(self.ranks, ranks, strict=True)})

    def line(self, ranks: Sequence[int], name: str, sweeps: int | None = None) -> str:
        """The call of `wb.decompose` that makes the fit of these ranks; `sweeps` where it was stopped after so many."""
        ended = "" if sweeps is None else f", max_sweeps={sweeps}"
        if self.key == OWN:
            changed = {
                rank.index: size
                for rank, size in zip(self.ranks, ranks, strict=True)
                if self.base.sizes[rank.index] != size
            }
            plain = all(index.isascii() and index.isidentifier() for index in changed)
            sizes = ", ".join(f"{index}={size}" for index, size in changed.items()) if plain else repr(changed)
            return f"fit = wb.decompose({name}, net{f'.resize({sizes})' if changed else ''}{ended})"
        told = repr(ranks[0] if self.key == "cp" else tuple(ranks))
        return f"fit = wb.decompose({name}, {self.key!r}, ranks={told}{ended})"

    @cached_property
    def is_tree(self) -> bool:
        """Whether every rank cuts the network in two, so that unfoldings have something to say about all of them."""
        return all(rank.side for rank in self.ranks)

    @cached_property
    def is_star(self) -> bool:
        """Whether it is one core with factors around it, (leg, rank) each: then a closed form loses what lies outside a
        corner of the data's core, and every choice of ranks is known at once. Tucker is; so are trains of three cores.
        """
        factors = [name for name in self.base.free if len(self.base.tensors[name]) == 2]
        around = {self.base.tensors[name] for name in factors}
        wanted = [{(*rank.side, rank.index), (rank.index, *rank.side)} for rank in self.ranks]
        single = bool(self.ranks) and all(len(rank.side) == 1 for rank in self.ranks)
        return single and len(self.base.tensors) == len(self.ranks) + 1 and all(each & around for each in wanted)


def formats_of(shape: Sequence[int], legs: Sequence[str]) -> dict[str, Format]:
    """The families that make sense for a tensor of this shape, by key."""
    found = {}
    for key, title in TITLES.items():
        if len(shape) < {"tensor_train": 2, "tensor_ring": 2, "hierarchical_tucker": 3}.get(key, 1):
            continue
        base = FAMILIES[key](tuple(shape), 1, legs=tuple(legs))
        found[key] = Format(key, title, base, _ranks(base))
    return found


def own_format(net: Network, shape: Sequence[int]) -> Format:
    """A network of the user's over the data, its ranks being all sizes that neither the data nor a fixed tensor sets.

    Raises
    ------
    NetworkError
        When its legs are not the data's axes.
    """
    if net.order != len(shape):
        raise NetworkError(
            f"the network has {net.order} legs {net.legs}, the data has {len(shape)} axes {tuple(shape)}; one leg an axis"
        )
    for axis, (leg, size) in enumerate(zip(net.legs, shape, strict=True)):
        if net.sizes[leg] != size:
            raise NetworkError(
                f"leg {leg!r} has size {net.sizes[leg]}, axis {axis} of the data has size {size}; "
                f"resize the leg to {size} or put the legs in another order"
            )
    return Format(OWN, "Own network", net, _ranks(net))


def checked(form: Format, ranks: object) -> tuple[int, ...]:
    """Ranks for a format: one number for all, or one each.

    Raises
    ------
    FitError
        When there are too many or too few, or one of them cannot be.
    """
    count = len(form.ranks)
    if isinstance(ranks, SupportsIndex) and not isinstance(ranks, bool):
        ranks = [min(operator.index(ranks), rank.most) if count > 1 else operator.index(ranks) for rank in form.ranks]
    if not isinstance(ranks, Iterable) or isinstance(ranks, str | bytes):
        raise FitError(f"ranks are {ranks!r}; give one whole number, or {_spelled(form)}")
    found = list(ranks)
    if len(found) != count:
        raise FitError(f"{len(found)} rank{'' if len(found) == 1 else 's'} {tuple(found)} for {_spelled(form)}")
    sizes = []
    for rank, size in zip(form.ranks, found, strict=True):
        if not isinstance(size, SupportsIndex) or isinstance(size, bool) or operator.index(size) < 1:
            raise FitError(f"rank {rank.index!r} is {size!r}; a rank is a whole number of at least 1")
        whole = operator.index(size)
        most = rank.most if rank.side else BEYOND
        if whole > most:
            raise FitError(f"rank {rank.index!r} ({rank.title}) is {whole}; the largest that makes sense is {most}")
        sizes.append(whole)
    return tuple(sizes)


def _spelled(form: Format) -> str:
    names = ", ".join(f"{rank.index} ({rank.title})" for rank in form.ranks) or "none"
    return f"the {len(form.ranks)} of {form.title}: {names}"


def to_begin_with(form: Format, shape: Sequence[int]) -> tuple[int, ...]:
    """The ranks before anyone chose: those of the user's network; for Tucker the same share of every long axis, a twelfth
    of the data or `FIRST` parameters in all; for the others about as many parameters.
    """
    if form.key == OWN:
        return tuple(form.base.sizes[rank.index] for rank in form.ranks)
    whole = math.prod(shape)
    budget = min(max(whole // 12, min(whole // 3, 400)), FIRST)
    if form.key != "tucker":
        return matched(form, budget)
    few = 4 if max(shape) > 32 else 0  # colours and the like are kept whole

    def share(part: int) -> tuple[int, ...]:
        wanted = (size if size <= few else max(1, size * part // 1000) for size in shape)
        return carried(form, tuple(min(size, rank.most) for size, rank in zip(wanted, form.ranks, strict=True)))

    fitting = (ranks for part in range(1000, 0, -10) if form.network(ranks := share(part)).parameters <= budget)
    return next(fitting, share(1))


def matched(form: Format, parameters: int) -> tuple[int, ...]:
    """The most even ranks with at most so many parameters, or ones."""
    low, high = 1, max((rank.most for rank in form.ranks), default=1)
    while low < high:  # parameters rise with the ranks
        middle = (low + high + 1) // 2
        if form.network(_even(form, middle)).parameters <= parameters:
            low = middle
        else:
            high = middle - 1
    return _even(form, low)


def carried(form: Format, ranks: tuple[int, ...]) -> tuple[int, ...]:
    """Ranks lowered to what the cores can carry, which is what `workbench.decompose` takes."""
    while True:
        bounds = _bounds(form.network(ranks), form)
        lowered = tuple(min(pair) for pair in zip(ranks, bounds, strict=True))
        if lowered == ranks:
            return ranks
        ranks = lowered


def refuse_uncarried(form: Format, ranks: Sequence[int]) -> None:
    """Refuse what `workbench.decompose` refuses of a family: a rank larger than the others at one core together.

    Raises
    ------
    FitError
        Names the rank, and the largest that makes sense.
    """
    for rank, size, most in zip(form.ranks, ranks, _bounds(form.network(ranks), form), strict=True):
        if form.key != OWN and size > most:
            raise FitError(
                f"{rank.title}: rank {size} is more than its core can carry beside the other ranks, at most {most} makes "
                "sense there; lower it, or raise another"
            )


def useful(net: Network, form: Format) -> list[int]:
    """For each rank the largest that can be told from a smaller one while the others stay: a matrix has no more rank than
    its smaller side.
    """
    return [min(rank.most, most) for rank, most in zip(form.ranks, _bounds(net, form), strict=True)]


def _bounds(net: Network, form: Format) -> list[int]:
    """What a bond's tensors can carry of it; no tensor needs more rank-one terms than all its axes but the longest have entries."""
    terms = math.prod(net.shape) // max(net.shape, default=1)
    return [
        min(_sides(net, rank.index)) if rank.index in net.bonds else terms if form.key == "cp" else BEYOND
        for rank in form.ranks
    ]


def _sides(net: Network, index: str) -> list[int]:
    return [
        math.prod(net.sizes[other] for other in net.tensors[name] if other != index) for name, _ in net.holders(index)
    ]


def _even(form: Format, size: int) -> tuple[int, ...]:
    return tuple(min(size, rank.most) for rank in form.ranks)


def _ranks(net: Network) -> tuple[Rank, ...]:
    fixed = {index for name in net.fixed for index in net.tensors[name]}
    found = []
    for index in net.sizes:
        if index in net.legs or index in fixed:
            continue
        side = _side(net, index)
        title = _joined(net, index) if not side else " ".join(side)
        found.append(Rank(index, title, _most(net, index, side), side))
    return tuple(found)


def _side(net: Network, index: str) -> tuple[str, ...]:
    """The legs that are cut off when this bond is cut, on its smaller side; none when it cuts no legs off."""
    held = [name for name, _ in net.holders(index)]
    if len(held) != 2 or held[0] == held[1]:
        return ()
    reached = {held[0]}
    todo = [held[0]]
    while todo:
        for other in net.tensors[todo.pop()]:
            for name, _ in net.holders(other) if other != index else ():
                if name not in reached:
                    reached.add(name)
                    todo.append(name)
    if held[1] in reached:
        return ()
    here = tuple(leg for leg in net.legs if any(name in reached for name, _ in net.holders(leg)))
    there = tuple(leg for leg in net.legs if leg not in here)
    if not here or not there:
        return ()
    behind = len(net.tensors) - len(reached)
    sizes = [
        (len(legs), tensors, math.prod(net.sizes[leg] for leg in legs))
        for legs, tensors in ((here, len(reached)), (there, behind))
    ]
    return here if sizes[0] <= sizes[1] else there


def _joined(net: Network, index: str) -> str:
    """What an index joins, by the legs next to it."""
    around = [next((leg for leg in net.tensors[name] if leg in net.legs), "") for name, _ in net.holders(index)]
    if len(around) > 2:
        return "components"
    return " – ".join(leg for leg in around if leg)


def _most(net: Network, index: str, side: Sequence[str]) -> int:
    whole = math.prod(net.shape)
    if side:
        rows = math.prod(net.sizes[leg] for leg in side)
        return max(1, min(rows, whole // rows))
    # Beyond the data's own number of entries nothing is compressed; a component more never has to cost more than the data.
    one = net.resize({each: 1 for each in net.sizes if each not in net.legs and not _is_fixed(net, each)})
    step = one.resize({index: 2}).parameters - one.parameters
    enough = max(
        1, whole // max(max(net.shape, default=1), 1)
    )  # CP never needs more components than the other axes' entries
    return max(1, min(LARGEST, enough, max(whole // max(step, 1), 2 * max(net.shape, default=1))))


def _is_fixed(net: Network, index: str) -> bool:
    return any(name in net.fixed for name, _ in net.holders(index))
