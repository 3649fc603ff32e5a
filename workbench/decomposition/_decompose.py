"""`decompose`: data and a network in, a fit out."""

__all__ = ["decompose"]

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import torch

from workbench.data import as_tensor
from workbench.decomposition._als import als_sweeps, estimate, value_of
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import balanced, norm, relative_residual
from workbench.decomposition._start import random_start, svd_start, warm_start
from workbench.decomposition._trees import (
    Tree,
    as_tree,
    from_cores,
    ranks_of,
    ranks_within,
    to_cores,
    tree_svd,
    tree_sweeps,
)
from workbench.network import FAMILIES, Network, did_you_mean
from workbench.network._contract import operands_of

Cores = dict[str, torch.Tensor]
Start = str | Fit | Mapping[str, torch.Tensor]
Callback = Callable[[int, float], object]
BY_ERROR = ("tucker", "tensor_train", "hierarchical_tucker")
SOUND = (1e-9, 1e9)  # largest entries whose squares and products stay far from the ends of single precision


def decompose(
    x: object,
    network: Network | str,
    *,
    ranks: int | Sequence[int] | None = None,
    error: float | None = None,
    init: Start = "svd",
    starts: int = 1,
    tol: float = 1e-8,
    max_sweeps: int = 100,
    freeze: Iterable[str] = (),
    ridge: float = 0.0,
    seed: int = 0,
    callback: Callback | None = None,
) -> Fit:
    """Fit a network to data: the cores that make ``||x - xhat||`` small.

    A network that is a tree (Tucker, tensor train, TT matrix, hierarchical Tucker, under any names) starts from its
    closed form, the sequentially truncated SVD, and goes on by higher-order orthogonal iteration or by sweeps with
    orthonormal surroundings. Any other (CP, rings, loops, hyperbonds, traces, fixed tensors) is fitted by alternating
    least squares. So is a tree with a `ridge` or frozen tensors.

    Parameters
    ----------
    x
        What `workbench.data.as_tensor` takes: a torch tensor, NumPy array, PIL image, xarray DataArray or nested lists of
        float32, float64, complex64 or complex128. All is computed on its device and in its dtype.
    network
        A `Network` whose legs are the axes of `x`, in order; or the name of a family: ``"cp"``, ``"tucker"``,
        ``"tensor_train"``, ``"tensor_ring"``, ``"tree"``, ``"hierarchical_tucker"``.
    ranks
        For a family: its ranks, as the family takes them. Larger ones than the data can fill are filled up with zeros
        in a closed form.
    error
        For Tucker, tensor train and hierarchical Tucker by name, in place of `ranks`: the relative error that is
        allowed, between 0 and 1; the closed form then chooses the ranks.
    init
        ``"svd"``: the closed form of a tree; elsewhere leading singular vectors of the data for factors (cores with legs
        and one other index, as in CP), random numbers for the rest. ``"random"``. ``{name: tensor}``: these cores, random ones where none is given. A
        `Fit`: its cores, matched by name, cut or filled up with small noise where ranks changed; a tree needs no such help
        and takes its closed form.
    starts
        How many starts to try; the second and later ones are random, the fit with the lowest error is kept.
    tol
        Stop when a sweep lowers the error by less than this fraction of itself.
    max_sweeps
        Stop after as many sweeps in any case; a closed form counts as the first.
    freeze
        Names of tensors that keep the numbers given in `init`.
    ridge
        Weight of a penalty on large cores: what is minimised is ``||x - xhat||^2 / ||x||^2 + ridge * sum ||core||^2 /
        ||x||^(2/n)`` over the n cores that move, which does not change when the data are scaled.
    seed
        Of all random numbers.
    callback
        Called after every sweep with its number, from 1, and the error; if it returns True, the fit (with all its starts) ends there.

    Returns
    -------
    Fit
        On interruption (Ctrl-C, the notebook's stop button) the best so far, once a first sweep is complete.

    Raises
    ------
    DataError
        When `x` holds integers, NaN or infinities, or is no data at all.
    FitError
        When the shape does not match the legs, an argument is out of its range, or the fit does not fit in memory.
    NetworkError
        When ranks do not fit the family, or given cores the network.

    Examples
    --------
    >>> import torch
    >>> from workbench.network import Network, tucker
    >>> x = torch.rand(8, 9, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> fit = decompose(x, tucker(x.shape, (3, 3, 3)))
    >>> fit.cores["G"].shape, fit.converged
    (torch.Size([3, 3, 3]), True)
    >>> decompose(x, "tensor_train", error=0.4).error <= 0.4
    True
    >>> ring = Network.from_einsum("air,rjs,ska->ijk", i=8, j=9, k=10, a=2, r=2, s=2)
    >>> decompose(x, ring, init="random", max_sweeps=5).history[-1] < 0.5
    True
    """
    x = as_tensor(x)
    _check_dtype(x)
    _check_numbers(error, starts, tol, max_sweeps, ridge, seed)
    net = _network(network, x, ranks, error)
    _check_legs(net, x)
    largest = float(torch.linalg.vector_norm(x, math.inf))
    scale = 1.0 if not largest or SOUND[0] < largest < SOUND[1] else largest
    if isinstance(init, Mapping):
        init = {name: as_tensor(core, what=f"init[{name!r}]") for name, core in init.items()}
    job = _Job(x / scale if scale != 1.0 else x, scale, net, frozenset(freeze), float(ridge), init, seed)
    job.check()
    if not largest:
        return job.zero()
    fits: list[Fit] = []
    for start in range(starts):
        try:
            fit, stopped = job.fit(start, tol, max_sweeps, callback)
        except KeyboardInterrupt:
            if not fits:
                raise
            break
        fits.append(fit)
        if stopped:
            break
    return min(fits, key=lambda fit: fit.error)


