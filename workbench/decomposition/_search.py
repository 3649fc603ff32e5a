"""A good fit of small data: several starts swept at once, Gauss-Newton where sweeps crawl.

Alternating least squares gets far in few sweeps and then may crawl, since it moves one core at a time; it may also end in a
poor local minimum, which other starts avoid. So all starts are swept together, those that settled at a worse place are
dropped, and when the best one would need many more sweeps, the best few go on by Gauss-Newton steps.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import torch

from workbench.decomposition._als import Cores, Rules, als_sweeps, one_of
from workbench.decomposition._cp import cp_cores, cp_factors, cp_sweeps
from workbench.decomposition._gauss_newton import gauss_newton_fits, gauss_newton_sweeps
from workbench.decomposition._numbers import norm
from workbench.network import Network
from workbench.network._recognise import recognise

METHODS = ("auto", "als", "gauss_newton")
PATIENCE = 100
"""More sweeps to come than this are worth Gauss-Newton steps, which cost as the cube of the parameters' number..."""
CHEAP = 400
"""...from about this number on."""
TOGETHER = 4
"""So many starts take Gauss-Newton steps at once."""


OTHERS = 10
"""So many sweeps the other starts are given to overtake the best one, once that has settled."""


def search(
    x: torch.Tensor,
    net: Network,
    start: Mapping[str, torch.Tensor],
    active: tuple[str, ...],
    starts: int,
    *,
    outside: float = 0.0,
    ridge: float = 0.0,
    rules: Rules = Rules(),  # noqa: B008 - immutable
    method: str = "auto",
    tol: float,
) -> Iterator[tuple[Cores, float, float]]:
    """The best start's cores, their relative error and objective, after every sweep; ends when all starts have settled.

    Parameters
    ----------
    x
        Small data in double precision.
    start
        Numbers for every tensor; the active cores have an axis for the starts in front, unless `starts` is 0.
    outside
        A squared norm that belongs to the data, but can be fitted by nothing.
    tol
        A start has settled when a sweep lowers its objective by less than this fraction of itself.
    """
    whole = math.sqrt(norm(x) ** 2 + outside)
    parameters = sum(math.prod(net.shape_of(name)) for name in active)
    patience = PATIENCE * max(1.0, parameters / CHEAP) ** 2
    direct = starts and method != "als" and not ridge and rules == Rules() and gauss_newton_fits(net, active)
    exact = 4 * torch.finfo(x.dtype).eps  # as far as numbers go
    seen: list[torch.Tensor] = []
    moving = frozenset(active if starts else ())
    waited = 0
    swept = _als(x, net, dict(start), active, starts, outside, ridge, rules)
    for sweep, (cores, errors, objectives) in enumerate(swept, 1):
        best = int(objectives.argmin())
        yield one_of(cores, moving, best), float(errors[best]), float(objectives[best])
        if float(errors[best]) <= exact:
            return
        seen.append(objectives)
        if direct and (_crawls(seen, best, tol, patience) if method == "auto" else sweep >= 3):
            break
        if len(seen) > 1:
            settled = seen[-2] - seen[-1] <= tol * seen[-2]
            waited = waited + 1 if bool(settled[best]) else 0
            if bool(settled.all()) or waited >= OTHERS:
                return
    chosen = objectives.argsort()[:TOGETHER]
    few = {name: core[chosen] if name in moving else core for name, core in cores.items()}
    before = objectives[chosen]
    idle = torch.zeros_like(before, dtype=torch.long)
    for cores, squares in gauss_newton_sweeps(x, net, few, active, len(chosen)):
        objectives = ((squares.cpu() + outside) / whole**2).sqrt()
        best = int(objectives.argmin())
        yield one_of(cores, moving, best), float(objectives[best]), float(objectives[best])
        slow = before - objectives <= tol * before
        idle = torch.where(slow, idle + 1, 0)
        before = objectives
        if bool((idle >= 2).all()) or float(objectives[best]) <= exact or int(idle[best]) > 4:
            return


def _als(
    x: torch.Tensor,
    net: Network,
    start: Cores,
    active: tuple[str, ...],
    starts: int,
    outside: float,
    ridge: float,
    rules: Rules,
) -> Iterator[tuple[Cores, torch.Tensor, torch.Tensor]]:
    """Sweeps over all starts: cores, relative errors and objectives with what is outside counted in."""
    inside = norm(x) ** 2
    whole = inside + outside
    form = recognise(net)
    if (
        starts
        and form
        and form.family == "cp"
        and net.order > 1
        and set(active) == set(net.tensors)
        and rules == Rules()
        and not ridge
    ):
        _, factors = cp_factors(net, start)
        for found, squares in cp_sweeps(x, factors):
            errors = ((squares.cpu() + outside) / whole).sqrt()
            yield cp_cores(net, found), errors, errors
    for cores, errors, objectives in als_sweeps(x, net, start, active, ridge, rules, starts):
        squared = errors.square() * (inside / whole) + outside / whole
        yield cores, squared.sqrt(), (squared + objectives.square() - errors.square()).clamp(min=0).sqrt()


def _crawls(seen: Sequence[torch.Tensor], best: int, tol: float, patience: float) -> bool:
    """Whether the best start, should its gains go on to shrink as they do, has many sweeps before it."""
    if len(seen) < 20:
        return False
    a, b, c = (float(each[best]) for each in seen[-3:])
    before, gain = a - b, b - c
    if gain <= tol * b:
        return False
    if gain >= before:
        return True
    return math.log(tol * c / gain) / math.log(gain / before) > patience


def fused(each: Sequence[Mapping[str, torch.Tensor]], active: Sequence[str]) -> Cores:
    """Several starts as one: the active cores stacked, the others those of the first."""
    return {
        name: torch.stack([cores[name] for cores in each]) if name in active else core for name, core in each[0].items()
    }


__all__ = ["METHODS", "fused", "search"]
