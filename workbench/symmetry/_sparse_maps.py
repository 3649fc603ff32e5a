"""A basis of equivariant maps applied as sparse matrices: for maps that no diagram takes apart."""

__all__ = ["SparseMaps"]

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from workbench.symmetry._hom import Hom


class SparseMaps(nn.Module):
    """How a basis is applied: all its matrices, stacked, times the input, then one matrix product for all maps with as many rows.

    Costs as many operations as there are entries that are not zero, and never forms a weight of the dense size. Holds no
    parameters: tables that move with the layer, and are not saved.
    """

    _index: torch.Tensor
    _rows: torch.Tensor
    _bits: torch.Tensor | None

    def __init__(self, hom: "Hom") -> None:
        super().__init__()
        self.shape = hom.shape
        self.target = hom.group.sizes(hom.target)
        matrices = [each.matrix() for each in hom.basis()]
        counts = np.array([len(torch.unique(each.indices()[0])) for each in matrices], np.int64)
        order = np.argsort(counts, kind="stable")
        stacked, values = [torch.zeros(2, 0, dtype=torch.int64)], [torch.zeros(0, dtype=hom.group.dtype)]
        rows: list[torch.Tensor] = []
        for at in order:
            (down, across), found = matrices[at].indices(), matrices[at].values()
            held, row = torch.unique_consecutive(down, return_inverse=True)
            stacked.append(torch.stack([row + sum(map(len, rows)), across]))
            rows.append(held)
            values.append(found)
        self.register_buffer("_index", torch.cat(stacked, 1), persistent=False)
        self.register_buffer("_rows", torch.cat([torch.zeros(0, dtype=torch.int64), *rows]), persistent=False)
        entries = torch.cat(values)
        # bits, so that a layer taken to float32 and back to float64 is as exact as before
        bits = None if bool((entries == 1).all()) else entries.view(torch.int64)
        self.register_buffer("_bits", bits, persistent=False)
        self._kind = hom.group.dtype
        self.register_buffer("_order", torch.from_numpy(order), persistent=False)
        self.groups = tuple((int(count), int((counts == count).sum())) for count in np.unique(counts))
        """How many rows, and how many maps have so many."""

    def forward(self, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Weights (maps, c_out, c_in) on (batch, c_in, n, ..., n)."""
        batch, c_in = x.shape[:2]
        c_out = weight.shape[1]
        seen = _product(self._index, self._values(x.dtype), len(self._rows), x.reshape(batch * c_in, self.shape[1]).T)
        y = x.new_zeros(self.shape[0], batch * c_out)
        order = self.get_buffer("_order")
        maps = rows = 0
        for count, times in self.groups:
            part = seen[rows : rows + count * times].reshape(times, count * batch, c_in)
            mixed = part @ weight[order[maps : maps + times]].transpose(1, 2)
            y = y.index_add(0, self._rows[rows : rows + count * times], mixed.reshape(times * count, batch * c_out))
            maps, rows = maps + times, rows + count * times
        return y.reshape(self.shape[0], batch, c_out).permute(1, 2, 0).reshape(batch, c_out, *self.target)

    def _values(self, dtype: torch.dtype) -> torch.Tensor:
        if self._bits is None:
            return torch.ones(self._index.shape[1], dtype=dtype, device=self._index.device)
        return self._bits.view(self._kind).to(dtype)


@torch.library.custom_op("workbench::sparse_product", mutates_args=())
def _product(index: torch.Tensor, values: torch.Tensor, rows: int, x: torch.Tensor) -> torch.Tensor:
    """A sparse matrix, (rows, len(x)), times x; an operator of its own, for compilers do not look into sparse tensors."""
    matrix = torch.sparse_coo_tensor(index, values, (rows, x.shape[0]), check_invariants=False)
    return matrix @ x.contiguous()


@_product.register_fake
def _(index: torch.Tensor, values: torch.Tensor, rows: int, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    return x.new_empty(rows, x.shape[1])


def _remembered(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:  # noqa: ARG001
    ctx.index, ctx.values, _, x = inputs
    ctx.columns = x.shape[0]


def _adjoint(ctx: Any, grad: torch.Tensor) -> tuple[None, None, None, torch.Tensor]:
    return None, None, None, _product(ctx.index.flip(0), ctx.values.conj(), ctx.columns, grad)


_product.register_autograd(_adjoint, setup_context=_remembered)
