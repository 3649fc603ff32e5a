"""`Diagram`: an equivariant map between tensor powers, as a picture of which indices are one."""

__all__ = ["Diagram"]

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.network import Network
from workbench.symmetry._equivariant_map import MOST_ENTRIES, Entries, EquivariantMap
from workbench.symmetry._errors import SymmetryError

if TYPE_CHECKING:
    from workbench.symmetry._combination import Terms
    from workbench.symmetry._groups import DiagramGroup, Duals


@dataclass(frozen=True, repr=False)
class Diagram(EquivariantMap):
    """A map from one tensor power of V to another that commutes with a group.

    Its vertices are the indices of its matrix: first those of the output (the upper row), then those of the input (the lower row).
    Vertices in one block are joined. An entry of the matrix is the product over all blocks: 1 where the indices of a block agree
    and 0 where they don't; between two vertices of the same row it is the group's form instead (the symplectic one for Sp,
    the metric for Lorentz). Blocks on the *head* are joined to the legs of one Levi-Civita tensor, in the order of their first
    vertices; if there is one block fewer than the tensor has legs, its last index is summed.

    Attributes
    ----------
    group : Group
        The group, which says what V is.
    target, source : tuple of bool
        The factors of output and input: False for V, True for V*.
    labels : tuple of int
        The block of every vertex, numbered in the order of first vertices.
    head : tuple of bool
        For every vertex, whether its block is on the head.

    Examples
    --------
    >>> from workbench.symmetry import S
    >>> diagram = S(3).hom(1, 1).diagrams[1]
    >>> diagram
    1 | 1'
    >>> S(3).hom(1, 1).matrix(diagram).to_dense().int().tolist()
    [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
    """

    group: "DiagramGroup"
    target: "Duals"
    source: "Duals"
    labels: tuple[int, ...]
    head: tuple[bool, ...]

    @cached_property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """The vertices of each block that is not on the head."""
        return self._blocks(on_head=False)

    @cached_property
    def head_blocks(self) -> tuple[tuple[int, ...], ...]:
        """The vertices of each block on the head, in the order of its legs."""
        return self._blocks(on_head=True)

    def _blocks(self, on_head: bool) -> tuple[tuple[int, ...], ...]:
        found: dict[int, list[int]] = {}
        for vertex, label in enumerate(self.labels):
            if self.head[vertex] == on_head:
                found.setdefault(label, []).append(vertex)
        return tuple(map(tuple, found.values()))

    def __repr__(self) -> str:
        blocks = [" ".join(map(self._name, block)) for block in self.blocks]
        if self.head_blocks:
            legs = ["".join(map(self._name, block)) for block in self.head_blocks]
            legs += ["·"] * (self.group.n - len(legs))
            blocks.append(f"ε({', '.join(legs)})")
        return " | ".join(blocks) or "1"

    def _name(self, vertex: int) -> str:
        top = len(self.target)
        return str(vertex + 1) if vertex < top else f"{vertex - top + 1}'"

    # ---- as a matrix -------------------------------------------------------------------------------------------------

    def entries(self) -> Entries:
        """The entries that are not zero: the value of every index, (entries, l + k), and what stands there, (entries,)."""
        n, size = self.group.n, len(self.labels)
        heads = math.perm(n, len(self.head_blocks)) if self.head_blocks else 1
        count = int(self.squared_norm)
        if count > MOST_ENTRIES:
            raise SymmetryError(
                f"the matrix of {self} has {count:,} entries that are not zero, more than {MOST_ENTRIES:,}; "
                "apply a layer of it instead, which needs no matrix"
            )
        choices = np.indices((n,) * len(self.blocks)).reshape(len(self.blocks), n ** len(self.blocks))
        index = np.zeros((heads, choices.shape[1], size), np.int64)
        values = np.ones(index.shape[:2])
        for block, chosen in zip(self.blocks, choices, strict=True):
            index[:, :, block] = chosen[:, None]
            if self.group.form is not None and self._bent(block):
                partner, sign = self.group.form
                index[:, :, block[1]] = partner[chosen]
                values *= sign[chosen]
        for at, (images, even) in enumerate(_signed_permutations(n) if self.head_blocks else ()):
            for block, image in zip(self.head_blocks, images, strict=False):
                index[at, :, block] = image
            values[at] *= even
        return index.reshape(values.size, size), values.reshape(-1)

    @property
    def squared_norm(self) -> float:
        """How many entries are not zero: each is 1 or -1."""
        n, legs = self.group.n, len(self.head_blocks)
        return int(n ** len(self.blocks)) * (math.perm(n, legs) if legs else 1)

    def _bent(self, block: tuple[int, ...]) -> bool:
        """Whether the block is an arc within one row, where the group's form is."""
        top = len(self.target)
        return self.group.form is not None and len(block) == 2 and (block[0] < top) == (block[1] < top)

    # ---- as a network ------------------------------------------------------------------------------------------------

    def network(self, n: int | None = None) -> Network:
        """The diagram as a tensor network of copy, Levi-Civita and symplectic tensors.

        Its legs are the indices of the matrix: outputs ``o1, o2, ...``, then inputs ``i1, i2, ...``.

        Parameters
        ----------
        n
            The size of the indices; the group's by default, and always where there is a head. The metric of `Lorentz` is a tensor of
            kind ``"data"``, whose numbers are given when the network is contracted.

        Raises
        ------
        SymmetryError
            When a head is asked for with legs of another size than the group's.

        Examples
        --------
        >>> from workbench.symmetry import SO
        >>> cross = SO(3).hom(2, 1).diagrams[-1]
        >>> cross.network()
        Network(tensors={'E': ('o1', 'i1', 'i2')}, sizes={'o1': 3, 'i1': 3, 'i2': 3}, legs=('o1', 'i1', 'i2'), fixed={'E': 'levi_civita'})
        """
        size = self.group.n if n is None else n
        if self.head_blocks and size != self.group.n:
            raise SymmetryError(
                f"the head of {self} has as many legs as {self.group} has dimensions, {self.group.n}; n cannot be {size}"
            )
        top = len(self.target)
        legs = [f"o{v + 1}" if v < top else f"i{v - top + 1}" for v in range(len(self.labels))]
        tensors: dict[str, tuple[str, ...]] = {}
        fixed: dict[str, str] = {}
        for number, block in enumerate(self.blocks):
            name = f"D{number + 1}"
            tensors[name] = tuple(legs[vertex] for vertex in block)
            fixed[name] = self.group.form_kind if self._bent(block) else "copy"
        if self.head_blocks:
            ends = []
            for number, block in enumerate(self.head_blocks):
                if len(block) == 1:
                    ends.append(legs[block[0]])
                else:
                    ends.append(f"e{number + 1}")
                    tensors[f"H{number + 1}"] = (*(legs[vertex] for vertex in block), ends[-1])
                    fixed[f"H{number + 1}"] = "copy"
            ends += [f"e{number + 1}" for number in range(len(ends), size)]
            tensors["E"], fixed["E"] = tuple(ends), "levi_civita"
        indices = dict.fromkeys(index for held in tensors.values() for index in held)
        return Network(tensors, dict.fromkeys(indices, size), tuple(legs), fixed)

    # ---- the algebra -------------------------------------------------------------------------------------------------

    @property
    def place(self) -> tuple[Any, ...]:
        """Headless first, then by labels."""
        return any(self.head), self.labels, tuple(not flag for flag in self.head)

    def composed(self, other: "Diagram") -> "Terms":
        """First `other`, then this map."""
        from workbench.symmetry._gluing import composed

        return composed(self, other)

    def juxtaposed(self, other: "Diagram") -> "Terms":
        """Both maps side by side."""
        from workbench.symmetry._gluing import juxtaposed

        return juxtaposed(self, other)


def _signed_permutations(n: int) -> Iterator[tuple[tuple[int, ...], int]]:
    for images in permutations(range(n)):
        yield images, parity(images)


def parity(images: tuple[int, ...]) -> int:
    """1 for an even, -1 for an odd permutation (or sequence of different numbers)."""
    return -1 if sum(images[b] < images[a] for b in range(len(images)) for a in range(b)) % 2 else 1
