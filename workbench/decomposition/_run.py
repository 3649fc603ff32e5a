"""How a fit is made: found in the small and finished on the data, or start after start on the data as they are."""

import math
from collections.abc import Iterator, Mapping

import torch

from workbench.decomposition._als import Cores, als_sweeps, value_of
from workbench.decomposition._compress import SMALL, SPARE, Compressed, compress, stands_out, trimmed
from workbench.decomposition._constraints import nonnegative_start, orthonormal_start
from workbench.decomposition._drive import Callback, Drive, Sweeps, until_settled
from workbench.decomposition._fit import Fit
from workbench.decomposition._held_out import masked_error
from workbench.decomposition._job import Job
from workbench.decomposition._loss import loss_sweeps
from workbench.decomposition._numbers import balanced, norm, relative_residual, safe_below, wide
from workbench.decomposition._observed import observed_sweeps
from workbench.decomposition._observed_start import observed_start
from workbench.decomposition._search import fused, search
from workbench.decomposition._start import random_start, svd_start, warm_start
from workbench.decomposition._trees import from_cores, ranks_of, to_cores, tree_svd, tree_sweeps
from workbench.network import Network
from workbench.network._contract import operands_of

ROUGH = 1e-6
"""Gains in the core, as a fraction of the error, that are too small to wait for when the whole data are read afterwards."""
WORTH_A_READ = 1e-3
"""Gains on the whole data, as a fraction of the error, below which `accuracy="auto"` reads them no more; of small data a tenth."""


