"""Data with a known answer: a network with random cores, contracted, then spoilt by noise and gaps."""

__all__ = ["Planted", "planted"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from workbench.data._coerce import KEPT, DataError
from workbench.data._memory import available, in_bytes
from workbench.network import FAMILIES, Network, did_you_mean


@dataclass(frozen=True, eq=False, repr=False)
class Planted:
    """A tensor that a network is hidden in.

    Attributes
    ----------
    x : torch.Tensor
        What a method gets to see: the clean tensor plus noise, and zero in the gaps.
    mask : torch.Tensor or None
        Bool, True where `x` was observed; None when nothing is missing.
    network : Network
        The structure that was planted; its shape is the shape of `x`.
    cores : Mapping[str, torch.Tensor]
        The numbers that were planted.
    clean : torch.Tensor
        ``network.contract(cores)``: `x` without noise and gaps.
    noise, missing, seed
        As asked for.
    """

    x: torch.Tensor
    mask: torch.Tensor | None
    network: Network
    cores: Mapping[str, torch.Tensor]
    clean: torch.Tensor
    noise: float
    missing: float
    seed: int

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.x.shape)) or "scalar"
        spoilt = f"noise={self.noise:g}, missing={self.missing:g}, seed={self.seed}"
        return f"Planted({self.network.einsum!r}, {shape}, {self.network.parameters} parameters, {spoilt})"


def planted(
    network: Network | str,
    shape: Sequence[int] | None = None,
    ranks: int | Sequence[int] | None = None,
    *,
    noise: float = 0.0,
    missing: float = 0.0,
    collinearity: float | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Planted:
    """Data with a known answer: the value of a network with random cores, with noise and missing entries.

    The same arguments give the same numbers. Cores, noise and gaps are drawn apart: changing `noise` moves no gap, and
    raising `missing` keeps the gaps there were.

    Parameters
    ----------
    network
        A `Network`, or the name of a family (``"cp"``, ``"tucker"``, ``"tensor_train"``, ``"tensor_ring"``, ...).
    shape, ranks
        For a family: the shape of the data, and its ranks as the family takes them.
    noise
        Size of the Gaussian noise relative to the clean tensor, over all entries: exactly ``||noise|| / ||clean||``.
    missing
        Fraction of the entries to take away, in [0, 1): exactly that many, rounded, at random.
    collinearity
        For CP only: the cosine, in [0, 1), between any two columns of every factor; the columns then have length 1. Near 1
        alternating least squares crawls. By default, the columns are independent Gaussian vectors.
    seed
        A whole number of at least 0.
    dtype
        float16, bfloat16, float32, float64, complex64 or complex128.

    Raises
    ------
    DataError
        When an argument is out of its range, the family unknown, or the tensor too large for this machine's memory.
    NetworkError
        When the ranks do not fit the family.

    References
    ----------
    Collinear factors: Tomasi and Bro, A comparison of algorithms for fitting the PARAFAC model (2006).

    Examples
    --------
    >>> data = planted("cp", (20, 20, 20), 3, noise=0.1, missing=0.25)
    >>> data
    Planted('...->abc', 20 x 20 x 20, 180 parameters, noise=0.1, missing=0.25, seed=0)
    >>> int((~data.mask).sum())
    2000
    >>> factor = planted("cp", (20, 20, 20), 3, collinearity=0.9).cores["A"]
    >>> round((factor[:, 0] @ factor[:, 1]).item(), 6)
    0.9
    """
    net = _network(network, shape, ranks)
    _check(noise, missing, collinearity, seed, dtype)
    _check_memory(net, dtype)
    cores = net.random(seed=seed, dtype=dtype)
    if collinearity is not None:
        cores = _collinear(net, cores, collinearity)
    clean = net.contract(cores)
    x = _noisy(clean, noise, _generator(seed, 1)) if noise else clean.clone()
    mask = _observed(x, missing, _generator(seed, 2)) if missing else None
    if mask is not None:
        x[~mask] = 0
    return Planted(x, mask, net, MappingProxyType(cores), clean, float(noise), float(missing), seed)


def _network(network: Network | str, shape: Sequence[int] | None, ranks: int | Sequence[int] | None) -> Network:
    if isinstance(network, Network):
        if shape is not None or ranks is not None:
            raise DataError(
                "shape and ranks are for families given by name; a Network has its own, change them with resize()"
            )
        if given := [name for name, kind in network.fixed.items() if kind == "data"]:
            raise DataError(
                f"tensor {given[0]!r} is fixed as 'data', so its numbers cannot be drawn; plant a network without it"
            )
        return network
    if network not in FAMILIES:
        raise DataError(f"there is no family {network!r}{did_you_mean(network, FAMILIES)}")
    if shape is None or ranks is None:
        raise DataError(
            f"family {network!r} needs a shape and ranks, for example planted({network!r}, (20, 20, 20), 3)"
        )
    return FAMILIES[network](shape, ranks)


def _check(noise: float, missing: float, collinearity: float | None, seed: int, dtype: torch.dtype) -> None:
    if not 0 <= noise < math.inf:
        raise DataError(f"noise is {noise}; it is the size of the noise relative to the data, 0 or more (0.1 is 10 %)")
    if not 0 <= missing < 1:
        raise DataError(f"missing is {missing}; it is the fraction of entries taken away, at least 0 and below 1")
    if collinearity is not None and not 0 <= collinearity < 1:
        raise DataError(f"collinearity is {collinearity}; it is a cosine, at least 0 and below 1")
    if not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise DataError(f"seed is {seed!r}; it is a whole number of at least 0 and below 2**63")
    if dtype not in KEPT:
        names = ", ".join(str(each).removeprefix("torch.") for each in KEPT)
        raise DataError(f"dtype is {dtype}; cores are floats: {names}")


def _check_memory(net: Network, dtype: torch.dtype) -> None:
    """Refuse what cannot be held; the sums are Python integers, so nothing overflows."""
    there = available(torch.device("cpu"))
    needed = max(8, dtype.itemsize) * (net.parameters + 2 * math.prod(net.shape) + net.cost().peak)
    if there is not None and needed > there:
        raise DataError(
            f"a planted tensor of shape {net.shape} with {net.parameters:,} parameters needs about {in_bytes(needed)} of memory, "
            f"{in_bytes(there)} are available; make it smaller"
        )


def _generator(seed: int, stream: int) -> torch.Generator:
    """Numbers that have nothing to do with those of another stream, though the seed is the same."""
    (state,) = np.random.SeedSequence((seed, stream)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state))


