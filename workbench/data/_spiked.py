"""Spikes in noise: a rank-one tensor, and a spiked matrix nested in one, with Gaussian noise at the scale where both matter."""

__all__ = ["NestedSpiked", "Spiked", "nested_spiked", "spiked"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workbench.data._coerce import DataError
from workbench.data._memory import available, in_bytes
from workbench.data._planted import _generator


@dataclass(frozen=True, eq=False, repr=False)
class Spiked:
    """A rank-one tensor in noise.

    Attributes
    ----------
    x : torch.Tensor
        The data: ``strength`` times the outer product of the vectors, plus noise.
    vectors : tuple of torch.Tensor
        The planted unit vectors, one a mode.
    strength, seed
        As asked for.
    """

    x: torch.Tensor
    vectors: tuple[torch.Tensor, ...]
    strength: float
    seed: int

    def __repr__(self) -> str:
        return f"Spiked({' x '.join(map(str, self.x.shape))}, strength={self.strength:g}, seed={self.seed})"


@dataclass(frozen=True, eq=False, repr=False)
class NestedSpiked:
    """Several noisy views of a noisy matrix that has two clusters.

    Attributes
    ----------
    x : torch.Tensor
        The data, features x samples x views.
    matrix : torch.Tensor
        The matrix that all views show, features x samples, with its own noise.
    vectors : tuple of torch.Tensor
        The planted unit vectors: the direction between the clusters among the features; the samples' signs; the views' weights.
    tensor_strength, matrix_strength, seed
        As asked for.
    """

    x: torch.Tensor
    matrix: torch.Tensor
    vectors: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    tensor_strength: float
    matrix_strength: float
    seed: int

    @property
    def labels(self) -> torch.Tensor:
        """The samples' clusters: whole numbers, 0 or 1."""
        return (self.vectors[1] > 0).long()

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.x.shape))
        strengths = f"tensor_strength={self.tensor_strength:g}, matrix_strength={self.matrix_strength:g}"
        return f"NestedSpiked({shape}, {strengths}, seed={self.seed})"


def spiked(shape: Sequence[int], strength: float, *, seed: int = 0, dtype: torch.dtype = torch.float64) -> Spiked:
    """A rank-one tensor in Gaussian noise: ``strength * (u1 x u2 x ... ) + W / sqrt(n1 + n2 + ...)``.

    The entries of W are independent standard normal, the u random unit vectors. With two modes this is a spiked matrix. At
    this scale of the noise a strength of order 1 is where the best rank-one approximation begins to see the spike, whatever
    the sizes.

    Parameters
    ----------
    shape
        At least two sizes.
    strength
        0 or more.
    seed
        A whole number of at least 0; noise and vectors stay the same when `strength` changes.
    dtype
        float32 or float64.

    Raises
    ------
    DataError
        When an argument is out of its range, or the tensor too large for this machine's memory.

    References
    ----------
    Richard and Montanari, A statistical model for tensor PCA (2014).

    Examples
    --------
    >>> data = spiked((20, 30, 40), 5.0)
    >>> data
    Spiked(20 x 30 x 40, strength=5, seed=0)
    >>> round(torch.einsum("ijk,i,j,k", data.x, *data.vectors).item())  # 5, and noise of 1 / sqrt(90)
    5
    """
    sizes = _sizes(shape, dtype, seed)
    _check_strength("strength", strength)
    vectors = tuple(_unit(_normal((size,), seed, 10 + mode)) for mode, size in enumerate(sizes))
    x = _normal(sizes, seed, 1) / math.sqrt(sum(sizes))
    spike = vectors[0] * float(strength)
    for vector in vectors[1:]:
        spike = spike.unsqueeze(-1) * vector
    return Spiked((x + spike).to(dtype), tuple(each.to(dtype) for each in vectors), float(strength), seed)