def run(job: Job, tol: float, max_sweeps: int, callback: Callback | None) -> Fit:
    """The fit: found in a small core where there is one, finished on the whole data."""
    tol = max(tol, 4 * torch.finfo(job.x.dtype).eps)
    drive = Drive(max_sweeps, callback)
    cores: Cores = {}
    if job.mask is not None or job.loss is not None:
        cores = _each_start(job, drive, tol)
    elif job.compresses and not job.one_cut:
        found = compress(job.x, job.widths, exact=job.accuracy == "high", seed=job.seed)
        small = found if job.rules.orthogonal else trimmed(found)
        net = job.net.resize(dict(zip(job.net.legs, small.core.shape, strict=True)))
        read = _worth_reading(job, found, max_sweeps)
        drive.max_sweeps = max_sweeps - (max_sweeps // 10 + 1 if read else 0)
        cores = drive(_find(job, small.core, net, small, max(tol, ROUGH) if read and job.accuracy != "high" else tol))
        cores = {name: core.to(job.x.dtype) for name, core in _resized(job, cores, small, grow=True).items()}
        drive.best, drive.max_sweeps = cores, max_sweeps
        if read and drive.end != "stopped":
            first = drive.end
            worth = WORTH_A_READ if job.x.numel() > SMALL else WORTH_A_READ / 10
            enough = tol if job.accuracy == "high" else max(tol, worth)
            cores = drive(until_settled(_finish(job, cores), drive.history[-1], enough))
            if first == "exhausted" and drive.end == "converged" and job.accuracy != "high":
                drive.end = first  # the whole data were read as often as is worth it, but the core had not settled
    elif job.x.numel() <= SMALL:
        everything = Compressed(job.x.to(wide(job.x.dtype)), (None,) * job.x.ndim, 0.0)
        cores = drive(_find(job, everything.core, job.net, everything, tol))
        cores = {name: core.to(job.x.dtype) for name, core in cores.items()}
    elif job.tree is not None:
        sweeps = _tree_sweeps(job, job.x, job.net, None)
        cores = drive(until_settled(((found, error, error) for found, error in sweeps), math.inf, tol))
    else:
        cores = _each_start(job, drive, tol)
    return _fit(job, cores, drive)


def _worth_reading(job: Job, found: Compressed, max_sweeps: int) -> bool:
    """Whether sweeps over the whole data follow: not for a tree whose bases stand out from the rest of large data."""
    if max_sweeps == 1 or job.tree is None or job.accuracy == "high" or job.x.numel() <= SMALL:
        return max_sweeps > 1
    return not stands_out(found, [width - SPARE for width in job.widths])


def _each_start(job: Job, drive: Drive, tol: float) -> Cores:
    """One start after the other, where they cannot be swept together; the one with the lowest objective is kept."""
    kept: Drive | None = None
    for start in range(job.starts):
        tried = Drive(drive.max_sweeps, drive.callback)
        try:
            tried(until_settled(_sweeps(job, job.x, job.net, _start(job, job.x, job.net, None, start)), math.inf, tol))
        except KeyboardInterrupt:
            if kept is None:
                raise
            break
        if kept is None or tried.objective < kept.objective:
            kept = tried
        if tried.end == "stopped":
            break
    assert kept is not None  # noqa: S101 - there is a first start
    vars(drive).update(vars(kept))
    return drive.best


def _fit(job: Job, cores: Cores, drive: Drive) -> Fit:
    if job.tree is not None:
        cores = to_cores(job.net, job.tree, cores)
    error = drive.history[-1]
    held = None if job.held is None else masked_error(job.x, value_of(job.net, cores), job.held)
    if job.mask is not None or job.loss is not None:
        pass  # measured on the observed entries, and of the data to be expected
    elif job.x.numel() <= SMALL or error <= 2 * safe_below(job.x.dtype):
        error = relative_residual(job.x, value_of(job.net, cores).contiguous())
    if job.tree is not None:
        cores[job.tree.root.name] = cores[job.tree.root.name] * job.scale
    else:
        free = [name for name in job.active if name not in job.rules.orthogonal] or list(job.active)
        share = job.scale ** (1 / len(free))
        cores = balanced(cores, free)
        cores = {name: core * share if name in free else core for name, core in cores.items()}
    cores = {name: cores[name] for name in job.net.tensors if job.net.fixed.get(name, "data") == "data"}
    objective = drive.objective if job.loss is not None else None
    return Fit(job.net, cores, error, (*drive.history[:-1], error), drive.end == "converged", held, objective)


# ---- in the small ----------------------------------------------------------------------------------------------------


def _find(job: Job, x: torch.Tensor, net: Network, small: Compressed, tol: float) -> Sweeps:
    """Sweeps over a core that holds nearly all of the data, in double precision."""
    whole = math.sqrt(norm(x) ** 2 + small.outside)
    if job.tree is not None:
        sweeps = _tree_sweeps(job, x, net, small)
        share, outside = norm(x) ** 2 / whole**2, small.outside / whole**2
        counted = ((cores, math.sqrt(error**2 * share + outside)) for cores, error in sweeps)
        yield from until_settled(((cores, error, error) for cores, error in counted), math.inf, tol)
        return
    starts = job.starts if len(job.active) > 1 else 1
    each = [_start(job, x, net, small, start) for start in range(starts)]
    yield from search(
        x,
        net,
        fused(each, job.active) if len(job.active) > 1 else each[0],
        job.active,
        starts if len(job.active) > 1 else 0,
        outside=small.outside,
        ridge=job.ridge,
        rules=job.rules,
        method=job.method,
        tol=tol,
    )


def _tree_sweeps(job: Job, x: torch.Tensor, net: Network, small: Compressed | None) -> Iterator[tuple[Cores, float]]:
    assert job.tree is not None  # noqa: S101 - the caller asked
    closed = job.init == "svd" or isinstance(job.init, Fit)
    if closed:
        ranks = ranks_of(net, job.tree)
        exactly = (lambda step, _lost, squares: min(ranks[step], len(squares))) if job.one_cut else ranks
        first = tree_svd(x, net.legs, job.tree, exactly)
    else:
        first = from_cores(net, job.tree, _start(job, x, net, small, 0))
    return tree_sweeps(x, net.legs, job.tree, first, closed=closed)


def _start(job: Job, x: torch.Tensor, net: Network, small: Compressed | None, start: int) -> Cores:
    """Numbers to start from, for every tensor, made ones included."""
    seed = job.seed + start
    if job.mask is not None and job.init == "svd":
        cores = observed_start(x, job.mask, net, seed, given=dict(job.given), turned=start > 0)
    elif start == 0 and job.init == "svd":
        cores = svd_start(x, net, seed)
    elif start == 0 and isinstance(job.init, Fit):
        full = warm_start(job.x, job.net, job.init.network, job.init.cores, seed)
        cores = _resized(job, full, small)
    elif start == 0:
        cores = _resized(job, random_start(job.x, job.net, seed), small)
    else:
        cores = random_start(x, net, seed)
    for name, core in job.given.items():
        kept = name in job.freeze or job.net.fixed.get(name) == "data"
        if kept or (start == 0 and isinstance(job.init, Mapping) and name in job.net.free):
            cores |= _resized(job, {name: core.detach().to(dtype=job.x.dtype, device=job.x.device)}, small)
    cores = {name: core.to(x.dtype) for name, core in cores.items()}
    for name in job.rules.nonnegative:
        cores[name] = nonnegative_start(cores[name])
    for name in job.rules.orthogonal:
        cores[name] = orthonormal_start(net, name, cores[name])
    return dict(zip(net.tensors, operands_of(net, cores), strict=True))


def _resized(job: Job, cores: Mapping[str, torch.Tensor], small: Compressed | None, grow: bool = False) -> Cores:
    """Cores put in the bases of the compressed data, or brought back from them."""
    made = dict(cores)
    for axis, leg in enumerate(job.net.legs if small is not None else ()):
        if small is None or small.bases[axis] is None:
            continue
        ((name, at),) = job.net.holders(leg)
        if name in made:
            axes = _axes(job, name, grow)
            at = axes.index(leg)
            made[name] = (small.grow if grow else small.shrink)(axis, made[name], at)
    return made


def _axes(job: Job, name: str, grow: bool) -> tuple[str, ...]:
    if job.tree is not None and grow:
        return job.tree.axes(next(node for node in job.tree.nodes if node.name == name))
    return job.net.tensors[name]


# ---- on the whole data -----------------------------------------------------------------------------------------------


def _finish(job: Job, cores: Cores) -> Sweeps:
    if job.tree is None:
        yield from _sweeps(job, job.x, job.net, cores)
        return
    for found, error in tree_sweeps(job.x, job.net.legs, job.tree, cores, closed=False):
        yield found, error, error


def _sweeps(job: Job, x: torch.Tensor, net: Network, cores: Cores) -> Sweeps:
    if job.loss is not None:
        yield from loss_sweeps(x, job.mask, net, cores, job.active, job.loss, job.ridge, job.rules.nonnegative)
    elif job.mask is not None:
        yield from observed_sweeps(x, job.mask, net, cores, job.active, job.ridge)
    for found, errors, objectives in als_sweeps(x, net, cores, job.active, job.ridge, job.rules):
        yield found, float(errors), float(objectives)
