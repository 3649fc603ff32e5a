"""One fit to be made: what it needs is checked, then it is found in the small and finished on the data."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

import torch

from workbench.decomposition._als import Cores, Rules, als_sweeps, estimate, value_of
from workbench.decomposition._compress import SMALL, SPARE, Compressed, compress, trimmed
from workbench.decomposition._constraints import nonnegative_start, orthonormal_start
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._gauss_newton import LARGEST, gauss_newton_fits
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import balanced, norm, relative_residual, safe_below, wide
from workbench.decomposition._search import fused, search
from workbench.decomposition._start import random_start, svd_start, warm_start
from workbench.decomposition._trees import Tree, as_tree, from_cores, ranks_of, to_cores, tree_svd, tree_sweeps
from workbench.network import Network, did_you_mean
from workbench.network._contract import operands_of

Start = str | Fit | Mapping[str, torch.Tensor]
Callback = Callable[[int, float], object]
Sweeps = Iterator[tuple[Cores, float, float]]
End = Literal["converged", "stopped", "exhausted"]
ACCURACIES = ("auto", "high")
WORTH_A_READ = 1e-3
"""Gains on the whole data, as a fraction of the error, below which `accuracy="auto"` reads them no more."""


@dataclass(frozen=True)
class Job:
    """A fit of contiguous data, which were divided by `scale`; the last step puts that back."""

    x: torch.Tensor
    scale: float
    net: Network
    freeze: frozenset[str]
    rules: Rules
    ridge: float
    init: Start
    starts: int
    method: str
    accuracy: str
    seed: int

    @cached_property
    def active(self) -> tuple[str, ...]:
        return tuple(name for name in self.net.free if name not in self.freeze)

    @property
    def given(self) -> Mapping[str, torch.Tensor]:
        """The numbers the caller gave."""
        if isinstance(self.init, Fit):
            return self.init.cores
        return self.init if isinstance(self.init, Mapping) else {}

    @cached_property
    def tree(self) -> Tree | None:
        bound = self.freeze or self.ridge or self.rules != Rules() or self.method == "gauss_newton"
        return None if bound else as_tree(self.net)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """So many directions of each axis are enough for the network."""
        widths = []
        for leg, size in zip(self.net.legs, self.x.shape, strict=True):
            ((name, _), *more) = self.net.holders(leg)
            others = math.prod(self.net.sizes[i] for i in set(self.net.tensors[name]) if i != leg)
            bound = more or name not in self.active or name in self.rules.nonnegative or self.ridge
            widths.append(size if bound or others + SPARE > 0.8 * size else others + SPARE)
        return tuple(widths)

    @property
    def compresses(self) -> bool:
        """Whether the data are worth compressing first."""
        return self.x.numel() > 4096 and 2 * math.prod(self.widths) < self.x.numel()

    def check(self) -> None:
        """Refuse what cannot be fitted, before anything is allocated."""
        if isinstance(self.init, str) and self.init not in ("svd", "random"):
            raise FitError(
                f"init is {self.init!r}{did_you_mean(self.init, ('svd', 'random'))} (a Fit or a dict of cores will do, too)"
            )
        if not isinstance(self.init, str | Fit | Mapping):
            raise FitError(f"init is a {type(self.init).__name__}; give 'svd', 'random', a Fit or a dict of cores")
        for name in self.freeze:
            self.net._require_tensor(name)
        if not self.active:
            raise FitError("nothing is left to fit: every tensor of the network is fixed or frozen; free one of them")
        data = {name for name, kind in self.net.fixed.items() if kind == "data"}
        missing = [name for name in self.net.tensors if name in self.freeze | data and name not in self.given]
        if missing:
            kind = "frozen" if missing[0] in self.freeze else "fixed data"
            raise FitError(
                f"tensor {missing[0]!r} is {kind}, but has no numbers; give them as init={{{missing[0]!r}: ...}}"
            )
        if isinstance(self.init, Mapping):
            for name, core in self.init.items():
                self.net._require_tensor(name)
                if core.is_complex() and not self.x.is_complex():
                    raise FitError(f"init[{name!r}] is complex, x is real; make both of one kind")
                if tuple(core.shape) != self.net.shape_of(name):
                    raise FitError(
                        f"init[{name!r}] has shape {tuple(core.shape)}, the network wants {self.net.shape_of(name)} {self.net.tensors[name]}"
                    )
        if self.method == "gauss_newton":
            self._check_gauss_newton()
        require_memory(
            self.needed(), self.x.device, f"fitting {self.net.parameters:,} parameters to {self.x.numel():,} entries"
        )

    def _check_gauss_newton(self) -> None:
        if self.ridge or self.rules != Rules():
            what = "a ridge" if self.ridge else "constraints"
            raise FitError(f"method='gauss_newton' does not take {what}; use method='als', or leave {what} out")
        small = self.small_network if self.compresses or self.x.numel() <= SMALL else None
        if small is None or not gauss_newton_fits(small, self.active):
            count = (small or self.net).parameters
            raise FitError(
                f"method='gauss_newton' solves for all parameters at once; {count:,} of this network, with the data "
                f"compressed, are too many (about {LARGEST:,}), or it is no plain network of two cores or more; use method='auto'"
            )

    @property
    def small_network(self) -> Network:
        """The network with legs as the data have them once compressed."""
        return self.net.resize(dict(zip(self.net.legs, self.widths, strict=True))) if self.compresses else self.net

    def needed(self) -> int:
        """Bytes beside the data."""
        if self.tree is not None:
            return self.x.dtype.itemsize * (2 * self.x.numel() + 2 * self.net.parameters)
        if self.compresses:
            return (
                estimate(self.small_network, self.active, wide(self.x.dtype)) * self.starts
                + self.x.dtype.itemsize * self.x.numel()
            )
        return estimate(self.net, self.active, self.x.dtype) * (self.starts if self.x.numel() <= SMALL else 1)

    def zero(self) -> Fit:
        """The fit of data that are zero."""
        cores = {
            name: self.x.new_zeros(self.net.shape_of(name)) if name in self.active else self.given[name]
            for name in self.net.tensors
            if self.net.fixed.get(name, "data") == "data"
        }
        return Fit(self.net, cores, 0.0, (0.0,), True)

    def run(self, tol: float, max_sweeps: int, callback: Callback | None) -> Fit:
        """The fit: found in a small core where there is one, finished on the whole data."""
        tol = max(tol, 4 * torch.finfo(self.x.dtype).eps)
        drive = Drive(max_sweeps, callback)
        cores: Cores = {}
        if self.compresses:
            found = compress(self.x, self.widths, exact=self.accuracy == "high", seed=self.seed)
            small = found if self.rules.orthogonal else trimmed(found)
            net = self.net.resize(dict(zip(self.net.legs, small.core.shape, strict=True)))
            cores = drive(self._find(small.core, net, small, tol))
            cores = {name: core.to(self.x.dtype) for name, core in self._resized(cores, small, grow=True).items()}
            drive.best = cores
            if drive.end == "converged" and self._worth_reading(drive, max_sweeps):
                enough = tol if self.accuracy == "high" else max(tol, WORTH_A_READ)
                cores = drive(until_settled(self._finish(cores), drive.history[-1], enough))
        elif self.x.numel() <= SMALL:
            everything = Compressed(self.x.to(wide(self.x.dtype)), (None,) * self.x.ndim, 0.0)
            cores = drive(self._find(everything.core, self.net, everything, tol))
            cores = {name: core.to(self.x.dtype) for name, core in cores.items()}
        elif self.tree is not None:
            sweeps = self._tree_sweeps(self.x, self.net, None)
            cores = drive(until_settled(((found, error, error) for found, error in sweeps), math.inf, tol))
        else:
            cores = self._each_start(drive, tol)
        return self._fit(cores, drive)

    def _worth_reading(self, drive: "Drive", max_sweeps: int) -> bool:
        """Whether sweeps over the whole data follow: a tree's bases have been refined on them already."""
        return len(drive.history) < max_sweeps and (self.tree is None or self.accuracy == "high")

    def _each_start(self, drive: "Drive", tol: float) -> Cores:
        """Large data that no basis makes smaller: one start after the other."""
        best: Cores = {}
        history: list[float] = []
        for start in range(self.starts):
            drive.history, drive.best = [], {}
            try:
                cores = drive(
                    until_settled(
                        self._sweeps(self.x, self.net, self._start(self.x, self.net, None, start)), math.inf, tol
                    )
                )
            except KeyboardInterrupt:
                if not history:
                    raise
                break
            if not history or drive.history[-1] < history[-1]:
                best, history, end = cores, drive.history, drive.end
            if drive.end == "stopped":
                break
        drive.history, drive.end = history, end
        return best

    def _fit(self, cores: Cores, drive: "Drive") -> Fit:
        if self.tree is not None:
            cores = to_cores(self.net, self.tree, cores)
        error = drive.history[-1]
        if self.x.numel() <= SMALL or error <= 2 * safe_below(self.x.dtype):
            error = relative_residual(self.x, value_of(self.net, cores).contiguous())
        if self.tree is not None:
            cores[self.tree.root.name] = cores[self.tree.root.name] * self.scale
        else:
            free = [name for name in self.active if name not in self.rules.orthogonal] or list(self.active)
            share = self.scale ** (1 / len(free))
            cores = balanced(cores, free)
            cores = {name: core * share if name in free else core for name, core in cores.items()}
        cores = {name: cores[name] for name in self.net.tensors if self.net.fixed.get(name, "data") == "data"}
        return Fit(self.net, cores, error, (*drive.history[:-1], error), drive.end == "converged")

    # ---- in the small ------------------------------------------------------------------------------------------------

    def _find(self, x: torch.Tensor, net: Network, small: Compressed, tol: float) -> Sweeps:
        """Sweeps over a core that holds nearly all of the data, in double precision."""
        whole = math.sqrt(norm(x) ** 2 + small.outside)
        if self.tree is not None:
            sweeps = self._tree_sweeps(x, net, small)
            share, outside = norm(x) ** 2 / whole**2, small.outside / whole**2
            counted = ((cores, math.sqrt(error**2 * share + outside)) for cores, error in sweeps)
            yield from until_settled(((cores, error, error) for cores, error in counted), math.inf, tol)
            return
        starts = self.starts if len(self.active) > 1 else 1
        each = [self._start(x, net, small, start) for start in range(starts)]
        yield from search(
            x,
            net,
            fused(each, self.active) if len(self.active) > 1 else each[0],
            self.active,
            starts if len(self.active) > 1 else 0,
            outside=small.outside,
            ridge=self.ridge,
            rules=self.rules,
            method=self.method,
            tol=tol,
        )

    def _tree_sweeps(self, x: torch.Tensor, net: Network, small: Compressed | None) -> Iterator[tuple[Cores, float]]:
        assert self.tree is not None  # noqa: S101 - the caller asked
        closed = self.init == "svd" or isinstance(self.init, Fit)
        if closed:
            first = tree_svd(x, net.legs, self.tree, ranks_of(net, self.tree))
        else:
            first = from_cores(net, self.tree, self._start(x, net, small, 0))
        return tree_sweeps(x, net.legs, self.tree, first, closed=closed)

    def _start(self, x: torch.Tensor, net: Network, small: Compressed | None, start: int) -> Cores:
        """Numbers to start from, for every tensor, made ones included."""
        seed = self.seed + start
        if start == 0 and self.init == "svd":
            cores = svd_start(x, net, seed)
        elif start == 0 and isinstance(self.init, Fit):
            full = warm_start(self.x, self.net, self.init.network, self.init.cores, seed)
            cores = self._resized(full, small)
        elif start == 0:
            cores = self._resized(random_start(self.x, self.net, seed), small)
        else:
            cores = random_start(x, net, seed)
        for name, core in self.given.items():
            kept = name in self.freeze or self.net.fixed.get(name) == "data"
            if kept or (start == 0 and isinstance(self.init, Mapping) and name in self.net.free):
                cores |= self._resized({name: core.detach().to(dtype=self.x.dtype, device=self.x.device)}, small)
        cores = {name: core.to(x.dtype) for name, core in cores.items()}
        for name in self.rules.nonnegative:
            cores[name] = nonnegative_start(cores[name])
        for name in self.rules.orthogonal:
            cores[name] = orthonormal_start(net, name, cores[name])
        return dict(zip(net.tensors, operands_of(net, cores), strict=True))

    def _resized(self, cores: Mapping[str, torch.Tensor], small: Compressed | None, grow: bool = False) -> Cores:
        """Cores put in the bases of the compressed data, or brought back from them."""
        made = dict(cores)
        for axis, leg in enumerate(self.net.legs if small is not None else ()):
            if small is None or small.bases[axis] is None:
                continue
            ((name, at),) = self.net.holders(leg)
            if name in made:
                axes = self._axes(name, grow)
                at = axes.index(leg)
                made[name] = (small.grow if grow else small.shrink)(axis, made[name], at)
        return made

    def _axes(self, name: str, grow: bool) -> tuple[str, ...]:
        if self.tree is not None and grow:
            return self.tree.axes(next(node for node in self.tree.nodes if node.name == name))
        return self.net.tensors[name]

    # ---- on the whole data --------------------------------------------------------------------------------------------

    def _finish(self, cores: Cores) -> Sweeps:
        if self.tree is None:
            yield from self._sweeps(self.x, self.net, cores)
            return
        for found, error in tree_sweeps(self.x, self.net.legs, self.tree, cores, closed=False):
            yield found, error, error

    def _sweeps(self, x: torch.Tensor, net: Network, cores: Cores) -> Sweeps:
        for found, errors, objectives in als_sweeps(x, net, cores, self.active, self.ridge, self.rules):
            yield found, float(errors), float(objectives)


