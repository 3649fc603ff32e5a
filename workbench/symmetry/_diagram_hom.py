"""Equivariant maps that are spanned by diagrams."""

__all__ = ["DiagramHom", "Diagrams"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

from workbench.symmetry._diagram import Diagram
from workbench.symmetry._families import Rows
from workbench.symmetry._groups import DiagramGroup, Duals, order_at_most
from workbench.symmetry._hom import Hom

if TYPE_CHECKING:
    from workbench.symmetry._maps import Maps

MOST_DIAGRAMS = 2_000_000
"""Diagrams that are enumerated at most."""


@dataclass(frozen=True, eq=False)
class Diagrams(Sequence[Diagram]):
    """Diagrams in canonical order, each made when it is asked for."""

    hom: "DiagramHom"
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


class DiagramHom(Hom):
    """All maps between two tensor powers of a group with diagrams."""

    group: DiagramGroup
    source: Duals
    target: Duals

    def __init__(self, group: DiagramGroup, source: Duals, target: Duals) -> None:
        super().__init__(group, source, target)

    @property
    def order(self) -> int:
        """The number of vertices, k + l."""
        return len(self.source) + len(self.target)

    @property
    def _sides(self) -> tuple[bool, ...]:
        """On which side of the wall each vertex is: an arc joins both."""
        return (
            (*map(bool, self.target), *(not dual for dual in self.source))
            if self.group.walled
            else (False,) * self.order
        )

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
        """All diagrams, in canonical order."""
        remedy = f"basis() may be smaller (its size is {self.dimension:,}), and so may l + k"
        order_at_most(self.spanning_size, MOST_DIAGRAMS, f"the diagrams with {self.order} vertices", remedy)
        return Diagrams(self, self.group.family.spanning(self.group.n, self._sides))

    def basis(self) -> Diagrams:
        """Independent diagrams that span all maps: the canonical subset, the same on every machine."""
        return self._basis

    @cached_property
    def _basis(self) -> Diagrams:
        order_at_most(
            self.dimension, MOST_DIAGRAMS, f"a basis of maps with {self.order} vertices", "make l + k or n smaller"
        )
        return Diagrams(self, self.group.family.basis(self.group.n, self._sides))

    def maps(self) -> "Maps":
        """The basis cut into halves."""
        from workbench.symmetry._maps import Maps

        return Maps([self], self.target, self.source)
