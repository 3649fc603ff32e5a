"""Equivariant maps of products of groups: a map of each factor, side by side on indices of their own."""

__all__ = ["DirectSumHom", "ProductHom", "ProductMap", "Rearranged"]

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import product as combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from workbench.symmetry._diagram_hom import DiagramHom
from workbench.symmetry._equivariant_map import MOST_ENTRIES, Entries, EquivariantMap
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Duals
from workbench.symmetry._hom import Basis, Hom
from workbench.symmetry._maps import Maps
from workbench.symmetry._representation import Rep
from workbench.symmetry._sparse_maps import SparseMaps
from workbench.symmetry._sum_hom import Placed, SumHom

if TYPE_CHECKING:
    from workbench.symmetry._combination import Terms
    from workbench.symmetry._product_group import DirectSum, Product


class ProductMap(EquivariantMap):
    """One map of each factor, each on the indices of its own.

    Attributes
    ----------
    parts : tuple of EquivariantMap
        The map of every factor.
    """

    group: "Product"
    target: Duals
    source: Duals

    def __init__(self, group: "Product", target: Duals, source: Duals, parts: tuple[EquivariantMap, ...]) -> None:
        self.group, self.target, self.source, self.parts = group, target, source, parts

    def _key(self) -> tuple[Any, ...]:
        return self.group, self.target, self.source, self.parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProductMap) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return " ⊗ ".join(f"({part})" for part in self.parts)

    @property
    def place(self) -> tuple[Any, ...]:
        """By the first factor's maps, then by the second's."""
        return tuple(part.place for part in self.parts)

    @property
    def squared_norm(self) -> float:
        """The product of the factors'."""
        return math.prod(part.squared_norm for part in self.parts)

    def entries(self) -> Entries:
        """All combinations of the factors' entries."""
        if self.squared_norm > MOST_ENTRIES:
            raise SymmetryError(
                f"the matrix of {self} has more than {MOST_ENTRIES:,} entries; apply a layer of it instead, which needs no matrix"
            )
        axes = [axis[0] for axis in (*self.target, *self.source) if isinstance(axis, tuple)]
        index = np.zeros((1, len(axes)), np.int64)
        values: npt.NDArray[Any] = np.ones(1)
        for number, part in enumerate(self.parts):
            own, factor = part.entries()
            index = np.repeat(index, len(own), 0)
            index[:, [at for at, axis in enumerate(axes) if axis == number]] = np.tile(own, (len(values), 1))
            values = np.kron(values, factor)
        return index, values

    def composed(self, other: "ProductMap") -> "Terms":
        """Factor by factor."""
        return self._paired(
            [a.composed(b) for a, b in zip(self.parts, other.parts, strict=True)], self.target, other.source
        )

    def juxtaposed(self, other: "ProductMap") -> "Terms":
        """Factor by factor."""
        parts = [a.juxtaposed(b) for a, b in zip(self.parts, other.parts, strict=True)]
        return self._paired(parts, self.target + other.target, self.source + other.source)

    def _paired(self, parts: Sequence["Terms"], target: Duals, source: Duals) -> "Terms":
        found: Terms = {}
        for chosen in combinations(*(part.items() for part in parts)):
            value = math.prod((value for _, value in chosen), start=1)
            found[ProductMap(self.group, target, source, tuple(each for each, _ in chosen))] = value
        return found


class ProductHom(Hom):
    """All maps between two tensor powers of a product of groups."""

    group: "Product"
    source: Duals
    target: Duals

    def __init__(self, group: "Product", source: Duals, target: Duals) -> None:
        super().__init__(group, source, target)
        self.noun = "diagram" if all(hom.noun == "diagram" for hom in self.factors) else "map"

    @cached_property
    def factors(self) -> tuple[Hom, ...]:
        """The maps of every factor."""
        return tuple(
            factor._between(_own(self.source, at), _own(self.target, at))
            for at, factor in enumerate(self.group.factors)
        )

    @property
    def spanning_size(self) -> int:
        """The product of the factors'."""
        return math.prod(hom.spanning_size for hom in self.factors)

    @property
    def dimension(self) -> int:
        """The product of the factors'."""
        return math.prod(hom.dimension for hom in self.factors)

    @property
    def diagrams(self) -> Sequence[EquivariantMap]:
        """All combinations; those of the last factor change fastest."""
        return self._sequence([hom.diagrams for hom in self.factors])

    def basis(self) -> Sequence[EquivariantMap]:
        """All combinations of the factors' bases."""
        return self._basis

    @cached_property
    def _basis(self) -> Basis:
        return self._sequence([hom.basis() for hom in self.factors])

    def _sequence(self, parts: Sequence[Sequence[EquivariantMap]]) -> Basis:
        sizes = tuple(map(len, parts))

        def made(at: int) -> ProductMap:
            chosen = np.unravel_index(at, sizes)
            maps = tuple(part[int(number)] for part, number in zip(parts, chosen, strict=True))
            return ProductMap(self.group, self.target, self.source, maps)

        return Basis(math.prod(sizes), made)

    def maps(self) -> nn.Module:
        """The halves of every factor; sparse matrices where one has no diagrams."""
        homs = [hom for hom in self.factors if isinstance(hom, DiagramHom)]
        return Maps(homs, self.target, self.source) if len(homs) == len(self.factors) else SparseMaps(self)


