"""The live group element: where it comes from, how it is turned and stepped, and what it is called."""

__all__ = ["Turn", "axes_of", "generators_of", "is_permuting", "read_turn", "spoken"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from workbench.symmetry import DirectSum, Group, Lorentz, Product, S, SymmetryError

CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Turn:
    """A group element, exp(amount * axis) after `base`.

    Attributes
    ----------
    group : Group
        The group.
    base : torch.Tensor
        (n, n).
    axis : int
        Which element of the Lie algebra's basis; 0 for a finite group.
    amount : float
        How far along it.
    """

    group: Group
    base: torch.Tensor
    axis: int = 0
    amount: float = 0.0

    @classmethod
    def begun(cls, group: Group) -> "Turn":
        """An element that does something: a generator, or a turn of 40 degrees."""
        if group.lie_algebra:
            start = cls(group, _one(group))
            return replace(start, amount=math.radians(40) if axes_of(group)[0]["unit"] else 0.5)
        moving = max(group.generators, key=lambda each: len(each) - float(each.diagonal().real.sum()), default=None)
        return cls(group, _one(group) if moving is None else moving)

    @property
    def element(self) -> torch.Tensor:
        """The matrix, (n, n)."""
        if not self.amount or not self.group.lie_algebra:
            return self.base
        moved: torch.Tensor = torch.linalg.matrix_exp(self.amount * self.group.lie_algebra[self.axis]) @ self.base
        return moved

    @classmethod
    def identity(cls, group: Group) -> "Turn":
        """The element that does nothing."""
        return cls(group, _one(group))

    def random(self, generator: torch.Generator) -> "Turn":
        """A random element in its place."""
        return Turn(self.group, self.group.sample(generator), self.axis)

    def stepped(self, which: int) -> "Turn":
        """A generator applied to it; by negative numbers, -1 - which, the inverse of one."""
        generators = self.group.generators
        at = which if which >= 0 else -1 - which
        if at >= len(generators):
            raise SymmetryError(f"{self.group} has {len(generators)} generators; there is none at {at}")
        by = generators[at] if which >= 0 else torch.linalg.inv(generators[at])
        return replace(self, base=by @ self.element, amount=0.0)

    def swapped(self, pair: Sequence[int]) -> "Turn":
        """Two coordinates swapped after it."""
        a, b = pair
        n = self.group.n
        if not (a in range(n) and b in range(n) and a != b):
            raise SymmetryError(f"two different coordinates of {n} can be swapped, not {a!r} and {b!r}")
        if not isinstance(self.group, S):
            raise SymmetryError(
                f"a swap alone is an odd permutation, which {self.group} does not have; take its generators"
            )
        swap = torch.eye(n, dtype=self.group.dtype)
        swap[[a, b]] = swap[[b, a]]
        return replace(self, base=swap @ self.element, amount=0.0)

    def along(self, axis: int, amount: float) -> "Turn":
        """Turned along an axis; another axis goes on from where this one came."""
        if axis == self.axis:
            return replace(self, amount=amount)
        return Turn(self.group, self.element, axis, amount)


def _one(group: Group) -> torch.Tensor:
    return torch.eye(len(group.sample(0)), dtype=group.dtype)


def read_turn(turn: Turn, told: Mapping[str, Any]) -> Turn:
    """A turn as the page sends it: ``{"axis": 0, "amount": 0.7}``.

    Raises
    ------
    SymmetryError
        When it is none.
    """
    axis, amount = told.get("axis"), told.get("amount")
    count = len(turn.group.lie_algebra)
    if isinstance(axis, bool) or not isinstance(axis, int) or not 0 <= axis < count:
        raise SymmetryError(f"{turn.group} can be turned along {count} axes; {axis!r} is none of them")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not abs(amount) <= 10:
        raise SymmetryError(f"how far to turn is {amount!r}; give a number between -10 and 10")
    return turn.along(axis, float(amount))


def axes_of(group: Group) -> list[dict[str, Any]]:
    """What the slider of a continuous group turns: a title for each element of the Lie algebra, and how far it goes."""
    return [_axis(each, names_of(group)) for each in group.lie_algebra]


def names_of(group: Group) -> list[str]:
    """What the coordinates of V are called; those of several groups one after the other."""
    if isinstance(group, Product | DirectSum):
        return [name for factor in group.factors for name in names_of(factor)]
    return ["t", "x", "y", "z"] if isinstance(group, Lorentz) else [str(at + 1) for at in range(group.n)]


def _axis(each: torch.Tensor, names: list[str]) -> dict[str, Any]:
    places = [(int(a), int(b)) for a, b in torch.nonzero(each.abs() > CLOSE)]
    if not places:
        return {"title": "nothing moves", "most": 1.0, "unit": ""}
    a, b = min(places[0]), max(places[0])
    if len(places) > 2:
        turns = bool(torch.allclose(each, -each.conj().T))
        return {"title": "turn" if turns else "move", "most": math.pi if turns else 1.0, "unit": "°" if turns else ""}
    if bool(torch.allclose(each, -each.conj().T)):
        plane = f"{names[a]}–{names[b]}"
        real = not each.is_complex() or bool((each.imag.abs() < CLOSE).all())
        title = f"turn {plane}" if a != b and real else f"phase {names[a]}" if a == b else f"turn {plane}, complex"
        return {"title": title, "most": math.pi, "unit": "°"}
    if len(places) == 1 and a == b:
        return {"title": f"stretch {names[a]}", "most": 1.0, "unit": ""}
    if len(places) == 1:
        return {"title": f"shear {names[places[0][0]]} by {names[places[0][1]]}", "most": 1.0, "unit": ""}
    word = "boost" if names[0] == "t" else "squeeze"
    return {
        "title": f"{word} {names[b]}" if word == "boost" else f"{word} {names[a]}–{names[b]}",
        "most": 1.0,
        "unit": "",
    }


def generators_of(group: Group) -> list[str]:
    """What each generator is called."""
    return [spoken(each, group, short=True) for each in group.generators]


def is_permuting(group: Group) -> bool:
    """Whether all elements permute the coordinates of V."""
    return not isinstance(group, Product) and group.coordinates((False,)) == "permuted"


def _images(element: torch.Tensor) -> list[int] | None:
    """Where a permutation takes every coordinate; None for any other matrix."""
    whole = element.round() if not element.is_complex() else element.real.round()
    if not torch.equal(whole.to(element.dtype), element) or not bool(((whole == 0) | (whole == 1)).all()):
        return None
    if not (bool((whole.sum(0) == 1).all()) and bool((whole.sum(1) == 1).all())):
        return None
    return [int(at) for at in whole.argmax(0)]


def spoken(element: torch.Tensor, group: Group, *, short: bool = False) -> str:
    """A group element in words: cycles, an angle, or what kind of matrix it is."""
    n = len(element)
    if isinstance(group, Product | DirectSum):
        words = [
            spoken(part, factor, short=short) for part, factor in zip(group.split(element), group.factors, strict=True)
        ]
        told = [each for each in words if each != "the identity"]
        return " and ".join(told) if told else "the identity"
    if bool(torch.allclose(element, torch.eye(n, dtype=element.dtype), atol=CLOSE)):
        return "the identity"
    images = _images(element)
    if images is not None:
        return _cycles(images)
    mixed = group.coordinates(group.duals(1)) == "mixed" and not isinstance(group, Lorentz)
    signs = None if mixed and not short else _images(element.abs())
    if signs is not None and not element.is_complex():
        if signs == list(range(n)):
            turned = [name for at, name in enumerate(names_of(group)) if element[at, at] < 0]
            return f"flip {', '.join(turned)}" if short or len(turned) < 8 else "signs"
        if n <= 6:
            return ", ".join(f"{at + 1} → {'−' if element[to, at] < 0 else ''}{to + 1}" for at, to in enumerate(signs))
        return "a signed permutation"
    orthogonal = not element.is_complex() and bool(
        torch.allclose(element @ element.T, torch.eye(n, dtype=element.dtype), atol=1e-8)
    )
    if orthogonal and n == 2:
        return _in_the_plane(element)
    if orthogonal and n == 3:
        return _in_space(element)
    if orthogonal:
        return "a rotation" if torch.linalg.det(element) > 0 else "a rotation and a reflection"
    return f"a {n} × {n} matrix"


def _cycles(images: list[int]) -> str:
    left, words = set(range(len(images))), ""
    for start in range(len(images)):
        if start not in left:
            continue
        cycle = []
        while start in left:
            left.remove(start)
            cycle.append(start + 1)
            start = images[start]
        if len(cycle) > 6 and cycle == list(range(cycle[0], cycle[0] + len(cycle))):
            words += f"({cycle[0]} {cycle[1]} … {cycle[-1]})"
        elif len(cycle) > 1:
            words += f"({' '.join(map(str, cycle))})"
    return words if len(words) <= 60 else words[:57] + "…"


def _in_the_plane(element: torch.Tensor) -> str:
    angle = math.degrees(math.atan2(float(element[1, 0]), float(element[0, 0])))
    if torch.linalg.det(element) > 0:
        return f"a turn of {angle:.0f}°".replace("-", "−")
    return f"a reflection in the line at {(angle / 2) % 180:.0f}°"


def _in_space(element: torch.Tensor) -> str:
    proper = float(torch.linalg.det(element)) > 0
    turn = element if proper else -element
    cosine = max(-1.0, min(1.0, (float(turn.trace()) - 1) / 2))
    angle = math.degrees(math.acos(cosine))
    axis = torch.stack([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    about = ""
    if axis.norm() > 1e-6:
        about = " about (" + ", ".join(f"{float(each):.1f}".replace("-", "−") for each in axis / axis.norm()) + ")"
    return f"a turn of {angle:.0f}°{about}" + ("" if proper else ", and −1")
