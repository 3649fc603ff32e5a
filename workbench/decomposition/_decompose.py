"""`decompose`: data and a network in, a fit out."""

__all__ = ["decompose"]

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch

from workbench.data import as_mask, as_tensor
from workbench.decomposition._als import Rules
from workbench.decomposition._constraints import check_constraints
from workbench.decomposition._drive import Callback
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._held_out import split_held_out
from workbench.decomposition._job import ACCURACIES, Job, Start
from workbench.decomposition._loss import LossFunction, check_loss
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import norm
from workbench.decomposition._run import run
from workbench.decomposition._search import METHODS
from workbench.decomposition._trees import as_tree, ranks_within, tree_svd
from workbench.network import FAMILIES, Network, did_you_mean

BY_ERROR = ("tucker", "tensor_train", "hierarchical_tucker")
SOUND = (1e-9, 1e9)  # largest entries whose squares and products stay far from the ends of single precision


def decompose(
    x: object,
    network: Network | str,
    *,
    ranks: int | Sequence[int] | None = None,
    error: float | None = None,
    mask: object = None,
    held_out: object = None,
    loss: str | LossFunction | None = None,
    nonnegative: Iterable[str] = (),
    orthogonal: Iterable[str] = (),
    freeze: Iterable[str] = (),
    ridge: float = 0.0,
    init: Start = "svd",
    starts: int = 1,
    method: str = "auto",
    accuracy: str = "auto",
    tol: float = 1e-8,
    max_sweeps: int = 100,
    seed: int = 0,
    callback: Callback | None = None,
) -> Fit:
    """Fit a network to data: the cores that make ``||x - xhat||`` small.

    Large data are compressed first, to the few directions of each axis that the network can carry. In that small core the
    network is fitted, and the fit is finished on the data.

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
        For a family: its ranks, as the family takes them, none larger than the cores can carry. (In a `Network` they may be;
        a closed form then fills up with zeros.)
    error
        For Tucker, tensor train and hierarchical Tucker by name, in place of `ranks`: the relative error that is
        allowed, between 0 and 1; the closed form then chooses the ranks.
    mask
        Bool, True where `x` was observed, as `workbench.data.as_mask` takes it; elsewhere `x` may hold anything, NaN, too. The
        fit is to the observed entries alone: nothing is imputed, and the error is measured on them.
    held_out
        Entries to set aside and try the fit on, as `Fit.held_out`: a fraction of the observed ones, drawn at random, or a
        mask that is True there.
    loss
        What is minimised in place of squares: ``"poisson"``, ``"poisson_log"``, ``"logistic"``, ``"robust"``,
        ``"least_squares"``, or a differentiable function of the network's value and the data that gives one number an entry or
        one in all. The value is then the mean, the logarithm of the mean or the log-odds; see `workbench.decomposition.LOSSES`.
        Quasi-Newton steps take the place of sweeps, and `Fit.objective` is the mean loss.
    nonnegative
        Names of cores without negative entries.
    orthogonal
        Names of cores that are isometries: columns along their own legs, one for each value of their summed indices,
        orthonormal.
    freeze
        Names of tensors that keep the numbers given in `init`.
    ridge
        Weight of a penalty on large cores: what is minimised is ``||x - xhat||^2 / ||x||^2 + ridge * sum ||core||^2 /
        ||x||^(2/n)`` over the n cores that move, which does not change when the data are scaled. (With a loss: the mean
        loss plus ``ridge`` times the mean square of each core's entries, summed over the cores.)
    init
        ``"svd"``: the closed form of a tree; elsewhere leading singular vectors of the data for factors (cores with legs
        and one other index, as in CP; with gaps a fit in them), random numbers for the rest. ``"random"``. ``{name: tensor}``: these cores, random ones where none is given. A
        `Fit`: its cores, matched by name, cut or filled up with small noise where ranks changed; a tree needs no such help
        and takes its closed form.
    starts
        How many starts to try; the second and later ones are random, the fit with the lowest error is kept. On small or
        compressed data all are swept together and cost little more than one. A tree has its closed form and needs none.
    method
        ``"als"``, alternating least squares; ``"gauss_newton"``, steps in all cores at once; ``"auto"``, the first, and the second
        where that crawls.
    accuracy
        ``"auto"``: bases of large data come from a random sketch, refined on the data; sweeps over the whole data end when one
        gains less than a thousandth of the error. ``"high"``: exact singular vectors, and sweeps until `tol`.
    tol
        Stop when a sweep lowers the error by less than this fraction of itself.
    max_sweeps
        Stop after as many sweeps in any case; a closed form counts as the first.
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
        When the shape does not match the legs, an argument is out of its range, something excludes something else, what was
        observed does not determine the fit, or the fit does not fit in memory.
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
    x = as_tensor(x, mask=mask)
    _check_dtype(x)
    _check_numbers(error, starts, tol, max_sweeps, ridge, seed)
    for argument, choice, choices in (("method", method, METHODS), ("accuracy", accuracy, ACCURACIES)):
        if choice not in choices:
            raise FitError(f"there is no {argument} {choice!r}{did_you_mean(choice, choices)}")
    seen = None if mask is None else as_mask(mask, x)
    if seen is not None and bool(seen.all()):
        seen = None
    if seen is not None and error is not None:
        raise FitError(
            "error= chooses ranks from the singular values of all entries, and some are missing; give ranks="
        )
    net = _network(network, x, ranks, error)
    _check_legs(net, x)
    freeze = (freeze,) if isinstance(freeze, str) else tuple(freeze)
    positive, isometric = check_constraints(net, nonnegative, orthogonal, freeze, x.dtype)
    seen, held = _set_aside(x, seen, held_out, net, seed, [name for name in net.free if name not in set(freeze)])
    if loss is None and seen is not None and positive:
        loss = "least_squares"  # the observed entries only, by projected quasi-Newton steps
    fixed = {name: core for name, core in _given(init).items() if name in {*freeze, *net.fixed}}
    asked = None if loss is None else check_loss(loss, x, seen, fixed, isometric)
    largest = _largest(x)
    if asked and not largest:
        raise FitError(
            "x is zero everywhere, so there is nothing that errors could be relative to; with loss= give data that vary"
        )
    scale = 1.0 if asked or not largest or SOUND[0] < largest < SOUND[1] else largest
    if isinstance(init, Mapping):
        init = {name: as_tensor(core, what=f"init[{name!r}]") for name, core in init.items()}
    axes = _in_memory_order(x)
    job = Job(
        x=(x / scale if scale != 1.0 else x).permute(axes).contiguous(),
        scale=scale,
        net=net.transpose(*(net.legs[axis] for axis in axes)) if axes else net,
        freeze=frozenset(freeze),
        rules=Rules(positive, isometric),
        ridge=float(ridge),
        init=init,
        starts=starts,
        method=method,
        accuracy=accuracy,
        seed=seed,
        mask=None if seen is None else seen.permute(axes).contiguous(),
        held=None if held is None else held.permute(axes).contiguous(),
        loss=asked,
    )
    job.check()
    fit = run(job, tol, max_sweeps, callback) if largest else job.zero()
    return replace(fit, network=net)


def _given(init: Start) -> Mapping[str, torch.Tensor]:
    if isinstance(init, Fit):
        return init.cores
    return init if isinstance(init, Mapping) else {}


def _set_aside(
    x: torch.Tensor, seen: torch.Tensor | None, held_out: object, net: Network, seed: int, active: Sequence[str]
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Where the fit looks, None for everywhere; and the entries it is then tried on, if any."""
    if held_out is None:
        return seen, None
    everywhere = torch.ones_like(x, dtype=torch.bool) if seen is None else seen
    if isinstance(held_out, float | int) and not isinstance(held_out, bool):
        return split_held_out(everywhere, held_out, net, seed, active)
    return split_held_out(everywhere, as_mask(held_out, x, what="held_out"), net, seed, active)