def nested_spiked(
    shape: Sequence[int],
    tensor_strength: float,
    matrix_strength: float,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> NestedSpiked:
    """The nested matrix-tensor model of multi-view clustering: noisy views of a matrix that is itself a spike in noise.

    ``x = tensor_strength * M (x) z + W / sqrt(n1 + n2 + n3)`` with ``M = matrix_strength * u v^T + Z / sqrt(n1 + n2)``, the
    entries of W and Z independent standard normal, u, v and z unit vectors. M holds n2 samples of n1 features, in two
    clusters on either side of the origin: v is +-1 / sqrt(n2), by cluster; u is the direction between them. Each of the
    n3 views shows M with its own weight, an entry of z, and its own noise.

    Parameters
    ----------
    shape
        Features, samples, views.
    tensor_strength, matrix_strength
        0 or more: beta_T and beta_M of the paper.
    seed
        A whole number of at least 0; noise and vectors stay the same when the strengths change.
    dtype
        float32 or float64.

    Raises
    ------
    DataError
        When an argument is out of its range, or the tensor too large for this machine's memory.

    References
    ----------
    Seddik, Achab, Goulart and Debbah, Learning from low rank tensor data: a random tensor theory perspective (2023);
    Lebeau, Seddik and Goulart, Performance gaps in multi-view clustering under the nested matrix-tensor model (2024).

    Examples
    --------
    >>> data = nested_spiked((30, 40, 10), 3.0, 2.0)
    >>> data
    NestedSpiked(30 x 40 x 10, tensor_strength=3, matrix_strength=2, seed=0)
    >>> data.matrix.shape, sorted(set(data.labels.tolist()))
    (torch.Size([30, 40]), [0, 1])
    """
    sizes = _sizes(shape, dtype, seed)
    if len(sizes) != 3:
        raise DataError(f"shape is {tuple(shape)}; the nested model has three sizes: features, samples, views")
    _check_strength("tensor_strength", tensor_strength)
    _check_strength("matrix_strength", matrix_strength)
    features, samples, _ = sizes
    u, z = (_unit(_normal((sizes[mode],), seed, 10 + mode)) for mode in (0, 2))
    v = torch.where(_normal((samples,), seed, 11) < 0, -1.0, 1.0).to(torch.float64) / math.sqrt(samples)
    matrix = _normal((features, samples), seed, 2) / math.sqrt(features + samples) + matrix_strength * torch.outer(u, v)
    x = _normal(sizes, seed, 1) / math.sqrt(sum(sizes)) + tensor_strength * matrix.unsqueeze(-1) * z
    return NestedSpiked(
        x.to(dtype),
        matrix.to(dtype),
        (u.to(dtype), v.to(dtype), z.to(dtype)),
        float(tensor_strength),
        float(matrix_strength),
        seed,
    )


def _sizes(shape: Sequence[int], dtype: torch.dtype, seed: int) -> tuple[int, ...]:
    sizes = tuple(shape)
    if len(sizes) < 2 or not all(isinstance(size, int) and size >= 1 for size in sizes):
        raise DataError(f"shape is {sizes}; it is two or more whole numbers of at least 1")
    if dtype not in (torch.float32, torch.float64):
        raise DataError(f"dtype is {dtype}; the noise is real: torch.float32 or torch.float64")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise DataError(f"seed is {seed!r}; it is a whole number of at least 0 and below 2**63")
    there, needed = available(torch.device("cpu")), 4 * 8 * math.prod(sizes)
    if there is not None and needed > there:
        raise DataError(
            f"a spiked tensor of shape {sizes} needs about {in_bytes(needed)} of memory, {in_bytes(there)} are available; "
            "make it smaller"
        )
    return sizes


def _check_strength(name: str, strength: float) -> None:
    if not 0 <= strength < math.inf:
        raise DataError(f"{name} is {strength}; it is the size of the signal, a number of at least 0")


def _normal(shape: tuple[int, ...], seed: int, stream: int) -> torch.Tensor:
    return torch.randn(shape, generator=_generator(seed, stream), dtype=torch.float64)


def _unit(vector: torch.Tensor) -> torch.Tensor:
    unit: torch.Tensor = vector / torch.linalg.vector_norm(vector)
    return unit