@dataclass(frozen=True)
class _Job:
    """A fit to be made; `x` was divided by `scale`, which the last step puts back."""

    x: torch.Tensor
    scale: float
    net: Network
    freeze: frozenset[str]
    ridge: float
    init: Start
    seed: int

    @property
    def active(self) -> tuple[str, ...]:
        return tuple(name for name in self.net.free if name not in self.freeze)

    @property
    def given(self) -> Mapping[str, torch.Tensor]:
        """The numbers the caller gave."""
        if isinstance(self.init, Fit):
            return self.init.cores
        return self.init if isinstance(self.init, Mapping) else {}

    @property
    def tree(self) -> Tree | None:
        return None if self.freeze or self.ridge else as_tree(self.net)

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
        if self.tree is not None:
            needed = self.x.dtype.itemsize * (4 * self.x.numel() + 2 * self.net.parameters)
        else:
            needed = estimate(self.net, self.active, self.x.dtype)
        require_memory(
            needed, self.x.device, f"fitting {self.net.parameters:,} parameters to {self.x.numel():,} entries"
        )

    def zero(self) -> Fit:
        """The fit of data that are zero."""
        cores = {
            name: self.x.new_zeros(self.net.shape_of(name)) if name in self.active else self.given[name]
            for name in self.net.tensors
            if self.net.fixed.get(name, "data") == "data"
        }
        return Fit(self.net, cores, 0.0, (0.0,), True)

    def fit(self, start: int, tol: float, max_sweeps: int, callback: Callback | None) -> tuple[Fit, bool]:
        """One start, swept until it converges; and whether the user stopped it."""
        tol = max(tol, 4 * torch.finfo(self.x.dtype).eps)
        tree = self.tree
        sweeps = self.als_sweeps(start) if tree is None else self.tree_sweeps(tree, start)
        cores, history, end = _drive(sweeps, tol, max_sweeps, callback)
        if tree is not None:
            cores = to_cores(self.net, tree, cores)
        error = relative_residual(self.x, value_of(self.net, cores))
        if tree is not None:
            cores[tree.root.name] = cores[tree.root.name] * self.scale
        else:
            share = self.scale ** (1 / len(self.active))
            cores = balanced(cores, self.active)
            cores = {name: core * share if name in self.active else core for name, core in cores.items()}
        cores = {name: core for name, core in cores.items() if self.net.fixed.get(name, "data") == "data"}
        return Fit(self.net, cores, error, (*history[:-1], error), end == "converged"), end == "stopped"

    def tree_sweeps(self, tree: Tree, start: int) -> Iterator[tuple[Cores, float, float]]:
        closed = start == 0 and (self.init == "svd" or isinstance(self.init, Fit))
        if closed:
            first = tree_svd(self.x, self.net.legs, tree, ranks_of(self.net, tree))
        else:
            first = from_cores(self.net, tree, self.cores(start))
        for cores, error in tree_sweeps(self.x, self.net, tree, first, closed=closed):
            yield cores, error, error

    def als_sweeps(self, start: int) -> Iterator[tuple[Cores, float, float]]:
        cores = dict(zip(self.net.tensors, operands_of(self.net, self.cores(start)), strict=True))
        return als_sweeps(self.x, self.net, cores, self.active, self.ridge)

    def cores(self, start: int) -> Cores:
        """Numbers to start from, for every tensor that has some."""
        seed = self.seed + start
        if start == 0 and self.init == "svd":
            cores = svd_start(self.x, self.net, seed)
        elif start == 0 and isinstance(self.init, Fit):
            cores = warm_start(self.x, self.net, self.init.network, self.init.cores, seed)
        else:
            cores = random_start(self.x, self.net, seed)
        for name, core in self.given.items():
            kept = name in self.freeze or self.net.fixed.get(name) == "data"
            if kept or (start == 0 and isinstance(self.init, Mapping) and name in self.net.free):
                cores[name] = core.detach().to(dtype=self.x.dtype, device=self.x.device)
        return cores


