"""Numbers for a network: random cores, fixed tensors, and contraction by pairwise matrix products in torch."""

import math
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import TYPE_CHECKING

import torch

from workbench.network._errors import NetworkError, did_you_mean
from workbench.network._plan import Pair, Plan, Term, constant_to_compiler, plan_for

if TYPE_CHECKING:
    from workbench.network._network import Network


def random_cores(
    net: "Network", seed: int, dtype: torch.dtype, device: torch.device | str | None
) -> dict[str, torch.Tensor]:
    """See `Network.random`: Gaussian entries whose common scale makes the value's variance the product of what is summed."""
    generator = torch.Generator().manual_seed(seed)
    wide = torch.complex128 if dtype.is_complex else torch.float64
    summed = sum(math.log(net.sizes[index]) for index in net.summed)
    scale = math.exp(-summed / (2 * max(1, len(net.free))))
    return {
        name: (torch.randn(net.shape_of(name), generator=generator, dtype=wide) * scale).to(dtype=dtype, device=device)
        for name in net.free
    }


def contract(net: "Network", cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """See `Network.contract`."""
    return run(_plan_of(net), operands_of(net, cores))


@constant_to_compiler
def _plan_of(net: "Network") -> Plan:
    return plan_for(net.tensors.values(), net.legs, net.sizes)


def operands_of(net: "Network", cores: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """The tensors in the network's order, the fixed ones made, everything checked against the network."""
    for name in cores:
        net._require_tensor(name)
    given = next(iter(cores.values()), None)
    dtype, device = (given.dtype, given.device) if given is not None else (torch.get_default_dtype(), None)
    operands = []
    for name in net.tensors:
        shape, kind = net.shape_of(name), net.fixed.get(name)
        if name not in cores:
            if kind is None or kind == "data":
                raise NetworkError(
                    f"no numbers for tensor {name!r}; give cores[{name!r}] of shape {shape}{did_you_mean(name, cores)}"
                )
            operands.append(fixed_tensor(kind, shape, dtype, device))
            continue
        core = cores[name]
        if tuple(core.shape) != shape:
            raise NetworkError(
                f"tensor {name!r} with indices {net.tensors[name]} has shape {shape}, but its numbers have shape {tuple(core.shape)}"
            )
        if core.dtype != dtype or core.device != device:
            raise NetworkError(
                f"tensor {name!r} is {core.dtype} on {core.device}, the others are {dtype} on {device}; "
                "bring all to one dtype and device with .to()"
            )
        operands.append(core)
    return operands


def fixed_tensor(kind: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device | None) -> torch.Tensor:
    """The tensor of a known kind: `copy` (1 where all indices agree), `ones`, `levi_civita`, `symplectic` ([[0, I], [-I, 0]])."""
    if kind == "ones":
        return torch.ones(shape, dtype=dtype, device=device)
    made = torch.zeros(shape, dtype=dtype)
    if kind == "copy":
        diagonal = torch.arange(shape[0]) if shape else None
        made[() if diagonal is None else (diagonal,) * len(shape)] = 1
    elif kind == "levi_civita":
        for image in permutations(range(len(shape))):
            swaps = sum(image[a] > image[b] for b in range(len(image)) for a in range(b))
            made[image] = -1 if swaps % 2 else 1
    else:
        half = shape[0] // 2
        made[:half, half:], made[half:, :half] = torch.eye(half), -torch.eye(half)
    return made.to(device)


def run(plan: Plan, operands: Sequence[torch.Tensor]) -> torch.Tensor:
    """Carry out a plan on tensors in its order."""
    if not operands:
        return torch.ones(())  # the empty network
    live = [_reduce(x, *terms) for x, *terms in zip(operands, plan.terms, plan.reduced, strict=True)]
    held = plan.reduced[0]
    for pair in plan.pairs:
        right, left = live.pop(pair.right), live.pop(pair.left)
        live.append(_multiply(left, right, pair))
        held = pair.out
    return live[0].permute([held.index(i) for i in plan.output])


def _reduce(x: torch.Tensor, term: Term, kept: Term) -> torch.Tensor:
    """Take diagonals of repeated indices, sum the indices that are not kept; the result has axes `kept`."""
    axes = list(term)
    for index in dict.fromkeys(term):
        while axes.count(index) > 1:
            first = axes.index(index)
            second = axes.index(index, first + 1)
            x = x.diagonal(dim1=first, dim2=second)
            axes = [i for at, i in enumerate(axes) if at not in (first, second)] + [index]
    lost = [at for at, index in enumerate(axes) if index not in kept]
    if lost:
        x = x.sum(lost)
        axes = [index for index in axes if index in kept]
    return x.permute([axes.index(index) for index in kept])


def _multiply(left: torch.Tensor, right: torch.Tensor, pair: Pair) -> torch.Tensor:
    """Carry out one pair; an outer product where nothing is summed."""
    batches, rows, inners, _ = pair.groups
    x, y = left.permute(pair.left_axes), right.permute(pair.right_axes)
    batch, row, inner = x.shape[:batches], x.shape[batches : batches + rows], x.shape[batches + rows :]
    column = y.shape[batches + inners :]
    b, m, k, n = math.prod(batch), math.prod(row), math.prod(inner), math.prod(column)
    x, y = x.reshape(b, m, k), y.reshape(b, k, n)
    product = torch.matmul(x, y) if inners else x * y
    return product.reshape((*batch, *row, *column)).permute(pair.out_axes)
