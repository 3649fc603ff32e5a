"""Is it equivariant? Both ways round the square for many elements, in two precisions."""

__all__ = ["Checked", "checked"]

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from workbench.widgets._symmetry_square import Job, Mapped, difference, transformed

ELEMENTS = 200
SECONDS = 4.0
"""After so long a check is content with the elements it has."""


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
