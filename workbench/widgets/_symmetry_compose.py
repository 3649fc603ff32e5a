"""Two maps, one after the other: what they make, and the product of their matrices."""

__all__ = ["composed"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from workbench.symmetry import Combination, Diagram, Hom, Rep, SymmetryError
from workbench.widgets._symmetry_about import pictures_of
from workbench.widgets._symmetry_choice import is_plain, made, plainly
from workbench.widgets._symmetry_read import missing, read_flags
from workbench.widgets._symmetry_square import packed

SIDE = 64
"""Matrices of at most so many rows and columns are drawn and multiplied."""
MOST_TERMS = 120


def composed(hom: Hom, told: Mapping[str, Any], first: int) -> dict[str, Any]:
    """What the page draws of the pair it asks for, ``{"lower": 0, "upper": 3, "out": [0, 0]}``; `first` is the lower one by default.

    Raises
    ------
    SymmetryError
        When there is no such pair.
    """
    out = told.get("out")
    back = not isinstance(out, list) or not is_plain(hom)
    upper = made(hom.group, _space(hom, hom.target), _space(hom, hom.source) if back else read_flags(out, "to"))
    lower_at, upper_at = told.get("lower"), told.get("upper")
    if not isinstance(lower_at, int) or lower_at >= hom.spanning_size:
        lower_at = first
    if not isinstance(upper_at, int) or upper_at >= upper.spanning_size:
        upper_at = 0
    found = _composition(upper, hom, upper_at, lower_at)
    return {
        "lowerAt": lower_at,
        "upperAt": upper_at,
        "out": plainly(upper.target),
        **pictures_of(upper),
        **found.to_spec(),
    }


def _space(hom: Hom, space: Any) -> Any:
    """A space as `group.hom` takes it."""
    return space if is_plain(hom) else Rep.of(hom.group, space)


@dataclass(frozen=True, eq=False)
class _Composition:
    """First one diagram, then another: what they make, and their matrices.

    Attributes
    ----------
    lower, upper : Diagram
        The first and the second.
    made : Combination
        What they make.
    """

    lower: Any
    upper: Any
    made: Combination

    def to_spec(self) -> dict[str, Any]:
        """What the page draws."""
        rows = [math.prod(each.group.sizes(each.target)) for each in (self.upper, self.lower)]
        columns = math.prod(self.lower.group.sizes(self.lower.source))
        small = max(*rows, columns) <= SIDE
        spec: dict[str, Any] = {
            "lower": _picture(self.lower),
            "upper": _picture(self.upper),
            "rows": [*rows, columns],
            "terms": [],
            "more": 0,
            "difference": None,
        }
        terms = list(self.made.terms.items())
        spec["terms"] = [{"factor": str(value), **_picture(each)} for each, value in terms[:MOST_TERMS]]
        spec["more"] = max(0, len(terms) - MOST_TERMS)
        if small:
            a, b = self.upper.matrix().to_dense(), self.lower.matrix().to_dense()
            product = a @ b
            spec |= {"a": packed(a), "b": packed(b), "product": packed(product)}
            whole = self.made.matrix().to_dense() if terms else torch.zeros_like(product)
            spec["difference"] = float((product - whole).abs().max()) if product.numel() else 0.0
        return spec


def _composition(upper: Hom, lower: Hom, second: object, first: object) -> _Composition:
    """Diagram `first` of `lower`, then diagram `second` of `upper`."""
    found = []
    for hom, at in ((lower, first), (upper, second)):
        if hom.spanning_size == 0:
            raise SymmetryError(f"there is no diagram to compose: {hom}")
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < hom.spanning_size:
            raise SymmetryError(missing(hom, at))
        found.append(hom.diagrams[at])
    below, above = found
    return _Composition(below, above, above @ below)


def _picture(each: Any) -> dict[str, Any]:
    if not isinstance(each, Diagram):
        return {"name": repr(each), "labels": [], "head": [], "top": 0}
    return {
        "name": repr(each),
        "labels": list(each.labels),
        "head": [int(on) for on in each.head],
        "top": len(each.target),
    }
