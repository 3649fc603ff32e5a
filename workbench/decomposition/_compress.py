"""Compression: the data in a few directions of each axis, so that a network can be fitted to something small.

A network whose leg is on one tensor can show no more directions of that axis than the tensor's other indices can carry.
The best ones are, up to noise, the leading singular vectors of the data unfolded along the axis; with a few to spare,
a fit of the small core is a fit of the data (CANDELINC: Carroll, Pruzansky and Kruskal, 1980).

Small data are compressed by sequentially truncated HOSVD (Vannieuwenhoven, Vandebril and Meerbergen, 2012). Large ones are
read three times: a random sketch of the last axes gives rough bases of the first axes, the data in those give the last
axes' bases, and the data in these the first ones' again (Halko, Martinsson and Tropp, 2011, algorithm 4.4, mode by mode);
where the bases hold little of the data, they are renewed in turn until that helps no more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workbench.decomposition._numbers import leading, norm, relative_residual, safe_below, subspace, wide

SMALL = 1 << 20
"""Entries up to which exact singular vectors cost little."""
TINY = 1 << 16
"""Entries up to which exact singular values cost next to nothing."""
ROUNDS = 4
"""So often at most the data are read for better bases, two reads each."""
DROWNED = 0.8
"""When the bases hold less than this share of the squared norm, noise may have misled the sketch."""
GAP = 0.1
"""Squared singular values that fall below this fraction of the one before have a gap between them."""
SPARE = 6
"""Directions kept beyond what the network can carry."""


@dataclass(frozen=True)
class Compressed:
    """Data projected on a basis of each axis.

    Attributes
    ----------
    core
        The data in the bases.
    bases
        One a axis, (size, width) with orthonormal columns; None where the axis was left alone.
    outside
        The squared norm of what the bases do not hold.
    """

    core: torch.Tensor
    bases: tuple[torch.Tensor | None, ...]
    outside: float

    def shrink(self, axis: int, x: torch.Tensor, at: int) -> torch.Tensor:
        """Put axis `at` of `x`, of the data's size along `axis`, in the basis."""
        basis = self.bases[axis]
        return x if basis is None else _project(x, basis.to(x.dtype), at)

    def grow(self, axis: int, x: torch.Tensor, at: int) -> torch.Tensor:
        """Bring axis `at` of `x` from the basis back to the data's size."""
        basis = self.bases[axis]
        return x if basis is None else torch.tensordot(x, basis.to(x.dtype), dims=([at], [1])).movedim(-1, at)


def compress(x: torch.Tensor, widths: Sequence[int], *, exact: bool, seed: int) -> Compressed:
    """Project contiguous data on at most `widths[k]` leading directions of axis k.

    Parameters
    ----------
    exact
        Take singular vectors of the whole data in place of a sketch.
    """
    axes = [axis for axis, width in enumerate(widths) if width < x.shape[axis]]
    bases: list[torch.Tensor | None] = [None] * x.ndim
    if x.numel() <= SMALL:
        x = x.to(wide(x.dtype))  # cheaper than to find out that squares in single precision have too few digits
    whole = norm(x)
    if exact or x.numel() <= SMALL or len(axes) < 2:
        core = x
        for axis in sorted(axes, key=lambda each: widths[each] / x.shape[each]):
            bases[axis], core = _leading_along(core, axis, widths[axis])
        return Compressed(core, tuple(bases), _outside(x, core, bases, whole))
    core = _sketched(x, widths, axes, bases, whole, seed, digits=False)
    outside = _outside(x, core, bases, whole)
    if outside <= 1e4 * torch.finfo(x.dtype).eps * whole**2:  # so little that squares may have lost some of it
        core = _sketched(x, widths, axes, bases, whole, seed, digits=True)
        outside = _outside(x, core, bases, whole)
    return Compressed(core, tuple(bases), outside)


def _sketched(
    x: torch.Tensor,
    widths: Sequence[int],
    axes: Sequence[int],
    bases: list[torch.Tensor | None],
    whole: float,
    seed: int,
    *,
    digits: bool,
) -> torch.Tensor:
    """Fill in the bases, and give the core; `digits` avoids squares."""
    generator = torch.Generator().manual_seed(seed)
    sketch, mixed = x, list[int]()
    for axis in reversed(range(1, x.ndim)):
        if (mixed and sketch.numel() <= SMALL) or axis == axes[0]:
            break
        into = min(widths[each] for each in axes)
        if into < x.shape[axis]:
            shape = (x.shape[axis], widths[axis] if axis in axes else into)
            sketch = _project(sketch, torch.randn(shape, generator=generator, dtype=x.dtype).to(x.device), axis)
            mixed.append(axis)
    mixed = [axis for axis in axes if axis in mixed]
    rest = [axis for axis in axes if axis not in mixed]
    for axis in rest:
        bases[axis] = _range_along(sketch, axis, widths[axis], generator, 1, digits)
        if axis != rest[-1]:
            sketch = _project(sketch, _basis(bases, axis), axis)
    del sketch
    held = 0.0
    for _ in range(ROUNDS):
        before = held
        for source, target in ((rest, mixed), (mixed, rest)):
            core = x
            for axis in sorted(source, key=lambda each: each != x.ndim - 1):  # for the last axis no copy is made
                core = _project(core, _basis(bases, axis), axis)
            for axis in target:
                basis = bases[axis] = _range_along(core, axis, widths[axis], generator, 2, digits)
                core = _project(core, basis, axis)
        held = norm(core) ** 2
        if held > DROWNED * whole**2 or held - before < 0.01 * held:
            break
    return core