def _drive(
    sweeps: Iterator[tuple[Cores, float, float]],
    tol: float,
    max_sweeps: int,
    callback: Callback | None,
) -> tuple[Cores, list[float], Literal["converged", "stopped", "exhausted"]]:
    """Sweep until the objective stops falling; a sweep that rounding errors made worse is not kept."""
    best: Cores = {}
    history: list[float] = []
    before = math.inf
    try:
        for cores, error, objective in islice(sweeps, max_sweeps):
            if objective >= before:
                return best, history, "converged"
            best = cores
            history.append(error)
            if callback is not None and callback(len(history), error) is True:
                return best, history, "stopped"
            if len(history) > 1 and before - objective <= tol * before:
                return best, history, "converged"
            before = objective
    except KeyboardInterrupt:
        if not history:
            raise
        return best, history, "stopped"
    return best, history, "converged" if len(history) < max_sweeps else "exhausted"


def _network(
    network: Network | str, x: torch.Tensor, ranks: int | Sequence[int] | None, error: float | None
) -> Network:
    if isinstance(network, Network):
        if ranks is not None or error is not None:
            given = "ranks" if ranks is not None else "error"
            raise FitError(
                f"{given}= is for families given by name; a Network has its ranks, change them with network.resize()"
            )
        return network
    if not isinstance(network, str):
        raise FitError(
            f"network is a {type(network).__name__}; give a Network or the name of a family: {', '.join(FAMILIES)}"
        )
    if network not in FAMILIES:
        raise FitError(f"there is no family {network!r}{did_you_mean(network, FAMILIES)}")
    if (ranks is None) == (error is None):
        found = "neither is" if ranks is None else "both are"
        raise FitError(f"family {network!r} needs ranks= or error=, and {found} given")
    if ranks is not None:
        return FAMILIES[network](tuple(x.shape), ranks)
    if network not in BY_ERROR:
        raise FitError(f"error= chooses ranks for {', '.join(BY_ERROR)}; give {network!r} its ranks=")
    return _within(network, x, float(error or 0))


def _within(family: str, x: torch.Tensor, error: float) -> Network:
    """The family with the smallest ranks the closed form needs for this error."""
    net = FAMILIES[family](tuple(x.shape), 1)
    tree = as_tree(net)
    if tree is None or len(tree.nodes) == 1:
        return net
    needed = 4 * x.dtype.itemsize * x.numel()
    require_memory(needed, x.device, f"choosing ranks for {x.numel():,} entries")
    cores = tree_svd(x, net.legs, tree, ranks_within((error * norm(x)) ** 2, tree))
    return net.resize({node.bond[0]: cores[node.name].shape[-1] for node in tree.nodes[:-1]})


def _check_dtype(x: torch.Tensor) -> None:
    if x.dtype in (torch.float16, torch.bfloat16):
        name = str(x.dtype).removeprefix("torch.")
        raise FitError(
            f"x holds {name} values, too few digits for least squares; convert with x = x.float() (NumPy: x.astype(np.float32))"
        )


def _check_numbers(error: float | None, starts: int, tol: float, max_sweeps: int, ridge: float, seed: int) -> None:
    if error is not None and not 0 < error < 1:
        raise FitError(f"error is {error!r}; it is the relative error allowed, above 0 and below 1")
    for name, value, least in (("starts", starts, 1), ("max_sweeps", max_sweeps, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise FitError(f"{name} is {value!r}; it is a whole number of at least {least}")
    for name, number in (("tol", tol), ("ridge", ridge)):
        if not 0 <= number < math.inf:
            raise FitError(f"{name} is {number!r}; it is a number of at least 0")


def _check_legs(net: Network, x: torch.Tensor) -> None:
    if not net.free:
        raise FitError("the network has no free tensor, so there is nothing to fit; add one")
    if len(net.legs) != x.ndim:
        raise FitError(
            f"the network has {len(net.legs)} legs {net.legs}, x has {x.ndim} axes of sizes {tuple(x.shape)}; give one leg an axis"
        )
    for axis, (leg, size) in enumerate(zip(net.legs, x.shape, strict=True)):
        if net.sizes[leg] != size:
            raise FitError(
                f"leg {leg!r} has size {net.sizes[leg]}, axis {axis} of x has size {size}; "
                f"resize the leg, network.resize({{{leg!r}: {size}}}), or put the legs in the order of x's axes, network.transpose(...)"
            )
