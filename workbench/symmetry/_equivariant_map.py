"""`EquivariantMap`: what all the maps that span a `Hom` have in common."""

__all__ = ["EquivariantMap", "sparse"]

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

if TYPE_CHECKING:
    from workbench.symmetry._combination import Combination, Scalar, Terms
    from workbench.symmetry._groups import Group, Space

Entries = tuple[npt.NDArray[np.int64], npt.NDArray[Any]]
MOST_ENTRIES = 50_000_000
"""Entries that a sparse matrix may have."""


class EquivariantMap(ABC):
    """A linear map that commutes with a group: one of those that span a `Hom`.

    Attributes
    ----------
    group : Group
        The group.
    target, source : tuple or Rep
        What the map leads to and from.
    """

    group: "Group"
    target: "Space"
    source: "Space"

    @abstractmethod
    def entries(self) -> Entries:
        """The entries that are not zero: the value of every index, (entries, l + k), and what stands there, (entries,)."""

    @property
    @abstractmethod
    def squared_norm(self) -> float:
        """The sum of the squares of all entries."""

    @property
    @abstractmethod
    def place(self) -> tuple[Any, ...]:
        """Sorts the maps of a `Hom` in canonical order."""

    @abstractmethod
    def composed(self, other: Any) -> "Terms":
        """First `other`, then this map, where they fit."""

    @abstractmethod
    def juxtaposed(self, other: Any) -> "Terms":
        """Both maps side by side."""

    def matrix(self, dtype: torch.dtype | None = None) -> torch.Tensor:
        """The sparse matrix of the map, (n ** l, n ** k), in COO format; float64, or complex where the group is."""
        rows, columns = self.group.sizes(self.target), self.group.sizes(self.source)
        index, values = self.entries()
        return sparse(index, torch.from_numpy(values).to(dtype or self.group.dtype), rows, columns)

    # ---- the algebra -------------------------------------------------------------------------------------------------

    def __matmul__(self, other: "EquivariantMap | Combination") -> "Combination":
        """Composition: first `other`, then this map; the matrix is the product of the matrices."""
        return self._combined() @ other

    def __or__(self, other: "EquivariantMap | Combination") -> "Combination":
        """Juxtaposition: both maps side by side; the matrix is the Kronecker product of the matrices."""
        return self._combined() | other

    def __add__(self, other: "EquivariantMap | Combination") -> "Combination":
        return self._combined() + other

    def __sub__(self, other: "EquivariantMap | Combination") -> "Combination":
        return self._combined() - other

    def __mul__(self, factor: "Scalar") -> "Combination":
        return self._combined() * factor

    __rmul__ = __mul__

    def __neg__(self) -> "Combination":
        return self._combined() * -1

    def _combined(self) -> "Combination":
        from workbench.symmetry._combination import Combination

        return Combination({self: 1})


def sparse(
    index: npt.NDArray[np.int64], values: torch.Tensor, rows: tuple[int, ...], columns: tuple[int, ...]
) -> torch.Tensor:
    """A matrix in COO format from what stands at index tuples, (entries, l + k), outputs before inputs."""
    at = torch.from_numpy(np.stack([_flat(index[:, : len(rows)], rows), _flat(index[:, len(rows) :], columns)]))
    shape = math.prod(rows), math.prod(columns)
    return torch.sparse_coo_tensor(at, values, shape, check_invariants=False).coalesce()


def _flat(index: npt.NDArray[np.int64], sizes: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Row-major positions of (entries, axes)."""
    strides = np.array([math.prod(sizes[at + 1 :]) for at in range(len(sizes))], np.int64)
    flat: npt.NDArray[np.int64] = index @ strides
    return flat
