"""Equivariant maps between direct sums: one block of maps for every pair of terms and every pair of their copies."""

__all__ = ["Placed", "SumHom"]

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from workbench.symmetry._equivariant_map import Entries, EquivariantMap
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._hom import Basis, Hom
from workbench.symmetry._representation import Rep

if TYPE_CHECKING:
    from workbench.symmetry._combination import Terms
    from workbench.symmetry._groups import Group


class Block(NamedTuple):
    """All maps from one term to another."""

    hom: Hom
    above: int
    """The term of the target."""
    below: int
    """The term of the source."""
    copies: tuple[int, int]
    """Of the target's term and of the source's."""
    start: int
    """The number of its first map."""
    rows: int
    """Where the target's term starts in a feature."""
    columns: int
    """Where the source's term starts."""

    def size(self, count: int) -> int:
        return count * self.copies[0] * self.copies[1]


class Placed(EquivariantMap):
    """A map between one copy of a term of the source and one of the target.

    Attributes
    ----------
    inner : EquivariantMap
        The map between the tensor powers.
    above, below : tuple of int
        The term and the copy of the target and of the source.
    """

    target: Rep
    source: Rep

    def __init__(
        self, target: Rep, source: Rep, inner: EquivariantMap, above: tuple[int, int], below: tuple[int, int]
    ) -> None:
        self.group, self.target, self.source = target.group, target, source
        self.inner, self.above, self.below = inner, above, below

    def _key(self) -> tuple[Any, ...]:
        return self.target, self.source, self.inner, self.above, self.below

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Placed) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"{self.inner} : {' -> '.join(self.ends)}"

    @property
    def ends(self) -> tuple[str, str]:
        """The names of the terms it leads from and to, with the number of the copy where there are several."""
        return _named(self.source, *self.below), _named(self.target, *self.above)

    @property
    def place(self) -> tuple[Any, ...]:
        """By blocks, within a block by its maps, then by copies."""
        return self.above[0], self.below[0], self.inner.place, self.above[1], self.below[1]

    @property
    def squared_norm(self) -> float:
        """That of the inner map."""
        return self.inner.squared_norm

    def entries(self) -> Entries:
        """Rows and columns among all features, and what stands there."""
        found = self.inner.matrix().coalesce()
        rows, columns = found.indices().numpy()
        starts = (_start(self.target, *self.above), _start(self.source, *self.below))
        return np.stack([rows + starts[0], columns + starts[1]], 1), found.values().numpy()

    def composed(self, other: "Placed") -> "Terms":
        """That of the inner maps where the copies meet, else nothing."""
        if other.above != self.below:
            return {}
        return {
            Placed(self.target, other.source, each, self.above, other.below): value
            for each, value in self.inner.composed(other.inner).items()
        }

    def juxtaposed(self, other: "Placed") -> "Terms":  # noqa: ARG002
        """A map between products of direct sums: not of this kind, for products of sums are sorted anew."""
        raise SymmetryError(
            "maps between direct sums do not stand side by side: a product of sums is sorted into terms anew; "
            "put the maps between their terms side by side"
        )


def _named(rep: Rep, term: int, copy: int) -> str:
    power, copies = rep.terms[term]
    name = repr(Rep(rep.group, ((power, 1),)))
    return f"{name}[{copy}]" if copies > 1 else name


def _start(rep: Rep, term: int, copy: int) -> int:
    before = Rep(rep.group, rep.terms[:term]).size
    return before + copy * math.prod(rep.group.sizes(rep.terms[term][0]))


