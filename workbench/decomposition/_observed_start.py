"""Where sweeps over observed entries start from.

The data, zero in the gaps and divided by the fraction that was observed, are right on average. So are products of two
different rows of their unfolding; the product of a row with itself is too large by the same fraction once more, which would
turn the leading singular vectors towards the rows that happen to be large. So that is taken back.

Factors such as those of CP are not singular vectors. The data in these vectors are small and nearly free of what the gaps do,
so a fit to them from several starts costs little beside a sweep over the data, and saves some.

Source: Cai, Li, Poor and Chen, Nonconvex Low-Rank Tensor Completion from Noisy Data (2019), who delete these products.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import islice

import torch

from workbench.decomposition._numbers import at_most, leading, norm, wide
from workbench.decomposition._observed import observed_sweeps
from workbench.decomposition._search import fused, search
from workbench.decomposition._start import random_start, warm_start
from workbench.decomposition._trees import as_tree, to_cores
from workbench.network import Network
from workbench.network._contract import operands_of

Cores = dict[str, torch.Tensor]
SETTLE = 5
"""So many sweeps before ranks grow."""
CORE_STARTS, CORE_SWEEPS, CORE_SETTLED = 6, 40, 1e-4
"""Starts, sweeps at most and tolerance of a fit in the small."""
SMALLER = 8
"""The core of a fit in the small has fewer entries than the data by this factor at least."""
TRUSTED = 0.8
"""A fit in the small that leaves a larger error on the observed entries has fitted the gaps."""
SAMPLE = 1 << 17
"""Entries, roughly, on which that is tried, and read at a time."""


def observed_start(
    x: torch.Tensor,
    mask: torch.Tensor,
    net: Network,
    seed: int,
    *,
    given: Mapping[str, torch.Tensor] | None = None,
    turned: bool = False,
) -> Cores:
    """Numbers for every tensor of a network to start sweeps over observed entries from.

    A tree starts from the sequentially truncated SVD of the data. Factors (cores with legs and one other index, as in CP)
    start from leading singular vectors; where all cores are such, with a leg each, from a fit to the data in these vectors,
    unless too little was observed for that. Where other cores move, too (rings, grids, block terms), all ranks start at 1 and double
    until they are what they should be, with a few sweeps for each: from random numbers at full rank sweeps more often end
    in a poor minimum.

    Parameters
    ----------
    x
        The data, finite; what stands in the gaps is not looked at.
    mask
        Bool, True where `x` was observed.
    seed
        Of all random numbers.
    given
        Numbers of tensors that do not move: fixed as ``"data"``, frozen.
    turned
        Turn singular vectors at random within the space they span, for a second start and those after it.
    """
    given = dict(given or {})
    moving = [name for name in net.free if name not in given]
    tree = as_tree(net)
    fraction = int(mask.sum()) / mask.numel()
    filled = torch.where(mask, x, 0).div_(fraction)
    cores = random_start(x, net, seed)
    if tree is not None and not given and not turned:
        return _tree_start(filled, fraction, net)
    factors = [name for name in moving if _is_factor(net, name)]
    if len(factors) < len(moving):
        return _grown(x, mask, net, seed, given, moving)
    if not turned and len(factors) == len(net.tensors) == len(net.legs):
        found = _core_start(x, mask, filled, fraction, net, seed)
        if found is not None:
            return found
    generator = torch.Generator().manual_seed(seed)
    for name in factors:
        cores[name] = _factor(filled, fraction, net, name, cores[name], generator if turned else None)
    return _complete(net, {**cores, **given})


def _complete(net: Network, cores: Cores) -> Cores:
    """With the tensors of a known kind made."""
    return dict(zip(net.tensors, operands_of(net, cores), strict=True))


def _is_factor(net: Network, name: str) -> bool:
    held = net.tensors[name]
    return len(set(held)) == len(held) > 1 and sum(index not in net.legs for index in held) == 1


def _basis(matrix: torch.Tensor, fraction: float, rank: int, squares: torch.Tensor | None = None) -> torch.Tensor:
    """Leading left singular vectors of what a matrix would be without gaps.

    Parameters
    ----------
    squares
        Of each row, those of the entries that it was made of; by default of its own.
    """
    if matrix.shape[0] > matrix.shape[1]:  # the products of rows would be the larger matrix
        return leading(matrix, at_most(rank))[0]
    gram = matrix @ matrix.mH
    gram.diagonal().sub_((1 - fraction) * (gram.diagonal() if squares is None else squares))
    vectors: torch.Tensor = torch.linalg.eigh(gram)[1]
    return vectors[:, -rank:].flip(1)


def _factor(
    x: torch.Tensor, fraction: float, net: Network, name: str, core: torch.Tensor, generator: torch.Generator | None
) -> torch.Tensor:
    """A factor of leading singular vectors; columns beyond them keep the numbers they have."""
    held = net.tensors[name]
    legs = [i for i in held if i in net.legs]
    bond = next(i for i in held if i not in net.legs)
    rest = [i for i in net.legs if i not in legs]
    unfolded = x.permute([net.legs.index(i) for i in (*legs, *rest)])
    basis = _basis(unfolded.reshape(math.prod(net.sizes[i] for i in legs), -1), fraction, net.sizes[bond])
    if generator is not None:
        kind = wide(x.dtype)
        turn = torch.linalg.qr(torch.randn(basis.shape[1], basis.shape[1], generator=generator, dtype=kind))[0]
        basis = basis @ turn.to(basis)
    made = core.clone()
    axes = made.permute([held.index(i) for i in (*legs, bond)])
    axes[..., : basis.shape[1]] = basis.reshape(*axes.shape[:-1], -1)
    return made


def _core_start(
    x: torch.Tensor, mask: torch.Tensor, filled: torch.Tensor, fraction: float, net: Network, seed: int
) -> Cores | None:
    """Factors of a fit to the filled data in leading singular vectors of each axis, one axis after the other.

    In so few directions, most of what the gaps do is gone. None where the core is not much smaller than the data, or
    where the fit is not trusted: then too few entries were observed.
    """
    name_of = {leg: net.holders(leg)[0][0] for leg in net.legs}
    bond_of = {leg: next(i for i in net.tensors[name_of[leg]] if i != leg) for leg in net.legs}
    widths = {leg: min(net.sizes[leg], net.sizes[bond_of[leg]]) for leg in net.legs}
    if SMALLER * math.prod(widths.values()) > x.numel():
        return None
    core, bases = filled, {}
    squares: torch.Tensor | None = None
    for leg in net.legs:  # the first axis left; its basis becomes the last
        rows = None if squares is None else squares.reshape(net.sizes[leg], -1).sum(1)
        basis = bases[leg] = _basis(core.reshape(net.sizes[leg], -1), fraction, widths[leg], rows)
        weights = basis.abs().square().sum(1)
        squares = _squared(filled, weights) if squares is None else torch.tensordot(weights, squares, dims=1)
        core = torch.tensordot(core, basis.conj(), dims=([0], [0]))
    core = core.to(wide(x.dtype))
    small = net.resize(widths)
    starts = [random_start(core, small, seed + k) for k in range(CORE_STARTS)]
    for leg, name in name_of.items():  # the first start is the singular vectors
        starts[0][name].movedim(small.tensors[name].index(leg), 0)[:, : widths[leg]] = torch.eye(widths[leg])
    sweeps = search(core, small, fused(starts, small.free), small.free, CORE_STARTS, tol=CORE_SETTLED)
    *_, (found, _, _) = islice(sweeps, CORE_SWEEPS)
    cores = {}
    for leg, name in name_of.items():
        axis = net.tensors[name].index(leg)
        grown = torch.tensordot(bases[leg].to(core.dtype), found[name].movedim(axis, 0), dims=1)
        cores[name] = grown.movedim(0, axis).to(x.dtype).contiguous()
    made = {name: cores[name] for name in net.tensors}
    return made if _error_on_sample(x, mask, net, made, name_of[net.legs[0]]) < TRUSTED else None


def _squared(x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The squares of the entries, summed along the first axis with weights; some at a time."""
    step = max(1, len(x) * SAMPLE // x.numel())
    parts = zip(torch.split(x, step), torch.split(weights, step), strict=True)
    return torch.stack([torch.tensordot(some, part.abs().square_(), dims=1) for part, some in parts]).sum(0)


def _error_on_sample(x: torch.Tensor, mask: torch.Tensor, net: Network, cores: Cores, name: str) -> float:
    """The relative error over observed entries at some values of the first leg, which one core holds."""
    leg = net.legs[0]
    step = max(1, min(len(x), x.numel() // SAMPLE))
    axis = net.tensors[name].index(leg)
    some = torch.arange(0, len(x), step, device=x.device)
    value = net.resize({leg: len(some)}).contract({**cores, name: cores[name].index_select(axis, some)})
    seen = mask[::step]
    whole = norm(torch.where(seen, x[::step], 0))
    return norm(torch.where(seen, x[::step] - value, 0)) / whole if whole else math.inf


def _tree_start(x: torch.Tensor, fraction: float, net: Network) -> Cores:
    """The sequentially truncated SVD from the leaves to the root; on the leaves, the gaps' excess is taken back."""
    tree = as_tree(net)
    assert tree is not None  # noqa: S101 - the caller asked
    cores: Cores = {}
    rest, labels = x, list(net.legs)
    for node in tree.nodes[:-1]:
        *own, bond = tree.axes(node)
        others = [label for label in labels if label not in own]
        rest = rest.permute([labels.index(label) for label in (*own, *others)])
        shape = rest.shape[: len(own)]
        matrix = rest.reshape(math.prod(shape), -1)
        rank = min(*matrix.shape, math.prod(net.sizes[index] for index in node.bond))
        basis = _basis(matrix, 1.0 if node.children else fraction, rank)
        cores[node.name] = basis.reshape(*shape, rank)
        rest = (basis.mH @ matrix).reshape(rank, *rest.shape[len(own) :])
        labels = [bond, *others]
    cores[tree.root.name] = rest.permute([labels.index(label) for label in tree.axes(tree.root)])
    return to_cores(net, tree, cores)


def _grown(
    x: torch.Tensor,
    mask: torch.Tensor,
    net: Network,
    seed: int,
    given: Mapping[str, torch.Tensor],
    moving: Sequence[str],
) -> Cores:
    """All ranks that can from 1, doubled after a few sweeps each, new entries small and random.

    Source: rank adaption as in Grasedyck, Kluge and Krämer, Variants of Alternating Least Squares Tensor Completion in the
    Tensor Train Format (2015), section 4, for trains.
    """
    full = {i: net.sizes[i] for i in net.summed if all(name in moving for name, _ in net.holders(i))}
    rank, top = 1, max(full.values(), default=1)
    here = net.resize({index: min(size, rank) for index, size in full.items()})
    cores = {**random_start(x, here, seed), **given}
    while rank < top:
        made = _complete(here, cores)
        sweeps = observed_sweeps(x, mask, here, made, moving)
        *_, (made, _, _) = islice(sweeps, SETTLE)
        rank = min(2 * rank, top)
        larger = net.resize({index: min(size, rank) for index, size in full.items()})
        cores = {**warm_start(x, larger, here, {name: made[name] for name in moving}, seed), **given}
        here = larger
    return _complete(net, cores)
