"""Gaps in data: what they leave undetermined, where a fit starts, and which entries are set aside to try it on."""

import torch

from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import norm
from workbench.decomposition._start import svd_start
from workbench.network import Network


def check_observed(mask: torch.Tensor, net: Network) -> None:
    """Refuse gaps that leave numbers of the network undetermined.

    Raises
    ------
    FitError
        When nothing was observed at some value of a leg that a free tensor holds.
    """
    for axis, leg in enumerate(net.legs):
        held = [name for name in net.free if leg in net.tensors[name]]
        if (missing := _unseen(mask, axis)) and held:
            at = missing[0]
            more = f" (nor at {len(missing) - 1} other values)" if len(missing) > 1 else ""
            keep = ", ".join([":"] * axis + ["keep"])
            raise FitError(
                f"no entry with leg {leg!r} = {at} was observed{more}, so that part of core {held[0]!r} is undetermined; "
                f"leave it out, x[{keep}] and mask[{keep}], with network.resize({{{leg!r}: ...}})"
            )


def _unseen(mask: torch.Tensor, axis: int) -> list[int]:
    """The positions along an axis at which nothing was observed."""
    others = [each for each in range(mask.ndim) if each != axis]
    found: list[int] = (~(mask.any(dim=others) if others else mask)).nonzero().reshape(-1).tolist()
    return found


def observed_start(x: torch.Tensor, mask: torch.Tensor, net: Network, seed: int) -> dict[str, torch.Tensor]:
    """The start of complete data, for the data with zeros in the gaps, brought to the size of the whole."""
    return svd_start(torch.where(mask, x, 0) * (mask.numel() / int(mask.sum())), net, seed)


def split_held_out(mask: torch.Tensor, aside: float | torch.Tensor, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The entries a fit may look at, and those it is tried on: a fraction of the observed ones, or those of a mask.

    Entries are drawn at random, by the seed alone whatever the device; one is put back at a value of a leg that would
    otherwise lose its last.

    Raises
    ------
    FitError
        When nothing would be held out, or nothing be left to fit at some value of a leg.
    """
    if isinstance(aside, torch.Tensor):
        held = aside & mask
        if not held.any():
            raise FitError("held_out marks no entry that was observed, so nothing is held out; mark some")
    else:
        if not 0 < aside < 1:
            raise FitError(f"held_out is {aside!r}; it is a fraction of the observed entries, above 0 and below 1")
        held = _drawn(mask, aside, seed)
    left = mask & ~held
    for axis in range(mask.ndim):
        lost = sorted(set(_unseen(left, axis)) - set(_unseen(mask, axis)))
        if lost:
            raise FitError(
                f"held_out takes every observed entry at {lost[0]} along axis {axis} away; leave some to fit"
            )
    return left, held


def _drawn(mask: torch.Tensor, fraction: float, seed: int) -> torch.Tensor:
    entries = mask.reshape(-1).nonzero().reshape(-1).cpu()
    count = round(fraction * len(entries))
    if not count:
        raise FitError(
            f"held_out={fraction!r} of {len(entries)} observed entries holds none out; take at least {1 / len(entries):.2g}"
        )
    order = entries[torch.randperm(len(entries), generator=torch.Generator().manual_seed(seed))]
    held = torch.zeros(mask.numel(), dtype=torch.bool)
    held[order[:count]] = True
    held = held.reshape(mask.shape).to(mask.device)
    for axis in range(mask.ndim):
        for at in set(_unseen(mask & ~held, axis)) - set(_unseen(mask, axis)):
            first = [int(each) for each in mask.select(axis, at).nonzero()[0]]
            held.select(axis, at)[tuple(first)] = False
    if not held.any():
        raise FitError(
            f"held_out={fraction!r} leaves nothing held out: every entry is the last one at some value of a leg"
        )
    return held


def masked_error(x: torch.Tensor, value: torch.Tensor, mask: torch.Tensor) -> float:
    """||mask * (x - value)|| / ||mask * x||; zero where both are zero."""
    difference = norm((x - value)[mask])
    return difference / norm(x[mask]) if difference else 0.0
