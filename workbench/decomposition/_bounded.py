"""Alternating least squares for the lowest sensitivity at a bounded error, for any network.

As a function of one core c the sensitivity is a constant plus c^H Q c, the squared error ||x - E c||^2. So each core in
turn becomes the solution of a least-squares problem inside a ball: minimise c^H Q c subject to ||x - E c|| <= bound. Its
solution is (E^H E + mu Q)^-1 E^H x, for the one mu at which the error meets the bound: in the eigenvectors of
Q^-1/2 E^H E Q^-1/2 the error is a sum over eigenvalues, rising with mu, and the root is found by bisection. Neither
sensitivity nor error can rise beyond what is allowed.

Source: Phan et al., Stable low-rank tensor decomposition for compression of convolutional neural network (2020), for CP
of order 3 (error preserving correction); what is said here of any network is linear algebra.
"""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from workbench.decomposition._als import Cores, Site, _core_of, site_of, value_of
from workbench.decomposition._numbers import norm
from workbench.decomposition._sensitivity import copies, doubled, layers, sensitivities
from workbench.network import Network
from workbench.network._contract import run
from workbench.network._plan import Plan, plan_for


def bounded_sweeps(
    x: torch.Tensor,
    net: Network,
    start: Mapping[str, torch.Tensor],
    active: Sequence[str],
    bound: float,
    times: Mapping[str, int] | None = None,
) -> Iterator[tuple[Cores, float]]:
    """Cores and their sensitivity after every sweep over the cores named in `active`; never ends.

    A start beyond the bound is brought within it, where one core at a time can do that.

    Parameters
    ----------
    x
        Data in double precision.
    start
        Numbers for every tensor of the network, fixed ones included.
    bound
        The error allowed: ||x - xhat||.
    times
        How often an entry of each core's environment counts, where that is not `copies`: of data that were compressed.
    """
    times = {name: copies(net, name) for name in net.free} if times is None else times
    cores = shared(net, start, active, times)
    while True:
        for name in active:
            cores[name] = _update(x, net, cores, name, bound, times)
        cores = shared(net, cores, active, times)
        yield dict(cores), _total(net, cores, times)


def shared(
    net: Network, cores: Mapping[str, torch.Tensor], active: Sequence[str], times: Mapping[str, int] | None = None
) -> Cores:
    """The same value with the norm shared among the active cores so that the sensitivity is lowest.

    By the inequality of means that is where the parts of the sensitivity are equal.
    """
    parts = sensitivities(net, cores, times)
    logs = [math.log(parts[name]) if parts[name] > 0 else -math.inf for name in active]
    mean = sum(logs) / len(logs)
    if not math.isfinite(mean):
        return dict(cores)
    scales = {name: math.exp((log - mean) / 2) for name, log in zip(active, logs, strict=True)}
    return {name: core * scales.get(name, 1.0) for name, core in cores.items()}


def _total(net: Network, cores: Mapping[str, torch.Tensor], times: Mapping[str, int]) -> float:
    return sum(sensitivities(net, cores, times).values())


def _update(
    x: torch.Tensor, net: Network, cores: Cores, name: str, bound: float, times: Mapping[str, int]
) -> torch.Tensor:
    site = site_of(net, name)
    batch, rows, _ = site.shape
    others = [cores[each] for each in site.others]
    gram = run(site.gram, [each.conj() for each in others] + others).to(x.dtype).reshape(batch, rows, rows)
    right = run(site.right, [x, *(cores[each].conj() for each in site.others)]).reshape(site.shape)
    before = run(site.inward, [cores[name]]).reshape(site.shape)
    price = _price(net, site, cores, times)
    jitter = 1e-13 * float(price.diagonal(dim1=-2, dim2=-1).real.max())
    if not jitter:
        return cores[name]
    root = torch.linalg.cholesky(price + jitter * torch.eye(rows, dtype=x.dtype, device=x.device))
    half = torch.linalg.solve_triangular(root, gram, upper=False)
    values, vectors = torch.linalg.eigh(torch.linalg.solve_triangular(root, half.mH, upper=False))
    values = values.clamp(min=0).unsqueeze(-1)
    now = vectors.mH @ (root.mH @ before)
    slope = vectors.mH @ torch.linalg.solve_triangular(root, right, upper=False) - values * now
    kept = values > rows * torch.finfo(x.dtype).eps * values.max()
    inverse = torch.where(kept, 1 / torch.where(kept, values, 1), 0)
    best = now + inverse * slope
    least = norm(x - value_of(net, cores)) ** 2 - float((inverse * slope.abs().square()).sum())
    damping = _root(values.squeeze(-1), best.abs().square().sum(-1), bound**2 - least)
    found = values / (values + damping) * best if damping else best
    return _core_of(site, torch.linalg.solve_triangular(root.mH, vectors @ found, upper=True))


def _root(values: torch.Tensor, squares: torch.Tensor, room: float) -> float:
    """The largest mu with ``sum squares * values * (mu / (values + mu))^2 <= room``, by bisection into many at once."""
    if room <= 0:
        return 0.0
    low, high = -90.0, 90.0
    top = float(values.max())
    for _ in range(7):
        exponents = torch.linspace(low, high, 64, dtype=torch.float64, device=values.device)
        mu = (top * exponents.exp()).reshape(-1, *[1] * values.ndim)
        lost = (squares * values * (mu / (values + mu)).square()).reshape(64, -1).sum(1)
        within = int((lost <= room).sum())
        if within == 0:
            return 0.0
        low, high = float(exponents[within - 1]), float(exponents[min(within, 63)])
    return top * math.exp(low)


@dataclass(frozen=True)
class _Price:
    """How the environment of `other` depends on a core: a plan for the matrix in ``c^H Q c``."""

    other: str
    beside: tuple[str, ...]
    eyes: tuple[str, ...]  # indices both hold, as identities
    ones: tuple[str, ...]  # batch indices, in case nobody else holds them
    plan: Plan


@lru_cache(maxsize=1024)
def _prices(net: Network, name: str) -> tuple[_Price, ...]:
    site = site_of(net, name)
    made = []
    for other in net.free:
        if other == name:
            continue
        beside = tuple(each for each in net.tensors if each not in (name, other))
        eyes = tuple(i for i in site.rows if i in net.tensors[other])
        operands: list[Sequence[Hashable]] = [*layers(net, beside, [other])]
        operands += [((i, name), i) for i in eyes] + [(i,) for i in site.batch]
        sizes: dict[Hashable, int] = {**doubled(net), **{(i, name): net.sizes[i] for i in eyes}}
        bra: list[Hashable] = [(i, name) if i in eyes else (i,) for i in site.rows]
        made.append(_Price(other, beside, eyes, site.batch, plan_for(operands, [*site.batch, *bra, *site.rows], sizes)))
    return tuple(made)


def _price(net: Network, site: Site, cores: Cores, times: Mapping[str, int]) -> torch.Tensor:
    """Q: (batch, rows, rows)."""
    batch, rows, _ = site.shape
    total = cores[site.name].new_zeros((batch, rows, rows))
    for each in _prices(net, site.name):
        beside = [cores[name] for name in each.beside]
        extra = [torch.eye(net.sizes[i], dtype=total.dtype, device=total.device) for i in each.eyes]
        extra += [torch.ones(net.sizes[i], dtype=total.dtype, device=total.device) for i in each.ones]
        part = run(each.plan, [core.conj() for core in beside] + beside + extra)
        total += times[each.other] * part.reshape(batch, rows, rows)
    return total