def _collinear(net: Network, cores: dict[str, torch.Tensor], cosine: float) -> dict[str, torch.Tensor]:
    """Factors Q L^T: Q has orthonormal columns, L L^T is the matrix of cosines."""
    shared = net.summed
    factors = [{leg, *shared} for leg in net.legs]
    held = [set(net.tensors[name]) for name in net.free if len(net.tensors[name]) == 2]
    if len(shared) != 1 or len(net.tensors) != net.order or not all(factor in held for factor in factors):
        raise DataError(f"collinearity is for CP, one factor a leg and one index they share; {net.einsum!r} is none")
    rank = net.sizes[shared[0]]
    short = [leg for leg in net.legs if net.sizes[leg] < rank]
    if short:
        raise DataError(
            f"leg {short[0]!r} has size {net.sizes[short[0]]}, and {rank} columns of equal cosines need at least {rank}; "
            "make the leg longer or the rank smaller"
        )
    gram = torch.full((rank, rank), cosine, dtype=torch.float64).fill_diagonal_(1.0)
    lower = torch.linalg.cholesky(gram)
    made = {}
    for name, core in cores.items():
        wide = core.to(torch.complex128 if core.is_complex() else torch.float64)
        first = net.tensors[name][0] == shared[0]
        columns = torch.linalg.qr(wide.T if first else wide).Q @ lower.T.to(wide.dtype)
        made[name] = (columns.T if first else columns).to(core.dtype).contiguous()
    return made


def _noisy(clean: torch.Tensor, level: float, generator: torch.Generator) -> torch.Tensor:
    wide = clean.to(torch.complex128 if clean.is_complex() else torch.float64)
    norm = torch.linalg.vector_norm(wide)
    if norm == 0:
        raise DataError("the network's value is zero everywhere, so noise relative to it is zero, too; set noise=0")
    noise = torch.randn(wide.shape, generator=generator, dtype=wide.dtype)
    scale = level * norm / torch.linalg.vector_norm(noise)
    return torch.add(wide, noise * scale).to(clean.dtype)


def _observed(x: torch.Tensor, missing: float, generator: torch.Generator) -> torch.Tensor:
    """A mask with a rounded fraction of the entries taken away, from the front of a random order."""
    gaps = round(missing * x.numel())
    if gaps == x.numel():
        raise DataError(f"missing={missing} of {x.numel()} entries leaves none; take fewer away")
    mask = torch.ones(x.numel(), dtype=torch.bool)
    mask[torch.randperm(x.numel(), generator=generator)[:gaps]] = False
    return mask.reshape(x.shape)
