"""`Hom`: all linear maps from one tensor power to another that commute with a group."""

__all__ = ["Hom"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

import torch

from workbench.symmetry._combination import Combination
from workbench.symmetry._diagram import Diagram, Duals
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._families import Rows
from workbench.symmetry._groups import Group, order_at_most
from workbench.symmetry._representation import Rep

if TYPE_CHECKING:
    from workbench.symmetry._linear import EquivariantLinear

MOST_DIAGRAMS = 2_000_000
"""Diagrams that are enumerated at most."""


@dataclass(frozen=True, eq=False)
class Diagrams(Sequence[Diagram]):
    """Diagrams in canonical order, each made when it is asked for."""

    hom: "Hom"
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Diagram: ...
    @overload
    def __getitem__(self, at: slice) -> "Diagrams": ...
    def __getitem__(self, at: int | slice) -> "Diagram | Diagrams":
        labels, head = self.rows.labels[at], self.rows.head[at]
        if isinstance(at, slice):
            return Diagrams(self.hom, Rows(labels, head))
        return Diagram(self.hom.group, self.hom.target, self.hom.source, tuple(labels.tolist()), tuple(head.tolist()))

    def __iter__(self) -> Iterator[Diagram]:
        return (self[at] for at in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self) -> str:
        shown = [f"({each})" for each in self[:12]] + (["..."] if len(self) > 12 else [])
        return f"[{', '.join(shown)}]"


@dataclass(frozen=True, repr=False)
class Hom:
    """All linear maps V^k -> V^l that commute with a group, spanned by diagrams.

    Made by `group.hom(k, l)`. Counting is exact and needs no diagrams; diagrams are enumerated when first asked for, in an order
    that is the same on every machine.

    Attributes
    ----------
    group : Group
        The group.
    source, target : tuple of bool
        The factors of input and output: False for V, True for V*.

    Examples
    --------
    >>> from workbench.symmetry import SO
    >>> hom = SO(3).hom(1, 2)
    >>> hom
    Hom of SO(3), V -> V**2: 1 diagram, dimension 1
    >>> hom.diagrams  # the cross product
    [(ε(1, 2, 1'))]
    >>> SO(3).hom(4, 3).spanning_size, SO(3).hom(4, 3).dimension
    (105, 36)
    """

    group: Group
    source: Duals
    target: Duals

    def __repr__(self) -> str:
        source, target = (Rep(self.group, ((power, 1),)) for power in (self.source, self.target))
        size = self.spanning_size
        return f"Hom of {self.group}, {source} -> {target}: {size:,} diagram{'s' * (size != 1)}, dimension {self.dimension:,}"

    @property
    def order(self) -> int:
        """The number of vertices, k + l."""
        return len(self.source) + len(self.target)

    @property
    def _sides(self) -> tuple[bool, ...]:
        """On which side of the wall each vertex is: an arc joins both."""
        return (*self.target, *(not dual for dual in self.source)) if self.group.walled else (False,) * self.order

    @cached_property
    def spanning_size(self) -> int:
        """How many diagrams there are. They span all maps, and where n is small they are not independent."""
        return self.group.family.spanning_size(self.group.n, self._sides)

    @cached_property
    def dimension(self) -> int:
        """The dimension of the space of maps, exactly."""
        return self.group.family.dimension(self.group.n, self._sides)

    @cached_property
    def diagrams(self) -> Diagrams:
        """All diagrams, in canonical order.

        Raises
        ------
        SymmetryError
            When there are more than two million.
        """
        remedy = f"basis() may be smaller (its size is {self.dimension:,}), and so may l + k"
        order_at_most(self.spanning_size, MOST_DIAGRAMS, f"the diagrams with {self.order} vertices", remedy)
        return Diagrams(self, self.group.family.spanning(self.group.n, self._sides))

    def basis(self) -> Diagrams:
        """Independent diagrams that span all maps: the canonical subset, the same on every machine.

        Raises
        ------
        SymmetryError
            When there are more than two million.
        """
        return self._basis

    @cached_property
    def _basis(self) -> Diagrams:
        order_at_most(
            self.dimension, MOST_DIAGRAMS, f"a basis of maps with {self.order} vertices", "make l + k or n smaller"
        )
        return Diagrams(self, self.group.family.basis(self.group.n, self._sides))

    def matrix(self, diagram: Diagram | Combination, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """The sparse matrix of a diagram or a combination of some, (n ** l, n ** k), in COO format."""
        for each in diagram.terms if isinstance(diagram, Combination) else (diagram,):
            if (each.group, each.source, each.target) != (self.group, self.source, self.target):
                raise SymmetryError(f"{each} is a diagram of {each.group} with other rows; it is none of {self}")
        if isinstance(diagram, Combination) and not diagram.terms:
            n = self.group.n
            shape = (n ** len(self.target), n ** len(self.source))
            return torch.sparse_coo_tensor(
                torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0, dtype=dtype), shape, check_invariants=False
            )
        return diagram.matrix(dtype)

    def layer(self, c_in: int = 1, c_out: int = 1, *, bias: bool = True) -> "EquivariantLinear":
        """A trainable layer of all these maps: (*batch, c_in, n, ..., n) -> (*batch, c_out, n, ..., n)."""
        from workbench.symmetry._linear import EquivariantLinear

        return EquivariantLinear(self, c_in, c_out, bias=bias)
