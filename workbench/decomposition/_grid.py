"""A function on a huge tensor grid, held as a Tucker network and formed slice by slice."""

__all__ = ["FunctionGrid", "contracted"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import torch

from workbench.decomposition._errors import FitError
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import einsum
from workbench.network import Network, tucker

Index = int | slice | torch.Tensor | Sequence[int]


@dataclass(frozen=True, eq=False, repr=False)
class FunctionGrid:
    """The values of a function on a tensor grid, none of them formed before they are asked for.

    Attributes
    ----------
    core : torch.Tensor
        (r0, r1, ...).
    factors : tuple of torch.Tensor
        (n_k, r_k): what each axis's polynomials are at its coordinates.
    coordinates : tuple of torch.Tensor
        (n_k,): the coordinates along each axis.

    Examples
    --------
    >>> from workbench.decomposition import chebyshev_tucker
    >>> grid = chebyshev_tucker(lambda x, y: x * y, [(0, 1), (0, 1)], degree=2).grid(10**5, 10**5)
    >>> grid
    FunctionGrid(100000 x 100000, 200,001 numbers)
    >>> grid[99_999, 50_000:50_002].round(decimals=4).tolist()
    [0.5, 0.5]
    """

    core: torch.Tensor
    factors: tuple[torch.Tensor, ...]
    coordinates: tuple[torch.Tensor, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points along each axis."""
        return tuple(factor.shape[0] for factor in self.factors)

    @property
    def network(self) -> Network:
        """The Tucker network whose value is the grid; `cores` are its numbers."""
        return tucker(self.shape, tuple(self.core.shape))

    @property
    def cores(self) -> dict[str, torch.Tensor]:
        """The numbers of `network`, by the names of its tensors."""
        return dict(zip(self.network.tensors, (self.core, *self.factors), strict=True))

    def __getitem__(self, index: Index | tuple[Index, ...]) -> torch.Tensor:
        """Some of the values, dense: each axis by a number, a slice or a list of places (which are combined with all others).

        Raises
        ------
        FitError
            For more indices than axes, or more values than fit in memory.
        """
        given = index if isinstance(index, tuple) else (index,)
        if len(given) > len(self.factors):
            raise FitError(f"{len(given)} indices for a grid of {len(self.factors)} axes")
        given = (*given, *(slice(None) for _ in self.factors[len(given) :]))
        rows: list[torch.Tensor] = []
        for axis, (factor, each) in enumerate(zip(self.factors, given, strict=True)):
            try:
                picked = factor[[int(each)]] if isinstance(each, Integral) else factor[each]
            except (IndexError, TypeError, ValueError) as error:
                raise FitError(
                    f"axis {axis} of the grid has {len(factor)} points, and {each!r} is none of them"
                ) from error
            if picked.ndim != 2:
                raise FitError(f"index {each!r} of axis {axis} is no number, slice or list of places")
            rows.append(picked)
        count = math.prod(len(each) for each in rows)
        require_memory(2 * self.core.dtype.itemsize * count, self.core.device, f"forming {count:,} values of the grid")
        axes = range(len(rows))
        value = einsum(
            [(self.core, axes), *((row, (f"i{k}", k)) for k, row in enumerate(rows))], [f"i{k}" for k in axes]
        )
        return value.reshape(
            [len(row) for row, each in zip(rows, given, strict=True) if not isinstance(each, Integral)]
        )

    def __repr__(self) -> str:
        numbers = self.core.numel() + sum(factor.numel() for factor in self.factors)
        return f"FunctionGrid({' x '.join(map(str, self.shape))}, {numbers:,} numbers)"


def contracted(core: torch.Tensor, rows: Sequence[torch.Tensor]) -> torch.Tensor:
    """(points,): the core times one row (points, r_k) for each axis."""
    value = rows[0] @ core.flatten(1) if core.ndim > 1 else rows[0] @ core
    for row in rows[1:]:
        value = (row.unsqueeze(1) @ value.reshape(len(row), row.shape[1], -1)).squeeze(1)
    return value.reshape(len(rows[0]))