def _largest(x: torch.Tensor) -> float:
    """The largest absolute value, of a real or an imaginary part."""
    low, high = torch.aminmax(torch.view_as_real(x) if x.is_complex() else x)
    return max(-float(low), float(high))


def _in_memory_order(x: torch.Tensor) -> list[int]:
    """The axes, slowest first: data that were turned are fitted as they lie, without being copied."""
    strides = x.stride()
    return sorted(range(x.ndim), key=lambda axis: (-strides[axis], axis))


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
        made = FAMILIES[network](tuple(x.shape), ranks)
        _check_ranks(made)
        return made
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


def _check_ranks(net: Network) -> None:
    """Refuse ranks that a family asked for by name cannot use, with the largest it can."""
    for index in net.summed:
        for name in dict.fromkeys(name for name, _ in net.holders(index)):
            others = math.prod(net.sizes[each] for each in net.tensors[name] if each != index)
            if len(net.bonds) == len(net.summed) and net.sizes[index] > others:
                raise FitError(
                    f"rank {net.sizes[index]} of bond {index!r} is more than core {name!r} of shape {net.shape_of(name)} "
                    f"can carry: at most {others} makes sense there"
                )
    if len(net.summed) == 1 and net.hyperbonds and net.order > 1:
        (index,) = net.summed
        most = math.prod(net.shape) // max(net.shape)
        if net.sizes[index] > most:
            raise FitError(
                f"rank {net.sizes[index]} is more than a tensor of shape {net.shape} can need: it is a sum of {most} "
                f"rank-one terms already; at most {most} makes sense"
            )


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
