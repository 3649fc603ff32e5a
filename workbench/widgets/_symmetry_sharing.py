"""Which diagrams meet in which entry of the matrix: entries in which the same ones meet share their weight.

A matrix of n^l times n^k entries has few kinds of them. What a diagram has at a place depends on which indices are equal (and,
where there is a form or a head, on a little more): so each kind is looked at once, and of the picture only kinds are sent.
"""

__all__ = ["Sharing", "rank_of", "relation"]

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.symmetry import Hom, SymmetryError
from workbench.symmetry import _families as families
from workbench.symmetry._diagram import parity
from workbench.symmetry._diagram_hom import DiagramHom
from workbench.symmetry._enumerate import set_partitions
from workbench.widgets._symmetry_choice import sizes_of

SIDE = 512
"""So many rows and columns of a matrix are drawn at most."""
MOST_TABLE = 40_000_000
"""Kinds of entries times diagrams."""
MERGED = 1_000_000
"""Tables of at most so many numbers are searched for equal rows."""
MOST_RANK = 600
"""So many diagrams are put into a numerical rank."""
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sharing:
    """The picture of the matrix, and the table of what meets in it.

    Parameters
    ----------
    hom
        The maps.
    """

    hom: Hom

    @cached_property
    def coordinates(self) -> tuple[int, ...] | None:
        """Of a matrix of diagrams the coordinates of V that are drawn: all, or so many that the picture is small enough.

        None for other maps, of which the first rows and columns are drawn.
        """
        if not isinstance(self.hom, DiagramHom):
            return None
        n, order = self.hom.group.n, max(len(self.hom.target), len(self.hom.source), 1)
        most = n
        while most**order > SIDE:
            most -= 1
        if self.hom.group.family is families.SYMPLECTIC:  # pairs (q, p) stay together
            half, pairs = n // 2, max(1, most // 2)
            return (*range(pairs), *range(half, half + pairs))
        return tuple(range(most))

    @cached_property
    def places(self) -> tuple[Ints, Ints]:
        """Which rows and columns of the whole matrix are drawn."""
        if not isinstance(self.hom, DiagramHom) or self.coordinates is None:
            rows, columns = (np.arange(min(size, SIDE)) for size in self.hom.shape)
            return rows, columns
        n = self.hom.group.n
        rows, columns = (
            indices(self.coordinates, len(power)) @ _strides(n, len(power))
            for power in (self.hom.target, self.hom.source)
        )
        return rows, columns

    @property
    def whole(self) -> bool:
        """Whether the picture has all entries."""
        return tuple(map(len, self.places)) == tuple(self.hom.shape)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        rows, columns = self.places
        return len(rows), len(columns)

    @cached_property
    def _kinds(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """The kind of every entry drawn, (rows * columns,), and what every map has there, (kinds, maps)."""
        if not isinstance(self.hom, DiagramHom) or self.coordinates is None:
            return self._by_values()
        index = indices(self.coordinates, self.hom.order)
        _, first, kind = np.unique(_signatures(self.hom, index), return_index=True, return_inverse=True)
        _refuse_large_table(len(first), self.hom)
        return _merged(kind.reshape(-1), values_at(self.hom, index[first]))

    def _by_values(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """For maps that are no pictures: entries in which all matrices have the same, told apart by a random combination of these."""
        rows, columns = self.shape
        size = self.hom.spanning_size
        chance = np.random.default_rng(0).standard_normal(size)
        mixed = np.zeros((rows, columns))
        parts = []
        for at, each in enumerate(self.hom.diagrams):
            matrix = each.matrix().coalesce()
            down, across = matrix.indices().numpy()
            shown = (down < rows) & (across < columns)
            values = np.real(matrix.values().numpy())[shown]
            np.add.at(mixed, (down[shown], across[shown]), chance[at] * values)
            parts.append((down[shown] * columns + across[shown], values))
        _, first, kind = np.unique(mixed.round(9) + 0.0, return_index=True, return_inverse=True)
        _refuse_large_table(len(first), self.hom)
        order = np.argsort(first)  # as they come in the matrix
        number = np.empty_like(order)
        number[order] = np.arange(len(order))
        table = np.zeros((len(first), size))
        where = np.full(rows * columns, -1)
        where[first[order]] = np.arange(len(first))
        for at, (places, values) in enumerate(parts):
            kinds = where[places]
            table[kinds[kinds >= 0], at] = values[kinds >= 0]
        return number[kind.reshape(-1)], table

    @property
    def table(self) -> npt.NDArray[np.float64]:
        """What every map has at each kind of entry: (kinds, maps)."""
        return self._kinds[1]

    @property
    def part(self) -> str:
        """Which part of the matrix is drawn; nothing where it is all."""
        if self.whole:
            return ""
        if self.coordinates is None:
            return f"Too large to draw whole: shown are the first {self.shape[0]:,} rows and {self.shape[1]:,} columns."
        shown = ", ".join(str(each + 1) for each in self.coordinates)
        return f"Too large to draw whole: shown is the part with indices {shown} of {self.hom.group.n}."

    def to_spec(self) -> dict[str, Any]:
        """What the page reads: kinds as 16-bit numbers, the table as sparse rows."""
        hom, (rows, columns) = self.hom, self.shape
        kinds, table = self._kinds
        if len(table) > 65_535:
            raise SymmetryError(
                f"the matrix of {hom} has {len(table):,} kinds of entries; 65,535 can be drawn: make n smaller"
            )
        row, column = np.nonzero(table)
        start = np.searchsorted(row, np.arange(len(table) + 1))
        source, target = sizes_of(hom)
        return {
            "rows": rows,
            "columns": columns,
            "of": list(hom.shape),
            "part": self.part,
            "sizes": [list(target), list(source)],
            "down": self.places[0].astype("<u4").tobytes(),
            "across": self.places[1].astype("<u4").tobytes(),
            "kinds": kinds.astype("<u2").tobytes(),
            "start": start.astype("<u4").tobytes(),
            "index": column.astype("<u2").tobytes(),
            "value": table[row, column].astype("<f4").tobytes(),
        }


def _merged(kind: npt.NDArray[Any], table: npt.NDArray[np.float64]) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Kinds in which every diagram has the same are one."""
    if not table.shape[1]:
        return np.zeros_like(kind), table[:1]
    if table.size > MERGED:
        return kind, table
    _, first, number = np.unique(table, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)  # as they come in the matrix
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[number.reshape(-1)][kind], table[first[order]]


def indices(coordinates: tuple[int, ...], order: int) -> Ints:
    """All values of `order` indices, in row-major order: (len(coordinates) ** order, order)."""
    size = len(coordinates)
    grid = np.indices((size,) * order).reshape(order, size**order) if order else np.zeros((0, 1), np.int64)
    found: Ints = np.asarray(coordinates, np.int64)[grid.T] if size else grid.T.astype(np.int64)
    return found


def _refuse_large_table(kinds: int, hom: Hom) -> None:
    if kinds * len(hom.diagrams) > MOST_TABLE:
        raise SymmetryError(
            f"{hom} has {kinds:,} kinds of entries times {len(hom.diagrams):,} maps, too many to draw: "
            "make n smaller, or take fewer factors V"
        )


def _strides(n: int, order: int) -> Ints:
    return np.array([n ** (order - 1 - at) for at in range(order)], np.int64)


def _signatures(hom: DiagramHom, index: Ints) -> Ints:
    """A number for every row of indices; where it is the same, all diagrams have the same there."""
    group, order = hom.group, index.shape[1]
    half = group.n // 2
    pairs = group.family is families.SYMPLECTIC
    value = index % half if pairs else index
    marks = (index // half) if pairs else (index == 0) if group.form is not None else None
    key = np.zeros(len(index), np.int64)
    label = np.zeros_like(index)
    blocks = np.zeros(len(index), np.int64)
    for vertex in range(order):
        new = np.ones(len(index), np.bool_)
        for earlier in range(vertex):
            same = value[:, vertex] == value[:, earlier]
            label[:, vertex] = np.where(same, label[:, earlier], label[:, vertex])
            new &= ~same
        label[:, vertex] = np.where(new, blocks, label[:, vertex])
        blocks += new
        key = key * (order + 1) + label[:, vertex]
        if marks is not None:
            key = key * 2 + marks[:, vertex]
    if group.family in (families.ALTERNATING, families.SPECIAL):
        key = key * 3 + _parities(value, label, blocks, group.n)
    return key


def _parities(value: Ints, label: Ints, blocks: Ints, n: int) -> Ints:
    """0, or where n - 1 or n different values occur 1 or 2: whether their order is an even or an odd permutation."""
    found = np.zeros(len(value), np.int64)
    for row in np.flatnonzero(blocks >= n - 1):
        _, first = np.unique(label[row], return_index=True)
        found[row] = 1 if completed(tuple(int(each) for each in value[row][first]), n) > 0 else 2
    return found


def completed(images: tuple[int, ...], n: int) -> int:
    """The Levi-Civita symbol at n values, or at n - 1 of them with its last index summed."""
    if len(set(images)) < len(images):
        return 0
    missing = [each for each in range(n) if each not in images] if len(images) < n else []
    return parity((*images, *missing))


def values_at(hom: DiagramHom, index: Ints) -> npt.NDArray[np.float64]:
    """What every diagram has at rows of indices: (rows, diagrams)."""
    rows, group, order = hom.diagrams.rows, hom.group, hom.order
    labels = rows.labels.astype(np.int64)
    equal = np.array([[[index[:, a] == index[:, b]] for b in range(order)] for a in range(order)])
    equal = equal.reshape(order, order, len(index)).astype(np.int8) if order else np.zeros((0, 0, len(index)), np.int8)
    bent = equal
    if group.form is not None:
        partner, sign = group.form
        bent = np.array(
            [[(partner[index[:, a]] == index[:, b]) * sign[index[:, a]] for b in range(order)] for a in range(order)]
        )
    found = np.ones((len(index), len(labels)), np.int8)
    top = len(hom.target)
    for vertex in range(order):
        first = (labels == labels[:, [vertex]]).argmax(1) if len(labels) else np.zeros(0, np.int64)
        for at in range(vertex):
            mine = np.flatnonzero(first == at)
            if len(mine):
                within = group.form is not None and (at < top) == (vertex < top)
                found[:, mine] *= (bent if within else equal)[at, vertex][:, None].astype(np.int8)
    made = found.astype(np.float64)
    for number in np.flatnonzero(rows.head.any(1)):
        legs = [block[0] for block in hom.diagrams[int(number)].head_blocks]
        made[:, number] *= [completed(tuple(int(each) for each in row), group.n) for row in index[:, legs]]
    return made


# ---- dependence ------------------------------------------------------------------------------------------------------


def _faithful(hom: Hom, sharing: Sharing) -> npt.NDArray[np.float64] | None:
    """A table of all kinds of entries there are; None where they are too many."""
    if sharing.whole:
        return sharing.table
    if not isinstance(hom, DiagramHom) or hom.group.form is not None:
        return None
    kinds = set_partitions(hom.order, hom.group.n).astype(np.int64)
    if hom.group.family in (families.ALTERNATING, families.SPECIAL):
        swapped = kinds.copy()
        swapped[kinds == 0], swapped[kinds == 1] = 1, 0
        kinds = np.concatenate([kinds, swapped])
    return values_at(hom, kinds) if len(kinds) * len(hom.diagrams) <= MOST_TABLE else None


def rank_of(hom: Hom, sharing: Sharing, on: list[int], basis: set[int]) -> int | None:
    """The dimension of what some diagrams span; None where it would take too long to find."""
    inside = [at for at in on if at in basis]
    if len(inside) == len(on) or len(inside) == len(basis):
        return len(inside)
    table = _faithful(hom, sharing) if len(on) <= MOST_RANK else None
    return None if table is None else int(np.linalg.matrix_rank(table[:, on]))


def relation(hom: Hom, sharing: Sharing, at: int, basis: list[int]) -> dict[int, float] | None:
    """A diagram as a combination of those of the basis: position -> coefficient; None where it would take too long."""
    table = _faithful(hom, sharing) if len(basis) <= MOST_RANK else None
    if table is None:
        return None
    solved, *_ = np.linalg.lstsq(table[:, basis], table[:, at], rcond=None)
    if not np.allclose(table[:, basis] @ solved, table[:, at], atol=1e-6):
        return None
    return {place: _tidy(value) for place, value in zip(basis, solved, strict=True) if abs(value) > 1e-7}


def _tidy(value: float) -> float:
    """A small fraction where it is one."""
    for below in (1, 2, 3, 4, 5, 6, 8, 12, 24):
        if abs(value * below - round(value * below)) < 1e-6:
            return round(value * below) / below
    return float(f"{value:.6g}")
