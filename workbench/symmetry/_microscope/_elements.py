"""The elements a check tries: generators, exponentials, random ones, and those that bring a vector onto an axis."""

__all__ = ["Element", "elements"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workbench.symmetry._classical_groups import SO, O
from workbench.symmetry._groups import Group
from workbench.symmetry._microscope._actions import Action
from workbench.symmetry._product_group import Product

ALONE = 2
"""Random elements of each factor of a product, beside the identity of the others."""
MOST_GIVEN = 3
"""Of generators, and of the Lie algebra's basis, so many are tried."""


@dataclass(frozen=True, eq=False)
class Element:
    """A group element and how it came about."""

    label: str
    matrix: torch.Tensor
    factor: int | None = None
    """Of a product of groups the only factor that moves something, if it is one."""

    @property
    def size(self) -> float:
        """Its spectral norm, at least 1."""
        return max(1.0, float(torch.linalg.matrix_norm(self.matrix, 2)))

    @property
    def reflects(self) -> bool:
        """Whether its determinant is negative: a reflection, an odd permutation."""
        return not self.matrix.is_complex() and float(torch.linalg.det(self.matrix)) < 0


def elements(
    group: Group, random: int, slots: Sequence[tuple[Action, torch.Tensor]], generator: torch.Generator
) -> list[Element]:
    """What is tried; of the sample's tensors, with their actions, the vectors are brought onto axes."""
    if not isinstance(group, Product):
        return _of_one(group, random, _vectors(group, None, slots), generator)
    found = [Element(f"random {at}", group.sample(generator)) for at in range(1, random + 1)]
    for at, factor in enumerate(group.factors):
        for each in _of_one(factor, ALONE, _vectors(factor, at, slots), generator):
            parts = [torch.eye(other.n, dtype=group.dtype) for other in group.factors]
            parts[at] = each.matrix.to(group.dtype)
            found.append(Element(f"{each.label} of {factor}", torch.block_diag(*parts), factor=at))  # type: ignore[no-untyped-call]
    return found


def _of_one(group: Group, random: int, vectors: Sequence[torch.Tensor], generator: torch.Generator) -> list[Element]:
    found = [Element(f"generator {at}", each) for at, each in enumerate(group.generators[:MOST_GIVEN], 1)]
    basis = group.lie_algebra
    chosen = basis if len(basis) <= MOST_GIVEN else [basis[0], basis[len(basis) // 2], basis[-1]]
    found += [Element(f"exponential {at}", torch.linalg.matrix_exp(each)) for at, each in enumerate(chosen, 1)]
    found += [Element(f"random {at}", group.sample(generator)) for at in range(1, random + 1)]
    if isinstance(group, O | SO) and group.n >= 2:
        found += _aligned(group.n, vectors)
    return found


def _vectors(group: Group, at: int | None, slots: Sequence[tuple[Action, torch.Tensor]]) -> list[torch.Tensor]:
    """The vectors among the sample's tensors, (count, n) each."""
    found = []
    for act, x in slots:
        space = act.space if isinstance(act.space, tuple) else ()
        factors = [axis for axis, factor in zip(act.axes, space, strict=False) if at is None or factor == (at, False)]
        if len(factors) == 1 and x.is_floating_point():
            found.append(x.movedim(factors[0], -1).reshape(-1, group.n))
    return found


def _aligned(n: int, vectors: Sequence[torch.Tensor]) -> list[Element]:
    """Rotations that bring a vector of the sample, or the difference of two, onto an axis: there gauges and angles degenerate."""
    found = []
    for each in vectors:
        rows = each.detach().to("cpu", torch.float64)
        candidates = [*rows[:1], *(rows[1:2] - rows[:1])]
        found += [row / row.norm() for row in candidates if bool(row.norm() > 1e-6) and bool(row.isfinite().all())]
    made = []
    for at, unit in enumerate(found[:4]):
        for axis in range(n) if at < 2 else (at % n,):
            target = torch.zeros(n, dtype=torch.float64)
            target[axis] = 1
            made.append(Element(f"vector onto axis {axis}", _rotation(unit, target)))
    return made[:8]


def _rotation(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The rotation in the plane of two unit vectors that takes the first to the second: two reflections."""
    n = len(one)
    eye = torch.eye(n, dtype=torch.float64)
    between = one + other
    if float(between.norm()) < 1e-9:  # opposite: half a turn in a plane that holds both
        beside = eye[int(one.abs().argmin())]
        beside = beside - (beside @ one) * one
        beside = beside / beside.norm()
        return eye - 2 * torch.outer(one, one) - 2 * torch.outer(beside, beside)
    between = between / between.norm()
    return (eye - 2 * torch.outer(between, between)) @ (eye - 2 * torch.outer(one, one))
