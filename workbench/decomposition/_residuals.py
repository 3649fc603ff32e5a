"""Where a fit fails, and which slices it leans on."""

__all__ = ["Residuals", "leverage", "residuals"]

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from workbench.data import as_mask, as_tensor
from workbench.decomposition._canonical import Fitted
from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import norm, wide
from workbench.network._contract import operands_of


@dataclass(frozen=True, eq=False, repr=False)
class Residuals:
    """What a fit leaves of the data.

    Attributes
    ----------
    values : torch.Tensor
        ``x - xhat``, of the shape of `x`; NaN where `x` was not observed.
    slices : Mapping[str, torch.Tensor]
        Leg -> the squared error of each of its slices, in double precision; those of one leg sum to ``||x - xhat||^2``.
    energies : Mapping[str, torch.Tensor]
        Leg -> ``||x||^2`` of each of its slices.
    error : float
        ``||x - xhat|| / ||x||``, over the observed entries.
    """

    values: torch.Tensor
    slices: Mapping[str, torch.Tensor]
    energies: Mapping[str, torch.Tensor]
    error: float

    @property
    def standardised(self) -> torch.Tensor:
        """The observed residuals, flat, in double precision, as multiples of their root mean square; the absolute ones of complex data."""
        flat = self.values.reshape(-1)
        flat = flat[~torch.isnan(flat.abs())].to(wide(flat.dtype))
        flat = flat.abs() if flat.is_complex() else flat
        spread = float(flat.square().mean().sqrt())
        return flat / spread if spread else flat

    def worst(self, leg: str) -> tuple[int, float]:
        """The slice of a leg with the largest squared error, and its share of the whole."""
        squares = self._of(leg)
        total = float(squares.sum())
        at = int(squares.argmax())
        return at, float(squares[at]) / total if total else 0.0

    def _of(self, leg: str) -> torch.Tensor:
        if leg not in self.slices:
            raise FitError(f"there is no leg {leg!r}; the legs are {', '.join(self.slices)}")
        return self.slices[leg]

    def __repr__(self) -> str:
        shape = " × ".join(f"{leg} {len(squares)}" for leg, squares in self.slices.items())
        return f"Residuals({shape}, error={self.error:.4g})"


def residuals(x: object, fit: Fitted, *, mask: object = None) -> Residuals:
    """What a fit leaves of the data, entry by entry and slice by slice.

    Parameters
    ----------
    x
        The data, as `workbench.data.as_tensor` takes them.
    fit
        A fit of `x`, of any network.
    mask
        True where `x` was observed; what was not counts nowhere.

    Raises
    ------
    DataError
        When `x` or `mask` are no data.
    FitError
        When the fit has another shape than `x`.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> x = torch.outer(torch.arange(1.0, 5.0), torch.arange(1.0, 4.0))
    >>> spoilt = x.clone()
    >>> spoilt[2] += torch.tensor([3.0, -3.0, 0.0])
    >>> found = residuals(spoilt, decompose(x, "cp", ranks=1))
    >>> found.worst("i0")[0], round(float(found.slices["i0"].sum()), 4)
    (2, 18.0)
    """
    data = as_tensor(x, mask=mask)
    if tuple(data.shape) != fit.network.shape:
        raise FitError(f"x has shape {tuple(data.shape)}, the fit {fit.network.shape}; give the data it was made of")
    left = data - fit.network.contract(fit.cores).to(data.device)
    if mask is not None:
        seen = as_mask(mask, data)
        left = torch.where(seen, left, 0)
    squares, energies = (each.to(wide(each.dtype)).abs().square() for each in (left, data))
    whole = norm(data)
    return Residuals(
        left if mask is None else torch.where(seen, left, torch.nan),
        MappingProxyType(_sums(fit, squares)),
        MappingProxyType(_sums(fit, energies)),
        norm(left) / whole if whole else 0.0,
    )


def _sums(fit: Fitted, values: torch.Tensor) -> dict[str, torch.Tensor]:
    """Leg -> the sum over all other axes."""
    return {leg: values.movedim(k, 0).reshape(values.shape[k], -1).sum(1) for k, leg in enumerate(fit.network.legs)}


def leverage(fit: Fitted, leg: str) -> torch.Tensor:
    """How much of the fit each slice along a leg determines by itself: from 0 to 1, summing to the rank.

    The leverage of row i of a factor A is entry (i, i) of ``A (A^H A)^-1 A^H``, the projector on its columns. A slice whose
    leverage is near 1 has a direction of its own: it is either the only one to show something, or an outlier. A slice
    with a high leverage and a large residual deserves a look (`residuals`).

    Parameters
    ----------
    fit
        A fit of any network; the factor is the tensor that holds the leg, its other indices flattened into columns. Changes
        of gauge on the bonds do not change the leverage.
    leg
        A leg that one tensor holds.

    Returns
    -------
    torch.Tensor
        (size of the leg,), in double precision.

    Raises
    ------
    FitError
        When there is no such leg, or several tensors hold it.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> x = torch.ones(4, 5)
    >>> x[3] = torch.tensor([0.0, 0.0, 7.0, 0.0, 0.0])
    >>> leverage(decompose(x, "tensor_train", ranks=2), "i0").round(decimals=4).tolist()
    [0.3333, 0.3333, 0.3333, 1.0]
    """
    net = fit.network
    if leg not in net.legs:
        raise FitError(f"there is no leg {leg!r}; the legs are {', '.join(net.legs)}")
    holders = net.holders(leg)
    if len(holders) > 1:
        raise FitError(f"leg {leg!r} is held by {len(holders)} tensors; the leverage is that of one factor's rows")
    name, axis = holders[0]
    core = operands_of(net, fit.cores)[list(net.tensors).index(name)]
    rows = core.to(wide(core.dtype)).movedim(axis, 0).reshape(net.sizes[leg], -1)
    u, s, _ = torch.linalg.svd(rows, full_matrices=False)
    eps = torch.finfo(core.dtype).eps
    kept = s > max(rows.shape) * eps * s.max()
    found: torch.Tensor = u[:, kept].abs().square().sum(1)
    return found
