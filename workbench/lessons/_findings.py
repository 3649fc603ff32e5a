"""What a check finds: that an answer is right, or a counterexample. And searches for counterexamples.

A search returns `Wrong` or None, so that a check reads as the list of what it asks for::

    return linear(f, (4,)) or commutes(f, group, 1, 1) or Right("It is linear and commutes.")

The simplest candidates come first: generators before random elements, basis vectors before random ones, so that what is found
can be checked by hand.
"""

__all__ = [
    "AnswerError",
    "Right",
    "Wrong",
    "actions",
    "apart",
    "changes",
    "commutes",
    "inputs",
    "linear",
    "same",
]

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

import torch

from workbench.network import WorkbenchError
from workbench.symmetry import Group

Tensor = torch.Tensor
Map = Callable[..., Tensor]
TOLERANCE = 1e-5


class AnswerError(WorkbenchError):
    """An answer is of another kind than the exercise asks for; the message says which."""


@dataclass(frozen=True)
class Right:
    """The answer has all the properties asked for, in words."""

    words: str


@dataclass(frozen=True, eq=False)
class Wrong:
    """The answer lacks a property: which, and the things that show it, by name."""

    words: str
    counterexample: Mapping[str, object] = field(default_factory=dict)


# ---- comparing -------------------------------------------------------------------------------------------------------


def apart(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors differ by more than rounding does, in float32: some constant in a function may have been of that type."""
    scale = 1 + float(torch.maximum(a.abs().max(), b.abs().max())) if a.numel() else 1.0
    return bool(a.numel()) and float((a - b).abs().max()) > TOLERANCE * scale


def same(words: str, left: tuple[str, Tensor], right: tuple[str, Tensor], **shown: object) -> Wrong | None:
    """None where two tensors, each with its name, agree; else what shows that they do not."""
    (a, x), (b, y) = left, right
    return Wrong(words, {**shown, a: x, b: y}) if apart(x, y) else None


# ---- what is tried ---------------------------------------------------------------------------------------------------


def actions(group: Group, count: int = 12) -> list[Tensor]:
    """Elements of a group: its generators, small steps along its Lie algebra, and random ones."""
    turns = [torch.matrix_exp(each * math.pi / 2) for each in group.lie_algebra]
    generator = torch.Generator().manual_seed(0)
    return [*group.generators, *turns, *(group.sample(generator) for _ in range(count))]


def inputs(shape: Sequence[int], count: int = 4) -> Iterator[Tensor]:
    """Tensors to try a map on: all unit tensors, numbers that all differ, and small random whole numbers."""
    length = math.prod(shape)
    for at in range(length):
        unit = torch.zeros(length, dtype=torch.float64)
        unit[at] = 1
        yield unit.reshape(*shape)
    yield torch.arange(1, length + 1, dtype=torch.float64).reshape(*shape)
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        yield torch.randint(-5, 6, tuple(shape), generator=generator).double()


# ---- searches --------------------------------------------------------------------------------------------------------


def commutes(
    f: Map,
    group: Group,
    source: int | Sequence[int],
    target: int,
    *,
    among: Sequence[Tensor] | None = None,
    given: Sequence[Sequence[Tensor]] | None = None,
) -> Wrong | None:
    """A group element g and inputs x for which f(g x) is not g f(x), if some are found.

    Parameters
    ----------
    f
        A function of one tensor or of several.
    group
        What acts.
    source, target
        The tensor powers of input (one for every argument) and output.
    among
        The elements that are tried, instead of `actions(group)`.
    given
        The inputs that are tried, a sequence of arguments each.
    """
    powers = (source,) if isinstance(source, int) else tuple(source)
    tried = given if given is not None else arguments([(group.n,) * power for power in powers])
    for g, xs in product(actions(group) if among is None else among, tried):
        moved = [group.act(g, x, power) for x, power in zip(xs, powers, strict=True)]
        after, before = f(*moved), group.act(g, f(*xs), target)
        if apart(after, before):
            names = "x" if len(xs) == 1 else "uvw"
            inner = ", ".join(f"g {name}" for name in names[: len(xs)])
            outer = ", ".join(names[: len(xs)])
            g_outer = f"g f({outer})" if target else f"f({outer})"
            words = f"f({inner}) is not {g_outer} for an element g of {group}"
            return Wrong(words, {"g": g, **dict(zip(names, xs, strict=False)), f"f({inner})": after, g_outer: before})
    return None


def linear(f: Map, shape: Sequence[int]) -> Wrong | None:
    """Two inputs for which f(a + 2 b) is not f(a) + 2 f(b)."""
    tried = list(inputs(shape))
    for a, b in [(tried[0], tried[0]), *pairwise(tried)]:
        found = same(
            "it is not linear: f(a + 2 b) is not f(a) + 2 f(b)",
            ("f(a + 2 b)", f(a + 2 * b)),
            ("f(a) + 2 f(b)", f(a) + 2 * f(b)),
            a=a,
            b=b,
        )
        if found:
            return found
    return None


def changes(f: Map, shape: Sequence[int]) -> bool:
    """Whether f has different values at some of the inputs tried."""
    values = [f(x) for x in inputs(shape)]
    return any(apart(values[0], each) for each in values[1:])


def arguments(shapes: Sequence[Sequence[int]]) -> list[tuple[Tensor, ...]]:
    """Arguments of the given shapes: one input of `inputs` for each, differing from one argument to the next."""
    lists = [list(inputs(shape)) for shape in shapes]
    length = max(map(len, lists))
    made = []
    for shift in range(min(3, length) if len(lists) > 1 else 1):
        made += [tuple(each[(at + shift * k) % len(each)] for k, each in enumerate(lists)) for at in range(length)]
    return made
