"""What the lab's other pages find out: equivariance over many elements, and diagrams composed."""

__all__ = ["Checked", "Composition", "checked", "compose"]

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workbench.symmetry import Combination, Diagram, Hom, SymmetryError
from workbench.widgets._symmetry_choice import missing
from workbench.widgets._symmetry_square import Job, Mapped, difference, transformed

ELEMENTS = 200
SECONDS = 4.0
"""After so long a check is content with the elements it has."""
SIDE = 64
"""Matrices of at most so many rows and columns are drawn and multiplied."""
MOST_TERMS = 120


@dataclass(frozen=True, eq=False)
class Checked:
    """The relative difference of both ways round, for every element, in both precisions."""

    single: list[float]
    double: list[float]

    def to_spec(self) -> dict[str, Any]:
        """What the page reads; three digits."""
        return {
            "single": [float(f"{each:.3g}") for each in self.single],
            "double": [float(f"{each:.3g}") for each in self.double],
            "asked": ELEMENTS,
        }


def checked(job: Job, mapped: Mapped, wanted: Callable[[], bool], seed: int = 0) -> Checked:
    """Both ways round for many random elements and inputs."""
    hom = job.choice.hom
    group, sizes = hom.group, hom.group.sizes(hom.source)
    generator = torch.Generator().manual_seed(seed)
    found: dict[torch.dtype, list[float]] = {torch.float32: [], torch.float64: []}
    start = time.perf_counter()
    for number in range(ELEMENTS):
        if not wanted() or (number >= 5 and time.perf_counter() - start > SECONDS):
            break
        element = group.sample(generator)
        x = torch.randn((2, *sizes), generator=generator, dtype=group.dtype)
        for dtype, errors in found.items():
            given = x.to(
                torch.complex64 if x.is_complex() and dtype is torch.float32 else x.dtype if x.is_complex() else dtype
            )
            one = job.apply(mapped, transformed(group, element, given, hom.source))
            other = transformed(group, element, job.apply(mapped, given), hom.target)
            errors.append(difference(one, other))
    return Checked(found[torch.float32], found[torch.float64])


@dataclass(frozen=True, eq=False)
class Composition:
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
            spec |= {"a": _packed(a), "b": _packed(b), "product": _packed(product)}
            whole = self.made.matrix().to_dense() if terms else torch.zeros_like(product)
            spec["difference"] = float((product - whole).abs().max()) if product.numel() else 0.0
        return spec


def compose(upper: Hom, lower: Hom, second: object, first: object) -> Composition:
    """Diagram `first` of `lower`, then diagram `second` of `upper`.

    Raises
    ------
    SymmetryError
        When there are no such diagrams.
    """
    found = []
    for hom, at in ((lower, first), (upper, second)):
        if hom.spanning_size == 0:
            raise SymmetryError(f"there is no diagram to compose: {hom}")
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < hom.spanning_size:
            raise SymmetryError(missing(hom, at))
        found.append(hom.diagrams[at])
    below, above = found
    return Composition(below, above, above @ below)


def _picture(each: Any) -> dict[str, Any]:
    if not isinstance(each, Diagram):
        return {"name": repr(each), "labels": [], "head": [], "top": 0}
    return {
        "name": repr(each),
        "labels": list(each.labels),
        "head": [int(on) for on in each.head],
        "top": len(each.target),
    }


def _packed(values: torch.Tensor) -> bytes:
    real = values.real if values.is_complex() else values
    return np.ascontiguousarray(real.to(torch.float32).numpy()).astype("<f4").tobytes()