class Drive:
    """Sweep after sweep is taken in; the best cores, the history of errors and how it ended are kept."""

    def __init__(self, max_sweeps: int, callback: Callback | None) -> None:
        self.max_sweeps, self.callback = max_sweeps, callback
        self.best: Cores = {}
        self.history: list[float] = []
        self.end: End = "exhausted"

    def __call__(self, sweeps: Sweeps) -> Cores:
        """Take sweeps in until they end, the user says so, or there have been enough.

        Raises
        ------
        KeyboardInterrupt
            When interrupted before the first sweep was complete; later, the best so far is kept.
        """
        self.end = "exhausted"
        room = max(1, self.max_sweeps - len(self.history))
        taken = 0
        try:
            for cores, error, _ in islice(sweeps, room):
                taken += 1
                self.best = cores
                self.history.append(error)
                if self.callback is not None and self.callback(len(self.history), error) is True:
                    self.end = "stopped"
                    return self.best
        except KeyboardInterrupt:
            if not self.history:
                raise
            self.end = "stopped"
            return self.best
        if taken < room:
            self.end = "converged"
        return self.best


def until_settled(sweeps: Sweeps, before: float, tol: float) -> Sweeps:
    """Sweeps until one lowers the objective by less than `tol` of itself; one that rounding errors made worse is not kept."""
    for cores, error, objective in sweeps:
        if objective >= before:
            return
        yield cores, error, objective
        if math.isfinite(before) and before - objective <= tol * before:
            return
        before = objective


__all__ = ["ACCURACIES", "Callback", "Job", "Start"]
