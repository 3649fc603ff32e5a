"""Half-diagrams: what a diagram does to its input's indices alone, or to its output's.

A diagram is cut between its rows. The lower half contracts: it takes diagonals and traces, and leaves one index for every
block that goes through. The upper half is of the same kind, used the other way: it spreads one index a block over diagonals and
repeats what it is given. Thousands of diagrams share few halves: 4,140 of S(n) with four vertices in each row have 94. Halves
share their work in turn: a total is the sum of sums, and is added to what is repeated before that is repeated.

Between the two, the indices that go through are permuted; a head contracts the open indices of its lower half
with a Levi-Civita tensor into those of its upper half.

Sources: Godfrey et al., arXiv 2303.06208; Pearce-Crump, arXiv 2304.14165; Pan and Kondor (2022).
"""

__all__ = ["Cut", "Half", "Plan", "cut"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from workbench.symmetry._diagram import Diagram, parity

Blocks = tuple[tuple[int, ...], ...]
Run = tuple[int, slice, int]
"""Part of a form: a diagonal's offset, which of its entries, and what stands there."""


@dataclass(frozen=True)
class Half:
    """One row of a diagram.

    Attributes
    ----------
    open : tuple of tuples of int
        The blocks, each the axes it joins, that keep an index, in the order of these indices.
    closed : tuple of tuples of int
        The blocks whose index is summed (or repeated).
    """

    open: Blocks
    closed: Blocks


@dataclass(frozen=True)
class Cut:
    """A diagram cut into halves.

    Attributes
    ----------
    lower, upper : Half
        Open in `lower`: the blocks that go through, then those on the head that end here. In `upper` the same.
    images : tuple of int
        For every block that goes through, in the order of `upper`, its place in `lower`.
    head : bool
        Whether there is a head. Its legs: blocks that go through where these are on it (A), blocks that end in `lower`, blocks
        that end in `upper`, and if there is one more leg, the summed one.
    sign : int
        Of the order of the head's legs.
    """

    lower: Half
    upper: Half
    images: tuple[int, ...]
    head: bool
    sign: int


def cut(diagram: Diagram) -> Cut:
    """Cut a diagram between its rows."""
    top = len(diagram.target)
    through: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    ends: dict[bool, tuple[list[tuple[int, ...]], list[tuple[int, ...]]]] = {True: ([], []), False: ([], [])}
    legs = []
    for on_head, blocks in ((False, diagram.blocks), (True, diagram.head_blocks)):
        for block in blocks:
            upper = tuple(vertex for vertex in block if vertex < top)
            lower = tuple(vertex - top for vertex in block if vertex >= top)
            if on_head:
                legs.append((upper, lower))
            if upper and lower:
                through.append((upper, lower))
            else:
                ends[on_head][not upper].append(upper or lower)
    from_below = sorted(through, key=lambda pair: pair[1])
    from_above = sorted(through)
    (up, down), (up_closed, down_closed) = ends[True], ends[False]
    lower_half = Half((*(low for _, low in from_below), *down), tuple(down_closed))
    upper_half = Half((*(high for high, _ in from_above), *up), tuple(up_closed))
    images = tuple(from_below.index(pair) for pair in from_above)
    ordered = [
        *(pair for pair in from_below if pair in legs),
        *(((), low) for low in down),
        *((high, ()) for high in up),
    ]
    sign = parity(tuple(legs.index(leg) for leg in ordered))
    return Cut(lower_half, upper_half, images, bool(legs), sign)


# ---- the two directions ----------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """How one half is made of another, or of the tensor itself."""

    number: int
    """Of the half, as it was given."""
    parent: int | None
    """The number of the half it is made of."""
    rank: int
    """How many indices that has."""
    half: Half
    """What is left to do, on the indices of the parent."""


class Plan:
    """Some halves of the same row, in an order in which each is made of the smallest one that holds all it needs.

    Parameters
    ----------
    halves
        The halves.
    rank
        How many indices the row has.
    form
        The group's form, which contracts closed blocks of two indices; None for the identity.
    """

    def __init__(self, halves: Sequence[Half], rank: int, form: Sequence[Run] | None) -> None:
        self.halves, self.rank, self.form = tuple(halves), rank, form
        self.whole = next((at for at, half in enumerate(halves) if half == _identity(rank)), None)
        """The half that leaves the tensor as it is."""
        steps: list[Step] = []
        for number in sorted(range(len(halves)), key=lambda at: -len(halves[at].open)):
            if number == self.whole:
                continue
            best = Step(number, None, rank, halves[number])
            for step in steps:
                left = _relative(halves[number], halves[step.number])
                if left is not None and len(halves[step.number].open) < best.rank:
                    best = Step(number, step.number, len(halves[step.number].open), left)
            steps.append(best)
        self.steps = tuple(steps)

    def contracted(self, x: torch.Tensor) -> list[torch.Tensor]:
        """What each half leaves of the last `rank` axes of x."""
        made: list[torch.Tensor] = list(_Contract.apply(x, self)) if self.steps else []  # type: ignore[no-untyped-call]
        if self.whole is not None:
            made.insert(self.whole, x)
        return made

    def spread(self, parts: Sequence[torch.Tensor], shape: Sequence[int]) -> torch.Tensor:
        """The sum over all halves of their parts, spread over a tensor of `shape`, whose last `rank` axes are the row's."""
        if not self.steps:
            return parts[0]
        spread: torch.Tensor = _Spread.apply(self, tuple(shape), *parts)  # type: ignore[no-untyped-call]
        return spread

    # ---- the same, without gradients ---------------------------------------------------------------------------------

    def contract(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """In the order of the halves, without `whole`."""
        made: dict[int, torch.Tensor] = {}
        for step in self.steps:
            source = x if step.parent is None else made[step.parent]
            made[step.number] = _contract(source, step.half, step.rank, self.form)
        return tuple(made[number] for number in sorted(made))

    def repeat(self, parts: Sequence[torch.Tensor], shape: tuple[int, ...]) -> torch.Tensor:
        """Adjoint to `contract`, and to leaving the tensor as it is."""
        held: dict[int | None, torch.Tensor] = dict(enumerate(parts))
        held[None] = parts[0].new_zeros(shape) if self.whole is None else parts[self.whole]
        owned: set[int | None] = {None} if self.whole is None else set()
        for step in reversed(self.steps):
            part = held.pop(step.number)[(..., *(None,) * len(step.half.closed))]
            over = held[step.parent]
            places = _places(step.half, step.rank)
            if places is not None:
                front = part.ndim - step.rank
                part = part.permute(*range(front), *(front + place for place in places))
                held[step.parent] = over.add_(part) if step.parent in owned else over + part
            else:
                over = held[step.parent] = over if step.parent in owned else over.clone()
                for view, sign in _pieces(over, step.half, step.rank, self.form):
                    view.add_(part, alpha=sign)
            owned.add(step.parent)
        y = held[None]
        return y if None in owned else y.clone()


class _Contract(torch.autograd.Function):
    """`_Spread` is its adjoint, so neither needs a graph of views."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, plan: Plan) -> tuple[torch.Tensor, ...]:
        ctx.plan, ctx.shape = plan, tuple(x.shape)
        return plan.contract(x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[Any, ...]:
        plan: Plan = ctx.plan
        parts = list(grads)
        if plan.whole is not None:
            parts.insert(plan.whole, grads[0].new_zeros(ctx.shape))
        return plan.spread(parts, ctx.shape), None


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, shape: tuple[int, ...], *parts: torch.Tensor) -> torch.Tensor:
        ctx.plan = plan
        return plan.repeat(parts, shape)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        return (None, None, *ctx.plan.contracted(grad))


def _identity(rank: int) -> Half:
    return Half(tuple((at,) for at in range(rank)), ())


def _places(half: Half, rank: int) -> list[int] | None:
    """For every index the place of its block, where every block is a single index: then a half only sums, or repeats."""
    blocks = (*half.open, *half.closed)
    return [blocks.index((at,)) for at in range(rank)] if all(len(block) == 1 for block in blocks) else None


def _relative(child: Half, parent: Half) -> Half | None:
    """What leads from `parent` to `child`, on the indices of `parent`; None when it lost what `child` needs."""
    closed = set(child.closed)
    if len(parent.open) <= len(child.open) or not closed.issuperset(parent.closed):
        return None
    place = {block: at for at, block in enumerate(parent.open)}
    owner = {vertex: block for block in parent.open for vertex in block}

    def blocks(of: Blocks) -> Blocks | None:
        found = []
        for block in of:
            parts = dict.fromkeys(owner.get(vertex) for vertex in block)
            held = [part for part in parts if part is not None]
            if len(held) != len(parts) or sum(map(len, held)) != len(block):
                return None
            found.append(tuple(place[part] for part in held))
        return tuple(found)

    opened = blocks(child.open)
    left = blocks(tuple(block for block in child.closed if block not in parent.closed))
    return None if opened is None or left is None else Half(opened, left)


def _contract(x: torch.Tensor, half: Half, rank: int, form: Sequence[Run] | None) -> torch.Tensor:
    closed = len(half.closed)
    if closed and _places(half, rank) is not None:
        front = x.ndim - rank
        summed = x.sum([front + block[0] for block in half.closed])
        kept = sorted(block[0] for block in half.open)
        order = [kept.index(block[0]) for block in half.open]
        plain = order == list(range(len(order)))
        return summed if plain else summed.permute(*range(front), *(front + at for at in order)).contiguous()
    total: torch.Tensor | None = None
    for view, sign in _pieces(x, half, rank, form):
        part = view.sum(list(range(view.ndim - closed, view.ndim))) if closed else view
        part = part if sign == 1 else -part
        total = part if total is None else total + part
    assert total is not None  # noqa: S101 - there is at least one piece
    return total if closed else total.clone()  # a view of the input is none of an autograd function's outputs


def _pieces(x: torch.Tensor, half: Half, rank: int, form: Sequence[Run] | None) -> Iterator[tuple[torch.Tensor, int]]:
    """Views of x with an axis for every open block, then one for every closed block; without a form there is one."""
    blocks = (*half.open, *half.closed)
    bent = [form is not None and at >= len(half.open) and len(block) == 2 for at, block in enumerate(blocks)]

    def views(x: torch.Tensor, done: int, axes: list[int], sign: int) -> Iterator[tuple[torch.Tensor, int]]:
        # the last axes of x: those of the row in `axes`, in this order, then those of the blocks that are done
        if done == len(blocks):
            yield x, sign
            return
        block, front = blocks[done], x.ndim - len(axes) - done
        places = [front + axes.index(axis) for axis in block]
        left = [axis for axis in axes if axis not in block]
        if bent[done]:
            for offset, part, factor in form or ():
                yield from views(x.diagonal(offset, *places)[..., part], done + 1, left, sign * factor)
            return
        while len(places) > 1:
            a, b, *others = places
            x = x.diagonal(0, a, b)
            places = [x.ndim - 1, *(each - (a < each) - (b < each) for each in others)]
        yield from views(x.movedim(places[0], -1), done + 1, left, sign)

    yield from views(x, 0, list(range(rank)), 1)
