"""CP of small tensors, many starts at once: the rank-one terms of all starts are columns of one matrix product.

A sweep makes the products of the data with all but one factor (MTTKRP) from two shared partial contractions, in halves
(dimension tree), with a batch of R x R systems for each factor.

Source: Kolda and Bader (2009), section 3.4; Phan, Tichavsky and Cichocki (2013) for the tree; Psarras, Karlsson, Bientinesi
and Li, Concurrent alternating least squares (2020), for starts fused into one product.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from workbench.decomposition._numbers import solve
from workbench.network import Network
from workbench.network._recognise import recognise

Factors = list[torch.Tensor]


def cp_factors(net: Network, cores: Mapping[str, torch.Tensor]) -> tuple[tuple[str, ...], Factors]:
    """The names and the factors (starts, size, rank) of a CP network whose cores have a start axis in front."""
    form = recognise(net)
    assert form is not None  # noqa: S101 - the caller knows it is CP
    names = tuple(name for name, _ in form.cores)
    return names, [_turned(cores[name], net.tensors[name] != indices) for name, indices in form.cores]


def cp_cores(net: Network, factors: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Cores in the network's own axes, the start axis in front."""
    form = recognise(net)
    assert form is not None  # noqa: S101
    return {
        name: _turned(factor, net.tensors[name] != indices)
        for (name, indices), factor in zip(form.cores, factors, strict=True)
    }


def _turned(core: torch.Tensor, turned: bool) -> torch.Tensor:
    return core.mT if turned else core


def cp_sweeps(
    x: torch.Tensor, start: Sequence[torch.Tensor], ridge: float = 0.0
) -> Iterator[tuple[Factors, torch.Tensor]]:
    """Factors and ``||x - xhat||^2`` of every start, after every sweep; never ends.

    Parameters
    ----------
    x
        Data of two or more axes, in double precision.
    start
        Factors (starts, size, rank).
    ridge
        Added to the diagonal of the normal equations, as in `_als.update`.
    """
    factors = [factor.contiguous() for factor in start]
    grams = [factor.mH @ factor for factor in factors]
    whole = torch.linalg.vector_norm(x).square()
    eps = torch.finfo(x.dtype).eps
    eye = ridge * torch.eye(grams[0].shape[-1], dtype=x.dtype, device=x.device)
    left = torch.zeros(())

    def renew(mode: int, product: torch.Tensor) -> None:
        nonlocal left
        gram = _product([gram for other, gram in enumerate(grams) if other != mode])
        right = product.mT
        found = solve(gram + eye if ridge else gram, right, factors[mode].mT, eps)
        left = whole - (found.conj() * (2 * right - gram @ found)).real.sum((1, 2))
        factors[mode] = found.mT
        grams[mode] = factors[mode].mH @ factors[mode]

    while True:
        _sweep(x, factors, renew)
        yield list(factors), left.clamp(min=0)
        factors, grams = _equalised(factors, grams)


def _product(grams: Sequence[torch.Tensor]) -> torch.Tensor:
    made = grams[0]
    for gram in grams[1:]:
        made = made * gram
    return made


def _equalised(factors: Factors, grams: Factors) -> tuple[Factors, Factors]:
    """The same terms with norms shared evenly among their factors."""
    squares = torch.stack([gram.diagonal(dim1=-2, dim2=-1).real for gram in grams])
    logs = squares.log() / 2
    if not bool(torch.isfinite(logs).all()):
        return factors, grams
    scales = (logs.mean(0) - logs).exp()
    factors = [factor * scale.unsqueeze(-2) for factor, scale in zip(factors, scales, strict=True)]
    grams = [g * scale.unsqueeze(-2) * scale.unsqueeze(-1) for g, scale in zip(grams, scales, strict=True)]
    return factors, grams


def _sweep(x: torch.Tensor, factors: Factors, renew: Callable[[int, torch.Tensor], None]) -> None:
    """Renew every factor in turn; `renew` is given (starts, size, rank) products of the data with all other factors."""

    def descend(part: torch.Tensor, modes: Sequence[int]) -> None:
        """`part` has the axes of `modes`, then one for the terms of all starts."""
        if len(modes) == 1:
            starts, _, rank = factors[0].shape
            renew(modes[0], part.reshape(-1, starts, rank).movedim(0, 1))
            return
        half = (len(modes) + 1) // 2
        for own, others in ((modes[:half], modes[half:]), (modes[half:], modes[:half])):
            made, left = part, list(modes)
            for mode in others:
                columns, axis = _columns(factors[mode]), left.index(mode)
                shape = [1] * made.ndim
                shape[axis], shape[-1] = columns.shape
                made = (made * columns.conj().reshape(shape)).sum(axis)
                left.pop(axis)
            descend(made, own)

    half = (x.ndim + 1) // 2
    first, second = tuple(range(half)), tuple(range(half, x.ndim))
    matrix = x.reshape(math.prod(x.shape[:half]), -1)
    descend((matrix @ _khatri_rao(factors, second).conj()).reshape(*x.shape[:half], -1), first)
    descend((matrix.mT @ _khatri_rao(factors, first).conj()).reshape(*x.shape[half:], -1), second)


def _columns(factor: torch.Tensor) -> torch.Tensor:
    """(starts, size, rank) as (size, starts * rank)."""
    return factor.movedim(0, 1).reshape(factor.shape[1], -1)


def _khatri_rao(factors: Factors, modes: Sequence[int]) -> torch.Tensor:
    """Columnwise Kronecker products over all starts: (product of sizes, starts * rank)."""
    made = _columns(factors[modes[0]])
    for mode in modes[1:]:
        columns = _columns(factors[mode])
        made = (made.unsqueeze(1) * columns.unsqueeze(0)).reshape(-1, columns.shape[1])
    return made
