"""`EquivariantLinear`: a trainable layer of all equivariant maps, which never forms their matrix."""

__all__ = ["EquivariantLinear"]

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._halves import spread
from workbench.symmetry._maps import Maps

if TYPE_CHECKING:
    from workbench.symmetry._diagram import Diagram
    from workbench.symmetry._hom import Hom


class EquivariantLinear(nn.Module):
    """All linear maps between two tensor powers that commute with a group, as a layer.

    The layer has one weight matrix (c_out, c_in) for every diagram of the basis. Diagrams are cut between their rows into
    halves, of which there are few: the layer contracts the input, multiplies once for every number of indices that go through,
    and spreads the result. No weight of n^(l+k) entries is formed.

    Parameters
    ----------
    hom
        The maps.
    c_in, c_out
        Channels.
    bias
        Whether to add an equivariant tensor, one of `hom(0, l)`.

    Attributes
    ----------
    weight : nn.Parameter
        (dimension, c_out, c_in); the order is that of `hom.basis()`.
    bias : nn.Parameter or None
        (dimension of hom(0, l), c_out).

    Raises
    ------
    SymmetryError
        When channels are not whole numbers from 1, or there are heads of A(n) or SO(n) with n > 8.

    Examples
    --------
    >>> from workbench.symmetry import S
    >>> layer = S(5).hom(2, 2).layer(4, 8)
    >>> layer(torch.randn(16, 4, 5, 5)).shape
    torch.Size([16, 8, 5, 5])
    >>> layer.weight.shape, layer.bias.shape
    (torch.Size([15, 8, 4]), torch.Size([2, 8]))
    """

    weight: nn.Parameter
    bias: nn.Parameter | None

    def __init__(self, hom: "Hom", c_in: int = 1, c_out: int = 1, *, bias: bool = True) -> None:
        super().__init__()
        for name, channels in (("c_in", c_in), ("c_out", c_out)):
            if isinstance(channels, bool) or not isinstance(channels, int) or channels < 1:
                raise SymmetryError(f"{name} is a whole number of channels from 1, not {channels!r}")
        self.hom, self.c_in, self.c_out = hom, c_in, c_out
        dtype = torch.get_default_dtype()
        dtype = torch.promote_types(dtype, torch.complex64) if hom.group.dtype.is_complex else dtype
        self._maps = Maps(hom.basis())
        self.weight = nn.Parameter(torch.empty(hom.dimension, c_out, c_in, dtype=dtype))
        offsets = hom.group.hom((), hom.target)
        self._offsets = Maps(offsets.basis()) if bias and offsets.dimension else None
        self.bias = nn.Parameter(torch.empty(offsets.dimension, c_out, dtype=dtype)) if self._offsets else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights for which outputs of independent inputs of variance 1 have a mean variance of 1; bias 0.

        E ||D x||² = ||D||² for such x, so every diagram gets the same share whatever the number of its entries.
        """
        sizes = torch.tensor([_entries(diagram) for diagram in self.hom.basis()], dtype=torch.float64)
        outputs = float(self.hom.group.n) ** len(self.hom.target)
        share = (outputs / (self.hom.dimension * self.c_in * sizes)).sqrt()
        with torch.no_grad():
            self.weight.normal_().mul_(share.to(self.weight.device, torch.float32)[:, None, None])
            if self.bias is not None:
                self.bias.zero_()

    def extra_repr(self) -> str:
        """What is shown between the brackets of the layer's repr."""
        return f"{self.hom}, {self.c_in} -> {self.c_out} channels"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the map: (*batch, c_in, n, ..., n) -> (*batch, c_out, n, ..., n)."""
        n, k, target = self.hom.group.n, len(self.hom.source), len(self.hom.target)
        wanted = (self.c_in, *(n,) * k)
        if tuple(x.shape[x.ndim - 1 - k :]) != wanted or x.ndim < 1 + k:
            raise SymmetryError(
                f"a map from {k} indices of {self.hom.group} takes (*batch, {', '.join(map(str, wanted))}); the input is {tuple(x.shape)}"
            )
        batch = x.shape[: x.ndim - 1 - k]
        x = x.reshape(-1, *wanted).transpose(0, 1)
        y = self._applied(x, bias=True)
        return y.transpose(0, 1).reshape(*batch, self.c_out, *(n,) * target)

    def to_dense(self) -> torch.Tensor:
        """The matrix of the linear part, (c_out * n ** l, c_in * n ** k): exact, and large."""
        n, k, target = self.hom.group.n, len(self.hom.source), len(self.hom.target)
        size = self.c_in * n**k
        basis = torch.eye(size, dtype=self.weight.dtype, device=self.weight.device).reshape(size, self.c_in, *(n,) * k)
        y = self._applied(basis.transpose(0, 1), bias=False)
        return y.transpose(0, 1).reshape(size, self.c_out * n**target).T

    def _applied(self, x: torch.Tensor, *, bias: bool) -> torch.Tensor:
        """(c_in, batch, n, ..., n) -> (c_out, batch, n, ..., n)."""
        rank = len(self.hom.target)
        halves, parts = self._maps(self.weight, x)
        if bias and self.bias is not None and self._offsets is not None:
            one = torch.ones(1, 1, dtype=self.bias.dtype, device=self.bias.device)
            more, constant = self._offsets(self.bias.unsqueeze(-1), one)
            halves += more
            parts += [part.expand(self.c_out, x.shape[1], *part.shape[2:]) for part in constant]
        shape = (self.c_out, x.shape[1], *(self.hom.group.n,) * rank)
        return spread(parts, halves, shape, rank, self._maps.form) if parts else x.new_zeros(shape)


def _entries(diagram: "Diagram") -> int:
    """How many entries of a diagram's matrix are not zero."""
    n, heads = diagram.group.n, len(diagram.head_blocks)
    return int(n ** len(diagram.blocks)) * (math.perm(n, heads) if heads else 1)
