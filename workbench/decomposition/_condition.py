"""How well determined the rank-one terms of a CP fit are."""

__all__ = ["condition"]

import math

import torch

from workbench.decomposition._canonical import Fitted, Terms, terms_of
from workbench.decomposition._errors import FitError
from workbench.decomposition._memory import require_memory

LARGEST = 1 << 25
"""Entries of Terracini's matrix up to which its singular values take seconds."""


def condition(fit: Fitted) -> float:
    """The condition number of a CP: how much its rank-one terms move, at most, when the value does.

    A small change of the value by d, within the CPs of this rank, changes the terms ``t_1, ..., t_R`` by at most condition
    times ``||d||``, as the root of the sum of their squares. It is 1 for orthogonal terms, and infinite where the terms are
    not determined: for matrices, for more terms than the value can tell apart, for a term that is zero. It does not depend on
    how norms are shared, nor on the terms' norms.

    It is the inverse of the smallest singular value of Terracini's matrix, whose columns are orthonormal bases of the tangent spaces at the
    terms. It is computed in the coordinates of the factors' ranges, where the matrix is small.

    Parameters
    ----------
    fit
        A CP fit.

    Returns
    -------
    float
        At least 1; infinity beyond 1 / sqrt(machine precision in double, 1.5e-8).

    Raises
    ------
    FitError
        When the fit is no CP, or Terracini's matrix is too large: it has min(n, R)-by-mode rows and as many columns as the
        terms have degrees of freedom. Of other networks `sensitivity` tells how the value moves with the cores.

    References
    ----------
    Breiding and Vannieuwenhoven, The condition number of join decompositions (2018).

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> x = torch.zeros(3, 3, 3, dtype=torch.float64)
    >>> x[0, 0, 0], x[1, 1, 1], x[2, 2, 2] = 3.0, 2.0, 1.0
    >>> round(condition(decompose(x, "cp", ranks=3)), 6)
    1.0
    """
    terms = terms_of(fit, "the condition number")
    bases = [torch.linalg.qr(each).Q for each in terms.columns]
    columns = [basis.mH @ each for basis, each in zip(bases, terms.columns, strict=True)]
    sizes = [len(each) for each in columns]
    count = terms.rank * (1 + sum(size - 1 for size in sizes))
    entries = math.prod(sizes) * count
    if bool((terms.norms == 0).any()):
        return math.inf
    if count > math.prod(sizes):
        return math.inf
    if entries > LARGEST:
        raise FitError(
            f"the condition number of rank {terms.rank} with factors of {', '.join(map(str, sizes))} directions needs a matrix of {entries:,} entries; "
            "it is computed up to 33 million, rank 25 of a tensor of order 3"
        )
    require_memory(3 * columns[0].element_size() * entries, columns[0].device, "Terracini's matrix")
    least = float(torch.linalg.svdvals(_terracini(columns)).min())
    least = min([least, *(_beyond(terms, k) for k in range(len(bases)) if len(terms.columns[k]) > sizes[k])])
    return 1 / least if least > torch.finfo(torch.float64).eps ** 0.5 else math.inf


def _terracini(columns: list[torch.Tensor]) -> torch.Tensor:
    """(product of sizes, degrees of freedom): an orthonormal basis of the tangent space at every term, side by side."""
    blocks = []
    for r in range(columns[0].shape[1]):
        vectors = [each[:, r : r + 1] for each in columns]
        turned = [_complement(vector) for vector in vectors]
        blocks.append(_kronecker(vectors))
        blocks += [_kronecker([*vectors[:k], turned[k], *vectors[k + 1 :]]) for k in range(len(vectors))]
    return torch.cat(blocks, dim=1)


def _complement(vector: torch.Tensor) -> torch.Tensor:
    """(n, n - 1): an orthonormal basis of what is orthogonal to a unit vector (n, 1)."""
    whole: torch.Tensor = torch.linalg.qr(vector, mode="complete").Q
    return whole[:, 1:]


def _kronecker(matrices: list[torch.Tensor]) -> torch.Tensor:
    made = matrices[0]
    for matrix in matrices[1:]:
        rows, width = made.shape[0] * matrix.shape[0], made.shape[1] * matrix.shape[1]
        made = (made[:, None, :, None] * matrix[None, :, None, :]).reshape(rows, width)
    return made


def _beyond(terms: Terms, mode: int) -> float:
    """The smallest singular value in directions of one axis that no column of its factor has.

    There a term moves by its other columns alone, whose products must be independent.
    """
    gram = torch.ones((), dtype=terms.columns[0].dtype, device=terms.norms.device)
    for k, each in enumerate(terms.columns):
        if k != mode:
            gram = gram * (each.mH @ each)
    return math.sqrt(max(0.0, float(torch.linalg.eigvalsh(gram).min())))


def cosines(terms: Terms) -> torch.Tensor:
    """(R, R): the cosine between any two rank-one terms, the real part where they are complex; 0 on the diagonal."""
    made = torch.ones((), dtype=terms.columns[0].dtype, device=terms.norms.device)
    for each in terms.columns:
        made = made * (each.mH @ each)
    return made.real - torch.diag(made.real.diagonal())
