"""Gauss-Newton with Levenberg and Marquardt's damping for any network, many starts at once.

Alternating least squares crawls when cores are nearly collinear; a step in all cores at once does not. With r = x - xhat
and J the derivative of xhat by all cores, a step d solves (J^H J + damping * D) d = J^H r, where D is the diagonal of
J^H J; a step that does not lower ||r|| is not taken, and the damping follows the ratio of the true gain to the predicted one.
Scales and gauges that do not change the value make J^H J singular: the damping settles them.

J^H J is made block by block from the environments of pairs of cores. Of a leg that only one core holds J is the identity,
which is never formed.

Source: Madsen, Nielsen and Tingleff, Methods for Non-Linear Least Squares Problems (2004), algorithm 3.16; for CP Tomasi and
Bro (2006), Sorber, Van Barel and De Lathauwer (2013).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from workbench.decomposition._als import START, Cores, Labels
from workbench.decomposition._numbers import einsum
from workbench.network import Network
from workbench.network._contract import run
from workbench.network._plan import Plan, plan_for
from workbench.network._recognise import recognise

LARGEST = 1600
"""Parameters up to which J^H J is formed and factorised."""
ROOM = 1 << 23
"""Entries of J, identities left out, up to which it is worth having."""


@dataclass(frozen=True)
class _Block:
    """One core's part of J: the environment without the identities of its own legs."""

    name: str
    others: tuple[str, ...]
    axes: Labels  # of the environment: the start, legs, the core's own indices marked with a dash
    own: Labels  # legs that only this core holds
    core: Labels  # the core's axes
    plan: Plan


def _mark(index: str) -> str:
    return f"{index} '"


@lru_cache(maxsize=256)
def _blocks(net: Network, active: tuple[str, ...], starts: int) -> tuple[_Block, ...]:
    labels = {name: (START, *held) if name in active else held for name, held in net.tensors.items()}
    sizes = {START: starts, **net.sizes, **{_mark(index): size for index, size in net.sizes.items()}}
    made = []
    for name in active:
        others = tuple(each for each in net.tensors if each != name)
        own = tuple(leg for leg in net.legs if all(at == name for at, _ in net.holders(leg)))
        marked = tuple(index if index in own else _mark(index) for index in net.tensors[name])
        inner = dict.fromkeys(index for index in net.tensors[name] if index not in own)
        # the core's index and the network's are the same index: a copy tensor of the two joins them
        joints = [(index, _mark(index)) for index in inner]
        axes = (START, *(leg for leg in net.legs if leg not in own), *(_mark(index) for index in inner))
        operands: list[Labels] = [*(labels[each] for each in others), *joints]
        made.append(_Block(name, others, axes, own, marked, plan_for(operands, axes, sizes)))
    return tuple(made)


