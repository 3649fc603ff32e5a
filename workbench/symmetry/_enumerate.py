"""Set partitions and matchings as arrays of labels, in canonical order.

A row of labels is a *restricted growth string*: vertex v lies in block `labels[v]`, and blocks are numbered in the order of their
first vertices. Rows come in lexicographic order, on every machine and in every run: this order is part of the file format. All
enumerations grow whole arrays of prefixes by one vertex at a time, and every prefix that is kept can be completed.
"""

__all__ = ["bijections", "matchings", "set_partitions"]

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
Chain = Literal["non-nested", "crossing"]


def set_partitions(size: int, most: int, *, even: bool = False) -> Labels:
    """Set partitions of `size` vertices into at most `most` blocks; with `even`, all blocks have even size.

    Returns
    -------
    Labels
        Of shape (partitions, size).

    Examples
    --------
    >>> set_partitions(3, 2).tolist()
    [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]
    """
    rows = np.zeros((1, 0), np.int8)
    blocks = np.zeros(1, np.int64)
    odd = np.zeros(1, np.int64)  # bit b says that block b has odd size so far
    for vertex in range(size):
        choices = np.minimum(blocks + 1, most)
        parent = np.repeat(np.arange(len(rows)), choices)
        label = np.arange(len(parent)) - np.repeat(np.cumsum(choices) - choices, choices)
        rows = np.concatenate([rows[parent], label[:, None].astype(np.int8)], 1)
        blocks = np.maximum(blocks[parent], label + 1)
        odd = odd[parent] ^ (1 << label)
        if even:
            kept = _bits(odd, size) <= size - vertex - 1
            rows, blocks, odd = rows[kept], blocks[kept], odd[kept]
    return rows


