"""`Combination`: linear combinations of equivariant maps."""

__all__ = ["Combination"]

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

import torch

from workbench.symmetry._equivariant_map import EquivariantMap
from workbench.symmetry._errors import SymmetryError

Scalar = int | Fraction | float | complex
Terms = dict[EquivariantMap, Scalar]


class Combination:
    """A linear combination of maps between the same two tensor powers, with exact coefficients where they are whole.

    Parameters
    ----------
    terms
        Diagram (or orbit, or whatever spans the maps of the group) -> coefficient; zeros are dropped.

    Examples
    --------
    >>> from workbench.symmetry import O, SO
    >>> identity, swap = O(3).hom(2, 2).diagrams[1:]
    >>> cup = O(3).hom(2, 2).diagrams[0]
    >>> cup @ cup  # a loop is a factor of 3
    3 · (1 2 | 1' 2')
    >>> cross = SO(3).hom(2, 1).diagrams[-1]  # ε composed with ε
    >>> SO(3).hom(1, 2).diagrams[-1] @ cross
    (1 1' | 2 2') - (1 2' | 2 1')
    """

    def __init__(self, terms: Mapping[EquivariantMap, Scalar]) -> None:
        kept = {diagram: value for diagram, value in terms.items() if value}
        if len({(each.group, each.target, each.source) for each in kept}) > 1:
            first, *_, last = kept
            raise SymmetryError(
                f"{first} and {last} are maps of different groups or between different powers; only alike ones add up"
            )
        self.terms: Mapping[EquivariantMap, Scalar] = MappingProxyType(
            dict(sorted(kept.items(), key=lambda term: term[0].place))
        )

    def __repr__(self) -> str:
        if not self.terms:
            return "0"
        words = ""
        for diagram, value in self.terms.items():
            size: Scalar = value
            below = not isinstance(value, complex) and value < 0
            if below:
                size = -value
            sign = ("- " if words else "-") if below else ("+ " if words else "")
            times = "" if size == 1 else f"{size} · "
            words += f"{' ' if words else ''}{sign}{times}({diagram})"
        return words

    def __eq__(self, other: object) -> bool:
        if isinstance(other, EquivariantMap):
            other = Combination({other: 1})
        return self.terms == other.terms if isinstance(other, Combination) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def matrix(self, dtype: torch.dtype | None = None) -> torch.Tensor:
        """The sparse matrix of the map; of the combination of nothing, whose shape nobody knows, there is none."""
        if not self.terms:
            raise SymmetryError("the zero combination does not say between which powers it is a map; it has no matrix")
        parts = [
            each.matrix(dtype) * (value if isinstance(value, complex) else float(value))
            for each, value in self.terms.items()
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total.coalesce()

    def __add__(self, other: "EquivariantMap | Combination") -> "Combination":
        total: Terms = dict(self.terms)
        for diagram, value in _combined(other).terms.items():
            total[diagram] = total.get(diagram, 0) + value
        return Combination(total)

    def __sub__(self, other: "EquivariantMap | Combination") -> "Combination":
        return self + _combined(other) * -1

    def __mul__(self, factor: Scalar) -> "Combination":
        return Combination({diagram: value * factor for diagram, value in self.terms.items()})

    __rmul__ = __mul__

    def __neg__(self) -> "Combination":
        return self * -1

    def __matmul__(self, other: "EquivariantMap | Combination") -> "Combination":
        return self._paired(other, "composed")

    def __or__(self, other: "EquivariantMap | Combination") -> "Combination":
        return self._paired(other, "juxtaposed")

    def _paired(self, other: "EquivariantMap | Combination", how: Literal["composed", "juxtaposed"]) -> "Combination":
        total: Terms = {}
        for a, x in self.terms.items():
            for b, y in _combined(other).terms.items():
                _check_fit(a, b, how)
                for each, value in getattr(a, how)(b).items():
                    total[each] = total.get(each, 0) + x * y * value
        return Combination(total)


def _combined(other: EquivariantMap | Combination) -> Combination:
    return Combination({other: 1}) if isinstance(other, EquivariantMap) else other


def _check_fit(upper: EquivariantMap, lower: EquivariantMap, how: str) -> None:
    if upper.group != lower.group:
        raise SymmetryError(
            f"{upper} is a map of {upper.group}, {lower} one of {lower.group}; take both from one group"
        )
    if how == "composed" and upper.source != lower.target:
        takes, gives = (len(each.group.sizes(space)) for each, space in ((upper, upper.source), (lower, lower.target)))
        raise SymmetryError(
            f"{upper} takes {takes} indices and {lower} gives {gives}"
            + (", of different spaces" if takes == gives else "")
            + "; a composition needs them equal"
        )
