"""Half-diagrams: what a diagram does to its input's indices alone, or to its output's.

A diagram is cut between its rows. The lower half contracts: it takes diagonals and traces, and leaves one index for every
block that goes through. The upper half is of the same kind, used the other way: it spreads one index a block over diagonals and
repeats what it is given. Thousands of diagrams share few halves: 4,140 of S(n) with four vertices in each row have 94.

Between the two, the indices that go through are permuted; a head contracts the open indices of its lower half
with a Levi-Civita tensor into those of its upper half.

Sources: Godfrey et al., arXiv 2303.06208; Pearce-Crump, arXiv 2304.14165; Pan and Kondor (2022).
"""

__all__ = ["Cut", "Half", "contracted", "cut", "spread"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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


def contracted(
    x: torch.Tensor, halves: Sequence[Half], rank: int, form: Sequence[Run] | None
) -> tuple[torch.Tensor, ...]:
    """What each half leaves of the last `rank` axes of x."""
    return _Contract.apply(x, tuple(halves), rank, form)  # type: ignore[no-any-return, no-untyped-call]


def spread(
    parts: Sequence[torch.Tensor], halves: Sequence[Half], shape: Sequence[int], rank: int, form: Sequence[Run] | None
) -> torch.Tensor:
    """The sum over all halves of their parts, spread over a tensor of `shape`, of which the last `rank` axes are the row's."""
    return _Spread.apply(tuple(halves), tuple(shape), rank, form, *parts)  # type: ignore[no-any-return, no-untyped-call]


class _Contract(torch.autograd.Function):
    """`spread` is its adjoint, so neither needs a graph of views."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, halves: tuple[Half, ...], rank: int, form: Any) -> tuple[torch.Tensor, ...]:
        ctx.halves, ctx.rank, ctx.form, ctx.shape = halves, rank, form, x.shape
        return tuple(_contract(x, half, rank, form) for half in halves)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[Any, ...]:
        return spread(grads, ctx.halves, ctx.shape, ctx.rank, ctx.form), None, None, None


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, halves: tuple[Half, ...], shape: tuple[int, ...], rank: int, form: Any, *parts: torch.Tensor
    ) -> torch.Tensor:
        ctx.halves, ctx.rank, ctx.form = halves, rank, form
        y = parts[0].new_zeros(shape)
        for half, part in zip(halves, parts, strict=True):
            for view, sign in _pieces(y, half, rank, form):
                view.add_(part[(..., *(None,) * len(half.closed))], alpha=sign)
        return y

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        return (None, None, None, None, *contracted(grad, ctx.halves, ctx.rank, ctx.form))


def _contract(x: torch.Tensor, half: Half, rank: int, form: Sequence[Run] | None) -> torch.Tensor:
    closed = len(half.closed)
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
