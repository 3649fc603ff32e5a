"""Least squares over the observed entries of any network: alternating, without imputing what is missing.

At an entry the value is a^T c: c, the core's numbers for the entry's values of the legs it holds, and a, the environment,
which is all other tensors at the entry, contracted. So every value of the core's legs has a system of its own, over its
observed entries:

    sum conj(a) a^T c = sum conj(a) x.

The sums are made in one of two ways, whichever costs less. As a network: the mask is one more tensor between two layers of
all others, and the data between one; what many entries share is then contracted once, but all entries are read
(`_observed_network.py`). Or entry by entry: the environments of the observed ones are gathered, which pays when few are
(`_observed_entries.py`). Systems too large to be formed are solved by conjugate gradients. All sums are in double precision.

Source: Tomasi and Bro, PARAFAC and missing values (2005), for CP; the general case is linear algebra on the network's picture.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import torch

from workbench.decomposition import _observed_entries, _observed_network
from workbench.decomposition._numbers import balanced, norm, safe_below, solve, wide
from workbench.decomposition._observed_entries import Entries
from workbench.decomposition._observed_network import (
    ROOM,
    Absorbed,
    End,
    Observed,
    Piece,
    absorb,
    by_gradients,
    ends_of,
)
from workbench.decomposition._observed_site import core_of, site_of
from workbench.network import Network
from workbench.network._contract import run

Cores = dict[str, torch.Tensor]
STEPS = 50
"""So many conjugate gradient steps at most, for a core in a sweep."""


def observed_sweeps(
    x: torch.Tensor,
    mask: torch.Tensor,
    net: Network,
    start: Mapping[str, torch.Tensor],
    active: Sequence[str],
    ridge: float = 0.0,
) -> Iterator[tuple[Cores, float, float]]:
    """Cores, their relative error and the objective, after every sweep over the cores named in `active`; never ends.

    Parameters
    ----------
    x
        The data; what stands in the gaps is not looked at, but must be finite.
    mask
        Bool, True where `x` was observed; `x` is not zero everywhere there.
    start
        Numbers for every tensor of the network, fixed ones included. What the observed entries do not determine keeps
        the start's values.
    ridge
        Weight of the penalty. What falls from sweep to sweep, and is given as the objective, is the square root of
        ``||mask * (x - xhat)||^2 / ||mask * x||^2 + ridge * sum ||core||^2 / ||mask * x||^(2/n)`` over the n active cores.
    """
    sums = Sums(Observed(x, mask), net, active)
    whole = sums.data.norm
    unit = whole ** (2 / len(active))
    cores = dict(start)
    while True:
        cores = balanced(cores, active)
        lost = 0.0
        for name in sums.order:
            cores[name], lost = sums.update(cores, name, ridge * whole**2 / unit)
        error = math.sqrt(lost) if lost > safe_below(sums.data.dtype) ** 2 else sums.error(cores)
        penalty = ridge * sum(norm(cores[name]) ** 2 for name in active) / unit if ridge else 0.0
        yield dict(cores), error, math.sqrt(error**2 + penalty)


class Sums:
    """The normal equations of a network's cores over one set of observed entries, and how each core's are made.

    Parameters
    ----------
    active
        The cores that will be updated; `order` is the order of a sweep over them.
    way
        ``"network"``, ``"absorbed"`` or ``"entries"`` for all cores; by default what is estimated to take least time.
    """

    def __init__(self, data: Observed, net: Network, active: Sequence[str], way: str | None = None) -> None:
        self.data, self.net, self.order = data, net, tuple(active)
        self.entries: dict[str, Entries] = {}
        self.absorbed: Absorbed | None = None
        self.ends: dict[str, End] = {}  # for each core, the one absorbed in mask and data
        ends = [end for end in ends_of(net, active) if end.fits(data)]
        with_ends = {name: next((end for end in ends if end.name != name), None) for name in active}
        small = [name for name in active if not site_of(net, name).large]
        plain = {name: self._seconds(name, None) for name in small}
        shared = {name: self._seconds(name, with_ends[name]) for name in small}
        single = {name: _observed_entries.seconds(net, site_of(net, name), data.count) for name in small}
        reading = sum(end.seconds(data) for end in {with_ends[name] for name in small} if end is not None)
        absorbing = reading + _least(shared, single) < _least(plain, single) if way is None else way == "absorbed"
        by_network = shared if absorbing else plain
        self.by_entry = {
            name for name in small if way == "entries" or (way is None and single[name] < by_network[name])
        }
        if absorbing:
            self.ends = {
                name: end for name in small if (end := with_ends[name]) is not None and name not in self.by_entry
            }
            last = ends[0].name if ends else None  # is absorbed for all others, then updated
            self.order = (*(name for name in active if name != last), *(name for name in active if name == last))

    def _seconds(self, name: str, end: End | None) -> float:
        site = site_of(self.net, name, end.name if end else None)
        return _observed_network.seconds(site, end.made if end else self.data.x.numel())

    def update(self, cores: Mapping[str, torch.Tensor], name: str, shift: float = 0.0) -> tuple[torch.Tensor, float]:
        """The best core, all others being what they are, and the squared relative error that is then left.

        Parameters
        ----------
        shift
            Added to the diagonal of the normal equations: the weight of ``||core||^2`` against ``||mask * (x - xhat)||^2``.
        """
        data, site = self.data, site_of(self.net, name)
        shift /= site.spread
        before = run(site.inward, [cores[name]]).to(data.dtype).reshape(site.systems, site.width, 1)
        if site.large:
            found, image, right = by_gradients(data, self.net, site, cores, before, shift, STEPS)
            captured = _captured(found, image, right)
        else:
            found, captured = torch.empty_like(before), 0.0
            precision = max(torch.finfo(data.x.dtype).eps ** 2, torch.finfo(data.dtype).eps)
            for at, gram, right in self.systems(cores, name):
                shifted = gram + shift * torch.eye(site.width, dtype=gram.dtype, device=gram.device) if shift else gram
                found[at] = solve(shifted, right, before[at], precision)
                captured += _captured(found[at], gram @ found[at], right)
        return core_of(site, found.to(data.x.dtype)), max(0.0, 1 - captured / data.norm**2)

    def systems(self, cores: Mapping[str, torch.Tensor], name: str) -> Iterator[Piece]:
        """The normal equations of a core, some at a time."""
        if name in self.by_entry:
            if name not in self.entries:
                self.entries[name] = Entries(self.data, self.net, site_of(self.net, name))
            return self.entries[name].systems(cores)
        end = self.ends.get(name)
        if end is None:
            return _observed_network.systems(self.data, None, self.net, site_of(self.net, name), cores)
        if self.absorbed is None or self.absorbed.core is not cores[end.name]:
            self.absorbed = None
            self.absorbed = absorb(self.data, self.net, end, cores[end.name])
        return _observed_network.systems(self.data, self.absorbed, self.net, site_of(self.net, name, end.name), cores)

    def error(self, cores: Mapping[str, torch.Tensor]) -> float:
        """||mask * (x - xhat)|| / ||mask * x||."""
        entries = self.entries.get(self.order[-1])
        lost = entries.residual(cores) if entries else _observed_network.residual(self.data, self.net, cores)
        return lost / self.data.norm


def estimate(x: torch.Tensor, net: Network, active: Sequence[str]) -> int:
    """Bytes that sweeps over observed entries need beside the data: what is made at a time, the largest systems, the cores."""
    item = wide(x.dtype).itemsize
    room = max(ROOM, x.numel() * x.element_size())
    least = 0  # of what cannot be made in parts
    for site in (site_of(net, name) for name in active):
        leg = max((net.sizes[leg] for leg in (site.own[:1] or net.legs)), default=1)
        least = max(least, 3 * max(site.gram.peak, site.right.peak) // leg, 0 if site.large else 4 * site.width**2)
    entries = sum(math.prod(net.shape_of(name)) for name in net.tensors)
    return 2 * room + item * (least + 3 * entries)


def _least(*seconds: Mapping[str, float]) -> float:
    return sum(min(each[name] for each in seconds) for name in seconds[0])


def _captured(found: torch.Tensor, image: torch.Tensor, right: torch.Tensor) -> float:
    """By how much unknowns lower ||mask * x||^2."""
    return float((found.conj() * (2 * right - image)).sum().real)
