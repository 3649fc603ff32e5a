"""Data of low tubal rank, and linear measurements of them."""

__all__ = ["PlantedTubal", "tubal"]

from dataclasses import dataclass

import torch

from workbench.data._coerce import DataError
from workbench.data._memory import available, in_bytes
from workbench.data._planted import _check, _generator, _noisy


@dataclass(frozen=True, eq=False, repr=False)
class PlantedTubal:
    """A tensor of low tubal rank and what was measured of it.

    Attributes
    ----------
    x : torch.Tensor
        (n, n, k): ``factor * factor^H`` in the t-product.
    factor : torch.Tensor
        (n, rank, k), with orthonormal columns: every singular value of every face of `x` is 1.
    measurements : torch.Tensor
        (count, n, n, k): independent Gaussian numbers of variance 1 / count.
    y : torch.Tensor
        (count,): the sum of conj(measurements[i]) times x over all entries, plus noise.
    noise, seed
        As asked for.
    """

    x: torch.Tensor
    factor: torch.Tensor
    measurements: torch.Tensor
    y: torch.Tensor
    noise: float
    seed: int

    def __repr__(self) -> str:
        sizes = " x ".join(map(str, self.x.shape))
        count = len(self.y)
        return f"PlantedTubal({sizes}, tubal rank {self.factor.shape[1]}, {count} measurements, noise={self.noise:g}, seed={self.seed})"


def tubal(
    n: int,
    k: int,
    rank: int,
    *,
    count: int | None = None,
    noise: float = 0.0,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> PlantedTubal:
    """A positive semi-definite tensor of low tubal rank, seen through random linear measurements.

    Parameters
    ----------
    n, k, rank
        The tensor is (n, n, k) and of this tubal rank, at most n.
    count
        The number of measurements; by default two for each entry of the factor, n * rank * k.
    noise
        Size of the Gaussian noise on the measurements: exactly ``||noise|| / ||clean||``.
    seed
        A whole number of at least 0; tensor, measurements and noise are drawn apart.
    dtype
        float32, float64, complex64 or complex128.

    Raises
    ------
    DataError
        When an argument is out of its range, or the measurements do not fit into this machine's memory.

    References
    ----------
    The setting of Karnik, Veselovska, Iwen and Krahmer (2025), section 5.

    Examples
    --------
    >>> tubal(10, 4, rank=2)
    PlantedTubal(10 x 10 x 4, tubal rank 2, 160 measurements, noise=0, seed=0)
    """
    _check(noise, 0.0, None, seed, dtype)
    if dtype in (torch.float16, torch.bfloat16):
        raise DataError(f"dtype is {dtype}, too few digits for a Fourier transform; float32 or wider will do")
    for name, size in (("n", n), ("k", k), ("rank", rank), ("count", 1 if count is None else count)):
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise DataError(f"{name} is {size!r}; it is a whole number of at least 1")
    if rank > n:
        raise DataError(f"rank is {rank}, and a tensor of {n} rows has a tubal rank of at most {n}")
    count = 2 * n * rank * k if count is None else count
    there, needed = available(torch.device("cpu")), 2 * dtype.itemsize * count * n * n * k
    if there is not None and needed > there:
        raise DataError(
            f"{count:,} measurements of {n * n * k:,} entries need about {in_bytes(needed)} of memory, "
            f"{in_bytes(there)} are available; take fewer"
        )
    drawn = torch.randn(n, rank, k, generator=_generator(seed, 0), dtype=dtype)
    factor, x = _orthonormal(drawn)
    measurements = torch.randn(count, n, n, k, generator=_generator(seed, 1), dtype=dtype) / count**0.5
    y = measurements.flatten(1).conj() @ x.flatten()
    return PlantedTubal(
        x, factor, measurements, _noisy(y, noise, _generator(seed, 2)) if noise else y, float(noise), seed
    )


def _orthonormal(drawn: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A factor (n, rank, k) with orthonormal columns in the t-product, and factor * factor^H."""
    hat = torch.fft.fft(drawn) if drawn.is_complex() else torch.fft.rfft(drawn)
    faces = torch.linalg.qr(hat.movedim(2, 0)).Q  # of a real face it is real, so the transform back is real, too
    made = [each.movedim(0, 2) for each in (faces, faces @ faces.mH)]
    if drawn.is_complex():
        factor, x = (torch.fft.ifft(each).contiguous() for each in made)
    else:
        factor, x = (torch.fft.irfft(each, n=drawn.shape[2]).contiguous() for each in made)
    return factor, x
