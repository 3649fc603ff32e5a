"""Dimensions of equivariant maps that know nothing of diagrams: null spaces, Burnside sums, characters on a torus."""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from itertools import product

import numpy as np
import torch


def null_space(group, target, source):
    """The dimension of what all generators and the Lie algebra leave alone, by singular values of Kronecker products."""
    eye = torch.eye(group.n, dtype=group.dtype)
    flags = [*target, *(not dual for dual in source)] if group.walled else [False] * len(target)
    if not group.walled:  # V* of the input, unless the group keeps a form: g^-T
        flags += [True] * len(source)
    size = group.n ** len(flags)
    gram = torch.zeros(size, size, dtype=group.dtype)
    for g in group.generators:
        moved = kron([torch.linalg.inv(g.to(group.dtype)).T if dual else g.to(group.dtype) for dual in flags])
        gram += (moved - torch.eye(size)).mH @ (moved - torch.eye(size))
    for a in group.lie_algebra:
        parts = [-a.T if dual else a for dual in flags]
        moved = sum(
            (kron([part if at == each else eye for each in range(len(flags))]) for at, part in enumerate(parts)),
            torch.zeros(size, size, dtype=group.dtype),
        )
        gram += moved.mH @ moved
    values = torch.linalg.eigvalsh(gram)
    return int((values < 1e-9 * max(1.0, float(values[-1]))).sum())


def kron(matrices):
    return reduce(
        torch.kron,
        [each.contiguous() for each in matrices],
        torch.ones(1, 1, dtype=matrices[0].dtype if matrices else torch.float64),
    )


# ---- Burnside: the mean of tr(g)^m over a finite group ----------------------------------------------------------------


def burnside(name, n, m):
    """For S, A and B of n: by cycle types (for B with signs), exactly."""
    total = Fraction(0)
    for cycles in _partitions(n):
        fixed = sum(length == 1 for length in cycles)
        share = Fraction(1, math.prod(cycles) * math.prod(math.factorial(cycles.count(each)) for each in set(cycles)))
        if name == "S":
            total += share * fixed**m
        elif name == "A":
            even = (n - len(cycles)) % 2 == 0
            total += 2 * share * fixed**m if even else 0
        else:  # each fixed point has a sign, and the other entries no trace
            mean = sum(math.comb(fixed, plus) * (2 * plus - fixed) ** m for plus in range(fixed + 1))
            total += share * Fraction(mean, 2**fixed)
    assert total.denominator == 1
    return int(total)


def _partitions(n: int, most: int | None = None) -> Iterator[tuple[int, ...]]:
    if n == 0:
        yield ()
    for first in range(min(n, most or n), 0, -1):
        for rest in _partitions(n - first, first):
            yield (first, *rest)


# ---- Weyl's integration formula: the mean of tr(g)^m over a compact group ----------------------------------------------


def weyl(name, n, m, duals=0):
    """The integral over a maximal torus, by a sum over enough equidistant points: exact up to rounding.

    Weyl, *The Classical Groups* (1939), VII; for reflections of O(2r) the torus of Sp(2r - 2) beside 1 and -1.
    """
    if name == "O":
        return _whole(0.5 * (_torus("SO", n, m) + _reflections(n, m)))
    if name in ("GL", "U"):
        return _whole(_unitary(n, m, duals))
    return _whole(_torus(name, n, m))


def _whole(value):
    assert abs(value - round(value)) < 1e-6 * max(1, abs(value))
    return round(value)


def _reflections(n, m):
    if n % 2:
        return (-1) ** m * _torus("SO", n, m)  # -1 times a rotation
    return _torus("Sp", n - 2, m)  # the eigenvalues 1 and -1 cancel in the trace


def _torus(name, n, m):
    rank = n // 2
    if rank == 0:
        return float(n**m)
    points = m + 4 * n + 1
    c = np.cos(np.stack(np.meshgrid(*[2 * np.pi * np.arange(points) / points] * rank), -1).reshape(-1, rank))
    density = np.ones(len(c))
    for a in range(rank):
        for b in range(a):
            density *= (c[:, a] - c[:, b]) ** 2
    if name == "Sp":
        density *= (1 - c**2).prod(1)
    elif n % 2:
        density *= (1 - c).prod(1)
    return float((density * (2 * c.sum(1) + n % 2) ** m).sum() / density.sum())


def _unitary(n, m, duals):
    points = m + duals + 2 * n + 1
    angles = np.exp(2j * np.pi * np.arange(points) / points)
    total = weight = 0.0
    for chosen in product(angles, repeat=n):
        density = np.prod([abs(chosen[a] - chosen[b]) ** 2 for a in range(n) for b in range(a)])
        trace = sum(chosen)
        total += density * (trace**m * np.conj(trace) ** duals).real
        weight += density
    return total / weight
