"""What the symmetry lab is given from Python, checked."""

__all__ = ["hom_of", "input_of", "weights_of"]

from collections.abc import Mapping
from typing import Any

import torch

from workbench.data import as_tensor
from workbench.symmetry import Group, Hom, SymmetryError
from workbench.widgets._symmetry_choice import made
from workbench.widgets._symmetry_read import checked_weight, missing


def hom_of(group: object, source: object, target: object) -> Hom:
    """The maps a lab begins with.

    Raises
    ------
    SymmetryError
        When they are none, or too much to show.
    """
    if isinstance(group, Hom):
        if source is not None or target is not None:
            raise SymmetryError("a Hom says between which powers its maps are; leave source and target out")
        return group
    if not isinstance(group, Group):
        raise SymmetryError(
            f"group is a {type(group).__name__}; give a group such as S(5), or a Hom such as S(5).hom(2, 2)"
        )
    if source is None or target is None:
        raise SymmetryError(f"say between which powers of V: SymmetryLab({group!r}, 2, 2)")
    return made(group, source, target)


def weights_of(weights: Mapping[Any, float], hom: Hom) -> dict[int, float]:
    """Position -> weight, in rising order; diagrams may stand for their positions.

    Raises
    ------
    SymmetryError
        When a key is no diagram of these maps, or a weight no number.
    """
    if not isinstance(weights, Mapping):
        raise SymmetryError(f"weights are a {type(weights).__name__}; give a dict, position in hom.diagrams -> weight")
    found: dict[int, float] = {}
    place: dict[Any, int] | None = None
    for key, weight in weights.items():
        at = key
        if not isinstance(key, int):
            place = place or {each: number for number, each in enumerate(hom.diagrams)}
            at = place.get(key, -1)
        if isinstance(at, bool) or not 0 <= at < hom.spanning_size:
            raise SymmetryError(missing(hom, key))
        found[at] = checked_weight(weight, at)
    return dict(sorted(found.items()))


def input_of(x: object, hom: Hom) -> torch.Tensor:
    """A batch of inputs, in double precision.

    Raises
    ------
    DataError, SymmetryError
        When it is no data, or of another shape.
    """
    data = as_tensor(x)
    shape = hom.group.sizes(hom.source)
    if tuple(data.shape) == shape:
        data = data.unsqueeze(0)
    if tuple(data.shape[1:]) != shape or data.ndim != len(shape) + 1:
        raise SymmetryError(f"x has shape {tuple(data.shape)}; {hom} takes {shape}, or a batch of such")
    return data.detach().to("cpu", torch.complex128 if data.is_complex() else torch.float64)
