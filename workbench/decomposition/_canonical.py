"""A network as a sum of rank-one terms, whatever its names: what CP fits have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch

from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import einsum, wide
from workbench.network import Network


class Fitted(Protocol):
    """A network with numbers: a `Fit`, or `workbench.data.Planted`, which knows the truth."""

    @property
    def network(self) -> Network: ...
    @property
    def cores(self) -> Mapping[str, torch.Tensor]: ...


@dataclass(frozen=True)
class Form:
    """Which legs each factor holds, in the network's order of legs, and the index all of them share."""

    factors: tuple[tuple[str, tuple[str, ...]], ...]
    rank: str


@lru_cache(maxsize=256)
def form_of(net: Network) -> Form | None:
    """The network as CP, or None: every tensor holds legs of its own and the one summed index, each once.

    A factor may hold several legs: a CP of the tensor whose axes they are merged into, as for a convolution's kernel,
    ``"or,ir,hwr->oihw"``.
    """
    if net.fixed or len(net.summed) != 1 or not net.tensors:
        return None
    (rank,) = net.summed
    owner = {}
    for name, indices in net.tensors.items():
        legs = [index for index in indices if index != rank]
        if len(set(indices)) < len(indices) or len(legs) + 1 != len(indices) or not legs:
            return None
        for leg in legs:
            if leg in owner:
                return None
            owner[leg] = name
    order = dict.fromkeys(owner[leg] for leg in net.legs)
    return Form(tuple((name, tuple(leg for leg in net.legs if owner[leg] == name)) for name in order), rank)


@dataclass(frozen=True, eq=False)
class Terms:
    """The rank-one terms of a CP: unit columns of every factor, in double precision, and the norm of each term.

    A factor (rows, R) has the entries of its legs, flattened, in its rows. A column of zeros stays one.
    """

    form: Form
    columns: tuple[torch.Tensor, ...]
    norms: torch.Tensor

    @property
    def rank(self) -> int:
        return len(self.norms)

    @property
    def balanced(self) -> list[torch.Tensor]:
        """Factors of the same value whose columns share each term's norm evenly."""
        share = self.norms ** (1 / len(self.columns))
        return [each * share for each in self.columns]


def terms_of(fit: Fitted, what: str) -> Terms:
    """The rank-one terms of a CP fit.

    Raises
    ------
    FitError
        When the network is none; says what wanted it.
    """
    form = form_of(fit.network)
    if form is None:
        raise FitError(
            f"{what} is defined for CP, and {fit.network.einsum!r} is none: every tensor would hold legs of its own and one index that all share"
        )
    columns, norms = [], []
    for factor in factors_in(fit.cores, fit.network, form):
        lengths = torch.linalg.vector_norm(factor, dim=0)
        columns.append(factor / torch.where(lengths > 0, lengths, 1))
        norms.append(lengths)
    return Terms(form, tuple(columns), torch.stack(norms).prod(0))


def factors_in(cores: Mapping[str, torch.Tensor], net: Network, form: Form) -> list[torch.Tensor]:
    """The factors as matrices (entries of the legs, R), in double precision."""
    found = []
    for name, legs in form.factors:
        held, core = net.tensors[name], cores[name]
        core = core.permute([held.index(index) for index in (*legs, form.rank)])
        found.append(core.to(wide(core.dtype)).reshape(-1, core.shape[-1]))
    return found


def merged(x: torch.Tensor, net: Network, form: Form) -> torch.Tensor:
    """The data with the legs of each factor as one axis."""
    order = [net.legs.index(leg) for _, legs in form.factors for leg in legs]
    moved = x.permute(order)
    sizes = []
    for _, legs in form.factors:
        rows = 1
        for leg in legs:
            rows *= net.sizes[leg]
        sizes.append(rows)
    return moved.reshape(sizes)


def projected(x: torch.Tensor, matrices: list[torch.Tensor]) -> torch.Tensor:
    """``x`` multiplied along every axis k by the conjugate transpose of the k-th matrix, along the cheapest path."""
    axes = list(range(x.ndim))
    factors = [(each.conj(), (k, x.ndim + k)) for k, each in enumerate(matrices)]
    return einsum([(x, axes), *factors], [x.ndim + k for k in axes])
