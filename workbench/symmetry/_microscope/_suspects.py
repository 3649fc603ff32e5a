"""Which layer broke the symmetry: what went in transformed, what came out does not."""

__all__ = ["Layer", "Watched", "healed", "layers", "remedies", "suspects"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, product

import torch

from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._microscope._laws import Law, Laws, Pair, Reading
from workbench.symmetry._microscope._subject import Call

MOST_PATCHES = 30
"""Ways to mend the output of one layer that are tried."""


@dataclass(frozen=True, eq=False)
class Watched:
    """All calls of layers for inputs x and for g x: for every pair of (element, number of x)."""

    here: Sequence[Sequence[Call]]
    there: Sequence[tuple[Element, int, Sequence[Call]]]
    known: Sequence[tuple[torch.Tensor, str]]
    """Tensors that are known to transform, the arguments, as they are for the first x; and how."""

    @property
    def length(self) -> int:
        """Calls up to the first where the layers that are called differ."""
        orders = [*self.here, *(calls for _, _, calls in self.there)]
        shortest = min(map(len, orders))
        return next((at for at in range(shortest) if len({calls[at].name for calls in orders}) > 1), shortest)


@dataclass(frozen=True, eq=False)
class Layer:
    """One call of a layer and how its tensors transform."""

    call: Call
    inputs: tuple[Reading, ...]
    outputs: tuple[Reading, ...]

    @property
    def breaks(self) -> bool:
        """Whether all that went in transforms, and something that came out does not."""
        return all(each.holds for each in self.inputs) and not all(each.holds for each in self.outputs)

    @property
    def turns(self) -> bool:
        """Whether all that went in is plain, and something that came out is pseudo, out of order or in an unknown basis."""
        return all(each.law and each.law.kind == "plain" for each in self.inputs) and any(
            each.law and each.law.kind != "plain" for each in self.outputs
        )

    @property
    def error(self) -> float:
        """The largest error of what came out."""
        return max((each.error for each in self.outputs), default=0.0)


def layers(watched: Watched, laws: Laws, tolerance: float, floor: float, prefix: str = "") -> list[Layer]:
    """How the inputs and outputs of every call transform."""
    known: dict[tuple[object, ...], Reading] = {fingerprint(x): Reading(Law(text), 0.0) for x, text in watched.known}
    seen: dict[tuple[object, ...], Reading] = {}

    def reading(choose: Callable[[Call], list[torch.Tensor]], at: int, slot: int) -> Reading:
        first = choose(watched.here[0][at])[slot]
        mark = fingerprint(first)
        if mark in known:
            return known[mark]
        pairs = []
        for element, number, calls in watched.there:
            here, there = choose(watched.here[number][at]), choose(calls[at])
            if len(here) != len(there):
                return Reading(None, math.inf)
            pairs.append(Pair(element, here[slot], there[slot]))
        mark = (*mark, *(fingerprint(pair.there) for pair in pairs))
        if mark not in seen:
            seen[mark] = laws.read(pairs, tolerance, floor)
        return seen[mark]

    found = []
    for at in range(watched.length):
        call = watched.here[0][at]
        if not call.name.startswith(prefix):
            continue
        inputs = tuple(reading(lambda each: each.inputs, at, slot) for slot in range(len(call.inputs)))
        outputs = tuple(reading(lambda each: each.outputs, at, slot) for slot in range(len(call.outputs)))
        found.append(Layer(call, inputs, outputs))
    return found


def fingerprint(x: torch.Tensor) -> tuple[object, ...]:
    """What tells tensors apart: shape, dtype and all bits."""
    return tuple(x.shape), str(x.dtype), hash(x.detach().cpu().contiguous().view(-1).numpy().tobytes())


def suspects(found: Sequence[Layer]) -> list[Layer]:
    """Layers that break or turn what they get, innermost and first ones first; not the model as a whole."""
    chosen: list[Layer] = []
    for layer in sorted(found, key=lambda each: each.call.ended):
        if layer.call.parent is None or not (layer.breaks or layer.turns):
            continue
        if not any(_within(other.call, layer.call) for other in chosen):
            chosen.append(layer)
    return chosen


def healed(layer: Layer, found: Sequence[Layer]) -> bool:
    """Whether all that use what a layer returns turn it into what transforms: squares of components that are then summed."""
    marks = {fingerprint(x) for x, each in zip(layer.call.outputs, layer.outputs, strict=True) if not each.holds}
    users = [
        other
        for other in found
        if other.call.began > layer.call.ended and marks & set(map(fingerprint, other.call.inputs))
    ]
    return bool(users) and all(each.holds for other in users for each in other.outputs)


def _within(inner: Call, outer: Call) -> bool:
    return outer.began < inner.began and inner.ended < outer.ended


def remedies(layer: Layer, laws: Laws) -> list[tuple[Law | None, ...]]:
    """Plain laws for the outputs that have none, the likeliest first; None for outputs that stay."""
    wanted = [reading.law.text for reading in layer.inputs if reading.law]
    options: list[list[Law | None]] = []
    for x, reading in zip(layer.call.outputs, layer.outputs, strict=True):
        if reading.law and reading.law.kind == "plain":
            options.append([None])
        elif reading.law and reading.law.base:
            options.append([reading.law.base])
        else:
            found = [law for law in laws.candidates(x, plain=True) if not reading.law or law.text != "invariant"]
            options.append(
                [*sorted(found, key=lambda law: (law.text == "invariant", law.text not in wanted))] or [None]
            )
    if all(option == [None] for option in options):
        return []
    return list(islice(product(*options), MOST_PATCHES))