def matchings(
    size: int,
    *,
    single: int = 0,
    most: int | None = None,
    chain: Chain = "non-nested",
) -> tuple[Labels, Flags]:
    """Matchings of `size` vertices that leave exactly `single` of them alone.

    Parameters
    ----------
    most
        With it, only matchings without a chain of more than `most` arcs: of arcs (a, b) of which no two are nested
        (single vertices count as arcs (a, a)), or of which every two cross.

    Returns
    -------
    labels
        Of shape (matchings, size).
    alone
        Of the same shape: which vertices are single.

    Examples
    --------
    >>> matchings(4)[0].tolist()
    [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]]
    >>> matchings(4, most=1)[0].tolist()  # no two arcs beside each other, none that cross: one inside the other
    [[0, 1, 1, 0]]
    >>> matchings(4, most=1, chain="crossing")[0].tolist()
    [[0, 0, 1, 1], [0, 1, 1, 0]]
    """
    if single > size or (size - single) % 2:
        return np.zeros((0, size), np.int8), np.zeros((0, size), np.bool_)
    arcs = (size + single) // 2
    prefixes = _Prefixes(
        labels=np.zeros((1, size), np.int8),
        alone=np.zeros((1, size), np.bool_),
        open=np.zeros((1, arcs), np.bool_),
        need=np.zeros((1, arcs if chain == "crossing" else 1, arcs), np.int8),
        begun=np.zeros(1, np.int8),
        longest=np.zeros(1, np.int8),
        singles=np.full(1, single, np.int8),
        pairs=np.full(1, (size - single) // 2, np.int8),
    )
    for vertex in range(size):
        prefixes = prefixes.grown(vertex, most, chain)
    return prefixes.labels, prefixes.alone


@dataclass
class _Prefixes:
    """Matchings of the first vertices, a row each.

    `need[:, k, j]` is the length of the longest chain that ends with arc j and whose other arcs are closed: however arc j is closed,
    that chain will be there. Arcs that cross arc k are closed after it was opened, so for chains that cross, only arcs closed
    since then count; else there is one k for all. `longest` is the longest chain of closed arcs; `singles` and `pairs` are
    still to begin.
    """

    labels: Labels
    alone: Flags
    open: Flags
    need: Labels
    begun: Labels
    longest: Labels
    singles: Labels
    pairs: Labels

    def taken(self, rows: Any) -> "_Prefixes":
        return _Prefixes(**{name: array[rows] for name, array in vars(self).items()})

    def grown(self, vertex: int, most: int | None, chain: Chain) -> "_Prefixes":
        """All ways to go on: close an open arc, leave the vertex alone, open an arc."""
        parent, closed = np.nonzero(self.open)
        alone, opened = np.flatnonzero(self.singles > 0), np.flatnonzero(self.pairs > 0)
        arcs = self.open.shape[1]
        order = np.argsort(
            np.concatenate([parent * (arcs + 2) + closed, alone * (arcs + 2) + arcs, opened * (arcs + 2) + arcs + 1])
        )
        sizes = (len(parent), len(alone), len(opened))
        parent = np.concatenate([parent, alone, opened])[order]
        label = np.concatenate([closed, self.begun[alone], self.begun[opened]])[order]
        move = np.repeat(np.arange(3), sizes)[order]
        next_ = self.taken(parent)
        next_._move(vertex, label.astype(np.int8), move, chain)
        return next_ if most is None else next_.taken(next_._can_end(most, chain))

    def _move(self, vertex: int, label: Labels, move: npt.NDArray[np.int64], chain: Chain) -> None:
        rows = np.arange(len(label))
        closing, single, opening = (np.flatnonzero(move == each) for each in range(3))
        self.labels[:, vertex] = label
        self.alone[single, vertex] = True
        self.begun[move > 0] += 1
        self.singles[single] -= 1
        self.pairs[opening] -= 1
        begun = np.flatnonzero(move > 0)
        if chain == "crossing":
            self.need[begun, label[begun]] = 1
        else:
            self.need[begun, 0, label[begun]] = self.longest[begun] + 1
        self.open[rows, label] = move == 2
        length = self.need[closing, :, label[closing]][:, :, None]
        later = (self.open[closing] & (np.arange(self.open.shape[1]) > label[closing, None]))[:, None]
        self.need[closing] = np.where(later, np.maximum(self.need[closing], length + 1), self.need[closing])
        ended = np.flatnonzero(move < 2)
        self.longest[ended] = np.maximum(self.longest[ended], self._lengths()[ended, label[ended]])

    def _lengths(self) -> Labels:
        """The longest chain that each arc ends."""
        return self.need[:, 0] if self.need.shape[1] == 1 else np.diagonal(self.need, 0, 1, 2)

    def _can_end(self, most: int, chain: Chain) -> Flags:
        fits: Flags = (self._lengths() * self.open).max(1, initial=0) <= most
        if chain == "non-nested":
            fits &= self.longest + self.singles + ((self.pairs > 0) & (self.singles == 0)) <= most
        return fits & (self.longest <= most)


def bijections(size: int, *, most: int | None = None) -> Labels:
    """Permutations of `size` elements; with `most`, those without an increasing subsequence of more than `most`.

    Returns
    -------
    Labels
        Of shape (permutations, size): the image of each element, in lexicographic order.

    Examples
    --------
    >>> bijections(3, most=1).tolist()
    [[2, 1, 0]]
    >>> [len(bijections(5, most=most)) for most in (1, 2, 3, 4, 5)]
    [1, 42, 103, 119, 120]
    """
    images = np.zeros((1, 0), np.int8)
    left = np.ones((1, size), np.bool_)
    ends = np.zeros((1, size), np.int8)  # the longest increasing subsequence that ends with each value so far
    for _ in range(size):
        parent, image = np.nonzero(left)
        rows = np.arange(len(parent))
        left, ends = left[parent], ends[parent]
        below = np.arange(size) < image[:, None]
        left[rows, image] = False
        ends[rows, image] = (ends * below).max(1, initial=0) + 1
        images = np.concatenate([images[parent], image[:, None].astype(np.int8)], 1)
        if most is not None:  # what is left can come in falling order, but the largest of it ends a chain even so
            largest = size - 1 - left[:, ::-1].argmax(1)
            chain = (ends * (np.arange(size) < largest[:, None])).max(1, initial=0) + left.any(1)
            fits = (ends.max(1, initial=0) <= most) & (chain <= most)
            images, left, ends = images[fits], left[fits], ends[fits]
    return images


def _bits(numbers: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = ((numbers[:, None] >> np.arange(width)) & 1).sum(1)
    return found