def _own(power: Duals, factor: int) -> Duals:
    return tuple(axis[1] for axis in power if isinstance(axis, tuple) and axis[0] == factor)


class Rearranged(EquivariantMap):
    """A map of G @ H: for every index one of its groups, and a map of the product of these."""

    group: "DirectSum"
    target: Duals
    source: Duals
    inner: Placed

    def __init__(self, hom: "DirectSumHom", inner: Placed) -> None:
        self.hom, self.inner = hom, inner
        self.group, self.target, self.source = hom.group, hom.target, hom.source

    def _key(self) -> tuple[Any, ...]:
        return self.group, self.target, self.source, self.inner

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rearranged) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return repr(self.inner)

    @property
    def place(self) -> tuple[Any, ...]:
        """By blocks."""
        return self.inner.place

    @property
    def squared_norm(self) -> float:
        """That of the map within its block."""
        return self.inner.squared_norm

    def entries(self) -> Entries:
        """Indices from 0 to n + m."""
        found, values = self.inner.entries()
        places = [self.hom.above[found[:, 0]], self.hom.below[found[:, 1]]]
        ends = [self.group.sizes(self.target), self.group.sizes(self.source)]
        index = [
            np.stack(np.unravel_index(at, end), 1) if end else at[:, None][:, :0]
            for at, end in zip(places, ends, strict=True)
        ]
        return np.concatenate(index, 1), values

    def composed(self, other: "Rearranged") -> "Terms":
        """Nothing where the groups of the indices between are others."""
        hom = self.group._between(other.source, self.target)
        return {Rearranged(hom, each): value for each, value in self.inner.composed(other.inner).items()}  # type: ignore[arg-type]

    def juxtaposed(self, other: "Rearranged") -> "Terms":
        """The maps of the product side by side."""
        hom: DirectSumHom = self.group._between(self.source + other.source, self.target + other.target)
        count = len(self.group.factors)
        above = self.inner.above[0] * count ** len(other.target) + other.inner.above[0]
        below = self.inner.below[0] * count ** len(other.source) + other.inner.below[0]
        return {
            Rearranged(hom, Placed(hom.inner.target, hom.inner.source, each, (above, 0), (below, 0))): value
            for each, value in self.inner.inner.juxtaposed(other.inner.inner).items()
        }


class DirectSumHom(Hom):
    """All maps between two tensor powers of G @ H: a block for every choice of a group for every index."""

    group: "DirectSum"
    source: Duals
    target: Duals
    noun = "map"

    def __init__(self, group: "DirectSum", source: Duals, target: Duals) -> None:
        super().__init__(group, source, target)
        above, self.above = self._blocks(target)
        below, self.below = self._blocks(source)
        self.inner = SumHom(above.group, below, above)

    def _blocks(self, power: Duals) -> tuple[Rep, npt.NDArray[np.int64]]:
        """A tensor power as a direct sum, and where the entries of a feature are in the tensor."""
        from workbench.symmetry._product_group import Product

        product = Product(*self.group.factors)
        words, places = zip(*self.group.words(power), strict=True)
        terms = tuple(
            (tuple(product._axis(at, bool(dual)) for at, dual in zip(word, power, strict=True)), 1) for word in words
        )
        return Rep(product, terms), np.concatenate(places)

    @property
    def spanning_size(self) -> int:
        """The sum over all blocks."""
        return self.inner.spanning_size

    @property
    def dimension(self) -> int:
        """The sum over all blocks."""
        return self.inner.dimension

    @property
    def diagrams(self) -> Sequence[EquivariantMap]:
        """Block after block."""
        return self._wrapped(self.inner.diagrams)

    def basis(self) -> Sequence[EquivariantMap]:
        """The independent ones of each block."""
        return self._wrapped(self.inner.basis())

    def _wrapped(self, inner: Sequence[EquivariantMap]) -> Basis:
        return Basis(len(inner), lambda at: Rearranged(self, inner[at]))  # type: ignore[arg-type]

    def shares(self) -> torch.Tensor:
        """Those of the blocks."""
        return self.inner.shares()

    def maps(self) -> "RearrangedMaps":
        """Those of the blocks, between entries sorted into blocks."""
        return RearrangedMaps(self)


class RearrangedMaps(nn.Module):
    """Entries sorted into blocks, maps of the blocks, and back."""

    def __init__(self, hom: DirectSumHom) -> None:
        super().__init__()
        self.target = hom.group.sizes(hom.target)
        self.maps = hom.inner.maps()
        self.register_buffer("_below", torch.from_numpy(hom.below), persistent=False)
        self.register_buffer("_above", torch.from_numpy(np.argsort(hom.above)), persistent=False)

    def forward(self, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Weights (maps, c_out, c_in) on (batch, c_in, n, ..., n)."""
        features = x.reshape(*x.shape[:2], -1)[..., self.get_buffer("_below")]
        y: torch.Tensor = self.maps(weight, features)
        return y[..., self.get_buffer("_above")].reshape(*y.shape[:2], *self.target)
