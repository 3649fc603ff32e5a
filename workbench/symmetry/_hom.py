"""`Hom`: all linear maps between two representations that commute with a group."""

__all__ = ["Basis", "Hom"]

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import torch
from torch import nn

from workbench.symmetry._combination import Combination
from workbench.symmetry._equivariant_map import MOST_ENTRIES, EquivariantMap
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group, Space
from workbench.symmetry._representation import Rep

if TYPE_CHECKING:
    from workbench.symmetry._linear import EquivariantLinear

MOST_PROJECTED = 8_000
"""The largest dimension of a space that is projected onto: its Gram matrix is solved with."""


@dataclass(frozen=True, eq=False, repr=False)
class Basis(Sequence[EquivariantMap]):
    """Maps in canonical order, each made when it is asked for."""

    size: int
    made: Callable[[int], EquivariantMap]

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, at: int) -> EquivariantMap: ...
    @overload
    def __getitem__(self, at: slice) -> "Sequence[EquivariantMap]": ...
    def __getitem__(self, at: int | slice) -> "EquivariantMap | Sequence[EquivariantMap]":
        if isinstance(at, slice):
            return tuple(self.made(each) for each in range(*at.indices(self.size)))
        if not -self.size <= at < self.size:
            raise IndexError(f"there are {self.size} maps; there is none at {at}")
        return self.made(at % self.size)

    def __iter__(self) -> Iterator[EquivariantMap]:
        return map(self.made, range(self.size))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self) -> str:
        shown = [f"({each})" for each in self[:12]] + (["..."] if len(self) > 12 else [])
        return f"[{', '.join(shown)}]"


