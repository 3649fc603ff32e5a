"""Groups that act on V = R^n (U(n): C^n) by matrices, and what is common to all of them."""

__all__ = ["Group"]

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np
import numpy.typing as npt
import torch

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._families import Family

if TYPE_CHECKING:
    from workbench.symmetry._hom import Hom
    from workbench.symmetry._product_group import DirectSum, Product
    from workbench.symmetry._representation import Rep

Factor = bool | tuple[int, bool]
"""One index of a tensor: False for V, True for V*; of a product of groups also which of its factors acts on it."""
Duals = tuple[Factor, ...]
"""All indices of a tensor power."""
Space = Union[Duals, "Rep"]
"""What an equivariant map leads to and from: a tensor power, or a direct sum of some."""
Power = int | Sequence[int] | Sequence[Factor]
"""So many V; or so many V and so many V*; or every factor by itself."""
Coordinates = Literal["permuted", "signed", "mixed"]
Form = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]


class Group(ABC):
    """A group of n x n matrices.

    Attributes
    ----------
    n : int
        The dimension of V.
    dtype : torch.dtype
        Of its elements: float64, for U(n) complex128.
    walled : bool
        Whether V* is another representation than V.
    """

    n: int
    _coordinates: Coordinates = "mixed"
    _orthogonal = False
    dtype: torch.dtype = torch.float64
    walled = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n})"

    def _key(self) -> tuple[Any, ...]:
        return (type(self), self.n)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __mul__(self, other: "Group") -> "Product":
        from workbench.symmetry._product_group import Product

        return Product(self, other) if isinstance(other, Group) else NotImplemented

    def __matmul__(self, other: "Group") -> "DirectSum":
        from workbench.symmetry._product_group import DirectSum

        return DirectSum(self, other) if isinstance(other, Group) else NotImplemented

    # ---- elements ----------------------------------------------------------------------------------------------------

    def sample(self, seed: int | torch.Generator = 0) -> torch.Tensor:
        """A random element, (n, n): uniform (Haar) where the group is compact.

        Parameters
        ----------
        seed
            A number, or a generator to go on with.
        """
        generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
        return self._element(generator)

    @abstractmethod
    def _element(self, generator: torch.Generator) -> torch.Tensor:
        """A random element."""

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """Elements, (n, n) each, that generate the group together with its connected component."""
        return ()

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """A basis of the Lie algebra, (n, n) each; empty for a finite group."""
        return ()

    # ---- representations ---------------------------------------------------------------------------------------------

    @cached_property
    def V(self) -> "Rep":  # noqa: N802 - what everybody calls it
        """The representation on V itself; `V**2`, `3*V + 1`, `V.dual` and so on are made of it."""
        from workbench.symmetry._representation import Rep

        return Rep(self, (((False,), 1),))

    def act(self, element: torch.Tensor, x: torch.Tensor, power: Power = 1) -> torch.Tensor:
        """An element applied to the last axes of a tensor, one for every factor of a tensor power.

        Examples
        --------
        >>> from workbench.symmetry import S
        >>> g = S(3).sample(seed=0)
        >>> x = torch.eye(3, dtype=torch.float64)
        >>> torch.equal(S(3).act(g, x, 2), g @ x @ g.T)
        True
        """
        duals = self.duals(power)
        sizes = self.sizes(duals)
        if x.ndim < len(sizes) or tuple(x.shape[x.ndim - len(sizes) :]) != sizes:
            raise SymmetryError(
                f"{self} acts on axes of size {', '.join(map(str, dict.fromkeys(sizes)))}; the last {len(sizes)} of a tensor of shape {tuple(x.shape)} are not of that size"
            )
        dtype = torch.promote_types(x.dtype, torch.complex64) if element.is_complex() else x.dtype
        x = x.to(dtype)
        for at, matrix in enumerate(self._matrices(element.to(x.device, dtype), duals)):
            axis = x.ndim - len(duals) + at
            x = torch.tensordot(x, matrix, dims=([axis], [1])).movedim(-1, axis)
        return x

    def _matrices(self, element: torch.Tensor, duals: Duals) -> list[torch.Tensor]:
        """What an element multiplies each axis by."""
        contragredient = torch.linalg.inv(element).T if any(duals) else element
        return [contragredient if dual else element for dual in duals]

    def sizes(self, space: Space) -> tuple[int, ...]:
        """The shape of a tensor in a tensor power; of a feature in a direct sum, its length."""
        from workbench.symmetry._representation import Rep

        return (space.size,) if isinstance(space, Rep) else (self.n,) * len(space)

    def flipped(self, power: Duals) -> Duals:
        """V* for every V, and V for every V*."""
        return tuple(not dual for dual in power) if self.walled else power

    def spelled(self, power: Duals) -> list[str]:
        """The name of every factor."""
        return ["V.dual" if dual else "V" for dual in power]

    def coordinates(self, power: Duals) -> Coordinates:
        """What the group does to the coordinates of a tensor: permutes them, also changes their signs, or mixes them."""
        return self._coordinates if power else "permuted"

    def metric(self, power: Duals) -> torch.Tensor | None:
        """An invariant square of a tensor: the sign of every entry's square; None where there is no such thing."""
        return torch.ones(()) if not power or self._coordinates != "mixed" or self._orthogonal else None

    def duals(self, power: Power) -> Duals:
        """The factors of a tensor power: a whole number for V's, (p, q) for p V's and q V*'s, or a flag each."""
        if isinstance(power, bool) or not isinstance(power, int | Sequence):
            raise SymmetryError(f"a tensor power is a whole number or a pair (p, q), not {power!r}")
        if isinstance(power, int):
            flags = (False,) * power if power >= 0 else None
        elif all(isinstance(each, bool) for each in power):
            flags = tuple(bool(each) for each in power)
        elif len(power) == 2 and all(isinstance(each, int) and each >= 0 for each in power):
            plain, dual = (each for each in power if isinstance(each, int))
            flags = (False,) * plain + (True,) * dual
        else:
            flags = None
        if flags is None:
            raise SymmetryError(f"a tensor power is a whole number from 0 or a pair (p, q) of such, not {power!r}")
        return flags if self.walled else (False,) * len(flags)

    # ---- equivariant maps --------------------------------------------------------------------------------------------

    def hom(self, source: "Power | Rep", target: "Power | Rep") -> "Hom":
        """All linear maps from one tensor power of V to another that commute with the group.

        Parameters
        ----------
        source, target
            How many factors V the input and the output have; for GL and U pairs (p, q) with q factors V*; or representations.
            Those of one term are tensor powers too; features of a direct sum are vectors.

        Examples
        --------
        >>> from workbench.symmetry import O, S
        >>> S(5).hom(2, 2)
        Hom of S(5), V**2 -> V**2: 15 diagrams, dimension 15
        >>> O(2).hom(3, 3)
        Hom of O(2), V**3 -> V**3: 15 diagrams, dimension 10
        >>> V = S(5).V
        >>> S(5).hom(V**2 + 3 * V, 2 * V)
        Hom of S(5), V**2 + 3*V -> 2*V: 22 diagrams, dimension 22
        """
        from workbench.symmetry._representation import Rep
        from workbench.symmetry._sum_hom import SumHom

        one, other = self._power(source), self._power(target)
        if isinstance(one, Rep) or isinstance(other, Rep):
            return SumHom(self, Rep.of(self, one), Rep.of(self, other))
        return self._between(one, other)

    @abstractmethod
    def _between(self, source: Duals, target: Duals) -> "Hom":
        """The maps between two tensor powers."""

    def _power(self, of: "Power | Rep") -> Space:
        from workbench.symmetry._representation import Rep

        if not isinstance(of, Rep):
            return self.duals(of)
        if of.group != self:
            raise SymmetryError(f"{of} is a representation of {of.group}, not of {self}")
        return of.terms[0][0] if len(of.terms) == 1 and of.terms[0][1] == 1 else of