def gauss_newton_fits(net: Network, active: Sequence[str]) -> bool:
    """Whether the cores named are few enough numbers, and simple enough, for steps in all of them at once."""
    plain = all(len(set(net.tensors[name])) == len(net.tensors[name]) for name in active)
    parameters = [math.prod(net.shape_of(name)) for name in active]
    if not plain or len(active) < 2 or sum(parameters) > LARGEST:
        return False
    own = [[leg for leg in net.legs if all(at == name for at, _ in net.holders(leg))] for name in active]
    shares = [math.prod(net.sizes[leg] for leg in legs) ** 2 for legs in own]
    entries = math.prod(net.shape)
    return sum(entries * count // share for count, share in zip(parameters, shares, strict=True)) <= ROOM


def gauss_newton_sweeps(
    x: torch.Tensor, net: Network, start: Mapping[str, torch.Tensor], active: Sequence[str], starts: int
) -> Iterator[tuple[Cores, torch.Tensor]]:
    """Cores and ``||x - xhat||^2`` of every start, after every step, the first of which may be none; never ends.

    Parameters
    ----------
    x
        Data in double precision, small enough for J^H J to be formed.
    start
        Numbers for every tensor, the active cores with an axis for the starts in front.
    """
    active = tuple(active)
    normal = _cp_normal if _is_cp(net, active) else _normal
    blocks = _blocks(net, active, starts)
    sizes = [start[name][0].numel() for name in active]
    cores = dict(start)
    value = _value(net, active)
    residual = x - value(cores)
    squares = _square(residual)
    damping = torch.full((starts,), 1e-3, dtype=torch.float64, device=x.device)
    growth = torch.full_like(damping, 2.0)
    while True:
        gram, right = normal(net, blocks, cores, residual, sizes)
        scale = gram.diagonal(dim1=-2, dim2=-1).real
        scale = scale.clamp(min=1e-8 * float(scale.max()))
        for _ in range(8):  # until some start has moved
            step = _solve(gram, damping.unsqueeze(-1) * scale, right)
            tried = _moved(cores, active, step, sizes)
            new_residual = x - value(tried)
            new_squares = _square(new_residual)
            predicted = (damping.unsqueeze(-1) * scale * step.abs().square()).sum(-1) + (step.conj() * right).real.sum(
                -1
            )
            ratio = (squares - new_squares) / predicted.clamp(min=1e-300)
            better = (new_squares < squares) & torch.isfinite(new_squares)
            factor = torch.maximum(torch.full_like(ratio, 1 / 3), 1 - (2 * ratio - 1) ** 3)
            damping = torch.where(better, damping * factor, damping * growth).clamp(1e-15, 1e15)
            growth = torch.where(better, torch.full_like(growth, 2.0), growth * 2)
            if bool(better.any()):
                break
        mask = better.reshape(-1, *[1] * x.ndim)
        cores = {
            name: torch.where(better.reshape(-1, *[1] * (core.ndim - 1)), tried[name], core) if name in active else core
            for name, core in cores.items()
        }
        residual = torch.where(mask, new_residual, residual)
        squares = torch.where(better, new_squares, squares)
        yield dict(cores), squares


def _square(residual: torch.Tensor) -> torch.Tensor:
    norms: torch.Tensor = torch.linalg.vector_norm(residual.reshape(residual.shape[0], -1), dim=1)
    return norms.square()


def _value(net: Network, active: tuple[str, ...]) -> Callable[[Mapping[str, torch.Tensor]], torch.Tensor]:
    labels = {name: (START, *held) if name in active else held for name, held in net.tensors.items()}

    def value(cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return einsum([(cores[name], labels[name]) for name in net.tensors], (START, *net.legs))

    return value


def _normal(
    net: Network, blocks: Sequence[_Block], cores: Cores, residual: torch.Tensor, sizes: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """J^H J and J^H r of every start."""
    parts = []
    eyes = {i: torch.eye(n, dtype=residual.dtype, device=residual.device) for i, n in net.sizes.items()}
    for block in blocks:
        inner = dict.fromkeys(index for index in net.tensors[block.name] if index not in block.own)
        parts.append(run(block.plan, [*(cores[each] for each in block.others), *(eyes[index] for index in inner)]))
    starts, total = residual.shape[0], sum(sizes)
    gram = residual.new_zeros((starts, total, total))
    rights = []
    ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
    legs = (START, *net.legs)
    for k, (block, part) in enumerate(zip(blocks, parts, strict=True)):
        rights.append(einsum([(part.conj(), block.axes), (residual, legs)], (START, *block.core)).reshape(starts, -1))
        at = slice(ends[k] - sizes[k], ends[k])
        for other in range(k + 1):
            there = slice(ends[other] - sizes[other], ends[other])
            square = _pair(net, block, part, blocks[other], parts[other]).reshape(starts, sizes[k], sizes[other])
            gram[:, at, there] = square
            if other < k:
                gram[:, there, at] = square.mH
    return gram, torch.cat(rights, dim=1)


def _is_cp(net: Network, active: Sequence[str]) -> bool:
    form = recognise(net)
    return form is not None and form.family == "cp" and set(active) == set(net.tensors)


def _cp_normal(
    net: Network, blocks: Sequence[_Block], cores: Cores, residual: torch.Tensor, sizes: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same for CP: every block is two factors and the products of the other factors' Gram matrices, no environment.

    Source: Tomasi and Bro (2006), section 3.3.
    """
    starts, total, (rank,) = residual.shape[0], sum(sizes), net.summed
    labels = {name: (START, *net.tensors[name]) for name in net.tensors}
    factors = {b.name: cores[b.name].mT if net.tensors[b.name][0] == rank else cores[b.name] for b in blocks}
    grams = {name: factor.mH @ factor for name, factor in factors.items()}
    gram = residual.new_zeros((starts, total, total))
    rights, end, ends = [], 0, []
    for block, size in zip(blocks, sizes, strict=True):
        others = [(cores[each].conj(), labels[each]) for each in net.tensors if each != block.name]
        rights.append(einsum([(residual, (START, *net.legs)), *others], labels[block.name]).reshape(starts, -1))
        end += size
        ends.append(end)
        at = slice(end - size, end)
        for other, there_end in zip(blocks, ends, strict=False):
            rest = [each for name, each in grams.items() if name not in (block.name, other.name)]
            product = torch.stack(rest).prod(0) if rest else torch.ones_like(grams[block.name])
            if other is block:
                eye = torch.eye(factors[block.name].shape[1], dtype=gram.dtype, device=gram.device)
                square = torch.einsum("ij,zrs->zirjs", eye, product)
            else:
                square = torch.einsum("zis,zjr,zrs->zirjs", factors[block.name], factors[other.name].conj(), product)
            square = square.transpose(1, 2) if net.tensors[block.name][0] == rank else square
            square = square.transpose(3, 4) if net.tensors[other.name][0] == rank else square
            square = square.reshape(starts, size, -1)
            there = slice(there_end - square.shape[2], there_end)
            gram[:, at, there] = square
            if other is not block:
                gram[:, there, at] = square.mH
    return gram, torch.cat(rights, dim=1)


def _pair(net: Network, a: _Block, left: torch.Tensor, b: _Block, right: torch.Tensor) -> torch.Tensor:
    """One block of J^H J. A leg that only `a` holds is open in the part of `b`, where it stands for the core's own index."""
    star = {index: f"{index}*" for index in a.core}  # the indices of a's core, conjugate side
    if a is b:
        small = einsum(
            [(left.conj(), [star.get(i, i) for i in a.axes]), (right, b.axes)],
            [START, *(star[i] for i in a.core if i not in a.own), *(i for i in b.core if i not in b.own)],
        )
        eyes = [(torch.eye(net.sizes[leg], dtype=left.dtype, device=left.device), (star[leg], leg)) for leg in a.own]
        axes = [START, *(star[i] for i in a.core if i not in a.own), *(i for i in b.core if i not in b.own)]
        return einsum([(small, axes), *eyes], [START, *(star[i] for i in a.core), *b.core])
    return einsum(
        [
            (left.conj(), [star.get(i, i) for i in a.axes]),
            (right, [star.get(i, i) if i in a.own else i for i in b.axes]),
        ],
        [START, *(star[i] for i in a.core), *b.core],
    )


def _solve(gram: torch.Tensor, damping: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    damped = gram + torch.diag_embed(damping).to(gram.dtype)
    factor, failed = torch.linalg.cholesky_ex(damped)
    if bool(failed.any()):
        safe = torch.diag_embed(damping.clamp(min=1e-10 * float(damping.max()))).to(gram.dtype)
        step: torch.Tensor = torch.linalg.lstsq(gram + safe, right.unsqueeze(-1)).solution.squeeze(-1)
        return step
    return torch.cholesky_solve(right.unsqueeze(-1), factor).squeeze(-1)


def _moved(cores: Cores, active: Sequence[str], step: torch.Tensor, sizes: Sequence[int]) -> Cores:
    pieces = torch.split(step, list(sizes), dim=1)
    return {
        **cores,
        **{name: cores[name] + piece.reshape(cores[name].shape) for name, piece in zip(active, pieces, strict=True)},
    }
