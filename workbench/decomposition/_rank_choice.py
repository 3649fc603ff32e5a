"""`RankChoice`: ranks, with what they cost and what they lose; and which ranks make sense together."""

__all__ = ["RankChoice"]

import math
from dataclasses import dataclass, field

from workbench.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class RankChoice:
    """A choice of ranks, what it costs and what it loses.

    Attributes
    ----------
    network : Network
        The network with these ranks.
    ranks : tuple of int
        One a bond, in the order the family takes them (of a network given as such: in the order of ``network.bonds``).
    error : float
        ``||x - xhat|| / ||x||`` of the truncated higher-order SVD; where `exact` is False, an upper bound on the error of
        the closed form. A fit by sweeps has a lower error, as a rule.
    lower : float
        No network with these ranks has a lower error than this.
    exact : bool
        Whether `error` is an error, and not a bound.
    code : str
        The line of Python that fits it, for data called ``x``.
    """

    network: Network
    ranks: tuple[int, ...]
    error: float
    lower: float
    exact: bool
    code: str
    _noise: float = field(default=0.0, kw_only=True)

    @property
    def parameters(self) -> int:
        """The number of free entries."""
        return self.network.parameters

    @property
    def compression(self) -> float:
        """Entries of the dense tensor for each parameter; above 1 the network is the smaller."""
        return math.prod(self.network.shape) / self.parameters

    def __repr__(self) -> str:
        sign, error = ("=", self.error) if self.error >= self._noise else ("<", self._noise)
        sign = sign if self.exact or sign == "<" else "<="
        return (
            f"RankChoice({self.ranks}, parameters={self.parameters}, "
            f"error{sign}{error:.4g}, compression={self.compression:.4g})"
        )


def carried(net: Network) -> Network:
    """The network with bonds made smaller until no tensor has one that is larger than its other axes together."""
    while True:
        for bond in net.bonds:
            most = min(math.prod(net.shape_of(name)) // net.sizes[bond] for name, _ in net.holders(bond))
            if net.sizes[bond] > most:
                net = net.resize({bond: most})
                break
        else:
            return net
