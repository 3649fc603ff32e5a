"""Where sweeps start from."""

import math
from collections.abc import Mapping

import torch

from workbench.decomposition._numbers import at_most, leading
from workbench.network import Network

Cores = dict[str, torch.Tensor]
NUDGE = 1e-2
"""Noise on singular vectors, relative to them."""


def random_start(x: torch.Tensor, net: Network, seed: int) -> Cores:
    """Gaussian cores, drawn on the CPU so that they do not depend on the device."""
    return net.random(seed=seed, dtype=x.dtype, device=x.device)


def svd_start(x: torch.Tensor, net: Network, seed: int) -> Cores:
    """Factors, which are cores with legs and one other index, are the leading singular vectors of the data unfolded
    along their legs; what those do not fill, and all other cores, is random.

    Of symmetric data they may be a saddle, where no sweep would move: a little noise takes them off it.

    For CP this is the customary start. For loops no better start than random numbers is known to us: singular vectors
    shared out over the bonds of rings, grids and block terms led neither to lower errors nor there sooner.
    """
    cores = random_start(x, net, seed)
    for name in net.free:
        held = net.tensors[name]
        legs = [i for i in held if i in net.legs]
        others = [i for i in held if i not in net.legs]
        if not legs or len(others) != 1 or len(set(held)) < len(held):
            continue
        rest = [i for i in net.legs if i not in legs]
        rows = math.prod(net.sizes[i] for i in legs)
        unfolded = x.permute([net.legs.index(i) for i in (*legs, *rest)]).reshape(rows, -1)
        basis, _ = leading(unfolded, at_most(net.sizes[others[0]]))
        axes = [held.index(i) for i in (*legs, *others)]
        core = cores[name].permute(axes)
        noise = core[..., : basis.shape[1]] / math.sqrt(rows)
        core[..., : basis.shape[1]] = basis.reshape(*core.shape[:-1], -1) + NUDGE * noise
    return cores


def warm_start(x: torch.Tensor, net: Network, old: Network, known: Mapping[str, torch.Tensor], seed: int) -> Cores:
    """The cores of another fit where the names agree: cut where an index shrank, filled with small noise where it grew.

    A tensor keeps its entries along the indices both networks have. Along a new index they sit at its first value, and
    of a lost one the first value is kept.
    """
    cores = random_start(x, net, seed)
    for name in net.free:
        if name not in known or name not in old.tensors:
            continue
        here, there = net.tensors[name], old.tensors[name]
        core = known[name].to(dtype=x.dtype, device=x.device)
        if here == there and core.shape == cores[name].shape:
            cores[name] = core.clone()
        elif len(set(here)) == len(here) and len(set(there)) == len(there):
            size = float(torch.linalg.vector_norm(core)) / math.sqrt(core.numel())
            noise = cores[name] / max(float(cores[name].abs().max()), 1e-30)
            cores[name] = _overlaid(1e-2 * size * noise, here, core, there)
    return cores


def _overlaid(
    target: torch.Tensor, here: tuple[str, ...], source: torch.Tensor, there: tuple[str, ...]
) -> torch.Tensor:
    """Put the corner of `source` that fits into `target`, axes matched by name."""
    common = [index for index in here if index in there]
    size = {index: min(target.shape[here.index(index)], source.shape[there.index(index)]) for index in common}
    block = source[tuple(slice(size[index]) if index in size else 0 for index in there)]
    kept = [index for index in there if index in size]
    target[tuple(slice(size[index]) if index in size else 0 for index in here)] = block.permute(
        [kept.index(index) for index in common]
    )
    return target
