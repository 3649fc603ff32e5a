"""Small numerical tools: einsums with names, norms, leading singular vectors, least squares from normal equations."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence

import torch

from workbench.network._contract import run
from workbench.network._plan import plan_for

Labels = Sequence[Hashable]
BLOCK = 1 << 18  # entries compared at a time; stays in a processor's cache


def einsum(operands: Sequence[tuple[torch.Tensor, Labels]], output: Labels) -> torch.Tensor:
    """A contraction whose indices are any labels, along the cheapest path."""
    sizes = {label: size for x, labels in operands for label, size in zip(labels, x.shape, strict=True)}
    return run(plan_for([labels for _, labels in operands], output, sizes), [x for x, _ in operands])


def wide(dtype: torch.dtype) -> torch.dtype:
    """The double-precision dtype of the same field, real or complex."""
    return torch.complex128 if dtype.is_complex else torch.float64


def norm(x: torch.Tensor) -> float:
    """The Frobenius norm, summed in double precision: torch's own is off by 4e-5 for a million numbers in single.

    Single precision is converted block by block, which is four times as fast as all at once.
    """
    if x.dtype == wide(x.dtype) or x.numel() <= BLOCK or not x.is_contiguous():
        return float(torch.linalg.vector_norm(x, dtype=wide(x.dtype)))
    return math.hypot(*(norm(block) for block in torch.split(x.view(-1), BLOCK)))


def relative_residual(x: torch.Tensor, value: torch.Tensor) -> float:
    """||x - value|| / ||x||; zero where both are zero. Compared block by block: no third tensor of the data's size."""
    if x.is_contiguous() and value.is_contiguous() and x.numel() > BLOCK:
        pairs = zip(torch.split(x.view(-1), BLOCK), torch.split(value.view(-1), BLOCK), strict=True)
        residual = math.hypot(*(norm(a - b) for a, b in pairs))
    else:
        residual = norm(x - value)
    return residual / norm(x) if residual else 0.0


def safe_below(dtype: torch.dtype) -> float:
    """The relative error below which the difference of squared norms has lost half its digits."""
    return float(torch.finfo(dtype).eps ** 0.25)


def leading(matrix: torch.Tensor, choose: Callable[[torch.Tensor], int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The leading left singular vectors of an m x n matrix, and all squared singular values, the largest first.

    They come from the eigenvectors of the smaller Gram matrix, which squares the singular values: those below the square
    root of the machine's precision are lost in it. Where one that is kept comes near that, the Gram matrix of a
    single-precision matrix is formed in double precision, and a double-precision one gives way to a QR and an SVD.

    Parameters
    ----------
    matrix
        (m, n), real or complex.
    choose
        Takes the squared singular values and returns how many vectors to keep, at least 1.
    """
    vectors, squares = _from_gram(matrix)
    keep = choose(squares)
    eps = torch.finfo(matrix.dtype).eps
    if squares[keep - 1] > 1e4 * eps * squares[0]:
        return _vectors(matrix, vectors, squares, keep), squares
    if matrix.dtype != wide(matrix.dtype):
        vectors, squares = leading(matrix.to(wide(matrix.dtype)), choose)
        return vectors.to(matrix.dtype), squares
    if matrix.shape[0] < matrix.shape[1]:  # M = R^H Q^H has the left singular vectors of the square R^H
        matrix = torch.linalg.qr(matrix.mH, mode="r").R.mH
    u, s, _ = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, : choose(s.square())], s.square()


def subspace(matrix: torch.Tensor, width: int, generator: torch.Generator, rounds: int) -> torch.Tensor:
    """Orthonormal columns (m, width) that nearly span the leading left singular vectors of a matrix (m, n).

    Each round of subspace iteration weighs directions once more by their squared singular values, and loses no digits.
    """
    shape = (matrix.shape[0], width)
    basis = torch.randn(shape, generator=generator, dtype=matrix.dtype).to(matrix.device)
    for _ in range(rounds):
        basis = torch.linalg.qr(matrix @ torch.linalg.qr(matrix.mH @ basis).Q).Q
    return basis


def at_most(rank: int) -> Callable[[torch.Tensor], int]:
    """Keep this many, or as many as there are."""
    return lambda squares: min(rank, len(squares))


def _from_gram(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Eigenvectors and eigenvalues of the smaller Gram matrix, the largest first."""
    tall = matrix.shape[0] > matrix.shape[1]
    gram = matrix.mH @ matrix if tall else matrix @ matrix.mH
    values, vectors = torch.linalg.eigh(gram)
    return vectors.flip(1), values.flip(0).clamp(min=0)


def _vectors(matrix: torch.Tensor, vectors: torch.Tensor, squares: torch.Tensor, keep: int) -> torch.Tensor:
    if matrix.shape[0] <= matrix.shape[1]:
        return vectors[:, :keep]
    orthonormal: torch.Tensor = torch.linalg.qr(matrix @ (vectors[:, :keep] / squares[:keep].sqrt()))[0]
    return orthonormal  # up to rounding, all but the small ones were so before


def solve(gram: torch.Tensor, right: torch.Tensor, start: torch.Tensor, precision: float) -> torch.Tensor:
    """Minimise z^H G z - 2 Re z^H b for every G and b of a batch, G positive semi-definite.

    Parameters
    ----------
    gram, right, start
        (batch, n, n), (batch, n, k) and (batch, n, k). Directions in which G vanishes keep what `start` has there.
    precision
        The relative precision of `right`: eigenvalues of G below n times this fraction of the largest count as zero.
    """
    factor, failed = torch.linalg.cholesky_ex(gram)
    pivots = factor.diagonal(dim1=-2, dim2=-1).abs()
    sound = (failed == 0) & (pivots.amin(-1) > 10 * precision**0.5 * pivots.amax(-1))
    if bool(sound.any()):
        solution: torch.Tensor = torch.cholesky_solve(right, factor)
        if not bool(sound.all()):
            solution[~sound] = solve(gram[~sound], right[~sound], start[~sound], precision)
        return solution
    values, vectors = torch.linalg.eigh(gram)
    kept = values > gram.shape[-1] * precision * values[..., -1:]
    inverse = torch.where(kept, 1 / torch.where(kept, values, 1), 0)
    residual = vectors.mH @ (right - gram @ start)
    step: torch.Tensor = vectors @ (inverse.unsqueeze(-1) * residual)
    return start + step


def padded(x: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """`x` in the corner of a tensor of zeros."""
    if tuple(x.shape) == tuple(shape):
        return x
    grown = x.new_zeros(tuple(shape))
    grown[tuple(slice(size) for size in x.shape)] = x
    return grown


def balanced(cores: Mapping[str, torch.Tensor], names: Sequence[str]) -> dict[str, torch.Tensor]:
    """The same value with the norms of the cores named made equal."""
    norms = torch.stack([torch.linalg.vector_norm(cores[name]).to(torch.float64) for name in names])
    if not bool((norms > 0).all()):
        return dict(cores)
    scales = (norms.log().mean() - norms.log()).exp().tolist()
    return {**cores, **{name: cores[name] * scale for name, scale in zip(names, scales, strict=True)}}