def _basis(bases: Sequence[torch.Tensor | None], axis: int) -> torch.Tensor:
    basis = bases[axis]
    assert basis is not None  # noqa: S101 - every axis named has been given one
    return basis


def _project(x: torch.Tensor, basis: torch.Tensor, axis: int) -> torch.Tensor:
    """`basis`^H along an axis, as one matrix product a slice: contiguous data are never copied."""
    before, after = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    if after == 1:
        product = x.reshape(before, -1) @ basis.conj()
    else:
        product = torch.matmul(basis.mH, x.reshape(before, x.shape[axis], after))
    return product.reshape(*x.shape[:axis], basis.shape[1], *x.shape[axis + 1 :])


def _unfolded(x: torch.Tensor, axis: int) -> torch.Tensor:
    return x.movedim(axis, 0).reshape(x.shape[axis], -1)


def _range_along(
    x: torch.Tensor, axis: int, width: int, generator: torch.Generator, rounds: int, digits: bool
) -> torch.Tensor:
    """An orthonormal basis of nearly the leading directions of an axis."""
    matrix = _unfolded(x, axis)
    rows = matrix.shape[0]
    if width >= rows:
        return torch.eye(rows, dtype=x.dtype, device=x.device)
    if rows <= 4 * width and not digits:
        vectors: torch.Tensor = torch.linalg.eigh((matrix @ matrix.mH).to(wide(x.dtype))).eigenvectors
        return vectors[:, -width:].flip(1).contiguous().to(x.dtype)
    basis = subspace(matrix, width, generator, rounds)
    # columns orthonormal in single precision only would count squares twice
    orthonormal: torch.Tensor = torch.linalg.qr(basis.to(wide(x.dtype))).Q
    return orthonormal.to(x.dtype)


def _leading_along(x: torch.Tensor, axis: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    basis, _ = leading(_unfolded(x, axis), lambda squares: min(width, len(squares)))
    return basis, _project(x, basis, axis)


def _outside(x: torch.Tensor, core: torch.Tensor, bases: Sequence[torch.Tensor | None], whole: float) -> float:
    outside = max(0.0, whole**2 - norm(core) ** 2)
    if outside > safe_below(x.dtype) ** 2 * whole**2 or not whole:
        return outside
    value = core
    for axis, basis in enumerate(bases):  # where the difference has no digits left, look at it
        if basis is not None:
            value = _project(value, basis.mH, axis)
    return (relative_residual(x, value.contiguous()) * whole) ** 2


def stands_out(found: Compressed, ranks: Sequence[int]) -> bool:
    """Whether along every axis the directions kept to spare hold far less than the `ranks` leading ones each do.

    The leading ones are then what the data's are, to many digits; where spectra decay slowly a sketch mixes them up.
    """
    for axis, (basis, rank) in enumerate(zip(found.bases, ranks, strict=True)):
        if basis is not None and rank < found.core.shape[axis]:
            matrix = _unfolded(found.core, axis)
            squares = torch.linalg.eigvalsh((matrix @ matrix.mH).to(wide(matrix.dtype))).flip(0)
            if float(squares[rank]) > GAP * float(squares[rank - 1]):
                return False
    return True


def trimmed(found: Compressed) -> Compressed:
    """The same compression in double precision; where the core is tiny, without directions in which it vanishes."""
    if found.core.numel() > TINY:
        return Compressed(found.core.to(wide(found.core.dtype)), found.bases, found.outside)
    core, bases = found.core.to(wide(found.core.dtype)), list(found.bases)
    eps = torch.finfo(found.core.dtype).eps
    for axis, basis in enumerate(bases):
        if basis is None:
            continue
        matrix = _unfolded(core, axis)
        if matrix.shape[0] < matrix.shape[1]:  # M = R^H Q^H has the left singular vectors of the small R^H
            matrix = torch.linalg.qr(matrix.mH, mode="r").R.mH
        u, s, _ = torch.linalg.svd(matrix, full_matrices=False)
        kept = max(1, int((s > 4 * eps * s[0]).sum()))
        core = _project(core, u[:, :kept], axis)
        bases[axis] = (basis.to(core.dtype) @ u[:, :kept]).to(basis.dtype)
    return Compressed(core, tuple(bases), found.outside)
