"""Sensitivity: how far the value moves when the cores do.

The value is linear in each core, xhat = E c with the environment E. Noise of variance s^2 on every entry of every core
moves xhat by E d for each, to first order, and its expected square is s^2 times the sum of ||E||^2 over the cores: the
squared norm of the Jacobian. ||E||^2 is a network of two layers without the core, in which the core's own indices are
shared; a leg that only the core holds counts as often as it is long.

Source: Phan, Sobolev, Sozykin, Ermilov, Gusak, Tichavsky, Glukhov, Oseledets and Cichocki, Stable low-rank tensor
decomposition for compression of convolutional neural network (2020), for CP; the rest is linear algebra.
"""

__all__ = ["sensitivity"]

import math
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache

import torch

from workbench.decomposition._canonical import Fitted
from workbench.decomposition._numbers import wide
from workbench.network import Network
from workbench.network._contract import operands_of, run
from workbench.network._plan import Plan, plan_for


def sensitivity(fit: Fitted) -> float:
    """The expected squared change of the value for noise of variance 1 on every entry of every core, to first order.

    For CP with factors A (I, R), B (J, R), C (K, R) it is ``sum_r K |a|^2 |b|^2 + J |a|^2 |c|^2 + I |b|^2 |c|^2`` over the
    rank-one terms; for any other network the sum of ``||environment||^2`` over the cores. It is large where terms cancel:
    such a fit does not survive rounding, quantisation or fine-tuning. `stabilise` repairs it.

    It depends on how the norm is shared among the cores: dividing one by 2 and multiplying another by 2 changes it.

    Parameters
    ----------
    fit
        A fit of any network. Fixed tensors carry no noise.

    Returns
    -------
    float
        In units of the data squared, for noise in units of the cores.

    References
    ----------
    Phan et al., Stable low-rank tensor decomposition for compression of convolutional neural network (2020).

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> x = torch.ones(2, 3, 4, dtype=torch.float64)
    >>> a, b, c = (float(core.square().sum()) for core in decompose(x, "cp", ranks=1).cores.values())
    >>> abs(sensitivity(decompose(x, "cp", ranks=1)) / (4 * a * b + 3 * a * c + 2 * b * c) - 1) < 1e-9
    True
    """
    return sum(sensitivities(fit.network, fit.cores).values())


def sensitivities(
    net: Network, cores: Mapping[str, torch.Tensor], times: Mapping[str, int] | None = None
) -> dict[str, float]:
    """``||E||^2`` of every free core; `times` says how often an entry of E counts, where that is not `copies`."""
    operands = numbers_of(net, cores)
    times = {name: copies(net, name) for name in net.free} if times is None else times
    return {name: times[name] * _square(net, name, operands) for name in net.free}


def numbers_of(net: Network, cores: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Numbers for every tensor, fixed ones included, in double precision."""
    return {name: x.to(wide(x.dtype)) for name, x in zip(net.tensors, operands_of(net, cores), strict=True)}


def copies(net: Network, name: str) -> int:
    """How often an entry of the environment appears in E: once for each value of the indices only this core holds."""
    return math.prod(net.sizes[i] for i in set(net.tensors[name]) if all(at == name for at, _ in net.holders(i)))


def layers(net: Network, others: Sequence[str], left_out: Sequence[str]) -> list[list[Hashable]]:
    """Two layers of the tensors named: they share the legs, and the indices of the tensors left out."""
    shared = {*net.legs, *(index for each in left_out for index in net.tensors[each])}
    bra: list[list[Hashable]] = [[i if i in shared else (i,) for i in net.tensors[each]] for each in others]
    ket: list[list[Hashable]] = [[*net.tensors[each]] for each in others]
    return bra + ket


def doubled(net: Network) -> dict[Hashable, int]:
    """Sizes of the indices of two layers."""
    return {each: size for index, size in net.sizes.items() for each in (index, (index,))}


def _square(net: Network, name: str, operands: Mapping[str, torch.Tensor]) -> float:
    others = [operands[each] for each in net.tensors if each != name]
    if not others:
        return 1.0
    return max(0.0, float(run(_environment(net, name), [each.conj() for each in others] + others).real))


@lru_cache(maxsize=1024)
def _environment(net: Network, name: str) -> Plan:
    return plan_for(layers(net, [each for each in net.tensors if each != name], [name]), [], doubled(net))