class SumHom(Hom):
    """All maps between two direct sums. Inputs and outputs are features, vectors of `source.size` and `target.size` numbers."""

    source: Rep
    target: Rep

    def __init__(self, group: "Group", source: Rep, target: Rep) -> None:
        super().__init__(group, source, target)
        self.noun = next((block.hom.noun for block in self.blocks), "diagram")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """One for every pair of terms; the target's term changes slowest."""
        found, start, rows = [], 0, 0
        for above, (high, copies) in enumerate(self.target.terms):
            columns = 0
            for below, (low, times) in enumerate(self.source.terms):
                hom = self.group._between(low, high)
                found.append(Block(hom, above, below, (copies, times), start, rows, columns))
                start += found[-1].size(hom.dimension)
                columns += times * hom.shape[1]
            rows += copies * math.prod(self.group.sizes(high))
        return tuple(found)

    @cached_property
    def spanning_size(self) -> int:
        """The sum over all blocks."""
        return sum(block.size(block.hom.spanning_size) for block in self.blocks)

    @cached_property
    def dimension(self) -> int:
        """The sum over all blocks."""
        return sum(block.size(block.hom.dimension) for block in self.blocks)

    @property
    def offsets(self) -> "SumHom":
        """Those of every term."""
        return SumHom(self.group, Rep.of(self.group, ()), self.target)

    @property
    def diagrams(self) -> Sequence[EquivariantMap]:
        """Block after block; within a block map after map, each for all pairs of copies."""
        return self._sequence([block.hom.diagrams for block in self.blocks])

    def basis(self) -> Sequence[EquivariantMap]:
        """The independent ones of each block."""
        return self._basis

    @cached_property
    def _basis(self) -> Basis:
        return self._sequence([block.hom.basis() for block in self.blocks])

    def _sequence(self, parts: list[Sequence[EquivariantMap]]) -> Basis:
        sizes = [block.size(len(part)) for block, part in zip(self.blocks, parts, strict=True)]
        starts = np.cumsum([0, *sizes])

        def made(at: int) -> Placed:
            number = int(np.searchsorted(starts, at, side="right")) - 1
            block, within = self.blocks[number], at - int(starts[number])
            rest, low = divmod(within, block.copies[1])
            inner, high = divmod(rest, block.copies[0])
            return Placed(self.target, self.source, parts[number][inner], (block.above, high), (block.below, low))

        return Basis(int(starts[-1]), made)

    def shares(self) -> torch.Tensor:
        """Every term of the target gets its variance from all maps that lead to it."""
        found = []
        for block in self.blocks:
            if block.hom.dimension:
                reaching = sum(
                    other.copies[1] * other.hom.dimension for other in self.blocks if other.above == block.above
                )
                share = block.hom.shares() * block.hom.dimension / reaching
                found.append(share.repeat_interleave(block.size(1)))
        return torch.cat(found) if found else torch.zeros(0, dtype=torch.float64)

    def maps(self) -> "SumMaps":
        """Those of every block."""
        return SumMaps(self)


class SumMaps(nn.Module):
    """Blocks applied one after the other, copies as channels."""

    def __init__(self, hom: SumHom) -> None:
        super().__init__()
        self.target, self.source = hom.target, hom.source
        self.blocks = tuple(block for block in hom.blocks if block.hom.dimension)
        self.maps = nn.ModuleList(block.hom.maps() for block in self.blocks)

    def forward(self, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Weights (maps, c_out, c_in) on (batch, c_in, size)."""
        batch, c_in = x.shape[:2]
        c_out = weight.shape[1]
        parts = self.source.split(x)
        sums: list[torch.Tensor | None] = [None] * len(self.target.terms)
        for block, maps in zip(self.blocks, self.maps, strict=True):
            high, low = block.copies
            own = weight[block.start : block.start + block.size(block.hom.dimension)]
            own = own.reshape(block.hom.dimension, high, low, c_out, c_in).permute(0, 3, 1, 4, 2)
            y = maps(own.reshape(block.hom.dimension, c_out * high, c_in * low), parts[block.below].flatten(1, 2))
            y = y.reshape(batch, c_out, -1)
            before = sums[block.above]
            sums[block.above] = y if before is None else before + y
        return torch.cat(list(self._filled(sums, x, c_out)), -1)

    def _filled(self, sums: list[torch.Tensor | None], x: torch.Tensor, c_out: int) -> Iterator[torch.Tensor]:
        for made, (power, copies) in zip(sums, self.target.terms, strict=True):
            size = copies * math.prod(self.target.group.sizes(power))
            yield x.new_zeros(x.shape[0], c_out, size) if made is None else made
