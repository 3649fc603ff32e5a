"""Nonlinearities that commute with a group; those that would not are refused with the reason.

Sources: Maron et al., arXiv 1812.09902 (pointwise functions of tensors under permutations); Weiler et al., arXiv 1807.02547
(norms and gates).
"""

__all__ = ["Gated", "NormGate", "Pointwise"]

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group, Power, Space
from workbench.symmetry._representation import Rep

if TYPE_CHECKING:
    Function = Callable[[torch.Tensor], torch.Tensor]

PROBES = torch.linspace(-5, 5, 101, dtype=torch.float64)
"""Where a function is tried for being odd."""


class Pointwise(nn.Module):
    """A function applied to every number by itself.

    It commutes with permutations of the coordinates (S, A, C, D, Aut), and if it is odd with changes of their signs (B). A
    rotation mixes coordinates, so for other groups only invariants, tensors of order 0, can be treated like this.

    Parameters
    ----------
    group
        The group.
    space
        A tensor power or a representation.
    function
        Of a tensor, number by number.

    Raises
    ------
    SymmetryError
        When it would not be equivariant.

    Examples
    --------
    >>> from workbench.symmetry import O, S
    >>> Pointwise(S(3), 1)(torch.tensor([1.0, -2.0, 0.5]))
    tensor([1.0000, 0.0000, 0.5000])
    >>> Pointwise(O(3), 1)
    Traceback (most recent call last):
        ...
    workbench.symmetry._errors.SymmetryError: relu of every coordinate does not commute with O(3), which mixes the coordinates of V; \
use Gated (invariants scale tensors) or NormGate
    """

    def __init__(self, group: Group, space: "Power | Rep", function: "Function" = torch.relu) -> None:
        super().__init__()
        rep = Rep.of(group, group._power(space))
        name = getattr(function, "__name__", type(function).__name__)
        for power, _ in rep.terms:
            kind = group.coordinates(power)
            if kind == "mixed":
                raise SymmetryError(
                    f"{name} of every coordinate does not commute with {group}, which mixes the coordinates of "
                    f"{Rep(group, ((power, 1),))}; use Gated (invariants scale tensors) or NormGate"
                )
            if kind == "signed" and not torch.allclose(function(-PROBES), -function(PROBES), atol=1e-12):
                raise SymmetryError(
                    f"{name} is not odd, and {group} changes signs of coordinates of {Rep(group, ((power, 1),))}; "
                    "take an odd function (tanh, x³), Gated or NormGate"
                )
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The function of every number."""
        return self.function(x)


class NormGate(nn.Module):
    """Every tensor scaled by a sigmoid of its own size: x -> x σ(a log(1 + |x|²) + b), with a and b learned for each channel and copy.

    The size is the Euclidean norm where the group keeps it; for Lorentz it is the invariant square of x, which may be negative
    (then the logarithm is that of its absolute value, with its sign). Sp and GL keep no size of a tensor.

    Parameters
    ----------
    group
        The group.
    space
        A tensor power or a representation.
    channels
        Channels of the input: (*batch, channels, n, ..., n), for representations (*batch, channels, size).

    Raises
    ------
    SymmetryError
        When the group keeps no size.

    Examples
    --------
    >>> from workbench.symmetry import O
    >>> gate = NormGate(O(3), 1, channels=4)
    >>> gate(torch.randn(8, 4, 3)).shape
    torch.Size([8, 4, 3])
    """

    def __init__(self, group: Group, space: "Power | Rep", channels: int = 1) -> None:
        super().__init__()
        self.group, self.space = group, group._power(space)
        rep = Rep.of(group, self.space)
        for power, _ in rep.terms:
            if group.metric(power) is None:
                raise SymmetryError(
                    f"{group} keeps no size of the tensors of {Rep(group, ((power, 1),))}; use Gated, whose invariants come from a layer"
                )
        copies = sum(copies for _, copies in rep.terms)
        self.scale = nn.Parameter(torch.ones(channels, copies))
        self.bias = nn.Parameter(torch.zeros(channels, copies))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale every tensor by itself."""
        rep, flat = _features(self.group, self.space, x, self.scale.shape[0])
        made, done = [], 0
        for part, (power, copies) in zip(rep.split(flat), rep.terms, strict=True):
            signs = self.group.metric(power)
            squares = (part * part.conj()).real
            if signs is not None and signs.numel() > 1:
                squares = squares * signs.to(squares)
            size = squares.flatten(flat.ndim).sum(-1) if power else squares
            logarithm = size.sign() * size.abs().log1p()
            gate = torch.sigmoid(self.scale[:, done : done + copies] * logarithm + self.bias[:, done : done + copies])
            made.append(part * gate[(..., *(None,) * len(power))])
            done += copies
        return rep.join(made).reshape(x.shape)


class Gated(nn.Module):
    """Tensors scaled by sigmoids of invariants that come with them: for every group.

    Parameters
    ----------
    rep
        What comes out. What goes in is `source`: the same and one invariant more for every copy of every term; invariants of the
        output are not gated but go through `function`.
    function
        Of the invariants of the output.

    Attributes
    ----------
    source : Rep
        What goes in.

    Examples
    --------
    >>> from workbench.symmetry import Sp
    >>> V = Sp(4).V
    >>> gated = Gated(2 * V + 3)
    >>> gated.source
    2*V + 5
    >>> gated(torch.randn(8, gated.source.size)).shape
    torch.Size([8, 11])
    """

    def __init__(self, rep: Rep, function: "Function" = torch.nn.functional.silu) -> None:
        super().__init__()
        self.rep, self.function = rep, function
        self.gates = sum(copies for power, copies in rep.terms if power)
        self.source = rep + self.gates

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(*batch, source.size) -> (*batch, rep.size)."""
        if x.shape[-1:] != (self.source.size,):
            raise SymmetryError(
                f"gates for {self.rep} take features of type {self.source}, of {self.source.size} numbers; the input is {tuple(x.shape)}"
            )
        gates = torch.sigmoid(x[..., self.rep.size :])
        made, done = [], 0
        for part, (power, copies) in zip(self.rep.split(x[..., : self.rep.size]), self.rep.terms, strict=True):
            if power:
                made.append(part * gates[..., done : done + copies][(..., *(None,) * len(power))])
                done += copies
            else:
                made.append(self.function(part))
        return self.rep.join(made)


def _features(group: Group, space: Space, x: torch.Tensor, channels: int) -> tuple[Rep, torch.Tensor]:
    """The tensors of a space as features, (*batch, channels, size)."""
    sizes = group.sizes(space)
    front = x.ndim - len(sizes)
    if front < 1 or tuple(x.shape[front:]) != sizes or x.shape[front - 1] != channels:
        raise SymmetryError(
            f"tensors of {Rep.of(group, space)} with {channels} channels are (*batch, {', '.join(map(str, (channels, *sizes)))}); "
            f"the input is {tuple(x.shape)}"
        )
    return Rep.of(group, space), x.reshape(*x.shape[:front], math.prod(sizes))
