"""`SoftEquivariance`: a penalty for what of a weight is not equivariant, with a strength that is learned for each symmetry."""

__all__ = ["SoftEquivariance"]

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import nn

from workbench.symmetry._errors import SymmetryError

if TYPE_CHECKING:
    from workbench.symmetry._hom import Hom


class SoftEquivariance(nn.Module):
    """How far a weight is from each of several symmetries, and how strongly each should hold.

    For symmetry i, with P_i the projection onto its equivariant maps and d_i the number of dimensions that it forbids, the
    penalty is ``(d_i / 2) (λ_i r_i - log λ_i)`` with ``r_i = ||W - P_i W||² / d_i + floor``. As a negative logarithm it is
    a normal prior of precision λ_i for all that breaks the symmetry, and λ_i is learned with the weight: it tends to 1 / r_i,
    so symmetries that the data has are enforced more and more and those it has not are let go. It belongs to the negative
    log-likelihood of all the data; beside a mean over m numbers, divide it by m.

    Parameters
    ----------
    symmetries
        Name -> Hom. All have matrices of the same shape.
    floor
        Smallest mean square that counts as broken: strengths are at most ``1 / floor``.

    Raises
    ------
    SymmetryError
        When there are no symmetries, their shapes differ, or the weight has another shape.

    Notes
    -----
    The penalty is that of Kim et al., *Regularizing towards soft equivariance under mixed symmetries* (ICML 2023); the rule by
    which strengths are learned is an empirical Bayes estimate of our own.

    Examples
    --------
    >>> from workbench.symmetry import C, S
    >>> soft = SoftEquivariance({"ring": C(4).hom(1, 1), "set": S(4).hom(1, 1)})
    >>> shift = torch.roll(torch.eye(4), 1, 0)
    >>> soft.violation(shift)  # a circular convolution, but no set layer
    {'ring': 0.0, 'set': 0.816...}
    """

    def __init__(self, symmetries: "Mapping[str, Hom]", floor: float = 1e-6) -> None:
        super().__init__()
        shapes = {hom.shape for hom in symmetries.values()}
        if len(shapes) != 1:
            raise SymmetryError(
                "soft equivariance takes at least one symmetry, and matrices of one shape; these are "
                + (", ".join(f"{name}: {hom.shape[0]} x {hom.shape[1]}" for name, hom in symmetries.items()) or "none")
            )
        if not floor > 0:
            raise SymmetryError(f"floor is a mean square above 0, not {floor!r}")
        self.symmetries, self.floor = dict(symmetries), floor
        self.shape = shapes.pop()
        self.log_strength = nn.Parameter(torch.zeros(len(self.symmetries)))

    @property
    def strengths(self) -> dict[str, float]:
        """λ of every symmetry."""
        values = self.log_strength.detach().exp().clamp(max=1 / self.floor).tolist()
        return dict(zip(self.symmetries, values, strict=True))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The penalty of a weight (..., rows, columns), a number to be added to a loss."""
        total = weight.new_zeros(())
        size = math.prod(self.shape)
        for hom, logarithm in zip(
            self.symmetries.values(), self.log_strength.clamp(max=-math.log(self.floor)), strict=True
        ):
            forbidden = size - hom.dimension
            if forbidden:
                broken = weight - hom.project(weight)
                freedom = forbidden * weight.numel() // size
                mean = broken.square().sum() / freedom + self.floor
                total = total + freedom / 2 * (logarithm.exp() * mean - logarithm)
        return total

    def violation(self, weight: torch.Tensor) -> dict[str, float]:
        """||W - P W|| / ||W|| for every symmetry: 0 where it is exact."""
        norm = float(weight.detach().norm())
        return {
            name: float((weight - hom.project(weight)).detach().norm()) / norm if norm else 0.0
            for name, hom in self.symmetries.items()
        }
