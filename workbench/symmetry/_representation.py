"""`Rep`: direct sums of tensor powers, as values that print what one types."""

__all__ = ["Rep"]

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import torch

from workbench.symmetry._errors import SymmetryError

if TYPE_CHECKING:
    from workbench.symmetry._groups import Duals, Group, Space


@dataclass(frozen=True, repr=False)
class Rep:
    """A direct sum of tensor powers of V, each some times over.

    A feature of this type is a vector: one term after the other as written, within a term one copy after the other,
    within a copy the tensor in row-major order.

    Attributes
    ----------
    group : Group
        What acts.
    terms : tuple of (tuple of bool, int)
        The factors of each tensor power (True for V*) and how often it occurs.

    Examples
    --------
    >>> from workbench.symmetry import GL, S
    >>> V = S(5).V
    >>> features = V**2 + 3*V + 1
    >>> features, features.size
    (V**2 + 3*V + 1, 41)
    >>> features * V
    V**3 + 3*V**2 + V
    >>> W = GL(3).V
    >>> (W * W.dual + W.dual).dual
    V.dual*V + V
    """

    group: "Group"
    terms: "tuple[tuple[Duals, int], ...]"

    @classmethod
    def of(cls, group: "Group", space: "Space") -> "Rep":
        """A tensor power, given by its factors, as a representation."""
        return space if isinstance(space, Rep) else cls(group, ((space, 1),))

    @property
    def size(self) -> int:
        """The length of a feature vector: the dimension of the representation."""
        return sum(copies * math.prod(self.group.sizes(power)) for power, copies in self.terms)

    @property
    def dual(self) -> "Rep":
        """The dual representation: V* for V and V for V*; the same where the group keeps a form."""
        return Rep(self.group, tuple((self.group.flipped(power), copies) for power, copies in self.terms))

    def __repr__(self) -> str:
        return " + ".join(_term(self.group.spelled(power), copies) for power, copies in self.terms) or "0"

    def __add__(self, other: "Rep | int") -> "Rep":
        terms = list(self.terms)
        for power, copies in self._like(other).terms:
            if terms and terms[-1][0] == power:
                terms[-1] = (power, terms[-1][1] + copies)
            else:
                terms.append((power, copies))
        return Rep(self.group, tuple(terms))

    def __radd__(self, other: int) -> "Rep":
        return self._like(other) + self

    def __mul__(self, other: "Rep | int") -> "Rep":
        total = Rep(self.group, ())
        for power, copies in self.terms:
            for more, times in self._like(other).terms:
                total += Rep(self.group, ((power + more, copies * times),))
        return total

    def __rmul__(self, other: int) -> "Rep":
        return self._like(other) * self

    def __pow__(self, exponent: int) -> "Rep":
        if isinstance(exponent, bool) or not isinstance(exponent, int) or exponent < 0:
            raise SymmetryError(f"the power of a representation is a whole number from 0, not {exponent!r}")
        total = self._like(1)
        for _ in range(exponent):
            total = total * self
        return total

    def _like(self, other: "Rep | int") -> "Rep":
        if isinstance(other, Rep):
            if other.group != self.group:
                raise SymmetryError(
                    f"{self} is a representation of {self.group}, {other} one of {other.group}; take both of one group"
                )
            return other
        if isinstance(other, bool) or not isinstance(other, int) or other < 0:
            raise SymmetryError(
                f"a representation takes a whole number from 0 of copies of itself or of 1, not {other!r}"
            )
        return Rep(self.group, (((), other),) if other else ())

    # ---- features ----------------------------------------------------------------------------------------------------

    def split(self, x: torch.Tensor) -> list[torch.Tensor]:
        """A feature (..., size) as one tensor (..., copies, n, ..., n) for each term."""
        if x.shape[-1:] != (self.size,):
            raise SymmetryError(
                f"a feature of type {self} has {self.size} numbers on its last axis; the tensor's shape is {tuple(x.shape)}"
            )
        shapes = [(copies, *self.group.sizes(power)) for power, copies in self.terms]
        parts = torch.split(x, [math.prod(shape) for shape in shapes], -1)
        return [part.reshape(*x.shape[:-1], *shape) for part, shape in zip(parts, shapes, strict=True)]

    def join(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """What `split` took apart."""
        return torch.cat(
            [part.flatten(-1 - len(power)) for part, (power, _) in zip(parts, self.terms, strict=True)], -1
        )

    def act(self, element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """A group element applied to a feature (..., size)."""
        parts = self.split(x)
        return self.join(
            [self.group.act(element, part, power) for part, (power, _) in zip(parts, self.terms, strict=True)]
        )


def _term(names: list[str], copies: int) -> str:
    runs = [(name, len(list(run))) for name, run in groupby(names)]
    factors = [name + (f"**{length}" if length > 1 else "") for name, length in runs]
    return "*".join([*([str(copies)] if copies != 1 or not factors else []), *factors])
