"""The contraction plan of a network's structure: which pairs meet, in which order, and what that costs.

A plan knows integers only, so networks that differ in names share it.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, TypeVar

Term = tuple[int, ...]
F = TypeVar("F", bound=Callable[..., object])
EXHAUSTIVE = 10  # up to this many operands the optimal order is searched for, beyond it cotengra's random greedy


@dataclass(frozen=True)
class Pair:
    """One pairwise contraction as a batched matrix product: (batch, rows, inner) times (batch, inner, columns).

    The operands at positions `left` and `right` leave the list, the result is appended. Permuting their axes by `left_axes`
    and `right_axes` groups them as above; `groups` counts the axes of each group; the product's axes (batch, rows, columns)
    permuted by `out_axes` are `out`.
    """

    left: int
    right: int
    left_axes: tuple[int, ...]
    right_axes: tuple[int, ...]
    groups: tuple[int, int, int, int]
    out_axes: tuple[int, ...]
    out: Term

    @classmethod
    def of(cls, left: int, right: int, a: Term, b: Term, out: Term) -> "Pair":
        """The product of the operands with indices `a` and `b` that leaves the indices `out`."""
        batch = [i for i in a if i in b and i in out]
        inner = [i for i in a if i in b and i not in out]
        rows = [i for i in a if i not in b]
        columns = [i for i in b if i not in a]
        made = (*batch, *rows, *columns)
        return cls(
            left,
            right,
            tuple(a.index(i) for i in (*batch, *rows, *inner)),
            tuple(b.index(i) for i in (*batch, *inner, *columns)),
            (len(batch), len(rows), len(inner), len(columns)),
            tuple(made.index(i) for i in out),
            out,
        )


@dataclass(frozen=True)
class Plan:
    """How a structure is contracted: first every operand by itself, then pair by pair."""

    terms: tuple[Term, ...]  # as given
    reduced: tuple[Term, ...]  # after traces, diagonals and sums over indices nobody else holds
    pairs: tuple[Pair, ...]
    output: Term
    flops: int
    peak: int


def constant_to_compiler(function: F) -> F:
    """Mark a function whose result the compiler may keep: a search for a path is nothing to trace.

    The mark is what `torch.compiler.assume_constant_result` sets, which would import the compiler to do so (0.9 s).
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]  # functions take attributes
    return function


def plan_for(operands: Iterable[Sequence[Hashable]], output: Sequence[Hashable], sizes: Mapping[Any, int]) -> Plan:
    """The plan for an einsum whose indices are any hashable labels; cached by structure."""
    operands = [tuple(operand) for operand in operands]
    number = {index: k for k, index in enumerate(dict.fromkeys(i for operand in operands for i in operand))}
    return _plan(
        tuple(tuple(number[i] for i in operand) for operand in operands),
        tuple(number[i] for i in output),
        tuple(int(sizes[i]) for i in number),
    )


@lru_cache(maxsize=4096)
def _plan(terms: tuple[Term, ...], output: Term, sizes: tuple[int, ...]) -> Plan:
    holders = Counter(i for term in terms for i in set(term))
    open_ = set(output)

    def volume(term: Iterable[int]) -> int:
        return math.prod(sizes[i] for i in term)

    reduced = tuple(tuple(i for i in dict.fromkeys(term) if holders[i] > 1 or i in open_) for term in terms)
    flops = sum(volume(set(term)) for term, left in zip(terms, reduced, strict=True) if set(term) != set(left))
    peak = max([volume(output), *(volume(term) for term in terms)])
    remaining = Counter(i for term in reduced for i in term)
    live = list(reduced)
    pairs = []
    for at in _path(reduced, output, sizes):
        low, high = sorted(at)
        right, left = live.pop(high), live.pop(low)
        remaining.subtract((*left, *right))
        together = tuple(dict.fromkeys((*left, *right)))
        out = tuple(i for i in together if remaining[i] or i in open_)
        remaining.update(out)
        live.append(out)
        pairs.append(Pair.of(low, high, left, right, out))
        flops += volume(together) * (2 if len(out) < len(together) else 1)
        peak = max(peak, volume(out))
    return Plan(terms, reduced, tuple(pairs), output, flops, peak)


def _path(terms: tuple[Term, ...], output: Term, sizes: tuple[int, ...]) -> Iterable[Sequence[int]]:
    if len(terms) < 2:
        return []
    if len(terms) == 2:
        return [(0, 1)]
    import cotengra  # 0.15 s, and only needed from three tensors on

    search = (
        cotengra.OptimalOptimizer(simplify=False)  # simplifying first is quick, but not optimal
        if len(terms) <= EXHAUSTIVE
        else cotengra.RandomGreedyOptimizer(max_repeats=32, seed=0, parallel=False)
    )
    labelled = [tuple(map(str, term)) for term in terms]
    found = search(labelled, tuple(map(str, output)), {str(i): size for i, size in enumerate(sizes)})
    return _pairwise(found, len(terms))


def _pairwise(path: Iterable[Sequence[int]], operands: int) -> Iterator[tuple[int, int]]:
    """A path as pairs alone, until one operand is left; a path may also name one operand, which only moves it, or three."""
    theirs, ours, fresh = list(range(operands)), list(range(operands)), count(operands)
    for at in [*path, *[(0, 1)] * operands]:
        if len(ours) < 2:
            return
        parts = [theirs.pop(k) for k in sorted(at, reverse=True)]
        while len(parts) > 1:
            a, b = parts.pop(), parts.pop()
            yield ours.index(a), ours.index(b)
            parts.append(next(fresh))
            ours = [part for part in ours if part not in (a, b)] + parts[-1:]
        theirs += parts
