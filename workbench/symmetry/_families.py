"""Which diagrams span the equivariant maps of which group, how many there are, and which of them are independent.

A family knows nothing of matrices. It is asked about m = l + k vertices and answers with rows of labels (see `_enumerate`) and
flags for the vertices on the *head*, a Levi-Civita tensor. A row without flags has no head.

============  ======================================  ==========================================================
group         diagrams                                independent ones
============  ======================================  ==========================================================
S(n)          set partitions                          at most n blocks
A(n)          and, with all n or n - 1 blocks on the  at most n blocks; all with a head
              head, the same again
B(n)          set partitions into even blocks         at most n blocks
O(n)          perfect matchings                       no n + 1 arcs of which none is nested in another
SO(n)         and matchings that leave n vertices,    the same, a vertex on the head counting as an arc
              which are on the head
Sp(n)         perfect matchings                       no n / 2 + 1 arcs that all cross
GL(n), U(n)   matchings of V with V*                  no n + 1 arcs in the same order on both sides
============  ======================================  ==========================================================

Sources: Pearce-Crump, arXiv 2212.08648 (S), 2301.10152 (A), 2212.08630 (O, SO, Sp); Brauer (1937). The rules for O and Sp are those
of standard monomials (De Concini and Procesi, 1976). The rule for heads of SO(n) extends the one for O(n) by the Robinson-
Schensted correspondence: involutions with n fixed points and no rising sequence longer than n are as many as the dimension
needs (Schützenberger, 1977); that they are independent is not proved here but checked by elimination in the tests.
"""

__all__ = ["ALTERNATING", "BRAUER", "SIGNED", "SPECIAL", "SYMMETRIC", "SYMPLECTIC", "WALLED", "Family", "Rows"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workbench.symmetry._counts import double_factorial, even_partitions, set_partitions_of, stirling, tableaux
from workbench.symmetry._enumerate import Flags, Labels, bijections, matchings, set_partitions


@dataclass(frozen=True, eq=False)
class Rows:
    """Diagrams, a row each: the label of every vertex's block, and whether it is on the head."""

    labels: Labels
    head: Flags

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def plain(cls, labels: Labels) -> "Rows":
        return cls(labels, np.zeros(labels.shape, np.bool_))

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(np.concatenate([self.labels, other.labels]), np.concatenate([self.head, other.head]))


class Family(Protocol):
    """A kind of diagram."""

    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        """How many diagrams span; `sides` says of every vertex on which side of the wall it is."""

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        """The dimension of what they span."""

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        """All diagrams, in canonical order."""

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        """Independent ones that span the same, in canonical order."""


class _Symmetric:
    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        return set_partitions_of(len(sides), len(sides))

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        return set_partitions_of(len(sides), n)

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        return Rows.plain(set_partitions(len(sides), len(sides)))

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        return Rows.plain(set_partitions(len(sides), n))


class _Alternating:
    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        return SYMMETRIC.spanning_size(n, sides) + self._heads(n, len(sides))

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        return SYMMETRIC.dimension(n, sides) + self._heads(n, len(sides))

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        return SYMMETRIC.spanning(n, sides) + self._headed(n, len(sides))

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        return SYMMETRIC.basis(n, sides) + self._headed(n, len(sides))

    @staticmethod
    def _heads(n: int, size: int) -> int:
        return stirling(size, n) + stirling(size, n - 1)

    @staticmethod
    def _headed(n: int, size: int) -> Rows:
        labels = set_partitions(size, n)
        labels = labels[labels.max(1, initial=-1) + 1 >= n - 1]
        return Rows(labels, np.ones(labels.shape, np.bool_))


class _Signed:
    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        return even_partitions(len(sides), len(sides))

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        return even_partitions(len(sides), n)

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        return Rows.plain(set_partitions(len(sides), len(sides), even=True))

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        return Rows.plain(set_partitions(len(sides), n, even=True))


class _Brauer:
    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        return 0 if len(sides) % 2 else double_factorial(len(sides) - 1)

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        return tableaux(len(sides), n, _even_rows)

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        return Rows(*matchings(len(sides)))

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        return Rows(*matchings(len(sides), most=n))


class _Special:
    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        size = len(sides)
        heads = 0 if size < n or (size - n) % 2 else math.comb(size, n) * double_factorial(size - n - 1)
        return BRAUER.spanning_size(n, sides) + heads

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        odd = tableaux(len(sides), n, lambda shape: len(shape) == n and all(row % 2 for row in shape))
        return BRAUER.dimension(n, sides) + odd

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        return BRAUER.spanning(n, sides) + Rows(*matchings(len(sides), single=n))

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        return BRAUER.basis(n, sides) + Rows(*matchings(len(sides), single=n, most=n))


class _Symplectic:
    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        return BRAUER.spanning_size(n, sides)

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        return tableaux(len(sides), n, _even_columns)

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        return BRAUER.spanning(n, sides)

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        return Rows(*matchings(len(sides), most=n // 2, chain="crossing"))


class _Walled:
    def spanning_size(self, n: int, sides: Sequence[bool]) -> int:
        return math.factorial(sum(sides)) if 2 * sum(sides) == len(sides) else 0

    def dimension(self, n: int, sides: Sequence[bool]) -> int:
        if 2 * sum(sides) != len(sides):
            return 0
        return tableaux(sum(sides), n, lambda _: True, squared=True)

    def spanning(self, n: int, sides: Sequence[bool]) -> Rows:
        return self._matched(sides, None)

    def basis(self, n: int, sides: Sequence[bool]) -> Rows:
        return self._matched(sides, n)

    @staticmethod
    def _matched(sides: Sequence[bool], most: int | None) -> Rows:
        left, right = np.flatnonzero(~np.array(sides, np.bool_)), np.flatnonzero(sides)
        if len(left) != len(right):
            return Rows.plain(np.zeros((0, len(sides)), np.int8))
        images = bijections(len(left), most=most)
        arcs = np.zeros((len(images), len(sides)), np.int8)
        arcs[:, left] = np.arange(len(left))
        np.put_along_axis(arcs, right[images.astype(np.intp)], np.arange(len(left), dtype=np.int8)[None], 1)
        labels = _renumbered(arcs)
        return Rows.plain(labels[np.lexsort(labels.T[::-1])] if len(sides) else labels)


def _renumbered(arcs: Labels) -> Labels:
    """Labels in the order of first vertices."""
    first = np.stack([(arcs == label).argmax(1) for label in range(arcs.shape[1] // 2)], 1) if arcs.shape[1] else arcs
    rank = first.argsort(1).argsort(1).astype(np.int8)
    return np.take_along_axis(rank, arcs.astype(np.intp), 1)


def _even_rows(shape: tuple[int, ...]) -> bool:
    return all(row % 2 == 0 for row in shape)


def _even_columns(shape: tuple[int, ...]) -> bool:
    return all(upper == lower for upper, lower in zip(shape[::2], (*shape, 0)[1::2], strict=True))


SYMMETRIC, ALTERNATING, SIGNED = _Symmetric(), _Alternating(), _Signed()
BRAUER, SPECIAL, SYMPLECTIC, WALLED = _Brauer(), _Special(), _Symplectic(), _Walled()
