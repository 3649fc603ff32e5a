"""Products of groups: `G * H` acts on V (x) W, each factor on indices of its own; `G @ H` acts on V (+) W."""

__all__ = ["DirectSum", "Product"]

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from itertools import product as combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Coordinates, Duals, Factor, Group, Power

if TYPE_CHECKING:
    from workbench.symmetry._product_hom import DirectSumHom, ProductHom
    from workbench.symmetry._representation import Rep

LETTERS = "VWXYZ"


class _Several(Group):
    """Several groups; an element is the block-diagonal matrix of one element of each."""

    def __init__(self, *factors: Group) -> None:
        if len(factors) < 2 or any(not isinstance(factor, Group) for factor in factors):
            raise SymmetryError(f"{type(self).__name__} takes two groups or more, not {', '.join(map(repr, factors))}")
        if len(factors) > len(LETTERS):
            raise SymmetryError(f"{type(self).__name__} takes at most {len(LETTERS)} groups, not {len(factors)}")
        self.factors = factors
        self.walled = any(factor.walled for factor in factors)
        self.dtype = torch.complex128 if any(factor.dtype.is_complex for factor in factors) else torch.float64

    def _key(self) -> tuple[Any, ...]:
        return type(self), self.factors

    def split(self, element: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The element of each factor."""
        starts = np.cumsum([0, *(factor.n for factor in self.factors)])
        return tuple(element[a:b, a:b] for a, b in pairwise(starts))

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        return _diagonal([factor._element(generator).to(self.dtype) for factor in self.factors])

    def _embedded(self, at: int, matrix: torch.Tensor, others: torch.Tensor | None) -> torch.Tensor:
        parts = [torch.eye(each.n, dtype=self.dtype) for each in self.factors]
        if others is not None:
            parts = [torch.zeros_like(part) for part in parts]
        parts[at] = matrix.to(self.dtype)
        return _diagonal(parts)

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """Those of each factor, beside the identity of the others."""
        return tuple(
            self._embedded(at, each, None) for at, factor in enumerate(self.factors) for each in factor.generators
        )

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """Those of each factor, beside 0."""
        return tuple(
            self._embedded(at, each, torch.zeros(()))
            for at, factor in enumerate(self.factors)
            for each in factor.lie_algebra
        )


def _worst(kinds: Iterable[Coordinates]) -> Coordinates:
    found = set(kinds)
    return "mixed" if "mixed" in found else "signed" if "signed" in found else "permuted"


def _diagonal(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    made: torch.Tensor = torch.block_diag(*parts)  # type: ignore[no-untyped-call]
    return made


class Product(_Several):
    """G * H: pairs of elements, acting on V (x) W, the first factor on indices of its own and the second on its own.

    An index of V has one axis for every factor: a feature of type `V` of S(5) * O(3) has the shape (5, 3), one of type `V**2`
    the shape (5, 3, 5, 3). `parts` are the representations on which one factor acts alone. An element is a block-diagonal matrix,
    of the size of all factors together.

    Examples
    --------
    >>> from workbench.symmetry import O, S
    >>> cloud = S(5) * O(3)  # 5 points in space
    >>> cloud.hom(1, 1)
    Hom of S(5) * O(3), V*W -> V*W: 2 diagrams, dimension 2
    >>> cloud.hom(1, 1).layer()(torch.randn(2, 1, 5, 3)).shape
    torch.Size([2, 1, 5, 3])
    >>> points, space = cloud.parts
    >>> cloud.hom(points * space, points**2)  # no vector turns into numbers
    Hom of S(5) * O(3), V*W -> V**2: 0 diagrams, dimension 0
    >>> cloud.hom(points**2 * space**2, points)
    Hom of S(5) * O(3), V**2*W**2 -> V: 5 diagrams, dimension 5
    """

    def __init__(self, *factors: Group) -> None:
        flat = [each for factor in factors for each in (factor.factors if isinstance(factor, Product) else (factor,))]
        super().__init__(*flat)
        self.n = math.prod(factor.n for factor in self.factors)

    def __repr__(self) -> str:
        return " * ".join(f"({each})" if isinstance(each, DirectSum) else repr(each) for each in self.factors)

    @cached_property
    def V(self) -> "Rep":  # noqa: N802 - what everybody calls it
        """The representation on V (x) W: one axis for every factor."""
        from workbench.symmetry._representation import Rep

        return Rep(self, ((self.duals(1), 1),))

    @cached_property
    def parts(self) -> "tuple[Rep, ...]":
        """For every factor the representation on which it acts alone."""
        from workbench.symmetry._representation import Rep

        return tuple(Rep(self, ((((at, False),), 1),)) for at in range(len(self.factors)))

    def duals(self, power: Power) -> Duals:
        """The axes of a tensor power, `(factor, dual)` each."""
        if isinstance(power, Sequence) and all(isinstance(each, tuple) for each in power):
            for each in power:
                if not (isinstance(each, tuple) and len(each) == 2 and each[0] in range(len(self.factors))):
                    raise SymmetryError(f"an axis of {self} is a pair (factor, dual), not {each!r}")
            return tuple(self._axis(each[0], each[1]) for each in power if isinstance(each, tuple))
        flags: list[bool] = [bool(flag) for flag in super().duals(power)]
        return tuple(self._axis(at, flag) for flag in flags for at in range(len(self.factors)))

    def _axis(self, factor: int, dual: bool) -> Factor:
        return factor, bool(dual) and self.factors[factor].walled

    def sizes(self, space: "Duals | Rep") -> tuple[int, ...]:
        """The shape of a tensor in a tensor power; of a feature in a direct sum, its length."""
        if not isinstance(space, tuple):
            return super().sizes(space)
        return tuple(self.factors[axis[0]].n for axis in space if isinstance(axis, tuple))

    def flipped(self, power: Duals) -> Duals:
        """V* for every V, and V for every V*."""
        return tuple(self._axis(axis[0], not axis[1]) for axis in power if isinstance(axis, tuple))

    def spelled(self, power: Duals) -> list[str]:
        """The name of every axis: V for the first factor, W for the second."""
        return [LETTERS[axis[0]] + (".dual" if axis[1] else "") for axis in power if isinstance(axis, tuple)]

    def coordinates(self, power: Duals) -> Coordinates:
        """The worst that a factor does to an index."""
        return _worst(self.factors[axis[0]].coordinates((False,)) for axis in power if isinstance(axis, tuple))

    def metric(self, power: Duals) -> torch.Tensor | None:
        """The product of those of the indices."""
        signs = torch.ones(())
        for axis in power:
            one = self.factors[axis[0]].metric((axis[1],)) if isinstance(axis, tuple) else None
            if one is None:
                return None
            signs = signs[..., None] * one.expand(self.factors[axis[0]].n if isinstance(axis, tuple) else 1)
        return signs

    def _matrices(self, element: torch.Tensor, duals: Duals) -> list[torch.Tensor]:
        parts = self.split(element)
        axes = [axis for axis in duals if isinstance(axis, tuple)]
        return [self.factors[at]._matrices(parts[at], (dual,))[0] for at, dual in axes]

    def _between(self, source: Duals, target: Duals) -> "ProductHom":
        from workbench.symmetry._product_hom import ProductHom

        return ProductHom(self, source, target)


class DirectSum(_Several):
    """G @ H: pairs of elements, acting on V (+) W, that is on vectors of n + m numbers.

    Examples
    --------
    >>> from workbench.symmetry import O, S
    >>> both = S(2) @ O(3)
    >>> both.n
    5
    >>> both.hom(1, 1)  # two for S(2), one for O(3)
    Hom of S(2) @ O(3), V -> V: 3 maps, dimension 3
    """

    def __init__(self, *factors: Group) -> None:
        flat = [each for factor in factors for each in (factor.factors if isinstance(factor, DirectSum) else (factor,))]
        super().__init__(*flat)
        if any(isinstance(factor, Product) for factor in self.factors):
            raise SymmetryError(
                f"a product of groups has no single V, so it is no part of a direct sum; {self} takes groups of matrices"
            )
        self.n = sum(factor.n for factor in self.factors)
        self._coordinates = _worst(factor.coordinates((False,)) for factor in self.factors)
        self._orthogonal = all(factor._coordinates != "mixed" or factor._orthogonal for factor in self.factors)

    def __repr__(self) -> str:
        return " @ ".join(map(repr, self.factors))

    def words(self, power: Duals) -> Iterator[tuple[tuple[int, ...], npt.NDArray[np.int64]]]:
        """For every choice of a factor for every index: the choice, and where its entries are in a tensor, row-major."""
        starts = np.cumsum([0, *(factor.n for factor in self.factors)])
        places = np.arange(self.n ** len(power)).reshape((self.n,) * len(power))
        for word in combinations(range(len(self.factors)), repeat=len(power)):
            yield word, places[tuple(slice(starts[at], starts[at + 1]) for at in word)].reshape(-1)

    def _between(self, source: Duals, target: Duals) -> "DirectSumHom":
        from workbench.symmetry._product_hom import DirectSumHom

        return DirectSumHom(self, source, target)
