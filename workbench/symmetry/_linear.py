"""`EquivariantLinear`: a trainable layer of all equivariant maps, which never forms their matrix."""

__all__ = ["EquivariantLinear"]

import math
from typing import TYPE_CHECKING, Self

import torch
from torch import nn

from workbench.symmetry._errors import SymmetryError

if TYPE_CHECKING:
    from workbench.symmetry._hom import Hom


class EquivariantLinear(nn.Module):
    """All linear maps between two representations that commute with a group, as a layer.

    The layer has one weight matrix (c_out, c_in) for every map of the basis. Diagrams are cut between their rows into
    halves, of which there are few: the layer contracts the input, multiplies once for every number of indices that go through,
    and spreads the result. Orbits and null vectors are applied as sparse matrices. No weight of n^(l+k) entries is formed.

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
        self._source, self._target = hom.group.sizes(hom.source), hom.group.sizes(hom.target)
        dtype = torch.get_default_dtype()
        dtype = torch.promote_types(dtype, torch.complex64) if hom.group.dtype.is_complex else dtype
        self._maps = hom.maps()
        self.weight = nn.Parameter(torch.empty(hom.dimension, c_out, c_in, dtype=dtype))
        offsets = hom.offsets
        self._nothing = hom.group.sizes(offsets.source)
        self._offsets = offsets.maps() if bias and offsets.dimension else None
        self.bias = nn.Parameter(torch.empty(offsets.dimension, c_out, dtype=dtype)) if self._offsets else None
        self.reset_parameters()

    @classmethod
    def from_dense(cls, hom: "Hom", weight: torch.Tensor, bias: torch.Tensor | None = None) -> Self:
        """The layer whose linear part, and bias, are nearest to dense ones.

        Parameters
        ----------
        hom
            The maps.
        weight
            (c_out, c_in, n ** l, n ** k), or without channels (n ** l, n ** k).
        bias
            (c_out, n ** l), or (n ** l,).

        Raises
        ------
        SymmetryError
            When shapes do not fit.

        Examples
        --------
        >>> from workbench.symmetry import C
        >>> layer = EquivariantLinear.from_dense(C(4).hom(1, 1), torch.eye(4))
        >>> layer(torch.arange(4.0).reshape(1, 4)).detach()
        tensor([[0., 1., 2., 3.]])
        """
        weight = weight if weight.ndim == 4 else weight[None, None] if weight.ndim == 2 else weight
        if weight.ndim != 4 or tuple(weight.shape[2:]) != hom.shape:
            raise SymmetryError(
                f"a dense weight of {hom} is (c_out, c_in, {hom.shape[0]}, {hom.shape[1]}); this one is {tuple(weight.shape)}"
            )
        layer = cls(hom, weight.shape[1], weight.shape[0], bias=bias is not None)
        with torch.no_grad():
            layer.weight.copy_(hom.coefficients(weight))
            if bias is not None:
                bias = bias if bias.ndim == 2 else bias[None]
                if bias.shape != (layer.c_out, hom.shape[0]):
                    raise SymmetryError(
                        f"the bias of {layer.c_out} channels is ({layer.c_out}, {hom.shape[0]}); this one is {tuple(bias.shape)}"
                    )
                if layer.bias is not None:
                    layer.bias.copy_(hom.offsets.coefficients(bias.unsqueeze(-1)))
        return layer

    def reset_parameters(self) -> None:
        """Weights for which outputs of independent inputs of variance 1 have a mean variance of 1; bias 0."""
        with torch.no_grad():
            if self.hom.dimension:
                spread = (self.hom.shares() / self.c_in).sqrt()
                self.weight.normal_().mul_(spread.to(self.weight.device, torch.float32)[:, None, None])
            if self.bias is not None:
                self.bias.zero_()

    def __repr__(self) -> str:
        return f"EquivariantLinear({self.hom}, {self.c_in} -> {self.c_out} channels)"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the map: (*batch, c_in, n, ..., n) -> (*batch, c_out, n, ..., n)."""
        wanted = (self.c_in, *self._source)
        front = x.ndim - len(wanted)
        if front < 0 or tuple(x.shape[front:]) != wanted:
            raise SymmetryError(
                f"{self.hom} takes (*batch, {', '.join(map(str, wanted))}); the input is {tuple(x.shape)}"
            )
        batch = x.shape[:front]
        y: torch.Tensor = self._maps(self.weight, x.reshape(-1, *wanted))
        if self._offsets is not None and self.bias is not None:
            y = y + self._offset(self._offsets, self.bias)
        return y.reshape(*batch, self.c_out, *self._target)

    def _offset(self, offsets: nn.Module, bias: torch.Tensor) -> torch.Tensor:
        one = torch.ones(1, 1, *self._nothing, dtype=bias.dtype, device=bias.device)
        made: torch.Tensor = offsets(bias.unsqueeze(-1), one)
        return made

    def to_dense(self) -> torch.Tensor:
        """The matrix of the linear part, (c_out * n ** l, c_in * n ** k): exact, and large."""
        size = self.c_in * math.prod(self._source)
        basis = torch.eye(size, dtype=self.weight.dtype, device=self.weight.device)
        y: torch.Tensor = self._maps(self.weight, basis.reshape(size, self.c_in, *self._source))
        return y.reshape(size, -1).T