class Hom(ABC):
    """All linear maps between two representations that commute with a group.

    Made by `group.hom(k, l)`. For groups with diagrams counting is exact and needs no diagrams; they are enumerated when first
    asked for, in an order that is the same on every machine.

    Attributes
    ----------
    group : Group
        The group.
    source, target : tuple or Rep
        The factors of input and output, False for V and True for V*; or direct sums.

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

    noun = "diagram"
    """What spans the maps."""

    def __init__(self, group: Group, source: Space, target: Space) -> None:
        self.group, self.source, self.target = group, source, target

    def __repr__(self) -> str:
        source, target = (Rep.of(self.group, space) for space in (self.source, self.target))
        size = self.spanning_size
        return f"Hom of {self.group}, {source} -> {target}: {size:,} {self.noun}{'s' * (size != 1)}, dimension {self.dimension:,}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hom) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Group, Space, Space]:
        return self.group, self.source, self.target

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, self._key()  # what was enumerated is made again where it is needed

    @property
    @abstractmethod
    def spanning_size(self) -> int:
        """How many maps span the space. Where n is small, diagrams are not independent."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """The dimension of the space of maps, exactly."""

    @property
    @abstractmethod
    def diagrams(self) -> Sequence[EquivariantMap]:
        """All the maps that span, in canonical order.

        Raises
        ------
        SymmetryError
            When there are more than two million.
        """

    @abstractmethod
    def basis(self) -> Sequence[EquivariantMap]:
        """Independent maps that span the space: the canonical subset, the same on every machine.

        Raises
        ------
        SymmetryError
            When there are more than two million.
        """

    @abstractmethod
    def maps(self) -> nn.Module:
        """How the basis is applied: a module without parameters, from weights (dimension, c_out, c_in) and x to the output."""

    @property
    def offsets(self) -> "Hom":
        """The maps from a number: equivariant tensors of the target's kind."""
        assert not isinstance(self.target, Rep)  # noqa: S101 - direct sums have their own
        return self.group._between((), self.target)

    # ---- as matrices -------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix of a map."""
        return math.prod(self.group.sizes(self.target)), math.prod(self.group.sizes(self.source))

    def matrix(self, of: EquivariantMap | Combination, dtype: torch.dtype | None = None) -> torch.Tensor:
        """The sparse matrix of a map of this space or of a combination of some, in COO format."""
        for each in of.terms if isinstance(of, Combination) else (of,):
            if (each.group, each.source, each.target) != (self.group, self.source, self.target):
                raise SymmetryError(f"{each} is a map of {each.group} between other spaces; it is none of {self}")
        if isinstance(of, Combination) and not of.terms:
            empty = torch.zeros(0, dtype=dtype or self.group.dtype)
            return torch.sparse_coo_tensor(
                torch.zeros(2, 0, dtype=torch.int64), empty, self.shape, check_invariants=False
            )
        return of.matrix(dtype)

    def coefficients(self, matrix: torch.Tensor) -> torch.Tensor:
        """Of which combination of the basis a matrix consists, as nearly as possible.

        Parameters
        ----------
        matrix
            (..., rows, columns), real or complex.

        Returns
        -------
        torch.Tensor
            (dimension, ...): the least-squares solution. For an equivariant matrix it is exact.

        Raises
        ------
        SymmetryError
            When the matrix has another shape, or the space has more than 8,000 dimensions.

        Examples
        --------
        >>> from workbench.symmetry import S
        >>> S(3).hom(1, 1).coefficients(2 * torch.eye(3, dtype=torch.float64) + 1).round(decimals=6)
        tensor([2., 1.], dtype=torch.float64)
        """
        flat = self._checked(matrix)
        spanning, gram = self._spanning
        dual = torch.from_numpy(spanning.conj() @ flat.detach().cpu().numpy().T).to(flat)
        found: torch.Tensor = torch.cholesky_solve(dual, gram.to(flat)) if self.dimension else dual
        return found.reshape(self.dimension, *matrix.shape[:-2])

    def project(self, matrix: torch.Tensor) -> torch.Tensor:
        """The equivariant matrix nearest to one or to each of several.

        Differentiable: the projection is linear and its own adjoint.

        Examples
        --------
        >>> from workbench.symmetry import S
        >>> S(2).hom(1, 1).project(torch.tensor([[1.0, 2.0], [0.0, 3.0]]))
        tensor([[2., 1.],
                [1., 2.]])
        """
        projected: torch.Tensor = _Projection.apply(matrix, self)  # type: ignore[no-untyped-call]
        return projected

    def _projected(self, matrix: torch.Tensor) -> torch.Tensor:
        if not self.dimension:
            return torch.zeros_like(matrix)
        found = self.coefficients(matrix)
        rows = found.reshape(self.dimension, -1).T.cpu().numpy() @ self._spanning[0]
        return torch.from_numpy(np.ascontiguousarray(rows)).to(found).reshape(*matrix.shape)

    def _checked(self, matrix: torch.Tensor) -> torch.Tensor:
        if tuple(matrix.shape[-2:]) != self.shape or matrix.ndim < 2:
            raise SymmetryError(
                f"the matrices of {self} are {self.shape[0]} x {self.shape[1]}; this tensor's shape is {tuple(matrix.shape)}"
            )
        if self.dimension > MOST_PROJECTED:
            raise SymmetryError(
                f"{self} has more than {MOST_PROJECTED:,} dimensions, too many to project onto; take fewer indices"
            )
        flat = matrix.reshape(-1, math.prod(self.shape))
        return flat if flat.is_complex() or flat.dtype == torch.float64 else flat.to(torch.float64)

    @cached_property
    def _spanning(self) -> tuple[Any, torch.Tensor]:
        """The basis as the rows of a sparse matrix, and the Cholesky factor of its Gram matrix."""
        from scipy.sparse import csr_array

        columns, values = [], []
        total = 0
        for each in self.basis():
            found = each.matrix().coalesce()
            total += found.values().numel()
            if total > MOST_ENTRIES:
                raise SymmetryError(
                    f"the matrices of a basis of {self} have more than {MOST_ENTRIES:,} entries in all; take fewer indices"
                )
            rows, across = found.indices()
            columns.append((rows * self.shape[1] + across).numpy())
            values.append(found.values().numpy())
        starts = np.cumsum([0, *map(len, columns)])
        entries = (
            (np.concatenate(values), np.concatenate(columns), starts)
            if columns
            else (np.zeros(0), np.zeros(0, int), starts)
        )
        spanning = csr_array(entries, shape=(self.dimension, math.prod(self.shape)))
        gram = torch.from_numpy((spanning.conj() @ spanning.T).toarray())
        return spanning, torch.linalg.cholesky(gram) if self.dimension else gram

    # ---- as layers ---------------------------------------------------------------------------------------------------

    def shares(self) -> torch.Tensor:
        """The variance of each weight, (dimension,), for which outputs of independent inputs of variance 1 have a mean variance of 1.

        E ||D x||² = ||D||² for such x, so every map gets the same share whatever the number of its entries.
        """
        norms = torch.tensor([each.squared_norm for each in self.basis()], dtype=torch.float64)
        return self.shape[0] / (self.dimension * norms)

    def layer(self, c_in: int = 1, c_out: int = 1, *, bias: bool = True) -> "EquivariantLinear":
        """A trainable layer of all these maps: (*batch, c_in, n, ..., n) -> (*batch, c_out, n, ..., n)."""
        from workbench.symmetry._linear import EquivariantLinear

        return EquivariantLinear(self, c_in, c_out, bias=bias)


def _again(group: Group, source: Space, target: Space) -> Hom:
    if isinstance(source, Rep) and isinstance(target, Rep):
        from workbench.symmetry._sum_hom import SumHom

        return SumHom(group, source, target)
    assert not isinstance(source, Rep)  # noqa: S101 - both are sums, or neither
    assert not isinstance(target, Rep)  # noqa: S101
    return group._between(source, target)


class _Projection(torch.autograd.Function):
    """The orthogonal projection, which is its own adjoint."""

    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor, hom: Hom) -> torch.Tensor:
        ctx.hom = hom
        return hom._projected(matrix).to(matrix.dtype)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.hom.project(grad), None