class DiagramGroup(Group):
    """A group whose equivariant maps are spanned by diagrams."""

    family: Family
    """Which diagrams span the maps between its tensor powers."""
    form: Form | None = None
    """The matrix of the invariant form, if it is not the identity: the column and the sign of each row's only entry."""
    form_kind = "copy"
    """The kind of the form as a network's fixed tensor."""

    def _between(self, source: Duals, target: Duals) -> "Hom":
        from workbench.symmetry._diagram_hom import DiagramHom

        return DiagramHom(self, source, target)


def whole(n: object, least: int, what: str) -> int:
    """A number of dimensions."""
    if isinstance(n, bool) or not isinstance(n, int) or n < least:
        raise SymmetryError(f"{what} needs a whole number n of at least {least}, not {n!r}")
    return n


def permutation_matrix(images: Sequence[int]) -> torch.Tensor:
    """The matrix that takes basis vector i to basis vector `images[i]`."""
    made = torch.zeros(len(images), len(images), dtype=torch.float64)
    made[list(images), range(len(images))] = 1
    return made


def haar(n: int, generator: torch.Generator, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """A uniform orthogonal or unitary matrix (Mezzadri, 2007): QR of a Gaussian one, the phases of R made positive."""
    q, r = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=dtype))
    phases = r.diagonal()
    made: torch.Tensor = q * (phases / phases.abs())
    return made


def skew(n: int) -> tuple[torch.Tensor, ...]:
    """A basis of the antisymmetric matrices."""
    made = []
    for a in range(n):
        for b in range(a):
            each = torch.zeros(n, n, dtype=torch.float64)
            each[a, b], each[b, a] = 1, -1
            made.append(each)
    return tuple(made)


def order_at_most(count: int, most: int, what: str, remedy: str) -> None:
    """Refuse what is too much to enumerate."""
    if count > most:
        shown = f"{count:,}" if count < 10**15 else f"about 10^{int(math.log10(count))}"
        raise SymmetryError(f"{what} would be {shown}, more than {most:,}; {remedy}")
